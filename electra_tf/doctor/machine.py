"""Checks of the machine: its devices, why there are none, memory and disks."""

import ctypes
import glob
import os
import pathlib
import shutil
import subprocess
import tempfile
import typing
from collections.abc import Iterator, Mapping

from electra_tf import command_line
from electra_tf.doctor import FAILED, NOTE, OK, Row, decided

GB = 1e9
LITTLE_TMP = 2 * GB  # Exports and bucket copies are written there first.
LITTLE_MEMORY = 2 * GB
_QUERY = "name,driver_version,memory.total,memory.free"
_MIB = 2**20
_NO_LIMIT = 2**60  # What cgroups write for it.


class Gpu(typing.NamedTuple):
    """A GPU as its driver describes it; memory in bytes."""

    name: str
    driver: str
    memory: int
    free: int


def gpus() -> list[Gpu]:
    """Return what `nvidia-smi` lists; nothing where there is none."""
    form = "--format=csv,noheader,nounits"
    command = ["nvidia-smi", f"--query-gpu={_QUERY}", form]
    try:
        text = subprocess.run(
            command, capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return []
    return listed(text)


def listed(text: str) -> list[Gpu]:
    """Read the driver's table.

    >>> listed("NVIDIA H100 80GB HBM3, 570.1, 81559, 81000")[0].driver
    '570.1'
    """
    found = []
    for line in text.splitlines():
        parts = [part.strip() for part in line.rsplit(",", 3)]
        sizes = [int(size) * _MIB for size in parts[2:] if size.isdecimal()]
        if len(sizes) == 2:
            found.append(Gpu(*parts[:2], *sizes))
    return found


def tensorflow_rows(facts: dict) -> Iterator[Row]:
    """Give what `probe.run` found: does it start, and multiply?"""
    if "error" in facts:
        yield Row(
            FAILED,
            "TensorFlow starts",
            facts["error"],
            "run: python -c 'import tensorflow, tensorflow_text'",
        )
        return
    good = facts["product"] == 64**3
    found = f"{', '.join(facts['devices'])}; Keras {facts['keras']}"
    advice = f"a product of ones sums to {facts['product']}: reinstall"
    yield decided(good, "TensorFlow starts", found, advice)


def device_rows(
    facts: dict, found: list[Gpu], environment: Mapping[str, str]
) -> Iterator[Row]:
    """Give the devices to train on, or why there are none but the CPU."""
    for gpu in found:
        used = gpu.memory - gpu.free
        row = f"{gpu.name}, driver {gpu.driver}, {gpu.free / GB:.1f} GB free"
        if used > 0.1 * gpu.memory:
            note = f"other processes hold {used / GB:.1f} GB of it"
            yield Row(NOTE, "GPU", row, note)
        else:
            yield Row(OK, "GPU", row)
    kinds = facts.get("devices", [])
    if {"GPU", "TPU"} & set(kinds):
        yield Row(OK, "device", f"TensorFlow uses {', '.join(kinds)}")
    else:
        status, reason = FAILED if found else NOTE, why_none(facts, environment)
        yield Row(status, "device", "CPU alone", reason)


def why_none(facts: dict, environment: Mapping[str, str]) -> str:
    """Say why TensorFlow has no GPU, the first cause that applies."""
    visible = environment.get("CUDA_VISIBLE_DEVICES")
    if visible is not None and visible.strip() in ("", "-1"):
        return f"CUDA_VISIBLE_DEVICES={visible!r} hides all GPUs: unset it"
    if any(map(glob.glob, command_line.TPUS)):
        return "there is a TPU, which needs --distribution_strategy=tpu"
    if "cuda" in facts and facts["cuda"] is None:
        return "this TensorFlow is a build without CUDA"
    if not has_driver():
        return (
            "no NVIDIA driver is here (no libcuda.so.1); in a container it "
            "needs --gpus=all"
        )
    return (
        "the driver is here, CUDA's libraries are not, or the driver is too "
        "old: pip install 'tensorflow[and-cuda]'"
    )


def has_driver() -> bool:
    """Return whether CUDA's driver can be loaded."""
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    return True


def memory_available(root: str = "/") -> int:
    """Return bytes of memory that a process can still have here.

    That is the least of what the system has, and of the limits of the
    container.
    """
    limits = [_system_memory(root)]
    groups = pathlib.Path(root) / "sys/fs/cgroup"
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        most, now = _number(groups / limit), _number(groups / used)
        if most is not None and most < _NO_LIMIT:
            limits.append(most - (now or 0))
    return max(0, min(limits))


def _system_memory(root: str) -> int:
    try:
        lines = (pathlib.Path(root) / "proc/meminfo").read_text().splitlines()
        sizes = dict(line.split(":", 1) for line in lines)
        return int(sizes["MemAvailable"].split()[0]) * 1024
    except (OSError, ValueError, KeyError):  # Some sandboxes lack it.
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _number(path: pathlib.Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):  # Not there, or "max".
        return None


def host_rows() -> Iterator[Row]:
    """Give processors, memory and room for files."""
    cores = len(os.sched_getaffinity(0))
    yield Row(OK, "processors", f"{cores} of {os.cpu_count()} for us")
    available = memory_available()
    yield decided(
        available > LITTLE_MEMORY,
        "host memory",
        f"{available / GB:.1f} GB available",
        "TensorFlow alone takes 1 GB: end other programs",
    )
    folder, chosen = tempfile.gettempdir(), os.environ.get("TMPDIR")
    yield folder_row("temporary files", folder, LITTLE_TMP)
    if chosen and not os.path.isdir(chosen):
        yield Row(NOTE, "TMPDIR", chosen, f"it is no folder: {folder} is used")


def folder_row(check: str, folder: str, needed: float) -> Row:
    """Return whether a folder can be written to, and has room."""
    if not os.access(folder, os.W_OK):
        return Row(FAILED, check, f"{folder} cannot be written to", "chmod it")
    free = shutil.disk_usage(folder).free
    found = f"{free / GB:.1f} GB free in {folder}"
    if free >= needed:
        return Row(OK, check, found)
    advice = f"{needed / GB:.1f} GB are needed: make room, or TMPDIR elsewhere"
    return Row(NOTE, check, found, advice)
