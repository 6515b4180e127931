"""The folder of a run: its lock, config, inputs, a record of each start.

TensorFlow is imported by the record alone, so that a program whose folder is
taken is refused at once.
"""

import contextlib
import datetime
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from importlib import metadata

import electra_tf
from electra_tf.configs import hparams
from electra_tf.errors import UserError
from electra_tf.io import claims, files, listing, spare_files
from electra_tf.io.json_text import parsed_json

LOCK_FILE = "lock"
CONFIG_FILE = "config.json"
INPUTS_FILE = "inputs.json"
RECORD_FILE = "runs.jsonl"
CHECKPOINT = "model.ckpt"
CHECKPOINT_INDEX = re.compile(re.escape(CHECKPOINT) + r"-(\d+)\.index")
_VOCABULARY = re.compile(r'"vocab_sha256": "(\w+)"')
_LEFT = (
    "The checkpoints there are whole. Make room, and the same command goes on "
    "from the newest."
)
_PACKAGES = ("tensorflow", "keras", "numpy", "tf-models-official")
_GIT_SECONDS = 10


def check_name(name: str):
    """Raise a `UserError` for a `model_name` that leads out of its folder."""
    if "/" in name or name in (".", ".."):
        raise UserError(
            f"model_name must be the name of a folder, not a path. Received: "
            f"{name!r}. model_dir takes the path of any folder."
        )


@contextlib.contextmanager
def claimed(folder: str, chief: bool = True) -> Iterator[None]:
    """Keep other processes out of a run's folder; makes the folder.

    Failures to write are explained.

    Args:
        folder: str, the run's folder.
        chief: whether this worker is the one that writes; others are let in.

    Raises:
        ClaimError: another process is in it, or it cannot be written to.
        DiskFullError: there is no room for what the run has to write.
    """
    name, option = f"the run's folder {folder}", "--model_name or --model_dir"
    in_use = (
        f"The run's folder {folder} is in use by OWNER. Two processes would "
        "overwrite each other's checkpoints."
    )
    with claims.write_errors_explained(folder, name, option, _LEFT):
        if not chief:
            yield
            return
        with claims.claimed(folder, name, in_use, option, LOCK_FILE):
            files.remove_unfinished(folder)
            try:
                yield
            finally:
                files.flush(folder)


def save_config(folder: str, config, ignore: Collection[str] = ()):
    """Check a config against the one in the run's folder, and write it there.

    Args:
        folder: str, the run's folder.
        config: `electra_tf.configs.hparams.Config`.
        ignore: names of fields that may differ.

    Raises:
        UserError: when the folder's run had another config.
    """
    check_config(folder, config, ignore)
    path = os.path.join(folder, CONFIG_FILE)
    files.write_json(path, hparams.to_json(config))


def check_config(folder: str, config, ignore: Collection[str] = ()) -> dict:
    """Check a config against that of a folder's run, but for some fields.

    Returns the values of the run's; none where there is no run.
    """
    if not has_config(folder):
        return {}
    saved = _read_config(os.path.join(folder, CONFIG_FILE))
    hparams.check_same(saved, config, ignore)
    return saved


def _read_config(path: str) -> dict:
    try:
        return parsed_json(files.read(path))
    except UserError as error:
        raise UserError(
            f"{path} is damaged ({error}). Expected the config that the run "
            "was started with: restore it, or delete it to go on with the "
            "settings given now."
        ) from error


def check_inputs(folder: str, inputs: dict, accept: bool):
    """Compare what a run is trained on with what it was begun with.

    Args:
        folder: the run's folder.
        inputs: what tells the inputs from others, by name: hashes, settings.
        accept: whether other inputs than before are right.

    Raises:
        UserError: when they differ; it names each with both values.
    """
    path = os.path.join(folder, INPUTS_FILE)
    before = spare_files.read_json(path) or {}
    changes = [
        f"  {name}: {before[name]} when it began, {value} now"
        for name, value in inputs.items()
        if name in before and before[name] != value
    ]
    if changes:
        text = "\n".join(changes)
        if not accept:
            raise UserError(
                f"What the run in {folder} is trained on has changed:\n{text}\n"
                "Give it what it was begun with, a new name, or "
                "--accept_changed_inputs to go on with what there is now."
            )
        print(f"Going on with changed inputs:\n{text}", file=sys.stderr)
    if before != (now := before | inputs):
        files.write_json(path, now)


def has_config(folder: str) -> bool:
    """Return whether a run was begun in a folder."""
    return files.exists(os.path.join(folder, CONFIG_FILE))


def has_checkpoint(folder: str) -> bool:
    """Return whether there is a checkpoint in a run's folder."""
    return any(map(CHECKPOINT_INDEX.fullmatch, listing.names_in(folder)))


def record_start(folder: str, **facts):
    """Add a line to `runs.jsonl`: what it takes to repeat the run.

    Beside the facts it has the time, the command line, the machine, its
    devices, the versions of Python and the packages, and the commit of the
    source where that is a git checkout.

    Args:
        folder: str, the run's folder.
        facts: what JSON can hold.
    """
    now = datetime.datetime.now(datetime.timezone.utc)
    record = {
        "started": now.isoformat(timespec="seconds"),
        "command": sys.argv,
        "folder": str(pathlib.Path.cwd()),
        **facts,
        "devices": device_names(),
        "machine": platform.platform(),
        "host": platform.node(),
        "versions": versions(),
        "source": source(pathlib.Path(__file__).parent),
    }
    files.append(os.path.join(folder, RECORD_FILE), json.dumps(record))
    files.flush(folder)


def check_vocabulary(folder: str, sha256: str):
    """Check that a run goes on with the vocabulary of its last start.

    Args:
        folder: str, the run's folder; perhaps without a start.
        sha256: str, of the vocabulary that is given now.

    Raises:
        UserError: when there was another one.
    """
    path = os.path.join(folder, RECORD_FILE)
    content = files.read(path) if files.exists(path) else b""
    # Not by line, for one may be cut short by what stopped the run.
    *_, last = [sha256, *_VOCABULARY.findall(content.decode())]
    if last != sha256:
        raise UserError(
            f"The run in {folder} was started with another vocabulary: "
            f"SHA-256 {last} there, {sha256} now. Give its own by "
            "--vocab_file, or another --model_name."
        )


def versions() -> dict[str, str | None]:
    """Return the versions of what the numbers depend on; None if unknown."""
    return {
        "python": platform.python_version(),
        "electra_tf": electra_tf.__version__,
        **{package: _version(package) for package in _PACKAGES},
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def source(folder: pathlib.Path) -> dict | None:
    """Return the commit of this module's checkout, if it is in one.

    Args:
        folder: a folder of the checkout.

    Returns:
        `{"commit": ..., "changed": ...}`, where changed tells of files that
        differ from the commit; None without git or a checkout, or when git
        does not know this module (an installed package in someone's project).
    """
    try:
        _git(folder, "ls-files", "--error-unmatch", pathlib.Path(__file__).name)
        commit = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": bool(changed)}


def device_names() -> list[str]:
    """Return this process's devices, GPUs by their makers' names too."""
    import tensorflow as tf

    names = [device.name for device in tf.config.list_logical_devices()]
    for gpu in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        names.append(details.get("device_name", gpu.name))
    return names


def device_kind() -> str:
    """Return what this process computes on, GPUs by their maker's name."""
    names = device_names()
    for kind in ("TPU", "GPU"):
        if any(f":{kind}:" in name for name in names):
            maker = names[-1] if ":" not in names[-1] else ""
            return f"{kind} {maker}".strip()
    return "CPU"


def _git(folder: pathlib.Path, *command: str) -> str:
    return subprocess.run(
        # A status that takes locks could stop the user's own commands.
        ["git", "--no-optional-locks", "-C", str(folder), *command],
        check=True,
        capture_output=True,
        text=True,
        timeout=_GIT_SECONDS,
    ).stdout.strip()
