"""Settings of what is trained: objective, masking, and who proposes tokens."""

import dataclasses
import math

from electra_tf.configs import fields
from electra_tf.configs.encoder import generator_config
from electra_tf.configs.hparams import Config, Derived
from electra_tf.configs.objectives import (
    DETECTION,
    ENERGY,
    GENERATOR_TRAINING,
    GENERATORS,
    OBJECTIVES,
    WEIGHT_SHARING,
    WITHOUT_NETWORK,
    ObjectiveSpec,
)
from electra_tf.errors import UserError

# Rows of `electra_tf.pretraining.sampling.SAMPLERS`.
SAMPLINGS = ("gumbel", "inverse_cdf")
# Rows of `pretraining.masking_strategies.STRATEGIES`; words have one more.
MASKINGS = ("with_replacement", "without_replacement", "rare_tokens")
WHOLE_WORDS = "whole_words"
MASK_UNITS = ("token", "word")
# Added to mask_prob before rounding down; part of the original's rule.
MASK_PROB_ROUNDING = 0.005


@dataclasses.dataclass(frozen=True, kw_only=True)
class ObjectiveSettings(Config):
    """The objective, the weights of its losses, and the sampling."""

    objective: str = fields.objective(
        "rtd",
        "what is trained, see docs/explanation/objectives.md",
        choices=tuple(OBJECTIVES),
    )
    gen_weight: float = fields.objective(
        1.0, "weight of the generator's loss", at_least=0
    )
    disc_weight: float = fields.objective(
        Derived(
            lambda c: 50.0 if c.detects else 1.0,
            "50; 1 for objectives whose main network predicts tokens",
        ),
        "weight of the discriminator's loss, or that of the main network in "
        "its place",
        at_least=0,
    )
    sampling: str = fields.objective(
        "gumbel",
        "how tokens are drawn from the generator: gumbel draws a number a "
        "word piece, as the original; inverse_cdf one a position, for the "
        "same distribution",
        choices=SAMPLINGS,
    )
    temperature: float = fields.objective(
        1.0, "softmax temperature of the sampling", more_than=0
    )
    disallow_correct: bool = fields.objective(
        False, "never sample the original token"
    )

    @property
    def objective_spec(self) -> ObjectiveSpec:
        """The networks that the objective trains, and what they cost."""
        return OBJECTIVES[self.objective]

    @property
    def detects(self) -> bool:
        """Whether the main network tells replaced tokens from others."""
        return self.objective_spec.detects


@dataclasses.dataclass(frozen=True, kw_only=True)
class MaskingSettings(Config):
    """How many tokens are chosen, how, and what takes their place."""

    mask_prob: float = fields.objective(
        0.15, "fraction of tokens to mask", more_than=0, less_than=1
    )
    mask_token_share: float = fields.objective(
        0.85,
        "share of the chosen tokens that become [MASK], the others stay; the "
        "paper has 1, BERT 0.8",
        at_least=0,
        at_most=1,
    )
    random_token_share: float = fields.objective(
        0.0,
        "share of the chosen tokens that become any other token; BERT has 0.1",
        at_least=0,
        at_most=1,
    )
    masking: str = fields.objective(
        "with_replacement",
        "how positions are drawn: with_replacement, as in the released code; "
        "without_replacement chooses none twice and rounds their number up, "
        "as in the paper; rare_tokens does so too, and prefers rare tokens",
        choices=MASKINGS,
    )
    mask_unit: str = fields.objective(
        "token",
        "what is chosen to be predicted: single tokens, or whole words, never "
        "twice; their share is mask_prob on average",
        choices=MASK_UNITS,
    )

    def check(self):
        """Raise a `UserError` if shares, strategy or lengths do not fit."""
        super().check()
        shares = (self.mask_token_share, self.random_token_share)
        if sum(shares) > 1:
            raise UserError(
                "mask_token_share and random_token_share must add up to 1 at "
                f"most. Received: {shares[0]} and {shares[1]}."
            )
        if self.masks_words and self.masking == "rare_tokens":
            raise UserError(
                "masking 'rare_tokens' chooses tokens. Received: mask_unit "
                "'word'."
            )
        if self.max_predictions_per_seq < 1:
            raise UserError(
                "mask_prob times max_seq_length leaves nothing to mask. "
                f"Received: mask_prob {self.mask_prob}, "
                f"max_seq_length {self.max_seq_length}."
            )

    @property
    def masks_words(self) -> bool:
        """Whether whole words are chosen to be predicted."""
        return self.mask_unit == "word"

    @property
    def masking_strategy(self) -> str:
        """Row of `electra_tf.pretraining.masking_strategies.STRATEGIES`."""
        return WHOLE_WORDS if self.masks_words else self.masking

    @property
    def max_predictions_per_seq(self) -> int:
        """Masked positions an input has room for."""
        if self.masking_strategy != "with_replacement":
            return math.ceil(self.mask_prob * self.max_seq_length)
        fraction = self.mask_prob + MASK_PROB_ROUNDING
        return int(fraction * self.max_seq_length)


@dataclasses.dataclass(frozen=True, kw_only=True)
class GeneratorSettings(Config):
    """The generator: its kind, its size, what it shares, its training."""

    generator: str = fields.generator(
        Derived(
            lambda c: (
                "two_towers"
                if c.objective_spec.needs_towers
                else "masked_language_model"
            ),
            "masked_language_model; two_towers with objective electric or "
            "two_tower",
        ),
        "what proposes the tokens that replace others: a masked language "
        "model, uniform and unigram draws without a network, or a "
        "left-to-right and a right-to-left transformer",
        choices=tuple(GENERATORS),
    )
    weight_sharing: str = fields.generator(
        "embeddings",
        "what generator and discriminator have in common; disentangled is "
        "DeBERTaV3's sharing of embeddings that only the generator trains",
        choices=WEIGHT_SHARING,
    )
    generator_training: str = fields.generator(
        "joint",
        "how the generator is trained: joint with the discriminator; "
        "two_stage, before it; adversarial, to make it err",
        choices=GENERATOR_TRAINING,
    )
    entropy_weight: float = fields.generator(
        0.0,
        "weight of the entropy of an adversarial generator's proposals, which "
        "keeps them diverse",
        at_least=0,
    )
    generator_layers: float = fields.generator(
        1.0, "depth as a fraction of the discriminator's", more_than=0
    )
    generator_hidden_size: float = fields.generator(
        0.25, "width as a fraction of the discriminator's", more_than=0
    )

    @property
    def trains_generator(self) -> bool:
        """Whether the generator is a network."""
        return self.generator not in WITHOUT_NETWORK

    @property
    def has_small_generator(self) -> bool:
        """Whether the generator is a network of its own size."""
        return (
            self.trains_generator
            and self.objective_spec.generator != "main"
            and self.weight_sharing != "all"
        )

    def check(self):
        """Raise a `UserError` if the objective has no such generator."""
        super().check()
        self._check_towers()
        self._check_noise()
        self._check_sharing()
        self._check_training()
        if self.has_small_generator:
            generator_config(self)

    def _check_towers(self):
        towers = self.generator == "two_towers"
        if self.objective_spec.needs_towers and not towers:
            raise UserError(
                f"objective {self.objective!r} needs generator 'two_towers'. "
                f"Received: {self.generator!r}."
            )
        if towers and self.weight_sharing == "all":
            raise UserError(
                "generator 'two_towers' needs its own networks. Received: "
                "weight_sharing 'all'."
            )
        if towers and self.objective_spec.generator == "main":
            raise UserError(
                "generator 'two_towers' needs an objective with a generator "
                f"of its own. Received: {self.objective!r}."
            )

    def _check_noise(self):
        changed = self.temperature != 1 or self.disallow_correct
        if self.objective_spec.head == ENERGY and changed:
            raise UserError(
                f"objective {self.objective!r} learns by the probability of "
                "the noise, so tokens must be sampled from it as it is: "
                "temperature 1, disallow_correct false. Received: "
                f"{self.temperature} and {self.disallow_correct}."
            )

    def _check_sharing(self):
        if self.weight_sharing != "disentangled":
            return
        if not (self.has_small_generator and self.objective_spec.has_main):
            raise UserError(
                "weight_sharing 'disentangled' needs two networks. Received: "
                f"objective {self.objective!r}, generator {self.generator!r}."
            )

    def _check_training(self):
        training = self.generator_training
        if self.entropy_weight and training != "adversarial":
            raise UserError(
                "entropy_weight needs generator_training 'adversarial'. "
                f"Received: {training!r}."
            )
        if training == "joint":
            return
        detects = self.objective_spec.head == DETECTION
        if not detects or self.generator != "masked_language_model":
            raise UserError(
                f"generator_training {training!r} needs objective 'rtd' or "
                "'electra_15' and generator 'masked_language_model'. "
                f"Received: {self.objective!r} and {self.generator!r}."
            )
        size = (self.generator_hidden_size, self.generator_layers)
        alike = size == (1, 1) and self.weight_sharing == "none"
        if training == "two_stage" and not alike:
            raise UserError(
                "generator_training 'two_stage' starts the discriminator from "
                "the generator's weights, so both must have the same size and "
                "share none: generator_hidden_size 1, generator_layers 1, "
                f"weight_sharing 'none'. Received: {size[0]}, {size[1]}, "
                f"{self.weight_sharing!r}."
            )
