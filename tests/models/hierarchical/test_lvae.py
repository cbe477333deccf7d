"""The ladder VAE against a linear Gaussian hierarchy, whose likelihood and posteriors are known."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from latentlab import device
from latentlab.data import Batch, Kind, Spec
from latentlab.distributions import Gaussian, gaussian_kl
from latentlab.models import Loss
from latentlab.models.hierarchical.lvae import LVAE
from latentlab.models.parts.gaussian_layers import Head, merge
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise

# z2 ~ N(0, 1), z1 = A z2 + noise of variance S1, x = B z1 + noise of variance S: elementwise in three dimensions.
A, B = torch.tensor([0.8, -1.2, 0.5]).double(), torch.tensor([1.5, 0.7, -0.9]).double()
INFERENCE = ["ladder", "bottom-up"]
S1, S = torch.tensor([0.3, 0.6, 1.1]).double(), torch.tensor([0.2, 0.4, 0.5]).double()


class Told(nn.Module):
    """A network that is a function written down."""

    def __init__(self, function: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> object:
        return self.function(x)


def known(mean: Tensor, variance: Tensor) -> Gaussian:
    return Gaussian(mean, (0.5 * variance.log()).expand_as(mean))


def linear(inference: str = "ladder") -> LVAE:
    """A hierarchy whose networks say what is exact.

    As a ladder, what rises is the likelihood of z1, and the top the posterior of z2 given x; bottom-up, it is the
    posterior of z1 given x, and of z2 given z1.
    """
    config = LVAE.Config(z_dim=3, z2_dim=3, hidden=8, inference=inference, likelihood="real-gaussian")
    model = LVAE(config, Spec((3,), 0, Kind.VECTOR))
    prior = A**2 + S1  # variance of z1
    marginal = B**2 * prior + S  # of x
    if inference == "ladder":
        q_z1 = Told(lambda x: known(x / B, S / B**2))
        q_z2 = Told(lambda x: known(x * A * B / marginal, 1 - (A * B) ** 2 / marginal))
    else:
        q_z1 = Told(lambda x: known(x * B * prior / marginal, prior * S / marginal))
        q_z2 = Told(lambda z1: known(z1 * A / prior, S1 / prior))
    known_parts = {
        "up1": nn.Identity(), "q_z1": q_z1, "up2": nn.Identity(), "q_z2": q_z2,
        "p_z1": Told(lambda z2: known(A * z2, S1)),
        "p_x": Told(lambda z1: torch.cat([B * z1, (0.5 * S.log()).expand_as(z1)], -1)),
    }  # fmt: skip
    for name, part in known_parts.items():
        setattr(model, name, part)
    return model.eval()


def exact(x: Tensor) -> Tensor:
    log_p: Tensor = Normal(0.0, (B**2 * (A**2 + S1) + S).sqrt()).log_prob(x)
    return log_p.sum(-1)


X = torch.tensor([[1.0, -0.5, 2.0], [0.0, 3.0, -1.0]]).double()


@pytest.mark.parametrize("inference", INFERENCE)
def test_with_exact_parts_every_single_draw_weighs_the_likelihood(inference: str) -> None:
    weights = linear(inference).log_weights(X, 20, device.generator(0))
    torch.testing.assert_close(weights, exact(X).expand(20, 2), rtol=0, atol=1e-9)


def test_a_merge_by_standard_deviations_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(one: Gaussian, other: Gaussian) -> Gaussian:
        precisions = (-one.log_std).exp(), (-other.log_std).exp()
        total = precisions[0] + precisions[1]
        return Gaussian((one.mean * precisions[0] + other.mean * precisions[1]) / total, -total.log())

    monkeypatch.setattr("latentlab.models.parts.hierarchy.merge", wrong)
    weights = linear().log_weights(X, 20, device.generator(0))
    assert float((weights - exact(X)).abs().max()) > 0.1


def test_the_source_of_a_merge_is_the_product_of_two_gaussians() -> None:
    found = merge(known(torch.tensor([1.0]), torch.tensor([0.25])), known(torch.tensor([-2.0]), torch.tensor([4.0])))
    assert found.mean.item() == pytest.approx(0.823529, abs=1e-6)
    assert (2 * found.log_std).exp().item() == pytest.approx(0.235294, abs=1e-6)


def batch_of(x: Tensor) -> Batch:
    return Batch(x, torch.zeros(len(x), dtype=torch.int64), torch.ones(len(x)))


def loss_of(model: LVAE, x: Tensor, seed: int = 2, progress: float = 1.0) -> Loss:
    (loss,) = model.losses(batch_of(x), device.generator(seed), progress)
    return loss


def test_a_merge_is_the_product_of_two_densities() -> None:
    one, other = known(torch.tensor([0.7]), torch.tensor([0.5])), known(torch.tensor([-1.4]), torch.tensor([2.3]))
    grid = torch.linspace(-12, 12, 40_001, dtype=torch.float64)
    weights = torch.softmax(one.log_prob(grid[:, None]) + other.log_prob(grid[:, None]), 0)
    mean = (weights * grid).sum()
    found = merge(one, other)
    assert found.mean.item() == pytest.approx(mean.item(), abs=1e-5)
    assert (2 * found.log_std).exp().item() == pytest.approx((weights * (grid - mean) ** 2).sum().item(), abs=1e-5)


@pytest.mark.parametrize("inference", INFERENCE)
def test_with_the_exact_posterior_the_bound_is_the_likelihood(inference: str) -> None:
    model, x = linear(inference), X.repeat(20_000, 1)
    loss = loss_of(model, x)
    bound = loss.terms["bound"].reshape(-1, 2).mean(0)
    torch.testing.assert_close(bound, exact(X), rtol=0, atol=0.03)
    torch.testing.assert_close(loss.terms["bound"], -loss.value)


def test_bottom_up_a_closed_kl_below_the_top_would_give_another_bound() -> None:
    model, x = linear("bottom-up"), X.repeat(20_000, 1)
    layers = model._infer(x, device.generator(2))
    closed = [gaussian_kl(layer.q, layer.p).sum(-1) for layer in layers]
    wrong = (model._log_p_x(x, layers[0].z) - sum(closed)).reshape(-1, 2).mean(0)
    assert float((wrong - exact(X)).abs().min()) > 0.1


SPEC = Spec((1, 4, 4), 2, Kind.IMAGE)
BITS = torch.rand(8, 1, 4, 4, generator=device.generator(1)).round()
FIVE: dict[str, Any] = {"z_dim": 6, "z2_dim": 5, "z3_dim": 4, "z4_dim": 3, "z5_dim": 2}


def drawn(inference: str = "ladder", **config: Any) -> Any:
    knobs: dict[str, Any] = {"z_dim": 4, "z2_dim": 3, "hidden": 16, "batch_norm": False} | config
    model = LVAE(LVAE.Config(**knobs, inference=inference), SPEC)
    initialise(model, device.generator(0))
    return model.eval()


@pytest.mark.parametrize("samples", [1, 4])
def test_one_layer_is_a_vae(samples: int) -> None:
    vae = VAE(VAE.Config(z_dim=4, hidden=16, samples=samples), SPEC)
    initialise(vae, device.generator(0))
    model = drawn("bottom-up", z2_dim=0, samples=samples)
    model.up1, model.q_z1 = nn.Identity(), Told(lambda x: vae.posterior(x.reshape(-1, *SPEC.shape)))
    model.p_x = Told(lambda z: vae._network(z).flatten(-3))
    ours, theirs = loss_of(model, BITS, progress=0.3), next(vae.losses(batch_of(BITS), device.generator(2), 0.3))
    torch.testing.assert_close(ours.value, theirs.value)
    for term in theirs.terms.keys() - ({"kl"} if samples > 1 else set()):  # theirs is in closed form, ours of the draws
        torch.testing.assert_close(ours.terms[term], theirs.terms[term])


def test_the_networks_halve_from_layer_to_layer_and_end_at_zero_dimensions() -> None:
    model = drawn(**FIVE, hidden=64)
    assert model.layers == (("z1", 6), ("z2", 5), ("z3", 4), ("z4", 3), ("z5", 2))
    shapes = {name: tuple(value.shape) for name, value in model.state_dict().items() if name.endswith("0.weight")}
    assert [shapes[f"up{i}.0.weight"] for i in range(1, 6)] == [(64, 16), (32, 64), (16, 32), (8, 16), (4, 8)]
    assert [shapes[f"p_z{i}.0.0.weight"] for i in range(1, 5)] == [(32, 5), (16, 4), (8, 3), (4, 2)]
    assert [layer.name for layer in drawn(z2_dim=0, z3_dim=7).layers] == ["z1"]
    plain, normed = drawn(batch_norm=True, head_norm=False), drawn(batch_norm=True)
    assert normed.size - plain.size == 2 * 2 * (4 + 3 + 4)  # a scale and a shift of the mean and of the variance


@pytest.mark.parametrize("inference", INFERENCE)
def test_the_closed_kl_of_each_unit_is_the_mean_of_the_draws(inference: str) -> None:
    model, n = drawn(inference, **FIVE), 20_000
    with torch.no_grad():
        layers = model._infer(BITS[:1].expand(n, 1, 4, 4), device.generator(2))
        for layer, closed in zip(layers, model._kl(layers), strict=True):
            draws = layer.q.log_prob(layer.z) - layer.p.log_prob(layer.z)
            error = (draws - closed.sum(-1)).std().item() / math.sqrt(n)
            assert closed.sum(-1).mean().item() == pytest.approx(draws.mean().item(), abs=4 * error + 1e-4)
    top = layers[-1]
    theirs = kl_divergence(Normal(top.q.mean, top.q.log_std.exp()), Normal(top.p.mean, top.p.log_std.exp()))
    torch.testing.assert_close(model._kl(layers)[-1], theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("inference", INFERENCE)
def test_the_kls_of_units_add_up_to_that_of_the_bound(inference: str) -> None:
    model = drawn(inference, **FIVE, likelihood="gray-bernoulli")
    loss, units = loss_of(model, BITS), model.unit_kl(BITS, device.generator(2))
    torch.testing.assert_close(sum(kl.sum(-1) for kl in units.values()), loss.terms["kl"])
    torch.testing.assert_close(-loss.terms["reconstruction"] - loss.terms["kl"], loss.terms["bound"])


@pytest.mark.parametrize("inference", INFERENCE)
def test_the_bound_of_many_draws_is_tighter(inference: str) -> None:
    model = drawn(inference, **FIVE)
    bounds = [model.log_prob(BITS, n, device.generator(3)).mean().item() for n in (1, 10, 500)]
    assert bounds == sorted(bounds)
    assert bounds[2] > bounds[0] + 0.05
    with torch.no_grad():  # and in training, where K is a knob
        x = BITS.repeat(300, 1, 1, 1)
        losses = [loss_of(drawn(inference, **FIVE, samples=k), x).value.mean().item() for k in (1, 5, 25)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[2] + 0.05


@pytest.mark.parametrize("progress", [0.0, 0.4])
def test_free_bits_cost_as_much_as_a_layer_that_uses_them(progress: float) -> None:
    free, x = drawn(**FIVE, free_bits=0.65), BITS
    layers = free.unit_kl(x, device.generator(2))
    means = [kl.sum(-1).mean().item() for kl in layers.values()]
    assert min(means) < 0.65 < max(means)
    loss, plain = loss_of(free, x, progress=progress), loss_of(drawn(**FIVE), x, progress=progress)
    expected = progress * sum(max(0.65, mean) for mean in means) + plain.terms["reconstruction"].mean().item()
    assert loss.value.mean().item() == pytest.approx(expected, rel=1e-5)
    torch.testing.assert_close(loss.terms, plain.terms)


@pytest.mark.parametrize("inference", INFERENCE)
@pytest.mark.parametrize("config", [{"free_bits": 2.0}, {"samples": 3}], ids=str)
def test_gradients_are_those_of_finite_differences(inference: str, config: dict[str, object]) -> None:
    model = drawn(inference, **FIVE, hidden=64, batch_norm=True, likelihood="gray-bernoulli", **config).double().train()
    parameters = list(model.parameters())

    def loss() -> Tensor:
        return loss_of(model, BITS.double(), progress=0.7).value.mean()

    rng, step = device.generator(5), 1e-7
    direction = [torch.randn(p.shape, generator=rng, dtype=p.dtype) for p in parameters]
    gradient = torch.autograd.grad(loss(), parameters)
    slope = sum(float((g * d).sum()) for g, d in zip(gradient, direction, strict=True))
    ends = []
    with torch.no_grad():
        for sign in (1, -2):
            for p, d in zip(parameters, direction, strict=True):
                p.add_(d, alpha=sign * step)
            ends.append(loss().item())
    assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-4)


def test_bottom_up_the_weights_are_those_of_its_own_factors() -> None:
    model = drawn("bottom-up", z3_dim=2)
    with torch.no_grad():
        z = [layer.z for layer in model._infer(BITS, device.generator(4))]
        by_hand = (
            model.likelihood.log_prob(BITS.flatten(1), model.p_x(z[0])).sum(-1)
            + model.p_z1(z[1]).log_prob(z[0])
            + model.p_z2(z[2]).log_prob(z[1])
            + Normal(0.0, 1.0).log_prob(z[2]).sum(-1)
            - model.q_z1(model.up1(BITS.flatten(1))).log_prob(z[0])
            - model.q_z2(model.up2(z[0])).log_prob(z[1])
            - model.q_z3(model.up3(z[1])).log_prob(z[2])
        )
        weights = model.log_weights(BITS, 1, device.generator(4))[0]
    torch.testing.assert_close(weights, by_hand)


def test_what_is_below_a_layer_is_at_its_means_or_drawn() -> None:
    model, z3 = drawn(**FIVE), torch.randn(3, 4, generator=device.generator(3))
    z2 = model.p_z2(z3)
    z1 = model.p_z1(z2.mean)
    torch.testing.assert_close(model.generate("z3", z3), model.generate("z1", z1.mean))
    rng = device.generator(4)
    by_hand = model.decode(model.p_z1(z2.draw(rng)).draw(rng))
    torch.testing.assert_close(model.generate("z3", z3, device.generator(4)), by_hand)


def test_samples_of_the_linear_hierarchy_have_its_covariance() -> None:
    means = linear().sample(200_000, device.generator(0)).double()
    expected = torch.diag(B**2 * (A**2 + S1))
    torch.testing.assert_close(torch.cov(means.T), expected, rtol=0, atol=0.05)


def test_a_head_never_lacks_variance() -> None:
    head = Head(4, 2, batch_norm=False)
    q = head(-1e6 * torch.ones(3, 4))
    assert float((2 * q.log_std).exp().min().detach()) >= 1e-4 * 0.999
