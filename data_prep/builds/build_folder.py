"""The folder of a build: what it is a build of, and what is finished.

    .unfinished/              while the build is on:
        settings.json         what the records depend on
        <file of records>     there when it is whole
        job-<number>.json     written when all files of a job are there
    <file of records>         moved here when all jobs are finished
    token_counts.json         how often each token comes
    manifest.json             written last; says that the build is complete

A build that was killed goes on from here by the same command: it depends on
nothing but the settings which job makes which bytes.
"""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from data_prep.builds import job_results
from data_prep.builds.job_results import JobResult
from electra_tf.configs.tokenizer import UNNAMED
from electra_tf.errors import UserError
from electra_tf.io import claims, files, listing, manifest, token_counts

STAGING = ".unfinished"
SETTINGS = "settings.json"


class BuildFolder:
    """A folder that a build has to itself; made by `claimed`.

    Attributes:
        staging: Where the jobs put their files.
    """

    def __init__(self, folder: str):
        self._folder = folder
        self.staging = os.path.join(folder, STAGING)

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a build, or go on with one of the same settings."""
        path = os.path.join(self.staging, SETTINGS)
        if files.exists(path):
            check_begun(files.read(path), settings, self._folder)
            files.remove_unfinished(self.staging)
            return
        if {*listing.names_in(self._folder)} - {STAGING, claims.LOCK_FILE}:
            raise not_empty(self._folder)
        files.write(path, json.dumps(settings, indent=1))

    def finished(self, num_jobs: int) -> dict[int, JobResult]:
        """Return the results of the jobs that are finished, by number."""
        results = {}
        for number in range(num_jobs):
            result = job_results.load_result(self.staging, number)
            if result and all(map(self._place, result.shards)):
                results[number] = result
        return results

    def token_counts(self, num_jobs: int) -> np.ndarray:
        """Return how often each token comes in the examples of all jobs."""
        return sum(
            job_results.load_token_counts(self.staging, number)
            for number in range(num_jobs)
        )

    def _place(self, shard: manifest.Shard) -> str | None:
        """Return where a file is; a kill may have come while files moved."""
        for folder in (self.staging, self._folder):
            path = os.path.join(folder, shard.name)
            if files.size(path) == shard.bytes:
                return path
        return None

    def publish(self, built: manifest.Manifest, counts: np.ndarray) -> None:
        """Move the files to their place; the manifest makes them count."""
        token_counts.write(counts, built.vocab_sha256, self._folder)
        for shard in (*built.training, *built.held_out):
            place = os.path.join(self._folder, shard.name)
            if (found := self._place(shard)) != place:
                files.rename(found, place)
        files.make_durable(self._folder)
        manifest.write(built, self._folder)
        files.remove_folder(self.staging)
        files.remove_unfinished(self._folder)

    def discard(self) -> None:
        """Remove all of the build."""
        with contextlib.suppress(OSError):
            files.remove_folder(self.staging)
            if not files.is_remote(self._folder):
                os.rmdir(self._folder)  # Not if anything else is in it.

    def give_up(self) -> None:
        """Keep the finished jobs of a build that failed; nothing else."""
        files.remove_unfinished(self.staging)
        if not {*listing.names_in(self.staging)} - {SETTINGS}:
            self.discard()


@contextlib.contextmanager
def claimed(
    output_dir: str, settings: Mapping[str, Any]
) -> Iterator[BuildFolder]:
    """Make a folder, or go on in it, and keep others out meanwhile.

    Raises:
        UserError: It is in use for something else.
        OSError: It is in use by another process, full or cannot be written to.
    """
    folder, option = output_dir.rstrip("/") or "/", "--output_dir"
    left = (
        "What is finished of the build is kept there: make room, and the same"
        " command goes on."
    )
    in_use = f"Another process is building in {folder}."
    with (
        claims.write_errors_explained(folder, folder, option, left),
        # No lock file may lie beside the records.
        claims.claimed(folder, folder, in_use, option, lock_file=None),
    ):
        build = BuildFolder(folder)
        build.begin(settings)
        try:
            yield build
        except BaseException:
            build.give_up()
            raise


def is_complete(output_dir: str, settings: Mapping[str, Any]) -> bool:
    """Return whether these records are all there; refuse to replace others."""
    if not files.exists(os.path.join(output_dir, manifest.FILE_NAME)):
        return False
    check_complete(output_dir, settings)
    # A kill after the manifest was written leaves it behind.
    files.remove_folder(os.path.join(output_dir, STAGING))
    return True


# ---- Checks of any output folder ---------------------------------------------


def check_complete(output_dir: str, settings: Mapping[str, Any]) -> None:
    """Refuse to replace other records; arguments as of `is_complete`."""
    found = manifest.read(output_dir)
    _check_same(found.settings, settings, f"{output_dir} holds records built")
    manifest.check_files(found, output_dir)
    print(
        f"Nothing to do: {output_dir} has these {found.training_examples}"
        " examples already."
    )


def check_begun(
    content: bytes, settings: Mapping[str, Any], folder: str | os.PathLike
) -> None:
    """Refuse to go on with a build of other settings.

    Raises:
        UserError: The content of its file of settings differs, or is damaged.
    """
    try:
        found = json.loads(content)
    except ValueError as error:
        raise UserError(
            f"{folder}/{STAGING}/{SETTINGS} is damaged ({error}). Delete that"
            " folder, or give another --output_dir."
        ) from None
    _check_same(found, settings, f"{folder} holds a build begun")


def not_empty(folder: str | os.PathLike) -> UserError:
    """Return the error of a folder with files that are no build."""
    return UserError(
        f"{folder} is not empty and has no {manifest.FILE_NAME}. Give a new"
        " --output_dir, or empty that folder first."
    )


def _check_same(
    found: Mapping[str, Any], settings: Mapping[str, Any], what: str
) -> None:
    """Refuse settings that differ, naming each with both values."""
    found, settings = ({**UNNAMED, **both} for both in (found, settings))
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
