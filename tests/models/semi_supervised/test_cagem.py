"""CaGeM against sums over the clusters, a hierarchy with clusters whose likelihood is known, and a two-layer VAE."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Normal

from latentlab import device
from latentlab.data import UNLABELLED, Batch, Kind, Spec
from latentlab.distributions import Gaussian
from latentlab.models import Loss
from latentlab.models.hierarchical.cagem_unsupervised import UnsupervisedCaGeM
from latentlab.models.hierarchical.lvae import LVAE
from latentlab.models.semi_supervised.cagem import CaGeM
from latentlab.nn.batch_norm import BatchNorm, statistics_kept
from latentlab.nn.initialise import initialise

K = 3
SPEC = Spec((1, 4, 4), K, Kind.IMAGE)
BITS = torch.rand(8, 1, 4, 4, generator=device.generator(1)).round()
LABELS = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1])
BOTH = [CaGeM, UnsupervisedCaGeM]


def model_of(kind: Any = CaGeM, **config: Any) -> Any:
    """A small model in eval mode with random parameters; sharper than fresh ones, so that its clusters differ."""
    clusters = {"clusters": K} if kind is UnsupervisedCaGeM else {}
    knobs = (
        {"z_dim": 3, "z2_dim": 2, "hidden": 16, "batch_norm": False, "likelihood": "gray-bernoulli"} | clusters | config
    )
    model = kind(kind.Config(**knobs), SPEC)
    initialise(model, device.generator(0))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.7)
    return model.eval()


def batch_of(x: Tensor, y: Tensor | int = UNLABELLED) -> Batch:
    labels = torch.full((len(x),), y) if isinstance(y, int) else y
    return Batch(x, labels, torch.ones(len(x)))


def loss_of(model: Any, batch: Batch, progress: float = 1.0, seed: int = 2) -> Loss:
    loss: Loss = next(model.losses(batch, device.generator(seed), progress))
    return loss


def parts_by_hand(model: Any, x: Tensor, seed: int = 2) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Of a draw, each cluster by itself, (K, B): log q(c|z1, x), log p(x|c, z1), the layers' ratio, log p(c|z2)."""
    rng, flat = device.generator(seed), x.flatten(1)
    q_z1 = Gaussian.of(model.q_z1(flat))
    z1 = q_z1.draw(rng)
    log_q_y = F.log_softmax(model.q_y(flat, z1), -1)
    q_z2 = [Gaussian.of(model.q_z2(flat, one, z1)) for one in torch.eye(K)]
    noise = torch.randn(K, len(x), model.z2_dim, generator=rng)
    rows = []
    for c, one in enumerate(torch.eye(K)):
        z2 = q_z2[c].mean + q_z2[c].log_std.exp() * noise[c]
        logits = model.p_x(one, z1)
        log_p_x = -F.binary_cross_entropy_with_logits(logits, flat, reduction="none").sum(-1)
        p_z1 = Gaussian.of(model.p_z1(one, z2))
        ratio = Normal(p_z1.mean, p_z1.log_std.exp()).log_prob(z1).sum(-1) - q_z1.log_prob(z1)
        ratio = ratio + Normal(0.0, 1.0).log_prob(z2).sum(-1) - q_z2[c].log_prob(z2)
        rows.append((log_q_y[:, c], log_p_x, ratio, F.log_softmax(model.p_y(z2), -1)[:, c]))
    return tuple(torch.stack(column) for column in zip(*rows, strict=True))  # type: ignore[return-value]


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize("tempered", [False, True])
def test_the_bound_is_the_explicit_sum_over_the_clusters(kind: Any, tempered: bool) -> None:
    model = model_of(kind, temper_class=tempered)
    with torch.no_grad():
        log_q, log_p_x, ratio, log_p_y = parts_by_hand(model, BITS)
        loss = loss_of(model, batch_of(BITS), 0.3)
        weight = 0.3 if tempered else 1.0
        warm = log_p_x + 0.3 * ratio + weight * (log_p_y - log_q)
        torch.testing.assert_close(loss.value, -(log_q.exp() * warm).sum(0))
        whole = (log_q.exp() * (log_p_x + ratio + log_p_y - log_q)).sum(0)
        torch.testing.assert_close(loss.terms["bound"], whole)
        torch.testing.assert_close(loss.terms["kl"], -(log_q.exp() * ratio).sum(0))
        weights = model.log_weights(BITS, 1, device.generator(2))[0]
        torch.testing.assert_close(weights, (log_p_x + ratio + log_p_y).logsumexp(0))
        assert (weights > whole).all()  # Jensen: the sum over the clusters inside the logarithm
        units = model.unit_kl(BITS, device.generator(2))
        torch.testing.assert_close(sum(kl.sum(-1) for kl in units.values()), loss.terms["kl"])
    assert float(log_q.exp().std(0).min()) > 0.02  # no cluster is like another


def test_the_names_of_the_clusters_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a model whose clusters are renamed a draw of the renamed noise has the same bound."""
    model, renamed, order = model_of(), model_of(), torch.tensor([2, 0, 1])
    with torch.no_grad():
        for name, place in {"q_z2": 1, "p_z1": 0, "p_x": 0}.items():  # which input is the cluster
            weight = getattr(renamed, name).inputs[place].weight
            weight.copy_(weight[:, order])
        for name in ("q_y", "p_y"):
            last = getattr(renamed, name).layers[-1]
            last.weight.copy_(last.weight[order])
            last.bias.copy_(last.bias[order])
        found = model.draws(BITS, device.generator(2)).bound()
        own = torch.randn
        noise = []

        def reordered(*shape: Any, **kwargs: Any) -> Tensor:
            drawn = own(*shape, **kwargs)
            noise.append(drawn)
            return drawn[order] if len(noise) == 2 else drawn

        monkeypatch.setattr(torch, "randn", reordered)
        torch.testing.assert_close(renamed.draws(BITS, device.generator(2)).bound(), found)
        assert len(noise) == 2
        torch.testing.assert_close(renamed.predictions(BITS).through_top, model.predictions(BITS).through_top[:, order])
        assert not torch.allclose(found, model.draws(BITS, device.generator(3)).bound())


class Known(nn.Module):
    """A network that is a function written down; it gives Gaussians as `Gaussian.of` takes them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(*inputs)


def outputs(mean: Tensor, variance: Tensor) -> Tensor:
    return torch.cat([mean, (0.5 * variance.log()).expand_as(mean)], -1)


# z2 ~ N(0, 1), y ~ PI, z1 = A z2 + SHIFT_y + noise of variance S1, x = B z1 + OFFSET_y + noise of variance S. OFFSET is
# such that the posterior of z1 given x is the same for each y, which is the only one that q(z1|x) can be.
A, B = torch.tensor([0.8, -1.2]).double(), torch.tensor([1.5, 0.7]).double()
S1, S = torch.tensor([0.3, 0.6]).double(), torch.tensor([0.2, 0.4]).double()
PI = torch.tensor([0.5, 0.2, 0.3], dtype=torch.float64)
SHIFT = torch.tensor([[0.0, 0.0], [1.1, -0.4], [-0.7, 0.9]]).double()
V1 = A**2 + S1  # of z1 given y
V = B**2 * V1 + S  # of x given y
GAIN = B * V1 / V
OFFSET = SHIFT * (1 - GAIN * B) / GAIN
CENTRE = B * SHIFT + OFFSET  # of x given y
X = torch.tensor([[1.0, -0.5], [0.0, 3.0], [-2.0, 0.4]]).double()


def log_joint(x: Tensor) -> Tensor:
    """(B, 2) -> (B, K): log p(x, y)."""
    found: Tensor = Normal(CENTRE, V.sqrt()).log_prob(x[:, None]).sum(-1) + PI.log()
    return found


def exact() -> Any:
    """A CaGeM that is this hierarchy, with the exact posteriors."""
    model: Any = CaGeM(
        CaGeM.Config(z_dim=2, z2_dim=2, hidden=8, likelihood="real-gaussian"), Spec((2,), K, Kind.VECTOR)
    )
    parts: dict[str, Callable[..., Tensor]] = {
        "q_z1": lambda x: outputs(GAIN * x + SHIFT[0] - GAIN * CENTRE[0], V1 * S / V),
        "q_y": lambda x, z1: log_joint(x).reshape(*(1,) * (z1.dim() - 2), len(x), K).expand(*z1.shape[:-1], K),
        "q_z2": lambda x, y, z1: outputs(  # noqa: ARG005
            A * (z1 - y.double() @ SHIFT) / V1, S1 / V1
        ),
        "p_y": lambda z2: PI.log().expand(*z2.shape[:-1], K),
        "p_z1": lambda y, z2: outputs(A * z2 + y.double() @ SHIFT, S1),
        "p_x": lambda y, z1: outputs(B * z1 + y.double() @ OFFSET, S),
    }
    for name, function in parts.items():
        setattr(model, name, Known(function))
    return model.eval()


def test_with_exact_parts_every_single_draw_weighs_the_likelihood() -> None:
    model, truth = exact(), log_joint(X).logsumexp(1)
    drawn = model.draws(X, device.generator(0), 20)
    torch.testing.assert_close(drawn.log_weights(), truth.expand(20, 3), rtol=0, atol=1e-9)
    torch.testing.assert_close(drawn.bound(), truth.expand(20, 3), rtol=0, atol=1e-9)
    torch.testing.assert_close(model.classify(X), log_joint(X).log_softmax(1))
    torch.testing.assert_close(model.predictions(X).through_top, PI.log().expand(3, K))  # z2 doesn't know it


def test_a_wrong_classifier_costs_its_divergence_and_no_weight() -> None:
    model, truth = exact(), log_joint(X)
    model.q_y = Known(lambda x, z1: torch.zeros(*z1.shape[:-1], K).double())  # noqa: ARG005
    drawn = model.draws(X, device.generator(0), 5)
    divergence = -math.log(K) - truth.log_softmax(1).mean(1)
    torch.testing.assert_close(drawn.bound(), (truth.logsumexp(1) - divergence).expand(5, 3), rtol=0, atol=1e-9)
    torch.testing.assert_close(drawn.log_weights(), truth.logsumexp(1).expand(5, 3), rtol=0, atol=1e-9)


def test_samples_of_the_exact_hierarchy_have_its_mean_and_covariance() -> None:
    means = exact().sample(200_000, device.generator(0)).double()
    torch.testing.assert_close(means.mean(0), PI @ CENTRE, rtol=0, atol=0.03)
    between = (PI[:, None] * (CENTRE - PI @ CENTRE)).T @ (CENTRE - PI @ CENTRE)
    torch.testing.assert_close(torch.cov(means.T), torch.diag(B**2 * V1) + between, rtol=0, atol=0.05)


def test_the_cluster_of_a_z1_alone_is_that_of_its_marginal() -> None:
    z1 = 2 * torch.randn(500, 2, generator=device.generator(4), dtype=torch.float64)
    truth = (Normal(SHIFT, V1.sqrt()).log_prob(z1[:, None]).sum(-1) + PI.log()).log_softmax(1)
    found = exact()._clusters_of_z1(z1)
    agree = float((found.argmax(1) == truth.argmax(1)).double().mean())
    assert agree > 0.9  # 256 draws of z2
    assert agree > 3 * float((truth.argmax(1) == found.argmax(1).roll(1)).double().mean()) - 1


def test_without_the_cluster_it_is_a_vae_of_two_layers() -> None:
    model = model_of(z_dim=3, z2_dim=2)
    vae = LVAE(LVAE.Config(z_dim=3, z2_dim=2, hidden=8, inference="bottom-up", batch_norm=False), SPEC)
    with torch.no_grad():
        for name, place in {"q_z2": 1, "p_z1": 0, "p_x": 0}.items():
            getattr(model, name).inputs[place].weight.zero_()
        model.q_z2.inputs[0].weight.zero_()  # q(z2|z1) doesn't look at x
        for name in ("q_y", "p_y"):
            getattr(model, name).layers[-1].weight.zero_()
            getattr(model, name).layers[-1].bias.zero_()
        nothing = torch.zeros(K)
        parts: dict[str, Any] = {
            "up1": nn.Identity(), "q_z1": lambda x: Gaussian.of(model.q_z1(x)), "up2": nn.Identity(),
            "q_z2": lambda z1: Gaussian.of(model.q_z2(torch.zeros(16), nothing, z1)),
            "p_z1": lambda z2: Gaussian.of(model.p_z1(nothing, z2)), "p_x": lambda z1: model.p_x(nothing, z1),
        }  # fmt: skip
        for name, part in parts.items():
            setattr(vae, name, part if isinstance(part, nn.Module) else Known(part))
        n, x = 20_000, BITS[:2]
        ours = model.draws(x, device.generator(5), n).bound()
        theirs = vae.log_weights(x, n, device.generator(6))
    error = (ours.var(0) / n + theirs.var(0) / n).sqrt()
    assert ((ours.mean(0) - theirs.mean(0)).abs() < 3 * error).all()
    assert float(error.max()) < 0.05


def test_a_label_moves_the_two_classifiers_alone() -> None:
    for norm in (False, True):
        model = model_of(batch_norm=norm, alpha=2.0).train()
        half = torch.cat([torch.full((4,), UNLABELLED), LABELS[4:]])
        both = loss_of(model, batch_of(BITS, half))
        gradient = torch.autograd.grad(both.value[4:].sum(), list(model.parameters()), allow_unused=True)
        moved = {
            name.split(".")[0]
            for (name, _), slope in zip(model.named_parameters(), gradient, strict=True)
            if slope is not None and bool(slope.ne(0).any())
        }
        assert moved == {"q_y", "p_y"}
        loss_of(model, batch_of(BITS, half)).value[:4].sum().backward()
        assert all(p.grad is not None and bool(p.grad.ne(0).any()) for p in model.parameters())


def test_a_label_costs_both_cross_entropies() -> None:
    model = model_of(alpha=2.0).train()
    half = torch.cat([torch.full((4,), UNLABELLED), LABELS[4:]])
    rng = device.generator(2)
    with torch.no_grad():
        loss = loss_of(model, batch_of(BITS, half), 0.4)
        x = model.binarise(BITS, rng)
        value, _ = model.bounded(x[:4], rng, 0.4)
        torch.testing.assert_close(loss.value[:4], value)
        z1, z2 = model.layers_of(x[4:].flatten(1), rng)
        q = model.q_y(x[4:].flatten(1), z1).softmax(-1)
        p = sum(q[:, c, None] * model.p_y(z2[c]).softmax(-1) for c in range(K))
        rows = torch.arange(4)
        costs = [-probs[rows, LABELS[4:]].log() for probs in (q, p)]
        torch.testing.assert_close(loss.value[4:], 2 * (costs[0] + costs[1]))
        torch.testing.assert_close(loss.terms["cross-entropy"][4:], costs[0])
        torch.testing.assert_close(loss.terms["cross-entropy of p(y|x)"][4:], costs[1])
        assert loss.terms["bound"][4:].isnan().all()  # the same images pass without their labels, too
        assert loss.terms["error"][:4].isnan().all()
        evaluated = loss_of(model.eval(), batch_of(BITS, half))
        assert evaluated.terms["bound"].isfinite().all()
        found = model.predictions(BITS[4:])
        torch.testing.assert_close(model.classify(BITS[4:]), found.inferred)
        torch.testing.assert_close(found.through_top.exp().sum(1), torch.ones(4))
        wrong = (found.through_top.argmax(1) != LABELS[4:]).float()
        torch.testing.assert_close(evaluated.terms["error of p(y|x)"][4:], wrong)


def test_where_all_are_labelled_all_have_the_bound() -> None:
    model = model_of(alpha=2.0).train()
    loss = loss_of(model, batch_of(BITS, LABELS))
    cost = 2 * (loss.terms["cross-entropy"] + loss.terms["cross-entropy of p(y|x)"])
    torch.testing.assert_close(loss.value, cost - loss.terms["bound"])


def test_a_labelled_pass_leaves_the_running_statistics_alone() -> None:
    model = model_of(batch_norm=True).train()
    rng = device.generator(2)

    def statistics() -> dict[str, Tensor]:
        return {name: value.clone() for name, value in model.named_buffers()}

    before = statistics()
    known = torch.ones(8, dtype=torch.bool)
    cost, _ = model._classification(BITS, batch_of(BITS, LABELS), known, rng)
    cost.sum().backward()
    assert before
    assert all(torch.equal(value, before[name]) for name, value in statistics().items())
    model.bounded(BITS, rng, 1.0)
    assert all(not torch.equal(value, before[name]) for name, value in statistics().items())


def test_kept_statistics_are_those_of_the_batch_until_it_is_over() -> None:
    layer, h = BatchNorm(3).train(), 5 + 2 * torch.randn(50, 3, generator=device.generator(0))
    expected = layer(h)
    mean = layer.mean.clone()
    with statistics_kept(layer):
        torch.testing.assert_close(layer(h), expected)
        assert torch.equal(layer.mean, mean)
    layer(h)
    assert not torch.equal(layer.mean, mean)
    with pytest.raises(ZeroDivisionError), statistics_kept(layer):
        raise ZeroDivisionError
    assert not layer.keeps_statistics


def test_what_is_generated_follows_from_the_top() -> None:
    model = model_of()
    z2 = torch.randn(5, 2, generator=device.generator(3))
    with torch.no_grad():
        y = model.clusters_given(z2).argmax(1)
        z1 = Gaussian.of(model.p_z1(F.one_hot(y, K).float(), z2)).mean
        by_hand = model.p_x(F.one_hot(y, K).float(), z1).sigmoid().reshape(-1, 1, 4, 4)
        torch.testing.assert_close(model.generate("z2", z2), by_hand)
        torch.testing.assert_close(model.generate_given(z2, y), by_hand)
        other = model.generate_given(z2, (y + 1) % K)
    assert not torch.allclose(other, by_hand, atol=1e-3)


def test_drawn_clusters_have_their_probabilities() -> None:
    model = exact()
    model.p_x = Known(lambda y, z1: torch.cat([y.double()[:, :2] + 0 * z1, 0 * z1], -1))  # the cluster itself
    drawn = model.generate("z2", torch.zeros(30_000, 2).double(), device.generator(0))
    torch.testing.assert_close(drawn.mean(0).double(), PI[:2], rtol=0, atol=0.02)


def test_clusters_are_a_knob_without_labels_and_the_classes_with_them() -> None:
    assert model_of(UnsupervisedCaGeM, clusters=7).predictions(BITS).inferred.shape == (8, 7)
    with pytest.raises(ValueError, match="two classes"):
        CaGeM(CaGeM.Config(), Spec((1, 4, 4), 1, Kind.IMAGE))
    assert CaGeM.configured(CaGeM.Config(), 1_300, 100).alpha == pytest.approx(1.3)
    assert CaGeM.configured(CaGeM.Config(alpha=4.0), 1_300, 100).alpha == 4.0
