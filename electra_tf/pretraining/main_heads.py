"""What the main encoder ends in: a table.

B batch, L length, N chosen positions, H hidden size, V vocabulary.
A head has `layers`, the Keras layers it owns, and is called with the hidden
vectors `(B, L, H)` and a `PretrainingOutput` whose `corrupted` is there, to
return the fields that it adds to it.
"""

import math
import typing

from keras import ops

from electra_tf.layers.heads import (
    LinearHead,
    ReplacedTokenHead,
    TokenPredictionHead,
)
from electra_tf.pretraining.objectives import token_losses
from electra_tf.pretraining.positions import gather_positions


class TokenPredictions(typing.NamedTuple):
    """What the main network says which tokens there were.

    T stands for N where the chosen tokens alone are predicted, or for L.

    Attributes:
        logits: float32 `(B, T, V)`.
        ids: int32 `(B, T)`, the original tokens.
        input_ids: int32 `(B, T)`, the tokens that the network read.
        weights: float32 `(B, T)`, 1 for tokens that it is trained on.
        copy_logits: float32 `(B, T)` of a token's having been copied from the
            input; None without the copy mechanism.
    """

    logits: typing.Any
    ids: typing.Any
    input_ids: typing.Any
    weights: typing.Any
    copy_logits: typing.Any = None


class Detection:
    """Replaced-token detection (ELECTRA, section 2).

    Args:
        config: `PretrainingConfig`.
        main: `Encoder` whose vectors come in.
    """

    # A sample that equals the original counts as original.
    lucky_samples_are_fake = False

    def __init__(self, config, main):
        self.trained_on = config.layout.trained_on
        self.head = ReplacedTokenHead(main.config)
        self.layers = [self.head]

    def __call__(self, hidden, output) -> dict:
        """Return `disc_logits` and `disc_weights`, float32 `(B, L)` each."""
        tokens = {
            "all": output.batch.input_mask,
            "chosen": output.corrupted.written,
        }
        return {
            "disc_logits": self.head(hidden),
            "disc_weights": ops.cast(tokens[self.trained_on], "float32"),
        }


class Energy(Detection):
    """Energies of tokens, by telling them from noise (Electric, section 2).

    What is asked is whether a token came from the noise distribution, even if
    the sample happens to equal the original.
    """

    lucky_samples_are_fake = True

    def __init__(self, config, main):
        super().__init__(config, main)
        self.share = config.mask_prob

    def __call__(self, hidden, output) -> dict:
        """Add the known part of the logits to the energies."""
        detection = super().__call__(hidden, output)
        log_noise = -token_losses(
            output.proposals.cloze_logits, output.corrupted.input_ids
        )
        known = log_odds_of_noise(ops.stop_gradient(log_noise), self.share)
        return {**detection, "disc_logits": detection["disc_logits"] + known}


def log_odds_of_noise(log_noise, share: float):
    """log(k q(x) / (n - k)), for k = share * n tokens drawn from q."""
    return log_noise + math.log(share / (1 - share))


class Tokens:
    """Predicts the original tokens (ELECTRA, section 3.5).

    Args:
        config: `PretrainingConfig`.
        main: `Encoder` whose vectors come in.
    """

    lucky_samples_are_fake = False

    def __init__(self, config, main):
        self.trained_on = config.layout.trained_on
        self.embeddings = main.embeddings
        self.head = TokenPredictionHead(main.config, name="token_predictions")
        self.layers = [self.head]

    def __call__(self, hidden, output) -> dict:
        """Return `predictions`, a `TokenPredictions`."""
        corrupted_ids = output.corrupted.input_ids
        if self.trained_on == "chosen":
            masked = output.masked
            at = masked.positions
            read = ops.take_along_axis(corrupted_ids, at, axis=1)
            hidden = gather_positions(hidden, at)
            tokens = (masked.ids, read, masked.weights)
        else:
            mask = ops.cast(output.batch.input_mask, "float32")
            tokens = (output.batch.input_ids, corrupted_ids, mask)
        logits = self.head(
            hidden, word_embeddings=self.embeddings.word_embeddings
        )
        return {
            "predictions": TokenPredictions(
                logits, *tokens, self._copy_logits(hidden)
            )
        }

    def _copy_logits(self, hidden):
        return None


class CopiedTokens(Tokens):
    """Predicts tokens, or copies them from the input (section 3.5)."""

    def __init__(self, config, main):
        super().__init__(config, main)
        self.copy = LinearHead(main.config, name="copy_predictions")
        self.layers.append(self.copy)

    def _copy_logits(self, hidden):
        return self.copy(hidden)


HEADS = {
    "detection": Detection,
    "energy": Energy,
    "tokens": Tokens,
    "copied_tokens": CopiedTokens,
}
