"""Folders of Hugging Face's transformers: in and out.

    config.json, model.safetensors, vocab.txt
    tokenizer_config.json, tokenizer.json   see `hugging_face_parts.tokenizer`

`from_pretrained` loads what is written here as it is. Neither transformers
nor torch is needed. Of weights in a pytorch_model.bin, which is a pickle, only
arrays are read and no code is run (see `torch_file`).

A pre-trained model is two of their folders, discriminator and generator. A
fine-tuned one has the names of its labels in their config.json, in ours in
tasks.json.
"""

import dataclasses
import os
from collections.abc import Mapping

import numpy as np

from electra_tf.configs import EncoderConfig, hparams
from electra_tf.conversion import model_card, model_folder, selection
from electra_tf.conversion.hugging_face_parts import files as weights_files
from electra_tf.conversion.hugging_face_parts import heads, tokenizer
from electra_tf.conversion.hugging_face_parts.files import (
    OUTPUT_MATRIX,
    WORD_EMBEDDINGS,
)
from electra_tf.conversion.hugging_face_parts.weights import (
    HIDDEN,
    PARTS,
    THEIR_HEADS,
    to_ours,
    to_theirs,
)
from electra_tf.conversion.model import (
    TASKS,
    Model,
    ModelConfig,
    make,
    named_size,
    shapes_of,
    with_parts,
)
from electra_tf.errors import UserError, shown
from electra_tf.io import files
from electra_tf.io.json_text import misspelt
from electra_tf.text import vocabulary

MODEL_TYPE = "electra"
# Settings that a config.json leaves out have these values in ElectraConfig.
DEFAULTS = {
    "vocab_size": 30522,
    "embedding_size": 128,
    "hidden_size": 256,
    "num_hidden_layers": 12,
    "num_attention_heads": 4,
    "intermediate_size": 1024,
}
# The only values that we compute of settings that ElectraConfig can vary.
FIXED = {
    "layer_norm_eps": 1e-12,
    "position_embedding_type": "absolute",
    "is_decoder": False,
    "add_cross_attention": False,
}
_ENCODER_SETTINGS = {field.name for field in dataclasses.fields(EncoderConfig)}
# What else is read of a config.json.
SETTINGS = (
    *("model_type", "architectures", "finetuning_task", "tie_word_embeddings"),
    *(*FIXED, *heads.SETTINGS),
)
ADAPTER_FILE = "adapter_config.json"  # Of the library peft.
# Arrays of theirs that are no weights.
BUFFERS = {
    "electra.embeddings.position_ids",
    "embeddings.position_ids",
}


def write(
    path: str,
    model: Model,
    part: str | None = None,
    task: str | None = None,
    labels: tuple[str, ...] = (),
) -> Model:
    """Write a folder that `from_pretrained` loads; return what `read` will.

    Args:
        path: a folder that is made, or empty.
        model: `Model`.
        part: key of `PARTS`; by default the task's head if there is one, or
            else the discriminator or the generator.
        task: name of the head, where there are several.
        labels: names of a classification's labels.

    Raises:
        UserError: for what the model does not have, or their class has no
            place for.
    """
    part = _known(part) if part else heads.default_part(model, task)
    chosen = select(model, part, task)
    (name,) = chosen.config.tasks or [""]
    known = model_folder.task_of(model, name)
    if known.get("scale"):
        chosen = selection.rescaled(chosen, name, *known["scale"])
    arrays = to_theirs(chosen, part, name)
    config = _config_json(chosen, part, name, known, labels)
    model_folder.make_folder(path)
    model_folder.write_vocab(path, chosen)
    files.write_json(os.path.join(path, model_folder.CONFIG_FILE), config)
    tokenizer.write(path, chosen)
    # Their loader asks which framework the file is for.
    model_folder.write_weights(path, arrays, format="pt")
    (name_of_class,) = config["architectures"]
    model_card.write(path, chosen, model_card.THEIRS.format(name_of_class))
    if part == "question_answering":
        chosen = selection.with_parted_spans(chosen)
    if part == "token_classification" and known.get("segment", 1):
        why = "give token_type_ids of 1, which the words were trained with"
        chosen = dataclasses.replace(chosen, left_out={"segments": why})
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
        path: the folder.
        vocab_file: by default its vocab.txt, or as in its tokenizer.json.
        part: key of `PARTS`, by default the one that config.json names;
            "encoder" leaves any head out.
        task: name that a head gets here.
        leave_out: their names of arrays not to take over.
    """
    values = model_folder.config_json(path)
    encoder = _encoder_config(path, values)
    part = _known(part) if part else _named_part(path, values)
    if part == "multiple_choice":
        model_folder.check_fixed(f"model of {path}", values, heads.SUMMARY)
    if part == "generator":
        _check_generator_activation(encoder)
    if os.path.exists(os.path.join(path, ADAPTER_FILE)):
        raise UserError(
            f"{path} has an {ADAPTER_FILE}: weights that are added to these, "
            "and are not read here. Merge them first, by merge_and_unload of "
            "peft, and remove it."
        )
    default = heads.DEFAULT_TASKS.get(part, "")
    task = task or values.get("finetuning_task") or default
    vocab = weights_files.word_pieces(path, vocab_file)
    arrays, size, left_out = weights_files.without_padding(
        weights_files.weights(path), vocab, encoder.vocab_size
    )
    encoder = encoder.replace(vocab_size=size)
    arrays, others = _wanted(path, values, arrays, part, leave_out)
    variables = to_ours(path, part, task, encoder, arrays)
    settings, overruled = tokenizer.read_settings(path)
    config = ModelConfig(encoder, **settings, model_size=named_size(encoder))
    if vocab and not vocab_file:
        tokenizer.check_vocab(path, vocab)
    config = with_parts(path, config, shapes_of(variables))
    known = {*SETTINGS, *_ENCODER_SETTINGS}
    told = misspelt(values, known, model_folder.CONFIG_FILE)
    left_out = {**left_out, **others, **overruled, **told}
    model = make(path, config, variables, vocab, left_out=left_out)
    if PARTS[part].head != TASKS:
        return model
    if part == "question_answering":
        model = selection.with_parted_spans(model)
    tasks = heads.tasks_json(path, values, part, task, model.config)
    left_out = {**model.left_out, **heads.not_of_spans(tasks)}
    return dataclasses.replace(model, tasks_json=tasks, left_out=left_out)


def select(model: Model, part: str, task: str | None) -> Model:
    """Return the `Model` that one of `PARTS` is."""
    if part == "generator":
        chosen = selection.generator(model)
        _check_generator_activation(chosen.config.encoder)
        return chosen
    head = PARTS[part].head
    if head == TASKS:
        model = selection.with_joined_spans(model)
        head = f"{TASKS}/{selection.task(model, task)}"
    return selection.encoder_with(model, head)


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


def _config_json(
    model: Model, part: str, task: str, known: Mapping, labels: tuple
) -> dict:
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
        config["finetuning_task"] = task
        if part == "multiple_choice":
            config |= heads.SUMMARY
        else:
            config |= heads.config_json(size, known, labels)
        config |= heads.known_of(part, known, model_folder.TASKS_FILE)
    if part == "classification" and HIDDEN not in model.config.tasks[task]:
        # Dropout there would act on shifted numbers, see
        # `hugging_face_parts.weights`.
        config["classifier_dropout"] = 0.0
    return config


def _encoder_config(path: str, values: Mapping) -> EncoderConfig:
    """Return the encoder that their config.json describes."""
    if values.get("model_type") != MODEL_TYPE:
        raise UserError(
            f"The {model_folder.CONFIG_FILE} of {path} must have model_type "
            f"{MODEL_TYPE!r}. Received: {values.get('model_type')!r}."
        )
    model_folder.check_fixed(f"model of {path}", values, FIXED)
    # Of no use for numbers, but a name that variables get.
    task = values.get("finetuning_task") or ""
    if not isinstance(task, str) or "/" in task:
        raise UserError(
            f"finetuning_task of {path} must be a name. Received: "
            f"{shown(task)}."
        )
    known = {n: values[n] for n in values if n in _ENCODER_SETTINGS}
    return model_folder.read_config(EncoderConfig, {**DEFAULTS, **known}, path)


def _named_part(path: str, values: Mapping) -> str:
    """Return the part that their config.json names."""
    named = values.get("architectures") or [PARTS["encoder"].architecture]
    if isinstance(named, list):
        found = [n for n, part in PARTS.items() if part.architecture in named]
        if len(found) == 1:
            return found[0]
    known = ", ".join(part.architecture for part in PARTS.values())
    received = ", ".join(map(str, named)) if isinstance(named, list) else named
    raise UserError(
        f"{path} holds {received}. Expected one of {known}. --part "
        "chooses one; encoder takes the encoder alone."
    )


def _wanted(
    path: str, values: Mapping, arrays: dict, part: str, leave_out: tuple
) -> tuple[dict, dict]:
    """Return their arrays that make up a part, and why not the others."""
    left_out = selection.not_wanted(path, arrays, leave_out)
    for name in BUFFERS & ({*arrays} - {*left_out}):
        if not np.array_equal(np.ravel(arrays[name]), range(arrays[name].size)):
            raise UserError(
                f"{name} of {path} must be 0, 1, 2 and so on, as ELECTRA's "
                f"positions are. Received: {shown(arrays[name].tolist())}."
            )
        left_out[name] = "the numbers 0, 1, 2 and so on"
    if part == "encoder":
        left_out |= {
            name: "the encoder alone was asked for"
            for name in arrays
            if name.split(".")[0] in THEIR_HEADS
        }
    elif OUTPUT_MATRIX in arrays:
        _check_tied(path, arrays)
        left_out[OUTPUT_MATRIX] = "the same as the word embeddings"
    elif part == "generator" and values.get("tie_word_embeddings") is False:
        raise UserError(
            f"{path} must have {OUTPUT_MATRIX}: its {model_folder.CONFIG_FILE} "
            "has tie_word_embeddings false."
        )
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
