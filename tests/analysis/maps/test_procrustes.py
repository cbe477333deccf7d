"""Procrustes alignment against what was planted, and against scipy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.spatial
from numpy.typing import NDArray

from latentlab.analysis.latent.pca import pca
from latentlab.analysis.maps.procrustes import Alignment, procrustes
from tests.conftest import naming

Z = np.random.default_rng(0).normal(size=(300, 5)) * [3, 2, 1, 1, 0.1] + 100
XY = pca(Z, 2).project(Z)


def planted(sign: float, k: int = 2) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(k, k) of determinant `sign`, and a shift."""
    rng = np.random.default_rng(7)
    rotation = np.linalg.qr(rng.normal(size=(k, k)))[0]
    rotation[:, 0] *= sign * np.linalg.det(rotation)
    return rotation, rng.normal(size=k)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("k", [2, 3])
def test_procrustes_undoes_a_rotation_a_reflection_a_scale_and_a_shift(sign: float, k: int) -> None:
    a = Z[:, :k]
    rotation, shift = planted(sign, k)
    found = procrustes(a, 0.2 * a @ rotation + shift)
    np.testing.assert_allclose(found.xy, a, atol=1e-3)
    np.testing.assert_allclose(found.rotation, rotation.T, atol=1e-4)
    assert found.scale == pytest.approx(5, rel=1e-4)
    assert found.disparity == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(found.apply(0.2 * a[:7] @ rotation + shift), a[:7], atol=1e-3)
    np.testing.assert_allclose(found.undo(a[:7]), 0.2 * a[:7] @ rotation + shift, atol=1e-3)


def test_the_disparity_is_scipys() -> None:
    b = XY + np.random.default_rng(3).normal(size=XY.shape)
    found, (a_scaled, b_scaled, disparity) = procrustes(XY, b), scipy.spatial.procrustes(XY, b)
    assert found.disparity == pytest.approx(disparity, abs=1e-6)
    size = np.linalg.norm(XY - XY.mean(0))
    np.testing.assert_allclose(found.xy - XY.mean(0), size * b_scaled, atol=1e-3)
    np.testing.assert_allclose(XY - XY.mean(0), size * a_scaled, atol=1e-3)


def test_a_map_of_one_point_has_no_shape() -> None:
    point = np.ones_like(XY)
    assert procrustes(XY, point).disparity == 1
    found = procrustes(point, XY)
    assert isinstance(found, Alignment)
    assert (found.scale, found.disparity) == (0, 0)
    np.testing.assert_array_equal(found.xy, point)
    assert np.isfinite(found.undo(XY)).all()


def test_maps_without_partners_are_refused() -> None:
    with pytest.raises(ValueError, match=naming(XY.shape, XY[1:].shape)):
        procrustes(XY, XY[1:])
