"""Fields of rows: what each type takes, refuses, and says."""

import decimal
import math

import pytest

from electra_tf.finetuning.tasks import schema
from electra_tf.finetuning.tasks.rows import Record, RowError, kept
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.task import DataError


def read(kind, value, **settings):
    field = Field("x", kind, "the thing", **settings)
    return schema.read(Record("f.csv, row 2", {"x": value}), (field,))["x"]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        (schema.WHOLE, 12, 12),
        (schema.WHOLE, "12", 12),
        (schema.WHOLE, 12.0, 12),
        (schema.TRUTH, "False", False),
        (schema.TRUTH, " TRUE ", True),
        (schema.TRUTH, 0, False),
        (schema.TEXT, 7, "7"),
        (schema.TEXT, decimal.Decimal("1.50"), "1.50"),
        (schema.TEXT, " a ", " a "),
        (schema.LABEL, False, "false"),
        (schema.TEXTS, "['a', 'b c']", ["a", "b c"]),
        (schema.TEXTS, '["a", 7]', ["a", "7"]),
        (schema.ANSWERS, None, None),
        (schema.ANSWERS, [], []),
        (schema.ANSWERS, {"text": [], "answer_start": []}, []),
        (
            schema.ANSWERS,
            "{'text': ['a'], 'answer_start': [3]}",
            [{"text": "a", "answer_start": 3}],
        ),
        (
            schema.ANSWERS,
            {"text": "a", "answer_start": 3},
            [{"text": "a", "answer_start": 3}],
        ),
    ],
)
def test_what_is_read(kind, value, expected):
    found = read(kind, value, required=False)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (
            schema.WHOLE,
            ["12.0", True, -1, "-1", 1e400, 1.5, "1e3", "1_0", [1], "x", "٣"],
        ),
        (schema.TRUTH, ["no", 2, 0.5, [True], "falsch"]),
        (schema.TEXT, [["a"], {"a": 1}, math.inf, b"a"]),
        (schema.LABEL, ["nan", "NULL", "<NA>", math.inf, ["a"]]),
        (schema.TEXTS, ["a b", [], ["a", ""], ["a", None], [["a"]], {"a": 1}]),
        (schema.TEXTS, ["['a' 'b']", "['a'\\n 'b', 'c']", "['a', 'b", "[("]),
        (
            schema.ANSWERS,
            ["Paris", 3, ["a"], {"text": ["a"], "answer_start": [1, 2]}],
        ),
    ],
)
def test_what_is_refused(kind, values):
    for value in values:
        with pytest.raises(RowError, match=r"row 2: column 'x'.+Read: "):
            read(kind, value)


@pytest.mark.parametrize("value", [None, "", " \t", math.nan])
def test_what_is_nothing(value):
    with pytest.raises(RowError, match="row 2: nothing in column 'x'"):
        read(schema.TEXT, value)
    assert read(schema.TEXT, value, required=False) is None


def make(number: int, record: Record):
    field = Field("n", schema.WHOLE, "a number")
    return number, schema.read(record, (field,))["n"]


ROWS = [
    Record(f"a.csv, row {n}", {"n": value}) for n, value in enumerate("1xy2")
]


def test_bad_rows_are_counted_by_reason():
    said = []
    rows = [*ROWS, Record("a.csv, row 4", {}, "no JSON: x. Read: 'y'")]
    assert kept(rows, make, True, "a.csv", said.append) == [(0, 1), (3, 2)]
    assert said == [
        "a.csv: 3 of 5 rows are left out: 2 with column 'n' must hold a whole "
        "number of at least 0, a number (row 1; row 2), 1 with no JSON: x (row "
        "4)."
    ]


def test_without_the_setting_the_first_bad_row_is_an_error():
    with pytest.raises(DataError, match=r"row 1: .*'x'.* --skip_bad_rows leav"):
        kept(ROWS, make, False, "a.csv")
    with pytest.raises(DataError, match=r"2 of 2 rows .* None is left\."):
        kept(ROWS[1:3], make, True, "a.csv")
