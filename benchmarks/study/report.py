"""Writes the table and the figure of what there is."""

import pathlib

from benchmarks.study import figures, table
from benchmarks.study.config import StudyConfig
from benchmarks.study.ledger import Ledger
from benchmarks.study.plan import trainings
from benchmarks.study.scores import Scored, scored

TABLE, FIGURE, BY_COST = "study_table.md", "study.png", "by_cost.svg"


def collect(config: StudyConfig) -> list[Scored]:
    """Return all scores that there are, in the order of training."""
    ledger = Ledger(config.results_file)
    found = (scored(config, ledger, one) for one in trainings(config))
    return [one for one in found if one]


def write(config: StudyConfig):
    """Write `study_table.md` and, if there is a score, both figures."""
    found = collect(config)
    folder = pathlib.Path(config.report_dir)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / TABLE).write_text(table.text(config, found), "utf-8")
    if any(one.tasks for one in found):
        figures.draw(config.tasks, found, folder / FIGURE)
        figures.draw_by_cost(config.tasks, found, folder / BY_COST)
