import io
import json

import pytest

from electra_tf.training.reporting import MetricsFile, ProgressLine, Speed
from electra_tf.training.settings import Settings

FIGURES = {"steps_per_second": 5.0, "tokens_per_second": 17600.0}


@pytest.fixture
def clock(monkeypatch):
    """A clock that shows 0, 4 and 6 seconds."""
    times = iter([0.0, 4.0, 6.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))


def test_speed(clock):
    settings = Settings(
        40,
        20,
        tokens_per_step=1000,
        examples_per_step=8,
        train_flops=lambda steps: steps * 6e9,
        executed_flops=lambda steps: steps * 5e9,
    )
    speed = Speed(settings, first_step=0, matmul_rate=1e11)
    assert speed(20) == {
        "examples": 160,
        "steps_per_second": 5,
        "tokens_per_second": 5000,
        "seconds_left": 4,
        "train_flops": 1.2e11,
        "executed_flops": 1e11,
        "flops_per_second": 2.5e10,
        "matmul_share": 0.25,
    }
    assert speed(40)["steps_per_second"] == 10


def test_a_resumed_run_counts_what_came_before(clock):
    settings = Settings(
        40,
        20,
        examples_per_step=8,
        train_flops=lambda steps: steps * 6e9,
        executed_flops=lambda steps: steps**2 * 1e9,
    )
    figures = Speed(settings, first_step=20)(40)
    assert figures["steps_per_second"] == 5
    assert figures["examples"] == 320
    assert figures["train_flops"] == 2.4e11
    assert figures["executed_flops"] == 1.6e12
    assert figures["flops_per_second"] == (1600 - 400) * 1e9 / 4
    assert "matmul_share" not in figures


def test_work_that_is_not_counted(clock):
    figures = Speed(Settings(40, 20), 0, matmul_rate=1e11)(20)
    assert not {"train_flops", "flops_per_second", "matmul_share"} & {*figures}


def line(**metrics) -> str:
    stream = io.StringIO()
    metrics = {"learning_rate": 5e-4, "seconds_left": 4.0, **FIGURES, **metrics}
    ProgressLine(40, stream)(20, metrics)
    return stream.getvalue()


def test_progress_line():
    assert line(mlm_loss=4.25, disc_loss=0.1) == (
        "step 20/40 | mlm 4.25 | disc 0.1 | lr 5.00e-04 | 5.00 steps/s | "
        "17.6k tokens/s | 0:04 left\n"
    )


def test_progress_line_of_counted_work():
    work = {"train_flops": 2e18, "executed_flops": 1e15}
    printed = line(
        disc_auc=0.75,
        disc_recall=0.2,
        flops_per_second=3e10,
        matmul_share=0.3,
        **work,
    )
    assert printed == (
        "step 20/40 | disc_auc 0.75 | lr 5.00e-04 | 5.00 steps/s | "
        "17.6k tokens/s | 2.0EFLOP | 30.0GFLOP/s (30.0% of matmul) | "
        "0:04 left\n"
    )


def test_progress_line_without_a_published_count():
    printed = line(flops_per_second=3e10, executed_flops=1e15)
    assert "| 1.0PFLOP | 30.0GFLOP/s |" in printed


def test_metrics_file(tmp_path):
    path = tmp_path / "runs" / "metrics.jsonl"
    writer = MetricsFile(path)
    writer(1, {"loss": 2.0})
    writer(2, {"loss": float("nan")})
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert rows == [{"step": 1, "loss": 2.0}, {"step": 2, "loss": None}]
