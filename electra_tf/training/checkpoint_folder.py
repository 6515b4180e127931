"""The checkpoints in a run's folder: written whole, or not at all.

A checkpoint is written in a folder of its own and moved from there, its
`.index` last: one that has an index is complete. To go on, a run takes the
newest checkpoint whose every tensor can be read; TensorFlow keeps a checksum
of each. The file `checkpoint`, by which `tf.train.latest_checkpoint` finds
the newest, is written for others and not relied on.
"""

import json
import os
import re
import sys
import tempfile

import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.io import files

NAME = "model.ckpt"
STATE_FILE = "checkpoint"
# Where a checkpoint is written before it is moved.
UNFINISHED = "unfinished_checkpoint"
_INDEX = re.compile(re.escape(NAME) + r"-(\d+)\.index")
# What reading a damaged checkpoint raises.
_UNREADABLE = (tf.errors.OpError, IndexError, ValueError)


class CheckpointFolder:
    """Writes and restores the checkpoints of a run.

    Args:
        saved: `tf.train.Checkpoint`.
        folder: str, where.
        keep: int, the most checkpoints to keep; 0 for all.
        writes: bool, whether this process's checkpoints are kept. Of several
            workers only the chief's are, though each must take part.
    """

    def __init__(
        self,
        saved: tf.train.Checkpoint,
        folder: str,
        keep: int = 0,
        writes: bool = True,
    ):
        self.saved = saved
        # Made now, so that every checkpoint has it.
        self.saved.save_counter  # noqa: B018
        self.folder = folder
        self.keep = keep
        self.writes = writes
        self._last_step: int | None = None
        # Steps; the oldest are deleted when there are too many.
        self._managed: list[int] = []
        self._damaged: set[int] = set()

    def restore(self) -> str | None:
        """Restore the newest whole checkpoint; None when there is none.

        Damaged ones are reported on stderr, and never deleted.

        Raises:
            UserError: when there are checkpoints, but none of them is whole
                or the one restored is not this model's.
        """
        steps = steps_in(self.folder)
        for step in reversed(steps):
            path = self._path(step)
            problem = damage(path)
            if problem is None:
                _restore(self.saved, path)
                managed = _steps_in_state(self.folder) or steps
                self._managed = [s for s in managed if s in steps and s <= step]
                self._last_step = step
                return path
            self._damaged.add(step)
            print(
                f"The checkpoint {path} is damaged: {problem}. It is skipped, "
                "and not deleted.",
                file=sys.stderr,
            )
        if steps:
            raise UserError(
                f"None of the {len(steps)} checkpoints in {self.folder} is "
                "whole. Copy one back from elsewhere, or move them away to "
                "start anew."
            )
        return None

    def save(self, step: int):
        """Write the checkpoint of a step, and delete those beyond `keep`.

        Raises:
            tf.errors.OpError, OSError: when it cannot be written; what was
                there before is as it was.
        """
        if step == self._last_step:
            return
        unfinished = (
            os.path.join(self.folder, UNFINISHED)
            if self.writes
            else tempfile.mkdtemp()
        )
        _remove_folder(unfinished)
        tf.io.gfile.makedirs(unfinished)
        try:
            self.saved.write(os.path.join(unfinished, f"{NAME}-{step}"))
            if self.writes:
                self._set_aside(step)
                self._move_files(unfinished)
                self._managed.append(step)
                while 0 < self.keep < len(self._managed):
                    self._remove(self._managed.pop(0))
                self._write_state(unfinished)
        finally:
            _remove_folder(unfinished)
        self._last_step = step

    def _path(self, step: int) -> str:
        return os.path.join(self.folder, f"{NAME}-{step}")

    def _move_files(self, source: str):
        """Move a checkpoint's files to their place, the index last."""
        names = tf.io.gfile.listdir(source)
        for name in sorted(names, key=lambda name: name.endswith(".index")):
            _flush_to_disk(os.path.join(source, name))
            self._move(source, name)
        _flush_to_disk(self.folder)

    def _move(self, source: str, name: str):
        place = os.path.join(self.folder, name)
        tf.io.gfile.rename(os.path.join(source, name), place, overwrite=True)

    def _set_aside(self, step: int):
        """Rename the files of a damaged checkpoint that is in the way."""
        for name in self._files(step) if step in self._damaged else ():
            tf.io.gfile.rename(name, f"{name}.damaged", overwrite=True)

    def _files(self, step: int) -> list[str]:
        """Return a checkpoint's files; without the first it is none."""
        path = self._path(step)
        return [
            name
            for pattern in (f"{path}.index", f"{path}.data-*-of-?????")
            for name in tf.io.gfile.glob(pattern)
        ]

    def _remove(self, step: int):
        for name in self._files(step):
            tf.io.gfile.remove(name)

    def _write_state(self, unfinished: str):
        """Write what `tf.train.latest_checkpoint` reads; names, no paths."""
        names = [json.dumps(f"{NAME}-{step}") for step in self._managed]
        lines = [f"model_checkpoint_path: {names[-1]}"]
        lines += [f"all_model_checkpoint_paths: {name}" for name in names]
        path = os.path.join(unfinished, STATE_FILE)
        with tf.io.gfile.GFile(path, "w") as file:
            file.write("\n".join(lines) + "\n")
        self._move(unfinished, STATE_FILE)


def steps_in(folder: str) -> list[int]:
    """Return the steps of the checkpoints in a folder, rising."""
    if not tf.io.gfile.isdir(folder):
        return []
    matches = map(_INDEX.fullmatch, tf.io.gfile.listdir(folder))
    return sorted(int(match[1]) for match in matches if match)


def latest(folder: str) -> str | None:
    """Return the prefix of a folder's newest checkpoint, damaged or not.

    As `tf.train.latest_checkpoint`, but without the file `checkpoint` too.
    """
    try:
        path = tf.train.latest_checkpoint(folder)
    except ValueError:  # The file is no text.
        path = None
    steps = steps_in(folder)
    if path or not steps:
        return path
    return os.path.join(folder, f"{NAME}-{steps[-1]}")


def _steps_in_state(folder: str) -> list[int]:
    """Return the steps that `checkpoint` lists; none if it is damaged."""
    try:
        state = tf.train.get_checkpoint_state(folder)
    except ValueError:  # The file is no text.
        state = None
    paths = state.all_model_checkpoint_paths if state else ()
    names = [f"{os.path.basename(path)}.index" for path in paths]
    return [int(match[1]) for match in map(_INDEX.fullmatch, names) if match]


def damage(path: str) -> str | None:
    """Return what is wrong with a checkpoint; None if it can all be read.

    Every tensor is read, one at a time, and its checksum compared.
    """
    try:
        reader = tf.train.load_checkpoint(path)
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except _UNREADABLE as error:
        return str(error).splitlines()[0]
    return None


def _restore(saved: tf.train.Checkpoint, path: str):
    try:
        saved.restore(path).assert_consumed()
    except (AssertionError, ValueError) as error:
        raise UserError(
            f"The checkpoint {path} does not fit this model: {error}. Train "
            "with the settings it was made with, or choose another "
            "model_name."
        ) from error


def _remove_folder(path: str):
    if tf.io.gfile.exists(path):
        tf.io.gfile.rmtree(path)


def _flush_to_disk(path: str):
    if not files.is_remote(path):  # In a bucket it is as good as there.
        files.make_durable(path)
