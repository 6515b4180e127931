"""What a study consists of, and the settings of each part."""

import typing
from collections.abc import Iterator

from benchmarks.study.budget import SHARES, intervals, num_steps
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Trial, digest
from benchmarks.study.models import MODELS, SCRATCH, SHARED

# The paper's Table 7 for Small, but for a rate of its own for all layers
# alike: three layers that have seen little text have to change.
FINETUNING = {
    "max_seq_length": 64,
    "train_batch_size": 32,
    "learning_rate": 1e-3,
    "layerwise_lr_decay": 1.0,
    "weight_decay_rate": 0.0,
    "adam_bias_correction": True,
    "num_train_epochs": 3.0,
}
# Settings of one task that win over those above.
BY_TASK: dict[str, dict] = {
    "sst": {"num_train_epochs": 1.0},
    "sts": {"double_unordered": False},
    "chunk": {"num_train_epochs": 2.0},
}


class Training(typing.NamedTuple):
    """A model to pre-train.

    Attributes:
        name: row of `MODELS`.
        seed: of pre-training.
        settings: flags of run_pretraining.py that make the model.
        flops: the budget.
    """

    name: str
    seed: int
    settings: dict
    flops: float

    @property
    def is_random(self) -> bool:
        """Whether there is nothing to train."""
        return self.name == SCRATCH

    @property
    def id(self) -> str:
        """Name that no other training has."""
        return f"{self.name}_{digest(self._asdict())}"

    @property
    def steps(self) -> int:
        """Updates that the budget pays for."""
        return 0 if self.is_random else num_steps(self.settings, self.flops)

    @property
    def flags(self) -> dict:
        """Flags of run_pretraining.py, without paths."""
        return {
            **self.settings,
            "seed": self.seed,
            "num_train_steps": self.steps,
            **intervals(self.steps),
            "keep_checkpoint_max": 0,
            "do_eval": True,
        }


class Finetuning(typing.NamedTuple):
    """A trial to run.

    Attributes:
        training: of what is fine-tuned.
        share: of the budget at which it is taken.
        task: its name.
        seed: of the trial.
        settings: flags of run_finetuning.py.
    """

    training: Training
    share: float
    task: str
    seed: int
    settings: dict

    @property
    def key(self) -> Trial:
        """Its place in the results."""
        return Trial(
            self.training.id,
            self.share,
            self.task,
            self.seed,
            digest(self.settings),
        )


def trainings(config: StudyConfig) -> list[Training]:
    """Return the models to train, the most important first."""
    return [
        Training(
            name,
            config.seed + number,
            {**SHARED, **config.pretraining, **(MODELS[name].settings or {})},
            0 if name == SCRATCH else config.flops,
        )
        for number in range(config.num_seeds)
        for name in config.models
        if name != SCRATCH or number == 0
    ]


def finetunings(
    config: StudyConfig, training: Training, share: float = 1.0
) -> list[Finetuning]:
    """Return the trials of a model at a share of the budget."""
    return [
        Finetuning(
            training,
            share,
            task,
            config.seed + 1 + trial,
            {**FINETUNING, **BY_TASK.get(task, {}), **config.finetuning},
        )
        for task in config.tasks
        for trial in range(config.num_trials)
    ]


def stages(config: StudyConfig) -> Iterator[tuple[Training, float]]:
    """Yield what to score, in order: all models, then the curves' points.

    >>> config = StudyConfig(models=["rtd", "electric"], report_only=True)
    >>> [(training.name, share) for training, share in stages(config)][:4]
    [('rtd', 1.0), ('electric', 1.0), ('rtd', 0.5), ('rtd', 0.25)]
    """
    everything = trainings(config)
    yield from ((training, 1.0) for training in everything)
    if config.curves:
        for share in sorted(SHARES[:-1], reverse=True):
            for training in everything:
                if MODELS[training.name].curve:
                    yield training, share
