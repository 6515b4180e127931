"""Metrics of sentences and words, as the original reports them: in percent.

Each is a function of the outputs of a whole split, a dict of arrays `(N,)`
that holds `predictions` and `label_ids`, or `targets` for regression. For
tagging they are `(N, words)`, and `labels_mask` is 1 where there is a word.
"""

import math

import numpy as np

from electra_tf.finetuning.tasks.tagging import tag_schemes

PERCENT = 100.0
MOST_LISTED = 20  # Labels in a line about all of them.
# Names of seqeval's report.
ENTITY_METRICS = {
    "f1": "f1-score",
    "precision": "precision",
    "recall": "recall",
}
AVERAGES = ("micro avg", "macro avg", "weighted avg")


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
    pearson = spearman = math.nan
    if len(targets) > 1 and np.ptp(targets) and np.ptp(predictions):
        from scipy import stats

        pearson = float(stats.pearsonr(predictions, targets)[0])
        spearman = float(stats.spearmanr(predictions, targets)[0])
    return {
        "pearson": PERCENT * pearson,
        "spearman": PERCENT * spearman,
        "mse": float(np.mean(np.square(targets - predictions))),
    }


def errors(outputs: dict, span: float) -> dict[str, float]:
    """Return mean absolute and root mean square error of a regression.

    `span` is the length of its scale in the units of the data.

    >>> errors({"predictions": [0.5, 1.0], "targets": [0.0, 1.0]}, span=10)
    {'mae': 2.5, 'rmse': 3.5355339059327378}
    """
    differences = span * np.subtract(outputs["predictions"], outputs["targets"])
    return {
        "mae": float(np.mean(np.abs(differences))),
        "rmse": float(np.sqrt(np.mean(np.square(differences)))),
    }


def label_f1(outputs: dict) -> dict[str, float]:
    """F1 of labels of which an example may have several.

    `predictions` and `label_ids` are `(N, C)`, 1 for the labels it has. Micro
    counts all decisions together, macro is the mean over labels; exact is the
    share of examples with all labels right.
    """
    from sklearn import metrics

    gold, found = outputs["label_ids"], outputs["predictions"]
    scores = {
        f"{average}_f1": PERCENT
        * float(metrics.f1_score(gold, found, average=average, zero_division=0))
        for average in ("micro", "macro")
    }
    exact = np.all(np.equal(gold, found), axis=-1)
    return {**scores, "exact": PERCENT * float(np.mean(exact))}


METRICS = {
    "accuracy": accuracy,
    "mcc": mcc,
    "released_f1": released_f1,
    "macro_f1": macro_f1,
    "correlations": correlations,
    "label_f1": label_f1,
}


def of_words(values, outputs: dict) -> list:
    """Return those of the `(N, words)` values that belong to words.

    >>> of_words([[4, 5, 0]], {"labels_mask": [[1.0, 1.0, 0.0]]})[0].tolist()
    [4, 5]
    """
    return [
        np.asarray(row)[np.asarray(mask) > 0]
        for row, mask in zip(values, outputs["labels_mask"], strict=True)
    ]


def word_accuracy(
    outputs: dict, failing_label: int | None = None
) -> dict[str, float]:
    """Share of words with the right label; those of one may always fail."""
    gold = np.concatenate(of_words(outputs["label_ids"], outputs))
    correct = gold == np.concatenate(of_words(outputs["predictions"], outputs))
    if failing_label is not None:
        correct &= gold != failing_label
    return {"accuracy": PERCENT * float(np.mean(correct))}


def span_f1(outputs: dict, labels) -> dict[str, float]:
    """F1, precision and recall of spans, by first word, last word and type.

    `labels` are the tags by their numbers.
    """
    found, gold = (
        {
            (number, span)
            for number, row in enumerate(of_words(outputs[name], outputs))
            for span in tag_schemes.decoded([labels[label] for label in row])
        }
        for name in ("predictions", "label_ids")
    )
    right = len(found & gold)
    precision = PERCENT * right / len(found) if found else 0.0
    recall = PERCENT * right / len(gold) if gold else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {"f1": f1, "precision": precision, "recall": recall}


def entity_f1(
    gold: list[list[str]], predicted: list[list[str]]
) -> dict[str, float]:
    """Return F1, precision and recall of entities, then F1 of each gold type.

    An entity counts where first word, last word and type are right. Types that
    are only predicted count in the former. Reference:
    Nakayama, 2018, seqeval, https://github.com/chakki-works/seqeval

    >>> entity_f1([["B-PER", "I-PER", "O"]], [["B-PER", "O", "O"]])
    {'f1': 0.0, 'precision': 0.0, 'recall': 0.0, 'f1_PER': 0.0}
    """
    # Packages for one job are imported where it is done.
    from seqeval.metrics import classification_report

    report = classification_report(
        gold, predicted, output_dict=True, zero_division=0
    )
    scores = {
        name: PERCENT * float(report["micro avg"][key])
        for name, key in ENTITY_METRICS.items()
    }
    for kind, found in report.items():
        # Whatever is predicted, trials have the same metrics.
        if kind not in AVERAGES and found["support"]:
            scores[f"f1_{kind}"] = PERCENT * float(found["f1-score"])
    return scores


def word_loss(outputs: dict, released: bool = False) -> float:
    """Mean loss of a word; the released code reports it twice as high."""
    words = sum(np.sum(mask) for mask in outputs["labels_mask"])
    return float((1 + released) * np.sum(outputs["loss"]) / words)


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


def entropy(counts) -> float:
    """Return the entropy of counts, in nats."""
    total = sum(counts)
    return -sum(c / total * math.log(c / total) for c in counts if c)


def shares(counts: dict[str, int], total: int) -> str:
    """Say how many there are of each; of the most frequent if of many.

    >>> shares({"no": 1, "yes": 3}, 4)
    '1 no (25.0%), 3 yes (75.0%)'
    """
    chosen = list(counts)
    if len(chosen) > MOST_LISTED:
        chosen = sorted(chosen, key=counts.get, reverse=True)[:MOST_LISTED]
    listed = [f"{counts[n]} {n} ({counts[n] / total:.1%})" for n in chosen]
    if len(counts) > MOST_LISTED:
        listed.append(f"{len(counts) - MOST_LISTED} more")
    return ", ".join(listed)
