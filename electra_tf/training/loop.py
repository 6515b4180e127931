"""The training loop: step function, variables and data come as arguments.

orbit runs the outer loop (checkpoints, TensorBoard, evaluation). The inner
one is a compiled function of `steps_per_loop` steps:

    for each batch:
        each replica:
            terms = step_function(batch, random)
            gradient of the total loss over the global batch
            optimizer: sum over replicas, clip, apply
        step += 1
"""

import contextlib
import dataclasses
import io

import orbit
import tensorflow as tf

from electra_tf import loss_terms
from electra_tf.randomness import RandomStream
from electra_tf.training import checkpoints
from electra_tf.training.reporting import MetricsFile, Progress

_NEVER = tf.int64.max


@dataclasses.dataclass(frozen=True)
class Settings:
    """How long to train, and what to write when.

    Attributes:
        num_train_steps: int, the updates of the whole run.
        steps_per_loop: int, updates in one compiled call, and between two
            progress lines.
        model_dir: str, where checkpoints and summaries go; None for nowhere.
        save_every: int, updates between checkpoints.
        keep: int, the most checkpoints to keep; 0 for all.
        evaluate_every: int, updates between evaluations; 0 for never.
        eval_steps: int, batches of an evaluation; -1 for all.
        seed: int, of dropout, masks and samples.
        jit_compile: bool, whether to compile the step by XLA. With several
            replicas TPUs always compile and other devices never do.
        tokens_per_step: int, tokens of a global batch, for the speed.
    """

    num_train_steps: int
    steps_per_loop: int
    model_dir: str | None = None
    save_every: int = 1000
    keep: int = 5
    evaluate_every: int = 0
    eval_steps: int = -1
    seed: int = 42
    jit_compile: bool = False
    tokens_per_step: int = 0


class NonFiniteLossError(FloatingPointError):
    """The loss became infinite or not a number."""


class Trainer(orbit.AbstractTrainer):
    """Runs training steps; orbit's inner loop.

    Args:
        step_function: function from a batch (this replica's share) and a
            `RandomStream` to a dict of `LossTerm`s.
        optimizer: object with `variables`, `learning_rate` and
            `apply(gradients, step)`, such as
            `electra_tf.training.optimizer.AdamW`.
        iterator: iterator over batches, distributed by the strategy.
        strategy: `tf.distribute.Strategy`.
        step: `tf.Variable`, the number of updates done.
        settings: `Settings`.
    """

    def __init__(
        self, step_function, optimizer, iterator, strategy, step, settings
    ):
        self.step_function = step_function
        self.optimizer = optimizer
        self.iterator = iterator
        self.strategy = strategy
        self.step = step
        self.settings = settings
        alone = strategy.num_replicas_in_sync == 1
        self._replica_step = tf.function(
            self._update, jit_compile=settings.jit_compile and alone
        )

    def train(self, num_steps) -> dict:
        """Run steps; return mean losses and the last learning rate.

        Raises:
            NonFiniteLossError: naming the first step with such a loss.
        """
        sums, first_bad = self._train(self.iterator, num_steps)
        metrics = _means(sums)
        if first_bad.numpy() != _NEVER:
            raise NonFiniteLossError(
                f"The loss of step {first_bad.numpy()} is not finite: "
                f"{metrics}. What was saved before is whole; a resumed run "
                "goes on from there. If it happens again, lower "
                "learning_rate or lengthen the warm-up."
            )
        rate = self.optimizer.learning_rate(self.step - 1)
        return {**metrics, "learning_rate": float(rate)}

    @tf.function(reduce_retracing=True)
    def _train(self, iterator, num_steps):
        sums, first_bad = self._one_step(next(iterator))
        for _ in tf.range(num_steps - 1):
            more, bad = self._one_step(next(iterator))
            sums = tf.nest.map_structure(tf.add, sums, more)
            first_bad = tf.minimum(first_bad, bad)
        return sums, first_bad

    def _one_step(self, batch):
        """Update once; return the losses' sums over the global batch."""
        per_replica = self.strategy.run(self._replica_step, args=(batch,))
        sums = tf.nest.map_structure(
            lambda value: self.strategy.reduce("SUM", value, axis=None),
            per_replica,
        )
        finite = tf.reduce_all(
            [tf.math.is_finite(total) for total, _ in sums.values()]
        )
        bad = tf.where(finite, tf.constant(_NEVER, tf.int64), self.step)
        self.step.assign_add(1)
        return sums, bad

    def _update(self, batch) -> dict:
        """One replica's part of an update."""
        context = tf.distribute.get_replica_context()
        replica = context.replica_id_in_sync_group
        random = RandomStream(self.settings.seed, self.step, replica)
        with tf.GradientTape() as tape:
            terms = self.step_function(batch, random)
            loss = loss_terms.total_loss(_over_global_batch(terms))
        gradients = tape.gradient(loss, self.optimizer.variables)
        self.optimizer.apply(gradients, self.step)
        return {name: _sums(term) for name, term in terms.items()}


def _over_global_batch(terms: dict) -> dict:
    """Replace each replica's counts by those of all replicas."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return terms
    return {
        name: term._replace(
            count=None
            if term.count is None
            else context.all_reduce(tf.distribute.ReduceOp.SUM, term.count)
        )
        for name, term in terms.items()
    }


def _sums(term) -> tuple:
    """Total and count; a term that is a sum counts its updates."""
    context = tf.distribute.get_replica_context()
    once = tf.constant(1.0) / context.num_replicas_in_sync
    return term.total, once if term.count is None else term.count


def _means(sums: dict) -> dict[str, float]:
    return {
        name: float(total) / max(float(count), loss_terms.COUNT_EPSILON)
        for name, (total, count) in sums.items()
    }


class Evaluator(orbit.AbstractEvaluator):
    """Sums statistics over an evaluation set.

    Args:
        sums_function: function from a batch and a `RandomStream` to a dict of
            tensors that add up over batches and replicas.
        summarize: function from the added-up dict of arrays to metrics.
        dataset: distributed dataset.
        strategy: `tf.distribute.Strategy`.
        seed: int; every evaluation draws the same numbers.
    """

    def __init__(self, sums_function, summarize, dataset, strategy, seed):
        self.sums_function = sums_function
        self.summarize = summarize
        self.dataset = dataset
        self.strategy = strategy
        self.seed = seed

    def evaluate(self, num_steps) -> dict:
        """Evaluate `num_steps` batches, or all that there are for -1."""
        total = None
        for index, batch in enumerate(self.dataset):
            if index == num_steps:
                break
            sums = self._sums(batch, tf.constant(index, tf.int64))
            total = (
                sums
                if total is None
                else tf.nest.map_structure(tf.add, total, sums)
            )
        if total is None:
            raise ValueError(
                "There is not one whole batch to evaluate. Expected at least "
                "as many examples as a batch holds; use more held-out data or "
                "a smaller eval_batch_size."
            )
        return self.summarize({k: v.numpy() for k, v in total.items()})

    @tf.function
    def _sums(self, batch, index):
        per_replica = self.strategy.run(self._replica_sums, (batch, index))
        return tf.nest.map_structure(
            lambda value: self.strategy.reduce("SUM", value, axis=None),
            per_replica,
        )

    def _replica_sums(self, batch, index):
        context = tf.distribute.get_replica_context()
        random = RandomStream(
            f"evaluation {self.seed}", index, context.replica_id_in_sync_group
        )
        return self.sums_function(batch, random)


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
        manager = self._manager(variables, optimizer)
        self.restored = manager and checkpoints.restore_latest(manager)
        first_step = int(self.step.numpy())
        trainer = Trainer(
            step_function,
            optimizer,
            iter(dataset(first_step)),
            strategy,
            self.step,
            settings,
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

    def _manager(self, variables, optimizer):
        settings = self.settings
        if settings.model_dir is None:
            return None
        saved = checkpoints.checkpoint(variables, optimizer.slots, self.step)
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
