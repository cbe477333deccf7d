"""Walks of images: what is kept of them, what is held, and how mixing is counted."""

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.sampling import SamplingError, mixing, record
from tests.conftest import naming


def brighter(x: Tensor) -> Tensor:
    return x + 0.1


def test_a_frame_is_kept_every_so_many_steps() -> None:
    x = torch.zeros(2, 1, 3, 3)
    frames = record(brighter, lambda x: x, x, n_frames=3, every=2)
    assert frames.shape == (3, 2, 1, 3, 3)
    np.testing.assert_array_equal(frames[:, 0, 0, 0, 0], [51, 102, 153])
    assert not x.any()


def test_given_pixels_are_the_same_in_every_frame_and_the_walk_sees_them() -> None:
    seen = torch.zeros(1, 3, 3, dtype=torch.bool)
    seen[..., 0] = True
    given = torch.rand(2, 1, 3, 3, generator=device.generator(0))
    sums: list[float] = []

    def step(x: Tensor) -> Tensor:
        sums.append(float(x[..., 0].sum()))
        return torch.zeros_like(x)

    frames = record(step, lambda x: x, torch.ones_like(given), 4, hold=lambda x: torch.where(seen, given, x))
    np.testing.assert_array_equal(frames[..., 0], np.broadcast_to(frames[:1, ..., 0], frames[..., 0].shape))
    np.testing.assert_allclose(frames[0, ..., 0] / 255, given[..., 0], atol=1 / 255)
    assert not frames[..., 1:].any()
    assert sums == pytest.approx([float(given[..., 0].sum())] * 4)


def test_mixing_counts_switches_classes_and_change() -> None:
    labels = np.array([[1, 2], [1, 3], [4, 2], [4, 2]])
    frames = np.zeros((4, 2, 1, 2, 2), np.uint8)
    frames[1, 0] = 255
    found = mixing(frames, labels)
    assert found.switches == pytest.approx(3 / 6)
    assert found.visited == 2
    assert found.change == pytest.approx((4 + 4) / 6)


def test_too_little_and_too_much_are_sentences() -> None:
    x = torch.zeros(3, 1, 1, 1)
    with pytest.raises(SamplingError, match="frame"):
        record(brighter, lambda x: x, x, 0)
    with pytest.raises(SamplingError, match=naming("100,000", 3)):
        record(brighter, lambda x: x, x, 100_000)
    with pytest.raises(SamplingError, match="frame"):
        mixing(np.zeros((1, 2, 1, 2, 2), np.uint8), np.zeros((1, 2), np.int64))
