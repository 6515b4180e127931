"""The demo's report: a curve, both scores, tokens that the model detects."""

import csv
import json
import os
import pathlib
import platform
from statistics import fmean

from electra_tf import command_line
from electra_tf.efficiency import curves
from electra_tf.finetuning.error_analysis import table
from electra_tf.io import files
from electra_tf.training.progress import duration

NUM_SENTENCES = 200
NUM_SHOWN = 8
# About one token in ten is replaced; twice that much suspicion is marked.
MARK_ABOVE = 0.2
DETECTION_SEED = 1
METRIC = "accuracy"


def write_report(
    folder: pathlib.Path, model_name: str, seconds: dict[str, float]
):
    """Write report.md and curve.png into the demo's folder."""
    model_dir = folder / "models" / model_name
    scores = {
        start: _scores(folder / "finetuned" / start / "results.json")
        for start in ("pretrained", "random")
    }
    _draw_curve(model_dir, folder / "curve.png")
    text = "\n\n".join(
        [
            "# ELECTRA on this machine's docstrings",
            _machine(seconds),
            "## Fine-tuning: does this docstring describe this function?",
            _table(scores),
            "## Pre-training",
            "![loss and AUC by step](curve.png)",
            _evaluation(model_dir),
            "## What the discriminator sees",
            "`[new<old]` is a token that the generator replaced; `!` and a "
            "probability follow tokens that the discriminator suspects. The "
            "sentences are from files that pre-training never saw.",
            _detections(folder, model_dir),
        ]
    )
    files.write(folder / "report.md", text + "\n")
    print(text)
    print(f"\nAlso in {folder / 'report.md'}")


def _scores(path: pathlib.Path) -> list[float]:
    trials = json.loads(path.read_text(encoding="utf-8"))["trials"]
    return [trial["metrics"][METRIC] for trial in trials]


def _table(scores: dict[str, list[float]]) -> str:
    """Compare the accuracies of both starts with their spread over seeds."""
    rows = [
        (
            start,
            " ".join(f"{value:.1f}" for value in values),
            *(f"{of(values):.1f}" for of in (fmean, min, max)),
        )
        for start, values in scores.items()
    ]
    gain = fmean(scores["pretrained"]) - fmean(scores["random"])
    spread = max(max(v) - min(v) for v in scores.values())
    verdict = "more" if gain > spread else "NOT more"
    head = ("start", "seeds", "mean", "lowest", "highest")
    return (
        f"{table(head, rows)}\n\nDevelopment accuracy in percent; guessing "
        f"gives 50. Pre-training gains {gain:.1f} points, {verdict} than the "
        f"spread over seeds, {spread:.1f}."
    )


def _machine(seconds: dict[str, float]) -> str:
    parts = [f"{name} {duration(took)}" for name, took in seconds.items()]
    total = duration(sum(seconds.values()))
    return (
        f"{os.cpu_count()} cores ({platform.machine()}), Python "
        f"{platform.python_version()}. Time: {', '.join(parts)}; {total} in "
        "all, without the installation."
    )


def _evaluation(model_dir: pathlib.Path) -> str:
    path = model_dir / "results" / "unsup_results.json"
    metrics = json.loads(path.read_text(encoding="utf-8"))
    names = ("disc_auc", "disc_loss")
    listed = [f"{name} {metrics[name]:.3f}" for name in names]
    return f"On held-out text: {', '.join(listed)}."


def _draw_curve(model_dir: pathlib.Path, path: pathlib.Path):
    """Draw losses and AUC, in training and on held-out text, by step."""
    curves.draw([str(model_dir)]).savefig(path, dpi=120)


def _detections(folder: pathlib.Path, model_dir: pathlib.Path) -> str:
    command_line.set_up_tensorflow()
    from electra_tf.pretraining import detector

    pretrainer, tokenizer = detector.load(str(model_dir))
    sentences = _sentences(folder / "dev.tsv")
    found = detector.corrupt_and_detect(
        pretrainer, tokenizer, sentences, DETECTION_SEED
    )
    shown = [
        detector.marked(tokens, MARK_ABOVE) for tokens in found[:NUM_SHOWN]
    ]
    sentences = "\n".join(f"    {sentence}" for sentence in shown)
    return f"{sentences}\n\n{_hits([t for row in found for t in row])}"


def _hits(tokens: list) -> str:
    """Say how many replaced and how many other tokens are suspected."""
    replaced = [token for token in tokens if token.replaced]
    others = [token for token in tokens if not token.replaced]

    def share(chosen):
        marked = sum(token.probability > MARK_ABOVE for token in chosen)
        return f"{marked} of {len(chosen)} ({marked / len(chosen):.0%})"

    return (
        f"Over {NUM_SENTENCES} sentences it suspects {share(replaced)} of the "
        f"replaced tokens and {share(others)} of the others."
    )


def _sentences(path: pathlib.Path) -> list[str]:
    """Return the first docstrings of the development set with a full stop."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        texts = [row["docstring"] for row in rows]
    return [text for text in texts if text.endswith(".")][:NUM_SENTENCES]
