"""The files of SuperGLUE's download; no TensorFlow.

Reference: Wang et al., 2019, SuperGLUE, https://arxiv.org/abs/1905.00537
"""

import json
import os
from collections.abc import Iterable

from electra_tf.configs import fields
from electra_tf.finetuning.tasks import schema, tfds_source
from electra_tf.finetuning.tasks.schema import Field
from electra_tf.finetuning.tasks.tables import Table, read_table
from electra_tf.finetuning.tasks.task import DEV, TEST, TRAIN

FILES = {TRAIN: "train.jsonl", DEV: "val.jsonl", TEST: "test.jsonl"}
_TFDS_SPLITS = {TRAIN: "train", DEV: "validation", TEST: "test"}
NUMBER = Field("idx", schema.WHOLE, "the number of an example")


def read(config, name: str, split: str) -> Table:
    """Return the rows of a split, of files or of TensorFlow Datasets.

    Raises:
        FileNotFoundError: when the files are not there; says where from.
    """
    if config.source == "tfds":
        names = f"super_glue/{name}", _TFDS_SPLITS[split]
        return tfds_source.read_split(*names, config.tfds_data_dir)
    folder = fields.filled(config.raw_data_dir, name)
    try:
        return read_table(os.path.join(folder, FILES[split]))
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error} Expected the {split} file of SuperGLUE's {name} there; "
            "put the files of https://super.gluebenchmark.com/tasks into "
            f"{folder}, or set raw_data_dir."
        ) from None


def submission(rows: Iterable[tuple[int, object]]) -> str:
    """Return numbers and labels as SuperGLUE's site takes them.

    >>> submission([(0, "true")])
    '{"idx": 0, "label": "true"}\\n'
    """
    return "".join(
        json.dumps({"idx": number, "label": label}) + "\n"
        for number, label in rows
    )
