"""Parts of models as models: a generator alone, or joined to a discriminator.

Hugging Face keeps the two in two folders; a model of ours has both.
"""

import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np
from absl import logging

from electra_tf.configs import TokenizerConfig
from electra_tf.conversion.model import (
    GENERATOR,
    GENERATOR_HEAD,
    MAIN,
    TASKS,
    Model,
    ModelConfig,
    make,
    shapes_of,
    with_parts,
)
from electra_tf.errors import UserError, shown
from electra_tf.text import vocabulary

EMBEDDINGS = "embeddings/"
TWO_SPAN_LAYERS = ("dense", "dense_1")  # Starts and ends of answers.


def not_wanted(
    source: str, arrays: Mapping, names: Iterable[str]
) -> dict[str, str]:
    """Return why arrays that a user names, and that are there, are left out."""
    unknown = set(names) - set(arrays)
    if unknown:
        raise UserError(
            f"{source} has nothing to leave out that is called "
            f"{', '.join(sorted(unknown))}."
        )
    return dict.fromkeys(names, "not wanted")


def encoder_with(model: Model, head: str) -> Model:
    """Return the main encoder with one head, or with none if it is ""."""
    scopes = (f"{MAIN}/", f"{head}/") if head else (f"{MAIN}/",)
    chosen = {
        name: array
        for name, array in model.variables.items()
        if name.startswith(scopes)
    }
    _check_has(model, head, chosen)
    return _part(model, model.config, chosen)


def generator(model: Model) -> Model:
    """Return the generator as a masked language model of its own.

    Its encoder becomes the main one, with the embeddings it shares.
    """
    config = model.config
    if config.generator is None:
        return encoder_with(model, GENERATOR_HEAD)
    own = f"{GENERATOR}/" if config.untied_generator_embeddings else f"{MAIN}/"
    chosen = {}
    for name, array in model.variables.items():
        if name.startswith(own + EMBEDDINGS):
            chosen[MAIN + name.removeprefix(own[:-1])] = array
        elif name.startswith(f"{GENERATOR}/"):
            chosen[MAIN + name.removeprefix(GENERATOR)] = array
        elif name.startswith(f"{GENERATOR_HEAD}/"):
            chosen[name] = array
    _check_has(model, GENERATOR_HEAD, chosen)
    alone = dataclasses.replace(config, encoder=config.generator)
    return _part(model, alone, chosen)


def task(model: Model, name: str | None) -> str:
    """Return the name of a task whose head is one linear layer.

    The name may be left out where there is only one task.
    """
    tasks = model.config.tasks
    if name is None and len(tasks) == 1:
        (name,) = tasks
    if name not in tasks:
        raise UserError(
            f"--task must name one of {sorted(tasks)}. Received: {name}."
        )
    if not {"dense"} <= set(tasks[name]) <= {"dense", "hidden"}:
        raise UserError(
            f"The head of {name} has the layers {sorted(tasks[name])}. Only a "
            "linear layer, dense, has a counterpart, and one before it, hidden."
        )
    return name


def with_joined_spans(model: Model) -> Model:
    """Return the model with one layer for starts and ends of answers.

    Ours are two layers of one output, transformers has one of two, `(H, 2)`
    for the hidden size H. Heads of other layers stay as they are.
    """
    hidden_size = model.config.encoder.hidden_size
    two = dict.fromkeys(TWO_SPAN_LAYERS, (hidden_size, 1))
    variables, tasks = dict(model.variables), dict(model.config.tasks)
    for task, layers in model.config.tasks.items():
        if layers != two:
            continue
        tasks[task] = {"dense": (hidden_size, 2)}
        for name in ("kernel", "bias"):
            first, second = (f"{TASKS}/{task}/{d}/{name}" for d in two)
            variables[first] = np.concatenate(
                [variables[first], variables.pop(second)], axis=-1
            )
    config = dataclasses.replace(model.config, tasks=tasks)
    return make("the model", config, variables, model.vocab)


def with_parted_spans(model: Model) -> Model:
    """Return the model with a layer for starts, and one for ends of answers.

    The reverse of `with_joined_spans`, for a model with one task.
    """
    variables = dict(model.variables)
    (task,) = model.config.tasks
    for name in ("kernel", "bias"):
        first, second = (f"{TASKS}/{task}/{d}/{name}" for d in TWO_SPAN_LAYERS)
        variables[first], variables[second] = np.split(variables[first], 2, -1)
    config = with_parts("the model", model.config, shapes_of(variables))
    made = make("the model", config, variables, model.vocab)
    return dataclasses.replace(made, left_out=model.left_out)


def rescaled(model: Model, task: str, low: float, high: float) -> Model:
    """Return the model whose head predicts numbers from `low` to `high`.

    The head given predicts 0 and 1 for these.
    """
    variables = dict(model.variables)
    kernel, bias = (f"{TASKS}/{task}/dense/{n}" for n in ("kernel", "bias"))
    variables[kernel] = np.float32(variables[kernel] * (high - low))
    variables[bias] = np.float32(variables[bias] * (high - low) + low)
    return dataclasses.replace(model, variables=variables)


def joined(discriminator: Model, masked_lm: Model) -> Model:
    """Return the pre-training model of a discriminator and its generator.

    Embeddings that are the same, bit for bit, are shared. Where they differ,
    a generator that projects them cannot have its own.
    """
    if GENERATOR_HEAD in discriminator.config.parts:
        raise UserError(
            "What another generator is to be joined to has one already: "
            f"{', '.join(discriminator.config.parts)}. Leave one of them out."
        )
    _check_texts(discriminator, masked_lm)
    tied = _are_tied(discriminator, masked_lm)
    variables = dict(discriminator.variables)
    for name, array in masked_lm.variables.items():
        if name.startswith(f"{MAIN}/{EMBEDDINGS}") and tied:
            continue
        if name.startswith(f"{MAIN}/"):
            name = GENERATOR + name.removeprefix(MAIN)
        variables[name] = array
    config = dataclasses.replace(
        discriminator.config, generator=masked_lm.config.encoder
    )
    config = with_parts("generator", config, shapes_of(variables))
    return make(
        "generator and discriminator",
        config,
        variables,
        discriminator.vocab,
        left_out={**masked_lm.left_out, **discriminator.left_out},
    )


def _check_texts(discriminator: Model, masked_lm: Model) -> None:
    """Check that both read texts as the same ids."""
    ours, theirs = (
        TokenizerConfig.of(model.config).tokenizer_settings
        for model in (discriminator, masked_lm)
    )
    different = [
        f"{name}: {value} of the discriminator, {theirs[name]} of the generator"
        for name, value in ours.items()
        if value != theirs[name]
    ]
    vocabularies = (discriminator.vocab, masked_lm.vocab)
    if None not in vocabularies:
        one, other = map(vocabulary.load_vocabulary, vocabularies)
        if one != other:
            different.append("their vocabularies")
    if different:
        raise UserError(
            "Discriminator and generator must read texts alike. They differ "
            "in\n  " + "\n  ".join(different)
        )


def _are_tied(discriminator: Model, masked_lm: Model) -> bool:
    """Return whether the embeddings are the same, or else may differ."""
    different = [
        name
        for name, array in masked_lm.variables.items()
        if name.startswith(f"{MAIN}/{EMBEDDINGS}")
        and not np.array_equal(array, discriminator.variables.get(name))
    ]
    encoder = masked_lm.config.encoder
    if different and encoder.embedding_size != encoder.hidden_size:
        raise UserError(
            "Generator and discriminator must share their embeddings, or the "
            "generator's must have its hidden size. Different: "
            f"{', '.join(different)}."
        )
    return not different


def _check_has(model: Model, head: str, chosen: dict):
    if head and not any(name.startswith(f"{head}/") for name in chosen):
        has = {name.split("/")[0] for name in model.variables}
        raise UserError(
            f"The model has no {head}. It has: {', '.join(sorted(has))}."
        )


def _part(model: Model, config: ModelConfig, variables: dict) -> Model:
    config = with_parts(
        "the model",
        dataclasses.replace(config, generator=None),
        shapes_of(variables),
        model.config.step,
    )
    return make("the model", config, variables, model.vocab)


def tell_left_out(path: str, model: Model) -> None:
    """Log a warning of what of a path was not taken over, if anything."""
    if model.left_out:
        said = "; ".join(f"{n}: {why}" for n, why in model.left_out.items())
        logging.warning(f"Not taken over from {path}: {shown(said)}.")
