"""The FLOPs columns of the paper's Tables 1, 2, 3, 4 and 8, and our count."""

import typing

from electra_tf.efficiency.published_models import MODELS, RELEASED


class Row(typing.NamedTuple):
    """A model in a table."""

    name: str  # As printed.
    model: str | None  # A key of `published_models.MODELS`, if it is there.
    flops: str  # Operations of pre-training, as printed.
    ratio: str  # Beside it, as printed, without the "x".
    share: float = 1.0  # Of its training that was done.
    inference: str = ""  # Operations of an input of 128 tokens, as printed.


class Table(typing.NamedTuple):
    """A table."""

    unit: str  # Key of the model whose cost is 1x.
    speedup: bool  # Whether ratios are unit by model, not model by unit.
    rows: tuple[Row, ...]


_LARGE_ROWS = (
    Row("BERT", "bert_large", "1.9e20", "0.27"),
    Row("RoBERTa-100K", "roberta_100k", "6.4e20", "0.90"),
    Row("RoBERTa-500K", "roberta", "3.2e21", "4.5"),
    Row("XLNet", "xlnet", "3.9e21", "5.4"),
    Row("BERT (ours)", "bert_ours", "7.1e20", "1"),
    Row("ELECTRA-400K", "electra_400k", "7.1e20", "1"),
    Row("ELECTRA-1.75M", "electra_1.75M", "3.1e21", "4.4"),
)

_SMALL_ROWS = (
    Row("ELMo", "elmo", "3.3e18", "19", inference="2.6e10"),
    Row("GPT", "gpt", "4.0e19", "1.6", inference="3.0e10"),
    Row("BERT-Small", "bert_small", "1.4e18", "45", 1, "3.7e9"),
    Row("BERT-Base", "bert_base", "6.4e19", "1", 1, "2.9e10"),
    Row("ELECTRA-Small", "electra_small", "1.4e18", "45", 1, "3.7e9"),
    Row("50% trained", "electra_small", "7.1e17", "90", 1 / 2, "3.7e9"),
    Row("25% trained", "electra_small", "3.6e17", "181", 1 / 4, "3.7e9"),
    Row("12.5% trained", "electra_small", "1.8e17", "361", 1 / 8, "3.7e9"),
    Row("6.25% trained", "electra_small", "8.9e16", "722", 1 / 16, "3.7e9"),
    Row("ELECTRA-Base", "electra_base", "6.4e19", "1", 1, "2.9e10"),
)
_LARGE_TEST_ROWS = (
    Row("BERT", "bert_large", "1.9e20", "0.06"),
    Row("RoBERTa", "roberta", "3.2e21", "1.02"),
    Row("ALBERT", "albert", "3.1e22", "10"),
    Row("XLNet", "xlnet", "3.9e21", "1.26"),
    Row("ELECTRA", "electra_1.75M", "3.1e21", "1"),
)
_SQUAD_ROWS = (
    Row("BERT-Base", "bert_base", "6.4e19", "0.09"),
    Row("SpanBERT", None, "7.1e20", "1"),
    Row("XLNet-Base", None, "6.6e19", "0.09"),
    *_LARGE_ROWS[:4],
    Row("ALBERT", "albert", "3.1e22", "44"),
    _LARGE_ROWS[4],
    Row("ELECTRA-Base", "electra_base", "6.4e19", "0.09"),
    *_LARGE_ROWS[5:],
)
_TEST_ROWS = (
    Row("TinyBERT", None, "6.4e19+", "45+"),
    Row("MobileBERT", None, "6.4e19+", "45+"),
    Row("GPT", "gpt", "4.0e19", "29"),
    Row("BERT-Base", "bert_base", "6.4e19", "45"),
    Row("BERT-Large", "bert_large", "1.9e20", "135"),
    Row("SpanBERT", None, "7.1e20", "507"),
    Row("ELECTRA-Small", "electra_small", "1.4e18", "1"),
    Row("ELECTRA-Small++", "electra_small++", "3.3e19", "18"),
    Row("ELECTRA-Base", "electra_base", "6.4e19", "45"),
    Row("ELECTRA-Base++", "electra_base++", "3.3e20", "182"),
    Row("ELECTRA-1.75M", "electra_1.75M", "3.1e21", "2200"),
)
# By number: of small models on GLUE's development sets; of large models
# there, and on its test sets; on SQuAD; on GLUE's test sets, one model a task.
TABLES = {
    1: Table("bert_base", True, _SMALL_ROWS),
    2: Table("electra_400k", False, _LARGE_ROWS),
    3: Table("electra_1.75M", False, _LARGE_TEST_ROWS),
    4: Table("electra_400k", False, _SQUAD_ROWS),
    8: Table("electra_small", False, _TEST_ROWS),
}

# Why our count and a printed figure differ.
HALF = "printed for a generator of 1/2: 1.42e18; Table 6 says 1/4: 1.29e18"
REASONS = {
    "electra_small": HALF,
    "elmo": "TensorFlow's count; the released count prints 3.4e18",
    "electra_small++": "counted for a generator of 1/4; the released one of "
    "full width would take 3.6e19. 3.3e19 is 24 x 1.4e18, not 18 x",
    "electra_base++": "3.3e20 is 236 x 1.4e18, not 182 x; 3.355e20 is counted",
    "xlnet": "the quotient of rounded figures is printed",
}
SMALL_UNIT = "1x is ELECTRA-Small, printed for a generator of 1/2"
NOT_COUNTED = "the released count has no such model"


def differs(printed: str, value: float) -> bool:
    """Return whether a number is not the printed one, rounded.

    >>> differs("1.4e18", 1.29e18), differs("45", 45.3), differs("1.02", 1.03)
    (True, False, True)
    """
    mantissa, _, exponent = printed.rstrip("+").partition("e")
    scale = 10.0 ** int(exponent or 0)
    decimals = len(mantissa.partition(".")[2])
    if "." in mantissa:
        unit = 10.0**-decimals
    else:
        unit = 10.0 ** (len(mantissa) - len(mantissa.rstrip("0")))
    return abs(value / scale - float(mantissa)) > 0.5001 * unit


def reason(table: Table, row: Row) -> str:
    """Say why a row that differs does."""
    if row.model in REASONS:
        return REASONS[row.model]
    return SMALL_UNIT if table.unit == "electra_small" else "not explained"


# What stands for the number of a table for the models of the released count.
RELEASED_COUNT = "released count"
COLUMNS = (
    *("table", "model", "key", "printed", "counted", "printed ratio"),
    *("counted ratio", "printed inference", "counted inference", "remark"),
)


def rows() -> list[dict]:
    """Return all rows of all tables beside our count, then the released ones.

    `key` is the name of the model in the released count, if it has one.
    """
    return [
        *(
            _beside_our_count(number, table, row)
            for number, table in TABLES.items()
            for row in table.rows
        ),
        *(
            {
                **dict.fromkeys(COLUMNS),
                "table": RELEASED_COUNT,
                "model": key,
                "key": key,
                "counted": float(model.training_flops),
                "counted inference": _number(model.inference_flops()),
                "remark": "",
            }
            for key, model in RELEASED.items()
        ),
    ]


def _number(printed) -> float | None:
    """Return a number, of what is printed perhaps; "45+" is 45 or more."""
    return float(str(printed).rstrip("+")) if printed else None


def _beside_our_count(number: int, table: Table, row: Row) -> dict:
    result = {
        **dict.fromkeys(COLUMNS),
        "table": number,
        "model": row.name,
        "key": row.model,
        "printed": _number(row.flops),
        "printed ratio": _number(row.ratio),
        "printed inference": _number(row.inference),
        "remark": NOT_COUNTED,
    }
    if row.model is None:
        return result
    model = MODELS[row.model]
    flops = row.share * model.training_flops
    ratio = flops / MODELS[table.unit].training_flops
    ratio = 1 / ratio if table.speedup else ratio
    inference = model.inference_flops() if row.inference else None
    wrong = differs(row.flops, flops)
    wrong |= differs(row.ratio, ratio)
    return {
        **result,
        "counted": float(flops),
        "counted ratio": ratio,
        "counted inference": _number(inference),
        "remark": f"differs: {reason(table, row)}" if wrong else "",
    }
