"""Files of examples: which example goes where, and writing them whole.

Every job owns some of the output files and deals its examples out to them in
turn, as in the original: job j of J owns the files whose number leaves the
remainder j when divided by J.
"""

import os
import zlib
from collections.abc import Sequence

import google_crc32c

from data_prep.examples.example_builder import Example
from electra_tf.io import files, records, serialization
from electra_tf.io.manifest import Shard

# Records framed and written together, for each file.
RECORDS_PER_WRITE = 512
# zlib's name for gzip's format with the largest window.
GZIP_WINDOW_BITS = 31


def names_of_job(
    job: int, num_jobs: int, num_files: int, held_out: bool = False
) -> list[str]:
    """Return the names of the files that a job writes.

    >>> names_of_job(1, num_jobs=2, num_files=4)
    ['pretrain_data.tfrecord-1-of-4', 'pretrain_data.tfrecord-3-of-4']
    """
    return [
        records.shard_name(number, num_files, held_out)
        for number in range(job, num_files, num_jobs)
    ]


def gzipped(content: bytes) -> bytes:
    """Return some of a file as gzip has it: its parts can be joined.

    >>> import gzip
    >>> gzip.decompress(gzipped(b"the ") + gzipped(b"king"))
    b'the king'
    """
    # Not gzip.compress: the header it writes depends on Python's version.
    stream = zlib.compressobj(wbits=GZIP_WINDOW_BITS)
    return stream.compress(content) + stream.flush()


# By what the settings call them.
COMPRESSIONS = {None: bytes, records.GZIP: gzipped}


class ShardWriter:
    """Deals examples out to files of a folder in turn; a context manager.

    The files get their names when the context is left. If it is left by an
    error there are none. The records have `max_seq_length` ids, or less unless
    `padded`; `compression` is a key of `COMPRESSIONS`. Attribute `counts` has
    the number of examples in each file so far.
    """

    def __init__(
        self,
        folder: str,
        names: Sequence[str],
        max_seq_length: int,
        padded: bool = True,
        compression: str | None = None,
    ):
        self._form = (max_seq_length, padded)
        self._compress = COMPRESSIONS[compression]
        self._paths = [os.path.join(folder, name) for name in names]
        # Files are opened only to write: there may be more than a process
        # may hold open.
        self._files = [files.Pieces(path) for path in self._paths]
        for file in self._files:
            file.add(b"")
        self._waiting: list[list[Example]] = [[] for _ in names]
        self._next = 0
        self._checksums = [google_crc32c.Checksum() for _ in names]
        self.counts = [0] * len(names)

    def write(self, example: Example) -> None:
        """Give an example to the file whose turn it is."""
        turn = self._next
        self._next = (turn + 1) % len(self._paths)
        self.counts[turn] += 1
        waiting = self._waiting[turn]
        waiting.append(example)
        if len(waiting) >= RECORDS_PER_WRITE:
            self._flush(turn)

    def shards(self) -> list[Shard]:
        """Return what was written; call it when the context is left."""
        return [
            Shard(
                os.path.basename(path),
                count,
                files.size(path),
                crc.hexdigest().decode(),
            )
            for path, count, crc in zip(
                self._paths, self.counts, self._checksums, strict=True
            )
        ]

    def _flush(self, turn: int) -> None:
        serialized = serialization.serialize(self._waiting[turn], *self._form)
        content = self._compress(serialization.frame(serialized))
        self._checksums[turn].update(content)
        self._files[turn].add(content)
        self._waiting[turn].clear()

    def __enter__(self) -> "ShardWriter":
        return self

    def __exit__(self, error_type, error, traceback) -> None:
        if error_type is not None:
            for file in self._files:
                file.discard()
            return
        for turn, file in enumerate(self._files):
            self._flush(turn)
            file.finish()
