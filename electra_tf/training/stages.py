"""Stages of a run, in which one thing after another is trained."""

import typing
from collections.abc import Callable, Sequence


class Stage(typing.NamedTuple):
    """What is trained from some step on.

    Attributes:
        first_step: int, the number of its first update.
        step_function: see `electra_tf.training.loop.Trainer`; variables that
            its losses do not depend on stay as they are, and so do their
            slots.
        begin: function to call before its first update, or None. What it does
            must not depend on how often it is called before that update: a
            run that was stopped right there calls it again.
    """

    first_step: int
    step_function: Callable
    begin: Callable[[], None] | None = None


class StagedTrainer:
    """Trainers that take turns, by the step.

    Args:
        stages: `Stage`s by step, the first from 0.
        trainers: a `Trainer` for each.
        step: `tf.Variable`, the number of updates done.
    """

    def __init__(self, stages: Sequence[Stage], trainers: Sequence, step):
        self.stages = stages
        self.trainers = trainers
        self.step = step

    def run(self, num_steps) -> dict:
        """Run steps of one stage, see `Trainer.run`."""
        step = int(self.step.numpy())
        number = self._number(step)
        stage = self.stages[number]
        if step == stage.first_step and stage.begin is not None:
            stage.begin()
        return self.trainers[number].run(num_steps)

    def metrics(self, sums: dict) -> dict:
        """Return the metrics of steps that were run, see `Trainer.metrics`."""
        return self.trainers[0].metrics(sums)

    def _number(self, step: int) -> int:
        return sum(stage.first_step <= step for stage in self.stages) - 1
