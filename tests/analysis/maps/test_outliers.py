"""The least typical examples, against brute force by SciPy."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from latentlab.analysis.maps.outliers import outliers
from latentlab.analysis.neighbours import METRICS

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32) + 1


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize(("k", "used"), [(5, 5), (500, 59)])
def test_they_are_far_from_their_neighbours(metric: str, k: int, used: int) -> None:
    found = outliers(X, k, metric)
    far = np.sort(cdist(X.astype(np.float64), X.astype(np.float64), metric), 1)[:, 1 : used + 1].mean(1)
    np.testing.assert_allclose(found.distance, far, rtol=1e-4, atol=1e-6)
    assert (found.k, found.order[:5].tolist()) == (used, (-far).argsort()[:5].tolist())
