"""Generators: what proposes a token for each hidden position.

B batch, L length, N chosen positions, H generator's hidden size, V vocabulary.
A generator has `layers`, the Keras layers it owns, and is called with
`(batch, masked, random)` to return `Proposals`.
"""

import typing

from keras import ops

from electra_tf.configs import generator_config
from electra_tf.encoder import Encoder
from electra_tf.layers.embeddings import Embeddings
from electra_tf.layers.heads import TokenPredictionHead
from electra_tf.pretraining.positions import gather_positions
from electra_tf.randomness import scoped


class Proposals(typing.NamedTuple):
    """What a generator returns.

    Attributes:
        logits: float32 `(B, N, V)` at the chosen positions.
        cloze_logits: float32 `(B, L, V)` at every position, for generators
            that are trained on all of them; None for the others.
    """

    logits: typing.Any
    cloze_logits: typing.Any = None


class MaskedLanguageModel:
    """BERT's masked language model over the masked input.

    Args:
        encoder: `Encoder` that reads the masked input.
        owns_encoder: bool, False when the discriminator owns the encoder.
    """

    def __init__(self, encoder: Encoder, owns_encoder: bool = True):
        self.encoder = encoder
        self.head = TokenPredictionHead(encoder.config)
        self.layers = [encoder, self.head] if owns_encoder else [self.head]

    def __call__(self, batch, masked, random) -> Proposals:
        """Predict the hidden tokens."""
        hidden = self.encoder(
            masked.input_ids,
            input_mask=batch.input_mask,
            segment_ids=batch.segment_ids,
            random=scoped(random, "generator"),
        ).sequence_output
        chosen = gather_positions(hidden, masked.positions)  # [B, N, H]
        table = self.encoder.embeddings.word_embeddings
        return Proposals(self.head(chosen, word_embeddings=table))


class Uniform:
    """Proposes every token with the same probability; has no weights."""

    layers = ()

    def __init__(self, vocab_size: int):
        self.vocab_size = vocab_size

    def __call__(self, batch, masked, random) -> Proposals:
        """Return equal logits."""
        batch_size, number = ops.shape(masked.ids)
        return Proposals(ops.zeros((batch_size, number, self.vocab_size)))


class TwoTowers:
    """A cloze model of two one-directional encoders (Electric, section 2).

    Position i sees the left-to-right tower up to i - 1 and the right-to-left
    tower from i + 1 on, never its own token, so the input need not be masked.
    """

    def __init__(self, left_to_right: Encoder, right_to_left: Encoder):
        self.left_to_right = left_to_right
        self.right_to_left = right_to_left
        config = left_to_right.config
        self.head = TokenPredictionHead(
            config, 2 * config.hidden_size, name="cloze_predictions"
        )
        self.layers = [left_to_right, right_to_left, self.head]

    def __call__(self, batch, masked, random) -> Proposals:
        """Predict every token from its left and right context."""
        # The neighbours' states; the ends wrap around, as in the original.
        left = ops.roll(self._tower("ltr", batch, random), 1, axis=1)
        right = ops.roll(self._tower("rtl", batch, random), -1, axis=1)
        logits = self.head(
            ops.concatenate([left, right], axis=-1),
            word_embeddings=self.left_to_right.embeddings.word_embeddings,
        )
        return Proposals(gather_positions(logits, masked.positions), logits)

    def _tower(self, direction: str, batch, random):
        towers = {"ltr": self.left_to_right, "rtl": self.right_to_left}
        return towers[direction](
            batch.input_ids,
            input_mask=batch.input_mask,
            segment_ids=batch.segment_ids,
            direction=direction,
            random=scoped(random, f"generator_{direction}"),
        ).sequence_output


def masked_language_model(config, main: Encoder) -> MaskedLanguageModel:
    """Return the generator, or the main encoder where the two are one."""
    if config.layout.generator == "main" or not config.untied_generator:
        return MaskedLanguageModel(main, owns_encoder=False)
    return MaskedLanguageModel(_tower(config, main, "generator"))


def uniform(config, main: Encoder) -> Uniform:
    """Return the generator without weights."""
    return Uniform(main.config.vocab_size)


def two_towers(config, main: Encoder) -> TwoTowers:
    """Return Electric's noise model.

    Where it is all there is, the left-to-right tower owns the embeddings.
    """
    left_to_right = _tower(config, main, "generator_ltr")
    shares = None
    if not config.layout.has_main and config.weight_sharing != "none":
        shares = left_to_right.embeddings
    return TwoTowers(
        left_to_right, _tower(config, main, "generator_rtl", shares)
    )


def _tower(
    config, main: Encoder, name: str, embeddings: Embeddings | None = None
) -> Encoder:
    """A generator-sized encoder with embeddings that are given, or its own."""
    if config.layout.has_main and config.weight_sharing != "none":
        embeddings = main.embeddings
    return Encoder(
        generator_config(config),
        embeddings=embeddings,
        lookup=config.embedding_lookup,
        name=name,
    )


GENERATORS = {
    "masked_language_model": masked_language_model,
    "uniform": uniform,
    "two_towers": two_towers,
}
