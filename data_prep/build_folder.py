"""The folder of a build: what it is a build of, and what is finished.

    .unfinished/              while the build is on:
        settings.json         what the records depend on
        <file of records>     there when it is whole
        job-<number>.json     written when all files of a job are there
    <file of records>         moved here when all jobs are finished
    manifest.json             written last; says that the build is complete

A build that was killed goes on from here by the same command: it depends on
nothing but the settings which job makes which bytes.
"""

import contextlib
import errno
import fcntl
import json
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from data_prep import job_results
from electra_tf.errors import UserError
from electra_tf.io import files, manifest

WORKSHOP = ".unfinished"
SETTINGS = "settings.json"
BYTES_PER_MB = 1_000_000

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR)


class BuildFolder:
    """A folder that a build has to itself; made by `claimed`.

    Attributes:
        workshop: Where the jobs put their files.
    """

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        self.workshop = folder / WORKSHOP

    def finished(self, num_jobs: int) -> dict[int, job_results.JobResult]:
        """Return the results of the jobs that are finished, by number."""
        results = {
            number: job_results.load(self.workshop, number)
            for number in range(num_jobs)
        }
        return {
            number: result
            for number, result in results.items()
            if result and self._has_files(result)
        }

    def _has_files(self, result: job_results.JobResult) -> bool:
        return all(
            self._place(shard) is not None
            for shard in (*result.training, *result.held_out)
        )

    def _place(self, shard: manifest.Shard) -> pathlib.Path | None:
        """Return where a file is; a kill may have come while files moved."""
        for folder in (self.workshop, self._folder):
            path = folder / shard.name
            if path.exists() and path.stat().st_size == shard.bytes:
                return path
        return None

    def publish(self, built: manifest.Manifest) -> None:
        """Move the files to their place; the manifest makes them count."""
        for shard in (*built.training, *built.held_out):
            os.replace(self._place(shard), self._folder / shard.name)
        files.flush(self._folder)
        manifest.write(built, self._folder)
        shutil.rmtree(self.workshop)
        files.remove_unfinished(self._folder)

    def discard(self) -> None:
        """Remove all of the build."""
        shutil.rmtree(self.workshop, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # Not if anything else is in it.

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a build, or go on with one of the same settings.

        Raises:
            ValueError: There is a build of other settings, or other files.
        """
        path = self.workshop / SETTINGS
        if path.exists():
            found = json.loads(path.read_text("utf-8"))
            check_same(found, settings, f"{self._folder} holds a build begun")
            files.remove_unfinished(self.workshop)
            return
        if any(path.name != WORKSHOP for path in self._folder.iterdir()):
            raise UserError(
                f"{self._folder} is not empty and has no {manifest.FILE_NAME}."
                " Give a new --output_dir, or empty that folder first."
            )
        self.workshop.mkdir(exist_ok=True)
        files.write(path, json.dumps(settings, indent=1))

    def give_up(self) -> None:
        """Keep the finished jobs of a build that failed; nothing else."""
        files.remove_unfinished(self.workshop)
        if not any(path.name != SETTINGS for path in self.workshop.glob("*")):
            self.discard()


@contextlib.contextmanager
def claimed(
    output_dir: str, settings: Mapping[str, Any]
) -> Iterator[BuildFolder]:
    """Make a folder, or go on in it, and keep others out meanwhile.

    Raises:
        ValueError: It is in use by another process or for something else.
        OSError: It is full or cannot be written to.
    """
    folder = pathlib.Path(output_dir)
    with _write_errors_explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            build = BuildFolder(folder)
            build.begin(settings)
            try:
                yield build
            except BaseException:
                build.give_up()
                raise


def is_complete(output_dir: str, settings: Mapping[str, Any]) -> bool:
    """Return whether these records are all there; refuse to replace others.

    Raises:
        ValueError: The folder holds records of other settings, or damaged
            ones.
    """
    folder = pathlib.Path(output_dir)
    if not (folder / manifest.FILE_NAME).exists():
        return False
    check_complete(output_dir, settings)
    # A kill after the manifest was written leaves it behind.
    shutil.rmtree(folder / WORKSHOP, ignore_errors=True)
    return True


def check_complete(output_dir: str, settings: Mapping[str, Any]) -> None:
    """Refuse to replace other records; arguments as of `is_complete`."""
    found = manifest.read(output_dir)
    check_same(found.settings, settings, f"{output_dir} holds records built")
    manifest.check_files(found, output_dir)
    print(
        f"Nothing to do: {output_dir} has these {found.training_examples}"
        " examples already."
    )


def check_same(
    found: Mapping[str, Any], settings: Mapping[str, Any], what: str
) -> None:
    """Raise ValueError if settings differ, naming each with both values."""
    differences = [
        f"  {name}: {found.get(name)} there, {value} now"
        for name, value in settings.items()
        if found.get(name) != value
    ]
    if differences:
        raise UserError(
            f"{what} with other settings:\n"
            + "\n".join(differences)
            + "\nGive another --output_dir, or delete that folder first."
        )


@contextlib.contextmanager
def _locked(folder: pathlib.Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY)
    try:
        _take_lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _take_lock(handle: int, folder: pathlib.Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise UserError(
            f"Another process is building in {folder}. Wait for it, or give"
            " another --output_dir."
        ) from None
    except OSError as error:
        # Some network file systems have no locks on folders.
        print(
            f"Cannot lock {folder}, going on without: {error}",
            file=sys.stderr,
        )


@contextlib.contextmanager
def _write_errors_explained(folder: pathlib.Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            there = folder if folder.exists() else folder.parent
            free = shutil.disk_usage(there).free / BYTES_PER_MB
            raise OSError(
                f"No room in {folder}: {error.strerror} ({free:.1f} MB free)."
                " What is finished of the build is kept there: make room, and"
                " the same command goes on."
            ) from error
        about = str(error.filename or "")
        if error.errno in _REFUSED and about.startswith(str(folder)):
            raise OSError(
                f"Cannot write to {folder}: {error.strerror}. Expected a"
                " folder to make, or one to write to. Change its permissions,"
                " or give another --output_dir."
            ) from error
        raise
