"""ONNX files are taken for what they are, and give what onnxruntime gives."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from latentlab.data import Splits
from latentlab.serving.file import from_files
from latentlab.serving.functions import ServingError
from latentlab.serving.own_model import OwnModel
from tests.conftest import naming

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
Size = int | str


def linear(path: Path, shape: Sequence[Size], weight: Any, flatten: bool = False, out: Sequence[Size] = ()) -> Path:
    """A file with one matrix: input of a shape -> [Flatten ->] x @ weight [-> Reshape]."""
    h = onnx.helper
    nodes, last = [], "x"
    if flatten:
        nodes.append(h.make_node("Flatten", ["x"], ["flat"]))
        last = "flat"
    nodes.append(h.make_node("MatMul", [last, "w"], ["y"]))
    constants = [onnx.numpy_helper.from_array(np.asarray(weight, np.float32), "w")]
    result = ("y", ["n", weight.shape[1]])
    if out:
        constants.append(onnx.numpy_helper.from_array(np.array([-1, *out], np.int64), "shape"))
        nodes.append(h.make_node("Reshape", ["y", "shape"], ["image"]))
        result = ("image", ["n", *out])
    floats = onnx.TensorProto.FLOAT
    graph = h.make_graph(
        nodes, "g", [h.make_tensor_value_info("x", floats, shape)],
        [h.make_tensor_value_info(result[0], floats, result[1])], constants,
    )  # fmt: skip
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9), str(path))
    return path


@pytest.fixture
def weight() -> Any:
    return np.random.default_rng(0).normal(size=(64, 3))


@pytest.mark.parametrize("n", ["n", 4], ids=["any number", "four at a time"])
def test_a_pair_in_any_order(tmp_path: Path, digits: Splits, weight: Any, n: Size) -> None:
    encoder = linear(tmp_path / "a.onnx", [n, 1, 8, 8], weight, flatten=True)
    decoder = linear(tmp_path / "b.onnx", [n, 3], weight.T, out=[1, 8, 8])
    for paths in ((encoder, decoder), (decoder, encoder)):
        model = from_files(paths, "digits")
        assert {"encode", "decode"} <= set(model.abilities)
        x = digits.test.batch(slice(7)).x
        z = model.answer("encode", {"x": x})["value"]
        assert np.allclose(z.numpy(), x.flatten(1).numpy() @ weight, atol=1e-4)
        back = model.answer("decode", {"x": z})["value"]
        assert np.allclose(back.flatten(1).numpy(), z.numpy() @ weight.T, atol=1e-3)


def test_a_gradient_by_differences(tmp_path: Path, weight: Any) -> None:
    paths = [linear(tmp_path / "a.onnx", ["n", 64], weight), linear(tmp_path / "b.onnx", ["n", 3], weight.T)]
    model: OwnModel = from_files(paths, "digits")
    by = torch.ones(2, 1, 8, 8)
    slope = model.gradient("decode", torch.zeros(2, 3), {"value": by})
    assert np.allclose(slope.numpy(), np.tile(weight.sum(0), (2, 1)), rtol=1e-2, atol=1e-2)


def test_a_classifier_and_a_denoiser(tmp_path: Path) -> None:
    scores = np.random.default_rng(1).normal(size=(64, 10))
    model = from_files([linear(tmp_path / "c.onnx", ["n", 1, 8, 8], scores, flatten=True)], "digits")
    assert model.abilities == ["classify"]
    model = from_files([linear(tmp_path / "d.onnx", ["n", 64], np.eye(64))], "digits")
    assert model.abilities == ["denoise"]


def test_what_cannot_be_opened_is_a_sentence(tmp_path: Path, weight: Any) -> None:
    (tmp_path / "bad.onnx").write_bytes(b"not a model" * 50)
    alone = linear(tmp_path / "b.onnx", ["n", 3], weight.T)
    for path, parts in (
        (tmp_path / "bad.onnx", ["bad.onnx"]),
        (tmp_path / "no.onnx", ["no.onnx"]),
        (alone, ["b.onnx"]),
    ):
        with pytest.raises(ServingError, match=naming(*parts)):
            from_files([path], "digits")
    with pytest.raises(ServingError, match=naming("--data")):
        from_files([alone])
