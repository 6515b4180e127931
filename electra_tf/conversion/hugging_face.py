"""Folders of Hugging Face's transformers: in and out.

    config.json, model.safetensors, vocab.txt, tokenizer_config.json

`from_pretrained` loads what is written here as it is. Neither transformers
nor torch is needed. Weights in pytorch_model.bin are pickled, so they are not
read.

A pre-trained model is two of their folders, discriminator and generator.
"""

import dataclasses
import os
from collections.abc import Mapping

import numpy as np
import safetensors.numpy

from electra_tf import hparams, tokenization
from electra_tf.configs import EncoderConfig
from electra_tf.conversion import (
    layout,
    model_folder,
    selection,
    sentence_head,
)
from electra_tf.conversion.hugging_face_names import PARTS, Pair
from electra_tf.conversion.model import (
    TASKS,
    Model,
    ModelConfig,
    make,
    named_size,
    shapes_of,
    with_parts,
)

MODEL_TYPE = "electra"
TOKENIZER_CONFIG_FILE = "tokenizer_config.json"
TOKENIZER_FILE = "tokenizer.json"  # Their fast tokenizer; has the vocabulary.
PICKLED_FILE = "pytorch_model.bin"
DEFAULT_TASK = "classification"

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
# Arrays of theirs that are no weights.
BUFFERS = {
    "electra.embeddings.position_ids": "the numbers 0, 1, 2 and so on",
    "embeddings.position_ids": "the numbers 0, 1, 2 and so on",
}
OUTPUT_MATRIX = "generator_lm_head.weight"
WORD_EMBEDDINGS = "electra.embeddings.word_embeddings.weight"
HIDDEN_LAYER = "classifier.dense"


def write(
    path: str,
    model: Model,
    part: str | None = None,
    task: str | None = None,
    labels: tuple[str, ...] = (),
) -> Model:
    """Write a folder that `from_pretrained` loads.

    Args:
        path: str, a folder that is made, or empty.
        model: `Model`.
        part: str, row of `PARTS`; by default the task's sentence head if
            there is one, or else the discriminator or the generator.
        task: str, which task, where there are several.
        labels: names of a classification's labels.

    Returns:
        The `Model` that was written, as `read` returns it.

    Raises:
        ValueError: for what the model does not have, or their class has no
            place for.
        FileExistsError: when something is there.
    """
    part = _known(part) if part else default_part(model.config)
    chosen = select(model, part, task)
    (name,) = chosen.config.tasks or [""]
    arrays = _theirs(PARTS[part].pairs(chosen.config.encoder, name), chosen)
    if part == "classification":
        arrays |= sentence_head.with_hidden_layer(
            chosen.variables, name, chosen.config.encoder.num_hidden_layers
        )
    config = _config(chosen, part, name, labels)
    model_folder.make_folder(path)
    model_folder.write_vocab(path, chosen)
    model_folder.write_json(
        os.path.join(path, model_folder.CONFIG_FILE), config
    )
    model_folder.write_json(
        os.path.join(path, TOKENIZER_CONFIG_FILE), _tokenizer_config(chosen)
    )
    # Their loader asks which framework the file is for.
    safetensors.numpy.save_file(
        arrays,
        os.path.join(path, model_folder.WEIGHTS_FILE),
        metadata={"format": "pt"},
    )
    return chosen


def read(
    path: str,
    vocab_file: str | None = None,
    part: str | None = None,
    task: str | None = None,
    leave_out: tuple[str, ...] = (),
) -> Model:
    """Read one of their folders.

    A generator alone becomes a masked language model on the main encoder.

    Args:
        path: str, the folder.
        vocab_file: str; by default the folder's vocab.txt, or what its
            tokenizer.json holds.
        part: str, row of `PARTS`, by default what config.json says;
            "encoder" takes the encoder and leaves any head out.
        task: str, the name that a head gets here.
        leave_out: their names of arrays not to take over.

    Raises:
        FileNotFoundError: when a file is missing.
        ValueError: for another model, or one that ours cannot be.
    """
    values = model_folder.read_json(
        os.path.join(path, model_folder.CONFIG_FILE)
    )
    encoder = _encoder_config(path, values)
    part = _known(part) if part else _part(path, values)
    if part == "generator":
        _check_generator_activation(encoder)
    task = task or values.get("finetuning_task") or DEFAULT_TASK
    arrays, left_out = _wanted(path, part, leave_out)
    variables = _ours(path, part, task, encoder, arrays)
    config = ModelConfig(
        encoder,
        do_lower_case=_do_lower_case(path),
        model_size=named_size(encoder),
    )
    return make(
        path,
        with_parts(path, config, shapes_of(variables)),
        variables,
        _vocab(path, vocab_file),
        left_out=left_out,
    )


def default_part(config: ModelConfig) -> str:
    """Return which of `PARTS` a model is, where nobody says."""
    if config.tasks:
        return "classification"
    for part in ("discriminator", "generator"):
        if PARTS[part].head in config.parts:
            return part
    return "encoder"


def select(model: Model, part: str, task: str | None) -> Model:
    """Return the `Model` that one of `PARTS` is.

    Raises:
        ValueError: when the model has no such part.
    """
    if part == "generator":
        chosen = selection.generator(model)
        _check_generator_activation(chosen.config.encoder)
        return chosen
    head = PARTS[part].head
    if head == TASKS:
        head = f"{TASKS}/{selection.task(model, task)}"
    return selection.encoder_with(model, head)


def _theirs(pairs: list[Pair], model: Model) -> dict[str, np.ndarray]:
    """Return the arrays under their names."""
    return {
        pair.theirs: np.ascontiguousarray(
            _turned(pair, model.variables[pair.ours])
        )
        for pair in pairs
    }


def _turned(pair: Pair, array: np.ndarray) -> np.ndarray:
    return array.T if pair.transposed else array


def _config(model: Model, part: str, task: str, labels: tuple) -> dict:
    """Return the content of their config.json."""
    encoder = model.config.encoder
    vocab = tokenization.load_vocabulary(model.vocab or b"")
    config = {
        "architectures": [PARTS[part].architecture],
        "model_type": MODEL_TYPE,
        **hparams.to_json(encoder),
        "layer_norm_eps": FIXED["layer_norm_eps"],
        "pad_token_id": vocab.get(tokenization.PAD, 0),
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
        raise ValueError(
            f"--labels must name the {size} outputs of the head. Received: "
            f"{', '.join(labels)}."
        )
    return {
        "id2label": {str(index): label for index, label in enumerate(labels)},
        "label2id": {label: index for index, label in enumerate(labels)},
    }


def _tokenizer_config(model: Model) -> dict:
    names = ("pad", "unk", "cls", "sep", "mask")
    special = zip(names, tokenization.SPECIAL_TOKENS, strict=True)
    return {
        "tokenizer_class": "ElectraTokenizer",
        "do_lower_case": model.config.do_lower_case,
        "strip_accents": None,
        "tokenize_chinese_chars": True,
        "model_max_length": model.config.encoder.max_position_embeddings,
        **{f"{name}_token": token for name, token in special},
    }


def _encoder_config(path: str, values: Mapping) -> EncoderConfig:
    """Return the encoder that their config.json describes.

    Raises:
        ValueError: for another model, or a setting that ours does not have.
    """
    if values.get("model_type") != MODEL_TYPE:
        raise ValueError(
            f"The {model_folder.CONFIG_FILE} of {path} must have model_type "
            f"{MODEL_TYPE!r}. Received: {values.get('model_type')!r}."
        )
    wrong = [
        f"{name} must be {fixed!r}. Received: {values[name]!r}."
        for name, fixed in FIXED.items()
        if values.get(name, fixed) != fixed
    ]
    if wrong:
        raise ValueError(
            f"The model of {path} is not one of ours: " + " ".join(wrong)
        )
    names = {field.name for field in dataclasses.fields(EncoderConfig)}
    known = {name: values[name] for name in values if name in names}
    return EncoderConfig(**{**DEFAULTS, **known})


def _check_generator_activation(encoder: EncoderConfig):
    if encoder.hidden_act != "gelu":
        raise ValueError(
            "The head of their generator always has the activation gelu. "
            f"Received: hidden_act {encoder.hidden_act!r}."
        )


def _known(part: str) -> str:
    if part not in PARTS:
        raise ValueError(
            f"--part must be one of {', '.join(PARTS)}. Received: {part}."
        )
    return part


def _part(path: str, values: Mapping) -> str:
    """Return the part that their config.json names."""
    named = values.get("architectures") or [PARTS["encoder"].architecture]
    for name, part in PARTS.items():
        if part.architecture in named:
            return name
    known = ", ".join(part.architecture for part in PARTS.values())
    raise ValueError(
        f"{path} holds {', '.join(named)}. Expected one of {known}. --part "
        "encoder takes its encoder."
    )


def _wanted(path: str, part: str, leave_out: tuple) -> tuple[dict, dict]:
    """Return their arrays that make up a part, and why not the others."""
    arrays = _weights(path)
    unknown = set(leave_out) - set(arrays)
    if unknown:
        raise ValueError(
            f"{path} has nothing to leave out that is called "
            f"{', '.join(sorted(unknown))}."
        )
    left_out = dict.fromkeys(leave_out, "not wanted")
    left_out |= {name: why for name, why in BUFFERS.items() if name in arrays}
    if part == "encoder":
        left_out |= {
            name: "the encoder alone was asked for"
            for name in arrays
            if name.split(".")[0] in _THEIR_HEADS
        }
    elif OUTPUT_MATRIX in arrays:
        _check_tied(path, arrays)
        left_out[OUTPUT_MATRIX] = "the same as the word embeddings"
    rest = {n: array for n, array in arrays.items() if n not in left_out}
    if part == "encoder":
        rest = {n.removeprefix("electra."): a for n, a in rest.items()}
    return rest, left_out


# The first parts of their names that stand for a head.
_THEIR_HEADS = {
    pair.theirs.split(".")[0]
    for part in PARTS.values()
    for pair in part.pairs(EncoderConfig(1, 1, 1, 1, 1), "task")
} - {"electra", "embeddings", "encoder"} | {"generator_lm_head"}


def _check_tied(path: str, arrays: Mapping):
    if not np.array_equal(arrays[OUTPUT_MATRIX], arrays.get(WORD_EMBEDDINGS)):
        raise ValueError(
            f"{OUTPUT_MATRIX} of {path} must be the word embeddings, as "
            "ELECTRA's is. It is another matrix."
        )


def _weights(path: str) -> dict[str, np.ndarray]:
    """Return their arrays by their names.

    Raises:
        FileNotFoundError: when there is no safetensors file.
    """
    file = os.path.join(path, model_folder.WEIGHTS_FILE)
    if os.path.exists(file):
        return model_folder.read_weights(file)
    fix = "Load the model in transformers and save it again, in one shard."
    if os.path.exists(os.path.join(path, PICKLED_FILE)):
        fix = (
            f"Its {PICKLED_FILE} is a pickle, which can run any code, so it "
            f"is not read. {fix}"
        )
    raise FileNotFoundError(f"{path} has no {model_folder.WEIGHTS_FILE}. {fix}")


def _ours(
    path: str, part: str, task: str, encoder: EncoderConfig, arrays: dict
) -> dict[str, np.ndarray]:
    """Return the arrays under our names, after checking all of them."""
    pairs = PARTS[part].pairs(encoder, task)
    layout.check(
        _expected(part, task, encoder, arrays), shapes_of(arrays), path
    )
    variables = {p.ours: _turned(p, arrays[p.theirs]) for p in pairs}
    if part == "classification":
        variables |= sentence_head.without_hidden_layer(
            path,
            variables,
            task,
            arrays["classifier.dense.weight"],
            arrays["classifier.dense.bias"],
            encoder.num_hidden_layers,
        )
    return variables


def _expected(
    part: str, task: str, encoder: EncoderConfig, arrays: dict
) -> layout.Shapes:
    """Return their shapes by their names."""
    pairs = PARTS[part].pairs(encoder, task)
    head = PARTS[part].head
    config = ModelConfig(
        encoder, parts=(head,) if head not in ("", TASKS) else ()
    )
    if head == TASKS:
        outputs = next(p for p in pairs if p.ours.startswith(TASKS)).theirs
        size = len(arrays.get(outputs, [0]))
        kernel = (encoder.hidden_size, size)
        config = dataclasses.replace(config, tasks={task: {"dense": kernel}})
    ours = config.shapes
    shapes = {
        p.theirs: ours[p.ours][::-1] if p.transposed else ours[p.ours]
        for p in pairs
    }
    if part == "classification":
        size = encoder.hidden_size
        shapes["classifier.dense.weight"] = (size, size)
        shapes["classifier.dense.bias"] = (size,)
    return shapes


def _do_lower_case(path: str) -> bool:
    values = model_folder.read_json(os.path.join(path, TOKENIZER_CONFIG_FILE))
    return values.get("do_lower_case", True)


def _vocab(path: str, vocab_file: str | None) -> bytes | None:
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
