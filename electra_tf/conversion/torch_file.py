"""Reads the arrays of a pytorch_model.bin without running what it says.

The file is a pickle, a program for a small stack machine that may call any
function. Here a machine of our own runs it: it knows numbers, texts, tuples,
lists, dictionaries and PyTorch's tensors, calls nothing else, and stops at
whatever it does not know. No file makes it take more memory than a few times
the file's size, or time that grows faster. Messages name types, not values: a
few hundred bytes can stand for a value that is never done with being written.
"""

import io
import itertools
import math
import os
import pickletools
import struct
import typing
import zipfile
import zlib
from collections.abc import Callable

import ml_dtypes
import numpy as np

from electra_tf.io import files

INDEX = "data.pkl"
# As many names may share a storage, as tied weights do.
MOST_NAMES = 4
# Some forty are needed for a tensor.
MOST_INSTRUCTIONS = 200_000
MOST_AXES = 64
LARGEST = 2**62
MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_MARK = object()
_SHOWN = 80  # Characters of a name in a message.
MOST_SAID = 300  # Characters of zipfile's messages, which hold all they read.
_DAMAGE = (
    AttributeError,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
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
        return np.dtype(self.storage.dtype).itemsize * math.prod(self.shape)


def load(path: str) -> dict[str, np.ndarray]:
    """Return the arrays of a file by their names.

    Raises:
        ValueError: when the file holds anything but a dictionary of tensors.
    """
    try:
        read = _load_zip if zipfile.is_zipfile(path) else _load_older
        return read(path)
    except _DAMAGE as error:
        raise ValueError(
            f"{path} must hold a dictionary of PyTorch tensors and nothing "
            "else. Reading it failed: "
            f"{type(error).__name__}: {str(error)[:MOST_SAID]}."
        ) from error


def _load_zip(path: str) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as file:
        (index,) = [n for n in file.namelist() if n.endswith(f"/{INDEX}")]
        root = index.removesuffix(INDEX)
        infos = file.infolist()
        if any(info.compress_type for info in infos):
            raise ValueError("nothing in it may be compressed")
        if sum(info.file_size for info in infos) > os.path.getsize(path):
            raise ValueError("its parts are larger than the file")
        order = f"{root}byteorder"
        if order in file.namelist() and file.read(order) != b"little":
            raise ValueError("the byte order must be little")
        tensors = _checked(path, run(file.read(index)))
        return _arrays(tensors, lambda key: file.read(f"{root}data/{key}"))


def _load_older(path: str) -> dict[str, np.ndarray]:
    """Read five pickles, and the numbers of each storage in its order."""
    file = io.BytesIO(files.read(path))
    magic, _, system, tensors, order = (run(file) for _ in range(5))
    if magic != MAGIC_NUMBER or system.get("little_endian") is not True:
        raise ValueError("it is not of PyTorch, or not little-endian")
    tensors = _checked(path, tensors)
    sizes = {
        tensor.storage.key: np.dtype(tensor.storage.dtype).itemsize
        for tensor in tensors.values()
    }
    storages = {}
    for key in order:
        count = int.from_bytes(file.read(8), "little")
        storages[key] = file.read(count * sizes[_text(key)])
    return _arrays(tensors, storages.__getitem__)


def _checked(path: str, tensors: dict) -> dict[str, Tensor]:
    """Return what must be tensors by name, no larger than the file."""
    if not isinstance(tensors, dict):
        raise ValueError(f"it holds a {type(tensors).__name__}")
    for name, tensor in tensors.items():
        if not isinstance(tensor, Tensor):
            kind = type(tensor).__name__
            raise ValueError(f"{name[:_SHOWN]} is a {kind}, no tensor")
    promised = sum(tensor.nbytes for tensor in tensors.values())
    if promised > MOST_NAMES * os.path.getsize(path):
        raise ValueError(f"it stands for {promised:,} bytes, more than it has")
    return tensors


def _arrays(
    tensors: dict[str, Tensor], read: Callable[[str], bytes]
) -> dict[str, np.ndarray]:
    """Return the arrays, after reading each storage once."""
    found: dict[str, np.ndarray] = {}
    names = sorted(tensors, key=lambda name: tensors[name].storage.key)
    for key, group in itertools.groupby(
        names, lambda name: tensors[name].storage.key
    ):
        content = read(key)
        found |= {name: _array(tensors[name], content) for name in group}
    return {name: found[name] for name in tensors}


def _array(tensor: Tensor, content: bytes) -> np.ndarray:
    shape, strides, dtype = tensor.shape, tensor.strides, tensor.storage.dtype
    numbers = np.frombuffer(content, dtype)[tensor.offset :]
    last = sum((n - 1) * s for n, s in zip(shape, strides, strict=True))
    inside = last < len(numbers) or math.prod(shape) == 0
    if not inside or min((0, tensor.offset, *shape, *strides)) < 0:
        raise ValueError("a tensor does not lie within its storage")
    steps = [stride * numbers.itemsize for stride in strides]
    view = np.lib.stride_tricks.as_strided(numbers, shape, steps)
    return np.array(view, order="C")


def run(program) -> typing.Any:
    """Return the value of a pickle: bytes, or a file read to the pickle's end.

    Raises:
        ValueError: for an instruction or a function that is not known.
    """
    machine = _Machine()
    for number, (code, argument, _) in enumerate(pickletools.genops(program)):
        step = _STEPS.get(code.name)
        if step is None or number == MOST_INSTRUCTIONS:
            raise ValueError(f"the instruction {code.name} is not allowed")
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
            raise ValueError("it takes more from the stack than there is")
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


def _tensor(storage, offset, shape, strides, _=0, __=0, marks=None) -> Tensor:
    if marks:
        raise ValueError("a tensor is marked as negative or conjugated")
    if not isinstance(storage, Storage) or len(shape + strides) > MOST_AXES:
        raise ValueError("a tensor is not made of a storage and its shape")
    numbers = (offset, *shape, *strides)
    if not all(type(n) is int and abs(n) < LARGEST for n in numbers):
        raise ValueError("shapes and strides of tensors must be numbers")
    return Tensor(storage, offset, shape, strides)


def _text(value) -> str:
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} is where a text belongs")
    return value


# What the functions that a program may name do here.
_FUNCTIONS: dict[str, Callable] = {
    "collections OrderedDict": lambda: {},
    "torch._utils _rebuild_tensor_v2": _tensor,
    "torch._utils _rebuild_parameter": lambda tensor, *_: tensor,
}
_NUMBERS = {
    "torch DoubleStorage": np.float64,
    "torch FloatStorage": np.float32,
    "torch HalfStorage": np.float16,
    "torch BFloat16Storage": ml_dtypes.bfloat16,
    "torch LongStorage": np.int64,
    "torch IntStorage": np.int32,
    "torch ShortStorage": np.int16,
    "torch CharStorage": np.int8,
    "torch ByteStorage": np.uint8,
    "torch BoolStorage": np.bool_,
}


def _find(machine: _Machine, name: str):
    known = {**_FUNCTIONS, **_NUMBERS}
    if name not in known:
        raise ValueError(f"{name[:_SHOWN]!r} is not allowed")
    machine.stack.append(known[name])


def _find_by_texts(machine: _Machine, _):
    _find(machine, " ".join(map(_text, machine.pop(2))))


def _call(machine: _Machine, _):
    function, arguments = machine.pop(2)
    if not any(function is known for known in _FUNCTIONS.values()):
        kind = type(function).__name__
        raise ValueError(f"calling a {kind} is not allowed")
    if len(arguments) > MOST_AXES:
        raise ValueError(f"a call with {len(arguments)} values is not allowed")
    machine.stack.append(function(*arguments))


def _find_storage(machine: _Machine, _):
    ((kind, dtype, key, _, _, *view),) = machine.pop(1)
    known = any(dtype is number for number in _NUMBERS.values())
    if kind != "storage" or not known or any(v is not None for v in view):
        raise ValueError("it refers to something else than a row of numbers")
    machine.stack.append(Storage(dtype, _text(key)))


def _set_items(machine: _Machine, items: list):
    if not all(isinstance(name, str) for name in items[::2]):
        raise ValueError("names of items must be texts")
    # Only dictionaries that this machine made have items.
    machine.stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _constant(value):
    return lambda machine, _: machine.stack.append(value)


def _tuple(count: int):
    return lambda machine, _: machine.stack.append(tuple(machine.pop(count)))


_STEPS: dict[str, Callable] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda machine, _: None),
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
    "MEMOIZE": lambda machine, _: machine.memory.update(
        {len(machine.memory): machine.stack[-1]}
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
    "STACK_GLOBAL": _find_by_texts,
    "REDUCE": _call,
    "BINPERSID": _find_storage,
    # A state dictionary's notes on versions, which nothing here needs.
    "BUILD": lambda machine, _: machine.pop(1),
}
