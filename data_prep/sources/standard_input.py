"""Text from standard input.

It is written to a temporary file first, so that it can be split and read by
several processes as any other.
"""

import contextlib
import hashlib
import os
import sys
import tempfile
from collections.abc import Iterator

from data_prep.sources.config import CorpusConfig

NAME = "-"
BYTES_PER_READ = 1 << 20


@contextlib.contextmanager
def as_file(config: CorpusConfig) -> Iterator[CorpusConfig]:
    """Return settings that read a copy of standard input, if that is asked.

    The copy is there until the context is left. Its name has a checksum of
    the text, which tells builds apart.
    """
    if config.corpus_dir != NAME:
        yield config
        return
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder:
        yield config.replace(corpus_dir=_copy(sys.stdin.buffer, folder))


def _copy(stream, folder: str) -> str:
    checksum = hashlib.sha256()
    path = os.path.join(folder, "stdin")
    with open(path, "wb") as file:
        while block := stream.read(BYTES_PER_READ):
            checksum.update(block)
            file.write(block)
    named = f"{path}-{checksum.hexdigest()[:16]}"
    # The same text counts as unchanged.
    os.utime(path, (0, 0))
    os.rename(path, named)
    return named
