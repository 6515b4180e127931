"""The whole job in a bucket: what is made there, by programs one after another.

A run that is killed and goes on must do the same updates, to the last bit, as
one on this machine that nothing disturbs.
"""

import json
import shutil
import subprocess
import sys
import time

import numpy as np
import pytest

import run_finetuning
import run_pretraining
from data_prep import build_pretraining_dataset, build_vocab
from data_prep.dataset_config import PretrainingDatasetConfig
from electra_tf.conversion import convert, formats
from electra_tf.finetuning import export, predict
from electra_tf.io import claims, files, listing
from electra_tf.training import checkpoint_folder, checkpoints
from tests import emulators, small_run
from tests.faults.program import SMALL, TIMED

PATIENCE = 200  # Seconds.
SETTINGS = {
    **small_run.SETTINGS,
    **SMALL,
    "num_train_steps": 20,
    "save_checkpoints_steps": 4,
    "eval_every_n_steps": 8,
}


def command(folder: str, *flags: str) -> list[str]:
    vocabulary = files.read(f"{folder}/vocab.txt").splitlines()
    hparams = {**SETTINGS, "vocab_size": len(vocabulary)}
    return [
        "run_pretraining.py",
        f"--data_dir={folder}",
        "--model_name=m",
        f"--hparams={json.dumps(hparams)}",
        "--do_eval",
        *flags,
    ]


def rows(folder: str, name: str) -> list[dict]:
    """The rows of a run's file, without what depends on time."""
    lines = files.read(f"{folder}/models/m/{name}").splitlines()
    return [
        {k: v for k, v in json.loads(line).items() if k not in TIMED}
        for line in lines
    ]


def build(folder: str) -> None:
    build_vocab.main(
        build_vocab.VocabConfig(
            corpus_dir=f"{folder}/corpus",
            output_file=f"{folder}/vocab.txt",
            vocab_size=256,
        )
    )
    build_pretraining_dataset.main(
        PretrainingDatasetConfig(
            corpus_dir=f"{folder}/corpus",
            vocab_file=f"{folder}/vocab.txt",
            output_dir=f"{folder}/pretrain_tfrecords",
            max_seq_length=32,
            held_out_share=0.2,
            num_processes=1,
        )
    )


def copy_text(local: str, folder: str) -> None:
    for path, _ in listing.find(f"{local}/corpus")[1]:
        files.write(path.replace(local, folder), files.read(path))


@pytest.fixture(scope="module")
def local(data_dir, tmp_path_factory):
    """A run on this machine, of what is built here."""
    folder = tmp_path_factory.mktemp("local")
    shutil.copytree(data_dir / "corpus", folder / "corpus")
    folder = str(folder)
    build(folder)
    run_pretraining.main(command(folder))
    return folder


def kill_after(step: int, folder: str) -> str:
    """Train until a checkpoint is there, then kill the program."""
    process = subprocess.Popen(
        [sys.executable, *command(folder)],
        cwd=small_run.ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    end = time.monotonic() + PATIENCE
    while max(checkpoint_folder.steps_in(f"{folder}/models/m") or [0]) < step:
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < end
        time.sleep(0.2)
    process.kill()
    return process.communicate()[1]


@pytest.mark.parametrize(
    "scheme", ["gs", pytest.param("s3", marks=pytest.mark.slow)]
)
def test_from_text_to_scores(scheme, local, tmp_path, monkeypatch):
    folder = emulators.bucket(scheme)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(claims, "DEAD", 2.0)
    copy_text(local, folder)
    build(folder)
    assert records(folder) == records(local)

    kill_after(4, folder)
    run = f"{folder}/models/m"
    assert "lock" in listing.names_in(run)
    run_pretraining.main(command(folder))

    assert "lock" not in listing.names_in(run)
    expected = checkpoints.read_variables(f"{local}/models/m")
    for path, value in checkpoints.read_variables(run).items():
        np.testing.assert_array_equal(value, expected[path], err_msg=path)
    for name in ("metrics.jsonl", "evaluations.jsonl"):
        assert rows(folder, name) == rows(local, name), name
    assert len(files.read(f"{run}/runs.jsonl").splitlines()) == 2
    scores = json.loads(files.read(f"{run}/results/unsup_results.json"))
    assert (
        scores.keys()
        == json.loads(
            files.read(f"{local}/models/m/results/unsup_results.json")
        ).keys()
    )
    assert listing.names_in(f"{run}/summaries/train")

    model = f"{folder}/model"
    convert.main([f"--from={run}", f"--to={model}", "--format=model_folder"])
    again = formats.read(model)
    for path, value in formats.read(run).variables.items():
        np.testing.assert_array_equal(again.variables[path], value)
    with pytest.raises(SystemExit, match="is not empty"):
        convert.main([f"--from={run}", f"--to={model}"])
    fine_tune_and_predict(folder)
    assert [*tmp_path.iterdir()] == []  # No folder called s3: or gs:.


def fine_tune_and_predict(folder: str) -> None:
    lines = [
        f"The {name} {verb} the king.\t{verb in small_run.VERBS[:3]}"
        for name in small_run.NAMES
        for verb in small_run.VERBS
    ]
    for name in ("train", "dev"):
        text = "\n".join(["text\tlabel", *lines])
        files.write(f"{folder}/{name}.tsv", f"{text}\n")
    settings = {
        "data_dir": folder,
        "model_name": "m",
        "task_names": "classification",
        "train_file": f"{folder}/train.tsv",
        "dev_file": f"{folder}/dev.tsv",
        "text_column": "text",
        "label_column": "label",
        "max_seq_length": 32,
        "num_train_epochs": 1,
    }
    flags = [f"--{name}={value}" for name, value in settings.items()]
    run_finetuning.main(["run_finetuning.py", *flags])
    of_run = f"{folder}/models/m"
    assert listing.names_in(f"{of_run}/results") == [
        "classification_report",
        "classification_results.json",
        "classification_results.txt",
        "unsup_results.json",
        "unsup_results.txt",
    ]
    tuned = f"{of_run}/tuned_models/classification"
    files.write(f"{folder}/in.txt", "The cat sees the king.\n" * 2)
    paths = (f"--input={folder}/in.txt", f"--output={folder}/out.jsonl")
    predict.main([f"--model_folder={tuned}", *paths])
    answers = files.read(f"{folder}/out.jsonl").splitlines()
    assert len(answers) == 2 and answers[0][10:] == answers[1][10:]
    export.main(
        [
            f"--model_folder={tuned}",
            f"--to={folder}/hf",
            "--format=hugging_face",
        ]
    )
    assert "model.safetensors" in listing.names_in(f"{folder}/hf")


def records(folder: str) -> dict[str, bytes]:
    found = listing.find(f"{folder}/pretrain_tfrecords")[1]
    return {path.removeprefix(folder): files.read(path) for path, _ in found}
