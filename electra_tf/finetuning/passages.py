"""Questions about passages of text, in SQuAD's or MRQA's files.

References: Rajpurkar et al., 2016, SQuAD, https://arxiv.org/abs/1606.05250;
Fisch et al., 2019, MRQA 2019 shared task, https://arxiv.org/abs/1910.09753
"""

import functools
import itertools
import json
import typing

from electra_tf.finetuning.task import DataError

# What parts the words of a passage, as in the released code: the narrow
# no-break space does, other rare spaces do not.
SPACES = frozenset(" \t\r\n\u202f")
NO_WORD = -1


class Passage:
    """A text to find answers in.

    Args:
        text: str.

    >>> passage = Passage("Two  words.")
    >>> passage.words, passage.word_of_character[5], passage.word_starts
    (['Two', 'words.'], 1, [0, 5])
    """

    def __init__(self, text: str):
        self.text = text

    @functools.cached_property
    def word_of_character(self) -> list[int]:
        """Number of each character's word; of a space, the word before it."""
        words, number, inside = [], NO_WORD, False
        for character in self.text:
            is_space = character in SPACES
            number += not is_space and not inside
            inside = not is_space
            words.append(number)
        return words

    @functools.cached_property
    def word_starts(self) -> list[int]:
        """Number of each word's first character."""
        spaces = [True, *(c in SPACES for c in self.text)]
        return [
            place
            for place, (before, here) in enumerate(itertools.pairwise(spaces))
            if before and not here
        ]

    @functools.cached_property
    def words(self) -> list[str]:
        """The words, in order."""
        groups = itertools.groupby(self.text, SPACES.__contains__)
        return ["".join(group) for is_space, group in groups if not is_space]


class Question(typing.NamedTuple):
    """A question about a passage.

    Attributes:
        eid: int, its number among those of the split that are used.
        id: str, its name in the file.
        text: str.
        passage: `Passage`.
        golds: list of str, right answers; none for what has no answer.
        answer: str, the answer to learn; "" for none.
        first: int, number of its first word; -1 for none.
        last: int, number of its last word; -1 for none.
        is_impossible: bool, whether it is to be learnt that there is no
            answer.
    """

    eid: int
    id: str
    text: str
    passage: Passage
    golds: list[str]
    answer: str = ""
    first: int = NO_WORD
    last: int = NO_WORD
    is_impossible: bool = False


class _Asked(typing.NamedTuple):
    """A question as it stands in a file."""

    id: str
    text: str
    passage: Passage
    golds: list[str]
    is_impossible: bool
    answers: list[tuple[str, int]]  # Texts and where they begin.


def read_squad(path: str) -> list[_Asked]:
    """Read a file of SQuAD 1.1 or 2.0.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it is none of SQuAD's.
    """
    content = _json(path, _text(path))
    try:
        return [
            _from_squad(question, passage)
            for article in content["data"]
            for paragraph in article["paragraphs"]
            for passage in [Passage(paragraph["context"])]
            for question in paragraph["qas"]
        ]
    except (KeyError, TypeError) as error:
        raise _format_error(path, "SQuAD", error) from None


def _from_squad(question: dict, passage: Passage) -> _Asked:
    answers = question.get("answers", [])
    return _Asked(
        id=question["id"],
        text=question["question"],
        passage=passage,
        golds=[answer["text"] for answer in answers],
        is_impossible=question.get("is_impossible", False),
        answers=[(a["text"], a["answer_start"]) for a in answers],
    )


def read_mrqa(path: str) -> list[_Asked]:
    """Read a file of MRQA: a passage and its questions in each line.

    Raises:
        FileNotFoundError: when there is no such file.
        DataError: when it is none of MRQA's.
    """
    asked = []
    for number, line in enumerate(_text(path).split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        content = _json(where, line)
        try:
            if "header" in content:
                continue
            passage = Passage(content["context"])
            asked += [_from_mrqa(q, passage) for q in content["qas"]]
        except (KeyError, TypeError, IndexError) as error:
            raise _format_error(where, "MRQA", error) from None
    return asked


def _from_mrqa(question: dict, passage: Passage) -> _Asked:
    return _Asked(
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


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (FileNotFoundError, IsADirectoryError):
        raise FileNotFoundError(f"No data file at {path}.") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}.") from None


def _json(where: str, text: str):
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"{where} is no JSON: {error}.") from None


def _format_error(where: str, name: str, error: Exception) -> DataError:
    return DataError(
        f"{where} is not in the format of {name}: "
        f"{type(error).__name__}: {error}."
    )


def to_evaluate(asked: list[_Asked]) -> list[Question]:
    """Return questions without answers to learn."""
    return [
        Question(eid, q.id, q.text, q.passage, q.golds)
        for eid, q in enumerate(asked)
    ]


def to_learn(
    asked: list[_Asked], may_be_impossible: bool
) -> tuple[list[Question], list[str]]:
    """Return the questions that can be learnt, and the names of the others.

    The answer to learn is the first one. Where its words are not those of the
    passage at its place, the question is left out.

    Args:
        asked: what was read.
        may_be_impossible: bool, whether questions may have no answer.
    """
    questions, left_out = [], []
    for q in asked:
        question = Question(len(questions), q.id, q.text, q.passage, q.golds)
        if may_be_impossible and q.is_impossible:
            questions.append(question._replace(is_impossible=True))
            continue
        place = _place(q) if q.answers else None
        if place is None:
            left_out.append(q.id)
            continue
        first, last = place
        questions.append(
            question._replace(answer=q.answers[0][0], first=first, last=last)
        )
    return questions, left_out


def _place(question: _Asked) -> tuple[int, int] | None:
    """Return the first and last word of the answer, None if not there."""
    answer, begin = question.answers[0]
    end = begin + len(answer) - 1
    words = question.passage.word_of_character
    if not 0 <= begin < len(words) or not 0 <= end < len(words):
        return None
    first, last = words[begin], words[end]
    there = " ".join(question.passage.words[first : last + 1])
    wanted = " ".join(answer.split())
    return (first, last) if wanted.lower() in there.lower() else None
