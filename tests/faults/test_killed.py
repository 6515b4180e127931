"""Runs that are killed, and started again by the same command."""

import os
import random
import signal
import threading
import time

import pytest

import run_pretraining
from electra_tf.training import checkpoint_folder
from tests.faults.program import Program, assert_same

SETTINGS = {
    "num_train_steps": 12,
    "iterations_per_loop": 2,
    "save_checkpoints_steps": 4,
    "eval_every_n_steps": 6,
}
LONG = {
    **SETTINGS,
    "num_train_steps": 1000,
    "save_checkpoints_steps": 10,
    "eval_every_n_steps": 50,
}
# A line of metrics takes several calls of a second.
LINE = 400
LONG_LINES = {
    **LONG,
    "num_train_steps": 4 * LINE,
    "iterations_per_loop": LINE,
    "eval_every_n_steps": 0,
}
KILLS = 20


def kill_at_step(program: Program, rng: random.Random) -> bool:
    """Kill it some time after it has gone on; False if it came to its end."""
    ahead = program.last_step() + 2 * rng.randint(1, 8)
    if not program.wait_for_step(ahead):
        return False
    time.sleep(rng.uniform(0, 0.3))
    program.kill()
    return True


def kill_while_saving(program: Program, rng: random.Random) -> bool:
    """Kill it while it writes a checkpoint, a few thousandths in."""
    unfinished = program.folder / checkpoint_folder.UNFINISHED
    started = time.time()

    def saving():
        try:
            return unfinished.stat().st_mtime > started
        except FileNotFoundError:
            return False

    if not program.wait_until(saving):
        return False
    time.sleep(rng.uniform(0, 0.02))
    program.kill()
    return True


def kill_while_starting(program: Program, rng: random.Random) -> bool:
    """Kill it before, while or just after it restores."""
    time.sleep(rng.uniform(1, 12))
    program.kill()
    return True


KINDS = (
    *[kill_at_step] * 9,
    *[kill_while_saving] * 8,
    *[kill_while_starting] * 3,
)


def kill_again_and_again(program: Program, kinds, seed: int) -> int:
    """Kill it once a kind, then let it finish; return how often it died."""
    rng = random.Random(seed)
    killed = 0
    for kind in kinds:
        killed += kind(program.start(), rng)
        print(f"{kind.__name__}: killed after step {program.last_step()}")
    print("after the last:", program.finish())
    return killed


@pytest.mark.slow
def test_killed_twice(data_dir):
    reference = Program(data_dir, "reference", **SETTINGS)
    reference.finish()  # This process may add numbers in another order.
    program = Program(data_dir, "killed", **SETTINGS)
    program.start().wait_for_step(2)
    program.kill()
    assert program.start().wait_until(
        (program.folder / "model.ckpt-8.index").exists
    )
    program.kill()
    program.finish()
    assert_same(program, reference)
    steps = [row["step"] for row in program.rows("metrics.jsonl")]
    assert steps == [2, 4, 6, 8, 10, 12]
    assert [row["step"] for row in program.rows("evaluations.jsonl")] == [6]


@pytest.mark.slow
def test_killed_at_twenty_points(data_dir):
    reference = Program(data_dir, "long reference", **LONG)
    reference.finish()
    program = Program(data_dir, "long killed", **LONG)
    kinds = random.Random(1).sample(KINDS, KILLS)
    assert kill_again_and_again(program, kinds, seed=2) == KILLS
    assert_same(program, reference)


@pytest.mark.slow
@pytest.mark.parametrize("replicas", [2, 4])
def test_killed_replicas(data_dir, replicas):
    settings = {
        **LONG,
        "distribution_strategy": "mirrored",
        "logical_cpus": replicas,
    }
    reference = Program(data_dir, f"all {replicas}", **settings)
    reference.finish()
    program = Program(data_dir, f"killed {replicas}", **settings)
    kinds = [kill_at_step, kill_while_saving, kill_at_step]
    assert kill_again_and_again(program, kinds, seed=replicas) == 3
    assert_same(program, reference)


@pytest.mark.slow
def test_killed_in_both_stages(data_dir):
    """The discriminator is never made of the generator's weights twice."""
    half = 60
    settings = {
        **LONG,
        "num_train_steps": 2 * half,
        "generator_training": "two_stage",
        "generator_hidden_size": 1.0,
        "weight_sharing": "none",
        "generator_steps": half,
    }
    reference = Program(data_dir, "stages", **settings)
    reference.finish()
    program = Program(data_dir, "stages killed", **settings)
    rng = random.Random(4)
    steps = []
    while kill_at_step(program.start(), rng):
        steps.append(program.last_step())
    program.finish()
    print("killed after steps", steps)
    assert min(steps) < half < max(steps)
    assert_same(program, reference)


def test_asked_to_stop(data_dir, capfd):
    program = Program(data_dir, "stopped", objective="mlm", **LONG_LINES)

    def ask():
        # One line is there; the stop comes within the next.
        while program.last_step() < LINE:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=ask, daemon=True).start()
    with pytest.raises(SystemExit) as exit_status:
        run_pretraining.main(program.command[1:])
    assert exit_status.value.code == os.EX_TEMPFAIL
    assert "SIGTERM: saving a checkpoint" in capfd.readouterr().err
    lines = len(program.rows("metrics.jsonl"))
    assert program.state()["step"] >= LINE * lines > 0
    assert lines < 4


@pytest.mark.slow
def test_stopped_and_resumed(data_dir, interrupts):
    """In the midst of lines; they are those of an uninterrupted run."""
    reference = Program(data_dir, "unstopped", **LONG_LINES)
    reference.finish()
    program = Program(data_dir, "stopped and resumed", **LONG_LINES)
    stops = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        program.start()
        if not program.wait_for_step(program.last_step() + LINE):
            break
        time.sleep(0.5)
        asked = time.monotonic()
        program.process.send_signal(number)
        status, printed = program.end()
        assert status == os.EX_TEMPFAIL, printed
        assert time.monotonic() - asked < 15
        stops.append(int(program.state()["step"]))
    program.finish()
    assert any(step % LINE for step in stops)
    assert_same(program, reference)
