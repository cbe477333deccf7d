"""Oracles of the models with a class: sums over the classes, and a linear-Gaussian model with known p(x, y)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli, MultivariateNormal, Normal

from latentlab import device
from latentlab.data import UNLABELLED, Batch
from latentlab.densities import Gaussian
from latentlab.models import M2, MODELS, ConditionalVAE, Loss, SemiSupervisedVAE, Spec
from latentlab.nn import JointMLP, initialise
from tests.conftest import noise_images

K = 3
FAR = 60.0  # a bias that keeps ReLUs on, so that a network is an affine map
CONDITIONAL = [name for name, model in MODELS.items() if issubclass(model, ConditionalVAE)]
SEMI_SUPERVISED = [name for name, model in MODELS.items() if issubclass(model, SemiSupervisedVAE)]


def model_of(name: str, shape: tuple[int, ...] = (1, 4, 4), n_classes: int = K, **config: Any) -> Any:
    """A small model of this kind in eval mode, with parameters from seed 0."""
    kind: Any = MODELS[name]
    model = kind(kind.Config(**({"z_dim": 2, "hidden": 32, "layers": 1} | config)), Spec(shape, n_classes))
    initialise(model, device.generator(0))
    return model.eval()


def affine(network: JointMLP, maps: list[Tensor], bias: Tensor) -> None:
    """Make a network of one hidden layer the affine map Σ maps_i x_i + bias, exactly."""
    n = len(bias)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        for layer, weight in zip(network.inputs, maps, strict=True):
            assert isinstance(layer, torch.nn.Linear)
            layer.weight[:n] = weight
        first, last = network.inputs[0], network.layers[-1]
        assert isinstance(first, torch.nn.Linear)
        assert isinstance(last, torch.nn.Linear)
        first.bias[:n] = bias + FAR
        last.weight[:, :n] = torch.eye(n)
        last.bias.fill_(-FAR)


@dataclass(frozen=True)
class Truth:
    """p(y) = 1/K, z ~ N(0, I), x = W z + b_y + s eps; the columns of W are orthogonal, so p(z|x, y) is diagonal."""

    w: Tensor  # (D, 2)
    b: Tensor  # (K, D)
    s: float

    @property
    def covariance(self) -> Tensor:
        return self.w @ self.w.T + self.s**2 * torch.eye(len(self.w))

    def log_joint(self, x: Tensor) -> Tensor:
        """(B, D) -> (B, K): log p(x, y)."""
        p_x = [MultivariateNormal(b, self.covariance).log_prob(x) for b in self.b]
        return torch.stack(p_x, 1) - math.log(K)


def truth() -> Truth:
    rng = device.generator(3)
    basis = torch.linalg.qr(torch.randn(4, 2, generator=rng))[0]
    return Truth(basis * torch.tensor([1.5, 0.4]), torch.randn(K, 4, generator=rng), 0.6)


def x_of(n: int) -> Tensor:
    return 1.5 * torch.randn(n, 4, generator=device.generator(4))


def exact(name: str = "m2", shift: float = 0.0, q_y: bool = True, **config: Any) -> tuple[Any, Truth]:
    """A conditional model that is the truth, with the exact posterior; `shift` and `q_y` make it wrong on purpose."""
    model, t = model_of(name, (4,), likelihood="real-gaussian", hidden=16, **config), truth()
    std = (1 + t.w.square().sum(0) / t.s**2).rsqrt()
    to_z = (t.w * std**2 / t.s**2).T  # (2, D)
    rows = torch.zeros(2, 4), torch.zeros(2, K)
    bias = torch.cat([shift * std, std.log()])
    affine(model.q_z, [torch.cat([to_z, rows[0]]), torch.cat([-to_z @ t.b.T, rows[1]])], bias)
    out = torch.cat([torch.zeros(4), torch.full((4,), math.log(t.s))])
    affine(model.p_x, [torch.cat([t.w, torch.zeros(4, 2)]), torch.cat([t.b.T, torch.zeros(4, K)])], out)
    if isinstance(model, M2):
        precision = torch.linalg.inv(t.covariance)
        slope, offset = t.b @ precision, -0.5 * (t.b @ precision * t.b).sum(1)
        affine(model.q_y, [slope * q_y], offset * q_y)  # linear discriminant analysis, or uniform
    return model, t


def batch(x: Tensor, y: Tensor | int) -> Batch:
    labels = torch.full((len(x),), y) if isinstance(y, int) else y
    return Batch(x, labels, torch.ones(len(x)))


def loss_of(model: Any, data: Batch, seed: int = 0, progress: float = 1.0) -> Loss:
    loss: Loss = next(model.losses(data, device.generator(seed), progress))
    return loss


def close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-4)


# --- against the exact likelihood ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cvae", "m2"])
def test_with_the_exact_posterior_every_draw_weighs_as_much_as_the_example(name: str) -> None:
    (model, t), x = exact(name), x_of(7)
    close(model.log_weights(x, 5, device.generator(0)), torch.logsumexp(t.log_joint(x), 1).expand(5, 7))
    for y in range(K):
        labels = torch.full((7,), y)
        drawn = model.weigh(x, model.one_hot(labels)[None], 5, device.generator(0))
        close(drawn.log_w()[:, 0], t.log_joint(x)[:, y].expand(5, 7))


def test_with_the_exact_posterior_both_bounds_are_the_likelihood() -> None:
    (model, t), x = exact(samples=4), x_of(7)
    close(loss_of(model, batch(x, UNLABELLED)).terms["bound"], torch.logsumexp(t.log_joint(x), 1))
    close(loss_of(model, batch(x, 1)).terms["bound"], t.log_joint(x)[:, 1])
    close(model.classify(x), t.log_joint(x).log_softmax(1))


def test_a_uniform_classifier_costs_its_divergence_from_the_true_one() -> None:
    (model, t), x = exact(q_y=False, samples=4), x_of(7)
    posterior = t.log_joint(x).log_softmax(1)
    kl = (-math.log(K) - posterior).mean(1)  # KL(uniform ‖ p(y|x))
    assert kl.min() > 0.01
    close(loss_of(model, batch(x, UNLABELLED)).terms["bound"], torch.logsumexp(t.log_joint(x), 1) - kl)


@pytest.mark.parametrize("name", ["cvae", "m2"])
def test_a_shifted_posterior_costs_its_divergence(name: str) -> None:
    (model, t), x = exact(name, shift=0.7), x_of(1).expand(40_000, 4)
    values = loss_of(model, batch(x, 2)).terms["bound"].detach()
    error = values.std().item() / math.sqrt(len(values))
    assert abs(values.mean().item() - (t.log_joint(x[:1])[0, 2].item() - 0.5 * 2 * 0.7**2)) < 4 * error + 1e-4


def test_no_bound_exceeds_the_likelihood_and_more_draws_come_closer() -> None:
    (model, t), x = exact(shift=0.7, q_y=False), x_of(1).expand(20_000, 4)
    log_p = torch.logsumexp(t.log_joint(x[:1]), 1).item()
    means, errors = [], []
    for n in (2, 8):
        values = model.unlabelled_bound(x, n, device.generator(n)).detach()
        means.append(values.mean().item())
        errors.append(values.std().item() / math.sqrt(len(values)))
    assert means[0] + 5 * errors[0] < means[1] < log_p - 5 * errors[1]
    weighted = model.log_prob(x[:50], 400, device.generator(1))
    assert abs(weighted.mean().item() - log_p) < 0.02  # which needs no classifier


# --- against explicit sums -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("likelihood", ["bernoulli", "gray-bernoulli", "gaussian"])
def test_one_weight_is_its_definition(likelihood: str) -> None:
    model = model_of("m2", likelihood=likelihood, std=0.3)
    x, y = noise_images(6, (1, 4, 4)).batch().x.flatten(1).round(), torch.tensor([0, 1, 2, 0, 1, 2])
    drawn = model.weigh(x, model.one_hot(y)[None], 3, device.generator(5))
    mean, log_std = model.posterior(x.reshape(6, 1, 4, 4), y)
    z = mean + log_std.exp() * torch.randn(3, 1, 6, 2, generator=device.generator(5))[:, 0]
    decoded = model.decode(z.flatten(0, 1), y.repeat(3)).flatten(1).unflatten(0, (3, 6))
    p_x = Normal(decoded, 0.3) if likelihood == "gaussian" else Bernoulli(decoded)
    ratio = Normal(0, 1).log_prob(z).sum(-1) - Normal(mean, log_std.exp()).log_prob(z).sum(-1)
    close(drawn.log_ratio[:, 0], ratio)
    log_p: Tensor = p_x.log_prob(x)  # type: ignore[no-untyped-call]
    close(drawn.log_p[:, 0], log_p.sum(-1) - math.log(K))


def same_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every draw is 0.4 standard deviations off its mean, so bounds of different shapes see the same noise."""

    def draw(self: Gaussian, rng: torch.Generator, *n: int) -> Tensor:  # noqa: ARG001
        return (self.mean + 0.4 * self.log_std.exp()).expand(*n, *self.mean.shape)

    monkeypatch.setattr(Gaussian, "draw", draw)


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_the_unlabelled_bound_is_the_explicit_sum_over_the_classes(
    monkeypatch: pytest.MonkeyPatch, name: str, samples: int
) -> None:
    same_noise(monkeypatch)
    model, x = model_of(name, likelihood="gray-bernoulli", samples=samples), noise_images(6, (1, 4, 4)).batch().x
    labelled = [loss_of(model, batch(x, y)).terms for y in range(K)]
    log_q = torch.stack([-terms["cross-entropy"] for terms in labelled])
    close(log_q.exp().sum(0), torch.ones(6))
    expected = sum(q.exp() * (terms["bound"] - q) for q, terms in zip(log_q, labelled, strict=True))
    found = loss_of(model, batch(x, UNLABELLED))
    assert isinstance(expected, Tensor)
    close(found.terms["bound"], expected)
    close(found.value, -expected)
    close(found.terms["kl"], sum((q.exp() * t["kl"] for q, t in zip(log_q, labelled, strict=True)), torch.zeros(6)))


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_a_classifier_that_is_sure_of_the_truth_makes_both_bounds_the_same(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    same_noise(monkeypatch)
    model, x = model_of(name, likelihood="gray-bernoulli"), noise_images(6, (1, 4, 4)).batch().x
    with torch.no_grad():
        model.q_y.layers[-1].weight.zero_()
        model.q_y.layers[-1].bias.copy_(torch.tensor([0.0, 1e4, 0.0]))
    known, unknown = (loss_of(model, batch(x, y)) for y in (1, UNLABELLED))
    torch.testing.assert_close(known.terms["bound"], unknown.terms["bound"])
    torch.testing.assert_close(known.value, unknown.value)  # no cross-entropy is left


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_a_mixed_batch_is_its_parts(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    same_noise(monkeypatch)
    model, x = model_of(name, likelihood="gray-bernoulli"), noise_images(6, (1, 4, 4)).batch().x
    y = torch.tensor([UNLABELLED, 2, UNLABELLED, 0, 1, UNLABELLED])
    mixed = loss_of(model, batch(x, y))
    for i in range(6):
        alone = loss_of(model, batch(x[i : i + 1], y[i : i + 1]))
        close(mixed.value[i : i + 1], alone.value)
        for term, values in alone.terms.items():
            torch.testing.assert_close(mixed.terms[term][i : i + 1], values, rtol=1e-4, atol=1e-4, equal_nan=True)
            assert values.isnan().item() == (y[i].item() == UNLABELLED and term in ("cross-entropy", "error"))


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_alpha_weighs_the_classification_and_progress_the_latent_variables(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    same_noise(monkeypatch)
    x = noise_images(6, (1, 4, 4)).batch().x
    one, none = (model_of(name, likelihood="gray-bernoulli", alpha=alpha) for alpha in (60.0, 0.0))
    for progress in (1.0, 0.25):
        a, b = (loss_of(model, batch(x, 1), progress=progress) for model in (one, none))
        close(a.value - b.value, 60 * a.terms["cross-entropy"])
        close(b.value, -b.terms["bound"] - (1 - progress) * b.terms["kl"])
        assert torch.equal(a.terms["bound"], loss_of(one, batch(x, 1)).terms["bound"])
    assert loss_of(none, batch(x, 1)).terms["kl"].abs().min() > 1e-3
    whole, without = (loss_of(none, batch(x, UNLABELLED), progress=progress) for progress in (1.0, 0.0))
    close(whole.value - without.value, whole.terms["kl"])  # the entropy of the class is never weighed


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_an_error_is_a_wrong_most_probable_class(name: str) -> None:
    model = model_of(name)
    with torch.no_grad():
        model.q_y.layers[-1].weight.zero_()
        model.q_y.layers[-1].bias.copy_(torch.tensor([0.0, 2.0, 1.0]))
    data = noise_images(9, (1, 4, 4)).batch()
    terms = loss_of(model, data).terms
    assert torch.equal(terms["error"], (data.y != 1).float())
    close(terms["cross-entropy"], F.nll_loss(model.classify(data.x), data.y, reduction="none"))


# --- the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONDITIONAL)
def test_training_sees_a_fresh_binary_image_each_time(name: str) -> None:
    binary, gray = model_of(name), model_of(name, likelihood="gray-bernoulli")
    data = noise_images(6, (1, 4, 4)).batch()
    rng = device.generator(5)
    x = binary.binarise(data.x, rng)
    (expected,) = gray.losses(data._replace(x=x), rng)
    torch.testing.assert_close(loss_of(binary, data, seed=5).value, expected.value)


@pytest.mark.parametrize("name", CONDITIONAL)
def test_a_sample_has_a_class_drawn_from_all(name: str) -> None:
    model = model_of(name, likelihood="gray-bernoulli")
    y = torch.randint(K, (9,), generator=(rng := device.generator(1)))
    z = torch.randn(9, 2, generator=rng)
    assert torch.equal(model.sample(9, device.generator(1)), model.decode(z, y))
    assert len(set(y.tolist())) == K


@pytest.mark.parametrize("name", CONDITIONAL)
def test_real_numbers_have_no_bounds(name: str) -> None:
    model = model_of(name, (2,), likelihood="real-gaussian")
    x = model.decode(500 * torch.randn(50, 2, generator=device.generator(0)), torch.zeros(50).long())
    assert x.min() < -1
    assert x.max() > 1
    assert loss_of(model, batch(torch.randn(5, 2, generator=device.generator(0)), 1)).value.isfinite().all()


@pytest.mark.parametrize("name", CONDITIONAL)
def test_batch_normalisation_has_nothing_to_do_with_the_batch_when_training_is_over(name: str) -> None:
    model = model_of(name, batch_norm=True).train()
    data = noise_images(32, (1, 4, 4)).batch()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    loss_of(model, data)
    moved = {key for key, value in model.state_dict().items() if not torch.equal(value, before[key])}
    assert moved
    assert all(key.endswith((".mean", ".variance")) for key in moved)
    model.eval()
    after = {key: value.clone() for key, value in model.state_dict().items()}
    first, y = model.encode(data.x, data.y), data.y
    torch.testing.assert_close(model.encode(data.x[:3], y[:3]), first[:3])
    assert all(torch.equal(value, after[key]) for key, value in model.state_dict().items())
