"""What a run writes of itself, loop by loop."""

import io
import logging
import os

from electra_tf.training import rows
from electra_tf.training.reporting import MetricsFile, ProgressLine, Speed
from electra_tf.training.settings import Settings
from electra_tf.training.summaries import SummariesByFlops
from electra_tf.training.watchdog import Watchdog

METRICS_FILE = "metrics.jsonl"
EVALUATIONS_FILE = "evaluations.jsonl"


class Logbook:
    """The progress line, rows of metrics, TensorBoard's files and warnings.

    orbit writes TensorBoard's summaries by step itself; those by FLOPs are
    written here.

    Args:
        settings: `Settings`; without a model_dir nothing is written.
        step: int, the updates done so far.
        chief: bool, whether this worker is the one that prints and writes.
        warn: function from the step and the metrics of a loop to a warning,
            or to None; or None.

    Attributes:
        watchdog: `Watchdog` of the loops.
    """

    def __init__(self, settings: Settings, step: int, chief: bool, warn=None):
        self.settings = settings
        self.chief = chief
        self.warn = warn
        self.watchdog = Watchdog(settings.stall_warning_seconds, step)
        self._line = ProgressLine(
            settings.num_train_steps, stream=None if chief else io.StringIO()
        )
        self._speed = Speed(settings, step)
        self._train_by_flops, self._eval_by_flops = (
            SummariesByFlops(self.folder(name), settings.train_flops)
            for name in ("train_by_flops", "eval_by_flops")
        )

    @property
    def _writes(self) -> bool:
        return self.chief and self.settings.model_dir is not None

    def _path(self, name: str) -> str:
        return os.path.join(self.settings.model_dir, name)

    def folder(self, name: str) -> str | None:
        """Return the folder of some summaries; None where none are written."""
        return self._path(f"summaries/{name}") if self._writes else None

    def begin(self, step: int, matmul_rate: float | None):
        """Take the time from here on; see `Speed`."""
        self._speed = Speed(self.settings, step, matmul_rate)

    def log(self, step: int, metrics: dict):
        """Write the metrics of a loop, and add the speed to them."""
        self.watchdog.loop_ended(step)
        # In place, so that orbit writes the speed to TensorBoard as well.
        metrics.update(self._speed(step))
        self._line(step, metrics)
        self._write(METRICS_FILE, step, metrics)
        self._train_by_flops(step, metrics)
        warning = self.warn and self.warn(step, metrics)
        if warning:
            logging.warning("%s", warning)

    def log_evaluation(self, step: int, metrics: dict):
        """Write the metrics of an evaluation."""
        self._write(EVALUATIONS_FILE, step, metrics)
        self._eval_by_flops(step, metrics)

    def _write(self, name: str, step: int, metrics: dict):
        if self._writes:
            MetricsFile(self._path(name))(step, metrics)

    def evaluated(self, step: int) -> bool:
        """Say whether there is an evaluation of a step already."""
        return rows.has(self._path(EVALUATIONS_FILE), step)

    def forget_after(self, step: int):
        """Cut what was written of later steps, which will be done again."""
        if self._writes:
            rows.cut(self._path(METRICS_FILE), step)
            rows.cut(self._path(EVALUATIONS_FILE), step)

    def forget_evaluation(self, step: int):
        """Cut the evaluations of this step and later ones."""
        if self._writes:
            rows.cut(self._path(EVALUATIONS_FILE), step - 1)
