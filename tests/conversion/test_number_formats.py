"""Weights in 16-bit formats are read as the float32 numbers they are."""

import json
import zipfile

import ml_dtypes
import numpy as np
import pytest
import safetensors.numpy

from electra_tf.conversion import formats, model_folder, torch_file
from electra_tf.errors import UserError
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
