"""A model that has learnt texts alone is asked texts alone, or else pairs."""

import json
import pathlib

import pytest

import electra_tf
from electra_tf.conversion import formats
from electra_tf.errors import UserError
from electra_tf.finetuning import export, finetuned_model
from electra_tf.finetuning.finetuned_model import FinetunedTask
from electra_tf.finetuning.tasks import task_table
from tests.finetuning import finetuned, own, sentences
from tests.finetuning.finetuned import loaded, run
from tests.finetuning.test_export import run_page

ALONE = "the model has learnt texts without 'text_pair'; received 'bad'"
MISSING = "no text for 'text_pair', which the model has learnt texts with; the"
CHOSEN = {"text": "a film", "choices": ["good", "bad"]}


@pytest.fixture(scope="module")
def paired(tmp_path_factory) -> str:
    return finetuned.write(tmp_path_factory.mktemp("paired"), "mrpc")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *(("cola", False), ("sst", False), ("mrpc", True), ("mnli", True)),
        *(("boolq", True), ("copa", False), ("swag", True), ("race", True)),
        *(("chunk", None), ("squad", None)),
    ],
)
def test_tasks_say_what_they_teach(name, expected):
    (task,) = task_table.tasks(sentences.config(task_names=[name]))
    if name in finetuned.LABELS:
        task.labels = finetuned.LABELS[name]
    assert FinetunedTask.of(task).has_pairs is expected


@pytest.mark.parametrize("pair", [None, "b"])
@pytest.mark.parametrize("name", ["classification", "regression"])
def test_own_data_say_what_they_teach(tmp_path, name, pair):
    columns = {"text_column": "a", "label_column": "y"}
    if pair:
        columns["text_pair_column"] = pair
    data = "a,b,y\ngood,film,1\nbad,film,0\n"
    task = own.task(tmp_path, name, "csv", data, **columns)
    examples = task.examples("train")
    assert {bool(e.text_pair) for e in examples} == {task.has_pairs}
    assert FinetunedTask.of(task).has_pairs is bool(pair)


def test_a_tab_is_of_a_text_that_was_learnt_alone(model, tmp_path):
    predictor = loaded(model)
    received = run(model, tmp_path, "good\tfilm\n\tbad\n")
    for row, text in zip(received, ["good film", "bad"], strict=True):
        expected = predictor(text)["probability"]
        assert row["probability"] == pytest.approx(expected)
    (made,) = predictor.answers.inputs({"text": "good\tfilm"})
    assert {*made["segment_ids"]} == {0}


ROWS = {
    "in.csv": "text,text_pair\ngood,\ngood,bad\n",
    "in.jsonl": '{"text": "good"}\n{"text": "good", "text_pair": "bad"}\n',
}


@pytest.mark.parametrize("name", ROWS)
def test_rows_of_the_other_kind_are_errors(model, paired, tmp_path, name):
    first, second = run(model, tmp_path, ROWS[name], name=name)
    assert "label" in first
    assert second["error"] == ALONE
    first, second = run(paired, tmp_path, ROWS[name], name=name)
    assert "'text_pair'" in first["error"]
    assert "which the model has learnt texts with" in first["error"]
    assert "label" in second
    with pytest.raises(SystemExit, match="line"):
        run(model, tmp_path, ROWS[name], "--strict", name=name)


def test_a_line_without_a_second_text_is_an_error(paired, tmp_path):
    first, second = run(paired, tmp_path, "good\nbad\tfilm\n")
    assert first["error"] == f"{MISSING} row has text"
    assert "label" in second


@pytest.mark.parametrize(
    "row", [("good", "bad"), {"text": "good", "text_pair": "bad"}]
)
def test_python_refuses_what_was_not_learnt(model, paired, row):
    with pytest.raises(UserError, match=f"Row 1: {ALONE}"):
        loaded(model)(["good", row])
    with pytest.raises(UserError, match=f"Row 1: {MISSING} row has text"):
        loaded(paired)([row, "good"])
    assert loaded(model)({"text": "good", "text_pair": None})["label"]


def test_questions_of_choices(tmp_path):
    asked = {**CHOSEN, "text_pair": "bad"}
    for name, right, wrong, problem in (
        ("copa", CHOSEN, asked, ALONE),
        ("swag", asked, CHOSEN, MISSING),
    ):
        (tmp_path / name).mkdir()
        predictor = loaded(finetuned.write(tmp_path / name, name))
        assert predictor(right)["text"] in CHOSEN["choices"]
        with pytest.raises(UserError, match=problem):
            predictor(wrong)
    # An id is told beside what is wrong, too.
    rows = '{"id": 7, "text": "a", "text_pair": "b"}'
    (row,) = run(predictor_folder(tmp_path), tmp_path, rows, name="in.jsonl")
    assert row["id"] == 7
    assert row["error"] == "nothing in column 'choices'"


def predictor_folder(tmp_path) -> str:
    return str(tmp_path / "swag" / "tuned")


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"has_pairs": "yes"}, "has_pairs"),
        ({"lower_case_words": "no"}, "lower_case_words"),
        ({"segment": 2}, "segment"),
    ],
)
def test_tasks_json_says_true_or_false(tmp_path, values, named):
    folder = finetuned.write(tmp_path, "sst")
    finetuned.said_of_tasks(folder, **values)
    with pytest.raises(UserError, match=f"^{named} of a task in .* must be as"):
        finetuned_model.read(folder)


@pytest.mark.parametrize("said", [True, False, None])
def test_transformers_folders_say_it_too(tmp_path, said):
    folder = finetuned.write(tmp_path, "sst")
    finetuned.said_of_tasks(folder, has_pairs=said)
    theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
    formats.write(theirs, formats.read(folder), "hugging_face")
    config = json.loads(pathlib.Path(theirs, "config.json").read_text())
    assert config.get("has_pairs", None) is said
    formats.write(ours, formats.read(theirs), "model_folder")
    assert finetuned_model.read(ours).task().has_pairs is said


def test_transformers_folders_say_that_answers_may_be_none(tmp_path):
    settings = {"joint_prediction": False, "answerable_classifier": False}
    folder = finetuned.write(tmp_path, "squad", **settings)
    assert finetuned_model.read(folder).task().has_null_answers
    theirs, ours = str(tmp_path / "theirs"), str(tmp_path / "ours")
    formats.write(theirs, formats.read(folder), "hugging_face")
    formats.write(ours, formats.read(theirs), "model_folder")
    assert finetuned_model.read(ours).task().has_null_answers


def test_a_config_that_says_something_else_is_refused(tmp_path):
    folder = finetuned.write(tmp_path, "sst")
    theirs = str(tmp_path / "theirs")
    formats.write(theirs, formats.read(folder), "hugging_face")
    path = pathlib.Path(theirs, "config.json")
    values = json.loads(path.read_text())
    path.write_text(json.dumps({**values, "has_pairs": "no"}))
    with pytest.raises(UserError, match=r"has_pairs in .* must be true or fal"):
        formats.read(theirs)


@pytest.mark.parametrize(
    "said", [True, False, pytest.param(None, marks=pytest.mark.slow)]
)
def test_a_saved_model_takes_what_was_learnt(tmp_path, capsys, said):
    folder = finetuned.write(tmp_path, "sst")
    finetuned.said_of_tasks(folder, has_pairs=said)
    target = tmp_path / "export"
    export.main(
        [f"--model_folder={folder}", f"--to={target}", "--format=saved_model"]
    )
    names = {True: "text_pair", False: "text", None: "text, text_pair"}[said]
    found = f"{target}/texts: signatures ids, serving_default, {names}\n"
    assert found in capsys.readouterr().out
    about = json.loads((target / "export.json").read_text())
    assert about["has_pairs"] is said
    page = (target / "README.md").read_text()
    assert ('asked = [("a text", ' in page) is bool(said)
    assert ("# Or pairs of texts" in page) is (said is None)
    if said:
        assert run_page(str(target))


def test_a_card_shows_what_to_ask(paired):
    page = (pathlib.Path(paired) / "README.md").read_text()
    code = page.split("```python\n")[1].split("```")[0]
    names: dict = {"electra_tf": electra_tf}
    exec(code.replace("FOLDER", paired), names)
    assert 'predict([("a text", "its second one")])' in code
