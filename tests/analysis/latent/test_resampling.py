"""What is drawn again below a layer has the variance of the layers below."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.latent.resampling import resample

W, STD = torch.tensor([[2.0, 0.0, 1.0], [0.0, -1.0, 1.0]]), 0.5
Z = torch.tensor([[1.0, 0.0], [-0.5, 3.0]])


def test_the_draws_of_a_linear_hierarchy_have_its_mean_and_variance() -> None:
    rng = device.generator(0)

    def generate(z2: Tensor) -> Tensor:
        """x = W z1 with z1 = z2 + noise of a standard deviation."""
        return (z2 + STD * torch.randn(z2.shape, generator=rng)) @ W

    found = resample("z2", Z, generate, 20_000)
    assert found.examples.shape == (20_000, 2, 3)
    np.testing.assert_allclose(found.examples.mean(0), (Z @ W).numpy(), atol=0.03)
    expected = STD * (W**2).sum().div(3).sqrt().item()  # the variances of x are the sums of squares of W's columns
    assert found.std == pytest.approx(expected, rel=0.02)


def test_below_the_lowest_layer_nothing_is_drawn() -> None:
    found = resample("z1", Z, lambda z: z @ W, 3)
    assert not found.std.any()
    np.testing.assert_array_equal(found.examples[2], (Z @ W).numpy())
