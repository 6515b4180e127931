"""Weights in 16-bit formats are read as the float32 numbers they are.

What is no number is refused.
"""

import dataclasses
import json
import zipfile

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from electra_tf.conversion import (
    convert,
    formats,
    model_folder,
    torch_file,
)
from electra_tf.errors import UserError
from electra_tf.weights import check_finite
from tests.conversion import runs

# A program that makes a tensor of four numbers.
PICKLE = (
    b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n"
    b"((X\x07\x00\x00\x00storagectorch\n%s\nX\x01\x00\x00\x000"
    b"X\x03\x00\x00\x00cpuK\x04tQK\x00(K\x04t(K\x01t"
    b"\x89ccollections\nOrderedDict\n)RtRs."
)


@pytest.mark.parametrize("kind", [np.float16, ml_dtypes.bfloat16])
def test_a_hugging_face_folder(tmp_path, kind):
    config, model = runs.pretrained(tmp_path)
    run = runs.save(tmp_path / "run", config, model)
    folder = tmp_path / "theirs"
    formats.write(str(folder), formats.read(run), "hugging_face")
    expected = formats.read(str(folder)).variables
    file = folder / "model.safetensors"
    arrays = safetensors.numpy.load_file(file)
    safetensors.numpy.save_file(
        {name: array.astype(kind) for name, array in arrays.items()}, file
    )
    read = formats.read(str(folder)).variables
    assert read.keys() == expected.keys()
    for name, array in read.items():
        assert array.dtype == np.float32
        rounded = expected[name].astype(kind).astype(np.float32)
        np.testing.assert_array_equal(array, rounded)


@pytest.mark.parametrize(
    ("storage", "kind"),
    [(b"HalfStorage", np.float16), (b"BFloat16Storage", ml_dtypes.bfloat16)],
)
def test_a_file_of_torch(tmp_path, storage, kind):
    numbers = np.array([1.5, -2.0, 0.25, 3e4], kind)
    path = tmp_path / "pytorch_model.bin"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x/data.pkl", PICKLE % storage)
        file.writestr("x/data/0", numbers.tobytes())
    (read,) = torch_file.load(str(path)).values()
    np.testing.assert_array_equal(read, numbers)
    assert read.dtype == kind


@pytest.mark.parametrize("kind", ["F4_X", "F8_E5M2", "F6_E2M3", 5])
def test_formats_that_are_not_known_are_named(tmp_path, kind):
    spec = {"dtype": kind, "shape": [4], "data_offsets": [0, 4]}
    header = json.dumps({"a.b": spec}).encode()
    path = tmp_path / "model.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))
    with pytest.raises(UserError) as error:
        model_folder.read_weights(str(path))
    assert str(error.value).endswith(f"Received: {{'a.b': {kind!r}}}.")


@pytest.mark.parametrize("form", ["hugging_face", "model_folder"])
def test_weights_that_are_not_finite_are_refused(tmp_path, form):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    folder = tmp_path / "from"
    formats.write(str(folder), formats.read(run), form)
    file = folder / "model.safetensors"
    arrays = safetensors.numpy.load_file(file)
    name = next(n for n in arrays if n.endswith("embeddings") or "word" in n)
    arrays[name].flat[:3] = np.nan, np.inf, -np.inf
    safetensors.numpy.save_file(arrays, file)
    with pytest.raises(SystemExit) as stopped:
        convert.main(["--from", str(folder), "--to", str(tmp_path / "to")])
    assert "must hold finite numbers" in str(stopped.value)
    assert f": 3 of {arrays[name].size:,}" in str(stopped.value)
    assert not (tmp_path / "to").exists()


def test_every_array_with_such_numbers_is_named():
    arrays = {"a": np.ones(2), "b": np.array([1, np.nan])}
    arrays |= {"c": np.full((2, 2), np.inf), "d": np.zeros(0)}
    with pytest.raises(UserError, match=r"b: 1 of 2\n  c: 4 of 4\n"):
        check_finite("x", arrays)


@pytest.mark.parametrize("place", [0, -1])
def test_what_was_written_is_compared_number_by_number(tmp_path, place):
    run = runs.save(tmp_path / "run", *runs.pretrained(tmp_path))
    written = formats.read(run)
    variables = {
        name: array.copy() for name, array in written.variables.items()
    }
    variables[[*variables][place]].flat[0] = np.nan
    again = dataclasses.replace(written, variables=variables)
    lines = convert.compared(written, again)
    assert lines[0].endswith("variables: largest difference nan")
