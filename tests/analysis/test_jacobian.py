"""The Jacobian and the magnification against linear decoders, closed forms and finite differences."""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis import jacobian as module
from latentlab.analysis.jacobian import asymmetry, jacobian, log_magnification, magnification
from tests.analysis.decoders import A, Function, Z, curved, differences, linear, vae, volume


@pytest.mark.parametrize(("dtype", "rtol"), [(torch.float64, 1e-12), (torch.float32, 1e-5)])
def test_a_linear_decoder_magnifies_by_its_determinant_everywhere(dtype: torch.dtype, rtol: float) -> None:
    np.testing.assert_allclose(magnification(linear, Z.to(dtype)), [volume(A.T)] * len(Z), rtol=rtol)


def test_a_sphere_magnifies_by_the_cosine_of_its_latitude() -> None:
    def sphere(z: Tensor) -> Tensor:
        u, v = z.unbind(1)
        return 2 * torch.stack([u.cos() * v.cos(), u.sin() * v.cos(), v.sin()], 1)

    z = torch.linspace(-1.5, 1.5, 14, dtype=torch.float64).reshape(7, 2)
    np.testing.assert_allclose(magnification(sphere, z), 4 * z[:, 1].cos(), rtol=1e-12)


def test_a_curved_decoder_magnifies_as_differences_say() -> None:
    expected = [volume(differences(curved, one[None])) for one in Z]
    np.testing.assert_allclose(magnification(curved, Z), expected, rtol=1e-7)
    assert max(expected) > 1.5 * min(expected)


@pytest.mark.parametrize("network", ["mlp", "conv"])
def test_a_networks_magnification_is_what_differences_say(network: str) -> None:
    decoder = vae(network).decoder  # of logits in float64; `decode` is in float32
    expected = [volume(differences(decoder, one[None]).detach()) for one in Z[:4]]
    np.testing.assert_allclose(magnification(decoder, Z[:4]), expected, rtol=1e-7)
    assert all(p.requires_grad and p.grad is None for p in decoder.parameters())


def test_the_jacobian_is_what_differences_say() -> None:
    expected = torch.stack([differences(linear, one[None]) for one in Z])
    torch.testing.assert_close(jacobian(linear, Z), A.T.expand(len(Z), 6, 3), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(jacobian(linear, Z), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("scale", [1e-3, 1e3])
def test_three_hundred_dimensions_are_in_range_as_a_logarithm(scale: float) -> None:
    z = torch.zeros(2, 300, dtype=torch.float64)
    np.testing.assert_allclose(log_magnification(lambda z: z * scale, z), 300 * math.log(scale), rtol=1e-12)
    assert magnification(lambda z: z * scale, z).tolist() == ([0, 0] if scale < 1 else [np.inf, np.inf])


def test_a_nearly_lost_dimension_keeps_its_digits() -> None:
    # two columns at an angle of 1e-9: det JᵀJ rounds to 0, R doesn't
    a = torch.tensor([[1.0, 0.0], [1.0, 1e-9]], dtype=torch.float64)
    assert magnification(lambda z: z @ a, torch.zeros(1, 2, dtype=torch.float64)) == pytest.approx(1e-9, rel=1e-6)


def test_a_lost_dimension_is_minus_infinity() -> None:
    assert log_magnification(lambda z: z[:, :2] * 1.0, Z).tolist() == [-np.inf] * len(Z)
    assert log_magnification(lambda z: torch.stack([z[:, 0], z[:, 1], 0 * z[:, 0]], 1), Z[:2]).tolist() == [-np.inf] * 2
    assert log_magnification(lambda z: torch.ones(len(z), 5, dtype=z.dtype), Z[:2]).tolist() == [-np.inf] * 2


def _detached(z: Tensor) -> Tensor:
    return curved(z.detach())


def _inference(z: Tensor) -> Tensor:
    with torch.inference_mode():
        return curved(z)


def _through_numpy(z: Tensor) -> Tensor:
    return torch.from_numpy(np.tanh(z.numpy() @ A.numpy())) + 0.1 * (z @ A) ** 2


def _without_gradients(z: Tensor) -> Tensor:
    with torch.no_grad():
        return curved(z)


@pytest.mark.parametrize("decode", [_detached, _inference, _through_numpy, _without_gradients])
def test_a_decoder_that_hides_its_derivative_is_measured_all_the_same(decode: Function) -> None:
    rtol = 1e-12 if decode is _without_gradients else 1e-8
    np.testing.assert_allclose(magnification(decode, Z), magnification(curved, Z), rtol=rtol)


def test_a_decoder_that_fails_says_so_itself() -> None:
    with pytest.raises(RuntimeError, match="shapes"):  # torch's own
        magnification(lambda z: z @ A[:2], Z)


def test_what_is_not_a_number_stays_where_it_is() -> None:
    def broken(z: Tensor) -> Tensor:
        return torch.where(z[:, :1] > 0, curved(z), torch.nan * z[:, :1])

    found = magnification(broken, Z)
    np.testing.assert_array_equal(np.isnan(found), Z[:, 0] <= 0)
    assert 0 < np.isnan(found).sum() < len(Z)


def test_threads_do_not_get_each_others_derivatives() -> None:
    def slow(z: Tensor) -> Tensor:
        time.sleep(0.002)  # time for another thread to come between
        return curved(z)

    places = [k * Z[:5] for k in range(4)]
    alone = [magnification(curved, z) for z in places]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda z: [magnification(slow, z) for _ in range(10)], places))
    np.testing.assert_allclose(np.array(together), np.stack(alone)[:, None].repeat(10, 1), rtol=1e-12)


def test_blocks_are_small_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def counted(z: Tensor) -> Tensor:
        sizes.append(len(z))
        return curved(z)

    whole = magnification(curved, Z)
    monkeypatch.setattr(module, "BLOCK", 6 * 3 * 7)  # seven Jacobians
    np.testing.assert_allclose(magnification(counted, Z), whole, rtol=1e-12)
    assert max(sizes) == 7


def test_asymmetry_is_that_of_the_antisymmetric_part() -> None:
    """J = S + K with S symmetric and K antisymmetric: |J - Jᵀ| = 2 |K| and |J|² = |S|² + |K|²."""
    rng = device.generator(2)
    j = torch.randn(6, 4, 4, generator=rng, dtype=torch.float64)
    s, k = (j + j.mT) / 2, (j - j.mT) / 2
    squares = [part.square().sum((1, 2)) for part in (s, k)]
    torch.testing.assert_close(asymmetry(j), (4 * squares[1] / (squares[0] + squares[1])).sqrt())
    assert asymmetry(s).tolist() == [0] * 6
    torch.testing.assert_close(asymmetry(k), torch.full((6,), 2.0, dtype=torch.float64))
    assert asymmetry(torch.zeros(1, 2, 2)).tolist() == [0]


@pytest.mark.parametrize("n_out", [1, 2, 3])
def test_few_outputs_are_differentiated_in_reverse(n_out: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The imports of forward mode take more than a second, which a page of a plane's field need not wait for."""

    def field(z: Tensor) -> Tensor:
        return torch.stack([z[:, 0].sin() * z[:, 1], (z[:, 2] * z[:, 0]).exp(), z[:, 1] ** 3 - z[:, 2]], 1)[:, :n_out]

    x, y, w = Z.unbind(1)
    zero, grown = torch.zeros_like(x), (w * x).exp()
    rows = [[x.cos() * y, x.sin(), zero], [w * grown, zero, x * grown], [zero, 3 * y**2, zero - 1]]
    expected = torch.stack([torch.stack(row, 1) for row in rows[:n_out]], 1)
    monkeypatch.setattr(module, "_forward", None)
    torch.testing.assert_close(jacobian(field, Z), expected, rtol=1e-12, atol=1e-12)
    with torch.no_grad():
        torch.testing.assert_close(jacobian(field, Z), expected, rtol=1e-12, atol=1e-12)
