"""The plots, and the reading of what they draw."""

import itertools
import json

import pytest

from electra_tf.efficiency import figures, plots
from electra_tf.efficiency.figures import FIGURE_1, GLUE
from electra_tf.efficiency.plots import OwnRun
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
    found = plots.read_run(run)
    assert (found.name, found.flops, found.score) == ("mine", 2e18, 75.0)
    assert set(found.tasks) == {"sts", "mnli"}


def test_runs_that_lack_something(run):
    results = run / "results"
    both = results / "mnli_sts_results.json"
    both.write_text((results / "sts_results.json").read_text())
    with pytest.raises(ValueError, match="has results of sts, as another"):
        plots.read_run(run)
    both.unlink()
    (run / "metrics.jsonl").write_text('{"step": 10}\n')
    with pytest.raises(ValueError, match="no train_flops"):
        plots.read_run(run)
    with pytest.raises(ValueError, match="no results of fine-tuning"):
        plots.read_run(run.parent)


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
    drawn = ("fig1", "fig1_logarithmic", "fig4_right")
    assert names == {f"{n}.{kind}" for n in drawn for kind in ("png", "svg")}
    for name in drawn:
        svg = (tmp_path / "plots" / f"{name}.svg").read_text()
        assert "mine (mnli, sts: 75.0)" in svg, name


def test_curves(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(CURVE)
    assert figures.read_curves(path) == {
        "ELECTRA": [(1e18, 74.5), (2e18, 76.0)],
        "BERT": [(1e18, 70.0)],
    }
    path.write_text("x,y\n1,2\n")
    with pytest.raises(ValueError, match="columns curve, flops, glue"):
        figures.read_curves(path)


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


def boxes(figure):
    """Places of all texts that an axis has at its points, by axis."""
    figure.draw_without_rendering()
    for axis in figure.axes:
        texts = [text for text in axis.texts if text.get_text()]
        yield (
            axis,
            {text.get_text(): text.get_window_extent() for text in texts},
        )


FAR = [OwnRun("tiny", 1e13, 20.0, ("cola",)), OwnRun("two", 2e13, 21.0, GLUE)]


@pytest.mark.parametrize("runs", [[], FAR])
@pytest.mark.parametrize("draw", [figures.as_in_the_paper, figures.logarithmic])
def test_labels_do_not_overlap(draw, runs):
    figure = draw(runs)
    for axis, places in boxes(figure):
        for one, other in itertools.combinations(places, 2):
            assert not places[one].overlaps(places[other]), (one, other)
        frame = axis.get_window_extent()
        for text, box in places.items():
            assert frame.x0 < box.x0 and box.x1 < frame.x1, text
            assert frame.y0 < box.y0 and box.y1 < frame.y1, text


def test_every_point_inside_is_labelled():
    figure = figures.as_in_the_paper()
    for panel, (_, places) in zip(
        (figures.LEFT, figures.RIGHT), boxes(figure), strict=True
    ):
        expected = {
            panel.texts.get(point.label, point.label)
            for point in FIGURE_1
            if point.flops <= panel.limits[1]
        }
        assert set(places) == expected


def test_runs_far_from_curves_are_named(tmp_path):
    path = tmp_path / "curve.csv"
    path.write_text(CURVE)
    figure = figures.curves(path, "curves", FAR)
    ((axis, places),) = boxes(figure)
    assert list(places) == ["outside of this plot: tiny, two"]
    assert axis.get_ylim()[0] > 60
