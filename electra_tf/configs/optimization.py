"""Settings of the optimizer, the learning rate and the number of updates."""

import dataclasses

from electra_tf.configs import fields
from electra_tf.configs.hparams import Config, Derived
from electra_tf.configs.tasks import row_of
from electra_tf.errors import UserError

# Rows of `electra_tf.training.optimizer.OPTIMIZERS`.
OPTIMIZERS = ("adamw", "lamb")
DEBUG_EPOCHS = 3.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class OptimizerSettings(Config):
    """The optimizer of either program."""

    decay_after_warmup: bool = fields.optimization(
        False,
        "whether the learning rate decays from its peak, as in the paper; in "
        "the released code it decays from step 0 and warm-up multiplies it",
    )
    optimizer: str = fields.optimization(
        "adamw",
        "adamw is the original's; lamb is for large batches",
        choices=OPTIMIZERS,
    )
    adam_bias_correction: bool = fields.optimization(
        False,
        "divide Adam's moments by 1 - beta^step, as its paper does; without, "
        "the first updates are up to six times as long",
    )
    adam_beta_1: float = fields.optimization(
        0.9, "decay of the mean of gradients", at_least=0, less_than=1
    )
    adam_beta_2: float = fields.optimization(
        0.999, "decay of the mean of their squares", at_least=0, less_than=1
    )
    adam_epsilon: float = fields.optimization(
        1e-6, "added to the root of that mean", more_than=0
    )
    max_skipped_updates: int = fields.optimization(
        20,
        "updates in a row whose loss or gradient is not finite, and which are "
        "therefore skipped, that end the run; 1 stops at the first, as the "
        "original does",
        at_least=1,
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class PretrainingUpdates(Config):
    """Learning rate and number of updates of pre-training."""

    learning_rate: float = fields.optimization(
        5e-4, "peak learning rate", at_least=0
    )
    lr_decay_power: float = fields.optimization(
        1.0, "power of the decay; 1 is linear", at_least=0
    )
    weight_decay_rate: float = fields.optimization(
        0.01, "decoupled weight decay; 0 or below means none"
    )
    num_warmup_steps: int = fields.optimization(
        10000, "warm-up updates", at_least=0
    )
    num_train_steps: int = fields.optimization(
        fields.or_debug(1_000_000, 20),
        "updates in all",
        runtime=True,
        at_least=1,
    )
    generator_steps: int | None = fields.optimization(
        Derived(
            lambda c: (
                c.num_train_steps // 2
                if c.generator_training == "two_stage"
                else None
            ),
            "half of num_train_steps with generator_training two_stage",
        ),
        "updates of the generator before the discriminator's begin, in "
        "two_stage",
        at_least=1,
    )

    def check(self):
        """Raise a `UserError` if `generator_steps` is of no use."""
        super().check()
        if self.generator_steps is None:
            return
        if self.generator_training != "two_stage":
            raise UserError(
                "generator_steps needs generator_training 'two_stage'. "
                f"Received: {self.generator_training!r}."
            )
        if not self.generator_steps < self.num_train_steps:
            raise UserError(
                "generator_steps must be fewer than num_train_steps. Received: "
                f"{self.generator_steps} and {self.num_train_steps}."
            )

    def updates_by_stage(self, number: int) -> dict[str, int]:
        """Return how many of a run's first updates are of each stage.

        A run in one stage calls it "all".
        """
        first = self.generator_steps
        if first is None:
            return {"all": number}
        of_generator = min(number, first)
        return {
            "generator": of_generator,
            "discriminator": number - of_generator,
        }


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinetuningUpdates(Config):
    """Learning rates and number of updates of fine-tuning."""

    learning_rate: float = fields.optimization(
        fields.by_size(1e-4, large=5e-5), "peak learning rate", at_least=0
    )
    weight_decay_rate: float = fields.optimization(
        0.01, "decoupled weight decay; 0 or below means none, as in the paper"
    )
    layerwise_lr_decay: float = fields.optimization(
        fields.by_size(0.8, large=0.9),
        "factor between the learning rates of a layer and the one above; 0 "
        "or below gives all layers the same",
    )
    layerwise_decay_top_exponent: int = fields.optimization(
        2,
        "power of layerwise_lr_decay at the top layer; layer d of n (the "
        "embeddings are 0) has power n + this - d. The released code has 2; 0 "
        "gives the top layer the full rate",
        at_least=0,
    )
    num_train_epochs: float = fields.optimization(
        Derived(
            lambda c: (
                DEBUG_EPOCHS
                if c.debug
                else row_of(c.task_names).num_train_epochs
            ),
            "3; 10 for rte and sts, 2 for question answering",
        ),
        "passes over the training data",
        more_than=0,
    )
    warmup_proportion: float = fields.optimization(
        0.1, "fraction of the updates that warm up", at_least=0
    )
