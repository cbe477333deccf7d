"""A drawing made into an example: where it is, how large, and whether a classifier of real digits reads it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.analysis.handwriting import as_example, ink_side
from latentlab.models import Classifies
from latentlab.runs.store import SHIPPED, Store
from tests.conftest import naming

STROKE = np.zeros((112, 112), bool)
STROKE[20:60, 30:38] = True  # upright, and heavier at its foot
STROKE[52:60, 30:50] = True


def centre(x: torch.Tensor) -> list[float]:
    return [float((x.sum(1 - axis) * torch.arange(28)).sum() / x.sum()) for axis in (0, 1)]


def test_its_mass_is_in_the_middle_and_its_box_of_the_size_asked_for() -> None:
    found = as_example(STROKE, 20, 28, 28)
    assert found is not None
    assert found.shape == (1, 28, 28)
    assert centre(found[0]) == pytest.approx([13.5, 13.5], abs=0.5)
    assert ink_side(found[None]) == 20
    assert float(found.sum()) == pytest.approx(STROKE.sum() * (20 / 40) ** 2, rel=0.02)  # an area


@pytest.mark.parametrize(("down", "right"), [(-20, -30), (50, 60), (0, 11)])
def test_it_does_not_matter_where_it_is_drawn(down: int, right: int) -> None:
    moved = as_example(np.roll(STROKE, (down, right), (0, 1)), 20, 28, 28)
    found = as_example(STROKE, 20, 28, 28)
    assert moved is not None
    assert found is not None
    assert moved.equal(found)


def test_it_stays_inside_however_its_mass_lies() -> None:
    flag = np.zeros((56, 56), bool)
    flag[:, :4], flag[:4, :40] = True, True
    found = as_example(flag, 28, 28, 28)
    assert found is not None
    assert ink_side(found[None]) >= 27


def test_without_ink_there_is_nothing() -> None:
    assert as_example(np.zeros((8, 8), bool), 20, 28, 28) is None
    with pytest.raises(ValueError, match=naming("ink")):
        ink_side(torch.zeros(2, 1, 8, 8))


def test_digits_that_are_drawn_with_a_pen_of_one_shade_are_read_like_the_real_ones() -> None:
    """Test digits, made four times as fine and black or white, moved into a corner, and made into examples again."""
    store = Store(SHIPPED.parent / "none", SHIPPED)
    model, examples = store.load("mnist-cnn"), store.examples("mnist-cnn")[:200].batch()
    assert isinstance(model, Classifies)
    fine = torch.nn.functional.interpolate(examples.x, scale_factor=2.0, mode="bilinear")[:, 0] >= 0.5
    side = ink_side(examples.x)
    drawn = [as_example(np.roll(image, (-6, 5), (0, 1)), side, 28, 28) for image in fine.numpy()]
    with torch.no_grad():
        read = model.classify(torch.stack([image for image in drawn if image is not None])).argmax(1)
    assert (read == examples.y).float().mean() > 0.95
