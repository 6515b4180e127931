"""Metrics of sentence tasks, as the original reports them: in percent.

Each is a function of the outputs of a whole split, a dict of arrays `(N,)`
that holds `predictions` and `label_ids`, or `targets` for regression.
"""

import numpy as np

PERCENT = 100.0


def accuracy(outputs: dict) -> dict[str, float]:
    """Share of examples with the right label.

    >>> accuracy({"predictions": [0, 1, 1, 1], "label_ids": [0, 1, 1, 0]})
    {'accuracy': 75.0}
    """
    correct = np.equal(outputs["predictions"], outputs["label_ids"])
    return {"accuracy": PERCENT * float(np.mean(correct))}


def mcc(outputs: dict) -> dict[str, float]:
    """Matthews correlation coefficient, CoLA's metric."""
    # A second to import, which pre-training need not wait for.
    from sklearn import metrics

    value = metrics.matthews_corrcoef(
        outputs["label_ids"], outputs["predictions"]
    )
    return {"mcc": PERCENT * float(value)}


def released_f1(outputs: dict) -> dict[str, float]:
    """F1 of label 1 as the released code has it; none of its tasks uses it.

    It counts gold labels only where the prediction is 1, so precision, recall
    and F1 are always the same number.
    """
    predicted = np.equal(outputs["predictions"], 1)
    right = np.equal(outputs["predictions"], outputs["label_ids"])
    count = int(np.sum(predicted))
    value = PERCENT * int(np.sum(right & predicted)) / count if count else 0.0
    return {"precision": value, "recall": value, "f1": value}


def macro_f1(outputs: dict) -> dict[str, float]:
    """Mean over the labels of F1."""
    from sklearn import metrics

    value = metrics.f1_score(
        outputs["label_ids"],
        outputs["predictions"],
        average="macro",
        zero_division=0,
    )
    return {"macro_f1": PERCENT * float(value)}


def correlations(outputs: dict) -> dict[str, float]:
    """Pearson's and Spearman's correlation, and the mean squared error.

    The correlations of constant predictions are NaN, as are those of fewer
    than two examples.
    """
    targets = np.asarray(outputs["targets"], np.float32)
    predictions = np.asarray(outputs["predictions"], np.float32)
    pearson, spearman = _correlations(targets, predictions)
    return {
        "pearson": PERCENT * pearson,
        "spearman": PERCENT * spearman,
        "mse": float(np.mean(np.square(targets - predictions))),
    }


def _correlations(targets, predictions) -> tuple[float, float]:
    if len(targets) < 2 or np.ptp(targets) == 0 or np.ptp(predictions) == 0:
        return float("nan"), float("nan")
    from scipy import stats

    return (
        float(stats.pearsonr(predictions, targets)[0]),
        float(stats.spearmanr(predictions, targets)[0]),
    )


METRICS = {
    "accuracy": accuracy,
    "mcc": mcc,
    "released_f1": released_f1,
    "macro_f1": macro_f1,
    "correlations": correlations,
}


def score(names, outputs: dict) -> dict[str, float]:
    """Return the named metrics, then the mean loss."""
    scores = {}
    for name in names:
        scores |= METRICS[name](outputs)
    return {**scores, "loss": float(np.mean(outputs["loss"]))}


def as_text(scores: dict[str, float]) -> str:
    """Write metrics as the original does.

    >>> as_text({"mcc": 55.123, "loss": 0.4})
    'mcc: 55.12 - loss: 0.40'
    """
    return " - ".join(f"{name}: {value:.2f}" for name, value in scores.items())
