"""Generator and discriminator, from a batch of tokens to losses.

B batch, L length, N chosen positions, V vocabulary.
"""

import functools
import typing

from keras import ops

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.layers.embeddings import (
    DisentangledEmbeddings,
    Embeddings,
)
from electra_tf.layers.precision import precision
from electra_tf.pretraining import masking, maskings, objectives, sampling
from electra_tf.pretraining.generators import GENERATORS, Proposals
from electra_tf.pretraining.main_heads import HEADS, TokenPredictions
from electra_tf.pretraining.masking import Batch, Masked, SpecialTokens
from electra_tf.pretraining.positions import scatter_average
from electra_tf.randomness import RandomStream, scoped


class Corrupted(typing.NamedTuple):
    """The main network's input, and what a discriminator shall find.

    Attributes:
        input_ids: int32 `(B, L)`, the original tokens with sampled ones
            written over the chosen positions.
        is_fake: int32 `(B, L)`, 1 where a token was replaced.
        written: bool `(B, L)`, the chosen positions.
        sampled_ids: int32 `(B, N)`.
    """

    input_ids: typing.Any
    is_fake: typing.Any
    written: typing.Any
    sampled_ids: typing.Any


class PretrainingOutput(typing.NamedTuple):
    """All that a forward pass computes.

    Attributes:
        batch: `Batch`, as it came.
        candidates: bool `(B, L)`, the tokens that could be chosen.
        masked: `Masked`.
        proposals: `Proposals` of the generator.
        corrupted: `Corrupted`, or None where nothing reads it.
        disc_logits: float32 `(B, L)`, or None without a discriminator.
        disc_weights: float32 `(B, L)`, 1 for the tokens that it is trained
            on; None without one.
        predictions: `TokenPredictions` of the main network, or None.
    """

    batch: Batch
    candidates: typing.Any
    masked: Masked
    proposals: Proposals
    corrupted: Corrupted | None = None
    disc_logits: typing.Any = None
    disc_weights: typing.Any = None
    predictions: TokenPredictions | None = None


class Pretrainer:
    """ELECTRA's two networks and the objective that trains them.

    Not a Keras layer itself, so that the variables carry the names of the
    original's checkpoints, from `electra/...` to
    `discriminator_predictions/...`.

    Args:
        config: `PretrainingConfig`.
        special: `SpecialTokens` of the vocabulary.
        continues_word: bool `(V,)`, which pieces of the vocabulary continue a
            word; needed to mask whole words.
        token_counts: ints `(V,)`, how often each token comes in the training
            records; needed by the unigram generator and to mask rare tokens.

    Raises:
        ValueError: what is needed is missing.
    """

    def __init__(
        self,
        config: PretrainingConfig,
        special: SpecialTokens,
        continues_word=None,
        token_counts=None,
    ):
        if config.masks_words and continues_word is None:
            raise UserError(
                "mask_unit 'word' needs continues_word, which pieces of the "
                "vocabulary continue a word: tokenizer.continues_word. "
                "Received: None."
            )
        if config.needs_token_counts and token_counts is None:
            raise UserError(
                "generator 'unigram' and masking 'rare_tokens' need "
                "token_counts, how often each token comes: "
                "electra_tf.io.token_counts.read. Received: None."
            )
        self.config = config
        self.special = special
        self.rules = maskings.Rules(
            special,
            config.mask_prob,
            config.max_predictions_per_seq,
            continues_word,
            token_counts,
        )
        with precision(config.precision):
            self._make_layers()
        for layer in self.layers:
            layer.build()

    def _make_layers(self):
        config, layout = self.config, self.config.layout
        encoder, lookup = encoder_config(config), config.embedding_lookup
        kind = Embeddings
        if config.weight_sharing == "disentangled":
            kind = DisentangledEmbeddings
        self.main = Encoder(encoder, kind(encoder, lookup), name="electra")
        self.generator = GENERATORS[config.generator](
            config, self.main, self.rules
        )
        self.head = layout.head and HEADS[layout.head](config, self.main)
        self.layers = [
            *([self.main] if layout.has_main else []),
            *self.generator.layers,
            *(self.head.layers if self.head else []),
        ]

    @property
    def has_discriminator(self) -> bool:
        """Whether the objective has replaced tokens to detect."""
        return self.config.detects

    @property
    def variables(self) -> dict:
        """All variables by path; the paths are those of the original."""
        variables = [v for layer in self.layers for v in layer.variables]
        # A shared embedding table belongs to two encoders.
        return {variable.path: variable for variable in variables}

    def __call__(
        self,
        batch: Batch,
        random: RandomStream,
        training: bool,
        frozen_generator: bool = False,
    ) -> PretrainingOutput:
        """Mask, sample and detect with fresh random numbers.

        Args:
            batch: `Batch`.
            random: `RandomStream` of this step.
            training: bool, whether to apply dropout.
            frozen_generator: bool, whether the generator has none even so.
        """
        output = self.propose(batch, random, training and not frozen_generator)
        sample = functools.partial(
            sampling.SAMPLERS[self.config.sampling],
            random=random.child("sampling"),
        )
        return self._read_proposals(output, sample, _dropout(random, training))

    def propose(
        self, batch: Batch, random: RandomStream, training: bool
    ) -> PretrainingOutput:
        """Mask, and run the generator alone; see `__call__`."""
        config, stream = self.config, random.child("masking")
        draws = maskings.draw(config.way_of_masking, batch, self.rules, stream)
        random_ids = None
        if config.random_token_share:
            random_ids = maskings.draw_tokens(
                batch, self.rules, config.vocab_size, stream
            )
        dropout = _dropout(random, training)
        return self._propose(batch, draws, dropout, random_ids)

    def forward(
        self,
        batch: Batch,
        draws: masking.MaskingDraws,
        sample,
        random,
        random_ids=None,
    ) -> PretrainingOutput:
        """Run both networks with given draws.

        Args:
            batch: `Batch`.
            draws: `MaskingDraws`.
            sample: function from logits `(B, N, V)` to int32 `(B, N)`.
            random: `RandomStream` for dropout, or None.
            random_ids: int32 `(B, N)`, see `masking.mask_tokens`.
        """
        output = self._propose(batch, draws, random, random_ids)
        return self._read_proposals(output, sample, random)

    def _propose(
        self, batch: Batch, draws, random, random_ids
    ) -> PretrainingOutput:
        """Hide the chosen tokens, and let the generator propose others."""
        config = self.config
        way = maskings.MASKINGS[config.way_of_masking]
        masked = masking.mask_tokens(
            batch,
            self.special,
            draws,
            way.number(batch, draws.positions, self.rules),
            config.mask_token_share,
            config.random_token_share,
            random_ids,
        )
        return PretrainingOutput(
            batch=batch,
            candidates=masking.candidates(batch, self.special),
            masked=masked,
            proposals=self.generator(batch, masked, random),
        )

    def _read_proposals(self, output, sample, random) -> PretrainingOutput:
        """Let the main network read sampled tokens, if it does."""
        if self.head is None:
            return output
        output = output._replace(corrupted=self._corrupt(output, sample))
        hidden = self._read(output, random)
        return output._replace(**self.head(hidden, output))

    def losses(self, output: PretrainingOutput) -> dict:
        """The objective's `LossTerm`s by name."""
        objective = objectives.OBJECTIVES[self.config.objective]
        return objective(self.config, output)

    def _corrupt(self, output: PretrainingOutput, sample) -> Corrupted:
        """Write sampled tokens over the chosen positions."""
        logits = sampling.adjusted_logits(
            output.proposals.logits,
            output.masked,
            self.config.temperature,
            self.config.disallow_correct,
        )
        sampled_ids = ops.stop_gradient(sample(logits))
        input_ids = output.batch.input_ids
        corrupted_ids, written = scatter_average(
            input_ids, sampled_ids, output.masked.positions
        )
        is_fake = written
        if not self.head.lucky_samples_are_fake:
            changed = ops.not_equal(corrupted_ids, input_ids)
            is_fake = ops.logical_and(written, changed)
        return Corrupted(
            corrupted_ids, ops.cast(is_fake, "int32"), written, sampled_ids
        )

    def _read(self, output: PretrainingOutput, random):
        """The main encoder's vectors `(B, L, H)` of the corrupted tokens."""
        return self.main(
            output.corrupted.input_ids,
            input_mask=output.batch.input_mask,
            segment_ids=output.batch.segment_ids,
            random=scoped(random, "discriminator"),
        ).sequence_output


def _dropout(random: RandomStream, training: bool) -> RandomStream | None:
    return random.child("dropout") if training else None
