"""What programs choose before TensorFlow is imported."""

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
