"""Pre-training objectives: a table of pure functions.

B batch, L length, N chosen positions, V vocabulary.
"""

from keras import ops

from electra_tf.loss_terms import LossTerm
from electra_tf.pretraining import sampling


def token_losses(logits, ids):
    """Negative log-likelihoods: `(..., V)` and `(...)` to float32 `(...)`."""
    return ops.sparse_categorical_crossentropy(ids, logits, from_logits=True)


def detection_losses(logits, labels):
    """Binary cross entropies: `(B, L)` logits and 0/1 labels to `(B, L)`."""
    labels = ops.cast(labels, "float32")
    # log(1 + e^x) - x * label, without overflow.
    return (
        ops.maximum(logits, 0)
        - logits * labels
        + ops.log1p(ops.exp(-ops.abs(logits)))
    )


def generator_term(config, output) -> LossTerm:
    """Likelihood of the generator: hidden tokens, or all for two towers."""
    if output.proposals.cloze_logits is None:
        losses = token_losses(output.proposals.logits, output.masked.ids)
        weights = output.masked.weights
    else:
        losses = token_losses(
            output.proposals.cloze_logits, output.batch.input_ids
        )
        weights = ops.cast(output.candidates, "float32")
    return LossTerm(
        weight=config.gen_weight,
        total=ops.sum(losses * weights),
        count=ops.sum(weights),
    )


def detection_term(config, output) -> LossTerm:
    """Replaced-token detection over the tokens that it is trained on."""
    losses = detection_losses(output.disc_logits, output.corrupted.is_fake)
    return LossTerm(
        weight=config.disc_weight,
        total=ops.sum(losses * output.disc_weights),
        count=ops.sum(output.disc_weights),
    )


def copy_losses(logits, copy_logits, input_ids, ids):
    """Negative log-likelihoods under the copy mechanism (section 3.5).

    A token is copied from the input with probability sigmoid(copy_logits),
    and drawn from softmax(logits) otherwise.

    Args:
        logits: float32 `(..., V)`.
        copy_logits: float32 `(...)`.
        input_ids: int32 `(...)`, the tokens that may be copied.
        ids: int32 `(...)`, the tokens whose likelihood is wanted.

    Returns:
        Float32 `(...)`.
    """
    log_copied = ops.log_sigmoid(copy_logits)
    log_drawn = ops.log_sigmoid(-copy_logits) - token_losses(logits, ids)
    return -ops.where(
        ops.equal(input_ids, ids),
        ops.logaddexp(log_copied, log_drawn),
        log_drawn,
    )


def prediction_losses(predictions):
    """The losses of `TokenPredictions`: float32 `(B, T)`."""
    logits, ids, input_ids, _, copy_logits = predictions
    if copy_logits is None:
        return token_losses(logits, ids)
    return copy_losses(logits, copy_logits, input_ids, ids)


def most_likely(predictions):
    """The likeliest tokens of `TokenPredictions`: int32 `(B, T)`."""
    logits, _, input_ids, _, copy_logits = predictions
    best = ops.cast(ops.argmax(logits, axis=-1), "int32")
    if copy_logits is None:
        return best
    candidates = (input_ids, best)
    losses = [
        copy_losses(logits, copy_logits, input_ids, ids) for ids in candidates
    ]
    return ops.where(losses[0] <= losses[1], *candidates)


def token_term(config, output) -> LossTerm:
    """Likelihood of the original tokens, by the main network."""
    losses = prediction_losses(output.predictions)
    weights = output.predictions.weights
    return LossTerm(
        weight=config.disc_weight,
        total=ops.sum(losses * weights),
        count=ops.sum(weights),
    )


def likelihood(config, output) -> dict[str, LossTerm]:
    """The generator alone: BERT's masked language model, or two towers."""
    return {"mlm_loss": generator_term(config, output)}


def policy(config, output) -> dict[str, LossTerm]:
    """A generator that makes the discriminator err (ELECTRA, appendix F).

    By REINFORCE: the loss has the gradient of minus the expected reward. The
    reward is the discriminator's loss at a sampled token, less a baseline,
    which is trained by cross entropy to expect it. Where two samples met at
    one position, none of the two was read, so they have no reward. The
    likelihood is reported, and not trained on.
    """
    proposals, masked = output.proposals, output.masked
    sampled_ids = output.corrupted.sampled_ids
    rewards = detection_losses(output.disc_logits, output.corrupted.is_fake)
    rewards = ops.stop_gradient(_at_chosen(rewards, masked))  # [B, N]
    read = _at_chosen(output.corrupted.input_ids, masked)
    weights = masked.weights * ops.cast(ops.equal(read, sampled_ids), "float32")
    logits = sampling.adjusted_logits(
        proposals.logits, masked, config.temperature, config.disallow_correct
    )
    expected = proposals.baseline_logits
    losses = {
        "policy_loss": policy_losses(logits, sampled_ids, rewards, expected),
        "baseline_loss": detection_losses(expected, ops.exp(-rewards)),
        "reward": rewards,
    }
    term_weights = {"policy_loss": config.gen_weight, "baseline_loss": 1.0}
    if config.entropy_weight:
        losses["negative_entropy"] = -entropies(logits)
        term_weights["negative_entropy"] = config.entropy_weight
    terms = {
        name: LossTerm(
            term_weights.get(name), ops.sum(loss * weights), ops.sum(weights)
        )
        for name, loss in losses.items()
    }
    reported = generator_term(config, output)._replace(weight=None)
    return terms | {"mlm_loss": reported}


def policy_losses(logits, sampled_ids, rewards, baseline_logits):
    """What has the policy's gradient: float32 `(B, N)`.

    Args:
        logits: float32 `(B, N, V)`, what the tokens were sampled from.
        sampled_ids: int32 `(B, N)`.
        rewards: float32 `(B, N)`.
        baseline_logits: float32 `(B, N)` of a probability p; -log(p) is the
            reward to expect.
    """
    expected = ops.softplus(-baseline_logits)
    advantages = ops.stop_gradient(rewards - expected)
    return token_losses(logits, sampled_ids) * advantages


def entropies(logits):
    """Entropies in nats: `(..., V)` to `(...)`."""
    log_probabilities = ops.log_softmax(logits)
    return -ops.sum(ops.exp(log_probabilities) * log_probabilities, axis=-1)


def _at_chosen(values, masked):
    """Read `(B, L)` at the chosen positions: `(B, N)`."""
    return ops.take_along_axis(values, masked.positions, axis=1)


# In two stages each term has its own, see electra_tf.pretraining.two_stage.
GENERATOR_TERMS = {
    "joint": likelihood,
    "two_stage": likelihood,
    "adversarial": policy,
}


def detection(config, output) -> dict[str, LossTerm]:
    """Generator and discriminator (ELECTRA, section 2)."""
    generator_terms = GENERATOR_TERMS[config.generator_training]
    return generator_terms(config, output) | {
        "disc_loss": detection_term(config, output)
    }


def prediction(config, output) -> dict[str, LossTerm]:
    """A generator, and a main network that predicts tokens (section 3.5)."""
    return likelihood(config, output) | {
        "token_loss": token_term(config, output)
    }


# Rows that share a function differ in their networks: what the main one ends
# in, and the tokens it is trained on (electra_tf.configs.objectives).
OBJECTIVES = {
    "rtd": detection,
    "electra_15": detection,
    "electric": detection,
    "mlm": likelihood,
    "two_tower": likelihood,
    "replace_mlm": prediction,
    "all_tokens_mlm": prediction,
    "all_tokens_mlm_no_copy": prediction,
}
