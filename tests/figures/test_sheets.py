"""A sheet holds every pixel of every image, in its place, without loss."""

import base64
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from latentlab.figures.sheets import GAP, data_uri, enlarge, picture_shape, pictures, png, sheet_png, stitch
from tests.conftest import naming

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 3, 1, 4, 5), dtype=np.uint8)


def read(content: bytes) -> NDArray[np.uint8]:
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "PNG"
        return np.asarray(image)


@pytest.mark.parametrize("gap", [0, 1, 3])
def test_each_image_is_where_it_belongs(gap: int) -> None:
    sheet = stitch(IMAGES, gap)
    assert sheet.shape == (2 * 4 + gap, 3 * 5 + 2 * gap)
    for row in range(2):
        for column in range(3):
            y, x = row * (4 + gap), column * (5 + gap)
            np.testing.assert_array_equal(sheet[y : y + 4, x : x + 5], IMAGES[row, column, 0])
    assert (sheet == GAP).sum() >= sheet.size - IMAGES.size


def test_colours_keep_their_channels() -> None:
    colours = np.random.default_rng(1).integers(0, 256, (1, 2, 3, 4, 4), dtype=np.uint8)
    sheet = read(png(stitch(colours)))
    np.testing.assert_array_equal(sheet[:, 4:], colours[0, 1].transpose(1, 2, 0))


def test_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=naming(1, 3, 2)):
        stitch(np.zeros((1, 1, 2, 4, 4), np.uint8))


def test_the_png_is_lossless_and_has_eight_bits() -> None:
    sheet = stitch(IMAGES, 1)
    again = read(png(sheet))
    assert again.dtype == np.uint8
    np.testing.assert_array_equal(again, sheet)


def test_enlarging_repeats_pixels() -> None:
    large = enlarge(IMAGES, 3)
    assert large.shape == (2, 3, 1, 12, 15)
    np.testing.assert_array_equal(large[..., ::3, ::3], IMAGES)
    np.testing.assert_array_equal(large[..., 2::3, 1::3], IMAGES)


def test_places_without_an_image_are_gray() -> None:
    sheet = read(sheet_png(IMAGES.reshape(6, 1, 4, 5), columns=4, gap=0))
    assert sheet.shape == (8, 20)
    np.testing.assert_array_equal(sheet[4:, 10:], GAP)
    np.testing.assert_array_equal(sheet[4:, :5], IMAGES[1, 1, 0])


def test_a_data_uri_holds_the_content() -> None:
    head, _, body = data_uri(b"abc").partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(body) == b"abc"


@pytest.mark.parametrize(
    ("n", "rows", "columns"), [(1, 1, 1), (2, 1, 2), (3, 2, 2), (6, 2, 3), (13, 4, 4), (560, 20, 28), (4999, 71, 71)]
)
def test_a_vector_is_nearly_a_square_in_rows_that_are_full_where_they_can_be(n: int, rows: int, columns: int) -> None:
    assert picture_shape((n,)) == (1, rows, columns)
    assert rows * columns >= n
    values = np.arange(2 * n).astype(np.uint8).reshape(2, n)
    drawn = pictures(values)
    assert drawn.shape == (2, 1, rows, columns)
    assert np.array_equal(drawn.reshape(2, -1)[:, :n], values)
    assert (drawn.reshape(2, -1)[:, n:] == GAP).all()


def test_an_image_is_drawn_as_it_is() -> None:
    images = np.arange(2 * 3 * 3 * 5 * 4).astype(np.uint8).reshape(2, 3, 3, 5, 4)
    assert picture_shape((3, 5, 4)) == (3, 5, 4)
    assert pictures(images, 2) is images


def test_a_sheet_of_vectors() -> None:
    sheet = read(sheet_png(np.array([[10, 20, 30], [40, 50, 60]], np.uint8), 2, gap=0))
    assert sheet.tolist() == [[10, 20, 40, 50], [30, GAP, 60, GAP]]
