"""Files of every pickle protocol that torch writes, and small malicious ones.

Written by Python's pickle, so no PyTorch is needed.
"""

import time
import zipfile

import ml_dtypes
import numpy as np
import pytest

from electra_tf.conversion import torch_file
from tests.conversion import torch_files

ARRAYS = {
    "a": np.arange(6, dtype=np.float32).reshape(2, 3),
    "b": np.array([1.5, -2], np.float16),
    "c": np.array([1.5, -2], ml_dtypes.bfloat16),
    "d.e": np.array(3),
}


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol(tmp_path, protocol, zipped):
    path = str(tmp_path / "x.bin")
    torch_files.save(path, ARRAYS, protocol, zipped)
    read = torch_file.load(path)
    assert list(read) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert read[name].dtype == array.dtype
        np.testing.assert_array_equal(read[name], array)


@pytest.mark.parametrize("protocol", [0, 1])
def test_older_protocols_are_refused_by_name(tmp_path, protocol):
    path = str(tmp_path / "x.bin")
    torch_files.save(path, ARRAYS, protocol)
    with pytest.raises(ValueError, match=r"instruction [A-Z]+ is not"):
        torch_file.load(path)


def nested(number: int) -> bytes:
    """Puts a tuple on the stack that stands for 2 ** number tuples."""
    inner = b"".join(
        b"q" + bytes([i]) + b"h" + bytes([i]) + b"\x86" for i in range(number)
    )
    return b")" + inner


STORED = b"X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
HUGE = {
    "called": nested(40) + b")R",
    "call": b"ccollections\nOrderedDict\n" + nested(40) + b"\x85R",
    "arguments": REBUILD + nested(40) + b"R",
    "name": b"}" + nested(40) + b"K\x01s",
    "value": b"}X\x01\x00\x00\x00a" + nested(40) + b"s",
    "result": nested(40),
    "place": nested(40) + b"Q",
    "key": b"(" + STORED + nested(40) + b"X\x03\x00\x00\x00cpuK\x04tQ",
    "kind": b"(" + nested(40) + b"K\x01K\x02K\x03K\x04tQ",
    "shape": REBUILD
    + b"(("
    + STORED
    + b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04tQK\x00"
    + nested(40) * 2
    + b"tR",
    "extended": b"]" + nested(40) + b"e",
}


@pytest.mark.parametrize("program", HUGE.values(), ids=HUGE)
def test_values_without_end_are_refused_at_once(tmp_path, program):
    content = b"\x80\x02" + program + b"."
    path = tmp_path / "x.bin"
    begin = time.monotonic()
    for zipped in (True, False):
        if zipped:
            with zipfile.ZipFile(path, "w") as file:
                file.writestr("x/data.pkl", content)
        else:
            path.write_bytes(content * 5)
        with pytest.raises(ValueError, match="must hold a dictionary") as error:
            torch_file.load(str(path))
        assert len(str(error.value)) < 1000
    assert time.monotonic() - begin < 1


def test_a_long_program_is_refused(tmp_path):
    path = tmp_path / "x.bin"
    path.write_bytes(b"\x80\x02" + b"}" * 10_000_000 + b".")
    with pytest.raises(ValueError, match="EMPTY_DICT is not allowed"):
        torch_file.load(str(path))


def test_parts_that_lie_over_one_another_are_refused(tmp_path):
    path = tmp_path / "x.bin"
    torch_files.save(path, {"a": np.zeros(1000, np.float32)})
    with zipfile.ZipFile(path, "a") as file:
        first = file.getinfo("x/data/0")
        for number in range(1, 9):
            info = zipfile.ZipInfo(f"x/data/{number}")
            info.header_offset = first.header_offset
            info.CRC, info.file_size = first.CRC, first.file_size
            info.compress_size = first.compress_size
            file.filelist.append(info)
            file.NameToInfo[info.filename] = info
        file._didModify = True
    with pytest.raises(ValueError, match="parts are larger than the file"):
        torch_file.load(str(path))


def test_each_storage_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "x.bin"
    torch_files.save(path, ARRAYS)
    reads = []
    original = zipfile.ZipFile.read

    def read(self, name):
        reads.append(name)
        return original(self, name)

    monkeypatch.setattr(zipfile.ZipFile, "read", read)
    torch_file.load(str(path))
    assert len(reads) == len(set(reads))
