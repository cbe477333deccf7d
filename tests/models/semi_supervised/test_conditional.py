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
from latentlab.data import UNLABELLED, Batch, kind_of
from latentlab.distributions import Gaussian
from latentlab.models import MODELS, Loss, Spec
from latentlab.models.parts.auxiliary_vae import AuxiliaryVAE
from latentlab.models.parts.conditional_vae import ConditionalVAE
from latentlab.models.parts.semi_supervised_vae import SemiSupervisedVAE
from latentlab.models.semi_supervised.two_headed import TwoHeaded
from latentlab.nn.initialise import initialise
from latentlab.nn.layers import JointMLP
from tests.conftest import naming, noise_images

pytestmark = pytest.mark.training

K = 3
NEARLY = 1e-3  # the noise of a lower code that is x itself
FAR = 60.0  # a bias that keeps ReLUs on, so that a network is an affine map
CONDITIONAL = [name for name, model in MODELS.items() if issubclass(model, ConditionalVAE)]
SEES_X: dict[str, dict[str, Any]] = {"adgm": {"a_sees_x": True}}  # only then can its posterior be exact
SEMI_SUPERVISED = [name for name, model in MODELS.items() if issubclass(model, SemiSupervisedVAE)]


def model_of(name: str, shape: tuple[int, ...] = (1, 4, 4), n_classes: int = K, **config: Any) -> Any:
    """A small model of this kind in eval mode, with parameters from seed 0."""
    kind: Any = MODELS[name]
    model = kind(
        kind.Config(**({"z_dim": 2, "hidden": 32, "layers": 1} | config)), Spec(shape, n_classes, kind_of(shape))
    )
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


def always(model: Any, logits: list[float]) -> None:
    """Make the classifier say the same of every example."""
    last: Any = (model.q_yz if isinstance(model, TwoHeaded) else model.q_y).layers[-1]
    with torch.no_grad():
        last.weight[:K] = 0
        last.bias[:K] = torch.tensor(logits)


@dataclass(frozen=True)
class Truth:
    """p(y) = 1/K, latents ~ N(0, I), x = W latents + b_y + s eps; W's columns are orthogonal: a diagonal posterior.

    `apart`: so many of the last columns are orthogonal to every b_y, so that x tells those latents without the class.
    """

    n_latent: int = 2
    apart: int = 0
    s: float = 0.6

    @property
    def w(self) -> Tensor:  # (4, n_latent)
        basis: Tensor = torch.linalg.qr(torch.randn(4, self.n_latent, generator=device.generator(3)))[0]
        return basis * torch.tensor([1.5, 0.4, 0.9])[: self.n_latent]

    @property
    def b(self) -> Tensor:  # (K, 4)
        b = torch.randn(K, 4, generator=device.generator(5))
        for column in self.w.T[self.n_latent - self.apart :]:
            b = b - (b @ column)[:, None] * column / column.square().sum()
        return b

    @property
    def covariance(self) -> Tensor:
        return self.w @ self.w.T + self.s**2 * torch.eye(4)

    @property
    def std(self) -> Tensor:
        """(n_latent,): standard deviations of the posterior."""
        return (1 + self.w.square().sum(0) / self.s**2).rsqrt()

    @property
    def to_latent(self) -> Tensor:
        """(n_latent, 4): the posterior's mean is this times (x - b_y)."""
        return (self.w * self.std**2 / self.s**2).T

    def log_joint(self, x: Tensor) -> Tensor:
        """(B, 4) -> (B, K): log p(x, y)."""
        p_x = [MultivariateNormal(b, self.covariance).log_prob(x) for b in self.b]
        return torch.stack(p_x, 1) - math.log(K)

    def log_p(self, x: Tensor) -> Tensor:
        """(B, 4) -> (B,): log p(x)."""
        return torch.logsumexp(self.log_joint(x), 1)


def x_of(n: int) -> Tensor:
    return 1.5 * torch.randn(n, 4, generator=device.generator(4))


def gaussian(network: JointMLP, maps: list[Tensor], mean: Tensor, std: Tensor) -> None:
    """Make a network's mean the affine map and its standard deviation constant."""
    affine(network, [torch.cat([m, torch.zeros_like(m)]) for m in maps], torch.cat([mean, std.log()]))


def exact(name: str = "m2", shift: float = 0.0, q_y: bool = True, **config: Any) -> tuple[Any, Truth]:
    """A conditional model that is the truth, with the exact posterior; `shift` and `q_y` make it wrong on purpose.

    The auxiliary variable of an ADGM is z's own noise, of an SDGM one of the truth's latents. The lower code of an
    M1+M2 is x itself, up to a noise so small that the posterior given it is the posterior given x.
    """
    t = {"two_headed": Truth(apart=2), "sdgm": Truth(n_latent=3, apart=1)}.get(name, Truth())
    n_a = {"adgm": 2, "sdgm": 1}.get(name, 0)
    extra = {"a_dim": n_a} if n_a else {"z1_dim": 4} if name == "m1_m2" else {}
    model = model_of(name, (4,), likelihood="real-gaussian", hidden=16, **extra, **config)
    to_z, v, off = t.to_latent[:2], t.std[:2], shift * t.std[:2]
    slope = t.b @ torch.linalg.inv(t.covariance) * q_y  # linear discriminant analysis, or uniform
    logits = -0.5 * (slope * t.b).sum(1)
    noise, lever = torch.ones(n_a), torch.eye(2, n_a) * 0.8 * v[:, None] if name == "adgm" else torch.zeros(2, n_a)
    parts = [t.w[:, :2], t.b.T]
    match name:
        case "two_headed":
            code = torch.cat([to_z, torch.zeros(2, 4)])
            affine(model.q_yz, [torch.cat([slope, code])], torch.cat([logits, off, v.log()]))
        case "adgm":
            gaussian(model.q_a, [torch.zeros(2, 4)], torch.zeros(2), noise)
            gaussian(model.q_z, [to_z, lever, -to_z @ t.b.T], off, 0.6 * v)
            back = torch.diag(0.8 / v)  # E[a|z] for z = mean + std (0.8 a + 0.6 eps)
            gaussian(model.p_a, [back, back @ to_z @ t.b.T, -back @ to_z], torch.zeros(2), 0.6 * noise)
        case "sdgm":
            gaussian(model.q_a, [t.to_latent[2:]], torch.zeros(1), t.std[2:])
            gaussian(model.q_z, [to_z, lever, -to_z @ t.b.T], off, v)
            gaussian(model.p_a, [torch.zeros(1, 2), torch.zeros(1, K)], torch.zeros(1), noise)
            parts.append(t.w[:, 2:])
        case _:
            gaussian(model.q_z, [to_z, -to_z @ t.b.T], off, v)
    if name == "m1_m2":
        gaussian(model.p_z1, parts, torch.zeros(4), torch.full((4,), t.s))
        gaussian(model.q_z1, [torch.eye(4)], torch.zeros(4), torch.full((4,), NEARLY))
        gaussian(model.p_x, [torch.eye(4)], torch.zeros(4), torch.full((4,), NEARLY))
    else:
        gaussian(model.p_x, parts, torch.zeros(4), torch.full((4,), t.s))
    if n_a:
        affine(model.q_y, [slope, torch.zeros(K, n_a)], logits)
    elif name in ("m2", "m1_m2"):
        affine(model.q_y, [slope], logits)
    return model, t


def batch(x: Tensor, y: Tensor | int) -> Batch:
    labels = torch.full((len(x),), y) if isinstance(y, int) else y
    return Batch(x, labels, torch.ones(len(x)))


def loss_of(model: Any, data: Batch, seed: int = 0, progress: float = 1.0) -> Loss:
    loss: Loss = next(model.losses(data, device.generator(seed), progress))
    return loss


def close(a: Tensor, b: Tensor, name: str = "") -> None:
    """The same but for rounding, and for the noise between x and the lower code of an M1+M2."""
    torch.testing.assert_close(a, b, rtol=1e-4, atol=50 * NEARLY if name == "m1_m2" else 1e-4)


# --- against the exact likelihood ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CONDITIONAL)
def test_with_the_exact_posterior_every_draw_weighs_as_much_as_the_example(name: str) -> None:
    (model, t), x = exact(name, **SEES_X.get(name, {})), x_of(7)
    for n in (1, 5):  # a single draw too: its KL in closed form would be no weight
        close(model.log_weights(x, n, device.generator(0)), t.log_p(x).expand(n, 7), name)
    for y in range(K):
        labels = torch.full((7,), y)
        drawn = model.draw_weights(x, model.one_hot(labels)[None], 5, device.generator(0))
        close(drawn.log_w()[:, 0], t.log_joint(x)[:, y].expand(5, 7), name)


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_with_the_exact_posterior_both_bounds_are_the_likelihood(name: str) -> None:
    (model, t), x = exact(name, samples=4, **SEES_X.get(name, {})), x_of(7)
    close(loss_of(model, batch(x, UNLABELLED)).terms["bound"], t.log_p(x), name)
    close(loss_of(model, batch(x, 1)).terms["labelled bound"], t.log_joint(x)[:, 1], name)
    close(model.classify(x), t.log_joint(x).log_softmax(1))


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_each_bound_is_of_one_quantity_whether_an_example_has_a_label_or_not(name: str) -> None:
    """The term "bound" is of log p(x), "labelled bound" of log p(x, y); in training each example has one of the two."""
    (model, t), x, y = exact(name, samples=4, **SEES_X.get(name, {})), x_of(7), torch.tensor([0, 1, 2, 0, 1, 2, 0])
    known, unknown = loss_of(model, batch(x, y)).terms, loss_of(model, batch(x, UNLABELLED)).terms
    for terms in (known, unknown):
        close(terms["bound"], t.log_p(x), name)
    close(known["labelled bound"], t.log_joint(x)[torch.arange(7), y], name)
    assert unknown["labelled bound"].isnan().all()
    model.train()
    assert loss_of(model, batch(x, y)).terms["bound"].isnan().all()
    close(loss_of(model, batch(x, y)).terms["labelled bound"], known["labelled bound"], name)


def test_a_purely_conditional_model_bounds_what_the_class_leaves_open() -> None:
    (model, t), x, y = exact("cvae", samples=4), x_of(7), torch.tensor([0, 1, 2, 0, 1, 2, 0])
    found = loss_of(model, batch(x, y)).terms
    close(found["conditional bound"], t.log_joint(x)[torch.arange(7), y] + math.log(K))  # log p(x|y)
    assert "bound" not in found


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_a_uniform_classifier_costs_its_divergence_from_the_true_one(name: str) -> None:
    (model, t), x = exact(name, q_y=False, samples=4, **SEES_X.get(name, {})), x_of(7)
    kl = (-math.log(K) - t.log_joint(x).log_softmax(1)).mean(1)  # KL(uniform ‖ p(y|x))
    assert kl.min() > 0.01
    close(loss_of(model, batch(x, UNLABELLED)).terms["bound"], t.log_p(x) - kl, name)


@pytest.mark.parametrize("name", ["cvae", "m2", "m1_m2", "two_headed", "sdgm"])
def test_a_shifted_posterior_costs_its_divergence(name: str) -> None:
    (model, t), x = exact(name, shift=0.7), x_of(1).expand(40_000, 4)
    terms = loss_of(model, batch(x, 2)).terms
    values = (terms["labelled bound"] if name != "cvae" else terms["conditional bound"] - math.log(K)).detach()
    error = values.std().item() / math.sqrt(len(values))
    assert abs(values.mean().item() - (t.log_joint(x[:1])[0, 2].item() - 0.5 * 2 * 0.7**2)) < 4 * error + 1e-4


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_no_bound_exceeds_the_likelihood_and_more_draws_come_closer(name: str) -> None:
    (model, t), x = exact(name, shift=0.7, q_y=False, **SEES_X.get(name, {})), x_of(1).expand(20_000, 4)
    log_p = t.log_p(x[:1]).item()
    means, errors = [], []
    for n in (2, 8):
        values = model.unlabelled_bound(x, n, device.generator(n)).detach()
        means.append(values.mean().item())
        errors.append(values.std().item() / math.sqrt(len(values)))
    assert means[0] + 5 * errors[0] < means[1] < log_p - 5 * errors[1]
    weighted = model.log_prob(x[:50], 400, device.generator(1))
    assert abs(weighted.mean().item() - log_p) < 0.05  # which needs no classifier


def test_an_auxiliary_variable_that_nothing_depends_on_leaves_m2(monkeypatch: pytest.MonkeyPatch) -> None:
    same_noise(monkeypatch)
    m2, adgm = (model_of(name, likelihood="gray-bernoulli", samples=3) for name in ("m2", "adgm"))
    with torch.no_grad():
        for name in ("q_y", "q_z"):
            theirs, mine = getattr(m2, name), getattr(adgm, name)
            mine.inputs[1].weight.zero_()
            mine.inputs[0].load_state_dict(theirs.inputs[0].state_dict())
            if name == "q_z":
                mine.inputs[2].load_state_dict(theirs.inputs[1].state_dict())
            mine.layers.load_state_dict(theirs.layers.state_dict())
        adgm.p_x.load_state_dict(m2.p_x.state_dict())
        for network in (adgm.q_a, adgm.p_a):
            network.layers[-1].weight.zero_()
            network.layers[-1].bias.fill_(0.3)
    x = noise_images(6, (1, 4, 4)).batch().x
    for y in (UNLABELLED, 1):
        one, other = (loss_of(model, batch(x, y)) for model in (m2, adgm))
        close(one.value, other.value)
        close(one.terms["kl"], other.terms["kl"])


def test_an_sdgm_without_its_skip_is_an_adgm(monkeypatch: pytest.MonkeyPatch) -> None:
    same_noise(monkeypatch)
    adgm, sdgm = (model_of(name, likelihood="gray-bernoulli", samples=3) for name in ("adgm", "sdgm"))
    x = noise_images(6, (1, 4, 4)).batch().x
    skip = sdgm.p_x.inputs[2].weight.detach().clone()
    for name, network in adgm.named_children():
        getattr(sdgm, name).load_state_dict(network.state_dict(), strict=False)
    for kept, same in ((torch.zeros_like(skip), True), (skip, False)):
        with torch.no_grad():
            sdgm.p_x.inputs[2].weight.copy_(kept)
        for y in (UNLABELLED, 1):
            one, other = (loss_of(model, batch(x, y)).value for model in (adgm, sdgm))
            assert torch.allclose(one, other, rtol=1e-4) is same
        z, labels = torch.randn(6, 2, generator=device.generator(0)), torch.tensor([0, 1, 2, 0, 1, 2])
        assert torch.allclose(adgm.decode(z, labels), sdgm.decode(z, labels)) is same


def test_the_lower_model_of_a_stack_learns_as_if_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    same_noise(monkeypatch)
    alone = model_of("m1", likelihood="gray-bernoulli", z_dim=3)
    stack = model_of("m1_m2", likelihood="gray-bernoulli", z1_dim=3)
    stack.q_z1.load_state_dict(alone.q_z.state_dict())
    stack.p_x.load_state_dict(alone.p_x.state_dict())
    x = noise_images(6, (1, 4, 4)).batch().x
    for y in (UNLABELLED, 1):
        for model in (alone, stack):
            model.zero_grad()
            loss_of(model, batch(x, y), progress=0.5).value.sum().backward()
        for lower, same in ((stack.q_z1, alone.q_z), (stack.p_x, alone.p_x)):
            for mine, theirs in zip(lower.parameters(), same.parameters(), strict=True):
                torch.testing.assert_close(mine.grad, theirs.grad)
        for upper in (stack.q_y, stack.q_z, stack.p_z1):
            assert all(parameter.grad.abs().max() > 0 for parameter in upper.layers.parameters())


@pytest.mark.parametrize("name", [name for name, model in MODELS.items() if issubclass(model, AuxiliaryVAE)])
def test_classes_and_codes_are_those_at_the_mean_of_the_auxiliary_variable(name: str) -> None:
    model, data = model_of(name), noise_images(6, (1, 4, 4)).batch()
    flat, a = data.x.flatten(1), model.auxiliary(data.x)
    assert a.shape == (6, model.a_dim)
    torch.testing.assert_close(a, model.q_a(flat)[:, : model.a_dim])
    torch.testing.assert_close(model.classify(data.x), model.q_y(flat, a).log_softmax(1))
    torch.testing.assert_close(model.encode(data.x, data.y), model.q_z(flat, a, model.one_hot(data.y))[:, :2])


# --- against explicit sums -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("likelihood", ["bernoulli", "gray-bernoulli", "gaussian"])
def test_one_weight_is_its_definition(likelihood: str) -> None:
    model = model_of("m2", likelihood=likelihood, std=0.3)
    x, y = noise_images(6, (1, 4, 4)).batch().x.flatten(1).round(), torch.tensor([0, 1, 2, 0, 1, 2])
    drawn = model.draw_weights(x, model.one_hot(y)[None], 3, device.generator(5))
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
    expected = sum(q.exp() * (terms["labelled bound"] - q) for q, terms in zip(log_q, labelled, strict=True))
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
    always(model, [0.0, 1e4, 0.0])
    known, unknown = (loss_of(model, batch(x, y)) for y in (1, UNLABELLED))
    for term in ("bound", "labelled bound"):
        torch.testing.assert_close(known.terms[term], unknown.terms["bound"])
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
            assert values.isnan().item() == (
                y[i].item() == UNLABELLED and term in ("labelled bound", "cross-entropy", "error")
            )


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_alpha_weighs_the_classification_and_progress_the_latent_variables(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    same_noise(monkeypatch)
    x = noise_images(6, (1, 4, 4)).batch().x
    one, none = (model_of(name, likelihood="gray-bernoulli", alpha=alpha) for alpha in (60.0, 1e-9))
    for progress in (1.0, 0.25):
        a, b = (loss_of(model, batch(x, 1), progress=progress) for model in (one, none))
        close(a.value - b.value, 60 * a.terms["cross-entropy"])
        close(b.value, -b.terms["labelled bound"] - (1 - progress) * b.terms["kl"])
        assert torch.equal(a.terms["labelled bound"], loss_of(one, batch(x, 1)).terms["labelled bound"])
    assert loss_of(none, batch(x, 1)).terms["kl"].abs().min() > 1e-3
    whole, without = (loss_of(none, batch(x, UNLABELLED), progress=progress) for progress in (1.0, 0.0))
    close(whole.value - without.value, whole.terms["kl"])  # the entropy of the class is never weighed


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_alpha_follows_the_number_of_labels_unless_it_is_given(name: str) -> None:
    kind: Any = MODELS[name]
    for n_labelled, alpha in ((100, 50.0), (1_000, 5.0), (50_000, 0.1)):  # β N / N_l of MNIST, with the papers' β = 0.1
        assert kind.configured(kind.Config(), 50_000, n_labelled).alpha == pytest.approx(alpha)
    assert kind.configured(kind.Config(alpha=3.0), 50_000, 100).alpha == 3.0
    assert model_of(name).alpha == 0.1  # as if every example had a label


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_an_error_is_a_wrong_most_probable_class(name: str) -> None:
    model = model_of(name)
    always(model, [0.0, 2.0, 1.0])
    data = noise_images(9, (1, 4, 4)).batch()
    terms = loss_of(model, data).terms
    assert torch.equal(terms["error"], (data.y != 1).float())
    close(terms["cross-entropy"], F.nll_loss(model.classify(data.x), data.y, reduction="none"))


@pytest.mark.parametrize("name", SEMI_SUPERVISED)
def test_a_trained_model_is_judged_on_the_image_itself(name: str) -> None:
    model = model_of(name)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3)  # so that noise and binarisation change its mind
    data = noise_images(200, (1, 4, 4)).batch()
    expected = (model.classify(data.x).argmax(1) != data.y).float()
    assert torch.equal(loss_of(model, data).terms["error"], expected)
    assert not torch.equal(loss_of(model.train(), data).terms["error"], expected)


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
    assert torch.equal(model.sample(9, device.generator(1)), model.sample_given(z, y, rng))
    assert len(set(y.tolist())) == K


@pytest.mark.parametrize("name", CONDITIONAL)
def test_samples_vary_as_much_as_the_model_says(name: str) -> None:
    """What lies between the code and x is drawn: the covariance of samples is the closed form of ancestral draws."""
    model, t = exact(name, **SEES_X.get(name, {}))
    n, within = 40_000, t.w @ t.w.T  # of the mean of p(x|·) in a class
    if name == "m1_m2":
        within = t.covariance  # whose x is z1 itself
    whole = within + torch.cov(t.b.T, correction=0)
    with torch.no_grad():
        samples = model.sample(n, device.generator(0))
        z, one = torch.randn(n, 2, generator=device.generator(1)), torch.ones(n).long()
        drawn, mean = model.sample_given(z, one, device.generator(2)), model.decode(z, one)
    spread = 4 * math.sqrt(2 / n) * whole.diagonal().max().item()
    torch.testing.assert_close(torch.cov(samples.T), whole, rtol=0, atol=spread)
    torch.testing.assert_close(torch.cov(drawn.T), within, rtol=0, atol=spread)
    torch.testing.assert_close(torch.cov(mean.T), t.w[:, :2] @ t.w[:, :2].T, rtol=0, atol=spread)  # its share of z


@pytest.mark.parametrize("name", [*CONDITIONAL, "m1", "avae"])
def test_pixels_are_of_images_only(name: str) -> None:
    with pytest.raises(ValueError, match=naming("bernoulli", "real-gaussian")):
        model_of(name, (2,))


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
