"""The paper's plots of score by cost, and a user's own runs in them.

    python -m electra_tf.efficiency.plots --output_dir=plots \\
        --curves_dir=curves --runs data/models/small data/models/base

Draws Figure 1, as published and by our count, and once more on a logarithmic
axis; and, where `--curves_dir` has `fig3_right.csv` or `fig4_right.csv`
(columns curve, flops, glue), the right panels of Figures 3 and 4. Each is
written as PNG and SVG.
"""

import argparse
import json
import pathlib
import statistics
import typing

from electra_tf import command_line
from electra_tf.efficiency import curves, figures
from electra_tf.errors import UserError
from electra_tf.io import files

CURVES = {
    "fig3_right": "Training algorithms (Figure 3, right)",
    "fig4_right": "ELECTRA and BERT of width 256 (Figure 4, right)",
}
# Errors that a file raises whose JSON is another than expected.
_DAMAGE = (AttributeError, KeyError, StopIteration, TypeError, ValueError)
# The metric that the paper takes of each task of GLUE.
METRICS = {"cola": "mcc", "sts": "spearman"}


class OwnRun(typing.NamedTuple):
    """A pre-trained model with fine-tuning results."""

    name: str  # Of its folder.
    flops: float  # `train_flops` of its last line of metrics.
    score: float  # Mean over the tasks of the median over trials.
    tasks: tuple[str, ...]  # Their names.


def read_run(folder) -> OwnRun:
    """Read a run's folder, `models/<model_name>`."""
    folder = pathlib.Path(folder)
    scores = {}
    for path in sorted(folder.glob("results/*_results.json")):
        found = _scores(path)
        if twice := found.keys() & scores.keys():
            raise UserError(
                f"{path} has results of {', '.join(sorted(twice))}, as another "
                "file beside it. Move away the one that is not to count."
            )
        scores |= found
    if not scores:
        raise UserError(
            f"{folder}/results has no results of fine-tuning. Expected "
            "<task>_results.json, as run_finetuning.py writes them."
        )
    flops = _train_flops(folder)
    score = statistics.fmean(scores.values())
    return OwnRun(folder.resolve().name, flops, score, tuple(scores))


def _scores(path: pathlib.Path) -> dict[str, float]:
    """Return the scores in a file of results, by task."""
    try:
        summary = json.loads(files.read(path)).get("summary", {})
        return {
            task: float(_score(task, found["metrics"]))
            for task, found in summary.items()
        }
    except _DAMAGE as error:
        raise UserError(f"{path} is damaged: {error!r}") from error


def _score(task: str, metrics: dict) -> float:
    name = METRICS.get(task)
    # Elsewhere the most important one comes first.
    return metrics.get(name, next(iter(metrics.values())))["median"]


def _train_flops(folder: pathlib.Path) -> float:
    for row in reversed(curves.rows(str(folder), curves.TRAINING)):
        if row.get("train_flops") is not None:
            return float(row["train_flops"])
    raise UserError(
        f"{folder}/{curves.TRAINING} has no train_flops. Expected the log of a "
        "pre-training run."
    )


def draw(curves_dir: str | None, runs) -> dict:
    """Return all figures by name."""
    drawn = {
        "fig1": figures.as_in_the_paper(runs),
        "fig1_logarithmic": figures.logarithmic(runs),
    }
    if curves_dir is None:
        return drawn
    for name, title in CURVES.items():
        path = pathlib.Path(curves_dir, f"{name}.csv")
        if path.exists():
            drawn[name] = figures.curves(path, title, runs)
    if not set(CURVES) & set(drawn):
        raise UserError(
            f"{curves_dir} has neither {'.csv nor '.join(CURVES)}.csv."
        )
    return drawn


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`."""
    args = _parser().parse_args(argv)
    with command_line.errors_of("plots"):
        files.check_local(args.output_dir, "--output_dir")
        runs = [read_run(folder) for folder in args.runs]
        for path in _write(args, runs):
            print(path)


def _write(args, runs) -> list[pathlib.Path]:
    folder = pathlib.Path(args.output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, figure in draw(args.curves_dir, runs).items():
        for kind in ("png", "svg"):
            paths.append(folder / f"{name}.{kind}")
            figure.savefig(paths[-1], dpi=100)
    return paths


def _parser() -> argparse.ArgumentParser:
    parser = command_line.parser(
        "electra_tf.efficiency.plots", "The paper's plots of score by cost."
    )
    add = parser.add_argument
    add("--output_dir", required=True, help="folder of the plots")
    add("--curves_dir", help="folder of fig3_right.csv and fig4_right.csv")
    add(
        "--runs",
        nargs="*",
        default=[],
        metavar="DIR",
        help="folders of pre-trained models with fine-tuning results",
    )
    return parser


if __name__ == "__main__":
    main()
