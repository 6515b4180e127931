"""The outer loop: checkpoints, logs and evaluations around the inner one."""

import contextlib
import io
import json
import os

import orbit
import tensorflow as tf

from electra_tf.training import (
    checkpoints,
    preemption,
    run_folder,
    run_record,
    workers,
)
from electra_tf.training.checkpoint_folder import CheckpointFolder
from electra_tf.training.chunks import ChunkedTrainer
from electra_tf.training.evaluator import Evaluator
from electra_tf.training.guard import Guard
from electra_tf.training.logbook import Logbook
from electra_tf.training.loop import Trainer
from electra_tf.training.matmul_rate import matmul_rate
from electra_tf.training.preemption import ClusterStop
from electra_tf.training.settings import Settings
from electra_tf.training.stages import Stage, StagedTrainer
from electra_tf.training.stopping import Stopped

# The losses of a loop in which a run was stopped.
_UNFINISHED_LOOP = "unfinished_loop.json"


class Run:
    """A model in training, from its newest whole checkpoint on.

    Args:
        step_function: see `Trainer`; or a sequence of `Stage`s, whose later
            first steps are `settings.stage_starts`.
        optimizer: see `Trainer`; its `slots` are saved too.
        variables: dict from path to `keras.Variable`, what to save.
        dataset: function from the first step to a distributed dataset.
        strategy: `tf.distribute.Strategy`; optimizer and variables must have
            been made in its scope.
        settings: `Settings`.
        evaluator: `Evaluator`, or None.
        stop: an object that is true once training shall stop, such as
            `electra_tf.training.stopping.StopSignal`; None for never.
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
        stop=None,
        warn=None,
        facts: dict | None = None,
    ):
        self.settings = settings
        self.strategy = strategy
        self.facts = facts or {}
        # Of several workers one keeps what it writes.
        self._chief = run_folder.is_chief()
        with strategy.scope():
            self.step = tf.Variable(
                0,
                dtype=tf.int64,
                trainable=False,
                name="step",
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            guard = Guard(settings.max_skipped_updates, settings.loss_scaling)
            self._checkpoints = self._checkpoint_folder(
                variables, optimizer, guard
            )
            restored = self._checkpoints and self._checkpoints.restore()
        self.restored = restored
        first_step = int(self.step.numpy())
        workers.check_same(strategy, first_step, "the step they go on from")
        stages = step_function
        if callable(step_function):
            stages = [Stage(0, step_function)]
        iterator = iter(dataset(first_step))
        trainers = [
            Trainer(
                tf.autograph.experimental.do_not_convert(stage.step_function),
                optimizer,
                iterator,
                strategy,
                self.step,
                settings,
                guard,
            )
            for stage in stages
        ]
        trainer = StagedTrainer(stages, trainers, self.step)
        cluster = preemption.is_cluster(strategy)
        self._cluster_stop = (
            ClusterStop(strategy, self._save)
            if cluster and stop is not None
            else None
        )
        self._trainer = ChunkedTrainer(trainer, None if cluster else stop)
        self._logbook = Logbook(settings, first_step, self._chief, warn)
        with _without_orbits_own_lines():
            self._controller = orbit.Controller(
                global_step=self.step,
                trainer=self._trainer,
                evaluator=evaluator,
                strategy=strategy,
                train_actions=[self._log],
                eval_actions=[self._log_evaluation],
                steps_per_loop=settings.steps_per_loop,
                summary_dir=self._logbook.folder("train"),
                eval_summary_dir=self._logbook.folder("eval"),
            )

    def _checkpoint_folder(self, variables, optimizer, guard):
        settings = self.settings
        if settings.model_dir is None:
            return None
        saved = checkpoints.checkpoint(
            variables, optimizer.slots, self.step, guard.variables
        )
        return CheckpointFolder(
            saved, settings.model_dir, settings.keep, self._chief
        )

    def train(self):
        """Train up to the last step, evaluating on the way where asked to.

        Whatever a checkpoint's step has seen to is on disk before it: rows of
        metrics up to this step, and no others when a run goes on from it.

        Raises:
            Stopped: when asked to stop; a checkpoint has been saved.
        """
        try:
            self._go_on()
            self._train()
        except Stopped:
            self._save()
            raise

    def _train(self):
        settings = self.settings
        step = int(self.step.numpy())
        self._record_start(step)
        self._logbook.begin(step, self._matmul_rate())
        while step < settings.num_train_steps:
            before, step = step, settings.end_of_loop(step)
            with (
                _without_orbits_own_lines(),
                self._traced(before),
                self._logbook.watchdog.watching(),
            ):
                self._controller.train(step, checkpoint_at_completion=False)
            if self._is_due(settings.save_every, before, step):
                self._save()
            if self._evaluation_is_due(step):
                self.evaluate()
            if self._cluster_stop is not None:
                self._cluster_stop.check()

    def _is_due(self, every: int, before: int, step: int) -> bool:
        last = self.settings.num_train_steps
        return step // every > before // every or step == last

    def _evaluation_is_due(self, step: int) -> bool:
        every = self.settings.evaluate_every
        last = self.settings.num_train_steps
        return bool(every) and 0 < step < last and step % every == 0

    def _record_start(self, step: int):
        settings = self.settings
        if self._chief and settings.model_dir is not None:
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
        if self.settings.executed_flops is None:
            return None
        return matmul_rate(self.strategy, self.settings.compute_dtype)

    def _traced(self, step: int):
        """Trace the steps from here to the next stop, if it was asked for."""
        folder = self._logbook.folder("profile")
        first, last = self.settings.profile_steps or (0, 0)
        if folder and first <= step < last:
            return tf.profiler.experimental.Profile(folder)
        return contextlib.nullcontext()

    def evaluate(self) -> dict:
        """Evaluate the current weights; returns the metrics."""
        self._logbook.forget_evaluation(int(self.step.numpy()))
        with _without_orbits_own_lines():
            return self._controller.evaluate(steps=self.settings.eval_steps)

    def _save(self):
        """Save a checkpoint, and the losses of a loop that it is amidst."""
        if self._checkpoints is None:
            return
        step = int(self.step.numpy())
        sums = self._trainer.sums.by_name
        if sums and self._chief:
            content = {"step": step, "sums": sums}
            run_folder.write_atomically(
                self._path(_UNFINISHED_LOOP), json.dumps(content)
            )
        self._checkpoints.save(step)

    def _go_on(self):
        """Make the files beside the checkpoint such as its step left them."""
        if self.settings.model_dir is None:
            return
        step = int(self.step.numpy())
        self._logbook.forget_after(step)
        path = self._path(_UNFINISHED_LOOP)
        if self.restored and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                unfinished = json.load(file)
            if unfinished["step"] == step:
                self._trainer.sums.add(unfinished["sums"])
        if self._evaluation_is_due(step) and not self._logbook.evaluated(step):
            self.evaluate()

    def _path(self, name: str) -> str:
        return os.path.join(self.settings.model_dir, name)

    def _log(self, metrics: dict):
        self._logbook.log(int(self.step.numpy()), metrics)

    def _log_evaluation(self, metrics: dict):
        self._logbook.log_evaluation(int(self.step.numpy()), metrics)


@contextlib.contextmanager
def _without_orbits_own_lines():
    """Drop what orbit prints; the progress line says it shorter."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
