"""Prose that is on every machine: the docstrings of installed Python code.

Source files are parsed, never imported. Every record says which library and
file it comes from, so that a labelled set can be split by file.

>>> import tempfile, pathlib
>>> folder = pathlib.Path(tempfile.mkdtemp())
>>> _ = (folder / "oven.py").write_text(
...     'def heat():\\n'
...     '    "Heat the oven until the bread on its plate is brown."\\n')
>>> for docstring in iterate_docstrings([Root(str(folder))]):
...     print(docstring.library, docstring.path, docstring.name)
...     print(docstring.text)
oven oven.py oven.heat
Heat the oven until the bread on its plate is brown.
"""

import ast
import concurrent.futures
import dataclasses
import inspect
import itertools
import multiprocessing
import os
import pathlib
import sysconfig
import warnings
from collections.abc import Iterable, Iterator, Sequence

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
SKIPPED_SUFFIXES = ("_pb2.py", "_pb2_grpc.py", "_test.py")
FILES_PER_TASK = 64

_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclasses.dataclass(frozen=True)
class Root:
    """A folder of Python source files.

    Attributes:
        folder: Path of the folder.
        library: Name of the library all of it belongs to; None if each of
            its sub-folders and modules is a library.
    """

    folder: str
    library: str | None = None


@dataclasses.dataclass(frozen=True)
class Docstring:
    """One docstring and where it stands.

    Attributes:
        library: Top-level name of the library, or `STANDARD_LIBRARY`.
        path: Source file relative to its root, with forward slashes.
        name: Dotted name of the module, class or function.
        text: The docstring, its indentation removed.
    """

    library: str
    path: str
    name: str
    text: str


def default_roots() -> list[Root]:
    """Return this Python's standard library and its installed packages."""
    paths = sysconfig.get_paths()
    installed = sorted({paths["purelib"], paths["platlib"]})
    return [
        Root(paths["stdlib"], STANDARD_LIBRARY),
        *(Root(folder) for folder in installed),
    ]


def iterate_docstrings(
    roots: Sequence[Root] | None = None, num_processes: int = 1
) -> Iterator[Docstring]:
    """Yield the docstrings of all source files below some folders.

    Left out are docstrings of fewer than `MIN_WORDS` words, those that are
    not mostly English letters, and all but the first of equal ones. Files
    that do not parse are passed over. The order depends on nothing but the
    files: by root, path and line.

    Args:
        roots: Folders to read; None means `default_roots()`.
        num_processes: Processes that parse. With more than one, the calling
            program needs the usual `if __name__ == "__main__":`.

    Raises:
        FileNotFoundError: One of the folders is missing.
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
        yield from ((root, path) for path in sorted(_python_files(root.folder)))


def _python_files(root: str) -> Iterator[str]:
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [s for s in subfolders if s not in SKIPPED_FOLDERS]
        for name in names:
            if name.endswith(".py") and not _is_skipped(name):
                path = pathlib.Path(folder, name).relative_to(root)
                yield path.as_posix()


def _is_skipped(name: str) -> bool:
    return name.endswith(SKIPPED_SUFFIXES) or name.startswith("test_")


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
        # Lone surrogates cannot be written as UTF-8.
        text = text.encode("utf-8", "replace").decode("utf-8")
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
