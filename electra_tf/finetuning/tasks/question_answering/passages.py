"""Questions about passages of text, in SQuAD's or MRQA's files.

References: Rajpurkar et al., 2016, SQuAD, https://arxiv.org/abs/1606.05250;
Fisch et al., 2019, MRQA 2019 shared task, https://arxiv.org/abs/1910.09753
"""

import functools
import typing
from collections.abc import Callable

from electra_tf.finetuning.tasks.tables import Record
from electra_tf.finetuning.tasks.task import DataError
from electra_tf.finetuning.tasks.text_files import (
    json_lines,
    parse_json,
    read_text,
)

NO_PLACE = -1
# Passages whose pieces are kept: those of the rows that are predicted together.
PASSAGES_KEPT = 512


class Passage:
    """A text to find answers in; an object, for its pieces are kept."""

    def __init__(self, text: str):
        self.text = text


class Question(typing.NamedTuple):
    """A question about a passage."""

    eid: int  # Its number among those of the split that are used.
    id: str  # Its name in the file.
    text: str
    passage: Passage
    golds: list[str]  # Right answers; none for what has no answer.
    answer: str = ""  # The answer to learn; "" for none.
    begin: int = NO_PLACE  # Number of its first character; -1 for none.
    # Whether it is to be learnt that there is no answer.
    is_impossible: bool = False


class Asked(typing.NamedTuple):
    """A question as it stands in a file, at the place `where`.

    `answers` are texts, and the numbers of the characters they begin at.
    """

    where: str
    id: str
    text: str
    passage: Passage
    golds: list[str]
    is_impossible: bool
    answers: list[tuple[str, int]]


def read_squad(path: str) -> list[Asked]:
    """Read a file of SQuAD 1.1 or 2.0, or raise `DataError`."""
    content = parse_json(path, read_text(path))
    asked = []
    try:
        for article in content["data"]:
            for paragraph in article["paragraphs"]:
                passage = Passage(paragraph["context"])
                for question in paragraph["qas"]:
                    where = f"{path}, question {len(asked) + 1}"
                    asked.append(_from_squad(where, question, passage))
    except (KeyError, TypeError, AttributeError) as error:
        after = f", after {asked[-1].where} ({asked[-1].id!r})" if asked else ""
        raise _format_error(path + after, "SQuAD", error) from None
    return asked


def _from_squad(where: str, question: dict, passage: Passage) -> Asked:
    answers = question.get("answers", [])
    return _checked(
        Asked(
            where=where,
            id=question["id"],
            text=question["question"],
            passage=passage,
            golds=[answer["text"] for answer in answers],
            is_impossible=question.get("is_impossible", False),
            answers=[(a["text"], a["answer_start"]) for a in answers],
        )
    )


def read_mrqa(path: str) -> list[Asked]:
    """Read a file of MRQA: a passage and its questions in each line."""
    asked = []
    for where, content in json_lines(path):
        try:
            if "header" in content:
                continue
            passage = Passage(content["context"])
            asked += [_from_mrqa(where, q, passage) for q in content["qas"]]
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise _format_error(where, "MRQA", error) from None
    return asked


def _from_mrqa(where: str, question: dict, passage: Passage) -> Asked:
    return _checked(
        Asked(
            where=where,
            id=question["qid"],
            text=question["question"],
            passage=passage,
            golds=question.get("answers", []),
            is_impossible=False,
            answers=[
                (answer["text"], answer["char_spans"][0][0])
                for answer in question.get("detected_answers", [])
            ],
        )
    )


def _checked(asked: Asked) -> Asked:
    """Return a question, or raise TypeError if a value is of another type."""
    if not isinstance(asked.id, str | int):
        raise TypeError(f"expected an id, received {asked.id!r}")
    texts = (asked.text, asked.passage.text, *asked.golds)
    for text in (*texts, *(text for text, _ in asked.answers)):
        if not isinstance(text, str):
            raise TypeError(f"expected a text, received {text!r}")
    for _, start in asked.answers:
        if not isinstance(start, int):
            raise TypeError(f"expected a number, received {start!r}")
    if not isinstance(asked.is_impossible, bool):
        raise TypeError(
            f"is_impossible must be true or false, not {asked.is_impossible!r}"
        )
    return asked


def from_tfds(records: list[Record]) -> list[Asked]:
    """Return the questions of a set of TFDS that is like SQuAD or MRQA."""
    passage = functools.cache(Passage)  # Once for all of its questions.
    asked = []
    for record in records:
        values = record.values
        is_mrqa = values.keys() >= {"qid", "detected_answers"}
        as_in_file = _mrqa_of_tfds if is_mrqa else _squad_of_tfds
        make = _from_mrqa if is_mrqa else _from_squad
        try:
            text = values["context"]
            asked.append(make(record.where, as_in_file(values), passage(text)))
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise _format_error(record.where, "SQuAD", error) from None
    return asked


def _squad_of_tfds(values: dict) -> dict:
    """A question with a list of answers, not a dict of lists."""
    answers = values["answers"]
    pairs = zip(answers["text"], answers["answer_start"], strict=True)
    made = [{"text": text, "answer_start": start} for text, start in pairs]
    return {**values, "answers": made}


def _mrqa_of_tfds(values: dict) -> dict:
    """A question with lists of dicts, not dicts of lists."""
    detected = values["detected_answers"]
    pairs = zip(detected["text"], detected["char_spans"]["start"], strict=True)
    made = [
        {"text": text, "char_spans": [(start,) for start in starts]}
        for text, starts in pairs
    ]
    return {**values, "detected_answers": made}


def _format_error(where: str, name: str, error: Exception) -> DataError:
    return DataError(
        f"{where} is not in the format of {name}: "
        f"{type(error).__name__}: {error}."
    )


def to_evaluate(asked: list[Asked]) -> list[Question]:
    """Return questions without answers to learn."""
    return [
        Question(eid, q.id, q.text, q.passage, q.golds)
        for eid, q in enumerate(asked)
    ]


def is_at_its_place(passage: Passage, answer: str, begin: int) -> bool:
    """Return whether an answer begins at a character of a passage.

    Case and the kind of white space may differ.
    """
    there = passage.text[begin : begin + len(answer)] if begin >= 0 else ""
    return _folded(answer) != "" and _folded(there) == _folded(answer)


def _folded(text: str) -> str:
    return " ".join(text.split()).lower()


def to_learn(
    asked: list[Asked],
    may_be_impossible: bool,
    is_there: Callable[[Passage, str, int], bool] = is_at_its_place,
) -> tuple[list[Question], list[Asked]]:
    """Return the questions that can be learnt, and the others.

    The answer to learn is the first one. Where it is not in the passage at
    its place, the question is left out. Questions have no answer only where
    they may.

    Args:
        asked: the questions as they were read.
        may_be_impossible: whether questions may have no answer.
        is_there: says of a passage, an answer and the number of its
            first character whether it is there.
    """
    questions, left_out = [], []
    for q in asked:
        question = Question(len(questions), q.id, q.text, q.passage, q.golds)
        if may_be_impossible and q.is_impossible:
            questions.append(question._replace(is_impossible=True))
        elif q.answers and is_there(q.passage, *q.answers[0]):
            answer, begin = q.answers[0]
            questions.append(question._replace(answer=answer, begin=begin))
        else:
            left_out.append(q)
    return questions, left_out


def misplaced(question: Asked) -> str:
    """Say why a question cannot be learnt."""
    name = f"{question.where}: question {question.id!r}"
    if not question.answers:
        return f"{name} has no answer"
    answer, begin = question.answers[0]
    text = question.passage.text
    if not 0 <= begin <= len(text) - len(answer):
        return (
            f"{name}: the answer {answer!r} should begin at character {begin}, "
            f"but the passage has {len(text)}"
        )
    there = text[begin : begin + len(answer)]
    at = text.find(answer)
    advice = f"; it begins at {at}" if at >= 0 else "; it is nowhere in it"
    return (
        f"{name}: the answer {answer!r} should begin at character {begin} of "
        f"the passage, where {there!r} stands{advice}"
    )
