"""The study's results as Markdown."""

import json

from benchmarks.study.config import StudyConfig
from benchmarks.study.models import MODELS, SHARED
from benchmarks.study.plan import WARMUP_SHARE
from benchmarks.study.probes import FINETUNING, PROBES
from benchmarks.study.scores import (
    BASELINE,
    Score,
    Scored,
    by_cost,
    crossing,
    difference,
    pooled,
)

NOTHING = "\N{EN DASH}"


def text(config: StudyConfig, found: list[Scored]) -> str:
    """Return the table and the settings of all that is in it."""
    titles = _titles(config)
    head = (
        "model",
        "differs by",
        "budget",
        "updates",
        "tokens",
        "FLOPs",
        "paper's count",
        "MLM loss",
        "disc. AUC",
        *titles,
        "average",
        "paper",
    )
    table = _markdown(head, [_row(config, one) for one in found])
    parts = [
        table,
        *(_by_cost(found, task) for task in config.tasks),
        _differences(config, found),
        _crossings(config, found),
        _settings(config),
        _origin(found),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _titles(config: StudyConfig) -> list[str]:
    return [f"{task} {PROBES[task].metric}" for task in config.tasks]


def _markdown(head, rows) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _by_cost(found: list[Scored], task: str) -> str:
    """Return one task's scores over all seeds: a row a model, by budget."""
    points = by_cost(found, task)
    budgets = sorted({flops for row in points.values() for flops in row} - {0})
    if len(budgets) < 2:
        return ""

    def cell(several: list[Scored]) -> str:
        number = f" ({len(several)})" if len(several) > 1 else ""
        return _score(pooled(several, task)) + number

    rows = []
    for name, by_budget in points.items():
        cells = {flops: cell(ones) for flops, ones in by_budget.items()}
        # Random weights cost nothing; they stand in the first column.
        row = [cells.get(flops, NOTHING) for flops in budgets]
        rows.append([name, cells[0], *row[1:]] if 0 in cells else [name, *row])
    head = (f"{task} {PROBES[task].metric}", *(f"{b:.3g}" for b in budgets))
    return (
        "Over all seeds, mean ± standard deviation (pre-trainings, if "
        f"several):\n\n{_markdown(head, rows)}"
    )


def _differences(config: StudyConfig, found: list[Scored]) -> str:
    """Say how far each model is ahead of the baseline, seed by seed."""
    models = dict.fromkeys((one.training.flops, one.name) for one in found)
    rows = []
    for flops, name in models:
        ahead = [difference(found, name, flops, t) for t in config.tasks]
        if name != BASELINE and any(ahead):
            rows.append([name, f"{flops:.3g}", *map(_ahead, ahead)])
    if not rows:
        return ""
    head = ("model", "budget", *_titles(config))
    return (
        f"Ahead of `{BASELINE}` at equal cost, mean ± standard deviation of "
        "the differences of runs with equal seeds (their number):\n\n"
        f"{_markdown(head, rows)}"
    )


def _crossings(config: StudyConfig, found: list[Scored]) -> str:
    """Say at what cost each model would pass the baseline."""
    names = dict.fromkeys(one.name for one in found)
    costs = {n: [crossing(found, n, t) for t in config.tasks] for n in names}
    rows = [[n, *map(_number, row)] for n, row in costs.items() if any(row)]
    if not rows:
        return ""
    return (
        f"Extrapolated, not measured: FLOPs at which a model would pass "
        f"`{BASELINE}` if the differences at the two largest budgets went on "
        "along a straight line over the logarithm of the cost:\n\n"
        f"{_markdown(('model', *_titles(config)), rows)}"
    )


def _ahead(found: Score | None) -> str:
    if found is None:
        return NOTHING
    number = len(found.values)
    return f"{found.mean:+.1f} ± {found.deviation:.1f} ({number})"


def _row(config: StudyConfig, one: Scored) -> list[str]:
    row, model = one.row, MODELS[one.name]
    evaluated = row.get("training", {})
    failed = f", {one.failed} failed" if one.failed else ""
    seed = f" ({one.training.seed})" if config.num_seeds > 1 else ""
    return [
        one.name + seed,
        _inline(model.settings) if model.settings else NOTHING,
        _number(one.training.flops or None),
        *(
            _number(row.get(name))
            for name in ("steps", "tokens", "flops", "paper_flops")
        ),
        _decimals(evaluated.get("mlm_loss"), 2),
        _decimals(evaluated.get("disc_auc"), 3),
        *(_score(one.tasks.get(task)) for task in config.tasks),
        _score(one.average) + failed,
        _decimals(model.paper, 1),
    ]


def _inline(settings: dict) -> str:
    return ", ".join(f"`{k}={json.dumps(v)}`" for k, v in settings.items())


def _number(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:,.0f}" if value < 1e5 else f"{value:.3g}"


def _decimals(value: float | None, digits: int) -> str:
    return NOTHING if value is None else f"{value:.{digits}f}"


def _score(found: Score | None) -> str:
    """Write a mean, its spread, and the values that it is of."""
    if found is None:
        return NOTHING
    return f"{found.mean:.1f} ± {found.deviation:.1f}"


def _settings(config: StudyConfig) -> str:
    """Say how all this was trained."""
    shared = {**SHARED, **config.pretraining}
    finetuning = {**FINETUNING, **config.finetuning}
    given = config.finetuning.keys()  # They win over those of a task.
    special = {
        task: {
            name: value
            for name, value in PROBES[task].settings.items()
            if name not in given
        }
        for task in config.tasks
    }
    seeds = range(config.seed, config.seed + config.num_seeds)
    first = config.finetuning_seed
    trials = range(first, first + config.num_trials)
    return "\n".join(
        [
            "Budgets are FLOPs as executed. "
            f"Pre-training seeds {_list(seeds)}; fine-tuning seeds "
            f"{_list(trials)}, of which mean ± standard deviation. The average "
            "is over tasks, its deviation over seeds. MLM loss and AUC (of "
            "real tokens) are those of the last updates of training.\n",
            f"Pre-training: {_inline(shared)}; unless said otherwise "
            f"{WARMUP_SHARE:.0%} of the updates warm up.\n",
            f"Fine-tuning: {_inline(finetuning)}"
            + "".join(f"; {t}: {_inline(s)}" for t, s in special.items() if s)
            + ".",
        ]
    )


def _origin(found: list[Scored]) -> str:
    """Say what program trained the models, and on what."""
    trained = [one.row for one in found if "source" in one.row]
    commits = {
        row["source"]["commit"][:9] if row["source"] else "an unknown commit"
        for row in trained
    }
    devices = {device for row in trained for device in row["devices"]}
    if not trained:
        return ""
    return (
        f"Pre-trained at {_list(sorted(commits))} on {_list(sorted(devices))}."
        + _records(trained)
    )


def _records(trained: list[dict]) -> str:
    """Say which models read other records, where not all read the same."""
    readers: dict[str, list[str]] = {}
    for row in trained:
        readers.setdefault(row["records"][:9], []).append(row["model"])
    if len(readers) == 1:
        return ""
    of_each = (
        f"{name}: {_list(dict.fromkeys(models))}"
        for name, models in readers.items()
    )
    return f" They read different records: {'; '.join(of_each)}."


def _list(numbers) -> str:
    return ", ".join(map(str, numbers))
