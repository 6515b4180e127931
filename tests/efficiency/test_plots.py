"""The plots, and the reading of what they draw."""

import json

import pytest

from electra_tf.efficiency import own_runs, plots
from electra_tf.efficiency.figure_points import FIGURE_1
from electra_tf.efficiency.published_models import MODELS

CURVE = "curve,flops,glue\nELECTRA,1e18,74.5\nELECTRA,2e18,76\nBERT,1e18,70\n"


@pytest.fixture
def run(tmp_path):
    """A run's folder with results of two tasks."""
    folder = tmp_path / "mine"
    (folder / "results").mkdir(parents=True)
    (folder / "metrics.jsonl").write_text(
        '{"step": 10, "train_flops": 1e18}\n{"step": 20, "train_flops": 2e18}\n'
    )
    for task, metrics in {
        "sts": {"pearson": 10.0, "spearman": 80.0},
        "mnli": {"accuracy": 70.0},
    }.items():
        summary = {name: {"median": value} for name, value in metrics.items()}
        content = {"summary": {task: {"metrics": summary}}}
        path = folder / "results" / f"{task}_results.json"
        path.write_text(json.dumps(content))
    return folder


def test_a_run_is_its_mean_score_by_its_last_cost(run):
    found = own_runs.read(run)
    assert (found.name, found.flops, found.score) == ("mine", 2e18, 75.0)
    assert set(found.tasks) == {"sts", "mnli"}


def test_runs_that_lack_something(run):
    (run / "metrics.jsonl").write_text('{"step": 10}\n')
    with pytest.raises(ValueError, match="no train_flops"):
        own_runs.read(run)
    with pytest.raises(ValueError, match="no results of fine-tuning"):
        own_runs.read(run.parent)


def test_figures_are_written(run, tmp_path, capsys):
    (tmp_path / "fig4_right.csv").write_text(CURVE)
    plots.main(
        [
            f"--output_dir={tmp_path}/plots",
            f"--curves_dir={tmp_path}",
            "--runs",
            str(run),
        ]
    )
    names = {path.name for path in (tmp_path / "plots").iterdir()}
    expected = {"fig1.png", "fig1.svg", "fig4_right.png", "fig4_right.svg"}
    assert names == expected
    svg = (tmp_path / "plots" / "fig1.svg").read_text()
    assert "ELECTRA-Large 400k" in svg and "mine (2 tasks)" in svg


def test_curves(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(CURVE)
    assert plots.read_curves(path) == {
        "ELECTRA": [(1e18, 74.5), (2e18, 76.0)],
        "BERT": [(1e18, 70.0)],
    }
    path.write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match="columns curve, flops, glue"):
        plots.read_curves(path)


def test_our_count_is_near_the_figure():
    """But for the two small models, drawn for a million updates of BERT."""
    apart = set()
    for point in FIGURE_1:
        if point.model is None:
            continue
        ratio = MODELS[point.model].training_flops / point.flops
        if not 0.98 < ratio < 1.02:
            apart.add(point.label)
    assert apart == {"BERT-Small", "ELECTRA-Small", "ELMo"}


def test_labels_are_inside_their_panels_and_known():
    known = {point.label for point in FIGURE_1}
    for panel in plots.PANELS:
        assert set(panel.labelled) <= known
