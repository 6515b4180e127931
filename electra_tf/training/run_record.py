"""What it takes to repeat a run, written down each time it starts."""

import datetime
import hashlib
import json
import pathlib
import platform
import subprocess
import sys
from importlib import metadata

import tensorflow as tf

import electra_tf

FILE_NAME = "runs.jsonl"
_PACKAGES = ("tensorflow", "keras", "numpy", "tf-models-official")
_GIT_SECONDS = 10


def append(folder: str, **facts):
    """Add a line to `runs.jsonl` in a run's folder: one for each start.

    Beside the facts it has the time, the command line, the machine, its
    devices, the versions of Python and the packages, and the commit of the
    source where that is a git checkout.

    Args:
        folder: str, made if there is none.
        facts: what JSON can hold.
    """
    record = {
        "started": datetime.datetime.now(datetime.timezone.utc).isoformat(
            timespec="seconds"
        ),
        "command": sys.argv,
        "folder": str(pathlib.Path.cwd()),
        **facts,
        "devices": device_names(),
        "machine": platform.platform(),
        "host": platform.node(),
        "versions": versions(),
        "source": source(pathlib.Path(__file__).parent),
    }
    path = pathlib.Path(folder, FILE_NAME)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")


def versions() -> dict[str, str | None]:
    """Versions of Python and of what the numbers depend on; None if unknown."""
    result = {"python": platform.python_version()}
    result["electra_tf"] = electra_tf.__version__
    for package in _PACKAGES:
        try:
            result[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            result[package] = None
    return result


def source(folder: pathlib.Path) -> dict | None:
    """Commit of the checkout that this module belongs to, if it does.

    Args:
        folder: a folder of the checkout.

    Returns:
        `{"commit": ..., "changed": ...}`, where changed tells of files that
        differ from the commit; None without git or a checkout, or when git
        does not know this module (an installed package in someone's project).
    """
    try:
        _git(folder, "ls-files", "--error-unmatch", pathlib.Path(__file__).name)
        return {
            "commit": _git(folder, "rev-parse", "HEAD"),
            "changed": bool(
                _git(folder, "status", "--porcelain", "--untracked-files=no")
            ),
        }
    except (OSError, subprocess.SubprocessError):
        return None


def device_names() -> list[str]:
    """Names of this process's devices, and those their makers gave GPUs."""
    names = [device.name for device in tf.config.list_logical_devices()]
    for gpu in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        names.append(details.get("device_name", gpu.name))
    return names


def sha256(path: str) -> str | None:
    """Hash of a file as hexadecimal digits; None if there is no such file."""
    try:
        content = pathlib.Path(path).read_bytes()
    except OSError:
        return None
    return hashlib.sha256(content).hexdigest()


def _git(folder: pathlib.Path, *command: str) -> str:
    return subprocess.run(
        # A status that takes locks could stop the user's own commands.
        ["git", "--no-optional-locks", "-C", str(folder), *command],
        check=True,
        capture_output=True,
        text=True,
        timeout=_GIT_SECONDS,
    ).stdout.strip()
