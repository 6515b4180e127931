"""Texts in, answers out: from Python and by the command."""

import functools
import gzip
import json
import os
import pathlib
import random
import subprocess
import sys
import threading

import numpy as np
import pytest

import electra_tf
from electra_tf.configs import encoder_config
from electra_tf.errors import UserError
from electra_tf.finetuning import finetuned_model, predict
from electra_tf.finetuning.serving import answers, tag_answers
from electra_tf.finetuning.serving.network import Served
from electra_tf.finetuning.tasks import task_table, text_rows
from electra_tf.finetuning.tasks.sentences.classification import Example
from electra_tf.text import scripts
from electra_tf.text.offsets import OffsetTokenizer
from electra_tf.text.tokenization import BasicTokenizer
from electra_tf.weights import assign
from tests.finetuning import finetuned, questions, sentences

ROOT = pathlib.Path(__file__).parents[2]
LONG = "good bad film " * 100

loaded = functools.cache(electra_tf.load_predictor)


@pytest.fixture(scope="module", params=["sst", "sts", "chunk", "squad"])
def any_model(request, tmp_path_factory) -> str:
    folder = tmp_path_factory.mktemp(request.param)
    return finetuned.write(folder, request.param)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return finetuned.write(tmp_path_factory.mktemp("model"), "sst")


@pytest.fixture(scope="module")
def untold(tmp_path_factory) -> str:
    """A folder that does not say whether it learnt texts with a second one."""
    folder = finetuned.write(tmp_path_factory.mktemp("untold"), "sst")
    return finetuned.said_of_tasks(folder, has_pairs=None)


@pytest.fixture(scope="module")
def tagger(tmp_path_factory) -> str:
    return finetuned.write(tmp_path_factory.mktemp("tagger"), "chunk")


@pytest.fixture(scope="module")
def answerer(tmp_path_factory) -> str:
    return finetuned.write(tmp_path_factory.mktemp("answerer"), "squadv1")


def test_an_input_without_rows_is_told(model, tmp_path, capsys):
    assert run(model, tmp_path, "text\n", name="in.csv") == []
    assert "in.csv holds no row" in capsys.readouterr().err


@pytest.mark.parametrize("column", ["2", "Word"])
def test_a_column_of_words_is_chosen(tagger, tmp_path, column):
    text = "Sentence #,Word\nS 1,a\n,film\nS 2,good\n"
    if column.isdigit():
        text = "x,a\nx,film\n\nx,good\n"
    flags = ("--format=words", f"--words_column={column}")
    found = run(tagger, tmp_path, text, *flags, name="in.csv")
    words = [[tag["word"] for tag in row["tags"]] for row in found]
    assert words == [["a", "film"], ["good"]]


def run(folder: str, tmp_path, text, *flags, name="in.txt") -> list[dict]:
    source, sink = tmp_path / name, tmp_path / "out.jsonl"
    source.write_bytes(text if isinstance(text, bytes) else text.encode())
    paths = [f"--input={source}", f"--output={sink}"]
    predict.main([f"--model_folder={folder}", *paths, *flags])
    return [json.loads(line) for line in sink.read_text().splitlines()]


@pytest.mark.parametrize(
    ("flags", "name", "message"),
    [
        (["--delimiter=;"], "in.txt", "--delimiter has no effect on lines"),
        (["--text_column=x"], "in.txt", "--text_column has no effect on li"),
        (["--words_column=x"], "in.csv", "--words_column has no effect on c"),
        ([], "utf16.txt", "is UTF-16. Save it as UTF-8"),
    ],
)
def test_what_has_no_effect_is_refused(model, tmp_path, flags, name, message):
    text = "text,other\na,b\n"
    with pytest.raises(SystemExit, match=message):
        encoding = "utf-16" if name == "utf16.txt" else "utf-8"
        run(model, tmp_path, text.encode(encoding), *flags, name=name)


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


def test_a_list_stands_for_words(tagger):
    predictor = loaded(tagger)
    for words in (["good-film"], ["good", "film"]):
        (answer,) = predictor([words])
        assert answer == predictor({"words": words})


def test_columns_that_are_not_read_are_told(model, tmp_path, capsys):
    run(model, tmp_path, "text,other\na,b\n", name="in.csv")
    assert "columns that are not read: other." in capsys.readouterr().err


def test_answers_are_those_of_the_network(model, tmp_path):
    """The same numbers as by features, batches and all, of training."""
    from electra_tf.conversion import model_folder
    from electra_tf.finetuning import inputs
    from electra_tf.finetuning.model import FinetuningModel

    texts = ["a good film", "bad", "very bad books .", LONG]
    config = sentences.config()
    tasks = task_table.tasks(config)
    network = FinetuningModel(encoder_config(config), tasks)
    assign(network.variables, model_folder.read(model).variables)
    examples = [Example(i, text, None, 0) for i, text in enumerate(texts)]
    tokenizer = sentences.tokenizer(tmp_path)
    made = inputs.make(tasks, {"sst": examples}, tokenizer, 4)
    (batch,) = inputs.batches(made, np.arange(4)[None], None, 16)
    logits = network(batch, None)["sst"]["logits"].numpy()
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)

    answers = loaded(model)(texts)

    received = [[*answer["probabilities"].values()] for answer in answers]
    np.testing.assert_allclose(received, shares, atol=1e-6)
    best = [str(label) for label in shares.argmax(axis=1)]
    assert [answer["label"] for answer in answers] == best
    assert len({*best}) == 2
    assert [answer["cut"] for answer in answers] == [False] * 3 + [True]


def test_batches_do_not_change_answers(any_model):
    row = ("good film", "a bad book")
    rows = [(f"{row[0]} {'very ' * n}", row[1]) for n in range(7)]
    if loaded(any_model).task.name in ("sst", "chunk"):  # Texts alone.
        rows = [text for text, _ in rows]
    together = loaded(any_model, batch_size=4)(rows)
    alone = loaded(any_model, batch_size=1)(rows)
    assert together == _nearly(alone)


def _nearly(value):
    if isinstance(value, dict):
        return {name: _nearly(v) for name, v in value.items()}
    if isinstance(value, list):
        return [_nearly(v) for v in value]
    return pytest.approx(value, 1e-4) if isinstance(value, float) else value


def test_a_number_is_on_the_scale_of_the_raw_data(tmp_path):
    folder = finetuned.write(tmp_path, "sts")
    predictor = loaded(folder)
    row = {"text": "good film", "text_pair": "bad book"}
    (answer,) = predictor([row])
    (made,) = predictor.answers.inputs(row)
    assert made["segment_ids"] == [0, 0, 0, 0, 1, 1, 1]
    read = finetuned_model.read(folder)
    raw = Served(read, read.task())(
        np.array([made["input_ids"]], np.int32),
        np.ones((1, 7), np.int32),
        np.array([made["segment_ids"]], np.int32),
    )
    assert answer["score"] == pytest.approx(5 * float(raw["predictions"][0]))


def test_label_sets(tmp_path):
    path = tmp_path / "train.tsv"
    path.write_text("text\tlabel\ngood film\ta,b\nbad\tb,c\n")
    files = dict.fromkeys(("train_file", "dev_file"), str(path))
    columns = {"text_column": "text", "label_column": "label"}
    folder = finetuned.write(tmp_path, "multilabel", **files, **columns)
    for answer in loaded(folder)(["good film", "bad"]):
        shares = answer["probabilities"]
        assert [*shares] == ["a", "b", "c"]
        assert answer["labels"] == [n for n, p in shares.items() if p > 0.5]


def test_every_word_of_a_long_text_is_tagged_once(tagger):
    text = "  A good-film,\u00a0very\tBAD books " + LONG
    (answer,) = loaded(tagger)([text])
    words = [text[tag["begin"] : tag["end"]] for tag in answer["tags"]]
    assert words[:7] == ["A", "good", "-", "film", ",", "very", "BAD"]
    assert len(words) == 8 + 300
    assert [tag["word"] for tag in answer["tags"]] == words
    assert {tag["tag"] for tag in answer["tags"]} <= {
        *finetuned.LABELS["chunk"]
    }
    assert all(0.25 <= tag["probability"] <= 1 for tag in answer["tags"])
    assert answer["spans"]
    for span in answer["spans"]:
        assert text[span["begin"] : span["end"]] == span["text"]
        assert span["type"] == "NP"


def test_a_text_that_fits_is_tagged_as_in_training(tagger, tmp_path):
    words = ["a", "good", "film", ".", "very", "bad", "books"]
    task = task_table.tasks(sentences.config(task_names=["chunk"]))[0]
    task.labels = finetuned.LABELS["chunk"]
    (features,) = task.features(
        [_sentence(words)], sentences.tokenizer(tmp_path)
    )
    predictor = loaded(tagger)
    (made,) = predictor.answers.inputs({"text": " ".join(words)})
    assert made["input_ids"] == features["input_ids"]
    assert made["segment_ids"] == features["segment_ids"]
    assert made["positions"] == features["chunk_labeled_positions"]
    (of_list,) = predictor([{"words": words}])
    (of_text,) = predictor([" ".join(words)])
    assert [t["tag"] for t in of_list["tags"]] == [
        t["tag"] for t in of_text["tags"]
    ]


def _sentence(words: list[str]):
    from electra_tf.finetuning.tasks.tagging.sentence_files import Sentence

    return Sentence(0, words, ["O"] * len(words))


def test_each_word_is_tagged_where_it_has_the_most_context(tagger):
    predictor = loaded(tagger)
    made = predictor.answers.inputs({"text": "a " * 40})
    assert len(made) > 2
    assert sorted(w for x in made for w in x["words"]) == [*range(40)]
    for number, window in enumerate(made):
        margin = 3 if number else 0
        assert min(window["positions"]) > margin
        last = len(window["input_ids"]) - 1
        assert max(window["positions"]) < last - (number < len(made) - 1) * 3


def test_words_without_pieces_have_tags_too(tagger):
    (answer,) = loaded(tagger)(
        [{"words": ["good", "\u200b", "film", "\u200b"]}]
    )
    assert len(answer["tags"]) == 4
    predictor = loaded(tagger)
    (answer, of_text) = predictor([["\u200b"], "\u200b"])
    assert len(answer["tags"]) == 1
    assert of_text == {"tags": [], "spans": []}


def test_answers_have_places_in_a_long_passage(answerer):
    context = ("A  good\u00a0FILM, a very\n\nbad book's.  " * 20).strip()
    questions = ["good", "bad film", "a very good book"]
    answers = loaded(answerer)(
        [{"question": q, "context": context} for q in questions]
    )
    for answer in answers:
        begin, end = answer["begin"], answer["end"]
        assert answer["answer"] == context[begin:end] != ""
        assert isinstance(answer["null_odds"], float)


def test_a_question_that_is_cut_is_told(answerer):
    context = "a good film"
    rows = [{"question": q, "context": context} for q in ("good", LONG)]
    cut = [answer["cut"] for answer in loaded(answerer)(rows)]
    assert cut == [False, True]


def test_unanswerable_questions(tmp_path):
    row = {"question": "good", "context": "a bad book"}
    folder = finetuned.write(tmp_path, "squad", qa_na_threshold=-1e9)
    (answer,) = electra_tf.load_predictor(folder)([row])
    assert (answer["answer"], answer["begin"]) == (None, None)
    folder = finetuned.write(tmp_path, "squad", qa_na_threshold=1e9)
    (answer,) = electra_tf.load_predictor(folder)([row])
    assert answer["answer"] in row["context"]


def test_a_row_that_cannot_be_answered(model, answerer):
    predictor = loaded(model)
    with pytest.raises(ValueError, match="Row 1: 'text' is empty"):
        predictor(["good", " "])
    with pytest.raises(ValueError, match="Row 0: no text for 'context'; the"):
        loaded(answerer)([{"question": "good"}])


def test_words_of_a_text():
    words = tag_answers.split("Ein Café\u0301-Tisch €5, ok\u200bay.")
    assert [word.text for word in words] == (
        ["Ein", "Café\u0301", "-", "Tisch", "€", "5", ",", "ok\u200bay", "."]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What the tokenizer drops is no word, and at no end of one.
        ("\ufeffa \u200b \u200fb\u200f, \xad", ["a", "b", ","]),
        ("می\u200cروم", ["می\u200cروم"]),
        # Accents stay with what they are on, also on symbols.
        ("\u2764\ufe0fa e\u0301", ["\u2764\ufe0f", "a", "e\u0301"]),
        ("हिन्दी में।", ["हिन्दी", "में", "।"]),
        # Thai is cut by a dictionary.
        (
            "A4ที่กรุงเทพฯ\u200bดี.",
            ["A4", "ที่", "กรุงเทพฯ", "ดี", "."],
        ),
        # Ideographs are words, other letters in their midst are not.
        ("在ABC北京の店", ["在", "ABC", "北", "京", "の", "店"]),
        ("私はタワーにいた", ["私", "は", "タワー", "に", "い", "た"]),
        ("한국어 서울", ["한국어", "서울"]),
    ],
)
def test_words_of_other_scripts(text, expected):
    words = tag_answers.split(text)
    assert [word.text for word in words] == expected
    assert all(text[w.begin : w.end] == w.text for w in words)


@pytest.mark.parametrize("released", [False, True])
def test_words_have_all_that_the_tokenizer_keeps(released):
    draw, basic = random.Random(3), BasicTokenizer(True, True, not released)
    letters = (
        "aé ,.\u200b\ufeff\u0301\u0130\xad\u2028\ud55c\U0001f600北京のタกิ๏"
    )
    for _ in range(500):
        text = "".join(draw.choices(letters, k=draw.randrange(1, 20)))
        end, words = 0, tag_answers.split(text, basic)
        for word in words:
            assert word.text == text[word.begin : word.end]
            for dropped in text[end : word.begin]:
                assert not (basic.cleaning[ord(dropped)] or "").strip()
            end = word.end
        assert not "".join(basic.cleaned(text[end:])).strip()


def test_words_without_a_dictionary(monkeypatch, caplog):
    monkeypatch.setattr(scripts, "word_breaker", lambda: None)
    for _ in range(2):
        words = tag_answers.split("ที่กรุงเทพ ดี")
        assert [word.text for word in words] == ["ที่กรุงเทพ", "ดี"]
    assert caplog.text.count("is cut at blanks only") == 1


def test_released_words_of_ideographs_stay_whole():
    released = BasicTokenizer(True, True, False)
    (word,) = tag_answers.split("北京", released)
    assert word == ("北京", 0, 2)


def test_a_passage_is_cut_once_for_all_of_its_rows(tmp_path, monkeypatch):
    task = task_table.tasks(sentences.config(task_names=["squadv1"]))[0]
    settings = finetuned_model.InputSettings.of(task.config)
    made = answers.SpanAnswers(task, settings, sentences.tokenizer(tmp_path))
    cut, encode = [], OffsetTokenizer.__call__

    def counted(self, text: str):
        cut.append(text)
        return encode(self, text)

    monkeypatch.setattr(OffsetTokenizer, "__call__", counted)
    contexts = ["a good film", "a bad book"]
    rows = [{"question": "film", "context": c} for c in contexts * 3]
    inputs = [made.inputs(row) for row in rows]
    for row, (one,) in zip(rows, inputs, strict=True):
        outputs = {
            "start_top_index": [one["window"].offset + 1],
            "start_top_log_probs": [0.0],
            "end_top_index": [[one["window"].offset + 2]],
            "end_top_log_probs": [[0.0]],
            "answerable_logit": -9.0,
        }
        answer = made.answer(row, [one], [outputs])
        assert not answer["cut"]
        assert answer["answer"] == row["context"].removeprefix("a ")
    assert cut == contexts


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


def test_unknown_tokens_are_told(model, tmp_path, capsys):
    run(model, tmp_path, "a good film\n" * 99)
    assert capsys.readouterr().err == ""
    run(model, tmp_path, "a good film\nquite good\n")
    said = capsys.readouterr().err
    assert said.startswith("predict: Warning: 20% of the tokens are [UNK]")
    assert "such as 'quite'. Learn a vocabulary" in said


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (["--input=nowhere"], "No such file or directory: 'nowhere'"),
        (["--batch_size=0"], "--batch_size must be at least 1. Received: 0."),
        (["--task=cola"], "has the tasks sst; choose one by --task. Received"),
        (["--model_folder=."], ". is no folder of a fine-tuned model: it has"),
    ],
)
def test_mistakes(model, tmp_path, flags, problem):
    with pytest.raises(SystemExit) as stopped:
        run(model, tmp_path, "good\n", *flags)
    assert problem in str(stopped.value)


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


def test_streams_line_by_line(model):
    """An answer comes before the next line is written; order is kept."""
    program = [sys.executable, "-m", "electra_tf.finetuning.predict"]
    process = subprocess.Popen(
        [*program, f"--model_folder={model}"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    timer = threading.Timer(120, process.kill)
    timer.start()
    for number, text in enumerate(("good", "bad"), 1):
        process.stdin.write(text + "\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["line"] == number
    many = "".join(f"{'very ' * (n % 9)}good\n" for n in range(600))
    output, _ = process.communicate(many)
    timer.cancel()
    numbers = [json.loads(line)["line"] for line in output.splitlines()]
    assert numbers == [*range(3, 603)]
    assert process.returncode == 0


def test_reading_stops_where_answering_is_behind():
    """However long the input, few rows are in memory."""
    taken = 0

    def rows():
        nonlocal taken
        while taken < 100_000:
            taken += 1
            yield taken

    lists = predict.together(rows())
    received = next(lists)
    assert received[0] == 1
    assert len(received) <= predict.ROWS_TOGETHER
    assert taken <= 3 * predict.ROWS_TOGETHER


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


@pytest.mark.parametrize("link", [os.link, os.symlink, None])
def test_the_input_is_not_written_over(tmp_path, link):
    source = tmp_path / "in.txt"
    source.write_text("good\n")
    sink = tmp_path / "out.txt"
    if link:
        link(source, sink)
    else:
        sink = tmp_path / "." / "in.txt"
    with pytest.raises(SystemExit) as stopped:
        predict.main(
            ["--model_folder=no", f"--input={source}", f"--output={sink}"]
        )
    assert "--input and --output are one file" in str(stopped.value)
    assert source.read_text() == "good\n"


def test_an_output_stays_where_the_input_cannot_be_read(model, tmp_path):
    (tmp_path / "out.jsonl").write_text("earlier\n")
    with pytest.raises(SystemExit):
        run(model, tmp_path, "a,b\n1,2\n", name="in.csv")
    assert (tmp_path / "out.jsonl").read_text() == "earlier\n"


def test_only_json_is_written():
    answer = {"line": 1, "id": float("inf"), "score": 0.5}
    assert json.loads(predict.as_json(answer), parse_constant=pytest.fail) == {
        "line": 1,
        "error": "the answer or the id holds what JSON cannot",
    }
    assert json.loads(predict.as_json({"line": 1, "id": "\ud800"}))["error"]


def test_what_python_may_give(model):
    predict_row = electra_tf.load_predictor(model)
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": ["good film", "bad film"]})
    assert predict_row(table) == predict_row(["good film", "bad film"])
    for rows in (None, 5, b"a", [None], [float("nan")], [("a", "b", "c")]):
        with pytest.raises(UserError, match="A row must be a text"):
            predict_row(rows)
    with pytest.raises(UserError, match="no text for 'text'; the row has 0"):
        predict_row(pandas.DataFrame([["good"]]))
    with pytest.raises(UserError, match="batch_size must be"):
        electra_tf.load_predictor(model, batch_size=0)
