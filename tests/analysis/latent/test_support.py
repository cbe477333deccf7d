"""Support against linear decoders, closed forms, finite differences and scipy's distances."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.spatial
import scipy.stats
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.support import (
    class_entropy,
    neighbour_distance,
    round_trip,
    support,
    support_map,
    usual_distance,
)
from latentlab.data import UNLABELLED
from tests.analysis.decoders import A, Z, curved, differences, linear, vae, volume
from tests.conftest import naming

# --- distances -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("d", [1, 2, 20])
@pytest.mark.parametrize("k", [1, 7])
def test_neighbour_distance_is_scipys(d: int, k: int) -> None:
    rng = device.generator(d)
    codes, z = torch.randn(2_500, d, generator=rng), torch.randn(1_100, d, generator=rng)
    theirs, _ = scipy.spatial.cKDTree(codes.double().numpy()).query(z.double().numpy(), k=list(range(1, k + 1)))
    np.testing.assert_allclose(neighbour_distance(codes, z, k), theirs.mean(1), rtol=1e-12, atol=1e-14)


def test_as_many_codes_as_said_are_no_farther_from_the_others_than_usual() -> None:
    codes = torch.randn(40, 3, generator=device.generator(8))
    apart = np.sort(scipy.spatial.distance.cdist(codes, codes), axis=1)[:, 1:6].mean(1)
    assert usual_distance(codes, 5, 0.8) == pytest.approx(np.quantile(apart, 0.8), rel=1e-5)
    assert usual_distance(codes[:5], 5) == math.inf


def test_bad_requests_for_neighbours_are_refused() -> None:
    codes = torch.zeros(5, 2)
    assert neighbour_distance(codes, codes, 5).tolist() == [0] * 5
    for k in (0, 6):
        with pytest.raises(ValueError, match=naming(5, k)):
            neighbour_distance(codes, codes, k)
    with pytest.raises(ValueError, match=naming((3,), (2,))):
        neighbour_distance(codes, torch.zeros(1, 3), 1)


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
