"""Published speeds of ELECTRA's pre-training: data for the model of a step.

"ELECTRA paper": arXiv 2003.10555, days rounded by its authors. "NVIDIA": the
README of TensorFlow2/LanguageModeling/ELECTRA in its DeepLearningExamples.
"Turkish ELECTRA": the notes of stefan-it/turkish-bert.
"""

import typing

SECONDS_PER_DAY = 86400


class Published(typing.NamedTuple):
    """A published run: its settings and its time.

    Attributes:
        name: its size, for people.
        settings: of `PretrainingConfig`.
        accelerator, count, precision, parts: see `step.step`.
        seconds: seconds an update.
        source: who says so.
    """

    name: str
    settings: dict
    accelerator: str
    count: int
    precision: str
    parts: int
    seconds: float
    source: str


_BASE = {"model_size": "base", "generator_hidden_size": 1 / 3}
BASE_512 = {**_BASE, "max_seq_length": 512, "train_batch_size": 256}


def _nvidia(length, batch, accelerator, precision, rate, count=1, parts=1):
    """A row of NVIDIA's tables: `rate` sequences a second of all GPUs."""
    batch *= count * parts
    settings = {**_BASE, "max_seq_length": length, "train_batch_size": batch}
    return Published(
        f"Base, length {length}, batch {batch}",
        settings,
        accelerator,
        count,
        precision,
        parts,
        batch / rate,
        "NVIDIA",
    )


def _days(days: float, steps: int) -> float:
    return days * SECONDS_PER_DAY / steps


PUBLISHED = (
    Published(
        "Small, length 128, batch 128",
        {},
        *("v100", 1, "float32", 1),
        _days(4, 1_000_000),
        "ELECTRA paper, Table 1",
    ),
    Published(
        "Base, length 512, batch 256",
        BASE_512,
        *("tpu_v3", 16, "float32", 1),
        _days(4, 766_000),
        "ELECTRA paper, Table 1",
    ),
    Published(
        "Base, length 512, batch 256",
        BASE_512,
        *("tpu_v3", 4, "float32", 1),
        _days(8, 1_000_000),
        "Turkish ELECTRA (stefan-it), v3-8",
    ),
    Published(
        "Base, length 512, batch 256",
        BASE_512,
        *("tpu_v3", 16, "float32", 1),
        _days(3.5, 1_000_000),
        "Turkish ELECTRA (stefan-it), v3-32",
    ),
    _nvidia(128, 176, "v100", "16 bit", 500),
    _nvidia(128, 88, "v100", "float32", 128),
    _nvidia(128, 176, "a100", "16 bit", 955),
    _nvidia(128, 88, "a100", "float32", 533),
    _nvidia(512, 24, "a100", "16 bit", 171),
    _nvidia(512, 12, "a100", "float32", 90),
    _nvidia(128, 176, "a100", "16 bit", 7512, count=8, parts=48),
)
