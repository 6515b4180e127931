"""Files of questions: reading, and which of them can be learnt."""

import pytest

from electra_tf.finetuning.tasks.question_answering import passages
from electra_tf.finetuning.tasks.question_answering.answer_places import (
    ExactPlaces,
    ReleasedPlaces,
    Words,
)
from electra_tf.finetuning.tasks.task import DataError
from tests.finetuning import questions


def test_words_and_their_characters():
    text = " Two\twords\u202fand\u00a0more \n"
    words = Words(text)
    assert words.texts == ["Two", "words", "and\u00a0more"]
    for number, word in enumerate(words.texts):
        begin = text.find(word)
        end = begin + len(word)
        assert words.of_character[begin:end] == [number] * len(word)
    assert words.of_character[0] == -1


def test_both_formats_say_the_same(tmp_path):
    content = questions.squad(with_null=False)
    path = questions.write(tmp_path / "a.json", content)
    squad = passages.read_file(str(path), "squad")
    (tmp_path / "b.jsonl").write_text(questions.mrqa())
    mrqa = passages.read_file(str(tmp_path / "b.jsonl"), "mrqa")
    for one, other in zip(squad, mrqa, strict=True):
        assert one.text == other.text
        assert one.golds == other.golds
        assert one.answers == other.answers
        assert one.passage.text == other.passage.text


def asked(answer: str, begin: int, is_impossible: bool = False):
    passage = passages.Passage("The old tower, of London.")
    return passages.Asked(
        "dev.json, question 1",
        "q",
        "?",
        passage,
        [answer],
        is_impossible,
        [(answer, begin)],
    )


@pytest.mark.parametrize(
    ("is_there", "expected"),
    [
        (ExactPlaces.is_at_its_place, [(0, "tower", 8)]),
        (
            ReleasedPlaces.is_at_its_place,
            [(0, "old  Tower", 4), (1, "tower", 8)],
        ),
    ],
)
def test_answers_that_are_not_there_are_left_out(is_there, expected):
    given = [
        asked("old  Tower", 4),
        asked("castle", 8),
        asked("London. And more", 18),
        asked("tower", 800),
        asked("tower", 8),
    ]
    found, left_out = passages.to_learn(given, True, is_there)
    assert [(q.eid, q.answer, q.begin) for q in found] == expected
    assert len(left_out) == 5 - len(found)


@pytest.mark.parametrize("may_be_impossible", [True, False])
def test_questions_without_an_answer(may_be_impossible):
    given = [asked("tower", 8, is_impossible=True)]
    ((question,), _) = passages.to_learn(
        given, may_be_impossible, ExactPlaces.is_at_its_place
    )
    assert question.is_impossible == may_be_impossible
    assert question.begin == (-1 if may_be_impossible else 8)


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("{", "squad", "a.json: no JSON: "),
        ("{}", "squad", "not in the format of squad: no row h"),
        ("[1]", "squad", "line 1: expected a JSON object"),
        (
            '{"header": 1}\n{}',
            "mrqa",
            "line 2: expected a list 'qas'",
        ),
        ('{"header": 1}\n{', "mrqa", "line 2: no JSON"),
    ],
)
def test_other_files(tmp_path, text, layout, expected):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(DataError, match=expected):
        passages.read_file(str(path), layout)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="No data file at "):
        passages.read_file(str(tmp_path / "a.json"), "squad")
