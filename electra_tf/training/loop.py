"""The training loop of both programs.

    restore the newest whole checkpoint
    while step < num_train_steps:
        update the weights up to the next pause, in calls of about a second
        write the metrics of these updates
        save and evaluate where it is time

What one update does is in `electra_tf.training.step`, when to pause, save and
evaluate in `electra_tf.training.settings`. No model is known here.
"""

import contextlib
import datetime
import json
import logging
import math
import os
import sys
import time
import typing
from collections.abc import Callable, Sequence

import tensorflow as tf

from electra_tf.errors import Stopped
from electra_tf.io import files, spare_files
from electra_tf.training import (
    checkpoints,
    distribution,
    rollback,
    run_folder,
    workers,
)
from electra_tf.training.checkpoint_folder import CheckpointFolder
from electra_tf.training.matmul_rate import matmul_rate
from electra_tf.training.metric_writer import MetricWriter
from electra_tf.training.non_finite import NonFiniteError, NonFiniteGuard
from electra_tf.training.progress import (
    Speed,
    Watchdog,
    print_forecast,
    print_line,
    start_line,
)
from electra_tf.training.settings import Settings
from electra_tf.training.step import Evaluator, TrainStep
from electra_tf.training.stopping import InterruptibleCalls

# It foretells the end of the run; the one before traced the graph.
FIRST_WHOLE_LOOP = 2
# The losses since the last line of metrics, of a run that was stopped.
_UNFINISHED_LOOP = "unfinished_loop.json"


def _losses(values: dict) -> tuple[int, dict]:
    """Return the step and the sums of an unfinished line of metrics."""
    sums = values["sums"].items()
    return values["step"], {
        name: (float(total), float(count)) for name, (total, count) in sums
    }


class Phase(typing.NamedTuple):
    """What is trained from some step on."""

    first_step: int  # The number of its first update.
    # See `electra_tf.training.step.TrainStep`; variables that its losses do not
    # depend on stay as they are, and so do their slots.
    step_function: Callable
    # Function to call before its first update, or None. What it does must not
    # depend on how often it is called before that update: a run that was
    # stopped right there calls it again.
    begin: Callable[[], None] | None = None


class TrainingLoop:
    """Trains a model, from its newest whole checkpoint on.

    Args:
        phases: `Phase`s by step, the first from 0.
        optimizer: a row of `electra_tf.training.optimizer.OPTIMIZERS`; its
            `slots` are saved too.
        variables: dict from path to `keras.Variable`, what to save.
        dataset: function from the first step to a distributed dataset.
        strategy: `tf.distribute.Strategy`; optimizer and variables must have
            been made in its scope.
        settings: `Settings`.
        evaluator: `Evaluator`, or None.
        stop: an object that is true once training shall stop, such as
            `electra_tf.training.stopping.StopSignal`; several workers have a
            `ClusterStop`. None for never.
        warn: function from the step and the metrics of some updates to a
            warning, or to None; or None.
        facts: dict for `runs.jsonl`, what the loop does not know: hashes of
            the data, say.

    Attributes:
        step: `tf.Variable`, the number of updates done.
    """

    def __init__(
        self,
        phases: Sequence[Phase],
        optimizer,
        variables: dict,
        dataset,
        strategy,
        settings: Settings,
        evaluator: Evaluator | None = None,
        stop=None,
        warn=None,
        facts: dict | None = None,
    ):
        self.phases = phases
        self.strategy = strategy
        self.settings = settings
        self.evaluator = evaluator
        self.warn = warn
        self.facts = facts or {}
        # Of several workers one keeps what it writes.
        self._chief = workers.is_chief(strategy)
        with strategy.scope():
            self.step = tf.Variable(
                0,
                dtype=tf.int64,
                trainable=False,
                name="step",
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            self._guard = guard = NonFiniteGuard(
                settings.max_skipped_updates, settings.loss_scaling
            )
            self._checkpoints = self._checkpoint_folder(variables, optimizer)
            self._restored = False
            if self._checkpoints is not None:
                self._restored = self._checkpoints.restore() is not None
            if workers.from_chief(strategy, self._is_to_go_back):
                self._roll_back()
            self._rollbacks = workers.from_chief(
                strategy, lambda: rollback.number(settings.model_dir)
            )
            self._rate_factor = tf.Variable(
                rollback.rate_factor(self._rollbacks), trainable=False
            )
            if self._rollbacks or settings.max_rollbacks:
                schedule = optimizer.learning_rate
                optimizer.learning_rate = lambda step: (
                    schedule(step) * self._rate_factor
                )
        first_step = self._steps_done
        self._dataset = dataset
        iterator = iter(dataset(first_step))
        self._train_steps = [
            TrainStep(
                phase.step_function,
                optimizer,
                iterator,
                strategy,
                self.step,
                settings,
                guard,
            )
            for phase in phases
        ]
        self._parameters = sum(math.prod(v.shape) for v in variables.values())
        # Losses by name, (total, count), since the last line of metrics.
        self._sums = {}
        self._loops = 0  # Of this process.
        several = isinstance(stop, workers.ClusterStop)
        self._interruptible = InterruptibleCalls(None if several else stop)
        self._cluster_stop = stop if several else None
        self._watchdog = Watchdog(
            settings.stall_warning_seconds,
            first_step,
            settings.stall_timeout_seconds,
            settings.data_files,
        )
        self._writer = MetricWriter(
            settings.model_dir,
            self._chief,
            settings.train_flops,
            distribution.files_device(strategy),
        )

    def _checkpoint_folder(self, variables, optimizer):
        folder, guard = self.settings.model_dir, self._guard
        if folder is None:
            return None
        saved = checkpoints.checkpoint(
            variables, optimizer.slots, self.step, guard.variables
        )
        return CheckpointFolder(
            saved,
            folder,
            self.settings.keep,
            self.strategy,
            lambda: self._steps_done - guard.skipped,
        )

    @property
    def _steps_done(self) -> int:
        return int(self.step.numpy())

    def train(self):
        """Train up to the last step, evaluating on the way where asked to.

        Whatever a checkpoint's step has seen to is on disk before it: rows of
        metrics up to this step, and no others when a run goes on from it.

        Raises:
            Stopped: when asked to stop; a checkpoint has been saved.
            NonFiniteError: after too many updates that were skipped.
        """
        try:
            self._record_start(self._steps_done)
            while not self._is_trained():
                self._go_back()
        except Stopped:
            self._save()
            raise

    def _is_trained(self) -> bool:
        """Train; return false to go back after updates that were skipped."""
        try:
            self._resume()
            self._train()
            self._guard.check_end(self._steps_done)
        except NonFiniteError as error:
            settings, folder, good = self.settings, self._checkpoints, None
            if folder is not None:
                folder.note_good()
                good = folder.last_good
                if self._chief:
                    rollback.mark(folder.folder, self._steps_done)
            if good is not None and self._rollbacks < settings.max_rollbacks:
                logging.warning("%s", error)
                return False
            if settings.rollback is None:
                good = None
            advice = rollback.advice(good, settings.model_dir)
            raise NonFiniteError(f"{error} {advice}") from None
        if self._chief and self._checkpoints is not None:
            rollback.unmark(self._checkpoints.folder)
            path = self._checkpoints.path(self._steps_done)
            print(f"Trained: {path}", file=sys.stderr)
        return True

    def _is_to_go_back(self) -> bool:
        settings = self.settings
        return bool(settings.rollback) and (
            self._guard.is_skipping or rollback.is_marked(settings.model_dir)
        )

    def _roll_back(self):
        """Restore the last good checkpoint."""
        step = self._steps_done
        self._checkpoints.roll_back()
        self._restored = True
        if self._chief:
            rollback.unmark(self.settings.model_dir)
            print(
                f"Going back from update {step} to {self._steps_done}, whose "
                "checkpoint is the last that has proven good.",
                file=sys.stderr,
            )

    def _go_back(self):
        """Go back unasked, and go on at a lower learning rate."""
        self._roll_back()
        self._rollbacks += 1
        if self._chief:
            rollback.keep_number(self.settings.model_dir, self._rollbacks)
        self._rate_factor.assign(rollback.rate_factor(self._rollbacks))
        self._sums = {}
        iterator = iter(self._dataset(self._steps_done))
        for train_step in self._train_steps:
            train_step.iterator = iterator

    def _train(self):
        settings, step = self.settings, self._steps_done
        if self._chief:
            replicas = self.strategy.num_replicas_in_sync
            device = run_folder.device_kind()
            print(
                start_line(settings, step, replicas, device, self._parameters),
                file=sys.stderr,
            )
        rate = None
        done = step >= settings.num_train_steps
        if settings.executed_flops is not None and not done:
            rate = matmul_rate(self.strategy, settings.compute_dtype)
        speed = Speed(settings, step, rate)
        while step < settings.num_train_steps:
            before, step = step, self._next_pause(step)
            with self._traced(before), self._watchdog.watching():
                self._interruptible(self._update, step - before)
                self._report(step, speed)
            if settings.is_save_due(before, step):
                self._save()
            if settings.is_evaluation_due(step):
                self.evaluate()
            if self._cluster_stop is not None:
                self._cluster_stop.check()

    def _next_pause(self, step: int) -> int:
        later = [p.first_step for p in self.phases if p.first_step > step]
        return min([self.settings.next_pause(step), *later])

    def _update(self, num_steps: int):
        """Make updates of the phase that the step lies in."""
        step = self._steps_done
        number = sum(phase.first_step <= step for phase in self.phases) - 1
        phase = self.phases[number]
        if step == phase.first_step and phase.begin is not None:
            phase.begin()
        self._add_to_sums(self._train_steps[number].run(num_steps))

    def _add_to_sums(self, more: dict):
        for name, (total, count) in more.items():
            before = self._sums.get(name, (0.0, 0.0))
            self._sums[name] = (before[0] + total, before[1] + count)

    def _report(self, step: int, speed: Speed):
        """Print and write the metrics since the last report."""
        self._watchdog.loop_ended(step)
        metrics = self._train_steps[0].metrics(self._sums) | speed(step)
        self._sums = {}
        if self._chief:
            print_line(step, self.settings.num_train_steps, metrics)
            self._loops += 1
            if self._loops == FIRST_WHOLE_LOOP:
                print_forecast(metrics, datetime.datetime.now())
        self._writer.write_training(step, metrics)
        warning = self.warn and self.warn(step, metrics)
        if warning:
            logging.warning("%s", warning)

    def evaluate(self) -> dict[str, float]:
        """Evaluate the current weights; return the metrics."""
        step = self._steps_done
        self._writer.forget_evaluations(step)
        started = time.monotonic()
        metrics = self.evaluator.evaluate(self.settings.eval_steps)
        seconds = time.monotonic() - started
        speed = {"steps_per_second": self.evaluator.batches / seconds}
        self._writer.write_evaluation(step, metrics, speed)
        return metrics | speed

    def _save(self):
        """Save a checkpoint, and the losses since the last line of metrics."""
        if self._checkpoints is None:
            return
        step = self._steps_done
        if self._sums and self._chief:
            content = {"step": step, "sums": self._sums}
            files.write(self._path(_UNFINISHED_LOOP), json.dumps(content))
        self._checkpoints.save(step)

    def _resume(self):
        """Bring the files beside the checkpoint back to its step."""
        if self.settings.model_dir is None:
            return
        step = self._steps_done
        self._writer.forget_after(step)
        path = self._path(_UNFINISHED_LOOP)
        of_step, sums = spare_files.read_json(path, _losses) or (None, {})
        if self._restored and of_step == step:
            self._add_to_sums(sums)
        if self.settings.is_evaluation_due(step) and workers.from_chief(
            self.strategy, lambda: not self._writer.has_evaluation(step)
        ):
            self.evaluate()

    def _path(self, name: str) -> str:
        return os.path.join(self.settings.model_dir, name)

    def _record_start(self, step: int):
        settings = self.settings
        folder = settings.record_dir or settings.model_dir
        if self._chief and folder is not None:
            run_folder.record_start(
                folder,
                step=step,
                num_train_steps=settings.num_train_steps,
                seed=settings.seed,
                strategy=type(self.strategy).__name__,
                replicas=self.strategy.num_replicas_in_sync,
                **self.facts,
            )

    def _traced(self, step: int):
        """Trace the steps from here to the next pause, if it was asked for."""
        folder = self._writer.summary_folder("profile")
        first, last = self.settings.profile_steps or (0, 0)
        if folder and first <= step < last:
            return tf.profiler.experimental.Profile(folder)
        return contextlib.nullcontext()
