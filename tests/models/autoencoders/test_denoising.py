"""Denoising and contracting autoencoders against autograd, closed forms and the Gaussian case, where all is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.func import jacrev, vmap

from latentlab import device
from latentlab.analysis.jacobian import jacobian
from latentlab.data import Batch, Dataset, Kind, Splits
from latentlab.models import Denoises, Spec
from latentlab.models.autoencoders.cae import CAE
from latentlab.models.autoencoders.dae import DAE
from latentlab.models.autoencoders.rcae import RCAE
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import Kinked, Kinks
from latentlab.training.config import TrainConfig
from latentlab.training.loop import train
from tests.conftest import naming

pytestmark = pytest.mark.training

FORMS = ("free", "residual", "tied", "energy")
KINDS = [
    *[pytest.param(DAE, {"form": form, "layers": layers}, id=f"dae-{form}-{layers}") for form in FORMS
      for layers in ((1,) if form == "tied" else (1, 3))],
    pytest.param(CAE, {}, id="cae"),
    pytest.param(RCAE, {}, id="rcae"),
]  # fmt: skip


def build(kind: type[Any], n: int = 3, **config: Any) -> Any:
    model = kind(kind.Config(hidden=16, **config), Spec((n,), 1, Kind.VECTOR))
    initialise(model, device.generator(0))
    return model.double().eval()


def some(b: int = 6, n: int = 3) -> Batch:
    x = torch.randn(b, n, generator=device.generator(1), dtype=torch.float64)
    return Batch(x, torch.zeros(b, dtype=torch.int64), torch.ones(b))


def jacobians(model: Denoises, x: Tensor) -> Tensor:
    """(B, n, n) by reverse mode, an example at a time."""
    found: Tensor = vmap(jacrev(lambda one: model.denoise(one.unsqueeze(0)).squeeze(0)))(x)
    return found


@pytest.mark.parametrize(("kind", "config"), KINDS)
def test_the_jacobian_is_the_same_forwards_and_backwards(kind: type[Any], config: dict[str, Any]) -> None:
    model, x = build(kind, **config), some().x
    torch.testing.assert_close(jacobian(model.denoise, x), jacobians(model, x))


@pytest.mark.parametrize(("kind", "config"), KINDS)
def test_only_what_is_a_gradient_has_a_symmetric_jacobian(kind: type[Any], config: dict[str, Any]) -> None:
    model = build(kind, **config)
    found = jacobians(model, some().x)
    asymmetry = (found - found.mT).abs().max()
    conservative = kind is CAE or config.get("form") in ("tied", "energy")
    assert (asymmetry < 1e-10) if conservative else (asymmetry > 1e-3)


def test_the_energy_of_tied_weights_is_a_sum_of_log_cosh() -> None:
    model, x = build(DAE, form="tied", sigma=0.3), some().x.requires_grad_()
    w, b, c = model.network.into.weight, model.network.into.bias, model.network.c + 0.2
    model.network.c.data.fill_(0.2)
    energy = (x.square().sum(1) / 2 - x @ c - torch.log(torch.cosh(x @ w.T + b)).sum(1)) / 0.3**2
    (gradient,) = torch.autograd.grad(energy.sum(), x)
    torch.testing.assert_close((model.denoise(x) - x).detach() / 0.3**2, -gradient)


@pytest.mark.parametrize("layers", [1, 3])
def test_the_step_of_an_energy_is_its_gradient(layers: int) -> None:
    model, x = build(DAE, form="energy", layers=layers), some().x.requires_grad_()
    (gradient,) = torch.autograd.grad(model.network(x).sum(), x)
    torch.testing.assert_close(model.network.gradient(x), gradient)
    torch.testing.assert_close(model.denoise(x), x - 0.1 * gradient)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("sigma", [0.03, 0.5])
def test_the_loss_is_that_of_denoising_score_matching(form: str, sigma: float) -> None:
    model, batch = build(DAE, form=form, sigma=sigma), some()
    (loss,) = model.losses(batch, device.generator(2))
    noisy, _ = model.corrupt(batch.x, device.generator(2))
    score = (model.denoise(noisy) - noisy) / sigma**2
    matching = (score - (batch.x - noisy) / sigma**2).square().sum(1)  # ∇ log q(noisy | clean)
    torch.testing.assert_close(matching * sigma**4, loss.terms["squared error"])
    torch.testing.assert_close(matching * sigma**2, loss.value)


@pytest.mark.parametrize("steps", ["all", "last"])
@pytest.mark.parametrize("n_steps", [1, 2, 5])
def test_walkback_trains_on_the_steps_of_its_own_chain(n_steps: int, steps: str) -> None:
    """With r(x) = a x and x_0 = 1: x̃_(k+1) = a x̃_k + σ (ε + ε'), so that all means and variances are known."""
    a, sigma, n, mean, variance, wanted = 0.8, 0.5, 40_000, 1.0, 0.5**2, 0.0
    model = build(DAE, 2, sigma=sigma, walkback=n_steps, steps=steps)
    model.denoise = lambda x: a * x
    batch = Batch(torch.ones(n, 2, dtype=torch.float64), torch.zeros(n, dtype=torch.int64), torch.ones(n))
    for _ in range(n_steps):
        at_step = 2 * ((a * mean - 1) ** 2 + a**2 * variance) / sigma**2
        wanted = at_step if steps == "last" else wanted + at_step / n_steps
        mean, variance = a * mean, a**2 * variance + 2 * sigma**2
    (loss,) = model.losses(batch, device.generator(2))
    assert float(loss.value.mean()) == pytest.approx(wanted, abs=5 * float(loss.value.std()) / math.sqrt(n))
    noisy, _ = model.corrupt(batch.x, device.generator(2))
    first = (a * noisy - batch.x).square().sum(1)
    assert torch.equal(loss.terms["squared error"], first) is (n_steps == 1)


@pytest.mark.parametrize(
    ("config", "slope"),
    [({}, -1.98), ({"noise_schedule": "falling"}, -1.98), ({"noise_schedule": "mixed"}, -3.46)],
)
def test_only_noise_of_one_size_makes_a_score(config: dict[str, Any], slope: float) -> None:
    """Of N(0, 1): the best r for what `corrupt` draws, about x = 2, by the clean examples that came there."""
    sigma, n = 0.1, 4_000_000
    model = build(DAE, 1, sigma=sigma, sigma_far=1.0, **config)
    clean = torch.randn(n, 1, generator=device.generator(8), dtype=torch.float64)
    noisy, std = model.corrupt(clean, device.generator(9))
    near = (noisy[:, 0] - 2).abs() < 0.1
    step, weight = (clean - noisy)[near, 0], std[near].square().reciprocal()
    found = float((weight * step).sum() / weight.sum()) / sigma**2
    assert found == pytest.approx(slope, abs=0.2)
    assert bool(model.no_score) is (abs(found + 2 / (1 + sigma**2)) > 0.5)


def test_what_is_no_score_says_why() -> None:
    for config in ({"noise": "masking"}, {"noise": "salt-and-pepper"}, {"walkback": 5}):
        assert build(DAE, **config).no_score
    assert build(CAE).no_score
    assert not build(RCAE).no_score


def test_the_penalties_are_the_jacobians_norms() -> None:
    batch = some()
    cae, rcae = build(CAE), build(RCAE)
    (loss,) = cae.losses(batch, device.generator(0))
    of_the_code = vmap(jacrev(lambda one: cae.code(one.unsqueeze(0)).squeeze(0)))(batch.x)
    torch.testing.assert_close(loss.terms["contraction"], of_the_code.square().sum((1, 2)))
    (loss,) = rcae.losses(batch, device.generator(0))
    exact = jacobians(rcae, batch.x).square().sum((1, 2))
    torch.testing.assert_close(loss.terms["contraction"], exact)
    error = (rcae.denoise(batch.x) - batch.x).square().sum(1)
    torch.testing.assert_close(loss.value, error / 0.1**2 + exact)


def test_a_sigmoid_output_has_the_cross_entropy_of_the_source() -> None:
    cae = CAE(CAE.Config(hidden=16, sigma=0.5, output="sigmoid"), Spec((1, 2, 3), 1, Kind.IMAGE))
    initialise(cae, device.generator(0))
    x = torch.rand(5, 1, 2, 3, generator=device.generator(1))
    (loss,) = cae.losses(Batch(x, torch.zeros(5, dtype=torch.int64), torch.ones(5)), device.generator(2))
    r = torch.sigmoid(cae.c + cae.code(x) @ cae.into.weight).reshape(x.shape)
    torch.testing.assert_close(cae.denoise(x), r)
    entropy = F.binary_cross_entropy(r, x, reduction="none").flatten(1).sum(1)
    torch.testing.assert_close(loss.value, entropy / 0.5**2 + loss.terms["contraction"])
    torch.testing.assert_close(loss.terms["squared error"], (r - x).square().flatten(1).sum(1))
    with pytest.raises(ValueError, match=naming("linear")):
        build(CAE, output="sigmoid")


def test_hutchinsons_estimate_is_right_on_average() -> None:
    exact, estimated = build(RCAE), build(RCAE, penalty="hutchinson")
    h = torch.tanh(exact.into(some().x))
    n = 20_000
    draws = estimated.contraction(h.repeat_interleave(n, 0), device.generator(3)).reshape(-1, n)
    wanted = exact.contraction(h, device.generator(3))
    assert ((draws.mean(1) - wanted).abs() < 5 * draws.std(1) / math.sqrt(n)).all()
    assert draws.std(1).min() > 0.01 * wanted.min()


@pytest.mark.parametrize(("kind", "epochs"), [(DAE, 30), (RCAE, 30)])
def test_on_gaussian_data_the_optimum_is_known(kind: type[Any], epochs: int) -> None:
    stds, sigma = torch.tensor([1.0, 0.3]), 0.4
    x = stds * torch.randn(12_000, 2, generator=device.generator(5))
    data = Dataset("gaussian", x, torch.zeros(len(x), dtype=torch.int64), ("data",), Kind.PLANE)
    model = kind(kind.Config(hidden=64, sigma=sigma, slope=1.0, reach=2.0), Spec((2,), 1, Kind.PLANE))
    initialise(model, device.generator(0))
    for _ in train(model, Splits(data[:10_000], data[10_000:], data[10_000:]), TrainConfig(epochs, 200, 5e-3)):
        pass
    at = stds * torch.randn(500, 2, generator=device.generator(6))
    wanted = at * stds**2 / (stds**2 + sigma**2)  # r(x) = S (S + σ² I)⁻¹ x, both for noise and for the penalty
    assert (model.denoise(at) - wanted).square().mean().sqrt() < 0.06 * (wanted - at).square().mean().sqrt()
    hessian = (jacobian(model.denoise, torch.zeros(1, 2))[0] - torch.eye(2)) / sigma**2
    torch.testing.assert_close(hessian, torch.diag(-1 / (stds**2 + sigma**2)), rtol=0, atol=0.4)


def test_noise_is_as_large_as_it_says() -> None:
    x, rng = torch.zeros(4_000, 5, dtype=torch.float64), device.generator(4)
    noisy, std = build(DAE, 5, sigma=0.2).corrupt(x, rng)
    assert noisy.std() == pytest.approx(0.2, rel=0.03)
    assert (std == 0.2).all()
    falling = build(DAE, 5, sigma=0.1, noise_schedule="falling", sigma_far=1.6)
    for progress, wanted in ((0.0, 1.6), (0.5, 0.4), (1.0, 0.1)):
        noisy, std = falling.corrupt(x, rng, progress)
        assert noisy.std() == pytest.approx(wanted, rel=0.03)
        assert std.mean() == pytest.approx(wanted, rel=1e-5)
    noisy, std = build(DAE, 5, sigma=0.1, noise_schedule="mixed", sigma_far=10.0).corrupt(x, rng)
    assert (std == std.min()).double().mean() == pytest.approx(0.5, abs=0.03)
    assert std[std > std.min()].log10().mean() == pytest.approx(0, abs=0.05)  # half-way between 0.1 and 10
    assert (noisy / std.unsqueeze(1)).std() == pytest.approx(1, rel=0.03)


@pytest.mark.parametrize(("noise", "values"), [("masking", {0.0}), ("salt-and-pepper", {0.0, 1.0})])
def test_spoilt_pixels_are_as_many_as_it_says(noise: str, values: set[float]) -> None:
    x = torch.full((1_000, 20), 0.5)
    noisy, std = build(DAE, 20, noise=noise, share=0.4).corrupt(x, device.generator(4))
    spoilt = noisy != 0.5
    assert spoilt.float().mean() == pytest.approx(0.4, abs=0.01)
    assert set(noisy[spoilt].tolist()) == values
    assert noisy[spoilt].mean() == pytest.approx(sum(values) / 2, abs=0.02)
    assert (std == 1).all()


def test_spread_units_bend_amid_the_data() -> None:
    layer = Kinks(Kinked(hidden=4_000, slope=6.0, reach=0.5), 2)
    initialise(layer, device.generator(0))
    weight, bias = layer.weight.detach(), layer.bias.detach()
    assert weight.std() == pytest.approx(6 / 0.5, rel=0.03)
    assert (bias.abs() <= 0.5 * weight.abs().sum(1) + 1e-6).all()  # the line w·x + b = 0 crosses the box
    offset = -bias / weight.norm(dim=1)  # of the line from the middle: as spread as places of the box are
    assert offset.std() == pytest.approx(0.5 / math.sqrt(3), rel=0.03)


@pytest.mark.parametrize("form", ["tied", "energy"])
def test_a_form_that_no_convolution_has_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=naming(form, "mlp")):
        DAE(DAE.Config(form=form, network="conv"), Spec((1, 8, 8), 2, Kind.IMAGE))
