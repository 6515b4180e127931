"""The outer loop: checkpoints, logs and evaluations around the inner one."""

import contextlib
import io
import logging

import orbit
import tensorflow as tf

from electra_tf.training import checkpoints, run_record
from electra_tf.training.evaluator import Evaluator
from electra_tf.training.guard import Guard
from electra_tf.training.loop import Trainer
from electra_tf.training.matmul_rate import matmul_rate
from electra_tf.training.reporting import MetricsFile, ProgressLine, Speed
from electra_tf.training.settings import Settings
from electra_tf.training.summaries import SummariesByFlops
from electra_tf.training.watchdog import Watchdog


class Run:
    """A model in training, from its newest checkpoint on.

    Args:
        step_function: see `Trainer`.
        optimizer: see `Trainer`; its `slots` are saved too.
        variables: dict from path to `keras.Variable`, what to save.
        dataset: function from the first step to a distributed dataset.
        strategy: `tf.distribute.Strategy`; optimizer and variables must have
            been made in its scope.
        settings: `Settings`.
        evaluator: `Evaluator`, or None.
        warn: function from the step and the metrics of a loop to a warning,
            or to None; or None.
        facts: dict for `runs.jsonl`, what the loop does not know: hashes of
            the data, say.
    """

    def __init__(
        self,
        step_function,
        optimizer,
        variables: dict,
        dataset,
        strategy,
        settings: Settings,
        evaluator: Evaluator | None = None,
        warn=None,
        facts: dict | None = None,
    ):
        self.settings = settings
        self.strategy = strategy
        self.warn = warn
        self.facts = facts or {}
        with strategy.scope():
            self.step = tf.Variable(
                0,
                dtype=tf.int64,
                trainable=False,
                name="step",
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            guard = Guard(settings.max_skipped_updates, settings.loss_scaling)
        manager = self._manager(variables, optimizer, guard)
        self.restored = manager and checkpoints.restore_latest(manager)
        first_step = int(self.step.numpy())
        trainer = Trainer(
            step_function,
            optimizer,
            iter(dataset(first_step)),
            strategy,
            self.step,
            settings,
            guard,
        )
        self._line = ProgressLine(settings.num_train_steps)
        self._speed = Speed(settings, first_step)
        self._watchdog = Watchdog(settings.stall_warning_seconds, first_step)
        self._train_by_flops, self._eval_by_flops = (
            SummariesByFlops(self._folder(name), settings.flops_per_step)
            for name in ("train_by_flops", "eval_by_flops")
        )
        with _without_orbits_own_lines():
            self._controller = orbit.Controller(
                global_step=self.step,
                trainer=trainer,
                evaluator=evaluator,
                strategy=strategy,
                train_actions=[self._report],
                eval_actions=[self._report_evaluation],
                steps_per_loop=settings.steps_per_loop,
                checkpoint_manager=manager,
                summary_dir=self._folder("train"),
                eval_summary_dir=self._folder("eval"),
            )

    def _manager(self, variables, optimizer, guard):
        settings = self.settings
        if settings.model_dir is None:
            return None
        saved = checkpoints.checkpoint(
            variables, optimizer.slots, self.step, guard.variables
        )
        return checkpoints.manager(
            saved, settings.model_dir, settings.keep, settings.save_every
        )

    def _folder(self, name: str) -> str | None:
        folder = self.settings.model_dir
        return folder and f"{folder}/summaries/{name}"

    def train(self):
        """Train up to the last step, evaluating on the way where asked to."""
        last = self.settings.num_train_steps
        step = int(self.step.numpy())
        self._record_start(step)
        self._speed = Speed(self.settings, step, self._matmul_rate())
        while step < last:
            target = self._next_stop(step)
            with (
                _without_orbits_own_lines(),
                self._traced(step),
                self._watchdog.watching(),
            ):
                self._controller.train(
                    target, checkpoint_at_completion=target == last
                )
            step = int(self.step.numpy())
            if step < last and self._evaluates_at(step):
                self.evaluate()

    def _record_start(self, step: int):
        settings = self.settings
        if settings.model_dir is not None:
            run_record.append(
                settings.model_dir,
                step=step,
                num_train_steps=settings.num_train_steps,
                seed=settings.seed,
                strategy=type(self.strategy).__name__,
                replicas=self.strategy.num_replicas_in_sync,
                **self.facts,
            )

    def _matmul_rate(self) -> float | None:
        """The machine's rate, where there is a rate to compare with it."""
        if self.settings.update_flops is None:
            return None
        return matmul_rate(self.strategy, self.settings.compute_dtype)

    def _next_stop(self, step: int) -> int:
        """The next step at which something besides training is due."""
        settings, every = self.settings, self.settings.evaluate_every
        stops = [settings.num_train_steps, *(settings.profile_steps or ())]
        if every:
            stops.append(step - step % every + every)
        return min(stop for stop in stops if stop > step)

    def _evaluates_at(self, step: int) -> bool:
        every = self.settings.evaluate_every
        return every > 0 and step % every == 0

    def _traced(self, step: int):
        """Trace the steps from here to the next stop, if it was asked for."""
        folder = self._folder("profile")
        first, last = self.settings.profile_steps or (0, 0)
        if folder and first <= step < last:
            return tf.profiler.experimental.Profile(folder)
        return contextlib.nullcontext()

    def evaluate(self) -> dict:
        """Evaluate the current weights; returns the metrics."""
        with _without_orbits_own_lines():
            return self._controller.evaluate(steps=self.settings.eval_steps)

    def _report(self, metrics: dict):
        step = int(self.step.numpy())
        self._watchdog.loop_ended(step)
        # In place, so that orbit writes the speed to TensorBoard as well.
        metrics.update(self._speed(step))
        self._line(step, metrics)
        self._write("metrics.jsonl", step, metrics)
        self._train_by_flops(step, metrics)
        warning = self.warn and self.warn(step, metrics)
        if warning:
            logging.warning("%s", warning)

    def _report_evaluation(self, metrics: dict):
        step = int(self.step.numpy())
        self._write("evaluations.jsonl", step, metrics)
        self._eval_by_flops(step, metrics)

    def _write(self, name: str, step: int, metrics: dict):
        if self.settings.model_dir is not None:
            MetricsFile(f"{self.settings.model_dir}/{name}")(step, metrics)


@contextlib.contextmanager
def _without_orbits_own_lines():
    """Drop what orbit prints; the progress line says it shorter."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
