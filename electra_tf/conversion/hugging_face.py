"""Folders of Hugging Face's transformers: in and out.

    config.json, model.safetensors, vocab.txt, tokenizer_config.json

`from_pretrained` loads what is written here as it is. Neither transformers
nor torch is needed. Of weights in a pytorch_model.bin, which is a pickle, only
arrays are read and no code is run (see `torch_file`).

A pre-trained model is two of their folders, discriminator and generator.
"""

import dataclasses
import os
from collections.abc import Mapping

import numpy as np
import safetensors.numpy

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import (
    hugging_face_files,
    layout,
    model_folder,
    selection,
    sentence_head,
    span_head,
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
from electra_tf.errors import UserError

DEFAULT_TASK = "classification"

# The tasks that do not classify sentences.
TASK_PARTS = {
    "chunk": "token_classification",
    **dict.fromkeys(
        ("squad", "squadv1", "newsqa", "naturalqs", "triviaqa", "searchqa"),
        "question_answering",
    ),
}
# Arrays of theirs that are no weights.
BUFFERS = {
    "electra.embeddings.position_ids": "the numbers 0, 1, 2 and so on",
    "embeddings.position_ids": "the numbers 0, 1, 2 and so on",
}
OUTPUT_MATRIX = "generator_lm_head.weight"
WORD_EMBEDDINGS = "electra.embeddings.word_embeddings.weight"
# The first parts of their names that stand for a head.
_THEIR_HEADS = {
    pair.theirs.split(".")[0]
    for part in PARTS.values()
    for pair in part.pairs(EncoderConfig(1, 1, 1, 1, 1), "task")
} - {"electra", "embeddings", "encoder"} | {"generator_lm_head"}


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
    part = _known(part) if part else default_part(model.config, task)
    chosen = select(model, part, task)
    (name,) = chosen.config.tasks or [""]
    arrays = _theirs(PARTS[part].pairs(chosen.config.encoder, name), chosen)
    if part == "classification":
        arrays |= sentence_head.with_hidden_layer(
            chosen.variables, name, chosen.config.encoder.num_hidden_layers
        )
    config = hugging_face_files.config_json(chosen, part, name, labels)
    tokenizer = hugging_face_files.tokenizer_json(chosen)
    model_folder.make_folder(path)
    model_folder.write_vocab(path, chosen)
    for file, content in (
        (model_folder.CONFIG_FILE, config),
        (hugging_face_files.TOKENIZER_CONFIG_FILE, tokenizer),
    ):
        model_folder.write_json(os.path.join(path, file), content)
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
    encoder = hugging_face_files.read_encoder_config(path, values)
    part = _known(part) if part else hugging_face_files.named_part(path, values)
    if part == "generator":
        _check_generator_activation(encoder)
    task = task or values.get("finetuning_task") or DEFAULT_TASK
    arrays, left_out = _wanted(path, part, leave_out)
    variables = _ours(path, part, task, encoder, arrays)
    config = ModelConfig(
        encoder,
        do_lower_case=hugging_face_files.read_do_lower_case(path),
        model_size=named_size(encoder),
    )
    return make(
        path,
        with_parts(path, config, shapes_of(variables)),
        variables,
        hugging_face_files.read_vocab(path, vocab_file),
        left_out=left_out,
    )


def default_part(config: ModelConfig, task: str | None = None) -> str:
    """Return which of `PARTS` a model is, where nobody says."""
    if config.tasks:
        return TASK_PARTS.get(task or min(config.tasks), "classification")
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
        model = span_head.joined(model)
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


def _check_generator_activation(encoder: EncoderConfig):
    if encoder.hidden_act != "gelu":
        raise UserError(
            "The head of their generator always has the activation gelu. "
            f"Received: hidden_act {encoder.hidden_act!r}."
        )


def _known(part: str) -> str:
    if part not in PARTS:
        raise UserError(
            f"--part must be one of {', '.join(PARTS)}. Received: {part}."
        )
    return part


def _wanted(path: str, part: str, leave_out: tuple) -> tuple[dict, dict]:
    """Return their arrays that make up a part, and why not the others."""
    arrays = hugging_face_files.read_weights(path)
    unknown = set(leave_out) - set(arrays)
    if unknown:
        raise UserError(
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


def _check_tied(path: str, arrays: Mapping):
    if not np.array_equal(arrays[OUTPUT_MATRIX], arrays.get(WORD_EMBEDDINGS)):
        raise UserError(
            f"{OUTPUT_MATRIX} of {path} must be the word embeddings, as "
            "ELECTRA's is. It is another matrix."
        )


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
