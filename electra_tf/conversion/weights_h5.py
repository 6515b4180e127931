"""Files of weights as Keras saves them, `.weights.h5`: arrays by path.

HDF5 can point to other files and promise more numbers than are there. Neither
is followed: a file must hold all of its arrays itself. No code is in it.
"""

import os

import h5py
import numpy as np

from electra_tf.errors import UserError


def write(path: str, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays; a slash in a name begins a group."""
    with h5py.File(path, "w") as file:
        for name, array in arrays.items():
            file.create_dataset(name, data=array)


def read(path: str) -> dict[str, np.ndarray]:
    """Return all arrays of a file by name.

    Raises:
        ValueError: when it is no HDF5 file, points elsewhere, or holds less
            than it says.
    """
    try:
        with h5py.File(path, "r") as file:
            datasets = _datasets(path, file)
            return {name: data[()] for name, data in datasets.items()}
    except OSError as error:
        raise UserError(
            f"{path} must be an HDF5 file, as Keras saves weights. Reading it "
            f"failed: {error}."
        ) from error


def _datasets(path: str, file: h5py.File) -> dict[str, h5py.Dataset]:
    """Return what holds arrays, after checking that it is all here."""
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
    promised = sum(data.nbytes for data in datasets.values())
    if promised > os.path.getsize(path):
        raise UserError(
            f"{path} must hold all of its numbers uncompressed, as Keras saves "
            f"them: {promised:,} bytes. It has {os.path.getsize(path):,}."
        )
    return datasets
