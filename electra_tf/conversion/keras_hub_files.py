"""The JSON files in a KerasHub preset, and its vocabulary.

    config.json                         class and arguments of the backbone
    tokenizer.json                      class and arguments of the tokenizer
    assets/tokenizer/vocabulary.txt

They are read as plain values: no class that they name is looked up.
"""

import os
from collections.abc import Mapping

from electra_tf.configs import EncoderConfig, hparams
from electra_tf.conversion import model_folder
from electra_tf.errors import UserError
from electra_tf.text import vocabulary

WEIGHTS_FILE = "model.weights.h5"
TOKENIZER_FILE = "tokenizer.json"
VOCAB_FILE = os.path.join("assets", "tokenizer", "vocabulary.txt")
BACKBONE = "ElectraBackbone"
TOKENIZER = "ElectraTokenizer"
# The only activation of their backbone.
HIDDEN_ACT = "gelu_new"

# Their arguments by our settings.
ARGUMENTS = {
    "vocab_size": "vocab_size",
    "hidden_size": "hidden_dim",
    "num_hidden_layers": "num_layers",
    "num_attention_heads": "num_heads",
    "intermediate_size": "intermediate_dim",
    "embedding_size": "embedding_dim",
    "hidden_dropout_prob": "dropout",
    "max_position_embeddings": "max_sequence_length",
    "type_vocab_size": "num_segments",
}
# Arguments that say nothing about the numbers.
WITHOUT_MEANING = ("name", "trainable", "dtype")
# What their tokenizer can vary and ours does not.
FIXED = {
    "split": True,
    "split_on_cjk": True,
    "suffix_indicator": vocabulary.CONTINUATION,
    "oov_token": vocabulary.UNK,
}
# Files of a preset that hold more than a backbone and a tokenizer.
OTHER_FILES = {
    "task.json": "a task's head has no counterpart",
    "task.weights.h5": "a task's head has no counterpart",
    "preprocessor.json": "batches are made by the tasks here",
}


def config_json(encoder: EncoderConfig) -> dict:
    """Return the content of their config.json.

    Raises:
        ValueError: for an activation that is no GELU.
    """
    if encoder.hidden_act not in ("gelu", HIDDEN_ACT):
        raise UserError(
            f"{BACKBONE} has the activation {HIDDEN_ACT}, near gelu. Received: "
            f"hidden_act {encoder.hidden_act!r}."
        )
    values = hparams.to_json(encoder)
    return _serialized(
        BACKBONE, {theirs: values[ours] for ours, theirs in ARGUMENTS.items()}
    )


def tokenizer_json(do_lower_case: bool) -> dict:
    """Return the content of their tokenizer.json; accents as BERT's."""
    arguments = {
        "vocabulary": None,  # From its file.
        "lowercase": do_lower_case,
        "strip_accents": do_lower_case,
    }
    return _serialized(TOKENIZER, arguments)


def _serialized(name: str, arguments: dict) -> dict:
    return {
        "module": "keras_hub.models",
        "class_name": name,
        "config": arguments,
        "registered_name": f"keras_hub>{name}",
    }


def read_encoder_config(
    path: str, values: Mapping, hidden_act: str | None
) -> EncoderConfig:
    """Return the encoder that their config.json describes.

    Args:
        path: str, the preset's folder, for messages.
        values: content of config.json.
        hidden_act: str; by default the one that KerasHub computes.

    Raises:
        ValueError: for another model, or a setting that is missing or that
            ours does not have.
    """
    arguments = _arguments(path, values, BACKBONE)
    unknown = set(arguments) - {*ARGUMENTS.values(), *WITHOUT_MEANING}
    missing = set(ARGUMENTS.values()) - set(arguments)
    if unknown or missing:
        raise UserError(
            f"The {model_folder.CONFIG_FILE} of {path} must have the settings "
            f"{', '.join(ARGUMENTS.values())}. Missing: "
            f"{', '.join(sorted(missing)) or 'none'}; not known here: "
            f"{', '.join(sorted(unknown)) or 'none'}."
        )
    settings = {ours: arguments[name] for ours, name in ARGUMENTS.items()}
    # They have one dropout for both.
    settings["attention_probs_dropout_prob"] = arguments["dropout"]
    settings["hidden_act"] = hidden_act or HIDDEN_ACT
    return hparams.from_json(EncoderConfig, settings)


def read_do_lower_case(path: str, default: bool) -> tuple[bool, dict]:
    """Say whether their tokenizer lower-cases.

    Args:
        path: str, the preset's folder.
        default: bool, the answer where it has no tokenizer.

    Returns:
        The answer, and why which setting is left out.

    Raises:
        ValueError: for a tokenizer that ours cannot be.
    """
    values = model_folder.read_json(os.path.join(path, TOKENIZER_FILE))
    if not values:
        return default, {}
    arguments = _arguments(path, values, TOKENIZER)
    wrong = [
        f"{name} must be {fixed!r}. Received: {arguments[name]!r}."
        for name, fixed in FIXED.items()
        if arguments.get(name, fixed) != fixed
    ]
    if wrong:
        raise UserError(
            f"The tokenizer of {path} is not one of ours: " + " ".join(wrong)
        )
    lower_case = bool(arguments.get("lowercase", False))
    strips = bool(arguments.get("strip_accents", False))
    if strips == lower_case:
        return lower_case, {}
    why = "accents go here where text is lower-cased, and only there"
    return lower_case, {f"strip_accents {strips}": why}


def other_files(path: str) -> dict[str, str]:
    """Return why files of a preset are not read."""
    return {
        name: why
        for name, why in OTHER_FILES.items()
        if os.path.exists(os.path.join(path, name))
    }


def _arguments(path: str, values: Mapping, name: str) -> dict:
    received = values.get("class_name")
    if received != name or not isinstance(values.get("config"), dict):
        raise UserError(
            f"{path} must be the preset of an {name}. Received: {received}."
        )
    return values["config"]
