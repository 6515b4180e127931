"""The model of any format that a run starts from, and the settings it implies.

No network is built, and no TensorFlow imported for formats that do not need
it.
"""

import dataclasses
import os
import re
from collections.abc import Mapping
from typing import Any

from electra_tf.configs import FinetuningConfig, PretrainingConfig
from electra_tf.configs.tokenizer import IN_OLDER_FILES
from electra_tf.conversion import compatibility, formats, model_folder
from electra_tf.conversion.compatibility import (
    ENCODER_SETTINGS,
    GENERATOR_SETTINGS,
    with_settings,
)
from electra_tf.conversion.hugging_face_parts import hub
from electra_tf.conversion.model import Model
from electra_tf.errors import UserError
from electra_tf.io import files, listing
from electra_tf.text.tokenization import Tokenizer
from electra_tf.text.vocabulary import load_vocabulary
from electra_tf.training import run_folder

# How TensorFlow names the variables of objects, in the index of a checkpoint;
# TensorFlow 1 has their own names.
_OF_OBJECTS = b".ATTRIBUTES"
# The last bytes of a whole index.
_END_OF_INDEX = bytes.fromhex("57fb808b247547db")
_OUR_INDEX = re.compile(r"model\.ckpt-\d+\.index")


def check_folder(folder: str) -> None:
    """Check that a run would not go past another program's checkpoint.

    Args:
        folder: where the run saves its own; perhaps not there yet.

    Raises:
        UserError: when a checkpoint is there that no run of ours wrote.
    """
    strangers, ours, clash = [], [], False
    for name in sorted(listing.names_in(folder)):
        if not name.endswith(".index") or name.startswith("."):
            continue
        index = os.path.join(folder, name)
        content = files.read(index)
        if not content.endswith(_END_OF_INDEX):
            continue  # Damaged: the run itself skips it, and says so.
        named = _OUR_INDEX.fullmatch(os.path.basename(index)) is not None
        known = named and _OF_OBJECTS in content
        (ours if known else strangers).append(index.removesuffix(".index"))
        clash |= named and not known
    if clash or (strangers and not ours):
        raise UserError(
            f"{folder} holds the checkpoint {os.path.basename(strangers[-1])}, "
            "which is not of a run of this program. A run there would start "
            "from random weights and write over it. To start from its weights "
            f"give --init_checkpoint={strangers[-1]} and another --model_name; "
            "or move it elsewhere."
        )


def pretraining(
    config: PretrainingConfig,
) -> tuple[PretrainingConfig, Model | None]:
    """Return the config with the initial model's settings, and that model.

    The model is None where there is none to start from, or the run has a
    checkpoint of its own already. It must be what the settings ask for.
    """
    check_folder(config.model_dir)
    path = config.init_checkpoint
    if path is None:
        return config, None
    if files.exists(os.path.join(config.model_dir, "checkpoint")):
        begun = os.path.join(config.model_dir, model_folder.CONFIG_FILE)
        names = (*ENCODER_SETTINGS, *GENERATOR_SETTINGS)
        return with_settings(config, _saved(begun, names), begun), None
    model = _read(config, path, generator=config.init_generator)
    settings = model.config.settings | compatibility.generator_settings(
        config, model.config
    )
    config = with_settings(config, settings, path)
    compatibility.check_trainable(config, model.config, path)
    return config, model


def finetuning(
    config: FinetuningConfig,
) -> tuple[FinetuningConfig, Model | None]:
    """Return the config with the initial model's settings, and that model.

    The model is None where no weights are needed: when training from scratch,
    or evaluating what was trained before. It must be what the settings ask
    for, unless training from scratch. A model of the hub brings its
    vocabulary, unless `vocab_file` is given.
    """
    path = here = config.init_checkpoint
    needs_weights = config.do_train and not config.from_scratch
    # What a user names must be there, for its settings and vocabulary.
    is_named = config.do_train and "init_checkpoint" in config.given
    try:
        here = hub.folder_of(path)
    except FileNotFoundError:
        if needs_weights or is_named:
            raise
    found = os.path.join(here, model_folder.VOCAB_FILE)
    is_fetched = here != path and os.path.exists(found)
    if is_fetched and "vocab_file" not in config.given:
        config = config.replace(vocab_file=found)
    if config.do_train:
        parent, name = os.path.split(config.model_dir)
        for other in listing.names_in(parent or "."):
            if other.startswith(f"{name}_"):
                check_folder(os.path.join(parent, other))
    if needs_weights:
        model = _read(config, here, part="encoder")
        return with_settings(config, model.config.settings, path), model
    folders = [path if listing.is_folder(path) else os.path.dirname(path)]
    if not config.do_train:
        folders.insert(0, f"{config.model_dir}_1")
    for folder in folders:
        file = os.path.join(folder, model_folder.CONFIG_FILE)
        if settings := _saved(file, ENCODER_SETTINGS):
            return _with_settings(config, settings, file), None
    try:
        settings = _read(config, here, part="encoder").config.settings
    except FileNotFoundError:
        if is_named:
            raise
        return config, None
    return _with_settings(config, settings, path), None


def _with_settings(config: FinetuningConfig, settings: Mapping, source: str):
    if config.from_scratch:
        return compatibility.merged(config, settings)
    return with_settings(config, settings, source)


def _read(
    config: PretrainingConfig | FinetuningConfig, path: str, **options
) -> Model:
    """Read the model at a path; the config tells what its files do not."""
    overrides = config.model_hparam_overrides
    model = formats.read(
        path,
        num_attention_heads=overrides.get("num_attention_heads"),
        **config.tokenizer_settings,
        **options,
    )
    # A new run has a new optimizer; the old one's state need not stay.
    return dataclasses.replace(model, slots={})


def _saved(file: str, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the settings of some names in a run's config file."""
    # Older files have the released code's booleans, too.
    values = PretrainingConfig.translated(model_folder.read_json(file))
    if values:
        values = {**IN_OLDER_FILES, **values}
    return {name: values[name] for name in names if name in values}


def check_vocabulary(
    model: Model | None, tokenizer: Tokenizer, source: str
) -> None:
    """Check that a model was trained with a tokenizer's vocabulary.

    A run whose vocabulary is no more where it was is known by its SHA-256.
    """
    if model is None:
        return
    if model.vocab is None:
        run_folder.check_vocabulary(source, tokenizer.vocab_sha256)
        return
    # Empty lines, as at a file's end, are no word pieces.
    theirs, ours = (
        {token: number for token, number in vocab.items() if token}
        for vocab in (load_vocabulary(model.vocab), tokenizer.vocab)
    )
    different = [
        (number, token)
        for token, number in theirs.items()
        if ours.get(token) != number
    ]
    if different or len(theirs) != len(ours):
        number, token = min(different, default=(len(theirs), "its end"))
        raise UserError(
            f"The vocabulary {tokenizer.vocab_file} is not that of {source}: "
            f"the latter has {token!r} at line {number + 1}. Give the one that "
            "the model was trained with as vocab_file."
        )
