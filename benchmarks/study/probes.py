"""What the models are fine-tuned on: a table of tasks."""

import typing
from collections.abc import Mapping
from types import MappingProxyType

from electra_tf.configs.tasks import TASKS

# The paper's Table 7 for Small, but for a rate of its own for all layers
# alike: three layers that have seen little text have to change.
FINETUNING = {
    "max_seq_length": 64,
    "train_batch_size": 32,
    "learning_rate": 1e-3,
    "layerwise_lr_decay": 1.0,
    "weight_decay_rate": 0.0,
    "adam_bias_correction": True,
    "num_train_epochs": 3.0,
}


class Probe(typing.NamedTuple):
    """A row of `PROBES`.

    Attributes:
        metric: its score, the paper's where it has the task.
        folder: of its files: below `glue_dir`; None where the study writes
            or links them itself.
        task: of run_finetuning.py, where it has another name.
        settings: that win over `FINETUNING`.
        suffix: of the files `train` and `dev` of own data.
    """

    metric: str
    folder: str | None = None
    task: str | None = None
    settings: Mapping = MappingProxyType({})
    suffix: str = ""


PROBES = {
    # Two epochs are too few: a BERT gains ten points of F1 with six.
    "chunk": Probe("f1", settings={"num_train_epochs": 6}),
    "pos": Probe(
        "accuracy",
        task="tagging",
        settings={"num_train_epochs": 6, "label_column": "2"},
        suffix=".txt",
    ),
    "docstring": Probe(
        "accuracy",
        task="classification",
        settings={
            "text_column": "name",
            "text_pair_column": "docstring",
            "label_column": "label",
        },
        suffix=".tsv",
    ),
    "sst": Probe("accuracy", "SST-2", settings={"num_train_epochs": 1.0}),
    "cola": Probe("mcc", "CoLA"),
    "mrpc": Probe("accuracy", "MRPC"),
    "sts": Probe("spearman", "STS-B", settings={"double_unordered": False}),
}


def task_flags(name: str, folder: str) -> dict:
    """Return the flags that name a probe's task, and its files if they differ.

    >>> task_flags("cola", "data")
    {'task_names': 'cola'}
    >>> list(task_flags("pos", "data"))
    ['task_names', 'train_file', 'dev_file']
    """
    probe = PROBES[name]
    task = probe.task or name
    if not TASKS[task].own_data:
        return {"task_names": task}
    train, dev = (
        f"{folder}/{name}/{s}{probe.suffix}" for s in ("train", "dev")
    )
    return {"task_names": task, "train_file": train, "dev_file": dev}
