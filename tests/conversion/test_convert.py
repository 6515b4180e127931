"""The command line answers without TensorFlow."""

import subprocess
import sys

import pytest

from electra_tf.conversion import convert
from tests.conversion import runs

PROGRAM = [sys.executable, "-X", "importtime", "-m"]
CONVERT = "electra_tf.conversion.convert"


def test_help_needs_no_tensorflow():
    run = subprocess.run(
        [*PROGRAM, CONVERT, "--help"], capture_output=True, text=True
    )
    assert run.returncode == 0
    assert "--num_attention_heads" in run.stdout
    imported = {line.split("|")[-1].strip() for line in run.stderr.split("\n")}
    assert "numpy" in imported
    assert not {"tensorflow", "keras"} & imported


def test_a_vocabulary_that_is_not_there_is_an_error(tmp_path):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    arguments = ["--from", run, "--to", str(tmp_path / "to")]
    with pytest.raises(SystemExit, match="No vocabulary file at nowhere"):
        convert.main([*arguments, "--vocab_file", "nowhere"])
    assert not (tmp_path / "to").exists()
