"""The warning of a run that stands still."""

import time

from electra_tf.training.watchdog import Watchdog


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
