"""Files as `torch.save` writes them, without PyTorch: by Python's pickle."""

import io
import pickle
import sys
import types
import zipfile
from collections import OrderedDict

import numpy as np

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
STORAGES = {
    "float32": "FloatStorage",
    "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage",
    "int64": "LongStorage",
}


class Stored:
    """An array as a tensor, which a pickle refers to."""

    def __init__(self, key: str, array: np.ndarray):
        self.key, self.array = key, array

    def __reduce__(self):
        steps = [s // self.array.itemsize for s in self.array.strides]
        numbers = (0, self.array.shape, tuple(steps), False, OrderedDict())
        return sys.modules["torch._utils"]._rebuild_tensor_v2, (
            Kept(self.key, self.array),
            *numbers,
        )


class Kept:
    """The numbers of an array."""

    def __init__(self, key: str, array: np.ndarray):
        self.key, self.array = key, array


def _modules() -> dict[str, types.ModuleType]:
    """Modules with the names that a file of PyTorch's speaks of."""

    def _rebuild_tensor_v2(*_):
        """Only its name is written."""

    torch, utils = types.ModuleType("torch"), types.ModuleType("torch._utils")
    for name in STORAGES.values():
        setattr(torch, name, type(name, (), {"__module__": "torch"}))
    _rebuild_tensor_v2.__module__ = "torch._utils"
    _rebuild_tensor_v2.__qualname__ = "_rebuild_tensor_v2"
    utils._rebuild_tensor_v2 = _rebuild_tensor_v2
    torch._utils = utils
    return {"torch": torch, "torch._utils": utils}


class _Pickler(pickle.Pickler):
    def persistent_id(self, value):
        if not isinstance(value, Kept):
            return None
        kind = getattr(sys.modules["torch"], STORAGES[value.array.dtype.name])
        place = ("storage", kind, value.key, "cpu", value.array.size)
        return place if self.zipped else (*place, None)


def _pickled(value, protocol: int, zipped: bool) -> bytes:
    content = io.BytesIO()
    pickler = _Pickler(content, protocol)
    pickler.zipped = zipped
    before = {n: sys.modules.get(n) for n in ("torch", "torch._utils")}
    sys.modules.update(_modules())
    try:
        pickler.dump(value)
    finally:
        for name, module in before.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module
    return content.getvalue()


def save(path, arrays: dict, protocol: int = 2, zipped: bool = True) -> None:
    """Write a state dictionary, in the form of today or in the older one."""
    named = list(arrays.items())
    tensors = OrderedDict(
        (name, Stored(str(number), array))
        for number, (name, array) in enumerate(named)
    )
    contents = [array.tobytes() for _, array in named]
    if zipped:
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("x/data.pkl", _pickled(tensors, protocol, True))
            file.writestr("x/byteorder", b"little")
            for number, content in enumerate(contents):
                file.writestr(f"x/data/{number}", content)
        return
    values = [
        MAGIC_NUMBER,
        1001,
        {"protocol_version": 1001, "little_endian": True, "type_sizes": {}},
        tensors,
        [str(number) for number in range(len(named))],
    ]
    with open(path, "wb") as file:
        for value in values:
            file.write(_pickled(value, protocol, False))
        for (_, array), content in zip(named, contents, strict=True):
            file.write(array.size.to_bytes(8, "little") + content)
