"""Generator and discriminator, from a batch of tokens to all they compute.

B batch, L length, N chosen positions, V vocabulary.
"""

import functools
from typing import Any, NamedTuple

import keras
from keras import ops

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.encoder import Encoder
from electra_tf.errors import UserError
from electra_tf.layers.embeddings import DisentangledEmbeddings, Embeddings
from electra_tf.layers.precision import precision
from electra_tf.loss_terms import total_loss
from electra_tf.pretraining import masking, masking_strategies, sampling
from electra_tf.pretraining.generators import GENERATORS, GeneratorOutput
from electra_tf.pretraining.masking import Batch, Masked, MaskingConfig
from electra_tf.pretraining.objectives import HEADS, TokenPredictions, losses
from electra_tf.randomness import RandomStream, scoped


class Corrupted(NamedTuple):
    """The main network's input, and the labels of a discriminator."""

    input_ids: Any  # Int32 `(B, L)`, with sampled tokens at chosen places.
    is_fake: Any  # Int32 `(B, L)`, 1 where a token was replaced by another.
    is_replaced_position: Any  # Bool `(B, L)`, where any sample stands.
    sampled_ids: Any  # Int32 `(B, N)`.


class PretrainingOutput(NamedTuple):
    """All that a forward pass computes; None for what the objective lacks."""

    batch: Batch  # As it came.
    maskable: Any  # Bool `(B, L)`, the tokens that could be chosen.
    masked: Masked
    generator_output: GeneratorOutput
    corrupted: Corrupted | None = None
    disc_logits: Any = None  # Float32 `(B, L)`.
    disc_weights: Any = None  # Float32 `(B, L)`, 1 for tokens to train on.
    predictions: TokenPredictions | None = None  # Of the main network.


class Pretrainer:
    """ELECTRA's two networks, as the config's objective has them.

    Not a Keras layer itself, so that the variables carry the names of the
    original's checkpoints, from `electra/...` to
    `discriminator_predictions/...`.

    Args:
        config: `PretrainingConfig`.
        special: `SpecialTokens` of the vocabulary.
        continues_word: bool `(V,)`, which pieces continue a word; needed to
            mask whole words.
        token_counts: ints `(V,)`, how often each token comes in the records;
            needed by the unigram generator and to mask rare tokens.
    """

    def __init__(
        self,
        config: PretrainingConfig,
        special: masking.SpecialTokens,
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
        self.masking = MaskingConfig(
            special,
            config.mask_prob,
            config.max_predictions_per_seq,
            config.masking_strategy,
            config.mask_token_share,
            config.random_token_share,
            continues_word,
            token_counts,
        )
        with precision(config.precision):
            self._make_layers()
        for layer in self.layers:
            layer.build()

    def _make_layers(self):
        config, spec = self.config, self.config.objective_spec
        encoder, lookup = encoder_config(config), config.embedding_lookup
        kind = Embeddings
        if config.weight_sharing == "disentangled":
            kind = DisentangledEmbeddings
        self.main = Encoder(
            encoder,
            kind(encoder, lookup),
            recompute=config.recompute,
            scan=config.scan_layers,
            name="electra",
        )
        self.generator = GENERATORS[config.generator](
            config, self.main, self.masking
        )
        self.head = spec.head and HEADS[spec.head.name](config, self.main)
        self.layers = [
            *([self.main] if spec.has_main else []),
            *self.generator.layers,
            *(self.head.layers if self.head else []),
        ]

    @property
    def variables(self) -> dict:
        """All variables by path; the paths are those of the original."""
        variables = [v for layer in self.layers for v in layer.weights]
        # A shared embedding table belongs to two encoders.
        return {variable.path: variable for variable in variables}

    def __call__(
        self,
        batch: Batch,
        random: RandomStream,
        training: bool,
        frozen_generator: bool = False,
    ) -> PretrainingOutput:
        """Mask, sample and detect; a frozen generator never has dropout."""
        output = self.generate(batch, random, training and not frozen_generator)
        sample = functools.partial(
            sampling.SAMPLERS[self.config.sampling],
            random=random.child("sampling"),
        )
        dropout = random.child("dropout") if training else None
        return self.read_samples(output, sample, dropout)

    def loss(self, values: dict, batch: Batch, random: RandomStream):
        """Return the training loss for given weights, which are not assigned.

        A function without side effects, for `jax.grad`; see docs/how_to/jax.md.

        Args:
            values: dict from path to array, of all `variables`.
            batch, random: as of `__call__`.
        """
        if self.config.generator_training == "two_stage":
            raise UserError(
                "The loss is that of networks that are trained together. "
                "Received: generator_training='two_stage'; its two losses are "
                "in electra_tf.pretraining.two_stage."
            )
        mapping = [
            (variable, values[path])
            for path, variable in self.variables.items()
        ]
        with keras.StatelessScope(mapping):
            output = self(batch, random, training=True)
            return total_loss(losses(self.config, output))

    def generate(
        self, batch: Batch, random: RandomStream, training: bool
    ) -> PretrainingOutput:
        """Mask, and run the generator alone; see `__call__`."""
        choices = masking_strategies.draw(
            batch, self.masking, self.config.vocab_size, random.child("masking")
        )
        dropout = random.child("dropout") if training else None
        return self.read_masked(batch, choices, dropout)

    def read_masked(
        self,
        batch: Batch,
        choices: masking.MaskingRandomInputs,
        random: RandomStream | None,
    ) -> PretrainingOutput:
        """Hide the chosen tokens, and let the generator propose others."""
        masked = masking_strategies.mask(batch, self.masking, choices)
        return PretrainingOutput(
            batch=batch,
            maskable=masking.maskable(batch, self.masking.special),
            masked=masked,
            generator_output=self.generator(batch, masked, random),
        )

    def read_samples(
        self, output: PretrainingOutput, sample, random: RandomStream | None
    ) -> PretrainingOutput:
        """Let the main network read samples; `sample` makes them of logits."""
        if self.head is None:
            return output
        output = output._replace(corrupted=self._corrupt(output, sample))
        hidden = self.main(
            output.corrupted.input_ids,
            input_mask=output.batch.input_mask,
            segment_ids=output.batch.segment_ids,
            random=scoped(random, "discriminator"),
        ).sequence_output
        return output._replace(**self.head(hidden, output))

    def _corrupt(self, output: PretrainingOutput, sample) -> Corrupted:
        """Put sampled tokens in place of the chosen ones."""
        logits = sampling.adjusted_logits(
            output.generator_output.logits, output.masked, self.config
        )
        sampled_ids = ops.stop_gradient(sample(logits))
        input_ids = output.batch.input_ids
        corrupted_ids, is_replaced = masking.scatter_average(
            input_ids, sampled_ids, output.masked.positions
        )
        is_fake = is_replaced
        if not self.head.lucky_samples_are_fake:
            changed = ops.not_equal(corrupted_ids, input_ids)
            is_fake = ops.logical_and(is_replaced, changed)
        is_fake = ops.cast(is_fake, "int32")
        return Corrupted(corrupted_ids, is_fake, is_replaced, sampled_ids)
