"""Fine-tunes one model several times, in one process.

    python -m benchmarks.study.trials < trials.json

reads a list of trials, runs `run_finetuning.py` with each one's flags, and
appends its result to the results file. One process for all, so that
TensorFlow starts once.
"""

import json
import pathlib
import shutil
import sys

import run_finetuning
from benchmarks.study.ledger import Ledger
from benchmarks.study.programs import flags
from electra_tf import command_line
from electra_tf.errors import UserError


def main():
    """Run the trials that standard input lists, as `benchmarks.study` does."""
    command_line.parser("benchmarks.study.trials", __doc__).parse_args()
    with command_line.errors_of("trials"):
        try:
            trials = json.load(sys.stdin)
        except ValueError as error:
            raise UserError(
                "Standard input must be a JSON list of trials, which "
                f"benchmarks.study writes: {error}."
            ) from None
        for trial in trials:
            run(**trial)


def run(settings: dict, folder: str, results_file: str, row: dict):
    """Run a trial and write its result down.

    Args:
        settings: flags of run_finetuning.py.
        folder: for what the trial writes; removed afterwards.
        results_file: see `Ledger`.
        row: what the result says beside the score.
    """
    results_json = pathlib.Path(folder, "results.json")
    places = {
        "model_dir": f"{folder}/model",
        "tuned_model_dir": f"{folder}/tuned",
        "results_txt": f"{folder}/results.txt",
        "results_json": results_json,
        "report_dir": f"{folder}/report",
    }
    run_finetuning.main(["run_finetuning.py", *flags(settings | places)])
    (result,) = json.loads(results_json.read_text("utf-8"))["trials"]
    names = ("seed", "metrics", "failure", "steps", "seconds")
    Ledger(results_file).add(row | {name: result[name] for name in names})
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
