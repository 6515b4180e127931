"""KerasHub's files of weights, `.weights.h5`: names, reading and writing.

Keras counts the layers of each class in the order of the model, and the
variables of a layer: `layers/dense_1/vars/0` is the kernel of the second dense
layer.

HDF5 can point to other files and promise more numbers than are there. Neither
is followed: a file must hold all of its arrays itself. No code is in it.
"""

import os
import typing

import h5py
import numpy as np

from electra_tf.configs import EncoderConfig
from electra_tf.conversion import layout
from electra_tf.conversion.model import MAIN, renamed
from electra_tf.errors import UserError
from electra_tf.io import files

# Before it had public names, Keras wrote these layers under private ones.
_PRIVATE = tuple(
    f"/_{part}_dense/" for part in ("query", "key", "value", "output")
)
_NUMBERS = "biuf"  # NumPy's kinds of them.
# Raised by h5py for what it cannot read.
_NOT_HDF5 = (
    KeyError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
)
# From our names to theirs.
RULES = (
    (f"^{MAIN}/", ""),
    ("^embeddings/word_embeddings$", "reversible_embedding/vars/0"),
    ("^embeddings/token_type_embeddings$", "embedding/vars/0"),
    ("^embeddings/position_embeddings$", "position_embedding/vars/0"),
    ("^embeddings/LayerNorm/", "layer_normalization/"),
    ("^embeddings_project/", "dense/"),
    ("^encoder/layer_0/", "transformer_encoder/"),
    (r"^encoder/layer_(\d+)/", r"transformer_encoder_\1/"),
    ("/attention/self/(query|key|value)/", r"/_self_attention_layer/\1_dense/"),
    ("/attention/output/dense/", "/_self_attention_layer/output_dense/"),
    ("/attention/output/LayerNorm/", "/_self_attention_layer_norm/"),
    ("/(intermediate|output)/dense/", r"/_feedforward_\1_dense/"),
    ("/output/LayerNorm/", "/_feedforward_layer_norm/"),
    ("/(kernel|gamma)$", "/vars/0"),
    ("/(bias|beta)$", "/vars/1"),
    ("^", "layers/"),
)


class Pair(typing.NamedTuple):
    """One array under both names; the same numbers in the same order."""

    ours: str
    theirs: str
    shape: tuple[int, ...]  # Theirs; attention heads have an axis of their own.


def encoder(config: EncoderConfig) -> list[Pair]:
    """Return all of an encoder's arrays; theirs has a pooler besides."""
    # As Keras has them, embeddings come first.
    shapes = layout.embeddings(f"{MAIN}/{layout.EMBEDDINGS}", config)
    shapes |= layout.encoder(MAIN, config)
    return [
        Pair(ours, renamed(ours, RULES), _with_heads(ours, shape, config))
        for ours, shape in shapes.items()
    ]


def _with_heads(ours: str, shape: tuple, config: EncoderConfig) -> tuple:
    heads = (config.num_attention_heads, config.head_size)
    if "/attention/self/" in ours:
        return (*shape[:-1], *heads)
    if ours.endswith("/attention/output/dense/kernel"):
        return (*heads, *shape[1:])
    return shape


def pooler(config: EncoderConfig) -> layout.Shapes:
    """Return the shapes of theirs alone: dense with tanh on the first token."""
    size = config.hidden_size
    projects = config.embedding_size != size
    name = "layers/dense_1" if projects else "layers/dense"
    return {f"{name}/vars/0": (size, size), f"{name}/vars/1": (size,)}


def current(name: str) -> str:
    """Return today's name of a variable that an older Keras saved.

    >>> current("a/_self_attention_layer/_query_dense/vars/0")
    'a/_self_attention_layer/query_dense/vars/0'
    """
    for part in _PRIVATE:
        name = name.replace(part, part.replace("/_", "/"))
    return name


def write_h5(path: str, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays; a slash in a name begins a group."""
    with files.writing(path) as unfinished, h5py.File(unfinished, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)


def read_h5(path: str) -> dict[str, np.ndarray]:
    """Return all arrays of a file by name."""
    try:
        with h5py.File(path, "r") as file:
            datasets = _datasets(path, file)
            return {name: data[()] for name, data in datasets.items()}
    except UserError:
        raise
    except _NOT_HDF5 as error:
        raise UserError(
            f"{path} must be an HDF5 file, as Keras saves weights. Reading it "
            f"failed: {error}."
        ) from error


def _datasets(path: str, file: h5py.File) -> dict[str, h5py.Dataset]:
    """Return the arrays of a file, after checking that all of them are here."""
    linked, datasets = [], {}

    def add_link(name, link):
        if not isinstance(link, h5py.HardLink):
            linked.append(name)

    def add_dataset(name, found):
        if isinstance(found, h5py.Dataset):
            datasets[name] = found

    file.visititems_links(add_link)
    file.visititems(add_dataset)
    linked += [
        name
        for name, data in datasets.items()
        if data.external or data.is_virtual
    ]
    if linked:
        raise UserError(
            f"{path} must hold its arrays itself. These point elsewhere: "
            f"{', '.join(linked)}."
        )
    others = [
        name
        for name, data in datasets.items()
        if data.dtype.kind not in _NUMBERS or data.shape is None
    ]
    if others:  # Texts are references, each to as many bytes as there are.
        raise UserError(
            f"{path} must hold numbers alone. These are none: "
            f"{', '.join(others)}."
        )
    promised = sum(data.nbytes for data in datasets.values())
    if promised > os.path.getsize(path):
        raise UserError(
            f"{path} must hold all of its numbers uncompressed, as Keras saves "
            f"them: {promised:,} bytes. It has {os.path.getsize(path):,}."
        )
    return datasets
