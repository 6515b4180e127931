"""Facts of Google's released `electra_small`, without its weights.

Its tensors follow from the model's settings. Outputs were recorded by others
from the same weights, in tests that anyone may read.
"""

import csv
import hashlib
import io
import json
import typing

from electra_tf.configs import PretrainingConfig
from electra_tf.conversion.compatibility import network
from electra_tf.errors import UserError
from electra_tf.io import files

# The generator is as wide as the discriminator, unlike the paper's.
CONFIG = PretrainingConfig(
    data_dir=".", model_name="electra_small", generator_hidden_size=1.0
)
# Of vocab.txt, BERT's uncased vocabulary.
VOCAB_SHA256 = (
    "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
)
# Of all tensors: see `fingerprint`.
FINGERPRINT = "a50e9332c2c60f9f5c26a4a57e8e98cbe61349815a4feba9329ad7a8a62f40ff"
FLOAT32, INT64 = "float32", "int64"
# The numbers that checkpoints have for types (tensorflow's types.proto).
TYPES = {"1": FLOAT32, "9": INT64}
COLUMNS = ("name", "dtype_enum", "shape", "crc32c_masked")


class Tensor(typing.NamedTuple):
    """A tensor of a checkpoint."""

    dtype: str  # Its type.
    shape: tuple[int, ...]  # Its shape.
    # The masked CRC-32C of its bytes; None where unknown.
    checksum: int | None = None

    def __str__(self):
        return f"{self.dtype} {list(self.shape)}"


class Recording(typing.NamedTuple):
    """Part of an output that somebody recorded from the real model."""

    source: str  # Where it is published.
    input_ids: tuple[int, ...]  # One sequence.
    input_mask: tuple[int, ...]  # 1 for the tokens that may be attended to.
    position: int  # The first of the sequence output that is recorded.
    channel: int  # Likewise.
    values: tuple[tuple[float, ...], ...]  # Rows of positions, from there on.
    rtol: float  # The differences that the source allows.
    atol: float


RECORDINGS = (
    Recording(
        "huggingface/transformers, tests/models/electra/"
        "test_modeling_electra.py, test_inference_no_head_absolute_embedding",
        input_ids=(0, 345, 232, 328, 740, 140, 1695, 69, 6078, 1588, 2),
        input_mask=(0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1),
        position=1,
        channel=1,
        values=(
            (0.4471, 0.6821, -0.3265),
            (0.4627, 0.5255, -0.3668),
            (0.4532, 0.3313, -0.4344),
        ),
        rtol=1e-4,
        atol=1e-4,
    ),
    Recording(
        "keras-team/keras-hub, keras_hub/src/models/electra/"
        "electra_backbone_test.py, test_smallest_preset",
        input_ids=(101, 1996, 4248, 102),
        input_mask=(1, 1, 1, 1),
        position=0,
        channel=0,
        values=((0.32287, 0.18754, -0.22272, -0.24177, 1.18977),),
        rtol=0.01,
        atol=0.01,
    ),
)


def tensors() -> dict[str, Tensor]:
    """Return the released checkpoint's tensors by name.

    >>> len(tensors())
    404
    """
    shapes = network(CONFIG).shapes
    shapes["generator_predictions/temperature"] = ()
    expected = {name: Tensor(FLOAT32, shapes[name]) for name in sorted(shapes)}
    return {**expected, "global_step": Tensor(INT64, ())}


def fingerprint(checksums: dict[str, int]) -> str:
    """Return one number for the checksums of all tensors, by their names.

    It is the SHA-256 of lines "<name> <checksum>", sorted by name.
    """
    lines = (f"{name} {checksums[name]}\n" for name in sorted(checksums))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def read_table(path: str) -> dict[str, Tensor]:
    """Return the tensors of a table with checksums.

    The table has lines of tab-separated values, with `COLUMNS` among those
    that the first line names; shapes are such as [30522, 128].

    Raises:
        FileNotFoundError: when there is no file.
        UserError: naming the columns that are missing, or a bad line.
    """
    try:
        text = io.StringIO(files.read(path).decode("utf-8"), newline="")
        table = csv.DictReader(text, delimiter="\t")
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(
            f"{path} must be a table of tab-separated values: {error}."
        ) from None
    missing = set(COLUMNS) - set(table.fieldnames or ())
    if missing:
        raise UserError(
            f"{path} must have the columns {', '.join(COLUMNS)}. "
            f"Missing: {', '.join(sorted(missing))}."
        )
    return {
        row["name"]: _tensor(row, f"{path}:{number}")
        for number, row in enumerate(rows, start=2)
    }


def _tensor(row: dict[str, str], place: str) -> Tensor:
    try:
        return Tensor(
            TYPES[row["dtype_enum"]],
            tuple(json.loads(row["shape"])),
            int(row["crc32c_masked"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{place} must hold a type ({', '.join(TYPES)}), a shape such as "
            f"[2, 128] and a checksum. Received: {row!r} ({error!r})."
        ) from None
