"""A model of the user's own in ONNX files: an encoder and a decoder, a classifier, or a denoiser. Needs onnxruntime.

Which of them a file is follows from what it takes and gives, and from the examples. A file has no gradients.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab import device
from latentlab.data import Dataset
from latentlab.serving.functions import ServingError
from latentlab.serving.given import Given
from latentlab.serving.layouts import IMAGE_LAYOUTS, PLAIN_LAYOUTS

MAX_BYTES = 2 << 30  # of a file
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
PROBED = 2
FATAL = 4  # onnxruntime's level of what it prints: what fails is said once
LONGEST = 300  # characters of its reasons
_UNKNOWN = re.compile(r"([\w.:]+)\S* is not a registered|No Op registered for (\w+)|implementation for (\w+)")


class OnnxFunction:
    """A file as a function of arrays; a model with a fixed number of examples is called as often as it takes.

    Numbers that it keeps in another file are read from its own folder only, which onnxruntime enforces.
    """

    def __init__(self, path: Path) -> None:
        try:
            runtime = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise ServingError("ONNX files need onnxruntime: pip install 'latentlab[onnx]'.") from error
        if not path.is_file():
            raise ServingError(f"{path.name} is not there.")
        if path.stat().st_size > MAX_BYTES:
            raise ServingError(f"{path.name} is larger than {MAX_BYTES >> 30} GiB.")
        options = runtime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = device.limit_threads(), FATAL
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's own kinds have no base but this
            raise ServingError(_reason(path.name, str(error))) from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in TYPES:
            types = " and ".join(one.type for one in inputs) or "nothing"
            raise ServingError(f"{path.name} takes {types}; one tensor of floats is needed.")
        self.file = path.name
        self.name, self.shape, self._dtype = inputs[0].name, inputs[0].shape, TYPES[inputs[0].type]

    def __call__(self, x: NDArray[Any]) -> Any:
        """What it gives for a batch: an array, or several."""
        if not isinstance(x, np.ndarray):
            raise TypeError("An ONNX model takes arrays.")
        n = max(1, self.shape[0] if isinstance(self.shape[0], int) else len(x))
        parts = []
        for start in range(0, len(x), n):
            part = x[start : start + n].astype(self._dtype)
            full = np.concatenate([part, np.repeat(part[-1:], n - len(part), 0)]) if len(part) < n else part
            parts.append([found[: len(part)] for found in self._run(full)])
        found = [np.concatenate(one) for one in zip(*parts, strict=True)]
        return found[0] if len(found) == 1 else tuple(found)

    def _run(self, x: NDArray[Any]) -> list[NDArray[Any]]:
        try:
            found: list[NDArray[Any]] = self._session.run(None, {self.name: x})
        except Exception as error:  # as above
            raise ServingError(f"{self.file} fails: {str(error).partition(chr(10))[0][:LONGEST]}") from error
        if any(not isinstance(one, np.ndarray) or one.shape[:1] != (len(x),) for one in found):
            raise ServingError(f"{self.file} doesn't give tensors with a row for each of {len(x)} examples.")
        return found


def given_by_files(paths: Sequence[Path], examples: Dataset, title: str) -> Given:
    """What ONNX files are of a model.

    Args:
        paths: an encoder and a decoder in any order, or one file alone.
        examples: that the model takes.
        title: of the model.

    Raises:
        ServingError: a file can't be opened, or fits neither the examples nor another file.
    """
    functions: dict[str, OnnxFunction] = {}
    x = examples[:PROBED].batch().x
    layouts = IMAGE_LAYOUTS if x.ndim == 4 else PLAIN_LAYOUTS
    rest: list[tuple[Path, OnnxFunction]] = []
    for path in paths:
        function = OnnxFunction(path)
        fitting = next((one for one in layouts if _takes(function, tuple(one.to_user(x).shape))), None)
        if fitting is None:
            rest.append((path, function))
            continue
        found = function(fitting.to_user(x).numpy())
        first = found[0] if isinstance(found, tuple) else found
        if first[0].size == x[0].numel():
            name = "denoise"
        elif len(paths) == 1 and len(examples.classes) == first[0].size > 1:
            name = "classify"
        else:
            name = "encode"
        if name in functions:
            raise ServingError(f"{functions[name].file} and {path.name} both {name}: a model has one file for each.")
        functions[name] = function
    for path, function in rest:
        if "encode" not in functions or "decode" in functions:
            raise ServingError(
                f"{path.name} takes {function.shape}, which neither the examples, {tuple(x.shape[1:])}, nor codes fit."
            )
        functions["decode"] = function
    return Given(
        encode=functions.get("encode"),
        decode=functions.get("decode"),
        classify=functions.get("classify"),
        denoise=functions.get("denoise"),
        title=title,
    )


def _reason(name: str, said: str) -> str:
    """Why a file can't be opened, from what onnxruntime says."""
    if unknown := _UNKNOWN.search(said):
        operator = next(filter(None, unknown.groups()))
        return f"{name} uses the operator {operator}, which onnxruntime doesn't have; custom operators can't be opened."
    if "xternal" in said:
        return f"{name} keeps numbers in another file, which must lie in its folder, whole and under its first name."
    return f"{name} is no ONNX model that onnxruntime can open."


def _takes(function: OnnxFunction, shape: tuple[int, ...]) -> bool:
    """Whether a batch of a shape fits what a file says of its input."""
    sizes = function.shape
    if len(sizes) != len(shape):
        return False
    return all(not isinstance(size, int) or size == side for size, side in zip(sizes[1:], shape[1:], strict=True))
