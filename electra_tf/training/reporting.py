"""What a run says of itself: one progress line, and metrics.jsonl."""

import json
import pathlib
import sys
import time


class Progress:
    """Prints one line a loop: step, losses, rate, speed, time left.

    On a terminal the line is written over; elsewhere each is a new one.

    Args:
        num_train_steps: int, the steps of the whole run.
        first_step: int, the step this process starts from.
        tokens_per_step: int, tokens of a global batch.
        stream: where to print; stderr by default.
    """

    def __init__(
        self,
        num_train_steps: int,
        first_step: int,
        tokens_per_step: int,
        stream=None,
    ):
        self.num_train_steps = num_train_steps
        self.tokens_per_step = tokens_per_step
        self.stream = stream or sys.stderr
        self.step = first_step
        self.time = time.monotonic()

    def __call__(self, step: int, metrics: dict) -> dict:
        """Print the line; return the metrics with the speed added."""
        now = time.monotonic()
        speed = (step - self.step) / max(now - self.time, 1e-9)
        self.step, self.time = step, now
        metrics = {
            **metrics,
            "steps_per_second": speed,
            "tokens_per_second": speed * self.tokens_per_step,
        }
        self._print(self._line(step, metrics))
        return metrics

    def _line(self, step: int, metrics: dict) -> str:
        left = (self.num_train_steps - step) / metrics["steps_per_second"]
        losses = [
            f"{name.removesuffix('_loss')} {value:.4g}"
            for name, value in metrics.items()
            if name.endswith("loss")
        ]
        parts = [
            f"step {step}/{self.num_train_steps}",
            *losses,
            f"lr {metrics['learning_rate']:.2e}",
            f"{metrics['steps_per_second']:.2f} steps/s",
            f"{metrics['tokens_per_second'] / 1000:.1f}k tokens/s",
            f"{duration(left)} left",
        ]
        return " | ".join(parts)

    def _print(self, line: str):
        terminal = self.stream.isatty()
        last = self.step >= self.num_train_steps
        end = "\r" if terminal and not last else "\n"
        start = "\x1b[2K" if terminal else ""
        print(start + line, end=end, file=self.stream, flush=True)


def duration(seconds: float) -> str:
    """Write a time span for people.

    >>> duration(75), duration(3725), duration(200000)
    ('1:15', '1:02:05', '2d 7:33:20')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}:{minutes:02}:{rest:02}"
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}"


class MetricsFile:
    """Appends one JSON object a loop to a file.

    Args:
        path: str, the file; made with its folder when first written to.
    """

    def __init__(self, path: str):
        self.path = pathlib.Path(path)

    def __call__(self, step: int, metrics: dict):
        """Write `{"step": step, ...}`."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **metrics}) + "\n")
