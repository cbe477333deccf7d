"""Steering by a probe moves what it reads, and in a space where factors have axes of their own nothing else."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.analysis.probes.linear_probe import linear_probe
from latentlab.analysis.probes.steering import leakage, steered


def rotation(d: int = 4) -> torch.Tensor:
    return torch.from_numpy(np.linalg.qr(np.random.default_rng(3).normal(size=(d, d)))[0].astype(np.float32))


def test_codes_move_by_their_own_spread_along_the_direction() -> None:
    codes = np.random.default_rng(0).normal(size=(4_000, 3)).astype(np.float32) * [1, 5, 1]
    moved = steered(codes.astype(np.float32), np.array([0, 2.0, 0], np.float32), [-1, 0, 2])
    assert moved.shape == (3, 4_000, 3)
    np.testing.assert_allclose(moved[1], codes, rtol=1e-6)
    np.testing.assert_allclose(moved[2] - moved[1], np.broadcast_to([0, 10, 0], (4_000, 3)), rtol=0.05, atol=1e-5)


def test_only_the_steered_factor_moves_where_factors_are_independent() -> None:
    rng, turn = np.random.default_rng(0), rotation()
    factors = rng.normal(size=(3_000, 4)).astype(np.float32)
    codes = (torch.from_numpy(factors) @ turn).numpy()
    labels = {"a": (factors[:, 0] > 0).astype(int), "b": (factors[:, 1] > 0).astype(int)}
    probes = {name: (linear_probe(codes, y, l2=1e-2), 1) for name, y in labels.items()}
    found = leakage(lambda x: x @ turn, lambda z: z @ turn.T, codes[:500], probes)
    assert found.names == ("a", "b")
    assert (np.diag(found.change) > 0.3).all()
    assert np.abs(found.change[[0, 1], [1, 0]]).max() < 0.05
    np.testing.assert_allclose(found.cosines, np.eye(2), atol=0.05)


def test_a_decoder_that_ignores_a_direction_shows_no_change() -> None:
    rng = np.random.default_rng(1)
    codes = rng.normal(size=(2_000, 2)).astype(np.float32)
    probe = linear_probe(codes, (codes[:, 1] > 0).astype(int), l2=1e-2)
    mask = torch.tensor([1.0, 0.0])
    found = leakage(lambda x: x, lambda z: z * mask, codes, {"lost": (probe, 1)})
    assert abs(found.change[0, 0]) < 0.02  # what isn't decoded can't be read back
    with pytest.raises(ValueError, match="probe"):
        leakage(lambda x: x, lambda z: z, codes, {})
