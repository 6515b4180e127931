"""Files of a folder of records, which may be in a bucket: `gs://...`."""

import os
import pathlib


def read(path: str) -> bytes:
    """Return the content of a file.

    Raises:
        FileNotFoundError: There is none.
    """
    if "://" not in path:
        return pathlib.Path(path).read_bytes()
    import tensorflow as tf

    if not tf.io.gfile.exists(path):
        raise FileNotFoundError(path)
    with tf.io.gfile.GFile(path, "rb") as file:
        return file.read()


def size(path: str) -> int | None:
    """Return the bytes of a file; None if it is not there."""
    if "://" not in path:
        return os.path.getsize(path) if os.path.exists(path) else None
    import tensorflow as tf

    return tf.io.gfile.stat(path).length if tf.io.gfile.exists(path) else None
