"""The layers behind a field: each is the number that its label says, and needs the truth only if it says so."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import Denoiser, OnLattice
from latentlab.analysis.score.layers import BASINS, LAYERS, N_SMOOTH
from latentlab.data import Dataset, Density, Kind, mixture

BOX = Box(-1.0, 3.0, -2.0, 1.0)
ROUND, FLAT = mixture([[0.0, 0.0]], 1.0), mixture([[0.5, 0.0]], [[2.0, 0.3]])
SIGMA = 0.5
TURN = torch.tensor([[0.7, 0.1], [-0.3, 0.6]])


def denoise(x: Tensor) -> Tensor:
    return x @ TURN.T.to(x)


def seen(density: Density = ROUND) -> OnLattice:
    nothing = Dataset("none", torch.zeros(0, 2), torch.zeros(0).long(), ("data",), Kind.PLANE)
    return OnLattice(Denoiser("key", "name", denoise, SIGMA, nothing, density, BOX), BOX, 9)


def places(n: int) -> np.ndarray:
    """(n, n, 2) in double precision, row by row from the lowest y."""
    return np.stack(np.meshgrid(np.linspace(*BOX.x, n), np.linspace(*BOX.y, n)), -1)


def by_hand(name: str) -> np.ndarray:
    """(n, n) of a linear r(x) = A x and the density N(0, 1 + σ²) of noisy data."""
    x = places(N_SMOOTH if name == "true density" else 9)
    square, var = (x**2).sum(-1), 1 + SIGMA**2
    step = x @ TURN.numpy().T.astype(float) - x
    score, true = step / SIGMA**2, -x / var
    size, wanted = np.linalg.norm(score, axis=-1), np.linalg.norm(true, axis=-1)
    with np.errstate(invalid="ignore"):
        known: dict[str, np.ndarray] = {
            "true density": np.exp(-0.5 * (square - square.min()) / var),
            "true energy": 0.5 * (square - square.min()) / var,
            "length of the score": np.log10(np.maximum(size, 1e-6)),
            "reconstruction error": np.linalg.norm(step, axis=-1),
            "angle error": np.degrees(np.arccos(np.clip((score * true).sum(-1) / (size * wanted), -1, 1))),
            "length error": size / wanted - 1,
            "curl": np.full(size.shape, -0.3 - 0.1),
        }
    return known[name]


@pytest.mark.parametrize("name", [name for name in LAYERS if name not in ("energy by path", "basins")])
def test_a_layer_is_what_its_label_says(name: str) -> None:
    np.testing.assert_allclose(LAYERS[name].compute(seen()).z, by_hand(name), rtol=2e-4, atol=2e-4)


def test_the_energy_by_path_of_a_gradient_is_its_potential() -> None:
    nothing = Dataset("none", torch.zeros(0, 2), torch.zeros(0).long(), ("data",), Kind.PLANE)
    stretched = OnLattice(Denoiser("", "", lambda x: x * torch.tensor([0.5, 0.2]), 1.0, nothing, ROUND, BOX), BOX, 9)
    x = places(9)
    potential = 0.5 * (0.5 * x[..., 0] ** 2 + 0.8 * x[..., 1] ** 2)  # r - x = -(0.5 x₁, 0.8 x₂)
    found = LAYERS["energy by path"].compute(stretched)
    np.testing.assert_allclose(found.z, potential - potential.min(), atol=1e-3)
    assert found.high == LAYERS["true energy"].compute(stretched).high  # so that the two can be compared


def test_the_basins_of_one_sink_are_one() -> None:
    assert (BASINS.compute(seen()).z == 0).all()


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_only_what_says_so_looks_at_the_density(layer: object) -> None:
    one, other = (layer.compute(seen(density)) for density in (ROUND, FLAT))  # type: ignore[attr-defined]
    alike = np.array_equal(one.z, other.z, equal_nan=True) and one.high == other.high
    assert alike is not layer.needs_truth  # type: ignore[attr-defined]
