"""The files that a run of fine-tuning is going to write, by its settings.

No TensorFlow.
"""

import os
from collections.abc import Iterator, Sequence

from electra_tf.configs import fields

REPORT_FILE = "report.md"
MOST_TRIALS = 1000  # To look at.


def predictions(config, task: str, split: str, trial: int) -> str:
    """Return the file with a trial's predictions for a split."""
    return fields.filled(config.test_predictions, task, split, trial)


def predictions_table(path: str) -> str:
    """Return the TSV file beside one with predictions.

    >>> predictions_table("test/cola_1.json")
    'test/cola_1.tsv'
    """
    return os.path.splitext(path)[0] + ".tsv"


def written(config, tasks: Sequence) -> Iterator[tuple[str, str]]:
    """Yield pairs of a setting's name and a file, or folder, it leads to.

    Args:
        config: `FinetuningConfig`.
        tasks: the run's `electra_tf.finetuning.tasks.task.Task`s.
    """
    trials = config.num_trials if config.num_trials >= 0 else MOST_TRIALS
    trials = min(trials, MOST_TRIALS)
    if config.do_eval:
        yield "results_txt", config.results_txt
        yield "results_json", config.results_json
        yield "report_dir", os.path.join(config.report_dir, REPORT_FILE)
        for task in tasks:
            yield from task.result_files()
    if config.tuned_models == "best":
        yield "tuned_model_dir", config.tuned_model_dir
    if config.tuned_models == "all":
        for trial in range(1, trials + 1):
            yield "tuned_model_dir", f"{config.tuned_model_dir}_{trial}"
    if config.write_test_outputs:
        for trial in range(1, min(trials, config.n_writes_test) + 1):
            for task in tasks:
                for split in task.test_splits:
                    path = predictions(config, task.name, split, trial)
                    yield "test_predictions", path
                    yield "test_predictions", predictions_table(path)
