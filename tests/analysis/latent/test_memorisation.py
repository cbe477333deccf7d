"""Nearest examples against scipy's distances, and quantiles against its percentiles."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.spatial
import scipy.stats
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis import neighbours as module
from latentlab.analysis.latent.memorisation import distance_quantile, nearest, nearest_other, samples_with_nearest
from tests.conftest import naming


def test_small_distances_far_from_the_origin_are_exact() -> None:
    rng = device.generator(3)
    codes = 1e6 + torch.rand(3_000, 2, generator=rng, dtype=torch.float64)
    z = codes[:50] + 1e-6
    theirs, index = scipy.spatial.cKDTree(codes.numpy()).query(z.numpy())
    found = nearest(z, codes)
    np.testing.assert_array_equal(found.index, index)
    np.testing.assert_allclose(found.distance, theirs, rtol=1e-9)
    assert nearest(codes[:5], codes).distance.tolist() == [0] * 5


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


def test_an_example_without_others_is_refused() -> None:
    codes = torch.zeros(5, 2)
    with pytest.raises(ValueError, match=naming(0, 1)):
        nearest(codes, codes[:0])
    with pytest.raises(ValueError, match=naming(0, 1)):
        nearest_other(codes[:1])


def test_samples_next_to_the_examples_that_are_nearest_in_units_of_their_own() -> None:
    unit = torch.tensor([1.0, 1e4, 1e-3])
    x = unit * torch.randn(300, 3, generator=device.generator(0))
    found = samples_with_nearest(lambda n, rng: unit * torch.randn(n, 3, generator=rng), 200, x, unit, seed=1)
    apart = torch.cdist(torch.from_numpy(found.samples) / unit, x / unit)
    np.testing.assert_array_equal(found.nearest.index, apart.argmin(1))
    between = torch.cdist(x / unit, x / unit).fill_diagonal_(torch.inf).amin(1)
    shares = (between[None] < apart.amin(1)[:, None]).double().mean(1)
    np.testing.assert_allclose(found.share_nearer, shares, atol=0.01)
    copies = samples_with_nearest(lambda n, _: x[:n], 200, x, unit)
    assert (copies.share_nearer == 0).all()
    pixels = images(40, 0)
    assert (samples_with_nearest(lambda n, _: pixels[:n] / 255, 40, pixels).share_nearer == 0).all()
