"""Arrays of a pytorch_model.bin, and nothing else of it."""

import collections
import io
import pathlib
import pickletools

import numpy as np
import pytest

from electra_tf.conversion import hugging_face, torch_file


class Evil:
    """What a pickle of this does when it is loaded."""

    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path("loaded"),)


@pytest.mark.parametrize("older", [False, True])
def test_tensors_of_every_form(tmp_path, older):
    torch = pytest.importorskip("torch")
    table = torch.arange(12.0).reshape(3, 4)
    tensors = collections.OrderedDict(
        table=table,
        turned=table.T,
        part=table[1:, 2],
        half=torch.ones(3, dtype=torch.float16),
        number=torch.tensor(5),
        weight=torch.nn.Parameter(torch.zeros(2)),
        empty=torch.zeros(0, 3),
    )
    path = tmp_path / "pytorch_model.bin"
    torch.save(tensors, path, _use_new_zipfile_serialization=not older)
    arrays = torch_file.load(str(path))
    assert list(arrays) == list(tensors)
    for name, tensor in tensors.items():
        expected = tensor.detach().numpy()
        assert arrays[name].dtype == expected.dtype
        np.testing.assert_array_equal(arrays[name], expected)


def test_a_tensor_marked_as_negative_is_refused(tmp_path):
    torch = pytest.importorskip("torch")
    path = tmp_path / "pytorch_model.bin"
    torch.save({"a": torch._neg_view(torch.ones(2))}, path)
    with pytest.raises(ValueError, match="marked as negative or conjugated"):
        torch_file.load(str(path))


def test_a_folder_with_such_a_file_is_read(tmp_path):
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.ElectraConfig(
        vocab_size=9, hidden_size=8, num_hidden_layers=1, num_attention_heads=2
    )
    model = transformers.ElectraForPreTraining(config)
    model.save_pretrained(tmp_path)
    expected = hugging_face.read(str(tmp_path))
    (tmp_path / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "pytorch_model.bin")
    received = hugging_face.read(str(tmp_path))
    assert set(expected.variables) == set(received.variables)
    for name, array in expected.variables.items():
        np.testing.assert_array_equal(received.variables[name], array)


@pytest.mark.parametrize(
    "program",
    [
        b"cos\nsystem\n(S'echo'\ntR.",
        b"\x80\x02cbuiltins\neval\nq\x00X\x01\x00\x00\x001q\x01\x85q\x02Rq\x03.",
        b"\x80\x02ctorch\nFloatStorage\nK\x01\x85R.",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x02ccollections\nOrderedDict\n)\x81.",
    ],
)
def test_nothing_else_is_run(tmp_path, program):
    assert list(pickletools.genops(program))
    with pytest.raises(ValueError, match="not allowed"):
        torch_file.run(program)
    with pytest.raises(ValueError, match="not allowed"):
        torch_file.run(io.BytesIO(program))
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(program)
    with pytest.raises(ValueError, match="must hold a dictionary of PyTorch"):
        torch_file.load(str(path))


def test_functions_in_a_saved_file_are_not_run(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    monkeypatch.chdir(tmp_path)
    for older in (False, True):
        torch.save(
            {"a": torch.ones(2), "b": Evil()},
            "x.bin",
            _use_new_zipfile_serialization=not older,
        )
        with pytest.raises(ValueError, match="not allowed"):
            torch_file.load("x.bin")
    assert not (tmp_path / "loaded").exists()


@pytest.mark.parametrize(
    ("offset", "shape", "strides"),
    [(0, (3,), (2,)), (-1, (1,), (1,)), (4, (1,), (1,)), (0, (2,), (-1,))],
)
def test_tensors_stay_within_their_storage(offset, shape, strides):
    storage = torch_file.Storage(np.float32, "0")
    tensor = torch_file.Tensor(storage, offset, shape, strides)
    with pytest.raises(ValueError, match="within its storage"):
        torch_file._array(tensor, bytes(16))


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x80\x02K\x01."])
def test_what_is_no_such_file_is_an_error(tmp_path, content):
    path = tmp_path / "pytorch_model.bin"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="Reading it failed"):
        torch_file.load(str(path))
