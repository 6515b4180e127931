"""Runs in a bucket that are killed, while the bucket fails, too."""

import os
import random
import subprocess
import sys
import time

import numpy as np
import pytest

from electra_tf.training import checkpoint_folder, checkpoints
from tests import emulators, small_run
from tests.faults.faulty_store import FaultyStore
from tests.test_buckets import build, command, copy_text, local, rows  # noqa: F401

KILLS = 4
# A dead owner is passed over after seconds, not minutes.
PROGRAM = (
    "import sys; from electra_tf.io import claims;"
    " claims.DEAD, claims.HEARTBEAT = 12.0, 2.0;"
    " import run_pretraining; run_pretraining.main(sys.argv[1:])"
)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["s3", "gs"])
def test_killed_again_and_again_in_a_bucket_that_fails(
    scheme,
    local,  # noqa: F811
    capsys,
):
    folder = emulators.bucket(scheme)
    copy_text(local, folder)
    build(folder)
    variable = emulators.VARIABLES[scheme]
    store = FaultyStore(os.environ[variable], seed=1)
    rng, kills, printed = random.Random(2), 0, []
    last = None
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *command(folder)],
            cwd=small_run.ROOT,
            env={**os.environ, variable: store.address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        goal = (last or 0) + rng.randint(1, 5)
        while kills < KILLS and process.poll() is None:
            steps = checkpoint_folder.steps_in(f"{folder}/models/m")
            last = max(steps, default=0)
            if last >= goal:
                time.sleep(rng.uniform(0, 1))
                process.kill()
                kills += 1
                break
            time.sleep(0.1)
        printed.append(process.communicate()[1])
        if process.returncode == 0:
            break
        assert process.returncode == -9, printed[-1]
    assert process.returncode == 0, printed[-1]
    run = f"{folder}/models/m"
    expected = checkpoints.read_variables(f"{local}/models/m")
    for path, value in checkpoints.read_variables(run).items():
        np.testing.assert_array_equal(value, expected[path], err_msg=path)
    for name in ("metrics.jsonl", "evaluations.jsonl"):
        assert rows(folder, name) == rows(local, name), name
    assert "failed and were made again" in "".join(printed)
    with capsys.disabled():
        print(f"{scheme}: {kills} kills, {dict(store.faults)}")
        print(f"{scheme}: {dict(store.traffic)}")
