"""Keras's files of weights: all of the arrays, and nothing from elsewhere."""

import json
import pathlib

import h5py
import numpy as np
import pytest

from electra_tf.configs import PretrainingConfig, encoder_config
from electra_tf.conversion import keras_hub_weights, layout
from electra_tf.conversion.model import MAIN
from tests.conversion import runs

ARRAYS = {
    "layers/a/vars/0": np.arange(6, dtype=np.float32).reshape(2, 3),
    "layers/a/vars/1": np.zeros(3, np.float32),
}


# Every array of ElectraBackbone.save_weights, for the released models' sizes.
RECORDED = json.loads(
    pathlib.Path(__file__).with_name("keras_hub_presets.json").read_text()
)


@pytest.fixture
def path(tmp_path) -> str:
    path = str(tmp_path / "some.weights.h5")
    keras_hub_weights.write_h5(path, ARRAYS)
    return path


def test_what_is_written_is_read(path):
    runs.assert_same(ARRAYS, keras_hub_weights.read_h5(path))


@pytest.mark.parametrize(
    "link",
    [h5py.ExternalLink("other.h5", "/x"), h5py.SoftLink("/layers/a/vars/0")],
)
def test_links_are_refused(path, link):
    with h5py.File(path, "a") as file:
        file["layers/b"] = link
    with pytest.raises(ValueError, match=r"elsewhere: layers/b\."):
        keras_hub_weights.read_h5(path)


def test_numbers_in_other_files_are_refused(path, tmp_path):
    (tmp_path / "secret").write_bytes(b"12345678")
    outside = [(str(tmp_path / "secret"), 0, 8)]
    with h5py.File(path, "a") as file:
        file.create_dataset("layers/b", (2,), np.float32, external=outside)
    with pytest.raises(ValueError, match=r"elsewhere: layers/b\."):
        keras_hub_weights.read_h5(path)


def test_virtual_arrays_are_refused(path):
    layout = h5py.VirtualLayout((2,), np.float32)
    layout[:] = h5py.VirtualSource("other.h5", "x", (2,))
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("layers/b", layout)
    with pytest.raises(ValueError, match=r"elsewhere: layers/b\."):
        keras_hub_weights.read_h5(path)


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_promises_are_refused(path, compression):
    size = 10**12 if compression is None else 10**6
    with h5py.File(path, "a") as file:
        made = file.create_dataset(
            "layers/b", (size,), np.float32, compression=compression
        )
        if compression:
            made[:] = 0
    with pytest.raises(ValueError, match=f"uncompressed.* {4 * size + 36:,}"):
        keras_hub_weights.read_h5(path)


def test_a_circle_of_groups_ends(path):
    with h5py.File(path, "a") as file:
        file["layers/a/again"] = file["layers"]
    runs.assert_same(ARRAYS, keras_hub_weights.read_h5(path))


def test_another_file_is_an_error(tmp_path):
    path = tmp_path / "text"
    path.write_text("no weights")
    with pytest.raises(ValueError, match="must be an HDF5 file"):
        keras_hub_weights.read_h5(str(path))


@pytest.mark.parametrize("size", RECORDED)
def test_every_array_has_its_place(size):
    """As Keras 3.15 saves them for KerasHub 0.32."""
    config = encoder_config(
        PretrainingConfig(data_dir=".", model_name=".", model_size=size)
    )
    pairs = keras_hub_weights.encoder(config)
    theirs = {pair.theirs: pair.shape for pair in pairs}
    theirs |= keras_hub_weights.pooler(config)
    assert theirs == {name: tuple(s) for name, s in RECORDED[size].items()}
    ours = [pair.ours for pair in pairs]
    assert sorted(ours) == sorted(layout.encoder(MAIN, config))
