"""Writes the docstrings of installed Python code as a text corpus.

    python -m data_prep.build_docstring_corpus --output_dir=corpus

A document holds the docstrings of one source file, one sentence a line; a
blank line stands between documents. The documents are dealt out to the files
in a fixed shuffled order, so every file is a fair sample.

Source files are parsed, never imported. Every docstring says which library
and file it comes from, so that a labelled set can be split by file.
"""

import ast
import concurrent.futures
import dataclasses
import inspect
import itertools
import multiprocessing
import os
import pathlib
import random
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from data_prep import command_line
from electra_tf.configs import Config, hparam
from electra_tf.errors import UserError
from electra_tf.io import files as io_files

STANDARD_LIBRARY = "python"
MIN_WORDS = 8
# Of the characters of an English text at least so many are letters or
# spaces in plain ASCII. Tables, listings and other scripts have fewer.
MIN_SHARE_OF_LETTERS = 0.7
# Tests say little in prose, generated code nothing; site-packages lies in the
# folder of the standard library.
SKIPPED_FOLDERS = frozenset(
    {"test", "tests", "testing", "__pycache__", "site-packages"}
)
_SKIPPED_FILE = re.compile(r"^test_|(_pb2|_pb2_grpc|_test)\.py$")
FILES_PER_TASK = 64
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

BYTES_PER_MB = 1_000_000
BYTES_PER_FILE = 2 * BYTES_PER_MB
SHUFFLE_SEED = 0
# Shorter ones are headings such as "Examples:".
MIN_WORDS_PER_SENTENCE = 3

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'(`])")
_EXAMPLE = re.compile(r"\s*(>>>|\.\.\.( |$)|```|\$ |In \[)")
_UNDERLINE = re.compile(r"\s*([-=~^*#+])\1{2,}\s*$")


class Root(NamedTuple):
    """A folder of Python source files, of one library or of one each."""

    folder: str
    library: str | None = None


class Docstring(NamedTuple):
    """One docstring and where it stands."""

    library: str  # Top-level name of the library, or `STANDARD_LIBRARY`.
    path: str  # Source file relative to its root, with forward slashes.
    name: str  # Dotted name of the module, class or function.
    text: str  # The docstring, its indentation removed.


def default_roots() -> list[Root]:
    """Return this Python's standard library and its installed packages."""
    paths = sysconfig.get_paths()
    installed = sorted({paths["purelib"], paths["platlib"]})
    return [Root(paths["stdlib"], STANDARD_LIBRARY), *map(Root, installed)]


def iterate_docstrings(
    roots: Sequence[Root] | None = None, num_processes: int = 1
) -> Iterator[Docstring]:
    """Yield the docstrings of all source files below some folders.

    Without folders, those of `default_roots()`. Left out are docstrings of
    fewer than `MIN_WORDS` words, those that are not mostly English letters, and
    all but the first of equal ones. Files that do not parse are passed over.
    The order depends on nothing but the files: by root, path and line.

    With more than one process that parses, the calling program needs the usual
    `if __name__ == "__main__":`.
    """
    files = list(_source_files(default_roots() if roots is None else roots))
    seen: set[str] = set()
    for docstring in _parse_all(files, num_processes):
        if docstring.text not in seen:
            seen.add(docstring.text)
            yield docstring


def _source_files(roots: Iterable[Root]) -> Iterator[tuple[Root, str]]:
    for root in roots:
        if not os.path.isdir(root.folder):
            raise FileNotFoundError(
                f"No folder {root.folder} to read docstrings from."
            )
        paths = []
        for folder, subfolders, names in os.walk(root.folder):
            subfolders[:] = [s for s in subfolders if s not in SKIPPED_FOLDERS]
            below = pathlib.Path(folder).relative_to(root.folder)
            paths += [
                (below / name).as_posix()
                for name in names
                if name.endswith(".py") and not _SKIPPED_FILE.search(name)
            ]
        yield from ((root, path) for path in sorted(paths))


def _parse_all(
    files: list[tuple[Root, str]], num_processes: int
) -> Iterator[Docstring]:
    if num_processes == 1:
        for file in files:
            yield from _docstrings_of_file(file)
        return
    with concurrent.futures.ProcessPoolExecutor(
        num_processes, mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        yield from itertools.chain.from_iterable(
            pool.map(_docstrings_of_file, files, chunksize=FILES_PER_TASK)
        )


def _docstrings_of_file(file: tuple[Root, str]) -> list[Docstring]:
    root, path = file
    tree = _parse(os.path.join(root.folder, path))
    if tree is None:
        return []
    module = path.removesuffix(".py").removesuffix("/__init__")
    module = module.replace("/", ".")
    library = root.library or module.split(".")[0]
    return [
        Docstring(library, path, name, text)
        for name, text in _docstrings_below(tree, module)
        if is_english_prose(text)
    ]


def _parse(path: str) -> ast.Module | None:
    try:
        source = pathlib.Path(path).read_bytes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OSError):
        return None


def _docstrings_below(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
    text = ast.get_docstring(node, clean=False)
    if text is not None:
        # Lone surrogates cannot be written as UTF-8; NUL is for binary files.
        text = text.encode("utf-8", "replace").decode("utf-8")
        text = text.replace("\0", " ")
        yield name, inspect.cleandoc(text)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _DEFINITIONS):
            yield from _docstrings_below(child, f"{name}.{child.name}")


def is_english_prose(text: str) -> bool:
    """Return whether a text is long enough and looks like English.

    >>> is_english_prose("Return the number of items that are in the list.")
    True
    >>> is_english_prose("x = f(y); z = {1: (2, 3), 4: [5, 6]} # a b c d e f")
    False
    """
    if len(text.split()) < MIN_WORDS:
        return False
    compact = "".join(text.split())
    letters = sum(c.isascii() and c.isalpha() for c in compact)
    return letters >= MIN_SHARE_OF_LETTERS * len(compact)


@dataclasses.dataclass(frozen=True)
class DocstringCorpusConfig(Config):
    """Writes the docstrings of installed Python code as a text corpus."""

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


def documents(records: Iterable[Docstring]) -> Iterator[str]:
    """Yield one document a source file: lines ending in a newline."""

    def file_of(record):
        return record.library, record.path

    for _, of_file in itertools.groupby(records, key=file_of):
        lines = [line for record in of_file for line in sentences(record.text)]
        if lines:
            yield "".join(f"{line}\n" for line in lines)


def main(config: DocstringCorpusConfig) -> None:
    """Write the corpus and say how large it is."""
    io_files.check_local(config.output_dir, "--output_dir")
    folder = pathlib.Path(config.output_dir)
    if folder.exists() and any(folder.iterdir()):
        raise UserError(
            f"{folder} is not empty. Give a new --output_dir, or empty it."
        )
    records = list(iterate_docstrings(num_processes=config.num_processes))
    write_corpus(records, folder, config.max_mb)


def write_corpus(
    records: Iterable[Docstring],
    folder: pathlib.Path,
    max_mb: float | None = None,
) -> None:
    """Write docstrings, each file's together, as `max_mb` of text at most."""
    texts = [text.encode("utf-8") for text in documents(records)]
    random.Random(SHUFFLE_SEED).shuffle(texts)
    if max_mb is not None:
        ends = itertools.accumulate(map(len, texts))
        number = sum(end <= max_mb * BYTES_PER_MB for end in ends)
        texts = texts[:number]
    if not texts:
        raise UserError("Found no docstrings. Raise max_mb if it is set.")
    size = sum(map(len, texts))
    count = -(-size // BYTES_PER_FILE)
    for k in range(count):
        path = folder / f"docstrings-{k:03d}-of-{count:03d}.txt"
        io_files.write(path, b"\n".join(texts[k::count]))
    print(
        f"{size / BYTES_PER_MB:.1f} MB of text in {len(texts)} documents and"
        f" {count} files in {folder}"
    )


if __name__ == "__main__":
    command_line.run(main, DocstringCorpusConfig, sys.argv)
