"""Evaluation metrics of pre-training, as the original reports them.

A batch is reduced to sums, sums add up over batches and replicas, and
`summarize` turns them into metrics.

B batch, L length, N chosen positions, T thresholds.
"""

import numpy as np
from keras import ops

from electra_tf.loss_terms import COUNT_EPSILON, LossTerm
from electra_tf.pretraining import objectives

# TensorFlow 1's streaming AUC: thresholds over [0, 1], the ends moved out.
NUM_THRESHOLDS = 200
_END = 1e-7
_AUC_EPSILON = 1e-6


def thresholds() -> np.ndarray:
    """The AUC's thresholds, float32 `(T,)`."""
    inner = np.arange(1, NUM_THRESHOLDS - 1) / (NUM_THRESHOLDS - 1)
    return np.array([-_END, *inner, 1 + _END], np.float32)


def sums(output) -> dict:
    """Reduce a batch to what adds up.

    Args:
        output: `PretrainingOutput`.

    Returns:
        Dict of float32 tensors: pairs `<metric>/total` and `<metric>/count`,
        and for the AUC the true and false positives at each threshold.
    """
    result = _generator_sums(output)
    if output.corrupted is not None:
        result |= _sampling_sums(output)
    if output.disc_logits is not None:
        result |= _discriminator_sums(output)
    if output.predictions is not None:
        result |= _prediction_sums(output)
    return result


def training_terms(output) -> dict[str, LossTerm]:
    """What a training step reports of the main network beside its losses.

    The terms have no weight. Unlike in an evaluation, the AUC is exact, of real
    tokens only, and a mean over the steps and replicas, each of which ranks
    its own part of the batch; it costs one sort.

    Args:
        output: `PretrainingOutput`.
    """
    terms = {}
    if output.disc_logits is not None:
        terms |= _detection_terms(output)
    if output.predictions is not None:
        sums = _prediction_accuracies(output.predictions)
        terms |= {name: LossTerm(None, *sums[name]) for name in sums}
    return terms


def _detection_terms(output) -> dict[str, LossTerm]:
    mask = output.disc_weights
    fake = ops.cast(output.corrupted.is_fake, "float32") * mask
    called_fake = ops.cast(output.disc_logits > 0, "float32") * mask
    found = ops.sum(called_fake * fake)
    right = ops.sum(ops.cast(ops.equal(called_fake, fake), "float32") * mask)
    pairs, ordered = _ordered_pairs(output.disc_logits, fake, mask - fake)
    some = ops.cast(pairs > 0, "float32")
    return {
        "disc_accuracy": LossTerm(None, right, ops.sum(mask)),
        "disc_precision": LossTerm(None, found, ops.sum(called_fake)),
        "disc_recall": LossTerm(None, found, ops.sum(fake)),
        "disc_auc": LossTerm(None, ordered / ops.maximum(pairs, 1.0), some),
    }


def _ordered_pairs(scores, positives, negatives) -> tuple:
    """Pairs of a positive and a negative, and those ranked correctly.

    Their ratio is the area under the ROC curve (Mann and Whitney, 1947). Equal
    scores count as ordered by position.

    Args:
        scores: `(B, L)`.
        positives, negatives: float32 0/1 `(B, L)`.
    """
    order = ops.argsort(ops.reshape(ops.stop_gradient(scores), (-1,)))
    positives = ops.take(ops.reshape(positives, (-1,)), order)
    negatives = ops.take(ops.reshape(negatives, (-1,)), order)
    below = ops.cumsum(negatives)
    pairs = ops.sum(positives) * ops.sum(negatives)
    return pairs, ops.sum(positives * below)


def _weighted(name: str, values, weights) -> dict:
    weights = ops.cast(weights, "float32")
    total = ops.sum(ops.cast(values, "float32") * weights)
    return {f"{name}/total": total, f"{name}/count": ops.sum(weights)}


def _generator_sums(output) -> dict:
    masked, logits = output.masked, output.proposals.logits
    predicted = ops.cast(ops.argmax(logits, axis=-1), "int32")
    losses = objectives.token_losses(logits, masked.ids)
    return {
        **_weighted(
            "masked_lm_accuracy",
            ops.equal(predicted, masked.ids),
            masked.weights,
        ),
        **_weighted("masked_lm_loss", losses, masked.weights),
    }


def _sampling_sums(output) -> dict:
    correct = ops.equal(output.corrupted.sampled_ids, output.masked.ids)
    weights = output.masked.weights
    return _weighted("sampled_masked_lm_accuracy", correct, weights)


def _prediction_sums(output) -> dict:
    predictions = output.predictions
    losses = objectives.prediction_losses(predictions)
    result = _weighted("token_loss", losses, predictions.weights)
    for name, (total, count) in _prediction_accuracies(predictions).items():
        result |= {f"{name}/total": total, f"{name}/count": count}
    return result


def _prediction_accuracies(predictions) -> dict[str, tuple]:
    """Correct predictions and their number: of all, and of replaced tokens.

    A network that copies every token has the first high and the second 0.
    """
    ids, weights = predictions.ids, predictions.weights
    predicted = objectives.most_likely(predictions)
    correct = ops.cast(ops.equal(predicted, ids), "float32")
    changed = ops.not_equal(predictions.input_ids, ids)
    replaced = weights * ops.cast(changed, "float32")
    return {
        "token_accuracy": (ops.sum(correct * weights), ops.sum(weights)),
        "replaced_token_accuracy": (
            ops.sum(correct * replaced),
            ops.sum(replaced),
        ),
    }


def _discriminator_sums(output) -> dict:
    """Losses are averaged over sequences; all else over tokens."""
    mask = output.disc_weights
    logits = output.disc_logits
    labels = ops.cast(output.corrupted.is_fake, "float32")
    predictions = ops.cast(logits > 0, "float32")
    losses = objectives.detection_losses(logits, labels) * mask
    lengths = ops.sum(mask, axis=1) + COUNT_EPSILON
    per_example = ops.sum(losses, axis=1) / lengths
    correct = ops.equal(predictions, labels)
    return {
        **_weighted("disc_loss", per_example, ops.ones_like(per_example)),
        **_weighted("disc_accuracy", correct, mask),
        **_weighted("disc_precision", correct, predictions * mask),
        **_weighted("disc_recall", correct, labels * mask),
        **_auc_sums(logits, labels, mask),
    }


def _auc_sums(logits, labels, mask) -> dict:
    """Positives above each threshold; padding counts as an original token.

    The original gives the AUC no weights, and multiplies the scores by the
    mask, so padding is label 0 with score 0.
    """
    scores = ops.reshape(ops.sigmoid(logits) * mask, (-1,))
    labels = ops.reshape(labels * mask, (-1,))
    above = ops.cast(scores[:, None] > thresholds()[None], "float32")
    return {
        "disc_auc/true_positives": ops.sum(above * labels[:, None], axis=0),
        "disc_auc/false_positives": ops.sum(
            above * (1 - labels)[:, None], axis=0
        ),
        "disc_auc/positives": ops.sum(labels),
        "disc_auc/negatives": ops.sum(1 - labels),
    }


def summarize(total: dict) -> dict[str, float]:
    """Turn sums over all batches into metrics.

    Args:
        total: dict of arrays, the added-up results of `sums`.

    Returns:
        Dict of floats by the original's names.

    Example:

    >>> summarize({"disc_accuracy/total": 3.0, "disc_accuracy/count": 4.0})
    {'disc_accuracy': 0.75}
    """
    total = {name: np.asarray(value) for name, value in total.items()}
    result = {}
    for key in total:
        name, part = key.rsplit("/", 1)
        if part == "total":
            result[name] = _ratio(total[key], total[f"{name}/count"])
    if "disc_auc/positives" in total:
        result["disc_auc"] = _auc(total)
    return result


def _ratio(total, count) -> float:
    return float(total / count) if count else 0.0


def _auc(total: dict) -> float:
    """Area under the ROC curve, by trapezoids."""
    recall = (total["disc_auc/true_positives"] + _AUC_EPSILON) / (
        total["disc_auc/positives"] + _AUC_EPSILON
    )
    fallout = total["disc_auc/false_positives"] / (
        total["disc_auc/negatives"] + _AUC_EPSILON
    )
    widths = fallout[:-1] - fallout[1:]
    return float(np.sum(widths * (recall[:-1] + recall[1:]) / 2))
