"""Losses of pre-training, and the heads of the main network: a table.

An objective (a row of `electra_tf.configs.objectives.OBJECTIVES`) trains a
generator, and what the main encoder ends in, if it ends in anything.

B batch, L length, N chosen positions, T tokens that are predicted (N or L),
H hidden size, V vocabulary.
"""

import math
from typing import Any, NamedTuple

from keras import ops

from electra_tf.configs.objectives import COPY, TOKENS
from electra_tf.kernels import fused
from electra_tf.layers import heads
from electra_tf.loss_terms import LossTerm
from electra_tf.pretraining import sampling
from electra_tf.pretraining.masking import gather_positions


def losses(config, output) -> dict[str, LossTerm]:
    """Return the terms of a config's objective by name."""
    terms = GENERATOR_LOSSES[config.generator_training](config, output)
    head = config.objective_spec.head
    if head is not None:
        terms = terms | HEADS[head.name].losses(config, output)
    return terms


class Detection:
    """Replaced-token detection (ELECTRA, section 2).

    A head has `layers`, the Keras layers it owns. It is called with the hidden
    vectors `(B, L, H)` of the main encoder and a `PretrainingOutput` whose
    `corrupted` is there, to return the fields that it adds to it.
    """

    # A sample that equals the original counts as original.
    lucky_samples_are_fake = False

    def __init__(self, config, main):
        self.config = config
        self.head = heads.ReplacedTokenHead(main.config)
        self.layers = [self.head]

    def __call__(self, hidden, output) -> dict:
        """Return `disc_logits` and `disc_weights`, float32 `(B, L)` each."""
        tokens = {
            "all": output.batch.input_mask,
            "chosen": output.corrupted.is_replaced_position,
        }
        weights = tokens[self.config.objective_spec.trained_on]
        return {
            "disc_logits": self.head(hidden),
            "disc_weights": ops.cast(weights, "float32"),
        }

    @staticmethod
    def losses(config, output) -> dict[str, LossTerm]:
        """Return the cross entropy over the tokens that it is trained on."""
        values = detection_losses(output.disc_logits, output.corrupted.is_fake)
        term = _mean(config.disc_weight, values, output.disc_weights)
        return {"disc_loss": term}


class Energy(Detection):
    """Energies of tokens, by telling them from noise (Electric, section 2).

    What is asked is whether a token came from the noise distribution, even if
    the sample happens to equal the original.
    """

    lucky_samples_are_fake = True

    def __call__(self, hidden, output) -> dict:
        """Add the known part of the logits to the energies."""
        detection = super().__call__(hidden, output)
        log_noise = -token_losses(
            output.generator_output.cloze_logits, output.corrupted.input_ids
        )
        known = log_odds_of_noise(
            ops.stop_gradient(log_noise), self.config.mask_prob
        )
        return {**detection, "disc_logits": detection["disc_logits"] + known}


def log_odds_of_noise(log_noise, share: float):
    """Return log(k q(x) / (n - k)), for k = share * n tokens drawn from q."""
    return log_noise + math.log(share / (1 - share))


def detection_losses(logits, labels):
    """Return binary cross entropies: `(B, L)` of logits and 0/1 labels."""
    labels = ops.cast(labels, "float32")
    # log(1 + e^x) - x * label, without overflow.
    return (
        ops.maximum(logits, 0)
        - logits * labels
        + ops.log1p(ops.exp(-ops.abs(logits)))
    )


class TokenPredictions(NamedTuple):
    """Predictions of the original tokens by the main network."""

    logits: Any  # Float32 `(B, T, V)`.
    ids: Any  # Int32 `(B, T)`, the original tokens.
    input_ids: Any  # Int32 `(B, T)`, the tokens that the network read.
    weights: Any  # Float32 `(B, T)`, 1 for tokens that it is trained on.
    copy_logits: Any = None  # Float32 `(B, T)`: was it copied from the input?


class Tokens:
    """Predicts the original tokens (ELECTRA, section 3.5); see `Detection`."""

    lucky_samples_are_fake = False
    copy = None

    def __init__(self, config, main):
        self.trained_on = config.objective_spec.trained_on
        self.embeddings = main.embeddings
        self.head = heads.TokenPredictionHead(main.config, name=TOKENS.name)
        self.layers = [self.head]

    def __call__(self, hidden, output) -> dict:
        """Return `predictions`, a `TokenPredictions`."""
        corrupted_ids, masked = output.corrupted.input_ids, output.masked
        if self.trained_on == "chosen":
            hidden = gather_positions(hidden, masked.positions)
            input_ids = gather_positions(corrupted_ids, masked.positions)
            tokens = (masked.ids, input_ids, masked.weights)
        else:
            mask = ops.cast(output.batch.input_mask, "float32")
            tokens = (output.batch.input_ids, corrupted_ids, mask)
        table = self.embeddings.word_embeddings
        logits = self.head(hidden, word_embeddings=table)
        copy_logits = self.copy(hidden) if self.copy else None
        return {"predictions": TokenPredictions(logits, *tokens, copy_logits)}

    @staticmethod
    def losses(config, output) -> dict[str, LossTerm]:
        """Return the negative log-likelihood of the original tokens."""
        values = prediction_losses(output.predictions)
        weights = output.predictions.weights
        return {"token_loss": _mean(config.disc_weight, values, weights)}


class CopiedTokens(Tokens):
    """Predicts tokens, or copies them from the input (section 3.5)."""

    def __init__(self, config, main):
        super().__init__(config, main)
        self.copy = heads.LinearHead(main.config, name=COPY.name)
        self.layers.append(self.copy)


def token_losses(logits, ids):
    """Return negative log-likelihoods: `(..., V)` and `(...)` to `(...)`."""
    return fused.cross_entropy(logits, ids)


def copy_losses(logits, copy_logits, input_ids, ids):
    """Return negative log-likelihoods under the copy mechanism (section 3.5).

    A token is copied from the input with probability sigmoid(copy_logits),
    and drawn from softmax(logits) otherwise. Logits are float32 `(..., V)`, all
    others `(...)`; `ids` are the tokens whose likelihood is wanted.
    """
    log_copied = ops.log_sigmoid(copy_logits)
    log_drawn = ops.log_sigmoid(-copy_logits) - token_losses(logits, ids)
    return -ops.where(
        ops.equal(input_ids, ids),
        ops.logaddexp(log_copied, log_drawn),
        log_drawn,
    )


def prediction_losses(predictions: TokenPredictions):
    """Return negative log-likelihoods of the original tokens: `(B, T)`."""
    logits, ids, input_ids, _, copy_logits = predictions
    if copy_logits is None:
        return token_losses(logits, ids)
    return copy_losses(logits, copy_logits, input_ids, ids)


def most_likely(predictions: TokenPredictions):
    """Return the likeliest tokens: int32 `(B, T)`."""
    logits, _, input_ids, _, copy_logits = predictions
    best = ops.cast(ops.argmax(logits, axis=-1), "int32")
    if copy_logits is None:
        return best
    copied, drawn = (
        copy_losses(logits, copy_logits, input_ids, ids)
        for ids in (input_ids, best)
    )
    return ops.where(copied <= drawn, input_ids, best)


HEADS = {
    "detection": Detection,
    "energy": Energy,
    "tokens": Tokens,
    "copied_tokens": CopiedTokens,
}


def likelihood(config, output) -> dict[str, LossTerm]:
    """Return the generator's loss: of hidden tokens, or all for two towers."""
    logits = output.generator_output.cloze_logits
    if logits is None:
        logits, ids = output.generator_output.logits, output.masked.ids
        weights = output.masked.weights
    else:
        ids = output.batch.input_ids
        weights = ops.cast(output.maskable, "float32")
    values = token_losses(logits, ids)
    return {"mlm_loss": _mean(config.gen_weight, values, weights)}


def policy(config, output) -> dict[str, LossTerm]:
    """Return the losses of a generator that makes the discriminator err.

    By REINFORCE (ELECTRA, appendix F): the loss has the gradient of minus the
    expected reward. The reward is the discriminator's loss at a sampled token,
    less a baseline, which is trained by cross entropy to expect it. Where two
    samples met at one position, none of the two was read, so they have no
    reward. The likelihood is reported, and not trained on.
    """
    masked, corrupted = output.masked, output.corrupted
    rewards = detection_losses(output.disc_logits, corrupted.is_fake)
    rewards = ops.stop_gradient(gather_positions(rewards, masked.positions))
    read_ids = gather_positions(corrupted.input_ids, masked.positions)
    was_read = ops.equal(read_ids, corrupted.sampled_ids)
    weights = masked.weights * ops.cast(was_read, "float32")  # [B, N]
    logits = sampling.adjusted_logits(
        output.generator_output.logits, masked, config
    )
    sampled_ids = corrupted.sampled_ids
    expected = output.generator_output.baseline_logits
    policy_values = policy_losses(logits, sampled_ids, rewards, expected)
    baseline_values = detection_losses(expected, ops.exp(-rewards))
    terms = {
        "policy_loss": _mean(config.gen_weight, policy_values, weights),
        "baseline_loss": _mean(1.0, baseline_values, weights),
        "reward": _mean(None, rewards, weights),
    }
    if weight := config.entropy_weight:
        terms["negative_entropy"] = _mean(weight, -entropies(logits), weights)
    reported = likelihood(config, output)["mlm_loss"]._replace(weight=None)
    return terms | {"mlm_loss": reported}


def policy_losses(logits, sampled_ids, rewards, baseline_logits):
    """Return losses that have the policy's gradient: float32 `(B, N)`.

    `logits` are `(B, N, V)`, what the tokens were sampled from, all others
    `(B, N)`; -log sigmoid(baseline_logits) is the reward to expect.
    """
    expected = ops.softplus(-baseline_logits)
    advantages = ops.stop_gradient(rewards - expected)
    return token_losses(logits, sampled_ids) * advantages


def entropies(logits):
    """Return entropies in nats: `(..., V)` to `(...)`."""
    log_probabilities = ops.log_softmax(logits)
    return -ops.sum(ops.exp(log_probabilities) * log_probabilities, axis=-1)


def _mean(weight: float | None, values, weights) -> LossTerm:
    """Return the term of a weighted mean of losses."""
    return LossTerm(weight, ops.sum(values * weights), ops.sum(weights))


# In two stages each term has its own, see electra_tf.pretraining.two_stage.
GENERATOR_LOSSES = {
    "joint": likelihood,
    "two_stage": likelihood,
    "adversarial": policy,
}
