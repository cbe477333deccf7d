"""A decoder of style and class told as plain steps computes what the model does, or is refused with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.conditional.analogies import DecodeAs
from latentlab.data import Kind
from latentlab.export.class_decoder import OTHER, unroll_as
from latentlab.export.decoder import ProgramError
from latentlab.export.program import Program
from latentlab.models import MODELS, Conditional, Spec
from latentlab.models.parts.conditional_vae import ConditionalVAE
from latentlab.models.semi_supervised.m1_m2 import M1M2
from latentlab.models.semi_supervised.sdgm import SDGM
from latentlab.models.vae.cvae import CVAE
from latentlab.nn.batch_norm import BatchNorm
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import JointMLP
from latentlab.runs.run import Run
from latentlab.runs.store import SHIPPED, Store

K, D, HIDDEN = 4, 3, 24
Module = TypeVar("Module", bound=nn.Module)
VAE = TypeVar("VAE", bound=ConditionalVAE)
TOLD = [kind for kind in MODELS.values() if issubclass(kind, ConditionalVAE)]


def drawn(module: Module) -> Module:
    """The module with parameters and running averages as if it had been trained."""
    initialise(module, device.generator(0))
    for i, norm in enumerate(part for part in module.modules() if isinstance(part, BatchNorm)):
        norm.mean.uniform_(-1, 1, generator=device.generator(4 * i + 1))
        norm.variance.uniform_(0.5, 2, generator=device.generator(4 * i + 2))
        nn.init.uniform_(norm.scale, 0.5, 2, generator=device.generator(4 * i + 3))
        nn.init.uniform_(norm.shift, -1, 1, generator=device.generator(4 * i + 4))
    return module.eval()


def model(kind: type[VAE], **knobs: bool | int | str) -> VAE:
    return drawn(kind(kind.Config(z_dim=D, hidden=HIDDEN, **knobs), Spec((1, 5, 6), K, Kind.IMAGE)))


def agrees(program: Program, decode: DecodeAs, n: int, z_dim: int, k: int, atol: float) -> None:
    """The program computes what the decoder does, for n codes that it hasn't seen."""
    z, y = torch.randn(n, z_dim, generator=device.generator(5)), torch.arange(n) % k
    with torch.no_grad():
        expected = decode(z, y)
    torch.testing.assert_close(program.run(torch.cat([z, F.one_hot(y, k).float()], 1)), expected, atol=atol, rtol=0)
    with torch.no_grad():
        assert decode(z[:1], y[:1]).ne(decode(z[:1], y[1:2])).any()


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("batch_norm", [False, True])
@pytest.mark.parametrize("kind", TOLD)
def test_it_computes_what_the_model_does_in_every_class(
    kind: type[ConditionalVAE], batch_norm: bool, layers: int
) -> None:
    built = model(kind, batch_norm=batch_norm, layers=layers)
    program = unroll_as(built.decode, built, D, K)
    assert (program.z_dim, program.shape) == (D + K, (1, 5, 6))
    agrees(program, built.decode, 40, D, K, atol=4e-3)


@pytest.mark.parametrize("kind", [CVAE, SDGM])
@pytest.mark.parametrize("likelihood", ["gaussian", "continuous-bernoulli", "real-gaussian"])
def test_every_likelihood_has_its_mean(kind: type[ConditionalVAE], likelihood: str) -> None:
    built = model(kind, likelihood=likelihood)
    agrees(unroll_as(built.decode, built, D, K), built.decode, 40, D, K, atol=4e-3)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_it_holds_no_number_more_than_its_networks(batch_norm: bool) -> None:
    sdgm, stacked = model(SDGM, a_dim=7, batch_norm=batch_norm), model(M1M2, z1_dim=7, batch_norm=batch_norm)
    for built, networks in ((sdgm, (sdgm.p_a, sdgm.p_x)), (stacked, (stacked.p_z1, stacked.p_x))):
        program = unroll_as(built.decode, built, D, K)
        n = sum(parameter.numel() for network in networks for parameter in network.parameters())
        unused = 7 * (HIDDEN + 1)  # what gives the deviation of the variable between them
        assert sum(array.size for step in program.steps for array in step.arrays) == n - unused


@pytest.mark.parametrize("run", Store(SHIPPED).runs(Conditional), ids=lambda run: str(run.id))
def test_every_shipped_decoder_is_told_exactly(run: Run) -> None:
    built = Store(SHIPPED).load(run.id)
    assert isinstance(built, Conditional)
    k, d = len(run.classes), built.z_dim
    agrees(unroll_as(built.decode, built, d, k), built.decode, 200, d, k, atol=8e-3)


class Three(nn.Module):
    """Three networks in a row that take what they take in another order, and not all of it."""

    def __init__(self) -> None:
        super().__init__()
        self.first = JointMLP([K], [HIDDEN], 10)
        self.second = JointMLP([D, 6], [HIDDEN, HIDDEN], 8, batch_norm=True)
        self.third = JointMLP([K, 8, D, D], [HIDDEN], 12)

    def decode(self, z: Tensor, y: Tensor) -> Tensor:
        one_hot = F.one_hot(y, K).float()
        h = self.second(z, self.first(one_hot)[:, :6])
        out: Tensor = self.third(one_hot.clone(), h, z, z)
        return out.sigmoid().reshape(-1, 3, 4)


def test_networks_may_take_what_is_there_in_any_order() -> None:
    built = drawn(Three())
    agrees(unroll_as(built.decode, built, D, K), built.decode, 40, D, K, atol=4e-3)


def test_what_is_more_than_its_networks_is_refused() -> None:
    built = model(CVAE)

    def both(z: Tensor, y: Tensor) -> Tensor:
        return (built.decode(z, y) + built.decode(-z, y)) / 2

    def of_none(z: Tensor, y: Tensor) -> Tensor:
        return z @ torch.ones(D, 30) + y[:, None]

    for decode in (both, of_none, lambda z, y: built.decode(z.clamp(-9, 9), y)):
        with pytest.raises(ProgramError, match=re.escape(OTHER)):
            unroll_as(decode, built, D, K)
    with pytest.raises(ProgramError) as caught:
        unroll_as(lambda z, y: built.decode(z, y) ** 2, built, D, K)
    assert str(caught.value) != OTHER


BETWEEN: dict[str, Callable[[SDGM, Tensor, Tensor, Tensor], Tensor]] = {
    "a mean that is kept in bounds": lambda m, z, y, out: m.p_x(z, y, out[:, :5].clamp(-99, 99)),
    "a mean to a power": lambda m, z, y, out: m.p_x(z, y, out[:, :5] ** 2),
    "the deviation": lambda m, z, y, out: m.p_x(z, y, out[:, 5:]),
    "every other output": lambda m, z, y, out: m.p_x(z, y, out[:, ::2]),
    "another style": lambda m, z, y, out: m.p_x(2 * z, y, out[:, :5]),
    "a softened class": lambda m, z, y, out: m.p_x(z, y.softmax(1), out[:, :5]),
    "no mean": lambda m, z, y, out: m.p_x(z, y, torch.zeros(len(out), 5)),
    "a second network of z and y": lambda m, z, y, out: m.p_x(
        z, y, out[:, :5] + 0 * m.p_a(z, y)[:, :5]
    ),
}  # fmt: skip


@pytest.mark.parametrize("between", BETWEEN)
def test_what_happens_between_two_networks_is_refused(between: str) -> None:
    built = model(SDGM, a_dim=5)

    def decode(z: Tensor, y: Tensor) -> Tensor:
        one_hot = built.one_hot(y)
        return built.mean(BETWEEN[between](built, z, one_hot, built.p_a(z, one_hot)))

    with pytest.raises(ProgramError, match=re.escape(OTHER)):
        unroll_as(decode, built, D, K)


def test_a_sum_over_two_networks_is_refused() -> None:
    built = model(SDGM, a_dim=30)

    def decode(z: Tensor, y: Tensor) -> Tensor:
        a = built.p_a(z, built.one_hot(y))[:, :30]
        return built.mean(built.p_x(z, built.one_hot(y), a) + a)

    with pytest.raises(ProgramError) as caught:
        unroll_as(decode, built, D, K)
    assert str(caught.value) != OTHER


def test_every_class_is_looked_at() -> None:
    k = 30
    built = drawn(CVAE(CVAE.Config(z_dim=D, hidden=HIDDEN), Spec((1, 5, 6), k, Kind.IMAGE)))
    agrees(unroll_as(built.decode, built, D, k), built.decode, 60, D, k, atol=4e-3)
    with pytest.raises(ProgramError, match=re.escape(OTHER)):
        unroll_as(lambda z, y: built.decode(z, y.clamp(max=k - 2)), built, D, k)
