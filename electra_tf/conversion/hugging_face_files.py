"""The files in a folder of Hugging Face's transformers.

config.json, model.safetensors, tokenizer_config.json, vocab.txt
"""

import dataclasses
import os
from collections.abc import Mapping

import numpy as np

from electra_tf.configs import EncoderConfig, hparams
from electra_tf.conversion import model_folder, torch_file
from electra_tf.conversion.hugging_face_names import PARTS
from electra_tf.conversion.model import Model
from electra_tf.errors import UserError
from electra_tf.text import vocabulary

MODEL_TYPE = "electra"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
TOKENIZER_FILE = "tokenizer.json"  # Their fast tokenizer; has the vocabulary.
PICKLED_FILE = "pytorch_model.bin"

# What a config.json leaves out has these values in ElectraConfig.
DEFAULTS = {
    "vocab_size": 30522,
    "embedding_size": 128,
    "hidden_size": 256,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
}
# What ElectraConfig can vary and we do not: what we compute.
FIXED = {
    "layer_norm_eps": 1e-12,
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}


def config_json(model: Model, part: str, task: str, labels: tuple) -> dict:
    """Return the content of their config.json."""
    encoder = model.config.encoder
    vocab = vocabulary.load_vocabulary(model.vocab or b"")
    config = {
        "architectures": [PARTS[part].architecture],
        "model_type": MODEL_TYPE,
        **hparams.to_json(encoder),
        "layer_norm_eps": FIXED["layer_norm_eps"],
        "pad_token_id": vocab.get(vocabulary.PAD, 0),
        "dtype": "float32",
    }
    if task:
        _, size = model.config.tasks[task]["dense"]
        config |= {"finetuning_task": task, **_labels(size, labels)}
    if part == "classification":
        # See sentence_head: dropout there would act on shifted numbers.
        config["classifier_dropout"] = 0.0
    return config


def _labels(size: int, labels: tuple[str, ...]) -> dict:
    labels = labels or tuple(f"LABEL_{index}" for index in range(size))
    if len(labels) != size:
        raise UserError(
            f"--labels must name the {size} outputs of the head. Received: "
            f"{', '.join(labels)}."
        )
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }


def tokenizer_json(model: Model) -> dict:
    """Return the content of their tokenizer_config.json."""
    names = ("pad", "unk", "cls", "sep", "mask")
    special = zip(names, vocabulary.SPECIAL_TOKENS, strict=True)
    return {
        "tokenizer_class": "ElectraTokenizer",
        "do_lower_case": model.config.do_lower_case,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "model_max_length": model.config.encoder.max_position_embeddings,
        **{f"{name}_token": token for name, token in special},
    }


def read_encoder_config(path: str, values: Mapping) -> EncoderConfig:
    """Return the encoder that their config.json describes.

    Raises:
        ValueError: for another model, or a setting that ours does not have.
    """
    if values.get("model_type") != MODEL_TYPE:
        raise UserError(
            f"The {model_folder.CONFIG_FILE} of {path} must have model_type "
            f"{MODEL_TYPE!r}. Received: {values.get('model_type')!r}."
        )
    wrong = [
        f"{name} must be {fixed!r}. Received: {values[name]!r}."
        for name, fixed in FIXED.items()
        if values.get(name, fixed) != fixed
    ]
    if wrong:
        raise UserError(
            f"The model of {path} is not one of ours: " + " ".join(wrong)
        )
    names = {field.name for field in dataclasses.fields(EncoderConfig)}
    known = {name: values[name] for name in values if name in names}
    return EncoderConfig(**{**DEFAULTS, **known})


def named_part(path: str, values: Mapping) -> str:
    """Return the part that their config.json names."""
    named = values.get("architectures") or [PARTS["encoder"].architecture]
    for name, part in PARTS.items():
        if part.architecture in named:
            return name
    known = ", ".join(part.architecture for part in PARTS.values())
    raise UserError(
        f"{path} holds {', '.join(named)}. Expected one of {known}. --part "
        "encoder takes its encoder."
    )


def read_weights(path: str) -> dict[str, np.ndarray]:
    """Return their arrays by their names.

    Raises:
        FileNotFoundError: when there is no file of weights.
        ValueError: when there is more in it than arrays.
    """
    file = os.path.join(path, model_folder.WEIGHTS_FILE)
    if os.path.exists(file):
        return model_folder.read_weights(file)
    pickled = os.path.join(path, PICKLED_FILE)
    if os.path.exists(pickled):
        return torch_file.load(pickled)
    raise FileNotFoundError(
        f"{path} has neither {model_folder.WEIGHTS_FILE} nor {PICKLED_FILE}. "
        "A model in several files must be saved as one: load it in "
        "transformers and save it again."
    )


def read_do_lower_case(path: str) -> bool:
    """Say whether their tokenizer lower-cases; it does by default."""
    values = model_folder.read_json(os.path.join(path, TOKENIZER_CONFIG_FILE))
    return values.get("do_lower_case", True)


def read_vocab(path: str, vocab_file: str | None) -> bytes | None:
    """Return the vocabulary, of vocab.txt or of their fast tokenizer."""
    file = vocab_file or os.path.join(path, model_folder.VOCAB_FILE)
    content = model_folder.read_vocab(file)
    if content is not None:
        return content
    fast = model_folder.read_json(os.path.join(path, TOKENIZER_FILE))
    ids = fast.get("model", {}).get("vocab")
    if not ids:
        return None
    return "".join(f"{token}\n" for token in sorted(ids, key=ids.get)).encode()
