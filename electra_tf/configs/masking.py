"""Settings of masking: which tokens are predicted, and what hides them."""

import dataclasses
import math

from electra_tf.configs import fields
from electra_tf.configs.hparams import Config
from electra_tf.errors import UserError

# Rows of `pretraining.masking_strategies.STRATEGIES`; words have one more.
MASKINGS = ("with_replacement", "without_replacement", "rare_tokens")
WHOLE_WORDS = "whole_words"
MASK_UNITS = ("token", "word")
# Added to mask_prob before rounding down; part of the original's rule.
MASK_PROB_ROUNDING = 0.005


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
        """Raise a `UserError` if the shares or the strategy cannot be."""
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
