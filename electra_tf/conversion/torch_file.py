"""Reads the arrays of a pytorch_model.bin without running what it says.

The file is a pickle, a program for a small stack machine that may call any
function. Here a machine of our own runs it: it knows numbers, texts, tuples,
lists, dictionaries and PyTorch's tensors, calls nothing else, and stops at
whatever it does not know. No file makes it take more memory than a few times
the file's size.
"""

import io
import math
import os
import pickletools
import struct
import typing
import zipfile
import zlib
from collections.abc import Callable
from reprlib import repr as shortened

import ml_dtypes
import numpy as np

from electra_tf.errors import UserError
from electra_tf.io import files

INDEX = "data.pkl"
# As many names may share a storage, as tied weights do.
MOST_NAMES = 4
_MARK = object()
# The older format is five pickles: magic number, version, system, tensors and
# the order of the storages that follow.
_TENSORS, _ORDER = 3, 4
_DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


class Storage(typing.NamedTuple):
    """A row of numbers that the file keeps elsewhere."""

    dtype: typing.Any
    key: str


class Tensor(typing.NamedTuple):
    """A view into a storage; offset and strides count numbers."""

    storage: Storage
    offset: int
    shape: tuple
    strides: tuple

    @property
    def nbytes(self) -> int:
        """Bytes of a copy."""
        size = np.dtype(self.storage.dtype).itemsize
        return size * math.prod(map(abs, self.shape))


def load(path: str) -> dict[str, np.ndarray]:
    """Return the arrays of a file by their names.

    Raises:
        UserError: when the file holds anything but a dictionary of tensors.
    """
    try:
        if zipfile.is_zipfile(path):
            return _load_zip(path)
        return _load_older(path)
    except _DAMAGE as error:
        raise UserError(
            f"{path} must hold a dictionary of PyTorch tensors and nothing "
            f"else. Reading it failed: {error!r}."
        ) from error


def _load_zip(path: str) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as file:
        (index,) = [n for n in file.namelist() if n.endswith(f"/{INDEX}")]
        root = index.removesuffix(INDEX)
        if any(info.compress_type for info in file.infolist()):
            raise UserError("nothing in it may be compressed")
        order = f"{root}byteorder"
        if order in file.namelist() and file.read(order) != b"little":
            raise UserError("the byte order must be little")
        tensors = run(file.read(index))
        _check_size(path, tensors)
        return {
            name: _array(tensor, file.read(f"{root}data/{tensor.storage.key}"))
            for name, tensor in tensors.items()
        }


def _check_size(path: str, tensors: dict):
    promised = sum(tensor.nbytes for tensor in tensors.values())
    if promised > MOST_NAMES * os.path.getsize(path):
        raise UserError(f"it stands for {promised:,} bytes, more than it has")


def _load_older(path: str) -> dict[str, np.ndarray]:
    file = io.BytesIO(files.read(path))
    values = [run(file) for _ in range(_ORDER + 1)]
    tensors = values[_TENSORS]
    _check_size(path, tensors)
    sizes = {
        tensor.storage.key: np.dtype(tensor.storage.dtype).itemsize
        for tensor in tensors.values()
    }
    storages = {}
    for key in values[_ORDER]:
        count = int.from_bytes(file.read(8), "little")
        storages[key] = file.read(count * sizes[key])
    return {
        name: _array(tensor, storages[tensor.storage.key])
        for name, tensor in tensors.items()
    }


def _array(tensor: Tensor, content: bytes) -> np.ndarray:
    numbers = np.frombuffer(content, tensor.storage.dtype)[tensor.offset :]
    shape, strides = tensor.shape, tensor.strides
    last = sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    inside = last < len(numbers) or math.prod(shape) == 0
    if not inside or min((0, tensor.offset, *shape, *strides)) < 0:
        raise UserError(f"{shortened(tensor)} does not lie within its storage")
    steps = [stride * numbers.itemsize for stride in strides]
    view = np.lib.stride_tricks.as_strided(numbers, shape, steps)
    return np.array(view, order="C")


def run(program) -> typing.Any:
    """Return the value of a pickle: bytes, or a file read to the pickle's end.

    Raises:
        UserError: for an instruction or a function that is not known.
    """
    machine = _Machine()
    for code, argument, _ in pickletools.genops(program):
        step = _STEPS.get(code.name)
        if step is None:
            raise UserError(f"the instruction {code.name} is not allowed")
        step(machine, argument)
    (result,) = machine.stack
    return result


class _Machine:
    """A stack, and values that were put aside."""

    def __init__(self):
        self.stack: list = []
        self.memory: dict = {}

    def pop(self, count: int) -> list:
        """Take `count` values off the stack."""
        if count > len(self.stack):
            raise UserError("it takes more from the stack than there is")
        values = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return values

    def pop_to_mark(self) -> list:
        """Take all values above the last mark off the stack."""
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
        values = self.stack[place + 1 :]
        del self.stack[place:]
        return values

    def extend(self, values: list) -> None:
        """Add values to the list on top of the stack."""
        self.stack[-1].extend(values)


# What the functions that a program may name do here.
_FUNCTIONS: dict[str, Callable] = {
    "collections OrderedDict": lambda *items: dict(*items),
    "torch._utils _rebuild_tensor_v2": (
        lambda storage, offset, shape, strides, *_: Tensor(
            storage, offset, shape, strides
        )
    ),
    "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
}
_NUMBERS = {
    "torch FloatStorage": np.float32,
    "torch HalfStorage": np.float16,
    "torch BFloat16Storage": ml_dtypes.bfloat16,
    "torch LongStorage": np.int64,
    "torch BoolStorage": np.bool_,
}


def _find(machine: _Machine, name: str):
    known = {**_FUNCTIONS, **_NUMBERS}
    if name not in known:
        raise UserError(f"{name!r} is not allowed")
    machine.stack.append(known[name])


def _call(machine: _Machine, _):
    function, arguments = machine.pop(2)
    if not any(function is known for known in _FUNCTIONS.values()):
        raise UserError(f"calling {shortened(function)} is not allowed")
    machine.stack.append(function(*arguments))


def _find_storage(machine: _Machine, _):
    ((kind, dtype, key, *_),) = machine.pop(1)
    if kind != "storage" or dtype not in _NUMBERS.values():
        found = f"{shortened(kind)} of {shortened(dtype)}"
        raise UserError(f"{found} is no storage of numbers")
    machine.stack.append(Storage(dtype, key))


def _set_items(machine: _Machine, items: list):
    if not all(isinstance(name, str) for name in items[::2]):
        raise UserError("names of items must be texts")
    # Only dictionaries that this machine made have items.
    machine.stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _constant(value):
    return lambda machine, _: machine.stack.append(value)


def _tuple(count: int):
    return lambda machine, _: machine.stack.append(tuple(machine.pop(count)))


_STEPS: dict[str, Callable] = {
    "PROTO": lambda machine, _: None,
    "STOP": lambda machine, _: None,
    "MARK": _constant(_MARK),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    **dict.fromkeys(
        (
            *("BININT", "BININT1", "BININT2", "LONG1"),
            *("BINUNICODE", "SHORT_BINUNICODE"),
        ),
        lambda machine, value: machine.stack.append(value),
    ),
    **dict.fromkeys(
        ("BINPUT", "LONG_BINPUT"),
        lambda machine, key: machine.memory.update({key: machine.stack[-1]}),
    ),
    **dict.fromkeys(
        ("BINGET", "LONG_BINGET"),
        lambda machine, key: machine.stack.append(machine.memory[key]),
    ),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_TUPLE": _constant(()),
    "TUPLE1": _tuple(1),
    "TUPLE2": _tuple(2),
    "TUPLE3": _tuple(3),
    "TUPLE": lambda machine, _: machine.stack.append(
        tuple(machine.pop_to_mark())
    ),
    "APPEND": lambda machine, _: machine.extend(machine.pop(1)),
    "APPENDS": lambda machine, _: machine.extend(machine.pop_to_mark()),
    "SETITEM": lambda machine, _: _set_items(machine, machine.pop(2)),
    "SETITEMS": lambda machine, _: _set_items(machine, machine.pop_to_mark()),
    "GLOBAL": _find,
    "REDUCE": _call,
    "BINPERSID": _find_storage,
    # A state dictionary's notes on versions, which nothing here needs.
    "BUILD": lambda machine, _: machine.pop(1),
}
