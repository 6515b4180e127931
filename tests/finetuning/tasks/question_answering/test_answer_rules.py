"""Answers are compared by the rules of their language, counted by hand."""

import functools
import random

import pytest

from electra_tf.finetuning.tasks.question_answering import answer_metrics
from electra_tf.finetuning.tasks.question_answering.answer_rules import RULES


@pytest.mark.parametrize(
    ("rules", "gold", "answer", "exact", "f1"),
    [
        # Characters of scripts without blanks count, blanks do not.
        ("characters", "北京大学", "北京", 0, 2 * 2 / 6),
        ("characters", "北京大学", "北 京 大 学", 1, 1),
        ("characters", "กรุงเทพ", "กรุง", 0, 2 * 4 / 11),
        ("characters", "東京タワー", "タワー", 0, 2 * 3 / 8),
        # Words of others count as a whole, in whatever order.
        ("characters", "2008年 Beijing", "beijing 2008年", 0, 1),
        ("characters", "서울 특별시", "서울", 0, 2 / 3),
        # Punctuation of all scripts is stripped, and symbols of ASCII.
        ("characters", "《三国演义》", "三国演义", 1, 1),
        ("characters", "¿Qué?", "qué", 1, 1),
        ("characters", "नमस्ते।", "नमस्ते", 1, 1),
        ("characters", "५०%", "५०", 1, 1),
        ("characters", "the cat", "cat", 0, 2 / 3),
        # The longest run in common: two of four, two of three.
        ("cmrc2018", "北京大学", "大京学", 0, 2 * 1 / 7),
        ("cmrc2018", "北京大学", "北京学", 0, 2 * 2 / 7),
        ("characters", "北京大学", "北京学", 0, 2 * 3 / 7),
        # Articles by language.
        ("mlqa_en", "the cat", "A cat!", 1, 1),
        ("mlqa_de", "der alte König", "König", 0, 2 / 3),
        ("mlqa_de", "dem König", "Der König", 1, 1),
        ("mlqa_de", "the cat", "cat", 0, 2 / 3),
        ("mlqa_es", "La Habana", "habana", 1, 1),
        ("mlqa_vi", "của những người", "người", 1, 1),
        ("mlqa_ar", "الكتاب", "كتاب", 1, 1),
        ("mlqa_hi", "एक राजा", "राजा", 0, 2 / 3),
        ("mlqa_zh", "三国演义", "三国", 0, 2 * 2 / 6),
        # Nothing is left of a right answer, or of the one given.
        ("characters", "!", "", 1, 1),
        ("characters", "京", "。", 0, 0),
    ],
)
def test_one_answer(rules, gold, answer, exact, f1):
    assert RULES[rules].scores([gold], answer) == (exact, pytest.approx(f1))


def test_the_best_of_several_right_answers_counts():
    scores = RULES["characters"].scores(["京", "北京", "?"], "北京")
    assert scores == (1, 1)


def test_metrics_of_several_questions():
    golds = {"a": ["北京大学"], "b": ["三"], "c": []}
    answers = {"a": "北京", "b": "《三》", "c": ""}
    first_two = {name: golds[name] for name in "ab"}
    scores = answer_metrics.exact_match_and_f1(first_two, answers, "characters")
    assert scores == pytest.approx({"exact_match": 50, "f1": 100 * 5 / 6})
    with_null = answer_metrics.with_null_answers(
        golds, answers, dict.fromkeys(golds, 0.0), 1.0, "characters"
    )
    assert with_null["exact"] == pytest.approx(200 / 3)
    assert with_null["HasAns_f1"] == pytest.approx(100 * 5 / 6)
    # The English rules take each for one word.
    english = answer_metrics.exact_match_and_f1(first_two, answers)
    assert english == {"exact_match": 0, "f1": 0}


def _some_answers():
    """Answers made of words that the rules treat in different ways."""
    draw = random.Random(5)
    words = "the a An cat Cat! cat's 北京 ¿que? U.S. - . é\u00a0e 3,000 the-cat"

    def text():
        return " ".join(draw.choices(words.split(" "), k=draw.randrange(4)))

    golds = {
        str(n): [text() for _ in range(draw.randrange(1, 4))]
        for n in range(500)
    }
    return golds, {name: text() for name in golds}


def test_squad_without_the_model_garden(monkeypatch):
    """Its scripts and our rules give the same numbers."""
    golds, answers = _some_answers()
    without_some = golds | {str(n): [] for n in range(0, 500, 5)}
    found = []
    for installed in (True, False):
        found_out = functools.partial(bool, installed)
        monkeypatch.setattr(answer_metrics, "has_model_garden", found_out)
        found.append(
            (
                answer_metrics.exact_match_and_f1(golds, answers),
                *answer_metrics.raw_scores(without_some, answers),
            )
        )
    theirs, ours = found
    assert ours[0] == pytest.approx(theirs[0], rel=1e-12)
    for mine, other in zip(ours[1:], theirs[1:], strict=True):
        assert mine == pytest.approx(other, rel=1e-12)
    assert all(0 < score < 100 for score in ours[0].values())
