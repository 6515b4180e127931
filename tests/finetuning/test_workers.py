"""Fine-tuning by two processes, of which only the first sees the run."""

import json
import shutil

import numpy as np
import pytest

import run_finetuning
from electra_tf.training import checkpoints, distribution
from electra_tf.training.loop import TrainingLoop
from tests.faults.jobs import Job
from tests.faults.program import Program
from tests.finetuning import questions, runs
from tests.replicas import two_replicas

TASKS = ("sst", "chunk", "squad")
SETTINGS = {
    "task_names": ",".join(TASKS),
    "num_train_epochs": 3,
    "train_batch_size": 8,
    "eval_batch_size": 8,
    "save_checkpoints_steps": 4,
}


class Finetuning(Program):
    """The command, on tasks whose files are there."""

    @staticmethod
    def arguments(data_dir, name: str, settings: dict) -> list[str]:
        flags = runs.flags(data_dir, model_name=name, **SETTINGS)
        return ["run_finetuning.py", *flags]


@pytest.fixture
def data_dir(tmp_path):
    """A folder with a few examples of each kind of head."""
    raw = tmp_path / "finetuning_data"
    for task in TASKS:
        (raw / task).mkdir(parents=True)
    rows = [
        f"a {'very ' * (i % 5)}good film\t1\na bad film\t0" for i in range(7)
    ]
    words = "a O O\ngood B B-NP\nfilm I I-NP\n\nbad B B-NP\n. O O\n\n"
    for split in ("train", "dev"):
        text = "\n".join(["sentence\tlabel", *rows]) + "\n"
        (raw / "sst" / f"{split}.tsv").write_text(text)
        questions.write(raw / "squad" / f"{split}.json", questions.squad(3))
        (raw / "chunk" / f"{split}.txt").write_text(words * 4)
    return tmp_path


def found(program: Program) -> tuple[dict, dict, dict]:
    """Return the weights, the scores and the answers of a run."""
    (path,) = program.folder.glob("finetuning_models/*_model_1")
    training = checkpoints.read_training_state(str(path))
    state = checkpoints.read_variables(str(path)) | training.slots
    (path,) = program.folder.glob("results/*_results.json")
    trials = json.loads(path.read_text())["trials"]
    scores = {trial["task"]: trial["metrics"] for trial in trials}
    (path,) = program.folder.glob("results/*_qa/squad_preds.json")
    return state, scores, json.loads(path.read_text())


def test_two_workers_go_on_as_one_with_two_replicas(data_dir, monkeypatch):
    whole = Finetuning(data_dir, "whole")
    begun = Finetuning(data_dir, "begun")
    save = TrainingLoop._save

    def copied_after_saving(loop):
        save(loop)
        if int(loop.step.numpy()) == SETTINGS["save_checkpoints_steps"]:
            shutil.copytree(whole.folder, begun.folder)

    monkeypatch.setattr(distribution, "strategy", lambda *_: two_replicas())
    monkeypatch.setattr(TrainingLoop, "_save", copied_after_saving)
    run_finetuning.main(whole.command[1:])

    elsewhere = data_dir / "elsewhere" / "run"
    job = Job(begun, Finetuning(data_dir, "begun"))
    chief, other = job.start(last_ones=[f"--model_dir={elsewhere}"]).finish()

    state, scores, answers = found(begun)
    expected, expected_scores, expected_answers = found(whole)
    assert state.keys() == expected.keys()
    for path, value in expected.items():
        np.testing.assert_allclose(state[path], value, atol=1e-5, err_msg=path)
    assert scores.keys() == set(TASKS)
    for task, values in expected_scores.items():
        assert scores[task] == pytest.approx(values, rel=1e-4)
    assert answers == expected_answers
    assert "Trial 1/1" in chief and "Trial" not in other
    assert not elsewhere.parent.exists()
