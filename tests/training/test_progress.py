"""The speed of a run, its progress line, and the warning without progress."""

import datetime
import io
import math
import os
import time

import pytest

from electra_tf.training import progress
from electra_tf.training.progress import (
    STALLED,
    Speed,
    Watchdog,
    print_forecast,
    print_line,
    start_line,
)
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


def test_updates_faster_than_the_yardstick_become_the_yardstick(clock):
    flops = {0: 0, 20: 1e11, 40: 1.2e11}  # In 4 and in 2 seconds.
    settings = Settings(40, 20, executed_flops=flops.get)
    speed = Speed(settings, first_step=0, matmul_rate=1e10)
    first = speed(20)
    assert first["matmul_share"] == 1
    assert "(more than the matmul measured before)" in line(**first)
    assert speed(40)["matmul_share"] == 0.4


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
    print_line(20, 40, metrics, stream)
    return stream.getvalue()


def test_progress_line():
    assert line(mlm_loss=4.25, disc_loss=0.1) == (
        "step 20/40 | mlm 4.25 | disc 0.1 | lr 5.00e-04 | 5.00 steps/s | "
        "17.6k tokens/s | 0:04 left\n"
    )


def test_of_a_sum_over_a_batch_the_mean_is_shown():
    shown = line(cola_loss=20.0, cola_loss_per_example=0.625)
    assert shown.startswith("step 20/40 | cola loss/example 0.625 | lr ")
    assert "20 " not in shown.replace("20/40", "")
    mean = {"sst_loss_per_example": math.nan}
    assert "nan" not in line(sst_loss=0.0, **mean)
    assert "sst loss/example nan" in line(sst_loss=math.nan, **mean)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("columns", [30, 60, 80, 200])
def test_on_a_terminal_the_line_fits(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", str(columns))
    metrics = {"learning_rate": 5e-4, "seconds_left": 4.0, **FIGURES}
    stream = Terminal()
    print_line(20, 40, metrics | {"mlm_loss": 4.25}, stream)
    text = stream.getvalue()
    assert text.startswith("\x1b[2Kstep 20/40 [#####.....]  50% | ")
    assert text.endswith("0:04 left\r")
    assert columns < 40 or len(text) <= columns + len("\x1b[2K")
    assert ("mlm 4.25" in text) == (columns >= 60)


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_forecast(kind):
    now, stream = datetime.datetime(2026, 1, 31, 23, 0), kind()
    slow = {"steps_per_second": 5.0, "seconds_left": 7200.0}
    print_forecast(slow | {"seconds_left": 5.0}, now, stream)
    assert stream.getvalue() == ""
    print_forecast(slow, now, stream)
    assert stream.getvalue().removeprefix("\x1b[2K") == (
        "At 5.00 steps/s it takes 2:00:00 more, until 2026-02-01 01:00\n"
    )
    assert ("\x1b" in stream.getvalue()) == stream.isatty()


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


def wait_for(condition, seconds=5.0):
    """Wait until a condition holds, up to a limit."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    assert condition()


def test_says_where_the_run_stands_and_what_to_look_at(caplog):
    watchdog = Watchdog(seconds=0.1)
    with watchdog.watching():
        watchdog.loop_ended(step=1200)
        wait_for(lambda: len(caplog.messages) == 1)
    message = caplog.messages[0]
    assert "since step 1200" in message
    assert "waiting for data" in message
    assert "stall_warning_seconds" in message


def test_is_quiet_while_loops_end(caplog):
    watchdog = Watchdog(seconds=0.5)
    with watchdog.watching():
        for step in range(12):
            time.sleep(0.1)
            watchdog.loop_ended(step)
    assert caplog.messages == []


def test_repeats_itself_at_growing_intervals(caplog):
    with Watchdog(seconds=0.05).watching():
        wait_for(lambda: len(caplog.messages) == 3)
    times = [record.created for record in caplog.records]
    assert times[2] - times[1] > times[1] - times[0] > 0


def test_time_outside_is_not_counted(caplog):
    watchdog = Watchdog(seconds=0.3)
    with watchdog.watching():
        watchdog.loop_ended(1)
    time.sleep(0.4)
    with watchdog.watching():
        time.sleep(0.1)
    assert caplog.messages == []


def test_limit_follows_the_longest_loop(monkeypatch):
    times = iter([0.0, 100.0, 110.0])
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    watchdog = Watchdog(seconds=0)
    assert watchdog.limit == 1800
    watchdog.loop_ended(10)
    assert watchdog.limit == 500
    watchdog.loop_ended(20)
    assert watchdog.limit == 500


def test_ends_what_stands_still(caplog, monkeypatch):
    ended = []
    monkeypatch.setattr("os._exit", ended.append)
    monkeypatch.setattr("logging.shutdown", lambda: None)
    with Watchdog(seconds=0.05, timeout=0.2).watching():
        wait_for(lambda: ended)
    assert ended[0] == STALLED == 69
    assert "the same command goes on" in caplog.text


def test_start_line():
    settings = Settings(10, 2, train_flops=lambda steps: 2e9 * steps)
    assert start_line(settings, 4, 2, "CPU", 14_000_000) == (
        "Updates 5 to 10 on 2 replicas (CPU) | float32 | 14.0M parameters | "
        "12.0GFLOP to do"
    )
    settings = Settings(10, 2, jit_compile=True)
    assert "| float32, compiled |" in start_line(settings, 4, 1, "CPU", 1)
    assert "| float32, compiled |" in start_line(settings, 4, 8, "TPU v3", 1)
    several = start_line(settings, 4, 2, "CPU", 1)
    assert "compiled but for the sum over replicas and the opt" in several
    assert "nothing is left" in start_line(settings, 10, 1, "CPU", 1)


def test_a_file_that_hangs_is_named(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(progress, "_ANSWER_SECONDS", 0.05)
    (tmp_path / "whole").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    paths = [str(tmp_path / name) for name in ("whole", "gone", "pipe")]
    with Watchdog(0.05, data_files=paths).watching():
        wait_for(lambda: caplog.messages)
    assert f"The file {paths[2]} does not answer" in caplog.messages[0]
