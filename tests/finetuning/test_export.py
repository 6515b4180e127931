"""Exported models compute what the model does, elsewhere too."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import electra_tf
from electra_tf.finetuning import export, finetuned_model
from electra_tf.finetuning.exporting import formats
from tests.finetuning import finetuned

TASKS = {
    "sst": {},
    "sts": {},
    "chunk": {},
    "copa": {},
    "squad": {},
    "squadv1": {"joint_prediction": False, "answerable_classifier": False},
}
TEXTS = ["A GOOD FILM", "bad", "Very BAD b\u00d6oks!", "", "good bad " * 50]


def exported(tmp_path, task: str, form: str, capsys) -> tuple[str, dict]:
    """Export by the command; return the folder and the differences said.

    Skips the test without the packages that ONNX needs.
    """
    if form == "onnx":
        pytest.importorskip("onnxruntime")
        pytest.importorskip("tf2onnx")
    folder = finetuned.write(tmp_path, task, **TASKS[task])
    target = str(tmp_path / form)
    export.main(
        [f"--model_folder={folder}", f"--to={target}", f"--format={form}"]
    )
    lines = capsys.readouterr().out.splitlines()
    said = [line.split(": largest difference ") for line in lines]
    return target, {s[0]: float(s[1]) for s in said if len(s) == 2}


def test_saved_model(tmp_path, capsys):
    _, differences = exported(tmp_path, "squad", "saved_model", capsys)
    assert differences.keys() >= {
        "start_top_index",
        "end_top_index",
        "answerable_logit",
    }
    assert max(differences.values()) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("form", ["saved_model", "litert", "onnx"])
def test_every_format_and_kind_of_head(tmp_path, capsys, form, task):
    _, differences = exported(tmp_path, task, form, capsys)
    assert differences
    assert max(differences.values()) < 1e-4


# Knows TensorFlow and its text ops, and nothing of this project.
SERVER = """
import json, sys
sys.modules["electra_tf"] = None
import tensorflow as tf
if sys.argv[1].endswith("texts"):
    import tensorflow_text
model = tf.saved_model.load(sys.argv[1])
for signature, asked in json.load(sys.stdin):
    asked = {k: tf.constant(v) for k, v in asked.items()}
    answers = model.signatures[signature](**asked)
    found = {k: v.numpy().tolist() for k, v in answers.items()}
    print(json.dumps(found, default=bytes.decode))
"""


def ask(
    folder: str, *requests: tuple[str, dict], locale: str = "C.UTF-8"
) -> list[dict]:
    """Load a SavedModel in a process without this project's code."""
    variables = {k: v for k, v in os.environ.items() if k[:3] != "LC_"}
    done = subprocess.run(
        [sys.executable, "-c", SERVER, folder],
        input=json.dumps(requests),
        cwd="/",
        env={**variables, "LANG": locale},
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> tuple[str, str]:
    """The folders of a tuned model and of its SavedModel, of either texts."""
    folder = tmp_path_factory.mktemp("served")
    tuned_folder, target = (
        finetuned.said_of_tasks(finetuned.write(folder, "sst"), has_pairs=None),
        str(folder / "export"),
    )
    paths = [f"--model_folder={tuned_folder}", f"--to={target}"]
    export.main([*paths, "--format=saved_model"])
    return tuned_folder, target


@pytest.mark.parametrize(
    "locale",
    [pytest.param("C.UTF-8", marks=pytest.mark.slow), "tr_TR.UTF-8"],
)
def test_a_server_answers_texts(served, locale):
    tuned_folder, folder = served
    pairs = [(a, b) for a in TEXTS[:2] for b in TEXTS[2:]]
    both = {
        name: [*texts]
        for name, texts in zip(
            ("text", "text_pair"), zip(*pairs, strict=True), strict=True
        )
    }
    of_texts, of_pairs = ask(
        f"{folder}/texts",
        ("serving_default", {"text": TEXTS}),
        ("text_pair", both),
        locale=locale,
    )

    predictor = electra_tf.load_predictor(tuned_folder)
    # The predictor refuses an empty text; a server answers it somehow.
    full = [place for place, text in enumerate(TEXTS) if text]
    expected = predictor([TEXTS[place] for place in full])
    labels = np.array(of_texts["label"])[full]
    assert [*labels] == [answer["label"] for answer in expected]
    np.testing.assert_allclose(
        np.array(of_texts["probabilities"])[full],
        [[*answer["probabilities"].values()] for answer in expected],
        atol=1e-5,
    )
    expected = [answer["label"] for answer in predictor(pairs)]
    assert of_pairs["label"] == expected


def test_what_was_exported_is_asked_texts_too(tmp_path, capsys):
    _, differences = exported(tmp_path, "sst", "saved_model", capsys)
    assert differences.keys() == {"logits", "text logits"}
    assert max(differences.values()) < 1e-4


def test_a_wrong_tokenizer_of_texts_is_noticed(served):
    tuned_folder, folder = served
    read = finetuned_model.read(tuned_folder)
    texts = formats.SavedModel(folder, read, read.task())
    assert texts.text_differences().keys() == {
        "text logits",
        "text_pair logits",
    }
    cased = finetuned_model.read(tuned_folder)
    cased.tokenizer.do_lower_case = False
    texts = formats.SavedModel(folder, cased, cased.task())
    assert max(texts.text_differences().values()) > export.TOLERANCE


def test_a_server_without_text_ops_answers_ids(served):
    tuned_folder, folder = served
    read = finetuned_model.read(tuned_folder)
    inputs = formats.random_inputs(read, read.task(), 3, 0)
    asked = {name: values.tolist() for name, values in inputs.items()}
    (received,) = ask(f"{folder}/ids_only", ("ids", asked))
    expected = formats.Served(read, read.task())(**inputs)
    np.testing.assert_allclose(
        received["logits"], expected["logits"], atol=1e-5
    )


@pytest.mark.parametrize("task", ["sst", "chunk", "copa", "squadv1"])
def test_hugging_face(tmp_path, capsys, task):
    target, _ = exported(tmp_path, task, "hugging_face", capsys)
    config = json.loads((tmp_path / "hugging_face/config.json").read_text())
    labels = {"sst": ["0", "1"], "chunk": [*finetuned.LABELS["chunk"]]}
    if task in labels:
        assert [*config["id2label"].values()] == labels[task]
    assert config["finetuning_task"] == task
    assert target


def test_a_head_that_transformers_does_not_have(tmp_path):
    folder = finetuned.write(tmp_path, "squad")
    with pytest.raises(SystemExit) as stopped:
        export.main(
            [
                f"--model_folder={folder}",
                f"--to={tmp_path}/hf",
                "--format=hugging_face",
            ]
        )
    assert "Train with --joint_prediction=false" in str(stopped.value)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    folder = finetuned.write(tmp_path, "sst")
    missing = {"tf2onnx", "onnxruntime"}
    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name: None if name in missing else found(name),
    )
    with pytest.raises(SystemExit) as stopped:
        export.main(
            [f"--model_folder={folder}", f"--to={tmp_path}/o", "--format=onnx"]
        )
    message = str(stopped.value)
    assert "tf2onnx" in message
    assert "onnxruntime, which is not installed: pip install" in message
    assert not (tmp_path / "o").exists()


def test_a_wrong_export_is_noticed(tmp_path):
    path = finetuned.write(tmp_path, "sst")
    read = finetuned_model.read(path)
    served = formats.Served(read, read.task())

    def wrong(**inputs):
        inputs["input_mask"] = np.ones_like(inputs["input_mask"])
        return {k: v.numpy() for k, v in served(**inputs).items()}

    found = formats.differences(wrong, read, read.task())
    assert found["logits"] > export.TOLERANCE
    with pytest.raises(ValueError, match="Expected the outputs logits"):
        formats.differences(lambda **_: {}, read, read.task())


def run_page(folder: str, without: str = "electra_tf") -> str:
    """Run the program in a folder's README, in a process of its own."""
    page = (pathlib.Path(folder) / "README.md").read_text("utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nsys.modules[{without!r}] = None\n"
         f"{code}"],
        cwd=folder,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page_of_an_onnx_file_runs_without_tensorflow(tmp_path, capsys):
    folder, _ = exported(tmp_path, "sst", "onnx", capsys)
    tuned = next(str(p.parent) for p in tmp_path.rglob("tasks.json"))
    expected = electra_tf.load_predictor(tuned)(["a text", "another one"])
    labels = [answer["label"] for answer in expected]
    assert run_page(folder, "tensorflow") == f"{labels}\n"

    import onnx
    import onnxruntime

    path = f"{folder}/model.onnx"
    for value in onnx.load(path).graph.input:
        axes = [axis.dim_param for axis in value.type.tensor_type.shape.dim]
        assert axes == ["batch", "length"]
    none = np.zeros((0, 4), np.int32)
    session = onnxruntime.InferenceSession(path)
    names = ("input_ids", "input_mask", "segment_ids")
    (empty,) = session.run(None, dict.fromkeys(names, none))
    assert empty.shape == (0, 2)


def test_files_can_be_read_by_others(served):
    for path in pathlib.Path(served[1]).rglob("*"):
        assert path.stat().st_mode & 0o444 == 0o444, path
    about = json.loads((pathlib.Path(served[1]) / "export.json").read_text())
    assert about["labels"] == ["0", "1"]
    assert about["outputs"] == ["logits"]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("form", ["saved_model", "litert", "onnx"])
def test_every_page_runs(tmp_path, capsys, form, task):
    folder, _ = exported(tmp_path, task, form, capsys)
    without = "tensorflow" if form == "onnx" else "electra_tf"
    assert run_page(folder, without)
