"""Files that are there with all their content, or not at all.

They are written under another name, flushed to the disk and then renamed, so
that neither a kill nor a loss of power leaves one that is cut short.
"""

import os
import pathlib

UNFINISHED = ".unfinished"


def unfinished(path: pathlib.Path) -> pathlib.Path:
    """Return the name that a file has until it is whole.

    Processes have names of their own: one that is being killed may still
    write while the next one begins.

    >>> unfinished(pathlib.Path("a")).name == f"a.{os.getpid()}.unfinished"
    True
    """
    return path.with_name(f"{path.name}.{os.getpid()}{UNFINISHED}")


def finish(path: pathlib.Path) -> None:
    """Give a file that has been written its name."""
    flush(unfinished(path))
    os.replace(unfinished(path), path)


def write(path: pathlib.Path, content: str) -> None:
    """Write a text file whole."""
    unfinished(path).write_text(content, "utf-8")
    finish(path)


def flush(path: pathlib.Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_unfinished(folder: pathlib.Path) -> None:
    """Remove what was never finished."""
    for path in folder.glob(f"*{UNFINISHED}"):
        path.unlink(missing_ok=True)
