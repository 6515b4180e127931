"""File systems of a limited size."""

import contextlib
import subprocess

import pytest


@contextlib.contextmanager
def mounted(folder, options: str):
    """A file system in memory; skips where none can be mounted."""
    folder.mkdir(parents=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        process = subprocess.run(command, capture_output=True)
    except FileNotFoundError:
        pytest.skip("no mount command")
    if process.returncode:
        pytest.skip("mounting needs another user")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)
