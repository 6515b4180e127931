"""Writes the docstrings of installed Python code as a text corpus.

    python -m data_prep.build_docstring_corpus --output_dir=corpus

A document holds the docstrings of one source file, one sentence a line; a
blank line stands between documents. The documents are dealt out to the files
in a fixed shuffled order, so every file is a fair sample.
"""

import dataclasses
import itertools
import pathlib
import random
import re
import sys
from collections.abc import Iterable, Iterator

from data_prep import command_line, docstrings
from electra_tf.configs import Config, hparam
from electra_tf.errors import UserError

BYTES_PER_MB = 1_000_000
BYTES_PER_FILE = 2 * BYTES_PER_MB
SHUFFLE_SEED = 0
# Shorter ones are headings such as "Examples:".
MIN_WORDS_PER_SENTENCE = 3

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(`])")
_EXAMPLE = re.compile(r"\s*(>>>|\.\.\.( |$)|```|\$ |In \[)")
_UNDERLINE = re.compile(r"\s*([-=~^*#+])\1{2,}\s*$")


@dataclasses.dataclass(frozen=True)
class DocstringCorpusConfig(Config):
    """What to write, and where."""

    output_dir: str = hparam(help_text="folder for the text files")
    max_mb: float | None = hparam(
        None, "stop after so many megabytes of text", more_than=0
    )
    num_processes: int = hparam(
        1, "processes that parse source files", at_least=1, runtime=True
    )


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a docstring, without its code examples.

    >>> list(sentences("Heat the oven. Then wait\\nan hour.\\n\\n>>> f()\\n1"))
    ['Heat the oven.', 'Then wait an hour.']
    """
    for paragraph in re.split(r"\n\s*\n", text):
        lines = paragraph.split("\n")
        if _EXAMPLE.match(lines[0]):
            continue
        prose = itertools.takewhile(lambda li: not _EXAMPLE.match(li), lines)
        kept = (line.strip() for line in prose if not _UNDERLINE.match(line))
        joined = " ".join(line for line in kept if line)
        for sentence in _SENTENCE_END.split(joined):
            if len(sentence.split()) >= MIN_WORDS_PER_SENTENCE:
                yield sentence


def documents(records: Iterable[docstrings.Docstring]) -> Iterator[str]:
    """Yield one document a source file: lines ending in a newline."""

    def file_of(record):
        return record.library, record.path

    for _, of_file in itertools.groupby(records, key=file_of):
        lines = [line for record in of_file for line in sentences(record.text)]
        if lines:
            yield "".join(f"{line}\n" for line in lines)


def main(config: DocstringCorpusConfig) -> None:
    """Write the corpus and say how large it is."""
    folder = pathlib.Path(config.output_dir)
    if folder.exists() and any(folder.iterdir()):
        raise UserError(
            f"{folder} is not empty. Give a new --output_dir, or empty it."
        )
    records = list(
        docstrings.iterate_docstrings(num_processes=config.num_processes)
    )
    write_corpus(records, folder, config.max_mb)


def write_corpus(
    records: Iterable[docstrings.Docstring],
    folder: pathlib.Path,
    max_mb: float | None = None,
) -> None:
    """Write docstrings as text files, and say how much it is.

    Args:
        records: In an order that keeps those of a source file together.
        folder: Where the files go; made if missing.
        max_mb: Stop after so many megabytes of text.
    """
    texts = [text.encode("utf-8") for text in documents(records)]
    random.Random(SHUFFLE_SEED).shuffle(texts)
    if max_mb is not None:
        texts = _up_to(texts, max_mb * BYTES_PER_MB)
    files = _write(texts, folder)
    size = sum(map(len, texts)) / BYTES_PER_MB
    print(
        f"{size:.1f} MB of text in {len(texts)} documents and {files} files in"
        f" {folder}"
    )


def _up_to(texts: list[bytes], max_bytes: float) -> list[bytes]:
    """Return the first texts, as many as fit."""
    ends = itertools.accumulate(map(len, texts))
    return [t for t, end in zip(texts, ends, strict=True) if end <= max_bytes]


def _write(texts: list[bytes], folder: pathlib.Path) -> int:
    """Deal the documents out to files; return the number of files."""
    if not texts:
        raise UserError("Found no docstrings. Raise max_mb if it is set.")
    folder.mkdir(parents=True, exist_ok=True)
    count = -(-sum(map(len, texts)) // BYTES_PER_FILE)
    for k in range(count):
        path = folder / f"docstrings-{k:03d}-of-{count:03d}.txt"
        path.write_bytes(b"\n".join(texts[k::count]))
    return count


if __name__ == "__main__":
    command_line.run(main, DocstringCorpusConfig, sys.argv)
