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
    """Replaced-token detection over all real tokens."""
    losses = detection_losses(output.disc_logits, output.corrupted.is_fake)
    weights = ops.cast(output.batch.input_mask, "float32")
    return LossTerm(
        weight=config.disc_weight,
        total=ops.sum(losses * weights),
        count=ops.sum(weights),
    )


def rtd(config, output) -> dict[str, LossTerm]:
    """ELECTRA: generator and discriminator jointly (ELECTRA, section 2)."""
    return {
        "mlm_loss": generator_term(config, output),
        "disc_loss": detection_term(config, output),
    }


def mlm(config, output) -> dict[str, LossTerm]:
    """BERT's masked language model, without next-sentence prediction."""
    return {"mlm_loss": generator_term(config, output)}


# Electric differs in what its discriminator's logits and labels are, which
# the pre-trainer decides; its losses are those of rtd.
OBJECTIVES = {"rtd": rtd, "electric": rtd, "mlm": mlm}


def objective_name(config) -> str:
    """Name the row of `OBJECTIVES` that a `PretrainingConfig` asks for."""
    if not config.electra_objective and not config.electric_objective:
        return "mlm"
    return "electric" if config.electric_objective else "rtd"
