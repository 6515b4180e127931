"""The study: its parts by hand-computed values, the whole in miniature."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from benchmarks.study import __main__ as program
from benchmarks.study import budget, plan, programs
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.model_folder import ModelFolder
from benchmarks.study.models import (
    BY_COST,
    MODELS,
    PANELS,
    SHARED,
    pretraining_config,
)
from electra_tf.efficiency.executed_flops import (
    flops_of_updates,
    update_flops,
)
from electra_tf.errors import UserError
from tests.benchmarks import studies
from tests.benchmarks.studies import model_row

BUDGET = 1e12


ALL = StudyConfig(report_only=True, flops=[str(BUDGET)])


def rows_of(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_budget_by_hand():
    """A network small enough to add up.

    L = 4, E = H = 2, one layer, one head, V = 10, one chosen token, 5 inputs.
    """
    settings = {
        "objective": "mlm",
        "vocab_size": 10,
        "embedding_size": 2,
        "max_seq_length": 4,
        "mask_prob": 0.25,
        "train_batch_size": 5,
        "model_hparam_overrides": {
            "hidden_size": 2,
            "num_hidden_layers": 1,
            "num_attention_heads": 1,
            "intermediate_size": 8,
            "max_position_embeddings": 4,
        },
    }
    # A product of m x k and k x n takes 2 m k n: queries, keys, values and
    # output 4 * (2*4*2*2), scores and averages 2 * (2*4*4*2), feed-forward
    # 2 * (2*4*2*8), head 2*2*2 + 2*2*10.
    products = 128 + 128 + 256 + 48
    # Segments are multiplied, one-hot; their product has one gradient.
    lookups = 2 * 4 * 2 * 2
    least = 5 * (3 * products + 2 * lookups)
    cost = update_flops(pretraining_config(settings))
    assert least < cost
    assert budget.num_steps(settings, 8 * cost) == 8
    assert budget.num_steps(settings, 9 * cost - 1) == 8
    with pytest.raises(ValueError, match="must pay for 8 updates"):
        budget.num_steps(settings, 8 * cost - 1)


def test_models_cost_the_same_within_an_update():
    for training in plan.trainings(ALL):
        if training.is_random:
            continue
        config = pretraining_config(
            training.settings, num_train_steps=training.steps
        )
        most = max(
            update_flops(config, stage) for stage in config.updates_by_stage(0)
        )
        spent = flops_of_updates(config, training.steps)
        assert BUDGET - most < spent <= BUDGET, training.name
        row = budget.cost(training.settings, training.steps)
        assert row["flops"] == spent
        assert row["tokens"] == training.steps * 32 * 64


def test_checkpoints_are_saved_at_the_ends_of_loops():
    for steps in (8, 9, 1007, 17701):
        loop, every = budget.intervals(steps).values()
        assert every % loop == 0 and steps / 10 < every <= steps / 8


def test_panels_and_models_agree():
    assert {n for panel in (*PANELS, BY_COST) for n in panel.labels} <= set(
        MODELS
    )
    digests = [training.id for training in plan.trainings(ALL)]
    assert len(set(digests)) == len(MODELS)


def test_settings_of_a_model_win_over_shared_ones():
    changed = ALL.replace(pretraining={"generator_hidden_size": 0.75})
    sizes = {
        training.name: training.settings["generator_hidden_size"]
        for training in plan.trainings(changed)
    }
    assert sizes["rtd"] == 0.75
    assert sizes["generator_full"] == 1.0
    assert SHARED["generator_hidden_size"] == 0.5


def test_half_a_line_is_forgotten_and_others_stay(tmp_path):
    path = tmp_path / "results.jsonl"
    first, second, *_ = plan.trainings(ALL)
    Ledger(path).add(model_row(first))
    whole = path.read_bytes()
    with path.open("ab") as file:
        file.write('{"kind": "trial", "task": "ü'.encode()[:-1])
    ledger = Ledger(path)
    assert list(ledger.models) == [first.id]
    ledger.add(model_row(second))
    assert path.read_bytes().startswith(whole + b'{"kind": "model"')
    assert list(Ledger(path).models) == [first.id, second.id]


def test_a_seed_of_pre_training_leaves_those_of_fine_tuning():
    (_, known, *_), (_, other, *_) = map(
        plan.trainings, (ALL, ALL.replace(seed=50))
    )
    assert known.seed == 42 and other.seed == 50
    for config, first in ((ALL, 43), (ALL.replace(finetuning_seed=7), 7)):
        trials = plan.finetunings(config.replace(seed=50), other)
        seeds = [trial.seed for trial in trials if trial.task == "chunk"]
        assert seeds == [first + n for n in range(ALL.num_trials)]


def test_a_line_that_is_no_result_is_reported(tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text('{"kind": "other"}\n')
    with pytest.raises(ValueError, match="line 1: expected a result"):
        Ledger(path)


def test_what_to_train_on_has_to_be_there(tmp_path):
    with pytest.raises(ValueError, match="corpus_dir must be a folder"):
        StudyConfig(output_dir=tmp_path)
    for wrong in (["x"], ["0"], ["1e12", "1000000000000"]):
        with pytest.raises(UserError, match=r"flops must be|budgets must not"):
            StudyConfig(report_only=True, flops=wrong)


def test_a_study_from_text_to_scores_and_nothing_twice(tmp_path, monkeypatch):
    """The programs run in this process."""
    monkeypatch.setattr(programs, "run", studies.run_here)
    config = studies.config(tmp_path, num_trials=2)
    (training,) = [t for t in plan.trainings(config) if t.name == "rtd"]
    folder = tmp_path / "study" / "models" / training.id
    program.Study(config).run()
    results = tmp_path / "study" / "results.jsonl"
    kinds = [(row["kind"], row["model"]) for row in rows_of(results)]
    assert kinds == [
        ("model", "scratch"),
        ("trial", "scratch"),
        ("trial", "scratch"),
        ("model", "rtd"),
        ("trial", "rtd"),
        ("trial", "rtd"),
    ]
    model, trial = rows_of(results)[3:5]
    *_, last = rows_of(folder / "metrics.jsonl")
    assert last["step"] == model["steps"] == training.steps
    assert last["train_flops"] == pytest.approx(model["paper_flops"])
    assert model["settings"]["vocab_size"] == 256
    assert model["held_out"]["disc_loss"] > 0
    assert ModelFolder(folder).checkpoint(training.steps)
    assert trial["seed"] == 43
    assert 0 <= trial["metrics"]["f1"] <= 100
    # Again, with the results alone: there is nothing to do.
    before = results.read_text()
    moved = config.replace(
        output_dir=tmp_path / "other", results_file=os.fspath(results)
    )
    monkeypatch.setattr(programs, "run", None)
    program.Study(moved).run()
    assert results.read_text() == before
    # A model of the same name from another machine has other weights.
    monkeypatch.setattr(programs, "run", studies.run_here)
    loss = json.dumps(model["held_out"]["disc_loss"])
    results.write_text(before.replace(loss, "0.5"))
    again = program.Study(config.replace(num_trials=3, models=("rtd",)))
    again.run()
    assert again.failed == ["rtd (seed 42)"]
    assert results.read_text() == before.replace(loss, "0.5")


def test_what_fails_does_not_keep_others_from_running(tmp_path, monkeypatch):
    ran = []

    def run(*words, stdin=None, **settings):
        ran.append((words[-1], settings.get("model_name", "")))
        if words[0] == "run_pretraining.py" and "rtd" in settings["model_name"]:
            raise programs.ProgramError("it failed")

    monkeypatch.setattr(programs, "run", run)
    config = studies.config(tmp_path, models=("rtd", "scratch"))
    study = program.Study(config)
    study.run()
    assert study.failed == ["rtd (seed 42)"]
    assert ran[-1] == ("benchmarks.study.trials", "")
    assert list(Ledger(config.results_file).models) == [
        plan.trainings(config)[1].id
    ]


def command(config: StudyConfig) -> list[str]:
    given = {name: getattr(config, name) for name in config.given}
    flags = programs.flags(given)
    return [sys.executable, "-m", "benchmarks.study", *flags]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_study_goes_on(tmp_path, number):
    """Stopped amidst pre-training; the same command does the rest."""
    config = studies.config(
        tmp_path, flops=["4e9"], models=("rtd",), num_trials=2
    )
    (training,) = plan.trainings(config)
    folder = tmp_path / "study" / "models" / training.id
    every = budget.intervals(training.steps)["save_checkpoints_steps"]
    first = f"model.ckpt-{every}.index"
    process = subprocess.Popen(
        command(config), cwd=programs.ROOT, start_new_session=True
    )
    while not (folder / first).exists():
        assert process.poll() is None
        time.sleep(0.02)
    if number == signal.SIGKILL:
        os.killpg(process.pid, number)  # The program that it runs, too.
    else:
        process.send_signal(number)
    assert process.wait() == {signal.SIGTERM: os.EX_TEMPFAIL}.get(number, -9)
    assert not (tmp_path / "study" / "results.jsonl").exists()
    subprocess.run(command(config), cwd=programs.ROOT, check=True)
    starts = [row["step"] for row in rows_of(folder / "runs.jsonl")]
    assert starts[0] == 0 and 0 < starts[1] < training.steps
    rows = rows_of(tmp_path / "study" / "results.jsonl")
    assert [row["kind"] for row in rows] == ["model", "trial", "trial"]
    assert rows[0]["steps"] == training.steps
    assert {row["seed"] for row in rows[1:]} == {43, 44}
