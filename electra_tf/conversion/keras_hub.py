"""Presets of KerasHub's ElectraBackbone: in and out.

    config.json                         class and arguments of the backbone
    model.weights.h5                    see `keras_hub_weights`
    tokenizer.json                      class and arguments of the tokenizer
    assets/tokenizer/vocabulary.txt

`ElectraBackbone.from_preset` and `ElectraTokenizer.from_preset` load what is
written here as it is. KerasHub is not needed: JSON and HDF5 are read as plain
values, and no class that they name is looked up.

Their backbone is the encoder alone, and differs from ours in two things. It
always takes the tanh approximation of GELU, `gelu_new` here. And it has a
pooler, a dense layer with tanh on the first token, which ELECTRA has not: it
is left out, or written as the identity.
"""

import collections
import dataclasses
import os
from collections.abc import Mapping

import numpy as np

from electra_tf.configs import EncoderConfig, TokenizerConfig, hparams
from electra_tf.configs.tokenizer import UNNAMED
from electra_tf.conversion import (
    keras_hub_weights,
    layout,
    model_folder,
    selection,
)
from electra_tf.conversion.model import (
    MAIN,
    Model,
    ModelConfig,
    check_depth,
    make,
    named_size,
    shapes_of,
)
from electra_tf.errors import UserError
from electra_tf.io import files
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
# The only values that ours has of what their tokenizer can vary.
FIXED = {
    "split": True,
    "suffix_indicator": vocabulary.CONTINUATION,
    "oov_token": vocabulary.UNK,
}
# Files of a preset that hold more than a backbone and a tokenizer.
OTHER_FILES = {
    "task.json": "a task's head has no counterpart",
    "task.weights.h5": "a task's head has no counterpart",
    "preprocessor.json": "batches are made by the tasks here",
}


def write(path: str, model: Model) -> Model:
    """Write the main encoder as a preset; return it with what was left out.

    Raises:
        UserError: when there is no vocabulary, or the activation is no GELU.
    """
    chosen = selection.encoder_with(model, "")
    config = config_json(chosen.config.encoder)
    model_folder.make_folder(path)
    model_folder.write_vocab(path, chosen, VOCAB_FILE)
    files.write_json(os.path.join(path, model_folder.CONFIG_FILE), config)
    tokenizer = _tokenizer_json(model.config)
    files.write_json(os.path.join(path, TOKENIZER_FILE), tokenizer)
    keras_hub_weights.write_h5(
        os.path.join(path, WEIGHTS_FILE), _theirs(chosen)
    )
    return dataclasses.replace(chosen, left_out=_not_theirs(model))


def read(
    path: str,
    vocab_file: str | None = None,
    hidden_act: str | None = None,
    do_lower_case: bool = True,
    leave_out: tuple[str, ...] = (),
) -> Model:
    """Read a preset.

    Args:
        path: the folder.
        vocab_file: by default the preset's.
        hidden_act: the activation that the weights were trained with; by
            default the one that KerasHub computes.
        do_lower_case: of a preset without tokenizer.
        leave_out: their names of arrays not to take over.
    """
    values = model_folder.config_json(path)
    encoder = _encoder_config(path, values, hidden_act)
    settings, left_out = _tokenizer_settings(path, do_lower_case)
    arrays = _read_weights(path)
    left_out |= selection.not_wanted(path, arrays, leave_out)
    left_out |= {
        name: why
        for name, why in OTHER_FILES.items()
        if os.path.exists(os.path.join(path, name))
    }
    rest = {n: array for n, array in arrays.items() if n not in leave_out}
    _check(path, encoder, rest)
    left_out |= dict.fromkeys(
        keras_hub_weights.pooler(encoder), "the pooler, which ELECTRA has not"
    )
    config = ModelConfig(encoder, **settings, model_size=named_size(encoder))
    vocab = vocab_file or os.path.join(path, VOCAB_FILE)
    return make(
        path,
        config,
        _ours(config, rest),
        model_folder.read_vocab(vocab),
        left_out=left_out,
    )


def difference(path: str, model: Model) -> float:
    """Return how far the sequence output of a preset is from the model's.

    Our encoder computes both, the preset's with KerasHub's activation.
    """
    # Nothing else here needs TensorFlow.
    from electra_tf.conversion import load

    inputs = load.random_inputs(model.config.encoder)
    return load.largest_difference(
        load.sequence_output(model, *inputs),
        load.sequence_output(read(path), *inputs),
        mask=inputs[1],
    )


def config_json(encoder: EncoderConfig) -> dict:
    """Return the content of their config.json."""
    if encoder.hidden_act not in ("gelu", HIDDEN_ACT):
        raise UserError(
            f"{BACKBONE} has the activation {HIDDEN_ACT}, near gelu. Received: "
            f"hidden_act {encoder.hidden_act!r}."
        )
    values = hparams.to_json(encoder)
    return _serialized(
        BACKBONE, {theirs: values[ours] for ours, theirs in ARGUMENTS.items()}
    )


def _tokenizer_json(config: ModelConfig) -> dict:
    """Return the content of their tokenizer.json."""
    arguments = {
        "vocabulary": None,  # From its file.
        "lowercase": config.do_lower_case,
        "strip_accents": TokenizerConfig.of(config).strip_accents,
    }
    if not config.tokenize_chinese_chars:  # Their default is true.
        arguments["split_on_cjk"] = False
    return _serialized(TOKENIZER, arguments)


def _serialized(name: str, arguments: dict) -> dict:
    return {
        "module": "keras_hub.models",
        "class_name": name,
        "config": arguments,
        "registered_name": f"keras_hub>{name}",
    }


def _encoder_config(
    path: str, values: Mapping, hidden_act: str | None
) -> EncoderConfig:
    """Return the encoder that their config.json describes."""
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
    return model_folder.read_config(EncoderConfig, settings, path)


def _tokenizer_settings(path: str, default: bool) -> tuple[dict, dict]:
    """Return how their tokenizer changes text, and what is left out of it.

    The default is for presets without a tokenizer.
    """
    values = model_folder.read_json(os.path.join(path, TOKENIZER_FILE))
    if not values:
        return {"do_lower_case": default}, {}
    arguments = _arguments(path, values, TOKENIZER)
    model_folder.check_fixed(f"tokenizer of {path}", arguments, FIXED)
    lower_case = bool(arguments.get("lowercase", False))
    strips = bool(arguments.get("strip_accents", False))
    settings = {
        "do_lower_case": lower_case,
        "strip_accents": strips and lower_case,
        "tokenize_chinese_chars": bool(arguments.get("split_on_cjk", True)),
    }
    if lower_case or not strips:
        return settings, {}
    why = "text that is not lower-cased keeps its accents here"
    return settings, {f"strip_accents {strips}": why}


def _arguments(path: str, values: Mapping, name: str) -> dict:
    received = values.get("class_name")
    if received != name or not isinstance(values.get("config"), dict):
        raise UserError(
            f"{path} must be the preset of an {name}. Received: {received}."
        )
    return values["config"]


def _theirs(model: Model) -> dict[str, np.ndarray]:
    """Return the arrays under their names; the pooler is the identity."""
    encoder = model.config.encoder
    arrays = {
        pair.theirs: model.variables[pair.ours].reshape(pair.shape)
        for pair in keras_hub_weights.encoder(encoder)
    }
    kernel, bias = keras_hub_weights.pooler(encoder)
    arrays[kernel] = np.eye(encoder.hidden_size, dtype=np.float32)
    arrays[bias] = np.zeros(encoder.hidden_size, np.float32)
    return arrays


def _ours(config: ModelConfig, arrays: dict) -> dict[str, np.ndarray]:
    """Return the arrays under our names."""
    shapes = config.shapes
    return {
        pair.ours: arrays[pair.theirs].reshape(shapes[pair.ours])
        for pair in keras_hub_weights.encoder(config.encoder)
    }


def _not_theirs(model: Model) -> dict[str, str]:
    """Return why some of a model has no place in their backbone."""
    encoder = model.config.encoder
    longest = model.config.max_input_chars_per_word
    scopes = collections.Counter(name.split("/")[0] for name in model.variables)
    left_out = {
        f"{scope} ({count} arrays)": "ElectraBackbone is the encoder alone"
        for scope, count in scopes.items()
        if scope != MAIN
    }
    if longest != UNNAMED["max_input_chars_per_word"]:
        left_out[f"max_input_chars_per_word {longest}"] = (
            "the longest word of ElectraTokenizer cannot be set"
        )
    if encoder.hidden_act != HIDDEN_ACT:
        left_out[f"hidden_act {encoder.hidden_act}"] = (
            "ElectraBackbone always computes the tanh approximation, "
            f"{HIDDEN_ACT}"
        )
    if encoder.attention_probs_dropout_prob != encoder.hidden_dropout_prob:
        left_out["attention_probs_dropout_prob"] = (
            "ElectraBackbone has one dropout, hidden_dropout_prob's"
        )
    return left_out


def _read_weights(path: str) -> dict[str, np.ndarray]:
    file = os.path.join(path, WEIGHTS_FILE)
    if not os.path.exists(file):
        raise FileNotFoundError(
            f"{path} has no {WEIGHTS_FILE}. A preset in several files must be "
            "saved as one: save_to_preset with max_shard_size=None."
        )
    arrays = keras_hub_weights.read_h5(file)
    for name in list(arrays):
        today = keras_hub_weights.current(name)
        if today not in arrays:
            arrays[today] = arrays.pop(name)
    return arrays


def _check(path: str, encoder: EncoderConfig, arrays: dict):
    """Check names and shapes; messages have both sides' names."""
    check_depth(path, encoder, arrays)
    pairs = keras_hub_weights.encoder(encoder)
    both = {pair.theirs: f"{pair.theirs} ({pair.ours})" for pair in pairs}
    expected = {both[pair.theirs]: pair.shape for pair in pairs}
    received = shapes_of(arrays)
    layout.check(
        {**expected, **keras_hub_weights.pooler(encoder)},
        {both.get(name, name): shape for name, shape in received.items()},
        path,
    )
