"""Probabilistic PCA against scikit-learn, the Gaussian it is, and the optimum it claims to be."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor
from torch.distributions import MultivariateNormal

from latentlab import device
from latentlab.data import Dataset, Kind, Spec, Splits
from latentlab.models.linear.ppca import PPCA
from latentlab.nn.initialise import initialise
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.loop import train

D, Q, N = 6, 2, 400


def data_of(x: Tensor) -> Dataset:
    return Dataset("rows", x.float(), torch.zeros(len(x), dtype=torch.int64), (), Kind.VECTOR)


def rows(n: int = N, seed: int = 0) -> Tensor:
    rng = device.generator(seed)
    w = torch.randn(D, Q, generator=rng, dtype=torch.float64) * 2
    z = torch.randn(n, Q, generator=rng, dtype=torch.float64)
    return z @ w.T + 0.5 * torch.randn(n, D, generator=rng, dtype=torch.float64) + torch.arange(D)


def fitted(x: Tensor, q: int = Q) -> PPCA:
    model = PPCA(PPCA.Config(z_dim=q), Spec((x.shape[1],), 0, Kind.VECTOR))
    initialise(model, device.generator(0))
    data = data_of(x)
    (report,) = train(model, Splits(data, data, data), TrainConfig())
    assert report.done
    return model


def covariance_of(model: PPCA) -> Tensor:
    w = model.p_x.weight.detach().double()
    return w @ w.T + (2 * model.log_std.detach().double()).exp() * torch.eye(len(w), dtype=torch.float64)


def likelihood(mean: Tensor, covariance: Tensor, x: Tensor) -> float:
    log_p: Tensor = MultivariateNormal(mean, covariance).log_prob(x)
    return log_p.mean().item()


def test_the_likelihood_is_that_of_scikit_learn_with_its_own_covariance() -> None:
    x = rows()
    model = fitted(x)
    theirs = PCA(Q).fit(x.numpy())
    theirs.explained_variance_ *= (N - 1) / N  # it divides by n - 1, the maximum of the likelihood by n
    theirs.noise_variance_ *= (N - 1) / N
    ours = model.log_prob(x.float(), 1, device.generator(0))
    np.testing.assert_allclose(ours.numpy(), theirs.score_samples(x.numpy()), rtol=2e-5)


def test_the_principal_components_span_the_weights_and_the_rest_is_noise() -> None:
    x = rows()
    model = fitted(x)
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    assert (2 * model.log_std).exp().item() == pytest.approx(values[:-Q].mean().item(), rel=1e-5)
    w = model.p_x.weight.detach().double()
    outside = w - vectors[:, -Q:] @ (vectors[:, -Q:].T @ w)
    assert float(outside.abs().max()) < 1e-5
    torch.testing.assert_close(model.p_x.bias.detach().double(), x.mean(0), rtol=1e-5, atol=1e-5)


def test_nothing_nearby_is_more_likely() -> None:
    x = rows()
    model = fitted(x)
    mean, w = model.p_x.bias.detach().double(), model.p_x.weight.detach().double()
    variance = (2 * model.log_std.detach().double()).exp()
    best = likelihood(mean, covariance_of(model), x)
    rng = device.generator(5)
    for _ in range(50):
        other_w = w + 0.05 * torch.randn(w.shape, generator=rng, dtype=torch.float64)
        other_variance = variance * (0.05 * torch.randn((), generator=rng, dtype=torch.float64)).exp()
        other = other_w @ other_w.T + other_variance * torch.eye(D, dtype=torch.float64)
        shift = 0.02 * torch.randn(D, generator=rng, dtype=torch.float64)
        assert likelihood(mean + shift, other, x) < best


def test_density_posterior_and_energy_are_those_of_the_joint_gaussian() -> None:
    model = PPCA(PPCA.Config(z_dim=Q), Spec((D,), 0, Kind.VECTOR)).double()
    initialise(model, device.generator(3))
    with torch.no_grad():
        model.log_std.fill_(-0.7)
        model.p_x.weight.copy_(torch.linalg.qr(model.p_x.weight)[0] * torch.tensor([1.5, 0.4]))  # orthogonal columns
    w, b, x = model.p_x.weight.detach(), model.p_x.bias.detach(), rows(5)
    covariance = covariance_of(model)
    torch.testing.assert_close(model.log_prob(x, 3, device.generator(0)), MultivariateNormal(b, covariance).log_prob(x))
    gain = w.T @ torch.linalg.inv(covariance)  # of z on x, from the joint Gaussian of both
    q = model.posterior(x)
    torch.testing.assert_close(q.mean.detach(), (x - b) @ gain.T)
    torch.testing.assert_close((2 * q.log_std).exp().detach(), (torch.eye(Q) - gain @ w).diagonal().expand(5, Q))
    energies = 0.5 * torch.einsum("bi,ij,bj->b", x - b, torch.linalg.inv(covariance), x - b)
    torch.testing.assert_close(model.energy(x).detach(), energies)


def test_a_rotation_of_the_weights_changes_nothing_of_the_likelihood() -> None:
    x = rows()
    model = fitted(x).double()
    before = model.log_prob(x, 1, device.generator(0))
    turn = torch.linalg.qr(torch.randn(Q, Q, generator=device.generator(1), dtype=torch.float64))[0]
    with torch.no_grad():
        model.p_x.weight.copy_(model.p_x.weight @ turn)
    torch.testing.assert_close(model.log_prob(x, 1, device.generator(0)), before, rtol=1e-12, atol=1e-10)


def test_samples_have_the_covariance_without_the_noise() -> None:
    model = fitted(rows())
    drawn = model.sample(100_000, device.generator(0)).detach().double()
    w = model.p_x.weight.detach().double()
    assert float((torch.cov(drawn.T) - w @ w.T).abs().max()) < 0.05 * float((w @ w.T).abs().max())


@pytest.mark.parametrize("flat", [torch.zeros(50, 4), torch.linspace(0, 1, 50)[:, None].expand(50, 4)])
def test_data_without_noise_are_refused(flat: Tensor) -> None:
    with pytest.raises(TrainingError):
        fitted(flat, 2)


def test_as_many_dimensions_as_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="5"):
        PPCA(PPCA.Config(z_dim=6), Spec((6,), 0, Kind.VECTOR))


def test_images_are_fitted_and_decoded_within_their_range(digits: Splits) -> None:
    model = PPCA(PPCA.Config(z_dim=16), digits.train.spec)
    initialise(model, device.generator(0))
    (report,) = train(model, digits, TrainConfig())
    theirs = PCA(16).fit(digits.train.batch().x.flatten(1).double().numpy())
    n = len(digits.train)
    theirs.explained_variance_ *= (n - 1) / n
    theirs.noise_variance_ *= (n - 1) / n
    expected = theirs.score(digits.valid.batch().x.flatten(1).double().numpy())
    assert report.valid["log-likelihood"] == pytest.approx(expected, rel=1e-4)
    x = model.decode(10 * torch.randn(20, 16, generator=device.generator(0)))
    assert float(x.detach().min()) == 0
    assert float(x.detach().max()) == 1
