"""The model of a step, against paper and pencil and the real weights."""

import subprocess
import sys

import pytest

from benchmarks.machine_model import __main__ as program
from benchmarks.machine_model import step as machine
from benchmarks.machine_model.accelerators import ACCELERATORS, Accelerator
from benchmarks.machine_model.published_runs import PUBLISHED
from electra_tf.configs import PretrainingConfig
from electra_tf.efficiency import executed_flops

# Two layers of width 8 with one head, a generator of width 4 on embeddings of
# 4, inputs of 16 tokens of which 2 are predicted, batches of 32.
TINY = PretrainingConfig(
    data_dir="D",
    model_name="M",
    vocab_size=100,
    embedding_size=4,
    generator_hidden_size=0.5,
    max_seq_length=16,
    train_batch_size=32,
    model_hparam_overrides={
        "hidden_size": 8,
        "num_hidden_layers": 2,
        "intermediate_size": 16,
    },
)


@pytest.fixture
def slow_device(monkeypatch):
    """1 MFLOP/s (4 in 16 bit), 1 MB/s of memory, 10 kB/s of network."""
    device = Accelerator({"float32": 1e6, "16 bit": 4e6}, 1e6, 1e4)
    monkeypatch.setitem(ACCELERATORS, "slow", device)
    return "slow"


def test_bytes_by_hand():
    tokens = 32 * 16
    kept = 2 * (34 * 8 + 5 * 16) + 2 * (34 * 4 + 5 * 16)
    assert machine.activation_bytes(TINY, width=2) == tokens * kept
    assert machine.activation_bytes(TINY, width=4) == 2 * tokens * kept
    assert machine.logit_bytes(TINY) == 4 * 32 * 2 * 100
    weights = machine.parameters(TINY)
    assert machine.all_reduce_bytes(TINY, 1) == 0
    assert machine.all_reduce_bytes(TINY, 4) == 2 * 3 / 4 * 4 * weights


def test_step_by_hand(slow_device):
    model = machine.step(TINY, slow_device, 4, "float32")
    assert model.compute == pytest.approx(
        executed_flops.update_flops(TINY) / 4 / 1e6
    )
    weights = 4 * machine.parameters(TINY)
    shared = 4 * machine.activation_bytes(TINY, 4) + 8 * machine.logit_bytes(
        TINY
    )
    assert model.memory == pytest.approx((10 * weights + shared / 4) / 1e6)
    assert model.all_reduce == pytest.approx(1.5 * weights / 1e4)
    assert model.input_bytes == 32 * 16 * 5
    assert model.floor == max(model.compute, model.memory, model.all_reduce)
    assert getattr(model, model.bound) == model.floor
    assert model.expected(0.5) == max(2 * model.compute, model.floor)


def test_sixteen_bits_halve_activations_only(slow_device):
    wide = machine.step(TINY, slow_device, 1, "float32")
    narrow = machine.step(TINY, slow_device, 1, "16 bit")
    assert narrow.compute == wide.compute / 4
    saved = 4 * machine.activation_bytes(TINY, 2) / 1e6
    assert wide.memory - narrow.memory == pytest.approx(saved)


def test_no_published_run_is_faster_than_its_floor():
    for run in PUBLISHED:
        config = TINY.replace(
            vocab_size=30522,
            model_hparam_overrides={},
            embedding_size=None,
            **{"generator_hidden_size": 0.25, **run.settings},
        )
        model = machine.step(
            config, run.accelerator, run.count, run.precision, run.parts
        )
        assert run.seconds > model.floor, run


def test_command(capsys):
    program.main(["--model=base", "--accelerator=tpu_v3", "--count=16"])
    printed = capsys.readouterr().out
    assert "119.4 million" in printed
    assert "766,000 steps" in printed
    program.main(["--published"])
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(PUBLISHED)
    with pytest.raises(SystemExit, match="Received: 0"):
        program.main(["--count=0"])


def test_imports_no_tensorflow():
    code = (
        "import sys, benchmarks.machine_model.__main__; "
        "sys.exit('tensorflow' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
