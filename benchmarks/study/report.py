"""Writes the table and the figure of what there is."""

import pathlib

from benchmarks.study import figures, table
from benchmarks.study.budget import SHARES
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.models import MODELS
from benchmarks.study.plan import trainings
from benchmarks.study.scores import Scored, scored

TABLE, FIGURE = "study_table.md", "study.png"


def collect(config: StudyConfig) -> list[Scored]:
    """Return all scores that there are, in the order of training."""
    ledger = Ledger(config.results_file)
    found = []
    for training in trainings(config):
        with_curve = MODELS[training.name].curve and config.curves
        for share in SHARES if with_curve else (1.0,):
            found.append(scored(config, ledger, training, share))
    return [one for one in found if one and (one.tasks or one.share == 1)]


def write(config: StudyConfig):
    """Write `study_table.md`, and `study.png` if there is a score."""
    found = collect(config)
    folder = pathlib.Path(config.report_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLE).write_text(table.text(config, found), "utf-8")
    if any(one.tasks for one in found):
        figures.draw(config.tasks, found, folder / FIGURE)
