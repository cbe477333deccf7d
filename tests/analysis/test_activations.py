"""Reading codes and layers against running the model at once."""

from __future__ import annotations

import pickle
import threading
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab.analysis.activations import activations, encode_all, layer_names, observed
from tests.conftest import naming

X = torch.randint(0, 256, (23, 1, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
FLOATS = X.float() / 255


class Net(nn.Module):
    """A convolution that works in place on what it gave, a linear layer, and one that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.front = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.Flatten())
        self.head = nn.Linear(12, 5)
        self.unused = nn.Linear(1, 1)
        self.pair = Pair()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.front(x))
        self.pair(out)
        return out


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


@pytest.fixture
def net() -> Net:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Net().eval()


def n_hooks(model: nn.Module) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


@pytest.mark.parametrize("batch", [1, 7, 23, 1_000])
def test_codes_are_those_of_all_examples_at_once(net: Net, batch: int) -> None:
    expected = net(FLOATS).detach().numpy()
    read_only = X.numpy().copy()
    read_only.setflags(write=False)
    for x in (X, read_only, FLOATS, FLOATS.double().numpy()):
        codes = encode_all(net, x, batch)
        assert codes.dtype == np.float32
        np.testing.assert_allclose(codes, expected, atol=1e-6)


def test_encoding_holds_no_gradients_and_no_more_than_a_chunk() -> None:
    sizes = []

    def encode(x: Tensor) -> Tensor:
        assert not torch.is_grad_enabled()
        sizes.append(len(x))
        return x

    assert encode_all(encode, X, 10).shape == (23, 16)
    assert sizes == [10, 10, 3]
    assert torch.is_grad_enabled()


def test_the_examples_are_left_as_they_are() -> None:
    x = FLOATS.clone()
    encode_all(lambda part: part.mul_(2), X)
    encode_all(lambda part: part + 1, x)
    assert torch.equal(x, FLOATS)


def test_activations_are_what_the_layers_gave(net: Net) -> None:
    found = activations(net, X, ["front.0", "front.1", "head"], batch=7)
    convolved = net.front[0](FLOATS)
    expected = {"front.0": convolved, "front.1": convolved.relu(), "head": net(FLOATS)}
    assert list(found) == list(expected)
    for name, values in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_allclose(found[name], values.detach().flatten(1).numpy(), atol=1e-6)
    assert (found["front.0"] < 0).any()  # what follows works in place, and is not what was requested
    assert n_hooks(net) == 0


def test_any_way_through_the_model_will_do(net: Net) -> None:
    found = activations(net, X, ["front"], forward=net.front)
    np.testing.assert_allclose(found["front"], net.front(FLOATS).detach().numpy(), atol=1e-6)


def test_a_layer_that_runs_twice_gives_its_last(net: Net) -> None:
    found = activations(net, X, ["front"], forward=lambda x: (net.front(x), net.front(0 * x)))
    assert (found["front"] == found["front"][:1]).all()


def test_an_unknown_layer_is_answered_with_those_there_are(net: Net) -> None:
    assert layer_names(net) == ("front", "front.0", "front.1", "front.2", "head", "unused", "pair")
    with pytest.raises(ValueError, match=naming("tail", *layer_names(net))):
        activations(net, X, ["head", "tail"])
    assert n_hooks(net) == 0


@pytest.mark.parametrize(
    ("layers", "named"),
    [(["head", "unused"], "unused"), (["pair"], "pair")],
)
def test_what_has_no_activations_is_refused_and_the_hooks_are_gone(net: Net, layers: list[str], named: str) -> None:
    with pytest.raises(ValueError, match=naming(named)):
        activations(net, X, layers)
    assert n_hooks(net) == 0


def test_hooks_are_gone_when_the_model_fails(net: Net) -> None:
    with pytest.raises(RuntimeError):
        activations(net, torch.zeros(3, 2, 4, 4), ["front.0"])
    assert n_hooks(net) == 0


def test_no_examples_and_a_code_for_nobody_are_refused(net: Net) -> None:
    with pytest.raises(ValueError, match="examples"):
        encode_all(net, X[:0])
    with pytest.raises(ValueError, match="examples"):
        activations(net, X[:0], ["head"])
    with pytest.raises(ValueError, match="encoder"):
        encode_all(lambda x: x[:1], X)


def test_another_thread_in_the_same_model_is_not_noted(net: Net) -> None:
    def forward(x: Tensor) -> Tensor:
        out: Tensor = net(x)
        other = threading.Thread(target=net, args=(1 - x,))
        other.start()
        other.join()
        return out

    np.testing.assert_allclose(
        activations(net, X, ["head"], forward=forward)["head"], net(FLOATS).detach().numpy(), atol=1e-6
    )


def test_a_model_that_is_looked_at_can_be_sent_to_another_process_and_is_not_noted_there(net: Net) -> None:
    noted = list[nn.Module]()
    with observed(net.children(), lambda module, _inputs, _output: noted.append(module)):
        sent = pickle.loads(ForkingPickler.dumps(net))
        x = FLOATS[:2]
        assert sent(x).equal(net(x))
    assert noted
    assert {*noted} <= {*net.children()}
