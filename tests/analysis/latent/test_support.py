"""Support against linear decoders, closed forms, finite differences and scipy's distances."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import scipy.spatial
import scipy.stats
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent import support as module
from latentlab.analysis.latent.support import (
    class_entropy,
    distance_quantile,
    jacobian,
    log_magnification,
    magnification,
    nearest,
    nearest_other,
    neighbour_distance,
    round_trip,
    support,
    support_map,
)
from latentlab.data import UNLABELLED, Kind
from latentlab.models import Spec
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from tests.conftest import naming

A = torch.randn(3, 6, generator=device.generator(0), dtype=torch.float64)
Z = torch.randn(20, 3, generator=device.generator(1), dtype=torch.float64)
Function = Callable[[Tensor], Tensor]


def linear(z: Tensor) -> Tensor:
    return (z @ A.to(z.dtype)).reshape(-1, 1, 2, 3)


def curved(z: Tensor) -> Tensor:
    return torch.tanh(z @ A) + 0.1 * (z @ A) ** 2


def volume(j: Tensor) -> float:
    """sqrt(det JᵀJ) of (P, L), the way that the formula says it."""
    return float(torch.linalg.det(j.T @ j).sqrt())


def differences(decode: Function, z: Tensor, step: float = 1e-5) -> Tensor:
    """(P, z_dim) the Jacobian at one place, by central differences."""
    rows = [(decode(z + step * e) - decode(z - step * e)).flatten() / (2 * step) for e in torch.eye(z.shape[1]).to(z)]
    return torch.stack(rows, 1)


def vae(network: str, z_dim: int = 3) -> VAE:
    model = VAE(VAE.Config(z_dim=z_dim, network=network, hidden=16, width=4), Spec((1, 8, 8), 10, Kind.IMAGE))
    initialise(model, device.generator(0))
    return model.double().eval()


# --- magnification -------------------------------------------------------------------------------------------------


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


# --- distances -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 2, 20])
@pytest.mark.parametrize("k", [1, 7])
def test_neighbour_distance_is_scipys(d: int, k: int) -> None:
    rng = device.generator(d)
    codes, z = torch.randn(2_500, d, generator=rng), torch.randn(1_100, d, generator=rng)
    theirs, _ = scipy.spatial.cKDTree(codes.double().numpy()).query(z.double().numpy(), k=list(range(1, k + 1)))
    np.testing.assert_allclose(neighbour_distance(codes, z, k), theirs.mean(1), rtol=1e-12, atol=1e-14)


def test_small_distances_far_from_the_origin_are_exact() -> None:
    rng = device.generator(3)
    codes = 1e6 + torch.rand(3_000, 2, generator=rng, dtype=torch.float64)
    z = codes[:50] + 1e-6
    theirs, index = scipy.spatial.cKDTree(codes.numpy()).query(z.numpy())
    found = nearest(z, codes)
    np.testing.assert_array_equal(found.index, index)
    np.testing.assert_allclose(found.distance, theirs, rtol=1e-9)
    assert nearest(codes[:5], codes).distance.tolist() == [0] * 5


def test_bad_requests_for_neighbours_are_refused() -> None:
    codes = torch.zeros(5, 2)
    assert neighbour_distance(codes, codes, 5).tolist() == [0] * 5
    for k in (0, 6):
        with pytest.raises(ValueError, match=naming(5, k)):
            neighbour_distance(codes, codes, k)
    with pytest.raises(ValueError, match=naming((3,), (2,))):
        neighbour_distance(codes, torch.zeros(1, 3), 1)
    with pytest.raises(ValueError, match=naming(0, 1)):
        nearest(codes, codes[:0])
    with pytest.raises(ValueError, match=naming(0, 1)):
        nearest_other(codes[:1])


def images(n: int, seed: int) -> Tensor:
    return torch.randint(0, 256, (n, 1, 5, 4), generator=device.generator(seed), dtype=torch.uint8)


@pytest.mark.parametrize("block", [1 << 19, 200])  # all at once, or ten images at a time
def test_the_nearest_image_is_scipys(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    train, test = images(300, 0), images(57, 1)
    train_rows, test_rows = (x.flatten(1).double() / 255 for x in (train, test))
    between = scipy.spatial.distance.cdist(test_rows, train_rows)
    within = scipy.spatial.distance.cdist(train_rows, train_rows)
    np.fill_diagonal(within, np.inf)
    rows = torch.tensor([299, 0, 17, 17])
    for found, theirs in (
        (nearest(test, train), between),
        (nearest(test.double() / 255, train), between),
        (nearest_other(train), within),
        (nearest_other(train, rows), within[rows]),
    ):
        np.testing.assert_array_equal(found.index, theirs.argmin(1))
        np.testing.assert_allclose(found.distance, theirs.min(1), rtol=1e-12)


def test_bytes_count_as_intensities() -> None:
    x = torch.tensor([[0, 255]], dtype=torch.uint8)
    assert nearest(torch.tensor([[0.0, 0.5]]), x).distance.tolist() == [0.5]


def test_a_copy_in_the_set_is_found_at_no_distance() -> None:
    x = images(40, 2)
    x[31] = x[4]
    found = nearest_other(x)
    assert (found.index[4], found.index[31]) == (31, 4)
    assert np.flatnonzero(found.distance == 0).tolist() == [4, 31]


def test_a_query_that_is_not_a_number_has_no_distance() -> None:
    z = torch.tensor([[0.0, torch.nan], [1.0, 1.0]])
    codes = torch.tensor([[torch.nan, 0.0], [1.0, 3.0], [1.0, 2.0]])
    found = nearest(z, codes)
    assert np.isnan(found.distance).tolist() == [True, False]
    assert (found.index[1], found.distance[1]) == (2, 1)


def test_no_query_has_no_answer() -> None:
    assert nearest(torch.zeros(0, 2), torch.zeros(3, 2)).distance.shape == (0,)


def test_a_quantile_is_the_share_that_is_smaller() -> None:
    reference = np.array([3.0, 1.0, 2.0, 2.0, 5.0])
    distance = np.array([0.0, 1.0, 2.0, 2.5, 5.0, 9.0])
    theirs = [scipy.stats.percentileofscore(reference, d, kind="strict") / 100 for d in distance]
    np.testing.assert_allclose(distance_quantile(distance, reference), theirs)
    assert np.isnan(distance_quantile(np.array([np.nan]), reference)).all()
    with pytest.raises(ValueError, match="reference"):
        distance_quantile(distance, np.array([]))


def test_a_planted_copy_is_memorised_and_noise_is_invented() -> None:
    rng = device.generator(4)
    train, test = (torch.randn(300, 10, generator=rng) for _ in range(2))
    generated = torch.cat([train[:3] + 1e-3, 5 + torch.randn(3, 10, generator=rng)])
    distance = nearest(generated, train).distance
    assert distance_quantile(distance, nearest_other(train).distance)[:3].tolist() == [0] * 3
    assert distance_quantile(distance, nearest(test, train).distance)[3:].tolist() == [1] * 3


# --- round trips and classes ---------------------------------------------------------------------------------------


def test_a_round_trip_is_as_long_as_the_encoder_is_wrong() -> None:
    inverse = torch.linalg.pinv(A)
    shift = torch.tensor([3.0, 0.0, 4.0], dtype=torch.float64)
    z = torch.randn(230, 3, generator=device.generator(5), dtype=torch.float64)  # more than one batch
    np.testing.assert_allclose(round_trip(linear, lambda x: x.flatten(1) @ inverse, z), 0, atol=1e-12)
    half = round_trip(linear, lambda x: (x.flatten(1) @ inverse) / 2 + shift, z)
    np.testing.assert_allclose(half, np.linalg.norm(z.numpy() / 2 - shift.numpy(), axis=1), rtol=1e-9)


def test_entropy_is_scipys() -> None:
    x = torch.randn(230, 5, generator=device.generator(6))
    entropy, predicted = class_entropy(lambda x: x.log_softmax(1), x)
    np.testing.assert_allclose(entropy, scipy.stats.entropy(x.double().softmax(1), axis=1), rtol=1e-5)
    np.testing.assert_array_equal(predicted, x.argmax(1))


def test_entropy_runs_from_certain_to_uniform() -> None:
    log_probs = torch.tensor([[0.25, 0.25, 0.25, 0.25], [0, 0, 1, 0], [0.5, 0.5, 0, 0]]).log()
    entropy, predicted = class_entropy(lambda x: x, log_probs)
    np.testing.assert_allclose(entropy, [math.log(4), 0, math.log(2)], atol=1e-7)
    assert predicted[1] == 2


def test_a_class_that_is_not_a_number_is_no_class() -> None:
    log_probs = torch.tensor([[torch.nan, torch.nan], [0.1, 0.9]]).log()
    entropy, predicted = class_entropy(lambda x: x, log_probs)
    assert np.isnan(entropy).tolist() == [True, False]
    assert predicted.tolist() == [UNLABELLED, 1]


# --- maps ----------------------------------------------------------------------------------------------------------


def _bent(z: Tensor) -> Tensor:
    """Magnifies by exp(y) where y is the last coordinate."""
    return torch.cat([z[:, :-1], z[:, -1:].exp()], 1)


def _right_and_up(x: Tensor) -> Tensor:
    """Class 0 left, 1 right at the bottom, 2 right at the top: certain, where a picture shows them."""
    kind = torch.where(x[:, 0] < 0, 0, torch.where(x[:, -1] < 1, 1, 2))
    return torch.nn.functional.one_hot(kind, 3).to(x).log()


def _unbent_and_moved(x: Tensor) -> Tensor:
    return torch.cat([x[:, :-1] * 2, x[:, -1:].log()], 1)


def test_a_map_is_laid_out_as_a_picture() -> None:
    codes = torch.tensor([[2.0, 2.0]])
    found = support_map(_bent, _unbent_and_moved, _right_and_up, codes, 4, 2.0, k=1)
    x, y = found.x.astype(float), found.y.astype(float)[:, None]
    assert (x[0], x[-1], y[0, 0], y[-1, 0]) == (-2, 2, 2, -2)
    ones = np.ones((4, 4))
    np.testing.assert_allclose(found.log_magnification, y * ones, atol=1e-5)
    np.testing.assert_allclose(found.neighbour_distance, np.hypot(x - 2, y - 2), atol=1e-6)
    assert found.round_trip is not None
    assert found.predicted is not None
    np.testing.assert_allclose(found.round_trip, np.abs(x) * ones, atol=1e-5)
    assert found.predicted.tolist() == [[0, 0, 2, 2], [0, 0, 2, 2], [0, 0, 1, 1], [0, 0, 1, 1]]
    np.testing.assert_array_equal(found.entropy, 0 * ones)


def test_a_map_through_a_larger_code_holds_the_rest_and_magnifies_its_plane() -> None:
    base = torch.tensor([0.3, 7.0, -0.2], dtype=torch.float64)
    directions = torch.tensor([[0.0, 0.0, 1.0], [0.6, 0.8, 0.0]], dtype=torch.float64)
    codes = torch.stack([base, base + 9])
    found = support_map(curved, None, None, codes, 3, 1.0, "quantile", 1, lambda s: base + s @ directions)
    assert (found.round_trip, found.entropy, found.predicted) == (None, None, None)
    x, y = found.x.astype(float), found.y.astype(float)[:, None]
    np.testing.assert_allclose(found.neighbour_distance, np.hypot(x, y), atol=1e-6)
    for row, column in ((0, 2), (2, 1)):
        z = base + torch.tensor([x[column], y[row, 0]]) @ directions
        expected = volume(differences(curved, z[None]) @ directions.T)
        assert np.exp(found.log_magnification[row, column]) == pytest.approx(expected, rel=1e-5)


def test_a_map_and_a_path_agree() -> None:
    model = vae("conv", 2).float()
    codes = torch.randn(60, 2, generator=device.generator(7))

    def judge(x: Tensor) -> Tensor:
        return x.flatten(1)[:, 25:35].log_softmax(1)

    found = support_map(model.decode, model.encode, judge, codes, 6, 2.0, "quantile", 4)
    diagonal = torch.from_numpy(np.stack([found.x, found.x], 1))  # from bottom left to top right
    path = support(model.decode, model.encode, judge, codes, diagonal, 4)
    for ours, theirs in zip(vars(path).values(), list(vars(found).values())[:5], strict=True):
        assert ours is not None
        assert ours.dtype in (np.float32, np.int64)
        np.testing.assert_allclose(ours, np.diagonal(np.flipud(theirs)), rtol=1e-4, atol=1e-5)


def test_a_large_code_needs_its_other_dimensions() -> None:
    with pytest.raises(ValueError, match=naming((2,), (Z.shape[1],))):
        support_map(curved, None, None, Z, 3)
