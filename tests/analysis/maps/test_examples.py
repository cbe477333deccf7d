"""The order of a map's examples, and their thumbnails."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from latentlab.analysis.maps.examples import LARGEST, MOST_PIXELS, all_examples, some_of_each, thumbnails
from latentlab.data import Factors, Splits
from tests.conftest import noise_images


def test_test_examples_come_first_and_no_example_is_lost() -> None:
    train, valid, test = (noise_images(n, seed=n) for n in (30, 10, 20))
    found = all_examples(Splits(train, valid, test))
    torch.testing.assert_close(found.x, torch.cat([test.x, train.x, valid.x]))
    torch.testing.assert_close(found.y, torch.cat([test.y, train.y, valid.y]))
    assert found.classes == test.classes
    for most in (0, 15, 20, 45, 99):
        assert all_examples(Splits(train, valid, test), most).x.equal(found.x[:most])
    made = [Factors(part.y[:, None], ("class",), ((0.0, 1.0),)) for part in (train, valid, test)]
    parts = Splits(*(replace(part, factors=one) for part, one in zip((train, valid, test), made, strict=True)))
    factors = all_examples(parts, 45).factors
    assert factors is not None
    assert factors.levels[:, 0].tolist() == found.y[:45].tolist()
    assert len(all_examples(Splits(train, train, train), 7)) == 7
    assert len(all_examples(Splits(train, train, train))) == 30  # data that aren't split come once


def test_thumbnails_of_small_images_are_the_images() -> None:
    x = noise_images(9, (1, LARGEST, 20)).x.numpy()
    np.testing.assert_array_equal(thumbnails(x), x)


def test_large_images_are_thinned_and_a_sheet_holds_so_many_pixels() -> None:
    x = noise_images(4, (3, 2 * LARGEST + 1, 30)).x.numpy()
    small = thumbnails(x)
    assert max(small.shape[2:]) <= LARGEST
    np.testing.assert_array_equal(small, x[:, :, ::3, ::3])
    many = np.broadcast_to(np.zeros((1, 1, LARGEST, LARGEST), np.uint8), (10_000, 1, LARGEST, LARGEST))
    assert len(thumbnails(many)) == MOST_PIXELS // LARGEST**2


def test_some_of_each_class_are_chosen_where_one_class_has_nearly_all() -> None:
    y = np.repeat([1, 0, -1], [20, 3, 1])
    chosen = some_of_each(y, 9)
    assert chosen.tolist() == [23, 20, 21, 22, 0, 1, 2, 3, 4]
    assert some_of_each(y, 100).tolist() == [23, 20, 21, 22, *range(20)]
    assert len(some_of_each(y[:0], 4)) == 0
