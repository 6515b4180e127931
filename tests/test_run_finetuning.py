"""run_finetuning.py from the command line to the results."""

import json
import pathlib
import subprocess
import sys

import pytest

import run_finetuning
from electra_tf.configs import FinetuningConfig, from_flags
from electra_tf.finetuning import predict
from electra_tf.training import run_folder
from tests.finetuning import questions
from tests.tuning_run import ROWS, arguments, error_of, flags_in

ROOT = pathlib.Path(__file__).parent.parent
ANSWERS = questions.ANSWERS


@pytest.fixture
def flags(tmp_path) -> dict:
    """Flags for a tiny model from scratch, and a tiny task of one's own."""
    return flags_in(tmp_path)


@pytest.mark.slow
def test_the_program_by_its_name(flags):
    done = subprocess.run(
        [sys.executable, *arguments(flags)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("classification: accuracy: ")


def test_trials_of_one_s_own_data(flags, tmp_path, capsys):
    training = {
        "num_train_epochs": 30,
        "learning_rate": 5e-3,
        "train_batch_size": 16,
        "num_trials": 2,
        "write_test_outputs": "true",
        "test_file": tmp_path / "dev.tsv",
        "n_writes_test": 1,
    }
    run_finetuning.main(arguments({**flags, **training}))
    printed = capsys.readouterr()

    results = tmp_path / "models" / "tiny" / "results"
    content = json.loads((results / "classification_results.json").read_text())
    trials = content["trials"]
    assert [trial["seed"] for trial in trials] == [43, 44]
    assert [trial["steps"] for trial in trials] == [120, 120]
    assert [trial["metrics"]["accuracy"] for trial in trials] == [100, 100]
    assert not any(trial["failure"] for trial in trials)
    assert content["summary"]["classification"]["trials"] == 2
    lines = (results / "classification_results.txt").read_text().splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("classification: accuracy: 100.00 - macro_f1: ")
    assert lines[0] in printed.out
    assert "step 120/120" in printed.err
    predictions = tmp_path / "models" / "tiny" / "test_predictions"
    tsv = (predictions / "classification_test_1_predictions.tsv").read_text()
    assert tsv.splitlines()[:4] == [
        "index\tprediction",
        "0\tpos",
        "1\tpos",
        "2\tneg",
    ]
    assert len([*predictions.iterdir()]) == 2

    report = (results / "classification_report/report.md").read_text()
    assert "| 2 | 44 | 100.00 | 100.00 |" in report
    assert "| right \\\\ predicted | neg | pos |" in report
    assert "| neg | 4 | 0 |" in report
    assert "### Errors\n\nNone." in report
    picture = results / "classification_report/confusion_classification.svg"
    assert f"({picture.name})" in report
    assert ">pos</text>" in picture.read_text()
    for name in ("curves", "scores"):
        png = (results / f"classification_report/{name}.png").read_bytes()
        assert png.startswith(b"\x89PNG") and f"({name}.png)" in report

    model = tmp_path / "models/tiny/tuned_models/classification"
    texts = "\n".join(f"a {text} film" for text in ROWS) + "\nA BAD book!\n"
    answers = predicted(model, tmp_path, "in.txt", texts)
    assert [answer["label"] for answer in answers[:4]] == [*ROWS.values()]
    assert sum(answers[0]["probabilities"].values()) == pytest.approx(1)

    # The same command trains nothing, and says the same.
    folder = tmp_path / "models/tiny/finetuning_models"
    before = written(folder)
    gone = predictions / "classification_test_1_predictions.json"
    gone.unlink()
    run_finetuning.main(arguments({**flags, **training}))
    again = capsys.readouterr()
    assert f"Not there: {gone}; trials that are done write" in again.err
    assert again.out == printed.out
    assert "All trials are done already; nothing is left to do" in again.err
    assert written(folder) == before

    # The kept weights give the same scores again.
    evaluation = {"do_train": "false", "num_trials": 2}
    run_finetuning.main(arguments({**flags, **evaluation}))
    assert capsys.readouterr().out == printed.out


def written(folder: pathlib.Path) -> dict:
    """When each file of the trials was written."""
    paths = folder.glob("*_model_*/*")
    return {path: path.stat().st_mtime_ns for path in paths}


def predicted(model: pathlib.Path, tmp_path, name: str, text: str) -> list:
    """Answer a file by the command."""
    source, sink = tmp_path / name, tmp_path / "answers.jsonl"
    source.write_text(text)
    paths = [f"--input={source}", f"--output={sink}"]
    predict.main([f"--model_folder={model}", *paths])
    return [json.loads(line) for line in sink.read_text().splitlines()]


OWN_DATA = ("train_file", "dev_file", "text_column", "label_column")


def raw_data(flags: dict, task: str) -> pathlib.Path:
    """Turn the flags to another task; return the folder of its raw data."""
    for name in OWN_DATA:
        del flags[name]
    flags |= {"task_names": task, "num_train_epochs": 30, "learning_rate": 5e-3}
    folder = flags["data_dir"] / "finetuning_data" / task
    folder.mkdir(parents=True)
    return folder


def test_questions_are_answered(flags, tmp_path, capsys):
    folder = raw_data(flags, "squad")
    for split, copies in {"train": 24, "dev": 2, "test": 1}.items():
        questions.write(folder / f"{split}.json", questions.squad(copies))
    overrides = {"hidden_size": 16, "num_hidden_layers": 2}  # One is too few.
    flags |= {
        "write_test_outputs": "true",
        "train_batch_size": 12,
        "model_hparam_overrides": json.dumps(overrides),
    }
    run_finetuning.main(arguments(flags))
    said = capsys.readouterr()
    assert said.out.startswith("squad: exact: 100.00 - f1: 100")
    assert "train: 100.0% of 48 answers can be predicted exactly\n" in said.err
    model = tmp_path / "models" / "tiny"
    predictions = model / "test_predictions" / "squad_test_1_predictions.json"
    assert json.loads(predictions.read_text()) == {
        "0-good": "film",
        "0-bad": "book",
        "0-very good": "",
    }
    assert len([*(model / "results" / "squad_qa").iterdir()]) == 3

    report = (model / "results/squad_report/report.md").read_text()
    assert "| an answer | an answer | right | 4 |" in report

    rows = [{"question": q, "context": questions.PASSAGE} for q in ANSWERS]
    text = "\n".join(map(json.dumps, rows))
    tuned = model / "tuned_models" / "squad"
    answers = predicted(tuned, tmp_path, "in.jsonl", text)
    assert [answer["answer"] for answer in answers] == [*ANSWERS.values()]
    assert [a["begin"] for a in answers] == [
        text and questions.PASSAGE.find(text) for text in ANSWERS.values()
    ]


def test_words_are_tagged(flags, tmp_path, capsys):
    folder = raw_data(flags, "chunk")
    sentence = "a DT B-NP\ngood JJ I-NP\nfilm NN I-NP\n. . O\nbad JJ B-ADJP\n\n"
    for split, copies in {"train": 32, "dev": 2, "test": 1}.items():
        (folder / f"{split}.txt").write_text(sentence * copies)
    flags |= {"write_test_outputs": "true", "train_batch_size": 16}
    run_finetuning.main(arguments(flags))
    assert capsys.readouterr().out.startswith("chunk: f1: 100.00 - precision")
    predictions = tmp_path / "models" / "tiny" / "test_predictions"
    tsv = (predictions / "chunk_test_1_predictions.tsv").read_text()
    assert tsv.splitlines()[1] == "0\tB-NP I-NP E-NP O S-ADJP"

    report = tmp_path / "models/tiny/results/chunk_report/report.md"
    assert "| B-NP | 2 | 0 | 0 | 0 | 0 |" in report.read_text()

    tuned = tmp_path / "models" / "tiny" / "tuned_models" / "chunk"
    (answer,) = predicted(tuned, tmp_path, "in.txt", "A  Good film. Bad\n")
    tags = ["B-NP", "I-NP", "E-NP", "O", "S-ADJP"]
    assert [word["tag"] for word in answer["tags"]] == tags
    assert answer["spans"] == [
        {"type": "NP", "text": "A  Good film", "begin": 0, "end": 12},
        {"type": "ADJP", "text": "Bad", "begin": 14, "end": 17},
    ]


def test_numbers_are_predicted(flags, tmp_path, capsys):
    folder = raw_data(flags, "sts")
    rows = {"good film\ta good book": 5, "good film\tvery bad books": 0}
    lines = [f"{pair}\t{score}" for pair, score in rows.items()]
    for split, copies in {"train": 24, "dev": 2}.items():
        text = "\n".join(["a\tb\tscore", *(lines * copies)])
        (folder / f"{split}.tsv").write_text(text + "\n")
    run_finetuning.main(arguments({**flags, "train_batch_size": 16}))
    assert capsys.readouterr().out.startswith("sts: pearson: 100.00")
    report = tmp_path / "models/tiny/results/sts_report/report.md"
    assert "good film ‖ a good book |" in report.read_text()

    tuned = tmp_path / "models" / "tiny" / "tuned_models" / "sts"
    text = "\n".join(["text\ttext_pair", *rows])
    answers = predicted(tuned, tmp_path, "in.tsv", text)
    assert [round(answer["score"]) for answer in answers] == [*rows.values()]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text_column": "txt"}, "has no column 'txt'. Did you mean 'text'?"),
        ({"dev_file": "no.tsv"}, "No data file at no.tsv."),
        ({"vocab_size": 7}, "but the model is configured with vocab_size=7"),
    ],
)
def test_mistakes_are_reported_in_one_line(flags, changes, expected):
    message = error_of({**flags, **changes})
    assert message.startswith("run_finetuning.py: ")
    assert expected in message


def test_nothing_to_evaluate(flags, tmp_path):
    evaluation = {**flags, "do_train": "false"}
    assert "There is no checkpoint in " in error_of(evaluation)
    message = error_of({**evaluation, "do_eval": "false"})
    assert "There is nothing to do" in message
    message = error_of({**flags, "num_trials": 0})
    assert "There is nothing to do: num_trials is 0." in message
    assert not (tmp_path / "models").exists()


def test_results_are_not_replaced(flags, tmp_path):
    results = tmp_path / "models/tiny/results/classification_results.json"
    results.parent.mkdir(parents=True)
    results.write_text("{}")
    assert f"{results} is there already" in error_of(flags)


def test_outputs_are_no_inputs(flags, tmp_path):
    test = tmp_path / "test.tsv"
    test.write_text("text\na good film\n")
    asked = {**flags, "write_test_outputs": "true", "test_file": test}
    asked["test_predictions"] = tmp_path / "test.json"
    assert f"{test} is there already" in error_of(asked)
    assert test.read_text() == "text\na good film\n"
    message = error_of({**flags, "results_txt": flags["dev_file"]})
    assert "or give another results_txt" in message


def test_every_output_has_a_file_of_its_own(flags, tmp_path):
    path = tmp_path / "r.json"
    both = {**flags, "results_txt": path, "results_json": path}
    message = error_of(both)
    assert "written twice, by results_txt and results_json" in message
    trials = {"write_test_outputs": "true", "num_trials": 2}
    (tmp_path / "test.tsv").write_text("text\na good film\n")
    trials["test_file"] = tmp_path / "test.tsv"
    trials["test_predictions"] = tmp_path / "all_{:}_{:}.json"
    message = error_of({**flags, **trials})
    assert "by test_predictions and test_predictions" in message


def test_a_run_of_other_settings_or_examples(flags, tmp_path):
    folder = tmp_path / "models/tiny/finetuning_models/classification_model"
    settings = from_flags.read(FinetuningConfig, arguments(flags))
    folder.mkdir(parents=True)
    run_folder.save_config(str(folder), settings)
    changed = {**flags, "learning_rate": 1}
    message = error_of(changed)
    assert "learning_rate: 0.0001 in the saved config, 1.0 now" in message
    (folder / "inputs.json").write_text('{"classification dev": "aa"}')
    message = error_of(flags)
    assert "classification dev: aa when it began, " in message
    (folder / "inputs.json").write_text('{"classification labels": "aa"}')
    assert "classification labels: aa when it began, " in error_of(flags)


def test_a_model_that_was_never_trained(flags, tmp_path):
    # Who names a model must have one, even if its weights are not asked for.
    named = {**flags, "init_checkpoint": tmp_path / "no_model"}
    assert "No checkpoint at " in error_of(named)
    message = error_of({**flags, "from_scratch": "false"})
    assert "No checkpoint at " in message
    assert "--init_checkpoint" in message
