"""Generators, which propose a token for each hidden position: a table.

B batch, L length, N chosen positions, H generator's hidden size, V vocabulary.
A generator has `layers`, the Keras layers it owns, and is called with
`(batch, masked, random)` to return a `GeneratorOutput`.
"""

from typing import Any, NamedTuple

import numpy as np
from keras import ops

from electra_tf.configs import generator_config
from electra_tf.configs.objectives import BASELINE, CLOZE
from electra_tf.encoder import Encoder
from electra_tf.layers.embeddings import Embeddings
from electra_tf.layers.heads import LinearHead, TokenPredictionHead
from electra_tf.pretraining.masking import MaskingConfig, gather_positions
from electra_tf.pretraining.sampling import DISALLOWED
from electra_tf.randomness import scoped


class GeneratorOutput(NamedTuple):
    """Scores of the tokens to propose; all are float32."""

    logits: Any  # `(B, N, V)` at the chosen positions.
    # `(B, L, V)` at every position, of generators trained on all of them.
    cloze_logits: Any = None
    # `(B, N)`, by a baseline: is the discriminator right about the token?
    baseline_logits: Any = None


class MaskedLanguageModel:
    """BERT's masked language model over the masked input.

    The discriminator may own the encoder. A baseline learns what reward to
    expect, for adversarial training (ELECTRA, appendix F).
    """

    def __init__(
        self,
        encoder: Encoder,
        owns_encoder: bool = True,
        has_baseline: bool = False,
    ):
        self.encoder = encoder
        self.head = TokenPredictionHead(encoder.config)
        self.baseline = None
        self.layers = [encoder, self.head] if owns_encoder else [self.head]
        if has_baseline:
            self.baseline = LinearHead(encoder.config, name=BASELINE.name)
            self.layers.append(self.baseline)

    def __call__(self, batch, masked, random) -> GeneratorOutput:
        """Predict the hidden tokens."""
        hidden = self.encoder(
            masked.input_ids,
            input_mask=batch.input_mask,
            segment_ids=batch.segment_ids,
            random=scoped(random, "generator"),
        ).sequence_output
        chosen = gather_positions(hidden, masked.positions)  # [B, N, H]
        table = self.encoder.embeddings.word_embeddings
        logits = self.head(chosen, word_embeddings=table)
        if self.baseline is None:
            return GeneratorOutput(logits)
        # The baseline learns from the encoder, which does not learn from it.
        expected = self.baseline(ops.stop_gradient(chosen))
        return GeneratorOutput(logits, baseline_logits=expected)


class StaticGenerator:
    """Proposes the same tokens everywhere, by logits `(V,)`; has no weights."""

    layers = ()

    def __init__(self, logits):
        self.logits = np.asarray(logits, np.float32)

    def __call__(self, batch, masked, random) -> GeneratorOutput:
        """Return the logits for every position."""
        shape = (*ops.shape(masked.ids), len(self.logits))
        return GeneratorOutput(ops.broadcast_to(self.logits, shape))


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
            config, 2 * config.hidden_size, name=CLOZE.name
        )
        self.layers = [left_to_right, right_to_left, self.head]

    def __call__(self, batch, masked, random) -> GeneratorOutput:
        """Predict every token from its left and right context."""
        left = self._read(self.left_to_right, "ltr", batch, random)
        right = self._read(self.right_to_left, "rtl", batch, random)
        # The neighbours' states; the ends wrap around, as in the original.
        left, right = ops.roll(left, 1, axis=1), ops.roll(right, -1, axis=1)
        logits = self.head(
            ops.concatenate([left, right], axis=-1),
            word_embeddings=self.left_to_right.embeddings.word_embeddings,
        )
        return GeneratorOutput(
            gather_positions(logits, masked.positions), logits
        )

    def _read(self, tower: Encoder, direction: str, batch, random):
        return tower(
            batch.input_ids,
            input_mask=batch.input_mask,
            segment_ids=batch.segment_ids,
            direction=direction,
            random=scoped(random, f"generator_{direction}"),
        ).sequence_output


def masked_language_model(
    config, main: Encoder, masking: MaskingConfig
) -> MaskedLanguageModel:
    """Return the generator, or the main encoder where the two are one."""
    adversarial = config.generator_training == "adversarial"
    if not config.has_small_generator:
        return MaskedLanguageModel(main, False, adversarial)
    own = _own_encoder(config, main, "generator")
    return MaskedLanguageModel(own, has_baseline=adversarial)


def uniform(config, main: Encoder, masking: MaskingConfig) -> StaticGenerator:
    """Return a generator that proposes every token alike."""
    return StaticGenerator(np.zeros(main.config.vocab_size))


def unigram(config, main: Encoder, masking: MaskingConfig) -> StaticGenerator:
    """Return a generator of tokens as frequent as in the records.

    Every token counts once more than it comes, so that held-out text has a
    likelihood; [CLS], [SEP] and [MASK] are not proposed.
    """
    logits = np.log(np.asarray(masking.token_counts, np.float64) + 1.0)
    logits[list(masking.special)] = -DISALLOWED
    return StaticGenerator(logits)


def two_towers(config, main: Encoder, masking: MaskingConfig) -> TwoTowers:
    """Return Electric's noise model."""
    # Where it is all there is, the first tower owns the embeddings.
    first = _own_encoder(config, main, "generator_ltr")
    shared = None if config.weight_sharing == "none" else first.embeddings
    return TwoTowers(first, _own_encoder(config, main, "generator_rtl", shared))


def _own_encoder(
    config, main: Encoder, name: str, embeddings: Embeddings | None = None
) -> Encoder:
    """Return a generator-sized encoder with given or new embeddings."""
    if config.objective_spec.has_main:  # `weight_sharing` says which.
        embeddings = EMBEDDINGS_OF_GENERATOR[config.weight_sharing](main)
    return Encoder(
        generator_config(config),
        embeddings=embeddings,
        lookup=config.embedding_lookup,
        recompute=config.recompute,
        scan=config.scan_layers,
        name=name,
    )


# The embeddings of a generator with an encoder of its own; None for new ones.
EMBEDDINGS_OF_GENERATOR = {
    "none": lambda main: None,
    "embeddings": lambda main: main.embeddings,
    "disentangled": lambda main: main.embeddings.source,
}
GENERATORS = {
    "masked_language_model": masked_language_model,
    "uniform": uniform,
    "unigram": unigram,
    "two_towers": two_towers,
}
