"""Every parameter comes from the given generator, or is refused."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from latentlab import device
from latentlab.nn.initialise import Drawn, initialise

KNOWN: list[nn.Module] = [
    nn.Linear(5, 4),
    nn.Conv1d(3, 4, 5, groups=1),
    nn.Conv2d(4, 6, 3, groups=2),
    nn.Conv3d(2, 3, 2),
    nn.ConvTranspose1d(3, 4, 5),
    nn.ConvTranspose2d(3, 4, 5),
    nn.LSTM(3, 4, num_layers=2, bidirectional=True),
    nn.GRU(3, 4),
    nn.RNN(3, 4, bias=False),
    nn.LSTMCell(3, 4),
    nn.GRUCell(3, 4),
    nn.Embedding(7, 3),
]


def parameters(module: nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def name_of(module: nn.Module) -> str:
    return type(module).__name__


@pytest.mark.parametrize("module", KNOWN, ids=name_of)
def test_the_generator_decides_every_parameter(module: nn.Module) -> None:
    before = torch.get_rng_state()
    initialise(module, device.generator(3))
    first = parameters(module)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(torch.nan)
    initialise(module, device.generator(3))
    assert torch.equal(parameters(module), first)
    initialise(module, device.generator(4))
    assert not bool((parameters(module) == first).any())
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("module", KNOWN, ids=name_of)
def test_the_spread_is_that_of_pytorchs_own_start(module: nn.Module) -> None:
    initialise(module, device.generator(0))
    ours = [parameter.detach().clone() for parameter in module.parameters()]
    largest = [torch.zeros(()) for _ in ours]
    with torch.random.fork_rng():
        for _ in range(200):  # the largest of many draws of PyTorch's own is close to its bound
            for layer in module.modules():
                layer.reset_parameters()  # type: ignore[operator]
            largest = [
                torch.maximum(top, parameter.detach().abs().max())
                for top, parameter in zip(largest, module.parameters(), strict=True)
            ]
    for parameter, top in zip(ours, largest, strict=True):
        if isinstance(module, nn.Embedding):
            continue
        assert float(parameter.abs().max()) <= float(top) * 1.01
        if parameter.numel() > 20:
            assert float(parameter.std()) == pytest.approx(float(top) / math.sqrt(3), rel=0.25)


def test_an_embedding_is_standard_normal_and_its_padding_zero() -> None:
    layer = nn.Embedding(2_000, 10, padding_idx=3)
    initialise(layer, device.generator(0))
    rest = torch.cat([layer.weight[:3], layer.weight[4:]]).detach()
    assert float(layer.weight[3].detach().abs().sum()) == 0
    assert float(rest.mean()) == pytest.approx(0, abs=0.03)
    assert float(rest.std()) == pytest.approx(1, abs=0.03)


def test_a_normalisation_starts_as_the_identity() -> None:
    layer = nn.BatchNorm1d(3)
    with torch.no_grad():
        layer.weight.fill_(5)
    initialise(layer, device.generator(0))
    assert layer.weight.tolist() == [1, 1, 1]
    assert layer.bias.tolist() == [0, 0, 0]


class Raw(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(2))


class Own(Raw, Drawn):
    def draw(self, rng: torch.Generator) -> None:
        with torch.no_grad():
            self.scale.copy_(torch.rand(2, generator=rng))


@pytest.mark.parametrize(("module", "named"), [(Raw(), "scale"), (nn.MultiheadAttention(4, 2), "in_proj_weight")])
def test_what_is_not_known_is_refused_by_its_name(module: nn.Module, named: str) -> None:
    with pytest.raises(TypeError, match=named):
        initialise(nn.Sequential(nn.Linear(2, 2), module), device.generator(0))


def test_a_module_may_say_itself_how_it_starts() -> None:
    module = nn.Sequential(Own())
    initialise(module, device.generator(5))
    assert parameters(module).tolist() == torch.rand(2, generator=device.generator(5)).tolist()
