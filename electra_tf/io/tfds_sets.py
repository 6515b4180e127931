"""Sets of TensorFlow Datasets: found, prepared, and read in one order.

TFDS, and TensorFlow with it, is imported only when a set is asked for. A set
that is not on the disk is prepared first, and perhaps downloaded.
"""

import sys
from collections.abc import Iterator

from electra_tf.errors import UserError, suggestion

ANY_VERSION = "*.*.*"


def prepared(name: str, data_dir: str | None, split: str):
    """Return the builder of a set that is on the disk.

    Args:
        name: a set and its config: "glue/cola".
        data_dir: folder of all sets; None for TFDS' own default.
        split: one that the set must have.

    Raises:
        UserError: there is no such set or split, or TFDS cannot prepare it.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError:
        raise UserError(
            f"{name} is a set of TensorFlow Datasets, which are not installed: "
            "pip install tensorflow-datasets."
        ) from None
    # With a version TFDS takes what is on the disk, whatever its own code is.
    version = {} if ":" in name else {"version": ANY_VERSION}
    try:
        builder = tfds.builder(name, data_dir=data_dir, **version)
    except (tfds.core.DatasetNotFoundError, ValueError) as error:
        short = name.partition("/")[0]
        raise UserError(
            f"TensorFlow Datasets has no set {name!r}."
            f"{suggestion(short, tfds.list_builders())} Looked in "
            f"tfds_data_dir {data_dir} as well. "
            f"({str(error).partition(chr(10))[0]})"
        ) from None
    if not builder.is_prepared():
        print(
            f"TensorFlow Datasets prepares {name} in {builder.data_dir}; it "
            "may download it first.",
            file=sys.stderr,
            flush=True,
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # Of any kind: each set has code of its own.
        raise UserError(
            f"TensorFlow Datasets could not prepare {name} in "
            f"{builder.data_dir} ({type(error).__name__}: {error}). Prepare it "
            f"where there is a network, with `tfds build {name}`, and name its "
            "folder by tfds_data_dir."
        ) from None
    splits = builder.info.splits
    if splits and split not in splits:  # TFDS' mock data have none.
        raise UserError(
            f"{name} has no split {split!r}, but "
            f"{', '.join(map(repr, splits))}."
        )
    return builder


def examples(
    builder, split: str, place: str, first: int = 0
) -> Iterator[tuple[int, dict]]:
    """Yield the numbers of a split's examples, from `first`, and the examples.

    They come in the order in which they are stored, their features as NumPy
    has them. `place` names the split in messages.

    Raises:
        UserError: the set is damaged.
    """
    import tensorflow as tf
    import tensorflow_datasets as tfds

    dataset = builder.as_dataset(
        split=split,
        shuffle_files=False,
        # One file after the other: the order is always the same.
        read_config=tfds.ReadConfig(interleave_cycle_length=1),
    )
    number = first
    try:
        for example in tfds.as_numpy(dataset):
            yield number, example
            number += 1
    except tf.errors.OpError as error:
        raise UserError(
            f"{place} is damaged near example {number} ({error.message}). "
            f"Remove {builder.data_dir}, and TFDS prepares it again."
        ) from None
