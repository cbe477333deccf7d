"""A model of the user's own in ONNX files: an encoder and a decoder, a classifier, or a denoiser. Needs onnxruntime.

Which of them a file is follows from what it takes and gives, and from the examples. A file has no gradients.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.data import Dataset
from latentlab.serving.functions import ServingError
from latentlab.serving.given import Given
from latentlab.serving.layouts import IMAGE_LAYOUTS, PLAIN_LAYOUTS

MAX_BYTES = 2 << 30  # of a file
TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}
PROBED = 2


class OnnxFunction:
    """A file as a function of arrays; a model with a fixed number of examples is called as often as it takes."""

    def __init__(self, path: Path) -> None:
        try:
            runtime = importlib.import_module("onnxruntime")
        except ImportError as error:
            raise ServingError("ONNX files need onnxruntime: pip install 'latentlab[onnx]'.") from error
        if not path.is_file():
            raise ServingError(f"{path.name} is not there.")
        if path.stat().st_size > MAX_BYTES:
            raise ServingError(f"{path.name} is larger than {MAX_BYTES >> 30} GiB.")
        try:
            self._session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        except Exception as error:  # the runtime's own kinds have no base but this
            raise ServingError(f"{path.name} is no ONNX model that onnxruntime can open.") from error
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in TYPES:
            raise ServingError(f"{path.name} takes {len(inputs)} inputs of {inputs[0].type}; one of floats is needed.")
        self.name, self.shape, self._dtype = inputs[0].name, inputs[0].shape, TYPES[inputs[0].type]

    def __call__(self, x: NDArray[Any]) -> Any:
        """What it gives for a batch: an array, or several."""
        if not isinstance(x, np.ndarray):
            raise TypeError("An ONNX model takes arrays.")
        n = self.shape[0] if isinstance(self.shape[0], int) else max(1, len(x))
        parts = []
        for start in range(0, len(x), n):
            part = x[start : start + n].astype(self._dtype)
            full = np.concatenate([part, np.repeat(part[-1:], n - len(part), 0)]) if len(part) < n else part
            parts.append([found[: len(part)] for found in self._session.run(None, {self.name: full})])
        found = [np.concatenate(one) for one in zip(*parts, strict=True)]
        return found[0] if len(found) == 1 else tuple(found)


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
    rest = []
    for path in paths:
        function = OnnxFunction(path)
        fitting = next((one for one in layouts if _takes(function, tuple(one.to_user(x).shape))), None)
        if fitting is None:
            rest.append((path, function))
            continue
        found = function(fitting.to_user(x).numpy())
        first = found[0] if isinstance(found, tuple) else found
        if first[0].size == x[0].numel():
            functions["denoise"] = function
        elif len(paths) == 1 and len(examples.classes) == first[0].size > 1:
            functions["classify"] = function
        else:
            functions["encode"] = function
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


def _takes(function: OnnxFunction, shape: tuple[int, ...]) -> bool:
    """Whether a batch of a shape fits what a file says of its input."""
    sizes = function.shape
    if len(sizes) != len(shape):
        return False
    return all(not isinstance(size, int) or size == side for size, side in zip(sizes[1:], shape[1:], strict=True))
