"""The command line answers without TensorFlow."""

import subprocess
import sys

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
