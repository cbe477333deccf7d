"""A score's sign and size can be read off its colour."""

import numpy as np

from latentlab.figures.score.images import DARKER, LIGHTER, as_colour, signed


def test_nothing_is_white_and_the_ends_have_the_full_colour() -> None:
    values = np.array([-2.0, -1.0, 0.0, 0.5, 1.0, np.nan]).reshape(1, 1, 2, 3)
    found = signed(values, 1.0)
    assert found.shape == (1, 3, 2, 3)
    pixels = found[0].reshape(3, -1).T
    np.testing.assert_array_equal(pixels[0], DARKER)
    np.testing.assert_array_equal(pixels[1], DARKER)
    np.testing.assert_array_equal(pixels[2], 255)
    np.testing.assert_allclose(pixels[3], (255 + LIGHTER) / 2, atol=0.5)
    np.testing.assert_array_equal(pixels[4], LIGHTER)
    np.testing.assert_array_equal(pixels[5], 128)


def test_the_scale_is_that_of_the_largest_but_for_outliers() -> None:
    values = np.linspace(-1, 1, 1001).reshape(1, 1, 7, 143)
    np.testing.assert_array_equal(signed(values), signed(values, float(np.quantile(np.abs(values), 0.995))))
    np.testing.assert_array_equal(signed(np.zeros((1, 3, 2, 2))), 255)


def test_gray_becomes_colour_and_colour_stays() -> None:
    gray = np.arange(8, dtype=np.uint8).reshape(2, 1, 2, 2)
    assert (as_colour(gray) == gray).all()
    assert as_colour(gray).shape == (2, 3, 2, 2)
    np.testing.assert_array_equal(as_colour(as_colour(gray)), as_colour(gray))
