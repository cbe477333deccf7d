"""The ladder VAE against a linear Gaussian hierarchy, whose likelihood and posteriors are known."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from latentlab import device
from latentlab.data import Batch, Kind, Spec
from latentlab.distributions import Gaussian
from latentlab.models.hierarchical.lvae import LVAE, Head, merge
from latentlab.nn.initialise import initialise

# z2 ~ N(0, 1), z1 = A z2 + noise of variance S1, x = B z1 + noise of variance S: elementwise in three dimensions.
A, B = torch.tensor([0.8, -1.2, 0.5]).double(), torch.tensor([1.5, 0.7, -0.9]).double()
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
    """A ladder whose networks say what is exact: what rises is the likelihood of z1, the top the posterior of z2."""
    config = LVAE.Config(z_dim=3, z2_dim=3, hidden=8, inference=inference, likelihood="real-gaussian")
    model = LVAE(config, Spec((3,), 0, Kind.VECTOR))
    marginal = B**2 * (A**2 + S1) + S  # of x
    same = nn.Identity()
    model.up1 = same  # type: ignore[assignment]
    model.q_z1 = Told(lambda x: known(x / B, S / B**2))  # type: ignore[assignment]
    model.up2 = same  # type: ignore[assignment]
    model.q_z2 = Told(lambda x: known(x * A * B / marginal, 1 - (A * B) ** 2 / marginal))  # type: ignore[assignment]
    model.p_z1 = Told(lambda z2: known(A * z2, S1))  # type: ignore[assignment]
    model.p_x = Told(lambda z1: torch.cat([B * z1, (0.5 * S.log()).expand_as(z1)], -1))  # type: ignore[assignment]
    return model.eval()


def exact(x: Tensor) -> Tensor:
    log_p: Tensor = Normal(0.0, (B**2 * (A**2 + S1) + S).sqrt()).log_prob(x)
    return log_p.sum(-1)


X = torch.tensor([[1.0, -0.5, 2.0], [0.0, 3.0, -1.0]]).double()


def test_with_exact_parts_every_single_draw_weighs_the_likelihood() -> None:
    weights = linear().log_weights(X, 20, device.generator(0))
    torch.testing.assert_close(weights, exact(X).expand(20, 2), rtol=0, atol=1e-9)


def test_a_merge_by_standard_deviations_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(one: Gaussian, other: Gaussian) -> Gaussian:
        precisions = (-one.log_std).exp(), (-other.log_std).exp()
        total = precisions[0] + precisions[1]
        return Gaussian((one.mean * precisions[0] + other.mean * precisions[1]) / total, -total.log())

    monkeypatch.setattr("latentlab.models.hierarchical.lvae.merge", wrong)
    weights = linear().log_weights(X, 20, device.generator(0))
    assert float((weights - exact(X)).abs().max()) > 0.1


def test_the_source_of_a_merge_is_the_product_of_two_gaussians() -> None:
    found = merge(known(torch.tensor([1.0]), torch.tensor([0.25])), known(torch.tensor([-2.0]), torch.tensor([4.0])))
    assert found.mean.item() == pytest.approx(0.823529, abs=1e-6)
    assert (2 * found.log_std).exp().item() == pytest.approx(0.235294, abs=1e-6)


def test_the_bound_is_below_the_likelihood_by_the_gap_of_the_closed_kls() -> None:
    model, x = linear(), X.repeat(20_000, 1)
    batch = Batch(x, torch.zeros(len(x), dtype=torch.int64), torch.ones(len(x)))
    (loss,) = model.losses(batch, device.generator(2))
    bound = loss.terms["bound"].reshape(-1, 2).mean(0)
    torch.testing.assert_close(bound, exact(X), rtol=0, atol=0.03)  # the exact posterior closes it
    torch.testing.assert_close(loss.terms["bound"], -loss.value)


def drawn(inference: str = "ladder", **config: object) -> LVAE:
    knobs = {"z_dim": 4, "z2_dim": 3, "hidden": 16, "batch_norm": False, "inference": inference} | config
    model = LVAE(LVAE.Config(**knobs), Spec((1, 4, 4), 2, Kind.IMAGE))  # type: ignore[arg-type]
    initialise(model, device.generator(0))
    return model.eval()


def test_the_closed_kl_of_each_layer_is_the_mean_of_the_draws() -> None:
    model, n = drawn(), 20_000
    x = (torch.rand(1, 1, 4, 4, generator=device.generator(1)) < 0.5).float().expand(n, 1, 4, 4)
    with torch.no_grad():
        one = model._infer(x, device.generator(2))
        closed = model._kl(one)
        sampled = [
            one.q_z1.log_prob(one.z1) - one.p_z1.log_prob(one.z1),
            one.q_z2.log_prob(one.z2) - Normal(0.0, 1.0).log_prob(one.z2).sum(-1),
        ]
    for exactly, draws in zip(closed, sampled, strict=True):
        error = draws.std().item() / math.sqrt(n)
        assert exactly.mean().item() == pytest.approx(draws.mean().item(), abs=4 * error + 1e-3)
    theirs = kl_divergence(Normal(one.q_z1.mean, one.q_z1.log_std.exp()), Normal(one.p_z1.mean, one.p_z1.log_std.exp()))
    torch.testing.assert_close(closed[0], theirs.sum(-1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("inference", ["ladder", "bottom-up"])
def test_the_bound_of_many_draws_is_tighter(inference: str) -> None:
    model = drawn(inference)
    x = torch.rand(8, 1, 4, 4, generator=device.generator(1)).round()
    bounds = [model.log_prob(x, n, device.generator(3)).mean().item() for n in (1, 10, 500)]
    assert bounds == sorted(bounds)
    assert bounds[2] > bounds[0] + 0.05


def test_bottom_up_the_weights_are_those_of_its_own_factors() -> None:
    model = drawn("bottom-up")
    x = torch.rand(5, 1, 4, 4, generator=device.generator(1)).round()
    with torch.no_grad():
        one = model._infer(x, device.generator(4))
        by_hand = (
            model.likelihood.log_prob(x.flatten(1), model.p_x(one.z1)).sum(-1)
            + model.p_z1(one.z2).log_prob(one.z1)
            + Normal(0.0, 1.0).log_prob(one.z2).sum(-1)
            - model.q_z1(model.up1(x.flatten(1))).log_prob(one.z1)
            - model.q_z2(model.up2(one.z1)).log_prob(one.z2)
        )
        weights = model.log_weights(x, 1, device.generator(4))[0]
    torch.testing.assert_close(weights, by_hand)


def test_samples_of_the_linear_hierarchy_have_its_covariance() -> None:
    means = linear().sample(200_000, device.generator(0)).double()
    expected = torch.diag(B**2 * (A**2 + S1))
    torch.testing.assert_close(torch.cov(means.T), expected, rtol=0, atol=0.05)


def test_a_head_never_lacks_variance() -> None:
    head = Head(4, 2, batch_norm=False)
    q = head(-1e6 * torch.ones(3, 4))
    assert float((2 * q.log_std).exp().min().detach()) >= 1e-4 * 0.999
