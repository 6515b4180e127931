"""Features on disk, so that the next run need not tokenize again.

A file of arrays, named by a key: the hash of all that the features depend on.
These are the examples themselves, whatever files they were read from, the
tasks' settings, the vocabulary, and this package's code. So the features of
other settings are never taken, and nothing has to be told or deleted.
"""

import dataclasses
import functools
import hashlib
import os
import pathlib
import zipfile

import numpy as np
from absl import logging

from electra_tf.configs import FinetuningConfig
from electra_tf.finetuning import example_hash, inputs
from electra_tf.finetuning.inputs import Column, Inputs
from electra_tf.finetuning.tasks.task import Task
from electra_tf.io import files
from electra_tf.text.tokenization import Tokenizer

# The settings that features may depend on, by their groups.
GROUPS = ("tasks", "question answering", "batches", "model")
# What NumPy raises for a file that is not what it was.
_DAMAGED = (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile)
_SPLITS = "/splits"
_NUMBERS = ("num_real", "num_cut", "num_bare")
_EXAMPLES = "examples" + _SPLITS
# Packages whose code features come from.
ROOT = pathlib.Path(__file__).parents[1]
_PACKAGES = ("finetuning", "text", "configs")


@dataclasses.dataclass
class FeatureCache:
    """Makes inputs, or reads those that were made before.

    With `writes` it keeps those that it makes.
    """

    config: FinetuningConfig
    tasks: list[Task]
    tokenizer: Tokenizer
    writes: bool = True
    code: pathlib.Path = ROOT  # The folder of the code that makes them.

    def __call__(self, examples: dict[str, list], batch_size: int) -> Inputs:
        """Return what `inputs.make` returns for the examples by task."""

        def make() -> Inputs:
            return inputs.make(self.tasks, examples, self.tokenizer, batch_size)

        if not self.config.use_tfrecords_if_existing:
            return make()
        folder = self.config.preprocessed_data_dir
        path = os.path.join(folder, f"{self.key(examples, batch_size)}.npz")
        specs = inputs.specs_of(self.tasks)
        try:
            return read_inputs(path, specs)
        except FileNotFoundError:
            pass
        except _DAMAGED as error:
            logging.warning("%s is damaged and made anew: %s", path, error)
        made = make()
        if not self.writes:
            return made
        try:
            write_inputs(path, made)
        except OSError as error:
            # A full disk is no reason not to train.
            logging.warning("The features are not kept: %s", error)
        return made

    def key(self, examples: dict[str, list], batch_size: int) -> str:
        """Return the hash of all that the features depend on."""
        digest = hashlib.sha256()
        settings = {
            field.name: getattr(self.config, field.name)
            for field in dataclasses.fields(self.config)
            if field.metadata["group"] in GROUPS
        }
        for part in (
            code_hash(self.code),
            self.tokenizer.vocab_sha256,
            self.tokenizer.config.tokenizer_settings,
            batch_size,
            sorted(settings.items()),
            [(task.name, getattr(task, "labels", None)) for task in self.tasks],
            *((n, example_hash.of_examples(e)) for n, e in examples.items()),
        ):
            digest.update(f"{part!r}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()[:32]


@functools.cache
def code_hash(root: pathlib.Path) -> str:
    """Return the hash of the code that makes features."""
    paths = [p for name in _PACKAGES for p in (root / name).rglob("*.py")]
    contents = [path.read_bytes() for path in sorted(paths)]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()


def write_inputs(path: str, made: Inputs) -> None:
    """Write features as a file that is there when it is whole."""
    files.make_folder(os.path.dirname(path))
    arrays = {name: np.array(getattr(made, name)) for name in _NUMBERS}
    arrays[_EXAMPLES] = made.splits
    for name, column in made.columns.items():
        arrays[name] = column.values
        if column.splits is not None:
            arrays[name + _SPLITS] = column.splits
    with files.writing(path) as unfinished, unfinished.open("wb") as file:
        np.savez(file, **arrays)


def read_inputs(path: str, specs: tuple) -> Inputs:
    """Read a file of features; the checksums of its arrays count."""
    with (
        files.at_hand([path]) as (here,),
        np.load(here, allow_pickle=False) as arrays,
    ):
        columns = {
            spec.name: Column(
                arrays[spec.name],
                arrays[spec.name + _SPLITS] if spec.per_token else None,
            )
            for spec in specs
        }
        num_real, *others = (int(arrays[name]) for name in _NUMBERS)
        return Inputs(specs, columns, num_real, arrays[_EXAMPLES], *others)
