"""The checkpoints in a run's folder: written whole, or not at all.

A checkpoint is written in a folder of its own and moved from there, its
`.index` last: one that has an index is complete. What is for a store is
written on this machine, and read from a copy there. To go on, a run takes the
newest checkpoint whose every tensor can be read; TensorFlow keeps a checksum
of each. The file `checkpoint`, by which `tf.train.latest_checkpoint` finds
the newest, is written for others and not relied on.

A checkpoint has proven good once an update that started from it was finite.
The newest of these is never deleted, however many come after it.
"""

import contextlib
import functools
import json
import os
import re
import sys
import tempfile
from collections.abc import Callable

import tensorflow as tf

from electra_tf.errors import UserError
from electra_tf.io import files, listing, spare_files, stores
from electra_tf.training import distribution, workers
from electra_tf.training.run_folder import CHECKPOINT as NAME
from electra_tf.training.run_folder import CHECKPOINT_INDEX as _INDEX

STATE_FILE = "checkpoint"
# Where a checkpoint is written before it is moved.
UNFINISHED = "unfinished_checkpoint"
_DATA = re.compile(re.escape(NAME) + r"-\d+\.data-\d+-of-\d{5}")
LAST_GOOD = "last_good.json"
# What reading a damaged checkpoint raises.
_UNREADABLE = (tf.errors.OpError, IndexError, ValueError)


class CheckpointFolder:
    """Writes and restores the checkpoints of a run.

    Args:
        saved: `tf.train.Checkpoint`.
        folder: str, where.
        keep: int, the most checkpoints to keep; 0 for all.
        strategy: `tf.distribute.Strategy`. Of several workers the chief's
            checkpoints are kept, though each must take part; the others are
            given what it restores, and need not see the folder.
        finite_updates: function without arguments to how many updates of the
            run were finite; None where it is not known.

    Attributes:
        last_good: int, the step of the newest checkpoint that has proven
            good; None when there is none.
    """

    def __init__(
        self,
        saved: tf.train.Checkpoint,
        folder: str,
        keep: int = 0,
        strategy: tf.distribute.Strategy | None = None,
        finite_updates: Callable[[], int] | None = None,
    ):
        self.saved = saved
        # Made now, so that every checkpoint has it.
        self.saved.save_counter  # noqa: B018
        self.folder = folder
        self.keep = keep
        self.strategy = strategy or tf.distribute.get_strategy()
        self.writes = workers.is_chief(self.strategy)
        self._options = tf.train.CheckpointOptions(
            experimental_io_device=distribution.files_device(self.strategy)
        )
        self.finite_updates = finite_updates or (lambda: 0)
        self.last_good: int | None = None
        # The newest step here, and how many updates were finite at it.
        self._last: tuple[int | None, int] = (None, 0)
        # Steps; the oldest are deleted when there are too many.
        self._managed: list[int] = []
        self._damaged: set[int] = set()

    def restore(self, last: int | None = None) -> str | None:
        """Restore the newest whole checkpoint; None when there is none.

        With `last`, later ones than that step are passed over. Damaged ones
        are reported on stderr, and never deleted.

        Raises:
            UserError: when there are checkpoints, but none of them is whole
                or the one restored is not this model's.
        """

        def restored() -> tuple[int | None, int | None]:
            return self._restore(last), self.last_good

        step, self.last_good = workers.from_chief(self.strategy, restored)
        if step is None:
            return None
        parts = tf.train.TrackableView(self.saved).descendants()
        variables = [part for part in parts if isinstance(part, tf.Variable)]
        workers.assign_from_chief(self.strategy, variables)
        self._last = (step, self.finite_updates())
        return self.path(step)

    def _restore(self, last: int | None) -> int | None:
        steps = [
            step
            for step in steps_in(self.folder)
            if last is None or step <= last
        ]
        good = spare_files.read_json(
            os.path.join(self.folder, LAST_GOOD), lambda values: values["step"]
        )
        self.last_good = good if good in steps else None
        for step in reversed(steps):
            path = self.path(step)
            problem = damage(path)
            if problem is None:
                _restore(self.saved, path, self._options)
                managed = _steps_in_state(self.folder) or steps
                self._managed = [s for s in managed if s in steps and s <= step]
                return step
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

    def note_good(self):
        """Take note of the newest checkpoint if it has proven good."""
        step, finite = self._last
        if self.finite_updates() > finite and step not in (
            None,
            self.last_good,
        ):
            self.last_good = step
            if self.writes:
                path = os.path.join(self.folder, LAST_GOOD)
                files.write_json(path, {"step": step})

    def roll_back(self) -> str:
        """Restore the last good checkpoint; put later ones aside.

        Raises:
            UserError: when none has proven good.
        """
        good = self.last_good
        if good is None:
            raise UserError(
                f"No checkpoint in {self.folder} has proven good: no update "
                "that started from one was finite. Start anew with a lower "
                "learning_rate, under another model_name."
            )
        later = [step for step in steps_in(self.folder) if step > good]
        path = self.restore(last=good)
        for step in later if self.writes else ():
            self._put_aside(step, "rolled_back")
        return path

    def save(self, step: int):
        """Write the checkpoint of a step, and delete those beyond `keep`.

        Raises:
            tf.errors.OpError, OSError: when it cannot be written; what was
                there before is as it was.
        """
        if step == self._last[0]:
            return
        self.note_good()
        unfinished = (
            os.path.join(self.folder, UNFINISHED)
            if self.writes and not files.is_remote(self.folder)
            else tempfile.mkdtemp()
        )
        files.remove_folder(unfinished)
        os.makedirs(unfinished)
        try:
            path = os.path.join(unfinished, f"{NAME}-{step}")
            self.saved.write(path, self._options)
            if self.writes:
                files.flush(self.folder)
                if step in self._damaged:
                    self._put_aside(step, "damaged")
                self._move_files(unfinished)
                self._managed.append(step)
                for old in self._managed[: -self.keep] if self.keep else ():
                    if old != self.last_good:
                        for name in self._files(old):
                            files.remove(name)
                        self._managed.remove(old)
                self._write_state()
        finally:
            files.remove_folder(unfinished)
        self._last = (step, self.finite_updates())

    def path(self, step: int) -> str:
        """Return the prefix of a step's checkpoint."""
        return os.path.join(self.folder, f"{NAME}-{step}")

    def _move_files(self, source: str):
        """Move a checkpoint's files to their place, the index last."""
        names = os.listdir(source)
        for name in sorted(names, key=lambda name: name.endswith(".index")):
            path = os.path.join(source, name)
            files.make_durable(path)
            files.move(path, os.path.join(self.folder, name))
        files.make_durable(self.folder)

    def _put_aside(self, step: int, why: str):
        for name in self._files(step):
            files.rename(name, f"{name}.{why}")

    def _files(self, step: int) -> list[str]:
        """Return a checkpoint's files, the index first."""
        start = f"{NAME}-{step}."
        names = [
            name
            for name in listing.names_in(self.folder)
            if name.startswith(start)
            and (name.endswith(".index") or _DATA.fullmatch(name))
        ]
        names.sort(key=lambda name: not name.endswith(".index"))
        return [os.path.join(self.folder, name) for name in names]

    def _write_state(self):
        """Write what `tf.train.latest_checkpoint` reads; names, no paths."""
        names = [json.dumps(f"{NAME}-{step}") for step in self._managed]
        lines = [f"model_checkpoint_path: {names[-1]}"]
        lines += [f"all_model_checkpoint_paths: {name}" for name in names]
        path = os.path.join(self.folder, STATE_FILE)
        files.write(path, "\n".join(lines) + "\n")


def steps_in(folder: str) -> list[int]:
    """Return the steps of the checkpoints in a folder, rising."""
    matches = map(_INDEX.fullmatch, listing.names_in(folder))
    return sorted(int(match[1]) for match in matches if match)


def latest(folder: str) -> str | None:
    """Return the prefix of a folder's newest checkpoint, damaged or not.

    As `tf.train.latest_checkpoint`, but without the file `checkpoint` too.
    """
    path = None
    if not files.is_remote(folder):
        with contextlib.suppress(ValueError):  # The file is no text.
            path = tf.train.latest_checkpoint(folder)
    elif names := _names_in_state(folder):
        path = os.path.join(folder, names[-1])
        path = path if files.exists(f"{path}.index") else None
    steps = steps_in(folder)
    if path or not steps:
        return path
    return os.path.join(folder, f"{NAME}-{steps[-1]}")


def _names_in_state(folder: str) -> list[str]:
    """Return what `checkpoint` lists, the newest last; none if damaged."""
    try:
        with files.at_hand([os.path.join(folder, STATE_FILE)]) as (path,):
            state = tf.train.get_checkpoint_state(os.path.dirname(path))
    except (FileNotFoundError, ValueError):  # ValueError: it is no text.
        state = None
    if not state:
        return []
    paths = [*state.all_model_checkpoint_paths, state.model_checkpoint_path]
    return [os.path.basename(path) for path in paths]


def _steps_in_state(folder: str) -> list[int]:
    """Return the steps that `checkpoint` lists; none if it is damaged."""
    names = [f"{name}.index" for name in _names_in_state(folder)[:-1]]
    return [int(match[1]) for match in map(_INDEX.fullmatch, names) if match]


@functools.cache
def _link_to(folder: str) -> tempfile.TemporaryDirectory:
    made = tempfile.TemporaryDirectory()
    os.symlink(os.path.abspath(folder), os.path.join(made.name, "folder"))
    return made


@functools.lru_cache(1)
def _copy_of(path: str, changed: float | None) -> tempfile.TemporaryDirectory:
    """Return a folder with a copy of a checkpoint as it is now."""
    folder, start = os.path.split(f"{path}.")
    made = tempfile.TemporaryDirectory()
    names = [n for n in listing.names_in(folder) if n.startswith(start)]
    paths = [os.path.join(folder, name) for name in names]
    files.check_room(paths, made.name)
    for place in paths:
        files.fetched(place, made.name)
    return made


def readable(path: str) -> str:
    """Return a name of a checkpoint that TensorFlow finds it by.

    It looks for checkpoints by patterns, in which brackets do not stand for
    themselves; a link leads past those in the name of a folder. What is in a
    store is copied; the copy stays until another one is asked for.
    """
    folder, name = os.path.split(path)
    if files.is_remote(path):
        index = stores.find(f"{path}.index")
        copy = _copy_of(path, index and index.changed).name
        return os.path.join(copy, name)
    if set(folder) & {"[", "\\"}:
        return os.path.join(_link_to(folder).name, "folder", name)
    return path


def damage(path: str) -> str | None:
    """Return what is wrong with a checkpoint; None if it can all be read.

    Every tensor is read, one at a time, and its checksum compared.
    """
    try:
        reader = tf.train.load_checkpoint(readable(path))
        for name in reader.get_variable_to_shape_map():
            reader.get_tensor(name)
    except _UNREADABLE as error:
        return str(error).splitlines()[0]
    return None


def _restore(saved: tf.train.Checkpoint, path: str, options):
    try:
        saved.restore(readable(path), options).assert_consumed()
    except (AssertionError, ValueError) as error:
        raise UserError(
            f"The checkpoint {path} does not fit this model: {error}. Train "
            "with the settings it was made with, or choose another "
            "model_name."
        ) from error
