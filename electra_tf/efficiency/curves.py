"""Curves of runs: their losses and AUC by step, from what they logged.

    python -m electra_tf.efficiency.curves data/models/NAME ... --to curves.png

A line is of training, its points are evaluations. Folders of pre-training and
of trials of fine-tuning have such logs.
"""

import json
import pathlib

from electra_tf import command_line
from electra_tf.errors import UserError
from electra_tf.io import files

TRAINING, EVALUATION = "metrics.jsonl", "evaluations.jsonl"
PER_EXAMPLE = "_per_example"  # A mean, which is drawn instead of the sum.
SHOWN = ("loss", "auc", f"loss{PER_EXAMPLE}")  # Endings of what is drawn.


def rows(folder: str, name: str) -> list[dict]:
    """Return the rows of a log; none where there is none.

    A last line that a run has not ended yet is left out.

    Raises:
        UserError: for a line that is no row of a log.
    """
    path = f"{folder.rstrip('/')}/{name}"
    if not files.exists(path):
        return []
    whole = files.read(path).split(b"\n")[:-1]
    return [_row(path, number, line) for number, line in enumerate(whole, 1)]


def _row(path: str, number: int, line: bytes) -> dict:
    try:
        row = json.loads(line)
        row["step"] += 0
    except (ValueError, TypeError, KeyError):
        raise UserError(
            f"{path}, line {number} must be a JSON object with a step. "
            f"Received: {line[:80]!r}."
        ) from None
    return row


def names(logged: list[list[dict]]) -> list[str]:
    """Return the metrics to draw, in the order in which they come.

    >>> names([[{"step": 1, "mlm_loss": 3.0, "disc_auc": 0.5, "lr": 1}]])
    ['mlm_loss', 'disc_auc']
    >>> names([[{"step": 1, "sst_loss": 20.0, "sst_loss_per_example": 0.6}]])
    ['sst_loss_per_example']
    """
    found = {name: None for log in logged for row in log for name in row}
    return [
        name
        for name in found
        if name.endswith(SHOWN) and f"{name}{PER_EXAMPLE}" not in found
    ]


def draw(folders: list[str]):
    """Return a figure of runs: a panel a metric, a line a run.

    Raises:
        UserError: for a folder without a log, or with nothing to draw in it.
    """
    from matplotlib.figure import Figure

    logged = {folder: rows(folder, TRAINING) for folder in folders}
    for folder, log in logged.items():
        if not log:
            raise UserError(
                f"{folder} has no {TRAINING}. Expected the folder of a run, "
                "such as data/models/NAME."
            )
    shown = names(list(logged.values()))
    if not shown:
        raise UserError(
            f"{', '.join(folders)} logged nothing to draw. Expected metrics "
            f"that end in {' or '.join(SHOWN)}."
        )
    labels = {folder: pathlib.PurePath(folder).name for folder in folders}
    if len({*labels.values()}) < len(
        {folder.rstrip("/") for folder in folders}
    ):
        labels = {folder: folder for folder in folders}
    figure = Figure(figsize=(4 * len(shown), 3.2))
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    for panel, name in zip(panels, shown, strict=True):
        for number, (folder, log) in enumerate(logged.items()):
            style = {"color": f"C{number % 10}"}
            evaluated = rows(folder, EVALUATION)
            panel.plot(*_points(log, name), label=labels[folder], **style)
            panel.plot(*_points(evaluated, name), "o", **style)
        panel.set(title=name.replace("_", " "), xlabel="update")
        panel.grid(alpha=0.3)
    panels[0].legend()
    figure.tight_layout()
    return figure


def _points(log: list[dict], name: str) -> tuple[list, list]:
    there = [row for row in log if name in row]
    return [row["step"] for row in there], [row[name] for row in there]


def main(argv: list[str] | None = None):
    """Run the program with the command line `argv`."""
    made = command_line.parser(
        "electra_tf.efficiency.curves", "Draws losses and AUC of runs."
    )
    made.add_argument("runs", nargs="+", help="folders of runs")
    made.add_argument("--to", default="curves.png", help=".png, .svg or .pdf")
    args = made.parse_args(argv)
    with command_line.errors_of("curves"):
        kind = pathlib.PurePath(args.to).suffix.removeprefix(".")
        if kind not in ("png", "svg", "pdf"):
            raise UserError(
                f"--to must end in .png, .svg or .pdf. Received: {args.to!r}."
            )
        figure = draw(args.runs)
        with files.writing(args.to) as path:
            figure.savefig(path, format=kind)
        print(args.to)


if __name__ == "__main__":
    main()
