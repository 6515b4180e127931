"""The output folder of a build on many machines, by Beam's file systems.

It has the files of a `build_folder`, at the same places, so that training
finds no file of a build that is not complete. It has no lock; two builds of
the same settings at once write the same bytes.
"""

import contextlib
import io
import json
import os
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from data_prep.builds import build_folder, job_results
from data_prep.builds.job_results import JobResult
from electra_tf.errors import UserError
from electra_tf.io import manifest, token_counts

FILES_PER_MOVE = 100


class BeamFolder:
    """A folder of records, local or with a scheme that Beam knows."""

    def __init__(self, folder: str):
        try:
            FileSystems.get_filesystem(folder)
        except ValueError as error:
            raise UserError(
                f"--output_dir must be known to Beam: {error}"
            ) from None
        self._folder = folder
        self._staging = FileSystems.join(folder, build_folder.STAGING)

    def is_complete(self, settings: Mapping[str, Any]) -> bool:
        """Return whether these records are all there; see `build_folder`."""
        if not self._exists(manifest.FILE_NAME):
            return False
        build_folder.check_complete(self._folder, settings)
        if self._sizes(self._staging):
            # A kill after the manifest was written leaves it behind.
            self.discard()
        return True

    def begin(self, settings: Mapping[str, Any]) -> None:
        """Begin a build, or go on with one of the same settings."""
        name = _in_staging(build_folder.SETTINGS)
        if self._exists(name):
            found = self._read(name)
            build_folder.check_begun(found, settings, self._folder)
            return
        if self._sizes(self._folder):
            raise build_folder.not_empty(self._folder)
        self._write(name, json.dumps(settings, indent=1).encode())

    def finished(self, num_jobs: int) -> dict[int, JobResult]:
        """Return the results of the jobs that are finished, by number."""
        sizes = {**self._sizes(self._folder), **self._sizes(self._staging)}
        results = {}
        for number in range(num_jobs):
            name = job_results.result_file(number)
            if name in sizes:
                result = JobResult.from_json(self._read(_in_staging(name)))
                if all(sizes.get(s.name) == s.bytes for s in result.shards):
                    results[number] = result
        return results

    def put(self, number: int, result: JobResult, folder: str) -> None:
        """Copy a job's files from a local folder; say that it is finished."""
        names = [shard.name for shard in result.shards]
        for name in [*names, job_results.token_counts_file(number)]:
            path = os.path.join(folder, name)
            with (
                open(path, "rb") as file,
                _writing(self._staging, name) as copy,
            ):
                shutil.copyfileobj(file, copy)
        name = job_results.result_file(number)
        self._write(_in_staging(name), result.to_json().encode())

    def token_counts(self, num_jobs: int) -> np.ndarray:
        """Return how often each token comes in the examples of all jobs."""
        names = map(job_results.token_counts_file, range(num_jobs))
        files = (io.BytesIO(self._read(_in_staging(name))) for name in names)
        return sum(np.load(file, allow_pickle=False) for file in files)

    def publish(self, built: manifest.Manifest, counts: Sequence[int]) -> None:
        """Move the files to their place; the manifest makes them count."""
        known = {shard.name for shard in (*built.training, *built.held_out)}
        # Those that are not there were moved by a run that was killed then.
        names = sorted(known & set(self._sizes(self._staging)))
        for start in range(0, len(names), FILES_PER_MOVE):
            some = names[start : start + FILES_PER_MOVE]
            folders = (self._staging, self._folder)
            paths = [_inside(folder, some) for folder in folders]
            FileSystems.rename(*paths)
        self._write(
            token_counts.FILE_NAME,
            token_counts.to_json(counts, built.vocab_sha256).encode(),
        )
        self._write(manifest.FILE_NAME, manifest.to_json(built).encode())
        self.discard()

    def discard(self) -> None:
        """Remove what is not finished."""
        if names := self._sizes(self._staging):
            FileSystems.delete(_inside(self._staging, names))
        if FileSystems.exists(self._staging):  # Some have no folders.
            FileSystems.delete([self._staging])

    def _exists(self, name: str) -> bool:
        return FileSystems.exists(FileSystems.join(self._folder, name))

    def _read(self, name: str) -> bytes:
        path = FileSystems.join(self._folder, name)
        with FileSystems.open(path, **_AS_IT_IS) as file:
            return file.read()

    def _sizes(self, folder: str) -> dict[str, int]:
        """Return the sizes of the files of a folder by their names."""
        pattern = FileSystems.join(folder, "*")
        [found] = FileSystems.match([pattern])
        return {
            FileSystems.split(file.path)[1]: file.size_in_bytes
            for file in found.metadata_list
        }

    def _write(self, name: str, content: bytes) -> None:
        with _writing(self._folder, name) as file:
            file.write(content)


def _inside(folder: str, names: Iterable[str]) -> list[str]:
    return [FileSystems.join(folder, name) for name in names]


def _in_staging(name: str) -> str:
    return FileSystems.join(build_folder.STAGING, name)


_AS_IT_IS = {
    "mime_type": "application/octet-stream",
    "compression_type": CompressionTypes.UNCOMPRESSED,
}


@contextlib.contextmanager
def _writing(folder: str, name: str):
    """Yield a file to write to; it has its name when that is done."""
    path = FileSystems.join(folder, name)
    parent = FileSystems.split(path)[0]
    if not FileSystems.exists(parent):
        FileSystems.mkdirs(parent)
    # A runner may have the same job done twice at the same time.
    unfinished = f"{path}.{uuid.uuid4().hex}"
    with contextlib.closing(
        FileSystems.create(unfinished, **_AS_IT_IS)
    ) as file:
        yield file
    FileSystems.rename([unfinished], [path])
