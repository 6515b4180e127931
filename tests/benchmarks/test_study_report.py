"""The study's table and figures, of results that are given."""

import pytest

from benchmarks.study import __main__ as program
from benchmarks.study import budget, plan, programs, report, scores, table
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.models import SHARED
from benchmarks.study.probes import PROBES
from benchmarks.study.scores import crossing
from tests.benchmarks.studies import model_row, trial_row

BUDGET = 1e12


def fill(config: StudyConfig, values: dict) -> None:
    """Write results: values of tasks, a list over seeds, by model."""
    ledger = Ledger(config.results_file)
    for training in plan.trainings(config):
        if training.name not in values:
            continue
        ledger.add(model_row(training))
        for trial in plan.finetunings(config, training):
            value = values[training.name][trial.task].pop(0)
            if value is not ...:
                name = PROBES[trial.task].metric
                ledger.add(trial_row(trial, **{name: value}))


def small(tmp_path, **changes) -> StudyConfig:
    settings = {
        "output_dir": tmp_path,
        "report_only": True,
        "models": ("scratch", "rtd", "mlm"),
        "tasks": ("sts", "cola"),
        "num_trials": 2,
        "flops": [str(BUDGET)],
    }
    return StudyConfig(**{**settings, **changes})


def test_average_is_over_tasks_and_its_spread_over_seeds(tmp_path):
    config = small(tmp_path)
    fill(
        config,
        {
            "scratch": {"sts": [10, 20], "cola": [0, 0]},
            "rtd": {"sts": [30, 50], "cola": [10, 30]},
            "mlm": {"sts": [30, ...], "cola": [10, None]},
        },
    )
    scratch, rtd, mlm = report.collect(config)
    assert scratch.average == (7.5, pytest.approx(5 / 2**0.5), (5, 10))
    assert rtd.average.values == (20, 40)
    assert rtd.tasks["sts"].mean == 40
    # A missing trial leaves the average open; no correlation counts as none.
    assert mlm.average is None and list(mlm.tasks) == ["cola"]
    assert mlm.tasks["cola"].values == (10, 0)


def test_report_states_costs_settings_and_seeds(tmp_path):
    config = small(tmp_path, models=("scratch", "mlm"), num_trials=1)
    fill(
        config,
        {
            "scratch": {"sts": [10], "cola": [0]},
            "mlm": {"sts": [30], "cola": [20]},
        },
    )
    flags = {"output_dir": tmp_path, "flops": BUDGET, "num_trials": 1}
    lists = ["--report_only", "--models=scratch,mlm", "--tasks=sts,cola"]
    program.main(["study", *programs.flags(flags), *lists])
    table = (tmp_path / report.TABLE).read_text()
    (row,) = [line for line in table.splitlines() if line.startswith("| mlm")]
    steps = budget.num_steps({**SHARED, "objective": "mlm"}, BUDGET)
    for part in ('`objective="mlm"`', f"| {steps} |", "| 25.0 ± 0.0 |", "82.2"):
        assert part in row
    for part in (
        "Pre-training seeds 42;",
        "fine-tuning seeds 43,",
        "Pre-trained at 012345678 on /device:CPU:0.",
    ):
        assert part in table
    assert '`model_hparam_overrides={"hidden_size": 64' in table
    assert not (tmp_path / report.FIGURE).exists()  # Nothing to compare.


def test_differences_are_of_equal_seeds_and_figures_of_what_there_is(tmp_path):
    several = small(
        tmp_path,
        models=("scratch", "mlm", "rtd"),
        tasks=("chunk",),
        flops=["1e12", "2e12"],
    )
    for flops, ahead in (("1e12", [1, 3]), ("2e12", [-1, -1])):
        config = several.replace(flops=[flops])
        scores = {"mlm": [70, 60], "rtd": [70 + ahead[0], 60 + ahead[1]]}
        fill(config, {n: {"chunk": v} for n, v in scores.items()})
    report.write(several)
    lines = (tmp_path / report.TABLE).read_text().splitlines()
    assert "| rtd | 1e+12 | +2.0 ± 1.4 (2) |" in lines
    assert "| rtd | 2e+12 | -1.0 ± 0.0 (2) |" in lines
    assert (tmp_path / report.FIGURE).read_bytes().startswith(b"\x89PNG")
    first = (tmp_path / report.BY_COST).read_bytes()
    report.write(several)
    assert first == (tmp_path / report.BY_COST).read_bytes() != b""


def test_scores_by_cost_are_over_the_seeds_of_both(tmp_path):
    several = small(tmp_path, tasks=("chunk",), flops=["1e12", "2e12"])
    of_first = {"mlm": [70, 60, 80, 70], "rtd": [5, 5, 5, 5], "scratch": [1, 3]}
    of_second = {"mlm": [80, 90]}
    for flops, seeds, of in (("1e12", 2, of_first), ("2e12", 1, of_second)):
        values = {name: {"chunk": scores} for name, scores in of.items()}
        fill(several.replace(flops=[flops], num_seeds=seeds), values)
    report.write(several.replace(num_seeds=2))
    lines = (tmp_path / report.TABLE).read_text().splitlines()
    start = lines.index("| chunk f1 | 1e+12 | 2e+12 |")
    assert lines[start + 2 : start + 5] == [
        "| mlm | 70.0 ± 8.2 (2) | 85.0 ± 7.1 |",
        "| scratch | 2.0 ± 1.4 | \N{EN DASH} |",
        "| rtd | 5.0 ± 0.0 (2) | \N{EN DASH} |",
    ]


def test_a_crossing_is_extrapolated_over_the_logarithm(tmp_path, monkeypatch):
    """From -4 at 1e12 to -2 at 1e13: 0 at 1e14, if it went on."""
    budgets = {"1e12": [66, 56], "1e13": [68, 58]}
    several = small(
        tmp_path, models=("mlm", "rtd"), tasks=("chunk",), flops=list(budgets)
    )
    for flops, of_rtd in budgets.items():
        config = several.replace(flops=[flops])
        of_models = {"mlm": [70, 60], "rtd": of_rtd}
        fill(config, {n: {"chunk": list(v)} for n, v in of_models.items()})
    found = report.collect(several)
    assert crossing(found, "rtd", "chunk") == pytest.approx(1e14)
    assert crossing(found, "mlm", "chunk") is None
    assert crossing(found[2:], "rtd", "chunk") is None  # Of one budget.
    report.write(several)
    assert "| rtd | 1e+14 |" in (tmp_path / report.TABLE).read_text()
    figure = (tmp_path / report.BY_COST).read_text()
    assert "passes BERT (extrapolated)" in figure
    monkeypatch.setattr(scores, "FURTHEST", 9)
    assert crossing(found, "rtd", "chunk") is None


def test_settings_that_are_given_win_over_those_of_a_task(tmp_path):
    config = small(tmp_path, tasks=("chunk",))
    assert "; chunk: `num_train_epochs=6`." in table.text(config, [])
    given = config.replace(finetuning={"num_train_epochs": 2.0})
    assert "`num_train_epochs=2.0`." in table.text(given, [])


def test_report_names_models_of_other_records(tmp_path):
    config = small(tmp_path, models=("scratch", "rtd", "mlm"))
    ledger = Ledger(config.results_file)
    for training in plan.trainings(config):
        other = {"records": "mnopqrstuvwx"} if training.name == "mlm" else {}
        ledger.add(model_row(training) | other)
    origin = table.text(config, report.collect(config)).splitlines()[-1]
    assert "different records: abcdefghi: rtd; mnopqrstu: mlm." in origin
