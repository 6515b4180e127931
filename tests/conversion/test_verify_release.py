"""A copy of the released model, with random weights in its layout."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from electra_tf.conversion import (
    load,
    released_small,
    tensorflow_checkpoint,
    verify_release,
)
from electra_tf.io.serialization import masked_crc32c
from tests.conversion.test_tensorflow_checkpoint import RELEASED
from tests.fidelity.conftest import goldens_folder

CHANGED = "electra/encoder/layer_3/attention/self/key/kernel"
SCALE = 0.05


@pytest.fixture(scope="module")
def arrays() -> dict:
    """Random values in the released checkpoint's layout."""
    generator = np.random.default_rng(0)
    shapes = json.loads(RELEASED.read_text())
    made = {
        name: generator.normal(size=shape, scale=SCALE).astype(np.float32)
        for name, shape in shapes.items()
    }
    return {**made, "global_step": np.array(4_000_000, np.int64)}


def save(folder: pathlib.Path, arrays: dict) -> str:
    folder.mkdir()
    name, names = "electra_small", sorted(arrays)
    tf.raw_ops.SaveV2(
        prefix=str(folder / name),
        tensor_names=names,
        shape_and_slices=[""] * len(names),
        tensors=[tf.constant(arrays[name]) for name in names],
    )
    tf.compat.v1.train.update_checkpoint_state(str(folder), name, [name])
    vocab = goldens_folder() / "vocab_bert_uncased.txt"
    shutil.copy(vocab, folder / "vocab.txt")
    return str(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, arrays) -> str:
    return save(tmp_path_factory.mktemp("release") / "electra_small", arrays)


def write_table(path: pathlib.Path, arrays: dict) -> str:
    """A table of a checkpoint's tensors, with columns that nobody needs."""
    rows = ["\t".join((*released_small.COLUMNS, "offset"))]
    for name, array in sorted(arrays.items()):
        number = {"float32": "1", "int64": "9"}[array.dtype.name]
        checksum = str(masked_crc32c(array.tobytes()))
        shape = str(list(array.shape))
        rows.append("\t".join((name, number, shape, checksum, "0")))
    path.write_text("\n".join(rows) + "\n")
    return str(path)


def recorded(folder: str) -> list[released_small.Recording]:
    """What the random network computes, where the real one was recorded."""
    encoder = load.encoder(tensorflow_checkpoint.read_tf1(folder))
    made = []
    for real in released_small.RECORDINGS:
        output = encoder(
            np.array([real.input_ids]), input_mask=np.array([real.input_mask])
        ).sequence_output.numpy()[0]
        rows, columns = np.shape(real.values)
        part = output[real.position :, real.channel :][:rows, :columns]
        made.append(real._replace(values=tuple(map(tuple, part.tolist()))))
    return made


def failures(*arguments, **named) -> list[str]:
    said: list[str] = []
    count = verify_release.verify(*arguments, say=said.append, **named)
    wrong = [line for line in said if line.startswith("  wrong: ")]
    assert len(wrong) == count
    return wrong


def test_the_layout_is_the_released_one():
    shapes = {n: list(t.shape) for n, t in released_small.tensors().items()}
    assert shapes == json.loads(RELEASED.read_text())


def test_the_checksum_of_the_released_step():
    # What the index of the released checkpoint has for its global_step.
    step = np.array(4_000_000, np.int64)
    assert masked_crc32c(step.tobytes()) == 2787807058


def test_a_right_copy(tmp_path, arrays, folder):
    table = write_table(tmp_path / "table.tsv", arrays)
    assert failures(folder, table, recordings=recorded(folder)) == []


def test_random_weights_compute_something_else(folder, capsys):
    with pytest.raises(SystemExit, match="is not the released model: 3 wrong"):
        verify_release.main([folder])
    said = capsys.readouterr().out
    assert "  wrong: output at position " in said
    assert "recorded outputs: 2 checked, 2 wrong" in said
    assert "stored checksum: 404 checked, 0 wrong" in said
    assert "fingerprint: 1 checked, 1 wrong" in said


def test_the_fingerprint_sees_a_changed_number(
    tmp_path, monkeypatch, arrays, folder
):
    checksums = {n: masked_crc32c(a.tobytes()) for n, a in arrays.items()}
    monkeypatch.setattr(
        released_small, "FINGERPRINT", released_small.fingerprint(checksums)
    )
    right = {"recordings": recorded(folder)}
    assert failures(folder, **right) == []
    (changed := arrays[CHANGED].copy())[200, 100] *= 1.0001
    copy = save(tmp_path / "copy", {**arrays, CHANGED: changed})
    (line,) = failures(copy, **right)
    assert line.endswith("other weights than the released ones")


def test_the_fingerprint_is_that_of_the_released_table():
    """Runs where a table of the released checksums is at hand."""
    table = os.environ.get("ELECTRA_TF_RELEASED_TABLE")
    if not table:
        pytest.skip("ELECTRA_TF_RELEASED_TABLE names no table")
    tensors = released_small.read_table(table)
    checksums = {name: tensor.checksum for name, tensor in tensors.items()}
    found = released_small.fingerprint(checksums)
    assert found == released_small.FINGERPRINT


def test_every_checksum_of_other_weights_is_wrong(tmp_path, arrays, folder):
    others = {name: array + 1 for name, array in arrays.items()}
    found = failures(folder, write_table(tmp_path / "table.tsv", others))
    assert len(found) == 404
    for line, name in zip(found, sorted(arrays), strict=True):
        expected = masked_crc32c(others[name].tobytes())
        received = masked_crc32c(arrays[name].tobytes())
        assert line == (
            f"  wrong: {name}: expected checksum {expected}, found {received}"
        )


def test_a_single_changed_tensor_is_named(tmp_path, arrays):
    table = write_table(tmp_path / "table.tsv", arrays)
    changed = arrays[CHANGED].copy()
    changed[200, 100] *= 1.0001
    copy = save(tmp_path / "copy", {**arrays, CHANGED: changed})
    (line,) = failures(copy, table)
    assert line.startswith(f"  wrong: {CHANGED}: expected checksum ")


def test_a_damaged_byte_is_named_without_a_table(tmp_path, arrays, folder):
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (data,) = copy.glob("*.data-*")
    content = bytearray(data.read_bytes())
    content[content.index(arrays[CHANGED].tobytes()) + 1] ^= 1
    data.write_bytes(content)
    (line,) = failures(f"{copy}/electra_small")
    assert line.startswith(f"  wrong: {CHANGED}: damaged or cut short: ")


def test_names_shapes_and_types(tmp_path, arrays):
    other = dict(arrays)
    del other[CHANGED]
    other["electra/embeddings_project/bias"] = np.zeros(7, np.float32)
    other["global_step"] = np.float32(1)
    other["new/kernel"] = np.zeros((2, 3), np.float32)
    copy = save(tmp_path / "copy", other)
    pathlib.Path(copy, "vocab.txt").write_text("[PAD]\n")
    vocab, *found = failures(copy)
    assert "vocab.txt: expected SHA-256 07eced37" in vocab
    assert [line.removeprefix("  wrong: ") for line in found] == [
        "electra/embeddings_project/bias: expected float32 [256], found "
        "float32 [7]",
        f"{CHANGED}: expected float32 [256, 256], found none",
        "global_step: expected int64 [], found float32 []",
        "new/kernel: expected no such tensor, found float32 [2, 3]",
    ]


@pytest.mark.parametrize("wrong", [0.5, np.nan])
def test_a_wrong_output_is_named(wrong):
    recording = released_small.RECORDINGS[0]
    output = np.zeros((11, 256))
    output[1:4, 1:4] = recording.values
    assert list(verify_release.recording_failures(output, recording)) == []
    output[3, 2] = wrong
    (line,) = verify_release.recording_failures(output, recording)
    assert "position 3, channel 2: expected 0.3313 ± 0.00013" in line
    assert f"found {wrong} (huggingface/transformers" in line


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name\tshape\n", "Missing: crc32c_masked, dtype_enum"),
        (
            "name\tdtype_enum\tshape\tcrc32c_masked\na\t1\t[2\t5\n",
            r"table.tsv:2 must hold a type",
        ),
    ],
)
def test_a_broken_table_is_an_error(tmp_path, content, message):
    path = tmp_path / "table.tsv"
    path.write_text(content)
    with pytest.raises(ValueError, match=message):
        released_small.read_table(str(path))


def test_no_data(tmp_path, folder):
    shutil.copytree(folder, tmp_path / "copy")
    (data,) = (tmp_path / "copy").glob("*.data-*")
    data.unlink()
    with pytest.raises(SystemExit, match=r"small\.index has no data"):
        verify_release.main([str(tmp_path / "copy")])


def test_no_checkpoint(tmp_path):
    with pytest.raises(SystemExit, match="verify_release: No checkpoint at"):
        verify_release.main([str(tmp_path)])


def test_help_needs_no_tensorflow():
    code = (
        "import sys; from electra_tf.conversion import verify_release;"
        "verify_release.parser().format_help();"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
