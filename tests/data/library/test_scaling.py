"""Vectors come to lie between 0 and 1, and can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler

from latentlab import device
from latentlab.data.library.scaling import unit_scale
from tests.conftest import mentions, numbers_in


def test_each_number_is_scaled_by_its_own_range_as_scikit_learn_does() -> None:
    x = torch.randn(50, 4, generator=device.generator(0)) * torch.tensor([1.0, 100.0, 1e-3, 7.0]) + 3
    scale = unit_scale(x)
    assert scale is not None
    assert not scale.is_shared
    unit = scale.to_unit(x)
    np.testing.assert_allclose(unit.numpy(), MinMaxScaler().fit_transform(x.double().numpy()), atol=1e-6)
    assert unit.min(0).values.tolist() == [0] * 4
    assert unit.max(0).values.tolist() == [1] * 4
    torch.testing.assert_close(scale.back(unit), x, rtol=1e-5, atol=1e-6)
    assert numbers_in(scale.sentence) == [0, 1]  # to where each goes; no range is that of all


def test_pixels_share_one_scale() -> None:
    x = torch.tensor([[0.0, 0, 16, 0, 0], [16, 16, 0, 3, 0]])  # the last pixel is always black
    scale = unit_scale(x)
    assert scale is not None
    assert scale.is_shared
    torch.testing.assert_close(scale.to_unit(x), x / 16)
    assert mentions(scale.sentence, "0 … 16")


def test_fewer_than_half_on_the_whole_range_share_nothing() -> None:
    x = torch.tensor([[0.0, 0, 0], [16, 3, 4]])
    scale = unit_scale(x)
    assert scale is not None
    assert scale.to_unit(x).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_what_lies_between_0_and_1_is_left_alone() -> None:
    assert unit_scale(torch.tensor([[0.2, 0.5], [0.3, 1.0]])) is None
    assert unit_scale(torch.tensor([[0.2, 0.5], [0.3, 1.001]])) is not None


@pytest.mark.parametrize("x", [[[5.0, 5], [5, 5]], [[-3e38, 1], [3e38, 2]], [[7.0, -1e-30], [7, 1e-30]]])
def test_what_never_varies_and_what_spans_more_than_float32(x: list[list[float]]) -> None:
    scale = unit_scale(torch.tensor(x))
    assert scale is not None
    unit = scale.to_unit(torch.tensor(x))
    assert 0 <= unit.min() <= unit.max() <= 1
    torch.testing.assert_close(scale.back(unit), torch.tensor(x))
