"""What a model does to examples and codes as ONNX files, checked against the model. Needs onnx and onnxruntime."""

from __future__ import annotations

import importlib
import tempfile
import warnings
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from latentlab.data import Dataset
from latentlab.models import Classifies, Decodes, Denoises, Encodes, Model

TOLERANCE = 1e-5  # of the largest number that is given
CHECKED = 7  # examples
METHODS: Mapping[str, type[Model]] = {
    "encode": Encodes, "decode": Decodes, "classify": Classifies, "denoise": Denoises,
}  # fmt: skip


class OnnxError(ValueError):
    """A model that can't be written; the message is one sentence for the user."""


class _Method(nn.Module):
    """A method of a model as a module."""

    def __init__(self, model: Model, name: str) -> None:
        super().__init__()
        self.model, self.name = model, name

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = getattr(self.model, self.name)(x)
        return out


def onnx_files(model: Model, examples: Dataset) -> dict[str, bytes]:
    """The content of a file for each of `METHODS` that a model has, by name; each takes any number of examples.

    Raises:
        OnnxError: onnx isn't there, the model has none of them, or a file gives other numbers than the model.
    """
    names = [name for name, ability in METHODS.items() if isinstance(model, ability)]
    if not names:
        raise OnnxError(f"{model.title}: it neither encodes, decodes, classifies nor denoises by itself.")
    x = examples[:CHECKED].batch().x
    return {name: _file(model, name, _input(model, name, x)) for name in names}


def _input(model: Model, name: str, x: Tensor) -> Tensor:
    if name != "decode":
        return x
    assert isinstance(model, Decodes)
    with torch.no_grad():
        return model.encode(x) if isinstance(model, Encodes) else torch.zeros(len(x), model.z_dim)


def _file(model: Model, name: str, x: Tensor) -> bytes:
    try:
        importlib.import_module("onnx")
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise OnnxError("Writing ONNX needs onnx and onnxruntime: pip install 'latentlab[onnx]'.") from error
    method, axes = _Method(model, name), {"input": {0: "n"}, "output": {0: "n"}}
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        path = Path(folder) / "model.onnx"
        try:
            with warnings.catch_warnings(), torch.no_grad():
                warnings.simplefilter("ignore")  # torch's own: the newer exporter needs one more package
                torch.onnx.export(
                    method, (x[:2],), path, dynamo=False, input_names=["input"], output_names=["output"],
                    dynamic_axes=axes,
                )  # fmt: skip
                expected = method(x)
        except (RuntimeError, torch.onnx.errors.OnnxExporterError) as error:
            first = str(error).partition("\n")[0]
            raise OnnxError(f"{model.title}: {name} can't be written as ONNX: {first}") from error
        content = path.read_bytes()
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    found = torch.from_numpy(session.run(None, {"input": x.numpy()})[0])
    apart = float((found - expected).abs().max()) / max(1.0, float(expected.abs().max()))
    if not apart <= TOLERANCE:
        raise OnnxError(f"{model.title}: {name} as ONNX gives other numbers, off by {apart:.1g}.")
    return content
