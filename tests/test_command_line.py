"""What programs do before TensorFlow is imported."""

import os

import pytest

from electra_tf import command_line


@pytest.mark.parametrize(
    "machine, given, expected",
    [
        ("x86_64", {}, "1"),
        ("aarch64", {}, None),
        ("x86_64", {"TF_ENABLE_ONEDNN_OPTS": "0"}, "0"),
    ],
)
def test_onednn_is_turned_on_where_it_was_measured(
    monkeypatch, machine, given, expected
):
    monkeypatch.setattr(os, "environ", dict(given))
    monkeypatch.setattr(command_line.platform, "machine", lambda: machine)
    command_line.set_up_tensorflow()
    assert os.environ.get("TF_ENABLE_ONEDNN_OPTS") == expected


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, "project"),
        ({"PYTHONPATH": ""}, "project"),
        ({"PYTHONPATH": "own"}, f"project{os.pathsep}own"),
    ],
)
def test_a_program_imports_what_its_caller_does(monkeypatch, given, expected):
    monkeypatch.setattr(os, "environ", {"HOME": "home", **given})
    found = command_line.environment_with("project")
    assert found == {"HOME": "home", "PYTHONPATH": expected}
