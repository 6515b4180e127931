"""Writes what a run measures: JSON lines and TensorBoard's curves.

    metrics.jsonl            a line for each report: {"step": 100, ...}
    evaluations.jsonl        a line for each evaluation on the way
    summaries/train, eval    curves over the step
    summaries/*_by_flops     curves over what training has cost

In a line, null stands for what is no finite number.
"""

import importlib.util
import json
import math
import os
import sys

import tensorflow as tf

from electra_tf.io import files

METRICS_FILE = "metrics.jsonl"
EVALUATIONS_FILE = "evaluations.jsonl"
UNIT = 1e9  # TensorBoard's steps are integers; those of a cost are GFLOPs.


class MetricWriter:
    """Writes the metrics of a run to its folder.

    Curves over GFLOPs compare runs of different sizes at equal cost.

    Args:
        folder: str, the run's; None for nowhere.
        chief: bool, whether this worker is the one that writes.
        train_flops: function from a number of updates to their operations;
            None where these are not counted, for no curves over them.
        device: str, where TensorFlow sees the folder, see
            `distribution.files_device`.
    """

    def __init__(
        self,
        folder: str | None,
        chief: bool,
        train_flops=None,
        device: str | None = None,
    ):
        self.folder = folder
        self.device = device
        self.train_flops = train_flops
        self._writes = chief and folder is not None
        self._has_curves = importlib.util.find_spec("tensorboard") is not None
        if self._writes and not self._has_curves:
            print(
                "TensorBoard is not installed, so there will be no summaries/: "
                "pip install tensorboard.",
                file=sys.stderr,
            )
        self._summaries: dict[str, tf.summary.SummaryWriter] = {}

    def write_training(self, step: int, metrics: dict):
        """Write the metrics of the updates up to a step."""
        self._write(METRICS_FILE, "train", step, metrics)

    def write_evaluation(self, step: int, metrics: dict, speed: dict):
        """Write the metrics of an evaluation; its speed to a curve only."""
        self._write(EVALUATIONS_FILE, "eval", step, metrics, speed)

    def _write(self, name: str, curves: str, step: int, metrics, speed=None):
        if not self._writes:
            return
        finite = {
            metric: value if math.isfinite(value) else None
            for metric, value in metrics.items()
        }
        files.append(self._path(name), json.dumps({"step": step, **finite}))
        self._add_to_curves(curves, step, metrics | (speed or {}))
        if self.train_flops is not None:
            cost = round(self.train_flops(step) / UNIT)
            self._add_to_curves(f"{curves}_by_flops", cost, metrics)

    def _add_to_curves(self, name: str, position: int, metrics: dict):
        if not self._has_curves:
            return
        with tf.device(self.device):
            if name not in self._summaries:
                folder = self.summary_folder(name)
                self._summaries[name] = tf.summary.create_file_writer(folder)
            with self._summaries[name].as_default(position):
                for tag, value in metrics.items():
                    tf.summary.scalar(tag, value)
            self._summaries[name].flush()

    def has_evaluation(self, step: int) -> bool:
        """Return whether there is an evaluation of a step already."""
        lines = _lines(self._path(EVALUATIONS_FILE))
        return any(_step_of(line) == step for line in lines)

    def forget_after(self, step: int):
        """Cut what was written of later steps, which will be done again."""
        if self._writes:
            _cut(self._path(METRICS_FILE), step)
            _cut(self._path(EVALUATIONS_FILE), step)

    def forget_evaluations(self, step: int):
        """Cut the evaluations of this step and later ones."""
        if self._writes:
            _cut(self._path(EVALUATIONS_FILE), step - 1)

    def summary_folder(self, name: str) -> str | None:
        """Return the folder of some curves; None where none are written."""
        if not self._writes:
            return None
        return files.growing_folder(self._path(f"summaries/{name}"))

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)


def write_results(
    text_path: str, json_path: str, metrics: dict[str, float]
) -> None:
    """Print the metrics of a finished run, and write them to two files.

    The text has the original's form, one `name = value` a line.
    """
    text = "".join(
        f"{name} = {value:.6g}\n" for name, value in sorted(metrics.items())
    )
    files.write(text_path, text)
    files.write_json(json_path, metrics)
    print(f"{text}Results: {text_path}, {json_path}", file=sys.stderr)


def _cut(path: str, last_step: int):
    """Drop the lines of later steps, and a line that a kill cut short."""
    lines = _lines(path)
    kept = [line for line in lines if _step_of(line) <= last_step]
    if len(kept) < len(lines):
        files.write(path, "".join(kept))


def _lines(path: str) -> list[str]:
    if not files.exists(path):
        return []
    # What is no text is no line, and kept from being an error.
    text = files.read(path).decode(errors="replace")
    return text.splitlines(keepends=True)


def _step_of(line: str) -> float:
    """Return the step of a line; infinity for one that is cut short."""
    if not line.endswith("\n"):
        return math.inf
    try:
        return json.loads(line)["step"]
    except (ValueError, TypeError, KeyError):
        return math.inf
