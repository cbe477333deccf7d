"""How pages name the dimensions of a code: by their number, and by what they carry in its unit."""

from __future__ import annotations

import pytest
import torch

from latentlab.analysis.latent.bottleneck import (
    bottleneck,
    decoded_bottleneck,
    deterministic_bottleneck,
    dimension_name,
)
from pages.shared.dimensions import carries
from tests.conftest import numbers_in


def test_what_a_dimension_carries_is_its_kl_or_its_variance() -> None:
    mean = torch.tensor([[2.0, 0.0], [-2.0, 0.0]])
    vae = bottleneck(mean, torch.zeros(2, 2))  # KL of N(±2, 1) from N(0, 1): 2² / 2
    assert [carries(vae, axis) for axis in (0, 1)] == ["2 nats", "unused"]
    plain = deterministic_bottleneck(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]))
    assert carries(plain, 0) in ("variance 1", "variance 2")  # over both, or less the one that the mean takes
    assert carries(plain, 1) == "unused"
    codes = torch.randn(4_000, 2, generator=torch.Generator().manual_seed(0))
    drawn = decoded_bottleneck(codes, lambda z: z[:, :1], [[0], [1]])  # of a model that doesn't encode
    assert numbers_in(carries(drawn, 0))[0] == pytest.approx(100, abs=30)
    assert carries(drawn, 1) == "unused"


def test_dimensions_are_counted_from_one() -> None:
    assert [dimension_name(axis) for axis in (0, 9)] == ["z1", "z10"]
