"""Pre-training objectives: a table of pure functions.

B batch, L length, N chosen positions, V vocabulary.
"""

from keras import ops

from electra_tf.loss_terms import LossTerm


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


def detection(config, output) -> dict[str, LossTerm]:
    """Generator and discriminator jointly (ELECTRA, section 2)."""
    return likelihood(config, output) | {
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
