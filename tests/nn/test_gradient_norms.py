"""Lengths of single examples' gradients, against a backward pass for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.nn.gradient_norms import (
    DENSE,
    EXACT,
    LAST,
    NAIVE,
    GradientNorms,
    _correlated,
    _matrix,
    _patches,
    _slopes,
    _Used,
    depends_on_others,
)


def separately(module: nn.Module, losses: Callable[..., Tensor], *examples: Tensor) -> Tensor:
    """(B,): a backward pass for each example."""
    found = []
    for k in range(len(examples[0])):
        value = losses(*(one[k : k + 1] for one in examples)).sum()
        parts = torch.autograd.grad(value, list(module.parameters()), allow_unused=True, materialize_grads=True)
        found.append(torch.cat([part.flatten() for part in parts]).norm())
    return torch.stack(found)


class Tied(nn.Module):
    """An autoencoder that uses its weights a second time, outside of their layer."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.inner(x).tanh() @ self.inner.weight
        return out


class Branching(nn.Module):
    """A scale of its own, and a branch that no transformation of a function can follow."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale if float(x.detach().sum()) > 0 else x * self.scale.square()


NETWORKS: dict[str, list[nn.Module]] = {
    "by_layer": [
        nn.Sequential(nn.Linear(6, 11), nn.ReLU(), nn.Linear(11, 9), nn.Tanh(), nn.Linear(9, 4, bias=False)),
        nn.Sequential(
            nn.Unflatten(1, (1, 2, 3)), nn.Conv2d(1, 3, 2, stride=(1, 2), padding=1), nn.ReLU(),
            nn.Conv2d(3, 2, 3, padding=2, dilation=2, bias=False), nn.Flatten(), nn.LazyLinear(4),
        ),
        nn.Sequential(nn.Unflatten(1, (3, 2)), nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 2), nn.Flatten()),
    ],
    "by_vmap": [nn.Sequential(nn.Linear(6, 5), nn.LayerNorm(5), nn.Linear(5, 4)), Tied()],
    "one_by_one": [Branching()],
}  # fmt: skip


@pytest.mark.parametrize(("channels", "knobs"), [
    (1, {"kernel_size": 5, "padding": 2}), (2, {"kernel_size": (3, 2), "stride": (2, 3)}),
    (9, {"kernel_size": 4, "dilation": (1, 2), "padding": (3, 1)}), (9, {"kernel_size": 3}), (3, {"kernel_size": 1}),
])  # fmt: skip
def test_a_convolution_is_correlated_as_its_patches_are_multiplied(channels: int, knobs: dict[str, Any]) -> None:
    torch.manual_seed(0)
    layer, x = nn.Conv2d(channels, 4, **knobs).double(), torch.randn(5, channels, 9, 11, dtype=torch.float64)
    used = _Used(layer, x, torch.randn_like(layer(x)).detach())
    wanted = _slopes(used) @ _patches(used).mT
    torch.testing.assert_close(_correlated(layer, x, used.slope), wanted, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(_matrix(used), wanted, rtol=1e-12, atol=1e-12)


def test_shortcuts_are_the_formulas_that_the_source_names() -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Unflatten(1, (1, 2, 3)), nn.Conv2d(1, 3, 2, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(36, 5), nn.Tanh(),
        nn.Linear(5, 4, bias=False),
    ).double()  # fmt: skip
    x, y = torch.randn(7, 6, dtype=torch.float64), torch.arange(7) % 4

    def losses(x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(network(x), y, reduction="none")

    found = GradientNorms(network, losses).shortcuts(x, y)
    assert found[EXACT].numpy() == pytest.approx(separately(network, losses, x, y).numpy(), rel=1e-12)
    for name, k in ((DENSE, 4), (LAST, 6)):
        own = separately(network[k:], losses, x, y)
        assert found[name].numpy() == pytest.approx(own.numpy(), rel=1e-12)
    out = network[:2](x)
    (slope,) = torch.autograd.grad(F.cross_entropy(network[2:](out), y, reduction="sum"), out)
    conv = slope.square().sum((1, 2, 3)) * (x.square().sum(1) + 1)
    assert found[NAIVE].square().numpy() == pytest.approx((found[DENSE].square() + conv).detach().numpy(), rel=1e-12)
    tied = Tied().double()
    other = GradientNorms(tied, lambda x: tied(x).square().sum(1))
    with pytest.raises(ValueError, match="layers"):
        other.shortcuts(x)


@pytest.mark.parametrize(("way", "network"), [(way, one) for way, found in NETWORKS.items() for one in found])
def test_every_way_gives_the_lengths_of_separate_passes(way: str, network: nn.Module) -> None:
    torch.manual_seed(0)
    x = torch.randn(13, 6, dtype=torch.float64)
    y = torch.arange(13) % 4
    network.double()
    network(x[:1])  # a lazy layer learns its size

    def losses(x: Tensor, y: Tensor) -> Tensor:
        return F.cross_entropy(network(x)[:, :4], y, reduction="none")

    norms = GradientNorms(network, losses)
    network.requires_grad_(True)
    expected = separately(network, losses, x, y)
    assert norms(x, y).detach().numpy() == pytest.approx(expected.numpy(), rel=1e-12)
    assert norms._passes == getattr(norms, way)
    assert not depends_on_others(losses, x, y)
    assert depends_on_others(lambda x, y: losses(x - x.mean(0), y), x, y)
    network.requires_grad_(False)
    frozen = GradientNorms(network, losses)
    assert frozen(x, y).numpy() == pytest.approx(expected.numpy(), rel=1e-12)
    assert frozen._passes == getattr(frozen, way)
    assert not any(p.requires_grad for p in network.parameters())


def test_noise_is_drawn_anew_for_each_example() -> None:
    network = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    rng = torch.Generator().manual_seed(0)

    def losses(x: Tensor) -> Tensor:
        out: Tensor = network(x + torch.randn(x.shape, generator=rng))
        return (out - 1).pow(3).sum(1)

    assert len(set(GradientNorms(network, losses)(torch.zeros(6, 3)).tolist())) == 6
    layers = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))

    def noisy(x: Tensor) -> Tensor:
        out: Tensor = layers(x + torch.randn(x.shape, generator=rng))
        return out.square().sum(1)

    norms = GradientNorms(layers, noisy)
    norms(torch.zeros(6, 3))
    assert norms._passes == norms.by_layer
