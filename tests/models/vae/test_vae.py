"""Oracles of the VAE: closed forms, direct sums with torch.distributions, and bounds that hold in expectation."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, ContinuousBernoulli, MultivariateNormal, Normal

from latentlab import device
from latentlab.data import Batch, Kind
from latentlab.distributions import Gaussian
from latentlab.models import Loss, Spec
from latentlab.models.parts import importance_weighted
from latentlab.models.parts.gaussian_vae import GaussianVAE
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from tests.conftest import noise_images

pytestmark = pytest.mark.training

SHAPE = (1, 4, 4)
LIKELIHOODS = ("bernoulli", "fixed-bernoulli", "cut-bernoulli", "gray-bernoulli", "continuous-bernoulli", "gaussian")
BINARY = {"bernoulli", "fixed-bernoulli", "cut-bernoulli"}


def vae(sharpness: float = 1.0, **config: Any) -> VAE:
    """A small VAE; the sharper, the further its posterior is from the true one."""
    model = VAE(VAE.Config(**({"z_dim": 2, "hidden": 32, "layers": 1} | config)), Spec(SHAPE, 3, Kind.IMAGE))
    initialise(model, device.generator(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(sharpness)
    return model.eval()


def images(n: int) -> Batch:
    return noise_images(n, SHAPE).batch()


def loss_of(model: VAE, batch: Batch, seed: int = 0, progress: float = 1.0) -> Loss:
    (loss,) = model.losses(batch, device.generator(seed), progress)
    return loss


def mean_and_error(values: Tensor) -> tuple[float, float]:
    """The mean of independent draws and its standard error."""
    return values.mean().item(), values.std().item() / math.sqrt(len(values))


class LinearGaussian(GaussianVAE):
    """p(x|z) = N(Wz + b, s² I), so p(x) = N(b, WWᵀ + s² I); W's columns are orthogonal, so p(z|x) is diagonal.

    `shift` (in posterior standard deviations) and `widen` (added to log std) make q(z|x) wrong on purpose.
    """

    name = "linear"
    units: ClassVar[dict[str, str]] = {"bound": "nats"}

    @dataclass(frozen=True)
    class Config:
        shift: float = 0.0
        widen: float = 0.0

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.config, self.spec, self.z_dim, self.s = config, spec, 2, 0.6
        basis = torch.linalg.qr(torch.randn(*spec.shape, 2, generator=device.generator(3), dtype=torch.float64))[0]
        self.w = nn.Parameter(basis * torch.tensor([1.5, 0.4]))  # (D, 2)
        self.b = nn.Parameter(torch.linspace(-1, 1, *spec.shape, dtype=torch.float64))

    def losses(self, batch: Batch, rng: torch.Generator, progress: float = 1.0) -> Iterator[Loss]:  # noqa: ARG002
        bound = self.log_weights(batch.x, 1, rng)[0]
        yield Loss(-bound, {"bound": bound})

    def posterior(self, x: Tensor) -> Gaussian:
        std = (1 + self.w.square().sum(0) / self.s**2).rsqrt()
        mean = (x - self.b) @ self.w / self.s**2 * std**2
        log_std = std.log().expand_as(mean)
        return Gaussian(mean + self.config.shift * std, log_std + self.config.widen)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        log_p: Tensor = Normal(self.decode(z), self.s).log_prob(x)
        return log_p.sum(-1)

    def decode(self, z: Tensor) -> Tensor:
        return z @ self.w.T + self.b

    def binarise(self, x: Tensor, rng: torch.Generator) -> Tensor:  # noqa: ARG002
        return x

    def exact_log_prob(self, x: Tensor) -> Tensor:
        covariance = self.w @ self.w.T + self.s**2 * torch.eye(len(self.b), dtype=torch.float64)
        log_p: Tensor = MultivariateNormal(self.b.detach(), covariance.detach()).log_prob(x)
        return log_p


def linear(shift: float = 0.0, widen: float = 0.0) -> tuple[LinearGaussian, Tensor]:
    model = LinearGaussian(LinearGaussian.Config(shift, widen), Spec((5,), 0, Kind.VECTOR))
    return model, 1.5 * torch.randn(7, 5, generator=device.generator(4), dtype=torch.float64)


@pytest.mark.parametrize("n", [1, 3, 2_500])
def test_with_the_exact_posterior_every_bound_is_the_likelihood(n: int) -> None:
    model, x = linear()
    weights = model.log_weights(x, 20, device.generator(0))
    torch.testing.assert_close(weights, model.exact_log_prob(x).expand(20, 7))  # every single sample
    torch.testing.assert_close(model.log_prob(x, n, device.generator(0)), model.exact_log_prob(x))


def test_with_a_wrong_posterior_one_sample_falls_short_by_the_kl() -> None:
    (model, x), (right, _) = linear(shift=0.7, widen=0.4), linear()
    weights = model.log_weights(x, 20_000, device.generator(0)).detach()
    (mean, log_std), (true_mean, true_log_std) = model.posterior(x), right.posterior(x)
    kl = torch.distributions.kl_divergence(Normal(mean, log_std.exp()), Normal(true_mean, true_log_std.exp())).sum(1)
    assert kl.min() > 0.5
    error = weights.std(0) / math.sqrt(len(weights))
    assert ((weights.mean(0) - (model.exact_log_prob(x) - kl)).abs() < 4 * error).all()


def test_with_a_wrong_posterior_many_samples_find_the_likelihood() -> None:
    model, x = linear(shift=0.7, widen=0.4)
    n = 5_000
    relative = (model.log_weights(x, n, device.generator(1)).detach() - model.exact_log_prob(x)).exp()
    error = relative.std(0) / math.sqrt(n)  # of log mean w, to first order
    assert error.max() < 0.1
    assert ((model.log_prob(x, n, device.generator(0)) - model.exact_log_prob(x)).abs() < 4 * error).all()


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_one_weight_is_its_definition(likelihood: str) -> None:
    model, x = vae(likelihood=likelihood), images(6).x
    weights = model.log_weights(x, 3, device.generator(0))
    mean, log_std = model.posterior(x)
    q_z = Normal(mean, log_std.exp())
    z = mean + log_std.exp() * torch.randn(3, 6, 2, generator=device.generator(0))
    expected = (
        model.log_likelihood(x.expand(3, *x.shape), z) + Normal(0, 1).log_prob(z).sum(-1) - q_z.log_prob(z).sum(-1)
    )
    torch.testing.assert_close(weights, expected)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_bound_of_one_sample_is_the_elbo_in_expectation(likelihood: str) -> None:
    model = vae(sharpness=2.0, likelihood=likelihood, std=0.5)
    x = images(1).x.expand(20_000, *SHAPE)
    elbo = loss_of(model, Batch(x, torch.zeros(len(x)).long(), torch.ones(len(x))), seed=1).terms["bound"]
    difference, error = mean_and_error(model.log_prob(x, 1, device.generator(2)) - elbo.detach())
    assert abs(difference) < 4 * error
    assert error < 0.1


def test_the_bound_of_one_sample_is_the_elbo_but_for_the_sampled_kl() -> None:
    model, batch = vae(likelihood="bernoulli"), images(6)
    loss = loss_of(model, batch, seed=3)
    rng = device.generator(3)  # the same binary images and the same noise
    mean, log_std = model.posterior(model.binarise(batch.x, rng))
    eps = torch.randn(1, 6, 2, generator=rng)
    z = mean + log_std.exp() * eps
    sampled_kl = (0.5 * z**2 - 0.5 * eps**2 - log_std).sum(-1)[0]
    expected = loss.terms["bound"] + loss.terms["kl"] - sampled_kl
    torch.testing.assert_close(model.log_prob(batch.x, 1, device.generator(3)), expected.detach())


def test_the_bound_rises_with_the_number_of_samples() -> None:
    model = vae(sharpness=4.0, likelihood="gray-bernoulli")
    x = images(1).x.expand(4_000, *SHAPE)
    bounds = [mean_and_error(model.log_prob(x, k, device.generator(k))) for k in (1, 5, 50)]
    for (low, low_error), (high, high_error) in itertools.pairwise(bounds):
        assert high - low > 5 * math.hypot(low_error, high_error)


@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_the_objective_of_k_samples_is_the_importance_weighted_bound(likelihood: str) -> None:
    model, batch = vae(likelihood=likelihood, samples=8), images(6)
    loss = loss_of(model, batch, seed=2)
    bound = model.log_prob(batch.x, 8, device.generator(2))  # the same binary images and the same noise
    torch.testing.assert_close(loss.terms["bound"].detach(), bound)
    torch.testing.assert_close(loss.value.detach(), -bound)


def test_where_the_posterior_is_the_prior_one_sample_and_many_have_the_same_objective() -> None:
    one, many = vae(likelihood="gray-bernoulli"), vae(likelihood="gray-bernoulli", samples=3)
    for model in (one, many):
        for module in (model.encoder, model.decoder):
            for parameter in module.parameters():
                nn.init.zeros_(parameter)  # q = p(z), and the decoder ignores z
    torch.testing.assert_close(loss_of(one, images(6)).value, loss_of(many, images(6)).value)


def test_the_objective_of_many_samples_has_a_finite_gradient() -> None:
    model = vae(sharpness=10.0, likelihood="bernoulli", samples=16)
    loss_of(model, images(6)).value.mean().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize(("n_images", "n", "chunk"), [(7, 3, 10), (7, 3, 100), (3, 25, 10), (3, 20, 20), (2, 1, 1)])
def test_a_chunked_bound_is_that_of_all_its_weights(
    monkeypatch: pytest.MonkeyPatch, n_images: int, n: int, chunk: int
) -> None:
    model, x = vae(likelihood="gray-bernoulli"), images(n_images).x
    parts: list[tuple[Tensor, Tensor]] = []
    draw = model.log_weights

    def noted(part: Tensor, k: int, rng: torch.Generator) -> Tensor:
        parts.append((part, draw(part, k, rng)))
        return parts[-1][1]

    monkeypatch.setattr(importance_weighted, "CHUNK", chunk)
    monkeypatch.setattr(model, "log_weights", noted)
    bound = model.log_prob(x, n, device.generator(0))
    for image, found in zip(x, bound, strict=True):
        weights = torch.cat([w[:, i] for part, w in parts for i in range(len(part)) if torch.equal(part[i], image)])
        assert weights.shape == (n,)
        assert weights.unique().shape == (n,)  # no noise is used twice
        torch.testing.assert_close(found, weights.logsumexp(0) - math.log(n))


def test_a_chunked_bound_is_the_unchunked_one_in_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    model = vae(sharpness=4.0, likelihood="gray-bernoulli")
    x = images(1).x.expand(300, *SHAPE)
    whole, whole_error = mean_and_error(model.log_prob(x, 6, device.generator(0)))
    monkeypatch.setattr(importance_weighted, "CHUNK", 4)  # fewer than the samples of one image
    chunked, chunked_error = mean_and_error(model.log_prob(x, 6, device.generator(1)))
    assert abs(chunked - whole) < 4 * math.hypot(whole_error, chunked_error)


@pytest.mark.parametrize(("n_images", "n"), [(5_000, 1), (30, 150), (3, 2_001), (1, 4_000)])
def test_no_more_than_a_chunk_is_decoded_at_once(monkeypatch: pytest.MonkeyPatch, n_images: int, n: int) -> None:
    model, x = vae(likelihood="gray-bernoulli"), images(n_images).x
    decoded: list[int] = []
    log_likelihood = model.log_likelihood

    def counted(x: Tensor, z: Tensor) -> Tensor:
        decoded.append(z[..., 0].numel())
        return log_likelihood(x, z)

    monkeypatch.setattr(model, "log_likelihood", counted)
    model.log_prob(x, n, device.generator(0))
    assert max(decoded) <= importance_weighted.CHUNK
    assert sum(decoded) == n_images * n
    assert len(decoded) <= 2 * math.ceil(n_images * n / importance_weighted.CHUNK)  # nor much less


@pytest.mark.parametrize(("beta", "progress"), [(1.0, 1.0), (4.0, 1.0), (4.0, 0.25), (4.0, 0.0), (0.0, 1.0)])
def test_beta_and_progress_weight_the_kl_and_nothing_else(beta: float, progress: float) -> None:
    loss, plain = loss_of(vae(beta=beta), images(6), progress=progress), loss_of(vae(), images(6))
    torch.testing.assert_close(loss.value, plain.terms["reconstruction"] + beta * progress * plain.terms["kl"])
    assert (plain.terms["kl"] > 0).all()
    for name, term in plain.terms.items():
        assert torch.equal(loss.terms[name], term), name


@pytest.mark.parametrize(("progress", "weight"), [(0.0, 12.0), (0.25, 9.5), (1.0, 2.0)])
@pytest.mark.parametrize("samples", [1, 3])
def test_a_warm_up_moves_the_weight_of_the_kl_from_its_start(progress: float, weight: float, samples: int) -> None:
    falling, fixed = vae(beta=2.0, beta_start=12.0, samples=samples), vae(beta=weight, samples=samples)
    assert torch.equal(loss_of(falling, images(6), progress=progress).value, loss_of(fixed, images(6)).value)


@pytest.mark.parametrize("progress", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("capacity", [0.5, 40.0])
def test_a_capacity_is_what_the_mean_kl_is_held_at(capacity: float, progress: float) -> None:
    """The loss is -log p + γ |KL − C(t)| in the mean, and its gradient that of the mean; β has no warm-up."""
    model, plain = vae(sharpness=2.0, beta=7.0, capacity=capacity), vae(sharpness=2.0)
    loss, terms = loss_of(model, images(6), progress=progress), loss_of(plain, images(6)).terms
    beyond = terms["kl"].mean() - progress * capacity
    assert abs(beyond) > 0.1
    assert (beyond < 0) == (progress * capacity > 10)
    expected = terms["reconstruction"].mean() + 7.0 * beyond.abs()
    torch.testing.assert_close(loss.value.mean(), expected)
    for found, of_mean in zip(
        torch.autograd.grad(loss.value.mean(), [*model.parameters()]),
        torch.autograd.grad(expected, [*plain.parameters()]),
        strict=True,
    ):
        torch.testing.assert_close(found, of_mean)


def test_a_capacity_of_nothing_is_the_beta_vae_to_the_bit() -> None:
    expected = loss_of(vae(beta=7.0), images(6)).value
    assert torch.equal(loss_of(vae(beta=7.0, capacity=30.0), images(6), progress=0.0).value, expected)
    assert torch.equal(loss_of(vae(beta=7.0, beta_start=3.0, capacity=0.0), images(6)).value, expected)
    of_many = (loss_of(vae(beta=7.0, samples=3, capacity=c), images(6)).value for c in (0.0, 30.0))
    assert torch.equal(*of_many)  # importance weights have no capacity


def test_beta_and_progress_weight_the_log_ratio_of_many_samples() -> None:
    plain, weighted = vae(samples=5), vae(samples=5, beta=4.0)
    without = loss_of(weighted, images(6), progress=0.0)
    assert torch.equal(loss_of(weighted, images(6), progress=0.25).value, loss_of(plain, images(6)).value)
    assert torch.equal(without.terms["bound"], loss_of(plain, images(6)).terms["bound"])
    rng = device.generator(0)
    x = weighted.binarise(images(6).x, rng)
    mean, log_std = weighted.posterior(x)
    z = mean + log_std.exp() * torch.randn(5, 6, 2, generator=rng)
    torch.testing.assert_close(without.value, math.log(5) - weighted.log_likelihood(x, z).logsumexp(0))


def test_the_bound_is_minus_the_reconstruction_error_minus_the_kl() -> None:
    terms = loss_of(vae(beta=7.0), images(6), progress=0.3).terms
    torch.testing.assert_close(terms["bound"], -terms["reconstruction"] - terms["kl"])
    mean, log_std = vae().posterior(vae().binarise(images(6).x, device.generator(0)))
    kl = torch.distributions.kl_divergence(Normal(mean, log_std.exp()), Normal(0, 1)).sum(1)
    torch.testing.assert_close(terms["kl"], kl)


@pytest.mark.parametrize("network", ["mlp", "conv"])
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
def test_likelihood_and_decoded_mean_are_those_of_the_distribution(likelihood: str, network: str) -> None:
    spec = Spec((1, 9, 8), 3, Kind.IMAGE)
    model = VAE(VAE.Config(likelihood=likelihood, network=network, hidden=32, width=4, std=0.3), spec)
    initialise(model, device.generator(0))
    z = 5 * torch.randn(4, 6, 2, generator=device.generator(1))
    out = model.decoder(z.flatten(0, 1)).unflatten(0, (4, 6)).double()  # torch's own lose digits near p = 0.5
    p_x = {
        "bernoulli": Bernoulli(logits=out, validate_args=False),
        "fixed-bernoulli": Bernoulli(logits=out, validate_args=False),
        "cut-bernoulli": Bernoulli(logits=out, validate_args=False),
        "gray-bernoulli": Bernoulli(logits=out, validate_args=False),  # x log p + (1 - x) log(1 - p), x in between
        "continuous-bernoulli": ContinuousBernoulli(logits=out),
        "gaussian": Normal(out.sigmoid(), 0.3),
    }[likelihood]
    x = noise_images(6, spec.shape).batch().x
    x = x.round() if likelihood in BINARY else x
    expected = p_x.log_prob(x.double()).sum((2, 3, 4)).float()
    torch.testing.assert_close(model.log_likelihood(x.expand(4, *x.shape), z), expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(model.decode(z[0]), p_x.mean[0].float(), rtol=1e-5, atol=1e-5)


def test_the_bernoulli_likelihood_sees_a_fresh_binary_image_each_time() -> None:
    rng, gray = device.generator(0), torch.tensor([0.0, 0.1, 0.5, 0.9, 1.0]).expand(20_000, 5)
    first, second = vae().binarise(gray, rng), vae().binarise(gray, rng)
    assert ((first == 0) | (first == 1)).all()
    assert first.dtype == torch.float32
    assert not torch.equal(first, second)
    assert ((first.mean(0) - gray[0]).abs() <= 4 * first.std(0) / math.sqrt(len(gray))).all()  # 0 and 1 stay


def test_an_image_that_is_drawn_once_is_always_the_same() -> None:
    """As random as a fresh draw, but a function of the image: in any order, alone or in a batch."""
    model, rng = vae(likelihood="fixed-bernoulli"), device.generator(0)
    before, x = rng.get_state(), noise_images(3_000).batch().x
    seen = model.binarise(x, rng)
    assert torch.equal(before, rng.get_state())
    assert set(seen.unique().tolist()) == {0.0, 1.0}
    turned = torch.randperm(len(x), generator=device.generator(1))
    assert torch.equal(model.binarise(x[turned], rng), seen[turned])
    assert torch.equal(model.observed(x[5:6]), seen[5:6])
    assert torch.equal(model.binarise(seen, rng), seen)  # 0 and 1 stay
    apart = ((seen - x) / (x * (1 - x)).sqrt().clamp(min=0.02)).flatten(1)[
        :, :64
    ]  # each of mean 0 and variance about 1
    assert abs(apart.mean()) < 4 / apart.numel() ** 0.5
    between = torch.corrcoef(apart.T) - torch.eye(64)
    assert between.abs().max() < 5 / len(x) ** 0.5  # between places
    assert (
        torch.corrcoef(torch.stack([apart[:-1].flatten(), apart[1:].flatten()]))[0, 1].abs() < 4 / apart.numel() ** 0.5
    )


def test_a_cut_image_is_always_the_same() -> None:
    gray = torch.tensor([0.0, 0.49, 0.5, 0.74, 0.75, 1.0])
    for threshold, cut in ((0.5, [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]), (0.75, [0.0, 0.0, 0.0, 0.0, 1.0, 1.0])):
        model, rng = vae(likelihood="cut-bernoulli", threshold=threshold), device.generator(0)
        before = rng.get_state()
        for seen in (model.binarise(gray, rng), model.observed(gray)):
            assert seen.tolist() == cut
        assert torch.equal(before, rng.get_state())


@pytest.mark.parametrize("likelihood", sorted({*LIKELIHOODS} - BINARY))
def test_no_other_likelihood_sees_binary_images(likelihood: str) -> None:
    x, rng = images(3).x, device.generator(0)
    before = rng.get_state()
    assert vae(likelihood=likelihood).binarise(x, rng) is x
    assert torch.equal(before, rng.get_state())


def test_the_objective_binarises_too() -> None:
    gray, binary = vae(likelihood="gray-bernoulli"), vae(likelihood="bernoulli")
    rng = device.generator(5)
    x = binary.binarise(images(6).x, rng)
    (expected,) = gray.losses(images(6)._replace(x=x), rng)
    torch.testing.assert_close(loss_of(binary, images(6), seed=5).value, expected.value)


@pytest.mark.parametrize(("bias", "log_std"), [(1e4, 5.0), (-1e4, -10.0), (1.0, 1.0)])
def test_the_posteriors_log_std_is_kept_within_bounds(bias: float, log_std: float) -> None:
    model = vae()
    last = [layer for layer in model.encoder.modules() if isinstance(layer, nn.Linear)][-1]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.fill_(bias)
    mean, found = model.posterior(images(3).x)
    assert torch.equal(mean, torch.full((3, 2), bias))  # the mean is not
    assert torch.equal(found, torch.full((3, 2), log_std))
    if bias < 0:
        assert loss_of(model, images(3)).value.isfinite().all()


def test_a_code_is_the_posterior_mean() -> None:
    model, x = vae(), images(3).x
    assert torch.equal(model.encode(x), model.posterior(x)[0])


def test_a_sample_is_the_mean_of_a_draw_from_the_prior() -> None:
    model = vae()
    z = torch.randn(9, 2, generator=device.generator(1))
    assert torch.equal(model.sample(9, device.generator(1)), model.decode(z))
