"""What a layer and its units carry, of layers of which it is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.layer_usage import LayerUsage, layer_usage, usage_history, usage_row
from latentlab.distributions import Gaussian, gaussian_kl

N = 1_200
X = torch.randn(N, 3, generator=device.generator(0))


def planted(x: Tensor) -> dict[str, Tensor]:
    """z1 has three units that carry x, z2 one of two, z3 hardly any: of a unit q = N(ρ x, 1 - ρ²) and p = N(0, 1)."""

    def kl(*rho: float) -> Tensor:
        r = torch.tensor(rho)
        mean = r * x[:, : len(rho)]
        log_std = (0.5 * (1 - r**2).log()).expand_as(mean)
        return gaussian_kl(Gaussian(mean, log_std), Gaussian(torch.zeros_like(mean), torch.zeros_like(mean)))

    return {"z1": kl(0.9, 0.5, 0.3), "z2": kl(0.4, 0.0), "z3": kl(0.0, 0.05)}


def test_pruned_layers_and_units_of_a_planted_hierarchy_are_counted() -> None:
    found = layer_usage(planted, X)
    assert [layer.name for layer in found] == ["z1", "z2", "z3"]
    assert [layer.active.tolist() for layer in found] == [[True] * 3, [True, False], [False, False]]
    assert [layer.is_used for layer in found] == [True, True, False]
    mutual = -0.5 * math.log(1 - 0.9**2)  # of x and a unit, if x ~ N(0, 1): the mean KL
    assert found[0].units[0] == pytest.approx(mutual, abs=0.06)
    assert found[1].total == pytest.approx(planted(X)["z2"].sum(1).mean().item(), rel=1e-5)


def test_several_draws_are_averaged() -> None:
    rng = device.generator(1)
    found = layer_usage(lambda x: {"z1": 2 + torch.randn(len(x), 2, generator=rng)}, X, n_draws=20)
    np.testing.assert_allclose(found[0].units, 2, atol=4 / math.sqrt(20 * N))


def test_a_record_is_read_back_whatever_else_is_in_it() -> None:
    usages = [(LayerUsage("z1", np.array([k, 0.123456], np.float32)), LayerUsage("z2", np.array([0.5], np.float32)))
              for k in (1.0, 2.0)]  # fmt: skip
    rows = [{"epoch": 10.0 * (k + 1)} | usage_row(one) for k, one in enumerate(usages)]
    del rows[0]["z2 1"]
    found = usage_history([rows[1], {"z1 1": 7.0}, rows[0] | {"z1 0": 3.0, "loss": 2.0, "z1 12345": 1.0}])
    np.testing.assert_array_equal(found.epochs, [10, 20])
    np.testing.assert_allclose(found.units["z1"], [[1, 0.1235], [2, 0.1235]], rtol=1e-6)
    np.testing.assert_array_equal(found.units["z2"], np.array([[np.nan], [0.5]], np.float32))
    assert list(found.units) == ["z1", "z2"]
