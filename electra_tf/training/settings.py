"""What a run has to know besides its model and data."""

import dataclasses
import itertools
import typing


class StageCost(typing.NamedTuple):
    """What an update costs from some step on; see `Settings`."""

    first_step: int
    flops_per_step: float | None
    update_flops: float | None


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
        accumulation_steps: int, the parts of a replica's share of the batch
            that go through the network one after another.
        max_skipped_updates: int, the updates in a row without a finite loss
            and gradient that end the run.
        loss_scaling: bool, whether to scale the loss, as float16 needs.
        tokens_per_step: int, tokens of a global batch, for the speed.
        examples_per_step: int, examples of a global batch.
        flops_per_step: float, operations of an update as published counts
            have them, for `train_flops`; None if not counted.
        update_flops: float, operations that an update makes the machine do,
            for its rate; None if not counted.
        later_stages: tuple of `StageCost`, by step: where the two counts
            change because something else is trained. Loops end there.
        compute_dtype: str, of the matrices that are multiplied.
        profile_steps: pair of ints; the updates between these counts are
            traced for TensorBoard. None for no trace.
        stall_warning_seconds: float, see `Watchdog`.
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
    accumulation_steps: int = 1
    max_skipped_updates: int = 20
    loss_scaling: bool = False
    tokens_per_step: int = 0
    examples_per_step: int = 0
    flops_per_step: float | None = None
    update_flops: float | None = None
    later_stages: tuple[StageCost, ...] = ()
    compute_dtype: str = "float32"
    profile_steps: tuple[int, int] | None = None
    stall_warning_seconds: float = 0.0

    def end_of_loop(self, step: int) -> int:
        """Return where the loop that a step lies in ends.

        It depends on nothing but the step, so that a resumed run's loops are
        those of an uninterrupted one. Loops end where an evaluation, a trace
        or a stage begins or ends, too.

        >>> settings = Settings(11, steps_per_loop=2, evaluate_every=5)
        >>> [settings.end_of_loop(step) for step in (0, 1, 4, 5, 9, 10)]
        [2, 2, 5, 7, 10, 11]
        """
        every = self.evaluate_every or self.num_train_steps
        begin = step - step % every
        loops = (step - begin) // self.steps_per_loop + 1
        end = begin + loops * self.steps_per_loop
        others = [*(self.profile_steps or ())]
        others += [stage.first_step for stage in self.later_stages]
        later = [other for other in others if other > step]
        return min(end, begin + every, self.num_train_steps, *later)

    @property
    def _costs(self) -> tuple[StageCost, ...]:
        first = StageCost(0, self.flops_per_step, self.update_flops)
        return (first, *self.later_stages)

    def train_flops(self, step: int) -> float | None:
        """Return the published count of all updates before a step.

        >>> later = (StageCost(10, 3.0, None),)
        >>> Settings(20, 1, flops_per_step=2.0, later_stages=later).train_flops(
        ...     12)
        26.0
        """
        if self.flops_per_step is None:
            return None
        ends = [cost.first_step for cost in self.later_stages]
        return sum(
            max(0, min(step, end) - cost.first_step) * cost.flops_per_step
            for cost, end in itertools.zip_longest(
                self._costs, ends, fillvalue=step
            )
        )

    def update_flops_before(self, step: int) -> float | None:
        """Return the operations of the update that ended with a step."""
        begun = [cost for cost in self._costs if cost.first_step < step]
        return (begun or self._costs)[-1].update_flops
