"""How fast a run is and how far: figures, a progress line, a warning."""

import contextlib
import datetime
import logging
import math
import os
import shutil
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from electra_tf.io import listing
from electra_tf.loss_terms import PER_EXAMPLE
from electra_tf.training.settings import Settings

# Metrics with these endings stand in the progress line; all are logged.
_SHOWN = ("loss", "auc")
CLEARED = "\x1b[2K"  # Empties the line of a terminal.
BAR = 10  # Characters of a progress bar.
LEAST_PARTS = 2  # Of a progress line, however narrow: the step, and the rest.
WORTH_A_FORECAST = 60.0  # Seconds.
# Short for what is counted by the million or more.
_PREFIXES = {"E": 1e18, "P": 1e15, "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3}

# A loop is late after this many times the longest, and this many seconds.
_TIMES_THE_LONGEST = 5
_AT_LEAST = 120.0
_FIRST_LOOP = 1800.0  # It traces the graph, and its length is not known yet.
_LOOKS = 4  # Looks at the clock within a limit,
_LONGEST_SLEEP = 15.0  # and seconds between two of them.
_ANSWER_SECONDS = 5.0  # A file that takes longer is named.
# The exit status of a run that stood still.
STALLED = os.EX_UNAVAILABLE


class Speed:
    """How fast a run is, and how far it has come, loop by loop.

    A loop's time is that since the loop before was reported; saving and
    evaluating count too. The first one has the tracing of the graph in it.

    Args:
        settings: `Settings` of the run.
        first_step: int, the step this process starts from.
        matmul_rate: float, operations a second that the machine reaches in
            matrix products; None when unknown.
    """

    def __init__(
        self,
        settings: Settings,
        first_step: int,
        matmul_rate: float | None = None,
    ):
        self.settings = settings
        self.matmul_rate = matmul_rate
        self.step = first_step
        self.time = time.monotonic()

    def __call__(self, step: int) -> dict[str, float]:
        """Return the figures of the loop that ended with `step` updates."""
        settings, now = self.settings, time.monotonic()
        before, seconds = self.step, max(now - self.time, 1e-9)
        speed = (step - before) / seconds
        self.step, self.time = step, now
        figures = {
            "examples": step * settings.examples_per_step,
            "steps_per_second": speed,
            "tokens_per_second": speed * settings.tokens_per_step,
            "seconds_left": (settings.num_train_steps - step) / speed,
        }
        if settings.train_flops is not None:
            figures["train_flops"] = settings.train_flops(step)
        done = settings.executed_flops
        if done is not None:
            rate = (done(step) - done(before)) / seconds
            figures |= {"executed_flops": done(step), "flops_per_second": rate}
            if self.matmul_rate is not None:
                # What updates reach the machine can: it was busy before.
                self.matmul_rate = max(self.matmul_rate, rate)
                figures["matmul_share"] = rate / self.matmul_rate
        return figures


def start_line(
    settings: Settings, step: int, replicas: int, device: str, parameters: int
) -> str:
    """Say what a run does from here on, and on what.

    Args:
        settings: `Settings` of the run.
        step: int, the updates done so far.
        replicas: int, the devices that share a batch.
        device: str, what they are.
        parameters: int, the numbers that are trained.
    """
    last = settings.num_train_steps
    if step >= last:
        return f"All {step} updates are done: nothing is left to train."
    compiled = ", compiled" * settings.jit_compile
    if settings.jit_compile and replicas > 1 and not device.startswith("TPU"):
        compiled += " but for the sum over replicas and the optimizer"
    parts = [
        f"Updates {step + 1} to {last} on {replicas} "
        f"replica{'s' * (replicas > 1)} ({device})",
        settings.compute_dtype + compiled,
        f"{quantity(parameters)} parameters",
    ]
    flops = settings.train_flops or settings.executed_flops
    if flops is not None:
        parts.append(f"{quantity(flops(last) - flops(step))}FLOP to do")
    return " | ".join(parts)


def print_line(step: int, last_step: int, metrics: dict, stream=None):
    """Print step, losses, rate, speed and time left.

    On a terminal the line has a bar, is written over and cut to the width;
    elsewhere each is a new one, and whole.

    Args:
        step: int, the updates done.
        last_step: int, the updates of the whole run.
        metrics: dict of floats, those of `Speed` among them.
        stream: where to print; stderr by default.
    """
    stream = stream or sys.stderr
    parts = [
        f"step {step}/{last_step}",
        *_losses(metrics),
        f"lr {metrics['learning_rate']:.2e}",
        f"{metrics['steps_per_second']:.2f} steps/s",
        f"{quantity(metrics['tokens_per_second'])} tokens/s",
        *_work(metrics),
        f"{duration(metrics['seconds_left'])} left",
    ]
    if not stream.isatty():
        print(" | ".join(parts), file=stream, flush=True)
        return
    parts[0] += f" {_bar(step / last_step)}"
    columns = shutil.get_terminal_size().columns
    while len(" | ".join(parts)) >= columns and len(parts) > LEAST_PARTS:
        del parts[-2]  # The time left stays, at the end.
    end = "\r" if step < last_step else "\n"
    print(CLEARED + " | ".join(parts), end=end, file=stream, flush=True)


def _losses(metrics: dict) -> Iterator[str]:
    """Give losses and AUC; of a sum that has a mean, the mean.

    The mean of a task of which no example came is left out.
    """
    for name, value in metrics.items():
        if name.endswith(PER_EXAMPLE):
            task = name.removesuffix(f"_loss{PER_EXAMPLE}")
            if metrics.get(f"{task}_loss") == 0 and math.isnan(value):
                continue
            yield f"{task} loss/example {value:.4g}"
        elif name.endswith(_SHOWN) and f"{name}{PER_EXAMPLE}" not in metrics:
            yield f"{name.removesuffix('_loss')} {value:.4g}"


def _bar(share: float) -> str:
    """Draw a share of a whole.

    >>> _bar(0.42)
    '[####......]  42%'
    """
    filled = int(share * BAR)
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}"


def print_forecast(metrics: dict, now: datetime.datetime, stream=None):
    """Say when a run will be done, if it takes a while.

    Args:
        metrics: dict of floats, what `Speed` returned of a whole loop.
        now: the time.
        stream: where to print; stderr by default.
    """
    stream, seconds = stream or sys.stderr, metrics["seconds_left"]
    if seconds < WORTH_A_FORECAST:
        return
    end = now + datetime.timedelta(seconds=seconds)
    print(
        f"{CLEARED if stream.isatty() else ''}"
        f"At {metrics['steps_per_second']:.2f} steps/s it takes "
        f"{duration(seconds)} more, until {end:%Y-%m-%d %H:%M}",
        file=stream,
    )


def _work(metrics: dict) -> list[str]:
    """Write the operations so far, and their rate by what can be had."""
    if "flops_per_second" not in metrics:
        return []
    done = metrics.get("train_flops", metrics["executed_flops"])
    rate = f"{quantity(metrics['flops_per_second'])}FLOP/s"
    if (share := metrics.get("matmul_share", 0.0)) >= 1:
        rate += " (more than the matmul measured before)"
    elif share:
        rate += f" ({share:.1%} of matmul)"
    return [f"{quantity(done)}FLOP", rate]


def quantity(value: float) -> str:
    """Write a large number for people.

    >>> quantity(17623.0), quantity(3.1e12), quantity(12)
    ('17.6k', '3.1T', '12.0')
    """
    for prefix, size in _PREFIXES.items():
        if value >= size:
            return f"{value / size:.1f}{prefix}"
    return f"{value:.1f}"


def duration(seconds: float) -> str:
    """Write a time span for people.

    >>> duration(75), duration(3725), duration(200000)
    ('1:15', '1:02:05', '2d 7:33:20')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if not days and not hours:
        return f"{minutes}:{rest:02}"
    clock = f"{hours}:{minutes:02}:{rest:02}"
    return f"{days}d {clock}" if days else clock


class Watchdog:
    """Warns when no loop has ended for much longer than usual.

    A thread looks at the clock; it touches neither model nor device, so it
    speaks up even when these hang. It warns again when the wait has doubled.

    Args:
        seconds: float, the wait after which it warns; 0 for five times the
            longest loop, two minutes at least (half an hour while the first
            loop runs).
        step: int, the updates done so far.
        timeout: float, the wait after which it ends the process, whose
            threads may hang, with status `STALLED`; 0 for never.
        data_files: what is read meanwhile; one that hangs is named.
    """

    def __init__(
        self,
        seconds: float,
        step: int = 0,
        timeout: float = 0.0,
        data_files: Sequence[str] = (),
    ):
        self.data_files = data_files
        self.seconds = seconds
        self.step = step
        self.timeout = timeout
        self.longest: float | None = None
        self._loop_began = time.monotonic()

    @property
    def limit(self) -> float:
        """Seconds without a finished loop that call for a warning."""
        if self.seconds:
            return self.seconds
        if self.longest is None:
            return _FIRST_LOOP
        return max(_AT_LEAST, _TIMES_THE_LONGEST * self.longest)

    def loop_ended(self, step: int):
        """Take note that a loop ended with `step` updates done."""
        now = time.monotonic()
        self.longest = max(self.longest or 0.0, now - self._loop_began)
        self.step, self._loop_began = step, now

    @contextlib.contextmanager
    def watching(self):
        """Watch the loops inside the `with` block."""
        self._loop_began = time.monotonic()
        finished = threading.Event()
        thread = threading.Thread(
            target=self._watch, args=(finished,), daemon=True
        )
        thread.start()
        try:
            yield
        finally:
            finished.set()
            thread.join()

    def _watch(self, finished: threading.Event):
        warned, factor = None, 1
        shortest = min(self.limit, self.timeout or self.limit)
        while not finished.wait(min(shortest / _LOOKS, _LONGEST_SLEEP)):
            if warned != self._loop_began:
                factor = 1
            waited = time.monotonic() - self._loop_began
            if waited > factor * self.limit:
                logging.warning("%s", self._message(waited))
                warned, factor = self._loop_began, 2 * factor
            if 0 < self.timeout < waited:
                logging.error("%s", self._message(waited))
                logging.error(
                    "The run ends after stall_timeout_seconds, with status "
                    "%d: the same command goes on from its newest checkpoint.",
                    STALLED,
                )
                logging.shutdown()
                os._exit(STALLED)

    def _message(self, waited: float) -> str:
        usual = (
            "This is the first loop"
            if self.longest is None
            else f"The longest loop so far took {duration(self.longest)}"
        )
        silent = listing.first_silent(self.data_files, _ANSWER_SECONDS)
        waits = f" The file {silent} does not answer." if silent else ""
        return (
            f"No progress for {duration(waited)} since step {self.step}. "
            f"{usual}.{waits} The step may be waiting for data: look at the "
            "disk or network that holds the records, and at the load of the "
            "host's cores. A device or another machine of the run may have "
            "stopped. If loops take this long, lower iterations_per_loop or "
            "raise stall_warning_seconds."
        )
