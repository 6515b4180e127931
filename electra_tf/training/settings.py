"""What a run has to know besides its model and data."""

import dataclasses
from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Settings:
    """How long to train, and what to write when."""

    num_train_steps: int  # The updates of the whole run.
    steps_per_loop: int  # Updates between two lines of metrics.
    # Where checkpoints and summaries go; None for nowhere.
    model_dir: str | None = None
    # Where `runs.jsonl` is; `model_dir` by default.
    record_dir: str | None = None
    # What is read while training.
    data_files: tuple[str, ...] = ()
    save_every: int = 1000  # Updates between checkpoints.
    keep: int = 5  # The most checkpoints to keep; 0 for all.
    evaluate_every: int = 0  # Updates between evaluations; 0 for never.
    eval_steps: int = -1  # Batches of an evaluation; -1 for all.
    seed: int = 42  # Of dropout, masks and samples.
    # Whether to compile the step by XLA; with several replicas, the loss
    # and its gradient on each. TPUs always compile.
    jit_compile: bool = False
    # The parts of a replica's share of the batch that go through the
    # network one after another.
    accumulation_steps: int = 1
    # The updates in a row without a finite loss and gradient that end the
    # run.
    max_skipped_updates: int = 20
    # Whether to go back to the last good checkpoint if updates were
    # skipped last; None where nobody can ask for it.
    rollback: bool | None = None
    max_rollbacks: int = 0  # How often the run may do so by itself.
    # Whether to scale the loss, as float16 needs.
    loss_scaling: bool = False
    tokens_per_step: int = 0  # Tokens of a global batch, for the speed.
    examples_per_step: int = 0  # Examples of a global batch.
    # Function from a number of updates to their operations as published counts
    # have them; None if not counted.
    train_flops: Callable[[int], float] | None = None
    # Likewise to the operations that they make the machine do, for its rate.
    executed_flops: Callable[[int], float] | None = None
    compute_dtype: str = "float32"  # Of the matrices that are multiplied.
    # Pair of ints; the updates between these counts are traced for TensorBoard.
    # None for no trace.
    profile_steps: tuple[int, int] | None = None
    stall_warning_seconds: float = 0.0  # See `Watchdog`.
    stall_timeout_seconds: float = 0.0  # Likewise.

    @classmethod
    def of(cls, config, **others) -> "Settings":
        """Return what the config of either program says, and the others."""
        return cls(
            save_every=config.save_checkpoints_steps,
            accumulation_steps=config.accumulation_steps,
            max_skipped_updates=config.max_skipped_updates,
            loss_scaling=config.precision == "float16",
            examples_per_step=config.train_batch_size,
            compute_dtype=config.precision,
            profile_steps=config.steps_to_profile,
            stall_warning_seconds=config.stall_warning_seconds,
            stall_timeout_seconds=config.stall_timeout_seconds,
            **others,
        )

    def next_pause(self, step: int) -> int:
        """Return where the loop pauses next, for a line of metrics and more.

        It depends on nothing but the step, so that a resumed run pauses where
        an uninterrupted one does: every `steps_per_loop` updates, and where an
        evaluation is due or a trace begins or ends.

        >>> settings = Settings(11, steps_per_loop=2, evaluate_every=5)
        >>> [settings.next_pause(step) for step in (0, 1, 4, 5, 9, 10)]
        [2, 2, 5, 7, 10, 11]
        """
        every = self.evaluate_every or self.num_train_steps
        begin = step - step % every
        loops = (step - begin) // self.steps_per_loop + 1
        end = begin + loops * self.steps_per_loop
        later = [other for other in self.profile_steps or () if other > step]
        return min(end, begin + every, self.num_train_steps, *later)

    def is_save_due(self, before: int, step: int) -> bool:
        """Return whether to save at a step, coming from the pause before."""
        passed = step // self.save_every > before // self.save_every
        return passed or step == self.num_train_steps

    def is_evaluation_due(self, step: int) -> bool:
        """Return whether to evaluate at a step, which is not the last one."""
        every, amidst = self.evaluate_every, 0 < step < self.num_train_steps
        return amidst and bool(every) and step % every == 0
