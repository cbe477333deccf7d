"""A run written as ONNX gives the numbers of its model, and opens again as a model of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from latentlab import device
from latentlab.__main__ import main
from latentlab.data import Dataset, Kind, Splits
from latentlab.export.onnx import OnnxError, onnx_files
from latentlab.models import MODELS, Decodes, Encodes
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import OF_SEQUENCES
from latentlab.runs.store import Store
from latentlab.serving.file import from_files
from tests.conftest import naming

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.slow


def test_a_pair_opens_again_with_the_same_numbers(tmp_path: Path, digits: Splits) -> None:
    assert main(["export", "digits-vae", str(tmp_path), "--onnx"]) == 0
    paths = sorted(tmp_path.glob("*.onnx"))
    assert [path.stem.rpartition("-")[2] for path in paths] == ["decode", "encode"]
    own, model = from_files(paths, "digits"), Store.default().load("digits-vae")
    assert isinstance(model, Encodes)
    assert isinstance(model, Decodes)
    x = digits.test.batch(slice(50)).x
    with torch.no_grad():
        z = model.encode(x)
        assert torch.allclose(own.answer("encode", {"x": x})["value"], z, atol=1e-4)
        assert torch.allclose(own.answer("decode", {"x": z})["value"], model.decode(z), atol=1e-4)


@pytest.mark.parametrize("run_id", ["digits-cnn", "mnist-vae-conv", "spiral-dae"])
def test_every_kind_is_written_and_checked(run_id: str) -> None:
    store = Store.default()
    files = onnx_files(store.load(run_id), store.examples(run_id))
    assert files
    assert all(len(content) > 100 for content in files.values())


@pytest.mark.parametrize("network", OF_SEQUENCES)
def test_networks_over_time_take_any_number_of_examples(network: str) -> None:
    x = torch.rand(20, 5, 2, generator=device.generator(0))
    data = Dataset("windows", x, torch.arange(20) % 2, ("a", "b"), Kind.SEQUENCE)
    for name, config, written in (
        ("vae", {"network": network, "state_dim": 4, "filters": 2}, {"encode", "decode"}),
        ("m2", {"x_network": network, "state_dim": 4, "filters": 2, "hidden": 8}, {"classify"}),
    ):
        model = MODELS[name](MODELS[name].Config(likelihood="real-gaussian", **config), data.spec)
        initialise(model, device.generator(0))
        assert set(onnx_files(model.eval(), data)) == written  # each checked against the model


def test_what_onnx_lacks_is_a_sentence() -> None:
    store = Store.default()
    model, examples = store.load("mnist-ppca"), store.examples("mnist-ppca")
    with pytest.raises(OnnxError, match=naming("encode")):
        onnx_files(model, examples)


def test_a_file_that_gives_other_numbers_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    store, model = Store.default(), Store.default().load("digits-vae")
    monkeypatch.setattr("latentlab.export.onnx.TOLERANCE", -1.0)
    with pytest.raises(OnnxError, match=naming("encode")):
        onnx_files(model, store.examples("digits-vae"))


def test_a_model_without_such_a_method_says_so() -> None:
    store = Store.default()
    model, examples = store.load("digits-pixelcnn"), store.examples("digits-pixelcnn")
    with pytest.raises(OnnxError):
        onnx_files(model, examples)
