"""Results of an evaluation, for people and for programs."""

import json
import pathlib
import sys


def write(config, metrics: dict[str, float]):
    """Write metrics to the config's results files, and print them.

    The text has the original's form, one `name = value` a line.

    Args:
        config: `PretrainingConfig`.
        metrics: dict of floats.
    """
    text = "".join(
        f"{name} = {value:.6g}\n" for name, value in sorted(metrics.items())
    )
    _write(config.results_txt, text)
    _write(config.results_json, json.dumps(metrics, indent=1) + "\n")
    print(text, end="", file=sys.stderr)


def _write(path: str, text: str):
    file = pathlib.Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
