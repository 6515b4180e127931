"""Features on disk, so that the next run need not tokenize again.

A file of arrays, named by a key: the hash of all that the features depend on.
These are the examples themselves, whatever files they were read from, the
tasks' settings, the vocabulary, and this package's code. So the features of
other settings are never taken, and nothing has to be told or deleted.
"""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import tempfile
import zipfile

import numpy as np
from absl import logging

from electra_tf.configs import hparams
from electra_tf.finetuning import inputs
from electra_tf.finetuning.inputs import Column, Inputs

# The settings that features may depend on, by their groups.
GROUPS = ("tasks", "question answering", "batches", "model")
# What NumPy raises for a file that is not what it was.
_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
_SPLITS = "/splits"
_NUM_REAL = "num_real"
# Modules outside of this package that features come from.
_ALSO = ("text/tokenization.py", "configs/finetuning.py")


class FeatureCache:
    """Makes inputs, or reads those that were made before.

    Args:
        config: `FinetuningConfig`: where to keep files, and whether to.
        tasks: list of `Task`.
        tokenizer: `electra_tf.text.tokenization.Tokenizer`.
    """

    def __init__(self, config, tasks: list, tokenizer):
        self.config = config
        self.tasks = tasks
        self.tokenizer = tokenizer

    def __call__(self, examples: dict[str, list], batch_size: int) -> Inputs:
        """Return what `inputs.make` returns.

        Args:
            examples: dict from a task's name to its examples.
            batch_size: int, examples of a global batch.
        """
        if not self.config.use_tfrecords_if_existing:
            return self._made(examples, batch_size)
        path = self._path(examples, batch_size)
        specs = inputs.specs_of(self.tasks)
        try:
            return read(path, specs)
        except FileNotFoundError:
            pass
        except _DAMAGED as error:
            logging.warning("%s is damaged and made anew: %s", path, error)
        made = self._made(examples, batch_size)
        try:
            write(path, made)
        except OSError as error:
            # A full disk is no reason not to train.
            logging.warning("The features are not kept: %s", error)
        return made

    def _made(self, examples: dict[str, list], batch_size: int) -> Inputs:
        return inputs.make(self.tasks, examples, self.tokenizer, batch_size)

    def _path(self, examples: dict[str, list], batch_size: int) -> str:
        key = self.key(examples, batch_size)
        folder = self.config.preprocessed_data_dir
        return os.path.join(folder, f"{key}.npz")

    def key(self, examples: dict[str, list], batch_size: int) -> str:
        """Return the hash of all that the features depend on."""
        digest = hashlib.sha256()
        for part in (
            _code_hash(),
            self.tokenizer.vocab_sha256,
            self.tokenizer.do_lower_case,
            self.tokenizer.strip_accents,
            batch_size,
            self._settings(),
            [(task.name, getattr(task, "labels", None)) for task in self.tasks],
            *(
                repr(content(example))
                for name in examples
                for example in (name, *examples[name])
            ),
        ):
            digest.update(f"{part!r}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]

    def _settings(self) -> str:
        values = hparams.to_json(self.config)
        chosen = {
            field.name: values[field.name]
            for field in dataclasses.fields(self.config)
            if field.metadata["group"] in GROUPS
        }
        return json.dumps(chosen, sort_keys=True)


def content(value):
    """Return what an example holds, in terms that `repr` writes out.

    >>> from electra_tf.finetuning.tasks.passages import Passage
    >>> content((1, "a", Passage("b c")))
    (1, 'a', {'text': 'b c'})
    """
    if isinstance(value, tuple | list):
        return tuple(content(part) for part in value)
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, dict):
        return {name: content(part) for name, part in value.items()}
    # What objects remember of what they worked out depends on the rest.
    return {"text": value.text}


@functools.cache
def _code_hash() -> str:
    package = pathlib.Path(__file__).parent
    paths = [*package.glob("*.py"), *(package.parent / p for p in _ALSO)]
    contents = [path.read_bytes() for path in sorted(paths)]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def write(path: str, made: Inputs) -> None:
    """Write a file that is there when it is whole."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    arrays = {_NUM_REAL: np.array(made.num_real)}
    for name, column in made.columns.items():
        arrays[name] = column.values
        if column.splits is not None:
            arrays[name + _SPLITS] = column.splits
    handle, unfinished = tempfile.mkstemp(
        dir=os.path.dirname(path) or ".", suffix=".unfinished"
    )
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)
        os.replace(unfinished, path)
    except BaseException:
        os.unlink(unfinished)
        raise


def read(path: str, specs: tuple) -> Inputs:
    """Read a file that `write` wrote; the checksums of its arrays count.

    Raises:
        FileNotFoundError: when there is none.
        OSError, EOFError, ValueError, KeyError, BadZipFile: when it is
            damaged.
    """
    with np.load(path, allow_pickle=False) as arrays:
        columns = {
            spec.name: Column(
                arrays[spec.name],
                arrays[spec.name + _SPLITS] if spec.per_token else None,
            )
            for spec in specs
        }
        return Inputs(specs, columns, int(arrays[_NUM_REAL]))
