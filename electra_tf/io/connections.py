"""Connections to stores, by fsspec, and requests that are made again.

Failures that may pass are tried again, up to `PATIENCE` seconds, counted, and
told when the program ends.
"""

import atexit
import collections
import errno
import functools
import logging
import os
import random
import re
import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

from electra_tf.errors import UserError

ResultT = TypeVar("ResultT")
PATIENCE = 180.0  # Seconds that a store may fail for.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 30.0  # Seconds.
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
# A letter alone is a drive's.
_ALMOST_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")
_EXTRAS = {"gs": "gcs", "gcs": "gcs", "s3": "s3", "s3a": "s3"}
_READ_ONLY = ("http", "https")
# What will be so the next time, too.
_LASTING = (
    FileNotFoundError,
    FileExistsError,
    IsADirectoryError,
    NotADirectoryError,
    PermissionError,
    NotImplementedError,
    UserError,
)
_LASTING_NUMBERS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EINVAL)
_LASTING_WORDS = re.compile("forbidden|credential|bucket does not exist", re.I)
_OPTIONS: dict[str, dict[str, Any]] = {
    # Each failure is ours to count, and to be patient with.
    "s3": {"config_kwargs": {"retries": {"max_attempts": 0}}},
    "file": {"auto_mkdir": True},
}
repeated: collections.Counter = collections.Counter()


def scheme(path: str | os.PathLike) -> str | None:
    """Return the scheme of a path; None for one of this machine.

    Raises:
        UserError: for what the user did not mean as it stands: a `~` that
            nobody expanded, and `gs:/a` or `GS://a`, which would be folders
            here.

    >>> scheme("gs://bucket/corpus"), scheme("corpus/a.txt")
    ('gs', None)
    """
    path = os.fspath(path)
    if match := _SCHEME.match(path):
        return match[1]
    if match := _ALMOST_SCHEME.match(path):
        meant = f"{match[1].lower()}://{path[match.end() :].lstrip('/')}"
        raise UserError(
            "The scheme of a place must be in small letters, before two "
            f"slashes. Received: {path!r}. Give {meant!r}; or {'./' + path!r} "
            "for a folder of this machine."
        )
    if path == "~" or path.startswith("~/"):
        raise _of_nobody(path)
    return None


def _of_nobody(path: str) -> UserError:
    return UserError(
        f"~ stands for no folder here. Received: {path!r}. Give the "
        f"folder's whole path; or {'./' + path!r} if it has that name."
    )


def expanded(path: str | os.PathLike) -> str:
    """Return a path that a user gave with its `~` replaced, after checks.

    Shells replace it only where an argument begins, as in `~/a`, and leave
    `--model_dir=~/a` as it is.

    Raises:
        UserError: see `scheme`; or for `~name/a` where nobody has that name.
    """
    path = os.path.expanduser(os.fspath(path))
    if path.startswith("~"):
        raise _of_nobody(path)
    scheme(path)
    return path


def connected(path: str | os.PathLike) -> tuple[Any, str]:
    """Return a store, and the name of a path in it."""
    from fsspec import core

    kind = scheme(path)
    extra = _EXTRAS.get(kind)
    try:
        system, name = core.url_to_fs(
            os.fspath(path), use_listings_cache=False, **_OPTIONS.get(kind, {})
        )
    except ImportError as error:
        package = f"electra_tf[{extra}]" if extra else "the package it names"
        raise UserError(
            f"{kind}:// needs a package that is not installed ({error})."
            f" Install {package} by pip."
        ) from None
    except ValueError:
        raise UserError(
            f"{kind}:// is no kind of storage that is known here. Expected a"
            " path of this machine, gs:// or s3://, or another scheme of the"
            f" package fsspec. Received: {os.fspath(path)!r}."
        ) from None
    if extra == "s3":
        system.retries = 1
    if extra == "gcs":
        _count_repetitions_of_gcsfs()
    return system, name.rstrip("/")


@functools.cache
def _count_repetitions_of_gcsfs() -> None:
    """Count what gcsfs tries again by itself, which only its log tells."""

    def count(record: logging.LogRecord) -> bool:
        repeated["gs"] += "retrying after exception" in record.msg
        return False  # What it cannot mend is raised, and told once.

    logger = logging.getLogger("gcsfs")
    logger.setLevel(logging.DEBUG)
    logger.addFilter(count)


def check_writable(path: str, name: str) -> None:
    """Raise a `UserError` unless a store can be written to."""
    kind = scheme(path)
    if kind in _READ_ONLY:
        raise UserError(
            f"{name} cannot be written to over {kind}. Received: {path!r}."
            " Give a folder, or one of gs:// or s3://."
        )
    connected(path)


def tried(path: str, call: Callable[..., ResultT], *args, **kwargs) -> ResultT:
    """Call a function of a store; again when it fails in a way that passes."""
    end, wait = time.monotonic() + PATIENCE, _FIRST_WAIT
    while True:
        try:
            return call(*args, **kwargs)
        except _LASTING:
            raise
        except Exception as error:
            if not _passes(error) or time.monotonic() + wait > end:
                raise OSError(f"{path}: {error or repr(error)}") from error
            repeated[scheme(path)] += 1
            time.sleep(wait * random.uniform(0.5, 1))
            wait = min(2 * wait, _LONGEST_WAIT)


def _passes(error: Exception) -> bool:
    """Return whether an error may be gone the next time.

    >>> _passes(OSError("503 Slow Down")), _passes(OSError("Forbidden: a"))
    (True, False)
    """
    code = str(getattr(error, "code", ""))
    if code.startswith("4") and code not in ("408", "429"):
        return False
    if isinstance(error, (TypeError, AttributeError, ValueError)):
        return False
    if getattr(error, "errno", None) in _LASTING_NUMBERS:
        return False
    return not _LASTING_WORDS.search(str(error))


@atexit.register
def tell_repetitions() -> None:
    """Say on stderr how many requests had to be made again, if any."""
    for kind, number in repeated.items():
        if number:
            print(
                f"{number} requests to {kind}:// failed and were made again.",
                file=sys.stderr,
            )
    repeated.clear()
