"""M1 is a VAE that a classifier looks at, and nothing that the classifier learns moves the VAE."""

from __future__ import annotations

import torch

from latentlab import device
from latentlab.data import UNLABELLED
from tests.conftest import noise_images
from tests.models.semi_supervised.test_conditional import batch, close, gaussian, loss_of, model_of, x_of


def test_with_the_exact_posterior_the_bound_is_the_likelihood() -> None:
    model, s, x = model_of("m1", (4,), likelihood="real-gaussian", hidden=16, samples=3), 0.6, x_of(7)
    w = torch.linalg.qr(torch.randn(4, 2, generator=device.generator(3)))[0] * torch.tensor([1.5, 0.4])
    std = (1 + w.square().sum(0) / s**2).rsqrt()
    gaussian(model.q_z, [(w * std**2 / s**2).T], torch.zeros(2), std)
    gaussian(model.p_x, [w], torch.zeros(4), torch.full((4,), s))
    p_x = torch.distributions.MultivariateNormal(torch.zeros(4), w @ w.T + s**2 * torch.eye(4))
    log_p = p_x.log_prob(x)
    close(loss_of(model, batch(x, 0)).terms["bound"], log_p)
    close(model.log_prob(x, 5, device.generator(0)), log_p)


def test_the_classifier_moves_nothing_but_itself() -> None:
    model, data = model_of("m1"), noise_images(6, (1, 4, 4)).batch()
    loss = loss_of(model, data)
    loss.terms["cross-entropy"].sum().backward(retain_graph=True)
    touched = {name.partition(".")[0] for name, p in model.named_parameters() if p.grad is not None and p.grad.any()}
    assert touched == {"q_y"}
    close(loss.value, loss.terms["cross-entropy"] - loss.terms["bound"])


def test_an_example_without_a_label_has_the_bound_alone() -> None:
    model, x = model_of("m1"), noise_images(6, (1, 4, 4)).batch().x
    y = torch.tensor([UNLABELLED, 2, UNLABELLED, 0, 1, UNLABELLED])
    loss, known = loss_of(model, batch(x, y)), y != UNLABELLED
    close(loss.value[~known], -loss.terms["bound"][~known])
    for term in ("cross-entropy", "error"):
        assert torch.equal(loss.terms[term].isnan(), ~known)
    assert torch.equal(loss.terms["error"][known], (model.classify(x).argmax(1) != y).float()[known])
    loss.value.mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in model.parameters())
