"""What a study consists of, and the settings of each part."""

import typing

from benchmarks.study.budget import intervals, num_steps
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Trial, digest
from benchmarks.study.models import MODELS, SCRATCH, SHARED
from benchmarks.study.probes import FINETUNING, PROBES

# Of a model's updates, those before the rate is full.
WARMUP_SHARE = 0.06


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
            "num_warmup_steps": round(WARMUP_SHARE * self.steps),
            **self.settings,
            "seed": self.seed,
            "num_train_steps": self.steps,
            **intervals(self.steps),
            "keep_checkpoint_max": 2,
            "do_eval": True,
        }


class Finetuning(typing.NamedTuple):
    """A trial to run.

    Attributes:
        training: of what is fine-tuned.
        task: its name.
        seed: of the trial.
        settings: flags of run_finetuning.py.
    """

    training: Training
    task: str
    seed: int
    settings: dict

    @property
    def key(self) -> Trial:
        """Its place in the results."""
        return Trial(
            self.training.id,
            self.task,
            self.seed,
            digest(self.settings),
        )


def trainings(config: StudyConfig) -> list[Training]:
    """Return the models to train: budget by budget, seed by seed.

    >>> config = StudyConfig(
    ...     models=["scratch", "rtd"], flops=["1e12", "1e13"], report_only=True)
    >>> [(training.name, training.flops) for training in trainings(config)]
    [('scratch', 0), ('rtd', 1000000000000.0), ('rtd', 10000000000000.0)]
    """
    return [
        Training(
            name,
            config.seed + number,
            {**SHARED, **config.pretraining, **(MODELS[name].settings or {})},
            0 if name == SCRATCH else flops,
        )
        for flops in config.budgets
        for number in range(config.num_seeds)
        for name in config.models
        if name != SCRATCH or (flops == config.budgets[0] and number == 0)
    ]


def finetunings(config: StudyConfig, training: Training) -> list[Finetuning]:
    """Return the trials of a model."""
    return [
        Finetuning(
            training,
            task,
            config.finetuning_seed + trial,
            {**FINETUNING, **PROBES[task].settings, **config.finetuning},
        )
        for task in config.tasks
        for trial in range(config.num_trials)
    ]
