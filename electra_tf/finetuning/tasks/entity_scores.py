"""Scores of entities, by seqeval, as conlleval has them; no TensorFlow.

Reference: Nakayama, 2018, seqeval, https://github.com/chakki-works/seqeval
"""

from electra_tf.finetuning.tasks.metrics import PERCENT

METRICS = {"f1": "f1-score", "precision": "precision", "recall": "recall"}
AVERAGES = ("micro avg", "macro avg", "weighted avg")


def entity_f1(
    gold: list[list[str]], predicted: list[list[str]]
) -> dict[str, float]:
    """Return F1, precision and recall of entities, then F1 of each type.

    An entity counts where first word, last word and type are right.

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
        for name, key in METRICS.items()
    }
    for kind, found in report.items():
        if kind not in AVERAGES:
            scores[f"f1_{kind}"] = PERCENT * float(found["f1-score"])
    return scores
