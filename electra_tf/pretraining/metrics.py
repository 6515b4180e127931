"""Metrics of pre-training: of an evaluation, and of training steps.

Those of an evaluation are the original's: a batch is reduced to sums, sums add
up over batches and replicas, and `summarize` turns them into metrics.

B batch, L length, N chosen positions, T thresholds.
"""

import numpy as np
from keras import ops

from electra_tf.loss_terms import COUNT_EPSILON, LossTerm
from electra_tf.pretraining import objectives

# TensorFlow 1's streaming AUC: thresholds over [0, 1], the ends moved out.
NUM_THRESHOLDS = 200
_END = 1e-7
_INNER = np.arange(1, NUM_THRESHOLDS - 1) / (NUM_THRESHOLDS - 1)
THRESHOLDS = np.array([-_END, *_INNER, 1 + _END], np.float32)  # [T]
_AUC_EPSILON = 1e-6
# Below both of these it calls everything original and ranks by chance. A
# young discriminator calls everything original, too, but ranks better.
LEAST_RECALL = 0.01
LEAST_AUC = 0.55
_QUIET_LOOPS = 20


def sums(output) -> dict:
    """Reduce a batch's `PretrainingOutput` to sums, which add up.

    Returns float32 tensors: pairs `<metric>/total` and `<metric>/count`, and
    for the AUC the true and false positives at each threshold.
    """
    pairs = _generator_pairs(output)
    if output.disc_logits is not None:
        pairs["disc_loss"] = _detection_loss(output)
        pairs |= _detection_pairs(output)
    if output.predictions is not None:
        losses = objectives.prediction_losses(output.predictions)
        pairs["token_loss"] = _weighted(losses, output.predictions.weights)
        pairs |= _prediction_pairs(output.predictions)
    result = {}
    for name, (total, count) in pairs.items():
        result |= {f"{name}/total": total, f"{name}/count": count}
    if output.disc_logits is not None:
        result |= _auc_sums(output)
    return result


def training_terms(output) -> dict[str, LossTerm]:
    """Return what a training step reports beside its losses.

    The terms have no weight. Unlike in an evaluation, the AUC is exact, of real
    tokens only, and a mean over the steps and replicas, each of which ranks
    its own part of the batch; it costs one sort.
    """
    pairs = {}
    if output.disc_logits is not None:
        pairs |= _detection_pairs(output)
        pairs["disc_auc"] = _exact_auc(output)
    if output.predictions is not None:
        pairs |= _prediction_pairs(output.predictions)
    return {name: LossTerm(None, *pair) for name, pair in pairs.items()}


def _weighted(values, weights) -> tuple:
    """Return the total and the count of a weighted mean."""
    weights = ops.cast(weights, "float32")
    return ops.sum(ops.cast(values, "float32") * weights), ops.sum(weights)


def _generator_pairs(output) -> dict[str, tuple]:
    masked, logits = output.masked, output.generator_output.logits
    predicted = ops.cast(ops.argmax(logits, axis=-1), "int32")
    correct = ops.equal(predicted, masked.ids)
    losses = objectives.token_losses(logits, masked.ids)
    pairs = {
        "masked_lm_accuracy": _weighted(correct, masked.weights),
        "masked_lm_loss": _weighted(losses, masked.weights),
    }
    if output.corrupted is not None:
        sampled = ops.equal(output.corrupted.sampled_ids, masked.ids)
        pairs["sampled_masked_lm_accuracy"] = _weighted(sampled, masked.weights)
    return pairs


def _prediction_pairs(predictions) -> dict[str, tuple]:
    """Count correct predictions of all tokens, and of replaced ones."""
    # A network that copies every token has the first high, the second 0.
    ids, weights = predictions.ids, predictions.weights
    correct = ops.equal(objectives.most_likely(predictions), ids)
    changed = ops.not_equal(predictions.input_ids, ids)
    replaced = weights * ops.cast(changed, "float32")
    return {
        "token_accuracy": _weighted(correct, weights),
        "replaced_token_accuracy": _weighted(correct, replaced),
    }


def _detection_pairs(output) -> dict[str, tuple]:
    mask, labels = output.disc_weights, _labels(output)
    called_fake = ops.cast(output.disc_logits > 0, "float32")
    correct = ops.equal(called_fake, labels)
    return {
        "disc_accuracy": _weighted(correct, mask),
        "disc_precision": _weighted(correct, called_fake * mask),
        "disc_recall": _weighted(correct, labels * mask),
    }


def _labels(output):
    return ops.cast(output.corrupted.is_fake, "float32")


def _detection_loss(output) -> tuple:
    """Return the losses, each averaged over its sequence, and their number."""
    mask = output.disc_weights
    losses = objectives.detection_losses(output.disc_logits, _labels(output))
    lengths = ops.sum(mask, axis=1) + COUNT_EPSILON
    per_example = ops.sum(losses * mask, axis=1) / lengths
    return _weighted(per_example, ops.ones_like(per_example))


def _exact_auc(output) -> tuple:
    mask = output.disc_weights
    fake = _labels(output) * mask
    pairs, ordered = _ordered_pairs(output.disc_logits, fake, mask - fake)
    some = ops.cast(pairs > 0, "float32")
    return ordered / ops.maximum(pairs, 1.0), some


def _ordered_pairs(scores, positives, negatives) -> tuple:
    """Count pairs of a positive and a negative, and those in order of score.

    Their ratio is the area under the ROC curve (Mann and Whitney, 1947). Equal
    scores count as ordered by position. All arguments are `(B, L)`.
    """
    order = ops.argsort(ops.reshape(ops.stop_gradient(scores), (-1,)))
    positives = ops.take(ops.reshape(positives, (-1,)), order)
    negatives = ops.take(ops.reshape(negatives, (-1,)), order)
    below = ops.cumsum(negatives)
    pairs = ops.sum(positives) * ops.sum(negatives)
    return pairs, ops.sum(positives * below)


def _auc_sums(output) -> dict:
    """Count positives above thresholds."""
    # The original gives the AUC no weights, and multiplies the scores by the
    # mask, so padding is label 0 with score 0.
    mask = output.disc_weights
    scores = ops.reshape(ops.sigmoid(output.disc_logits) * mask, (-1,))
    labels = ops.reshape(_labels(output) * mask, (-1,))
    others = 1 - labels
    above = ops.cast(scores[:, None] > THRESHOLDS[None], "float32")
    return {
        "disc_auc/true_positives": ops.sum(above * labels[:, None], axis=0),
        "disc_auc/false_positives": ops.sum(above * others[:, None], axis=0),
        "disc_auc/positives": ops.sum(labels),
        "disc_auc/negatives": ops.sum(others),
    }


def summarize(total: dict) -> dict[str, float]:
    """Turn the added-up results of `sums` into metrics by the original's names.

    >>> summarize({"disc_accuracy/total": 3.0, "disc_accuracy/count": 4.0})
    {'disc_accuracy': 0.75}
    """
    total = {name: np.asarray(value) for name, value in total.items()}
    result = {}
    for key, value in total.items():
        name, part = key.rsplit("/", 1)
        if part == "total":
            count = total[f"{name}/count"]
            result[name] = float(value / count) if count else 0.0
    if "disc_auc/positives" in total:
        result["disc_auc"] = _auc(total)
    return result


def _auc(total: dict) -> float:
    """Return the area under the ROC curve, by trapezoids."""
    positives = total["disc_auc/positives"] + _AUC_EPSILON
    negatives = total["disc_auc/negatives"] + _AUC_EPSILON
    recall = (total["disc_auc/true_positives"] + _AUC_EPSILON) / positives
    fallout = total["disc_auc/false_positives"] / negatives
    widths = fallout[:-1] - fallout[1:]
    return float(np.sum(widths * (recall[:-1] + recall[1:]) / 2))


class CollapseWarning:
    """Warns when the discriminator has stopped telling tokens apart.

    Nothing is said during the warm-up.

    >>> warning = CollapseWarning(num_warmup_steps=100)
    >>> blind = {"disc_recall": 0.0, "disc_auc": 0.5}
    >>> warning(100, blind) is None, warning(200, blind)[:22]
    (True, 'The discriminator call')
    >>> warning(300, blind)  # Said once in 20 loops.
    """

    def __init__(self, num_warmup_steps: int):
        self.num_warmup_steps = num_warmup_steps
        self._quiet = 0

    def __call__(self, step: int, metrics: dict[str, float]) -> str | None:
        """Return a warning, or None, by the last loop's `training_terms`."""
        self._quiet = max(0, self._quiet - 1)
        if step <= self.num_warmup_steps or self._quiet:
            return None
        recall = metrics.get("disc_recall", 1.0)
        auc = metrics.get("disc_auc", 1.0)
        if not (recall < LEAST_RECALL and auc < LEAST_AUC):
            return None
        self._quiet = _QUIET_LOOPS
        return (
            f"The discriminator calls nearly every token original: at step "
            f"{step} it finds {recall:.1%} of the replaced ones, and its AUC "
            f"of {auc:.2f} is near that of guessing (0.50). If this lasts, "
            "lower learning_rate, lengthen num_warmup_steps, raise "
            "disc_weight, or make the generator smaller "
            "(generator_hidden_size): one as large as the discriminator can "
            "leave it nothing to learn."
        )
