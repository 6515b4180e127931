"""Damaged files of every format.

They end in one line that names them, whatever is in them.
"""

import io
import json
import pathlib
import shutil
import zipfile

import h5py
import numpy as np
import pytest
import safetensors.numpy

from electra_tf.conversion import convert
from electra_tf.conversion.formats import FORMATS
from tests.conversion import runs

# A program that makes a tensor; its shape and strides go between.
BEFORE = (
    b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n"
    b"((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000"
    b"X\x03\x00\x00\x00cpuK\x04tQK\x00"
)
AFTER = b"\x89ccollections\nOrderedDict\n)RtRs."


@pytest.fixture(scope="module")
def folders(tmp_path_factory) -> pathlib.Path:
    """A run, and a folder of each format that it is converted to."""
    root = tmp_path_factory.mktemp("formats")
    run = runs.save(root / "training_run", *runs.pretrained(root))
    for name in ("model_folder", "tf1_checkpoint", "hugging_face", "keras_hub"):
        convert.main(
            ["--from", run, "--to", f"{root}/{name}", "--format", name]
        )
    return root


@pytest.fixture
def message(folders, tmp_path):
    """Returns what the program says of a folder that was changed."""

    def changed(name: str, change) -> str:
        path = tmp_path / "damaged"
        shutil.copytree(folders / name, path)
        change(path)
        with pytest.raises(SystemExit) as ended:
            convert.main(["--from", str(path), "--to", f"{tmp_path}/to"])
        assert not (tmp_path / "to").exists()
        return str(ended.value.code)

    return changed


def values(file: str, **changes):
    """Change values in a JSON file; `a__b` is b in the object a."""

    def change(path: pathlib.Path):
        content = json.loads((path / file).read_text())
        for name, value in changes.items():
            *objects, last = name.split("__")
            place = content
            for each in objects:
                place = place[each]
            place[last] = value
        (path / file).write_text(json.dumps(content))

    return change


def write(file: str, content: bytes):
    return lambda path: (path / file).write_bytes(content)


def cut(pattern: str):
    def change(path: pathlib.Path):
        (file,) = path.glob(pattern)
        file.write_bytes(file.read_bytes()[:100])

    return change


def fast_tokenizer(model):
    def change(path: pathlib.Path):
        (path / "vocab.txt").unlink()
        (path / "tokenizer.json").write_text(json.dumps({"model": model}))

    return change


@pytest.mark.parametrize("name", [n for n, f in FORMATS.items() if f.read])
@pytest.mark.parametrize("content", [b"{", b"[1]", b"[" * 100_000, b"\xff"])
def test_configs_that_are_no_objects(message, name, content):
    said = message(name, write("config.json", content))
    assert "damaged/config.json" in said


HUGE = 10**12
MODEL_FOLDER = {
    "encoder": 5,
    "encoder__hidden_size": "x",
    "encoder__initializer_range": 10**400,
    "encoder__num_hidden_layers": HUGE,
    "parts": ["x"],
    "generator": None,
    "tasks": {"a": {"dense": [1]}},
    "do_lower_case": "yes",
    "model_size": "huge",
    "step": "x",
}
HUGGING_FACE = {
    "architectures": 5,
    "hidden_size": "x",
    "num_hidden_layers": HUGE,
    "finetuning_task": 5,
}
KERAS_HUB = {
    "config": 5,
    "class_name": [1],
    "config__num_layers": HUGE,
    "config__vocab_size": [1],
}
RUN = {"vocab_size": "x", "model_hparam_overrides": 5, "task_names": 5}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        (name, values("config.json", **{key: value}))
        for name, wrong in (
            ("model_folder", MODEL_FOLDER),
            ("hugging_face", HUGGING_FACE),
            ("keras_hub", KERAS_HUB),
            ("training_run", RUN),
        )
        for key, value in wrong.items()
    ]
    + [
        ("hugging_face", values("tokenizer_config.json", do_lower_case="x")),
        ("hugging_face", fast_tokenizer({"vocab": [["a", 1]]})),
        ("hugging_face", fast_tokenizer({"vocab": {"a": "x"}})),
        ("hugging_face", write("vocab.txt", b"\xff\xfe")),
        ("hugging_face", write("model.safetensors", b"\xff" * 99)),
        ("keras_hub", cut("*.h5")),
        ("training_run", cut("*.index")),
        ("training_run", cut("*.data-*")),
        ("tf1_checkpoint", cut("*.index")),
    ],
)
def test_damage_is_said_in_one_line(message, name, change):
    assert "damaged" in message(name, change)


def test_an_array_without_axes_is_no_head(message):
    def change(path: pathlib.Path):
        values("config.json", architectures=["ElectraForQuestionAnswering"])(
            path
        )
        arrays = safetensors.numpy.load_file(path / "model.safetensors")
        arrays["qa_outputs.weight"] = np.array(1, np.float32)
        safetensors.numpy.save_file(arrays, path / "model.safetensors")

    assert "qa_outputs.weight has shape ()" in message("hugging_face", change)


@pytest.mark.parametrize(
    "data", [["text"], h5py.Empty("f4"), np.zeros(2, [("a", "f4")])]
)
def test_other_things_than_numbers_in_hdf5(message, data):
    def change(path: pathlib.Path):
        with h5py.File(path / "model.weights.h5", "a") as file:
            file["layers/other"] = data

    said = message("keras_hub", change)
    assert "must hold numbers alone. These are none: layers/other." in said


def ints(numbers: tuple) -> bytes:
    parts = [b"J" + number.to_bytes(4, "little") for number in numbers]
    return b"(" + b"".join(parts) + b"t"


@pytest.mark.parametrize(
    ("shape", "strides", "compression", "expected"),
    [
        ((2**30, 2**30), (0, 0), zipfile.ZIP_STORED, "more than it has"),
        ((4,), (1,), zipfile.ZIP_DEFLATED, "nothing in it may be compressed"),
        ((4,), (1,), zipfile.ZIP_STORED, "a (4,) belongs to no part"),
    ],
)
def test_pickles_take_no_more_memory_than_they_have(
    message, shape, strides, compression, expected
):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", compression) as file:
        program = BEFORE + ints(shape) + ints(strides) + AFTER
        file.writestr("x/data.pkl", program)
        file.writestr("x/data/0", bytes(16))

    def change(path: pathlib.Path):
        (path / "model.safetensors").unlink()
        (path / "pytorch_model.bin").write_bytes(content.getvalue())
        values("config.json", num_hidden_layers=1)(path)

    assert expected in message("hugging_face", change)
