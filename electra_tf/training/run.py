"""The outer loop: checkpoints, logs and evaluations around the inner one."""

import contextlib
import io

import orbit
import tensorflow as tf

from electra_tf.training import checkpoints
from electra_tf.training.evaluator import Evaluator
from electra_tf.training.guard import Guard
from electra_tf.training.loop import Trainer
from electra_tf.training.reporting import MetricsFile, Progress
from electra_tf.training.settings import Settings


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
    ):
        self.settings = settings
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
        self._progress = Progress(
            settings.num_train_steps, first_step, settings.tokens_per_step
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
        every = self.settings.evaluate_every
        last = self.settings.num_train_steps
        step = int(self.step.numpy())
        while step < last:
            target = min(last, step - step % every + every) if every else last
            with _without_orbits_own_lines():
                self._controller.train(
                    target, checkpoint_at_completion=target == last
                )
            step = int(self.step.numpy())
            if every and step < last:
                self.evaluate()

    def evaluate(self) -> dict:
        """Evaluate the current weights; returns the metrics."""
        with _without_orbits_own_lines():
            return self._controller.evaluate(steps=self.settings.eval_steps)

    def _report(self, metrics: dict):
        step = int(self.step.numpy())
        # In place, so that orbit writes the speed to TensorBoard as well.
        metrics.update(self._progress(step, metrics))
        self._write("metrics.jsonl", step, metrics)

    def _report_evaluation(self, metrics: dict):
        step = int(self.step.numpy())
        self._write("evaluations.jsonl", step, metrics)

    def _write(self, name: str, step: int, metrics: dict):
        if self.settings.model_dir is not None:
            MetricsFile(f"{self.settings.model_dir}/{name}")(step, metrics)


@contextlib.contextmanager
def _without_orbits_own_lines():
    """Drop what orbit prints; the progress line says it shorter."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
