"""Error analysis of a trial: a table by the kind of head; no TensorFlow.

Each row makes sections of Markdown of a task's outputs for the development
set: which labels are taken for which, and the examples that cost most.
"""

import collections
import typing
from collections.abc import Iterable

import numpy as np

from electra_tf.finetuning import confusions
from electra_tf.finetuning.tasks import metrics
from electra_tf.finetuning.tasks.multiple_choice import choices
from electra_tf.finetuning.tasks.question_answering import answer_metrics
from electra_tf.text.tokenization import joined_pieces

WORST = 20  # Errors to show.
# Up to so many labels are shown as a matrix, more as the commonest errors.
MATRIX_LABELS = 12
COMMONEST = 20
LONGEST_TEXT = 300
NONE = "(none)"  # Instead of labels or an answer.


class Evaluated(typing.NamedTuple):
    """A development set and a trial's outputs for it."""

    task: typing.Any
    outputs: dict  # Arrays by name, see `Task.score`.
    source: typing.Any
    features: typing.Any


def sections(evaluated: Evaluated) -> list[str]:
    """Return the sections of a task, by the kind of its head."""
    return ANALYSES[evaluated.task.head.kind](evaluated)


def confused(evaluated: Evaluated) -> confusions.Confusion | None:
    """Return what of a task is to be drawn; None for heads without labels."""
    pairs = PAIRS.get(evaluated.task.head.kind)
    return pairs and confusions.counted(*pairs(evaluated))


def _pairs_of_labels(evaluated: Evaluated) -> tuple:
    """Return names, and the numbers of right and predicted ones."""
    outputs = evaluated.outputs
    return evaluated.task.labels, outputs["label_ids"], outputs["predictions"]


def _labels(evaluated: Evaluated) -> list[str]:
    """Which sentences have which label."""
    labels, gold, predicted = _pairs_of_labels(evaluated)
    errors = _sentence_errors(
        evaluated, gold != predicted, gold, predicted, labels.__getitem__
    )
    return [confusion(labels, gold, predicted), errors]


def _label_sets(evaluated: Evaluated) -> list[str]:
    """Which sentences lack labels, or have too many."""
    labels, outputs = evaluated.task.labels, evaluated.outputs
    gold, predicted = (
        np.asarray(outputs[name]) for name in ("label_ids", "predictions")
    )
    counts = [
        (label, *(int(np.sum(x)) for x in (g * p, g * (1 - p), (1 - g) * p)))
        for label, g, p in zip(labels, gold.T, predicted.T, strict=True)
    ]

    def names(row) -> str:
        chosen = zip(labels, row, strict=True)
        return ", ".join(label for label, there in chosen if there) or NONE

    wrong = np.any(gold != predicted, axis=1)
    return [
        "### Labels\n\n"
        + table(("label", "found", "missed", "wrongly found"), counts),
        _sentence_errors(evaluated, wrong, gold, predicted, names),
    ]


def _numbers(evaluated: Evaluated) -> list[str]:
    """How far predictions are off."""
    outputs, (low, high) = evaluated.outputs, evaluated.task.scale
    gold, predicted = (
        low + np.asarray(outputs[name], np.float64) * (high - low)
        for name in ("targets", "predictions")
    )
    fifths = np.array_split(np.argsort(gold, kind="stable"), 5)
    spread = [
        (
            f"{gold[part].min():.3g} to {gold[part].max():.3g}",
            len(part),
            f"{predicted[part].mean():.3g}",
            f"{predicted[part].std():.2g}",
        )
        for part in fifths
        if len(part)
    ]
    head = ("right", "examples", "mean prediction", "spread")
    errors = _sentence_errors(
        evaluated, np.ones(len(gold), bool), gold, predicted, "{:.3g}".format, 3
    )
    return [
        f"### Predictions by what is right\n\n{table(head, spread)}",
        errors,
    ]


def _sentence_errors(
    evaluated: Evaluated, wrong, gold, predicted, as_text, digits: int = 2
) -> str:
    """Return the sentences of the highest losses of those that are wrong."""
    losses = evaluated.outputs["loss"]
    rows = [
        (
            f"{losses[n]:.{digits}f}",
            as_text(gold[n]),
            as_text(predicted[n]),
            _text(evaluated, n),
        )
        for n in _worst(losses, wrong)
    ]
    return _errors(("loss", "right", "predicted", "text"), rows)


def _of_words(evaluated: Evaluated) -> Iterable[list]:
    """Give the right and the predicted tags of each sentence."""
    outputs = evaluated.outputs
    for name in ("label_ids", "predictions"):
        yield metrics.of_words(outputs[name], outputs)


def _pairs_of_tags(evaluated: Evaluated) -> tuple:
    return evaluated.task.labels, *map(np.concatenate, _of_words(evaluated))


def _tags(evaluated: Evaluated) -> list[str]:
    """Which words have which tag."""
    outputs = evaluated.outputs
    gold, predicted = _of_words(evaluated)
    wrong = [np.any(g != p) for g, p in zip(gold, predicted, strict=True)]
    worst = _worst(outputs["loss"], np.array(wrong, bool))
    rows = [
        (
            f"{outputs['loss'][n]:.2f}",
            _tagged(evaluated, n, gold[n], predicted[n]),
        )
        for n in worst
    ]
    return [
        confusion(*_pairs_of_tags(evaluated)),
        _errors(("loss", "words; [word: right → predicted]"), rows),
    ]


def _tagged(evaluated: Evaluated, number: int, gold, predicted) -> str:
    """Return the words of an input, the wrong ones with their tags."""
    labels, task = evaluated.task.labels, evaluated.task
    columns = evaluated.features.columns
    eids = columns[f"{task.name}_eid"].values[: evaluated.features.num_real]
    eid = evaluated.outputs["eid"][number]
    row = int(np.flatnonzero(eids == eid)[0])
    ids = columns["input_ids"].example(row)
    starts = columns[f"{task.name}_labeled_positions"].example(row)
    tokens = evaluated.source.tokenizer.tokens
    words = []
    ends = [*starts[1:], len(ids) - 1]
    for begin, end, right, found in zip(
        starts, ends, gold, predicted, strict=False
    ):
        word = joined_pieces([tokens[i] for i in ids[begin:end]])
        if right != found:
            word = f"[{word}: {labels[right]} → {labels[found]}]"
        words.append(word)
    return " ".join(words)


def _pairs_of_choices(evaluated: Evaluated) -> tuple:
    asked = choices.questions(evaluated.outputs)
    return (
        choices.letters(max(len(q.logits) for q in asked)),
        np.array([q.label - 1 for q in asked]),
        np.array([q.logits.argmax() for q in asked]),
    )


def _choices(evaluated: Evaluated) -> list[str]:
    """Which choices are taken for which, and where they stand."""
    examples = {e.eid: e for e in evaluated.source.examples}
    asked = choices.questions(evaluated.outputs)
    names, gold, predicted = _pairs_of_choices(evaluated)
    losses = np.array([q.loss for q in asked])
    rows = []
    for n in _worst(losses, gold != predicted):
        example = examples[asked[n].eid]
        right, found = (example.choices[of[n]] for of in (gold, predicted))
        text = " ‖ ".join(filter(None, (example.text, example.question)))
        rows.append((f"{losses[n]:.2f}", right, found, text))
    return [
        confusion(names, gold, predicted),
        _errors(("loss", "right", "predicted", "text"), rows),
    ]


def _answers(evaluated: Evaluated) -> list[str]:
    """Which questions have other answers than the right ones."""
    task, source = evaluated.task, evaluated.source
    answers = task.predictions(evaluated.outputs, source)
    # As in SQuAD 2.0, "" is right where there is no answer.
    golds = {q.id: q.golds for q in source.examples}
    exact, f1 = answer_metrics.raw_scores(
        golds, answers, task.config.answer_scoring
    )
    counts = collections.Counter(
        (
            "an answer" if golds[name] else "none",
            "an answer" if answers[name] else "none",
            "right" if exact[name] else "wrong",
        )
        for name in golds
    )
    wrong = [q for q in source.examples if not exact[q.id]]
    wrong.sort(key=lambda q: f1[q.id])
    rows = [
        (
            f"{100 * f1[q.id]:.0f}",
            " / ".join(dict.fromkeys(q.golds)) or NONE,
            answers[q.id] or NONE,
            q.text,
        )
        for q in wrong[:WORST]
    ]
    head = ("there is", "predicted", "which is", "questions")
    found = [(*key, count) for key, count in sorted(counts.items())]
    return [
        f"### Answers\n\n{table(head, found)}",
        _errors(("F1", "right", "predicted", "question"), rows),
    ]


# By the kind of head.
ANALYSES = {
    "classification": _labels,
    "multilabel": _label_sets,
    "regression": _numbers,
    "multiple_choice": _choices,
    "tagging": _tags,
    "joint_question_answering": _answers,
    "independent_question_answering": _answers,
}


# Whose labels are taken for one another, by the kind of head.
PAIRS = {
    "classification": _pairs_of_labels,
    "multiple_choice": _pairs_of_choices,
    "tagging": _pairs_of_tags,
}


def confusion(labels, gold, predicted) -> str:
    """Return which labels are taken for which.

    >>> print(confusion(("a", "b"), np.array([0, 0, 1]), np.array([0, 1, 1])))
    ### Confusion
    <BLANKLINE>
    | right \\\\ predicted | a | b |
    |---|---|---|
    | a | 1 | 1 |
    | b | 0 | 1 |
    """
    counts = collections.Counter(
        zip(gold.tolist(), predicted.tolist(), strict=True)
    )
    if len(labels) <= MATRIX_LABELS:
        head, numbers = ("right \\ predicted", *labels), range(len(labels))
        rows = [(labels[g], *(counts[g, p] for p in numbers)) for g in numbers]
    else:
        head = ("right", "predicted", "times", "of those right")
        rows = [
            (labels[g], labels[p], count, f"{count / np.sum(gold == g):.1%}")
            for (g, p), count in counts.most_common()
            if g != p
        ][:COMMONEST]
    return f"### Confusion\n\n{table(head, rows)}"


def _worst(losses, wrong) -> list[int]:
    """Return the wrong examples of the highest losses."""
    order = np.argsort(-np.asarray(losses), kind="stable")
    return [int(n) for n in order if wrong[n]][:WORST]


def _text(evaluated: Evaluated, number: int) -> str:
    """Return an example's text, or both of a pair."""
    eid = int(evaluated.outputs["eid"][number])
    example = next(e for e in evaluated.source.examples if e.eid == eid)
    if example.text_pair is None:
        return example.text
    return f"{example.text} ‖ {example.text_pair}"


def _errors(head: tuple[str, ...], rows: list[tuple]) -> str:
    if not rows:
        return "### Errors\n\nNone."
    return f"### Worst errors\n\n{table(head, rows)}"


def table(head: tuple, rows: Iterable[tuple]) -> str:
    """Return a table in Markdown.

    >>> print(table(("a", "b"), [(1, "x|y")]))
    | a | b |
    |---|---|
    | 1 | x\\|y |
    """
    lines = [f"| {' | '.join(map(_cell, row))} |" for row in (head, *rows)]
    lines.insert(1, f"|{'---|' * len(head)}")
    return "\n".join(lines)


def _cell(value) -> str:
    """Return a value as one line that does not end the cell."""
    text = " ".join(str(value).split())
    if len(text) > LONGEST_TEXT:
        text = text[: LONGEST_TEXT - 1] + "…"
    for character in ("\\", "|", "`", "<", "*", "_"):
        text = text.replace(character, f"\\{character}")
    return text
