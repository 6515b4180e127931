"""Trials that have learnt nothing, and how one sees it; no TensorFlow.

Fine-tuning fails now and then, by the seed alone: the network then says the
same of every example (Mosbach et al., 2021, https://arxiv.org/abs/2006.04884).
"""

import math

import numpy as np

from electra_tf.finetuning import results
from electra_tf.finetuning.tasks import metrics

# Predictions that spread less than this are the same: labels are whole
# numbers, targets lie between 0 and 1.
LEAST_SPREAD = 0.01
# What is zero when nothing was found, the first that a task has.
FOUND_METRICS = ("HasAns_f1", "f1", "micro_f1", "mcc")
# The part of training whose mean loss counts as its last.
LAST_SHARE = 0.1


def failure(
    outputs: dict,
    scores: dict[str, float],
    final_loss: float | None = None,
    constant_loss: float | None = None,
) -> str:
    """Say in what a trial has failed; "" for a trial that has not.

    Args:
        outputs: dict of arrays, what the head returned for a split.
        scores: dict from name to value, those of the split.
        final_loss: float, mean training loss of an example at the end.
        constant_loss: float, what always predicting the same would have.

    >>> outputs = {"predictions": [1, 1, 1], "label_ids": [0, 1, 1]}
    >>> failure(outputs, {"accuracy": 66.7})
    'it predicts the same for every example'
    """
    if _is_varied(outputs):
        if not _is_spread(outputs, "predictions"):
            return "it predicts the same for every example"
        first = next(iter(scores), None)
        if first is not None and math.isnan(scores[first]):
            return f"its {first} is not a number"
        found = next((name for name in FOUND_METRICS if name in scores), None)
        if found is not None and scores[found] == 0:
            return f"its {found} is 0"
    if None not in (final_loss, constant_loss) and final_loss >= constant_loss:
        return (
            f"its training loss ended at {final_loss:.3f}, not below the "
            f"{constant_loss:.3f} of always predicting the same"
        )
    return ""


def _is_varied(outputs: dict) -> bool:
    """Say whether the right predictions differ; answers always do."""
    gold = "label_ids" if "label_ids" in outputs else "targets"
    return gold not in outputs or _is_spread(outputs, gold)


def _is_spread(outputs: dict, name: str) -> bool:
    if name not in outputs:
        return True
    values = outputs[name]
    if "labels_mask" in outputs:
        values = np.concatenate(metrics.of_words(values, outputs))
    spread = np.std(np.asarray(values, np.float64), axis=0)
    return bool(np.max(spread) >= LEAST_SPREAD)


def final_loss(folder: str, name: str) -> float | None:
    """Return the mean of a logged loss over the last part of training.

    Args:
        folder: str, of the run.
        name: str, of the loss.
    """
    rows = results.training_rows(folder)
    last = rows[-max(1, int(LAST_SHARE * len(rows))) :]
    values = [row[name] for row in last if row.get(name) is not None]
    return float(np.mean(values)) if values else None
