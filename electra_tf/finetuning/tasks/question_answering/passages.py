"""Questions about passages of text, in the layouts of SQuAD, MRQA or rows.

References: Rajpurkar et al., 2016, SQuAD, https://arxiv.org/abs/1606.05250;
Fisch et al., 2019, MRQA 2019 shared task, https://arxiv.org/abs/1910.09753
"""

import functools
import typing
from collections.abc import Callable, Iterator, Mapping

from electra_tf.finetuning.tasks import schema
from electra_tf.finetuning.tasks.rows import Record, RowError, kept
from electra_tf.finetuning.tasks.schema import Field, Type
from electra_tf.finetuning.tasks.tables import Table, read_table
from electra_tf.finetuning.tasks.task import DataError, say
from electra_tf.finetuning.tasks.text_files import shown

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


_ANSWER = (
    Field("text", schema.TEXT, "an answer"),
    Field("answer_start", schema.WHOLE, "the number of its first character"),
)
_GOLDS = Type(
    "a list of texts", lambda v: [*map(schema.text, schema.listed(v))]
)
_QUESTION = (
    Field("id", schema.TEXT, "the name of a question"),
    Field("question", schema.TEXT, "what is asked"),
    Field("context", schema.TEXT, "the passage"),
    Field("answers", schema.ANSWERS, "right answers", required=False),
    Field("is_impossible", schema.TRUTH, "no answer", required=False),
    # Of MRQA: all right answers, wherever they are.
    Field("golds", _GOLDS, "right answers", required=False),
)


def read_file(path: str, layout: str) -> list[Asked]:
    """Read a file in a row of `LAYOUTS`, or raise `DataError`."""
    return asked_of(read_table(path), layout=layout)


def asked_of(
    table: Table,
    columns: Mapping[str, str | None] | None = None,
    skip: bool = False,
    layout: str | None = None,
    tell: Callable[[str], None] = say,
) -> list[Asked]:
    """Return the questions of a table, whose rows may have several.

    Args:
        table: articles as SQuAD has them, passages as MRQA, or a question a
            row, as Hugging Face's datasets and TFDS.
        columns: dict from question, context and answers to their columns, of
            a table with a question a row.
        skip: whether questions that cannot be used are left out, and counted.
        layout: the row of `LAYOUTS`; None to see it from the rows.
        tell: function that is told what was assumed or left out.

    Raises:
        DataError: for a question that cannot be used.
    """
    fields, answer_fields = _QUESTION, _ANSWER
    if layout is None:
        layout = layout_of(table)
    else:  # Benchmarks are taken as they are.
        fields, answer_fields = (
            tuple(field._replace(may_be_blank=True) for field in each)
            for each in (fields, answer_fields)
        )
        if layout_of(table) != layout:
            for record in filter(lambda r: r.problem, table.records):
                raise RowError(record.where, record.problem)
            raise DataError(
                f"{table.name} is not in the format of {layout}: no row has "
                f"{' or '.join(LAYOUTS[layout][0])}, but "
                f"{shown(table.columns)}."
            )
    without = []

    def made(_: int, record: Record) -> Asked:
        values = schema.read(record, fields, columns)
        answers = [
            schema.read(Record(record.where, answer), answer_fields)
            for answer in values["answers"] or ()
        ]
        impossible = values["is_impossible"]
        if impossible is None and layout == "rows" and not answers:
            impossible = True
            without.append(record)
        if impossible and answers:
            raise record.error("is_impossible is true, but there are answers")
        places = [(a["text"], a["answer_start"]) for a in answers]
        return Asked(
            where=record.where,
            id=values["id"],
            text=values["question"],
            passage=passage(values["context"]),
            golds=values["golds"] or [text for text, _ in places],
            is_impossible=bool(impossible),
            answers=places,
        )

    passage = functools.cache(Passage)  # Once for all of its questions.
    records = LAYOUTS[layout][1](table)
    asked = kept(records, made, skip, table.name, tell)
    if without:
        tell(
            f"{table.name}: {len(without)} questions without answers are taken "
            "to have none; say so by is_impossible."
        )
    return asked


def layout_of(table: Table) -> str:
    """Return the row of `LAYOUTS` that a table has."""
    if table.records[0].values.keys() == {"header"}:
        return "mrqa"
    for name, (fields, _) in LAYOUTS.items():
        if any(fields & r.values.keys() for r in table.records):
            return name
    return "rows"


def _of_squad(table: Table) -> Iterator[Record]:
    number = 0
    for record in table.records:
        for paragraph in _objects(record, "paragraphs"):
            for question in _objects(paragraph, "qas"):
                number += 1
                context = {"context": paragraph.values.get("context")}
                where = f"{table.name}, question {number}"
                values = {**question.values, **context}
                yield Record(where, values, question.problem)


def _objects(record: Record, name: str) -> Iterator[Record]:
    """Yield the objects of a list in a record; what is none is a problem."""
    items = record.values.get(name)
    if record.problem or not isinstance(items, list):
        problem = f"expected a list {name!r}. Read: {shown(record.values)}"
        yield Record(record.where, {}, record.problem or problem)
        return
    for item in items:
        if isinstance(item, dict):
            yield Record(record.where, item)
        else:
            problem = f"expected an object in {name!r}. Read: {shown(item)}"
            yield Record(record.where, {}, problem)


def _of_mrqa(table: Table) -> Iterator[Record]:
    for record in table.records:
        if record.values.keys() == {"header"}:
            continue
        for question in _objects(record, "qas"):
            values = {**record.values, **question.values}
            yield _as_squad(Record(record.where, values, question.problem))


def _as_squad(record: Record) -> Record:
    """Return a question of MRQA with the names of SQuAD.

    Of several places of an answer the first is taken.
    """
    values = dict(record.values)
    try:
        places = [
            {"text": text, "answer_start": _first_start(spans)}
            for text, spans in _detected(values.pop("detected_answers", ()))
        ]
    except (KeyError, TypeError, IndexError, ValueError):
        problem = (
            "expected detected_answers with text and char_spans. Read: "
            f"{shown(record.values)}"
        )
        return record._replace(problem=record.problem or problem)
    named = {
        "id": values.get("qid"),
        "golds": values.get("answers") or None,
        "answers": places,
        "is_impossible": False,
    }
    return record._replace(values={**values, **named})


def _detected(answers) -> list[tuple]:
    """Return texts and their places; TFDS has a list of each."""
    if not isinstance(answers, dict):
        return [(answer["text"], answer["char_spans"]) for answer in answers]
    spans = answers["char_spans"]
    if isinstance(spans, dict):
        spans = [{"start": starts} for starts in spans["start"]]
    return [*zip(answers["text"], spans, strict=True)]


def _first_start(spans):
    """Return the start of the first span, however they are written."""
    while isinstance(spans, list | tuple | dict):
        spans = spans["start"] if isinstance(spans, dict) else spans[0]
    return spans


def _of_rows(table: Table) -> Iterator[Record]:
    for record in table.records:
        is_mrqa = record.values.keys() >= {"qid", "detected_answers"}
        yield _as_squad(record) if is_mrqa else record


# What a row of them has, and a function to a record for each question.
LAYOUTS: dict[str, tuple[set[str], Callable]] = {
    "squad": ({"paragraphs"}, _of_squad),
    "mrqa": ({"qas"}, _of_mrqa),
    "rows": (set(), _of_rows),
}


def is_at_its_place(passage: Passage, answer: str, begin: int) -> bool:
    """Return whether an answer begins at a character of a passage.

    Case and the kind of white space may differ.
    """
    there = passage.text[begin : begin + len(answer)] if begin >= 0 else ""
    return _folded(answer) != "" and _folded(there) == _folded(answer)


def has_answer(question: Question) -> bool:
    """Return whether a right answer stands anywhere in the passage."""
    text = _folded(question.passage.text)
    return any(_folded(gold) in text for gold in question.golds)


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


def unanswered(asked: list[Asked]) -> list[Asked]:
    """Return the questions that have no answer, and do not say so."""
    return [q for q in asked if not q.golds and not q.is_impossible]


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
