"""A user's own data from the command line to scores and predictions."""

import json

import pytest

from electra_tf.finetuning import predict
from tests.finetuning import questions, runs

COLUMNS = {"text_column": "text", "label_column": "label"}


def write(folder, extension: str, lines: list[str], header: str = "") -> dict:
    """Write the same lines as all three files, 24 times for training."""
    files = {}
    for split, copies in {"train": 24, "dev": 2, "test": 1}.items():
        path = folder / f"{split}.{extension}"
        path.write_text("\n".join([*filter(None, [header]), *lines * copies]))
        files[f"{split}_file"] = path
    return {**files, "write_test_outputs": "true"}


def test_several_labels_from_a_csv(tmp_path, capsys):
    lines = ['good film,"good,film"', 'bad film,"film,bad"', "a .,[]"]
    files = write(tmp_path, "csv", lines, "text,label")
    scores = runs.run(tmp_path, task="multilabel", **COLUMNS, **files)
    assert [*scores] == ["micro_f1", "macro_f1", "exact", "loss"]
    assert scores["exact"] == 100
    said = capsys.readouterr().err
    assert (
        "multilabel train: 72 examples; 24 bad (33.3%), 48 film (66.7%), 24 "
        "good (33.3%); 24 without any label"
    ) in said
    rows = json.loads(
        runs.predictions(tmp_path, "multilabel_test_1_predictions.json")
    )
    assert [json.loads(row["prediction"]) for row in rows] == [
        ["film", "good"],
        ["bad", "film"],
        [],
    ]


def test_choices_from_a_csv(tmp_path, capsys):
    lines = ["a,good film,bad,good,1", "a .,bad book,good,bad,2"]
    header = "text,q,c1,c2,label"
    files = write(tmp_path, "csv", lines, header)
    scores = runs.run(
        tmp_path,
        task="multiple_choice",
        text_pair_column="q",
        choice_columns="c1,c2",
        train_batch_size=8,
        **COLUMNS,
        **files,
    )
    assert [*scores] == ["accuracy", "loss"]
    assert scores["accuracy"] == 100
    said = capsys.readouterr().err
    assert "labels count the choices from 1" in said
    (path,) = (tmp_path / "models/tiny/test_predictions").glob("*.json")
    rows = json.loads(path.read_text())
    assert [row["prediction"] for row in rows] == ["1", "2"]
    assert all(sum(r["scores"]) == pytest.approx(1) for r in rows)
    tuned = str(tmp_path / "models/tiny/tuned_models/multiple_choice")
    asked = tmp_path / "asked.csv"
    asked.write_text("text,q,c1,c2,id\na,good film,bad,good,7\na,b,c,,8\n")
    answers = tmp_path / "answers.jsonl"
    predict.main(
        [
            *(f"--model_folder={tuned}", f"--input={asked}"),
            *(f"--output={answers}", "--text_pair_column=q"),
            "--choices_column=c1,c2",
        ]
    )
    good, bad = map(json.loads, answers.read_text().splitlines())
    assert good["id"] == "7" and good["choice"] == 0 and good["text"] == "bad"
    assert good["probabilities"][0] == pytest.approx(rows[0]["scores"][0], 1e-3)
    assert "at least 2 choices" in bad["error"]


def test_entities_of_sentences_longer_than_an_input(tmp_path, capsys):
    sentence = ["a O", "good B-X", "film I-X", "very O", "bad B-Y", ""]
    files = write(tmp_path, "txt", [*sentence[:-1] * 3, ""])
    scores = runs.run(tmp_path, task="tagging", max_seq_length=12, **files)
    assert [*scores] == ["f1", "precision", "recall", "f1_X", "f1_Y", "loss"]
    assert scores["f1"] == 100
    assert "tags are read as IOB2; 5 are learnt" in capsys.readouterr().err
    tsv = runs.predictions(tmp_path, "tagging_test_1_predictions.tsv")
    assert tsv.splitlines()[1] == "0\t" + " ".join(["O B-X I-X O B-Y"] * 3)


@pytest.mark.slow
def test_numbers_of_pairs_from_a_tsv(tmp_path):
    lines = ["good\tfilm\t-10", "bad\tfilm\t30", "a\tfilm\t10"]
    files = write(tmp_path, "tsv", lines, "text\tother\tlabel")
    scores = runs.run(
        tmp_path,
        task="regression",
        text_pair_column="other",
        num_train_epochs=60,
        hidden_dropout_prob=0,
        **COLUMNS,
        **files,
    )
    assert [*scores] == ["pearson", "spearman", "mse", "mae", "rmse", "loss"]
    assert scores["pearson"] > 95
    error = 40 * scores["mse"] ** 0.5  # From -10 to 30.
    assert scores["rmse"] == pytest.approx(error, rel=1e-4)
    tsv = runs.predictions(tmp_path, "regression_test_1_predictions.tsv")
    numbers = [float(line.split("\t")[1]) for line in tsv.splitlines()[1:]]
    assert numbers == pytest.approx([-10, 30, 10], abs=10)


@pytest.mark.slow
def test_pairs_from_json_lines(tmp_path):
    rows = [
        {"text": "good", "other": "film", "label": True},
        {"text": "bad", "other": "film", "label": False},
    ]
    files = write(tmp_path, "jsonl", [json.dumps(row) for row in rows])
    scores = runs.run(
        tmp_path, task="pair", text_pair_column="other", **COLUMNS, **files
    )
    assert scores["accuracy"] == 100
    tsv = runs.predictions(tmp_path, "pair_test_1_predictions.tsv")
    assert tsv.splitlines()[1:] == ["0\ttrue", "1\tfalse"]


@pytest.mark.slow
@pytest.mark.parametrize("with_null", [True, False])
def test_questions(tmp_path, with_null):
    files = {}
    for split, copies in {"train": 24, "dev": 2, "test": 1}.items():
        content = questions.squad(copies, with_null)
        files[f"{split}_file"] = questions.write(
            tmp_path / f"{split}.json", content
        )
    scores = runs.run(
        tmp_path,
        task="qa",
        write_test_outputs="true",
        **files,
    )
    assert scores["f1"] == 100
    assert ("HasAns_f1" in scores) == with_null
    answers = json.loads(runs.predictions(tmp_path, "submission_1/qa.json"))
    assert answers["0-good"] == "film"
    assert answers.get("0-very good", "") == ""


@pytest.mark.slow
def test_entities_from_json_lines(tmp_path):
    row = {"text": ["a", "good", "film"], "label": ["O", "B-X", "L-X"]}
    files = write(tmp_path, "jsonl", [json.dumps(row)])
    scores = runs.run(tmp_path, task="tagging", **COLUMNS, **files)
    assert scores["f1"] == 100
    tsv = runs.predictions(tmp_path, "tagging_test_1_predictions.tsv")
    assert tsv.splitlines()[1] == "0\tO B-X E-X"


@pytest.mark.slow
def test_parts_of_speech(tmp_path):
    files = write(tmp_path, "conll", ["a DT", "good JJ", "film NN", ""])
    scores = runs.run(tmp_path, task="tagging", **files)
    assert [*scores] == ["accuracy", "loss"]
    assert scores["accuracy"] == 100
