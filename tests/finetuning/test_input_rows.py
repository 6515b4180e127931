"""What `predict` reads as rows: lines, tables, JSON, words."""

import gzip
import json

import pytest

from electra_tf.finetuning import predict
from electra_tf.finetuning.tasks import text_rows
from tests.finetuning import questions
from tests.finetuning.finetuned import loaded, run


@pytest.mark.parametrize("column", ["2", "Word"])
def test_a_column_of_words_is_chosen(tagger, tmp_path, column):
    text = "Sentence #,Word\nS 1,a\n,film\nS 2,good\n"
    if column.isdigit():
        text = "x,a\nx,film\n\nx,good\n"
    flags = ("--format=words", f"--words_column={column}")
    found = run(tagger, tmp_path, text, *flags, name="in.csv")
    words = [[tag["word"] for tag in row["tags"]] for row in found]
    assert words == [["a", "film"], ["good"]]


@pytest.mark.parametrize(
    ("flags", "name", "message"),
    [
        (["--delimiter=;"], "in.txt", "--delimiter has no effect on lines"),
        (["--text_column=x"], "in.txt", "--text_column has no effect on li"),
        (["--words_column=x"], "in.csv", "--words_column has no effect on c"),
    ],
)
def test_what_has_no_effect_is_refused(model, tmp_path, flags, name, message):
    with pytest.raises(SystemExit, match=message):
        run(model, tmp_path, "text,other\na,b\n", *flags, name=name)


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-16", "a,b"),
        ("utf-16-be", "a,b"),
        ("utf-32", "a,b"),
        ("iso2022_jp", "\u304b,b"),
    ],
)
@pytest.mark.parametrize(
    ("name", "pack"),
    [("in.txt", bytes), ("in.csv", bytes), ("in.txt.gz", gzip.compress)],
)
def test_other_encodings_are_refused(
    model, tmp_path, encoding, text, name, pack
):
    content = pack(f"text,other\n{text}\n".encode(encoding))
    message = f"{name} is (UTF|ISO)-.*Save it as UTF-8"
    with pytest.raises(SystemExit, match=message):
        run(model, tmp_path, content, name=name)


def test_words_need_a_model_that_tags_them(model, tmp_path):
    with pytest.raises(SystemExit, match="read by models that tag words"):
        run(model, tmp_path, "good\n\nbad\n", "--format=words")


@pytest.mark.parametrize(
    "text",
    [
        "text,label\ngood,1\n",
        '"id"\t"text"\n1\tgood\n',
        '{"text": "good"}\n',
        '[{"id": 1, "text": "good"}]',
        '[\n  {"text": "good"}\n]\n',
    ],
)
def test_a_table_that_nobody_calls_so_is_no_text(model, tmp_path, text):
    with pytest.raises(SystemExit, match="Say which by --format, or that it"):
        run(model, tmp_path, text)
    assert run(model, tmp_path, text, "--format=lines")[0]["label"]


def test_a_folder_has_the_formats_of_its_files(model, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "part.csv").write_text("text\ngood\n")
    flags = [f"--model_folder={model}", f"--input={tmp_path}/in"]
    flags.append(f"--output={tmp_path}/out.jsonl")
    with pytest.raises(SystemExit, match="--format has no effect on a folder"):
        predict.main([*flags, "--format=jsonl"])
    predict.main(flags)
    assert json.loads((tmp_path / "out.jsonl").read_text())["label"]


@pytest.mark.parametrize(
    ("flag", "name", "told"),
    [
        ("--text_pair_column=s2", "in.csv", "must have the columns s2, which"),
        ("--text_column=s1", "in.csv", "must name the columns, 's1' among"),
        ("--text_pair_column=s2", "in.jsonl", "no row has the columns s2."),
    ],
)
def test_a_named_column_must_be_there(
    untold, tmp_path, capsys, flag, name, told
):
    texts = {"in.csv": "text,other\na,b\n", "in.jsonl": '{"text": "a"}\n'}
    if name == "in.csv":
        with pytest.raises(SystemExit, match=told):
            run(untold, tmp_path, texts[name], flag, name=name)
    else:
        (row,) = run(untold, tmp_path, texts[name], flag, name=name)
        assert "label" in row
        assert told in capsys.readouterr().err


def test_a_text_beside_words_is_told(tagger, tmp_path, capsys, caplog):
    row = {"text": "a good film", "words": ["bad"]}
    (answer,) = run(tagger, tmp_path, json.dumps(row), name="in.jsonl")
    assert [tag["word"] for tag in answer["tags"]] == ["bad"]
    told = "of 1 rows words are read, and not their text"
    assert told in capsys.readouterr().err
    assert loaded(tagger)(row)["tags"] == answer["tags"]
    assert "Of rows with words the text is not read" in caplog.text


def test_columns_that_are_not_read_are_told(model, tmp_path, capsys):
    run(model, tmp_path, "text,other\na,b\n", name="in.csv")
    assert "columns that are not read: other." in capsys.readouterr().err


FORMATS = {
    "in.txt": "good\ta bad film\n\nbad book\r\n",
    "in.tsv": "id\ttext\ttext_pair\n7\tgood\ta bad film\n"
    "8\t\t\n9\tbad book\t\n",
    "in.csv": 'text,text_pair\ngood,"a bad\nfilm"\n,\nbad book,\n',
    "in.jsonl": '{"text": "good", "text_pair": "a bad film", "id": [1]}\n'
    '{"text": ""}\n"bad book"\n',
}


@pytest.mark.parametrize("name", FORMATS)
def test_formats(untold, tmp_path, name):
    first, second, third = run(untold, tmp_path, FORMATS[name], name=name)
    direct = loaded(untold)([("good", "a bad film"), "bad book"])
    for received, expected in zip((first, third), direct, strict=True):
        assert received["label"] == expected["label"]
        assert received["probability"] == pytest.approx(expected["probability"])
    assert second["error"] == "'text' is empty"
    ids = {"in.tsv": "7", "in.jsonl": [1]}
    assert first.get("id") == ids.get(name)
    expected = {"in.tsv": [2, 3, 4], "in.csv": [3, 4, 5]}.get(name, [1, 2, 3])
    assert [row["line"] for row in (first, second, third)] == expected


def test_columns_by_other_names(untold, tmp_path):
    flags = ["--text_column=s1", "--text_pair_column=s2", "--format=csv"]
    text = "s2,s1\nbad film,good\n"
    (received,) = run(untold, tmp_path, text, *flags)
    (expected,) = loaded(untold)([("good", "bad film")])
    assert received["probability"] == pytest.approx(expected["probability"])


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        (
            "a.jsonl",
            b'"good"\n{"text": [7]}\n"bad"\n',
            "no text for 'text'; the row has [7]",
        ),
        ("a.jsonl", b'"good"\n{broken\n"bad"\n', "no JSON: "),
        ("a.jsonl", b'"good"\n[1]\n"bad"\n', "expected a JSON object, "),
        ("a.jsonl", b'"good"\n"\\ud800"\n"bad"\n', "holds '\\ud800', "),
        ("a.txt", b"good\n\xff\xfe\nbad\n", "not UTF-8 text"),
        ("a.tsv", b"text\tid\ngood\t1\nx\nbad\t3\n", "expected 2 columns, rec"),
    ],
)
def test_a_bad_row_does_not_lose_the_others(
    model, tmp_path, name, text, problem
):
    rows = run(model, tmp_path, text, name=name)
    assert [("label" in row, "error" in row) for row in rows] == (
        [(True, False), (False, True), (True, False)]
    )
    assert rows[1]["error"].startswith(problem)
    with pytest.raises(SystemExit) as stopped:
        run(model, tmp_path, text, "--strict", name=name)
    number = 3 if name == "a.tsv" else 2
    assert str(stopped.value).startswith(f"predict: line {number}: {problem}")
    assert (tmp_path / "out.jsonl").read_text().count("\n") == 1


def test_a_table_without_the_column(model, tmp_path):
    with pytest.raises(SystemExit) as stopped:
        run(model, tmp_path, "sentence,label\ngood,1\n", name="in.csv")
    assert "must name the columns, 'text' among them. Received" in str(
        stopped.value
    )


def test_a_header_that_never_ends(model, tmp_path):
    text = '"text' + "a" * text_rows.MAX_CELL
    with pytest.raises(SystemExit) as stopped:
        run(model, tmp_path, text, name="in.csv")
    assert "line 1: no valid CSV: field larger than" in str(stopped.value)


ROWS = [
    {"text": "good", "text_pair": "a bad\nfilm", "id": 1},
    {"text": 12, "text_pair": None, "id": 1},
    {"text": None, "text_pair": "", "id": 3},
]


def as_parquet(rows: list[dict]) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    texts = [{**r, "text": r["text"] and str(r["text"])} for r in rows]
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.Table.from_pylist(texts), sink)
    return sink.getvalue().to_pybytes()


CSV = b'\xef\xbb\xbftext;text_pair;id\n\ngood;"a bad\nfilm";1\n12;;1\n;;3\n'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("in.CSV", CSV),
        ("in.csv.gz", gzip.compress(CSV, mtime=0)),
        ("in.parquet", as_parquet(ROWS)),
        ("in.json", json.dumps(ROWS, indent=1).encode()),
        ("in.jsonl", b"\n\n".join(json.dumps(r).encode() for r in ROWS)),
    ],
)
def test_what_training_reads(untold, tmp_path, capsys, name, content):
    first, second, third = run(untold, tmp_path, content, name=name)
    expected = loaded(untold)([("good", "a bad film"), "12"])
    for row, answer in zip((first, second), expected, strict=True):
        assert row["probability"] == pytest.approx(answer["probability"])
    assert third["error"].startswith(("'text' is empty", "no text for 'text'"))
    assert [str(row["id"]) for row in (first, second, third)] == list("113")
    assert "1 rows have the id of a row before" in capsys.readouterr().err


def test_words_as_training_has_them(tagger, tmp_path):
    text = "# id 1\n1\tgood\tADJ\n2\t10 000\tNUM\n\n1\tfilm\tNOUN\n"
    rows = run(tagger, tmp_path, text, "--format=words", name="in.conll")
    words = [[tag["word"] for tag in row["tags"]] for row in rows]
    assert words == [["good", "10 000"], ["film"]]
    assert [row["line"] for row in rows] == [2, 5]
    lists = 'tokens\n"[\'good\', \'10 000\']"\n"[""film"", 7]"\n'
    rows = run(tagger, tmp_path, lists, "--words_column=tokens", name="in.csv")
    assert [len(row["tags"]) for row in rows] == [2, 2]


def test_articles_of_questions(answerer, tmp_path):
    content = json.dumps(questions.squad(1))
    rows = run(answerer, tmp_path, content, name="in.json")
    assert [row["id"] for row in rows] == ["0-good", "0-bad", "0-very good"]
    assert all(row["answer"] in questions.PASSAGE for row in rows)
    rows = run(answerer, tmp_path, questions.mrqa(), name="in.jsonl")
    assert [(row["line"], row["id"]) for row in rows] == [
        (2, "good"),
        (2, "bad"),
    ]
