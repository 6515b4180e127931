"""Scores of answers: those of SQuAD 1.1, SQuAD 2.0 and MRQA.

An answer is compared with the right ones by the rules of SQuAD, in the
official scripts that ship with the TensorFlow Model Garden, or by a row of
`answer_rules`. Where the Model Garden is not installed SQuAD's rules are taken
from there too, which give the same numbers.
"""

import importlib.util

from electra_tf.finetuning.tasks.metrics import PERCENT
from electra_tf.finetuning.tasks.question_answering import answer_rules
from electra_tf.finetuning.tasks.question_answering.answer_rules import RULES

SQUAD = "squad"


def exact_match_and_f1(
    golds: dict[str, list[str]],
    predictions: dict[str, str],
    scoring: str = SQUAD,
) -> dict[str, float]:
    """Return SQuAD 1.1's and MRQA's metrics, of answers by question.

    `scoring` is "squad" or a row of `RULES`.

    >>> exact_match_and_f1({"q": ["the cat"]}, {"q": "A cat!"})
    {'exact_match': 100.0, 'f1': 100.0}
    """
    if scoring != SQUAD or not has_model_garden():
        rules = RULES.get(scoring, answer_rules.SQUAD_1)
        scores = [rules.scores(golds[n], predictions[n]) for n in golds]
        return {
            name: PERCENT * sum(found) / len(golds)
            for name, found in zip(
                ("exact_match", "f1"), zip(*scores, strict=True), strict=True
            )
        }
    # Packages for one job are imported where it is done.
    from official.nlp.tools import squad_evaluate_v1_1

    scores = squad_evaluate_v1_1.evaluate(_as_squad(golds), predictions)
    return {
        "exact_match": PERCENT * scores["exact_match"],
        "f1": PERCENT * scores["final_f1"],
    }


def has_model_garden() -> bool:
    """Return whether tf-models-official is installed."""
    return importlib.util.find_spec("official") is not None


def _as_squad(golds: dict[str, list[str]]) -> list[dict]:
    questions = [
        {"id": name, "answers": [{"text": text} for text in texts]}
        for name, texts in golds.items()
    ]
    return [{"paragraphs": [{"qas": questions}]}]


def raw_scores(
    golds: dict[str, list[str]],
    predictions: dict[str, str],
    scoring: str = SQUAD,
) -> tuple[dict[str, float], dict[str, float]]:
    """Return exact match and F1 of each question, from 0 to 1.

    Where nothing is right, "" is, as in SQuAD 2.0.
    """
    if scoring != SQUAD or not has_model_garden():
        rules = RULES.get(scoring, answer_rules.SQUAD_2)
        scores = {n: rules.scores(golds[n], predictions[n]) for n in golds}
        return tuple({n: s[i] for n, s in scores.items()} for i in (0, 1))
    from official.nlp.tools import squad_evaluate_v2_0

    scores = {
        name: squad_evaluate_v2_0.evaluate(
            _as_squad({name: texts}), {name: predictions[name]}
        )
        for name, texts in golds.items()
    }
    return tuple(
        {name: score[metric] / PERCENT for name, score in scores.items()}
        for metric in ("exact", "f1")
    )


def with_null_answers(
    golds: dict[str, list[str]],
    predictions: dict[str, str],
    null_odds: dict[str, float],
    threshold: float,
    scoring: str = SQUAD,
) -> dict[str, float]:
    """Return SQuAD 2.0's metrics, of answers by question.

    Null odds above the threshold say that there is no answer.

    Returns:
        `exact` and `f1`; then those of questions with (`HasAns_`) and without
        (`NoAns_`) an answer, numbers of questions, and what the best
        threshold would give (`best_`).
    """
    found = raw_scores(golds, predictions, scoring)
    scores = dict(zip(("exact", "f1"), found, strict=True))
    cut = {
        metric: after_threshold(of_questions, golds, null_odds, threshold)
        for metric, of_questions in scores.items()
    }
    found = _means(cut, list(golds))
    for prefix, has_answer in (("HasAns_", True), ("NoAns_", False)):
        names = [n for n, texts in golds.items() if bool(texts) == has_answer]
        if names:
            found |= {prefix + k: v for k, v in _means(cut, names).items()}
    for metric, of_questions in scores.items():
        best, at = best_threshold(of_questions, golds, predictions, null_odds)
        found |= {f"best_{metric}": best, f"best_{metric}_thresh": at}
    return found


def _means(scores: dict[str, dict], names: list[str]) -> dict[str, float]:
    means = {
        metric: PERCENT * sum(found[n] for n in names) / len(names)
        for metric, found in scores.items()
    }
    return {**means, "total": len(names)}


def after_threshold(
    scores: dict[str, float],
    has_answer: dict,
    null_odds: dict[str, float],
    threshold: float,
) -> dict[str, float]:
    """Return scores by question, answers above the threshold withdrawn.

    `has_answer` has something true for each question with an answer.
    """
    return {
        name: score
        if null_odds[name] <= threshold
        else float(not has_answer[name])
        for name, score in scores.items()
    }


def best_threshold(
    scores: dict[str, float],
    has_answer: dict,
    predictions: dict[str, str],
    null_odds: dict[str, float],
) -> tuple[float, float]:
    """Return the best mean score of any threshold, in percent, and where.

    It goes through the questions by their null odds and answers one more at a
    time. Of equal scores the first counts; 0.0 stands for answering none.
    """
    score = best = sum(not has_answer[name] for name in scores)
    threshold = 0.0
    for name in sorted(null_odds, key=null_odds.get):
        if has_answer[name]:
            score += scores[name]
        else:
            score -= bool(predictions[name])
        if score > best:
            best, threshold = score, null_odds[name]
    return PERCENT * best / len(scores), threshold
