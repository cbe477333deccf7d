"""Uploaded models: what is taken, what a hostile file may not do, and who can close which."""

from __future__ import annotations

import os
import re
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from latentlab import settings
from latentlab.cli import serve
from latentlab.data import Splits, load
from latentlab.models import Encodes
from latentlab.serialization import RunError
from latentlab.serving import uploaded
from latentlab.serving.functions import ServingError
from latentlab.serving.onnx import given_by_files
from latentlab.serving.server import Server
from latentlab.serving.uploaded import UploadedModels, check_files, conversion
from latentlab.subjects import served
from tests.conftest import naming
from tests.serving.test_onnx import linear

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
SHAPE = (1, 8, 8)


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["my_model.py"], ["my_model.py", "latentlab app --model my_model.py"]),
        (["net.pt"], ["net.pt"]),
        (["net.zip"], ["net.zip", ".onnx"]),
        (["a.onnx.data"], [".onnx"]),
        ([f"{k}.onnx" for k in range(5)], [5, uploaded.MOST_FILES]),
        (["a.onnx", "a.onnx"], [2]),
    ],
)
def test_what_is_no_onnx_is_refused(names: list[str], named: list[Any]) -> None:
    with pytest.raises(ServingError, match=naming(*named)) as refused:
        check_files(names, SHAPE)
    assert len(refused.value.details.splitlines()) == (3 if names == ["net.pt"] else 0)


def test_what_is_onnx_is_taken() -> None:
    check_files(["a.ONNX"], SHAPE)
    check_files(["a.onnx", "a.onnx.data", "b.onnx"], SHAPE)


@pytest.mark.parametrize("suffix", sorted(uploaded.LOADS))
@pytest.mark.filterwarnings("ignore")  # torch's, of the exporter that needs no further package
def test_the_three_lines_write_files_that_open(
    suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: Splits
) -> None:
    def network() -> torch.nn.ModuleDict:
        flat, unflat = torch.nn.Flatten(), torch.nn.Unflatten(1, SHAPE)
        coder = [torch.nn.Sequential(flat, torch.nn.Linear(64, 2)), torch.nn.Sequential(torch.nn.Linear(2, 64), unflat)]
        return torch.nn.ModuleDict(dict(zip(("encoder", "decoder"), coder, strict=True)))

    monkeypatch.chdir(tmp_path)
    theirs, weights = network(), Path(f"w{suffix}")
    state = theirs.state_dict()
    if suffix == ".safetensors":
        safetensors.torch.save_file(state, weights)
    else:
        torch.save({"state_dict": state} if suffix == ".ckpt" else state, weights)
    exec(conversion(weights.name, SHAPE), {"network": network()})
    given = given_by_files([Path("decoder.onnx"), Path("encoder.onnx")], digits.test, "mine")
    x = digits.test.batch(slice(5)).x
    assert given.encode is not None
    assert np.allclose(given.encode(x.numpy()), theirs["encoder"](x).detach(), atol=1e-5)
    assert given.decode is not None
    assert len(given.decode(np.zeros((3, 2), np.float32))) == 3


def outside(path: Path, location: str, *, is_node: bool) -> Path:
    """A file whose matrix lies in another file: of the graph, or of a node."""
    given = onnx.load(linear(path, ["n", 64], np.ones((64, 3))))
    (tensor,) = given.graph.initializer
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(64 * 3 * 4))):
        tensor.external_data.add(key=key, value=value)
    if is_node:
        given.graph.node.insert(0, onnx.helper.make_node("Constant", [], ["w"], value=tensor))
        del given.graph.initializer[:]
    path.write_bytes(given.SerializeToString())
    return path


@pytest.mark.parametrize("is_node", [False, True])
def test_numbers_are_read_beside_the_file_and_nowhere_else(tmp_path: Path, digits: Splits, is_node: bool) -> None:
    numbers = np.arange(192, dtype=np.float32)
    folder = tmp_path / "uploaded"
    folder.mkdir()
    for path in (tmp_path / "secret", folder / "beside"):
        path.write_bytes(numbers.tobytes())
    (folder / "link").symlink_to(tmp_path / "secret")
    for location in ("../secret", str(tmp_path / "secret"), "link", "nothing", "*/_ORT_MEM_ADDR_/*"):
        path = outside(folder / "e.onnx", location, is_node=is_node)
        with pytest.raises(ServingError, match=naming("e.onnx")):
            given_by_files([path], digits.test, "mine")
    given = given_by_files([outside(folder / "e.onnx", "beside", is_node=is_node)], digits.test, "mine")
    assert given.encode is not None
    assert np.allclose(given.encode(np.ones((2, 64), np.float32)), numbers.reshape(64, 3).sum(0))


def test_a_custom_operator_is_named(tmp_path: Path, digits: Splits) -> None:
    given = onnx.load(linear(tmp_path / "a.onnx", ["n", 64], np.ones((64, 3))))
    for domain in ("", "their.own"):
        given.graph.node[0].op_type, given.graph.node[0].domain = "Strange", domain
        if domain:
            given.opset_import.append(onnx.helper.make_opsetid(domain, 1))
        onnx.save(given, str(tmp_path / "a.onnx"))
        with pytest.raises(ServingError, match=re.compile(r"a\.onnx.*Strange")):
            given_by_files([tmp_path / "a.onnx"], digits.test, "mine")


def test_files_that_do_not_answer_as_a_model_are_a_sentence(tmp_path: Path, digits: Splits) -> None:
    h, floats = onnx.helper, onnx.TensorProto.FLOAT
    total = h.make_graph(
        [h.make_node("ReduceSum", ["x"], ["y"], keepdims=0)], "g",
        [h.make_tensor_value_info("x", floats, ["n", 64])], [h.make_tensor_value_info("y", floats, [])],
    )  # fmt: skip
    nothing = h.make_graph(
        [h.make_node("Constant", [], ["y"], value_float=1.0)], "g", [], [h.make_tensor_value_info("y", floats, [])]
    )
    for graph in (total, nothing):
        model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9)
        onnx.save(model, str(tmp_path / "a.onnx"))
        with pytest.raises(ServingError, match=naming("a.onnx")):
            given_by_files([tmp_path / "a.onnx"], digits.test, "mine")
    twice = [linear(tmp_path / f"{name}.onnx", ["n", 64], np.ones((64, 3))) for name in ("a", "b")]
    with pytest.raises(ServingError, match=naming("a.onnx", "b.onnx")):
        given_by_files(twice, digits.test, "mine")


def test_an_app_for_looking_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.Popen", None)  # would fail if it were called
    monkeypatch.setenv(settings.READ_ONLY, "1")
    with pytest.raises(RunError) as refused:
        UploadedModels().open("me", {"a.onnx": b""}, "digits", "Mine")
    assert str(refused.value) == settings.FOR_LOOKING


class Quiet:
    """A process that was opened under a name, and does nothing."""

    n = 0

    def __init__(self, *_: object) -> None:
        Quiet.n += 1
        self.id, self.is_running = f"model-{Quiet.n}", True
        self.opened: Future[str] = Future()
        self.opened.set_result(self.id)

    def stop(self) -> None:
        self.is_running = False


def test_each_visitor_has_few_and_all_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploaded, "ServingProcess", Quiet)
    models = UploadedModels()
    files = {"a.onnx": b"x"}
    mine = [models.open("me", files, "digits", "Mine") for _ in range(uploaded.MOST_OF_ONE)]
    with pytest.raises(ServingError, match=naming(uploaded.MOST_OF_ONE)):
        models.open("me", files, "digits", "Mine")
    assert models.is_owner("me", mine[0].id)
    assert not models.is_owner("you", mine[0].id)
    models.close(mine[0].id)
    assert not models.is_here(mine[0].id)
    assert models.is_here(mine[1].id)
    for k in range(uploaded.MOST - uploaded.MOST_OF_ONE + 1):
        models.open(f"visitor {k}", files, "digits", "Theirs")
    with pytest.raises(ServingError, match=naming(uploaded.MOST)):
        models.open("me", files, "digits", "Mine")
    monkeypatch.setattr(uploaded, "MOST_BYTES", 0)
    with pytest.raises(ServingError):
        UploadedModels().open("me", files, "digits", "Mine")


def test_one_that_nobody_uses_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path))
    monkeypatch.setattr(uploaded, "_limit_memory", lambda: None)  # it would be that of the tests
    encoder = linear(tmp_path / "a.onnx", ["n", 64], np.ones((64, 3)))
    server = Server(uploaded.model([encoder], "digits", "Mine"), is_uploaded=True)
    (own,) = served()
    assert own.is_uploaded
    own.examples()
    monkeypatch.setattr(serve, "EVERY", 0.01)
    monkeypatch.setattr(uploaded, "UNUSED", 0.02)
    read, write = os.pipe()
    with os.fdopen(read) as stdin, os.fdopen(write, "w"):
        monkeypatch.setattr("sys.stdin", stdin)
        serve._wait(server)
        server.stop()
        assert served() == []


@pytest.mark.slow
def test_a_process_opens_files_with_limited_memory_and_ends_when_it_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    weight = np.random.default_rng(0).normal(size=(64, 3))
    encoder = linear(tmp_path / "a.onnx", ["n", 1, 8, 8], weight, flatten=True).read_bytes()
    decoder = linear(tmp_path / "b.onnx", ["n", 3], weight.T, out=[1, 8, 8]).read_bytes()
    models = UploadedModels()
    process = models.open("me", {"a.onnx": encoder, "b.onnx": decoder}, "digits", "Mine")
    greedy = onnx.helper.make_graph(
        [
            onnx.helper.make_node("ConstantOfShape", ["s"], ["big"]),
            onnx.helper.make_node("ReduceSum", ["big"], ["t"]),
            onnx.helper.make_node("Add", ["x", "t"], ["y"]),
        ],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["n", 64])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [onnx.numpy_helper.from_array(np.array([uploaded.MOST_MEMORY // 2], np.int64), "s")],
    )
    large = onnx.helper.make_model(greedy, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=9)
    other = models.open("you", {"g.onnx": large.SerializeToString()}, "digits", "Large")
    assert process.opened.result(120)
    with pytest.raises(ServingError, match=naming("g.onnx")):
        other.opened.result(120)
    (own,) = served()
    assert (own.title, own.dataset, own.is_uploaded) == ("Mine", "digits", True)
    x = load("digits").test.batch(slice(4)).x
    opened = own.model()
    assert isinstance(opened, Encodes)
    assert np.allclose(opened.encode(x), x.flatten(1).numpy() @ weight, atol=1e-4)
    models.close(process.id)
    assert not process.is_running
    assert served() == []
