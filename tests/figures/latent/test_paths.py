"""Film strips, probabilities and animations show the paths that they were given."""

import io

import numpy as np
import torch
from PIL.GifImagePlugin import GifImageFile

from latentlab import device
from latentlab.analysis.latent.paths import Kind, Path, interpolate, measure
from latentlab.figures.examples.images import Images
from latentlab.figures.latent.paths import class_probabilities, film, film_strips
from latentlab.figures.sheets import captioned, gif
from latentlab.figures.theme import DARK, LIGHT

W = torch.rand(2, 12, generator=device.generator(0)) / 4
ENDS = torch.tensor([[2.0, 0.0], [0.0, 2.0]])


def walked(kind: Kind) -> Path:
    return measure(lambda z: (z @ W).reshape(-1, 1, 3, 4), interpolate(ENDS[0], ENDS[1], 5, kind), kind)


PATHS = [walked("linear"), walked("spherical")]


def test_each_path_has_its_strip_name_and_length() -> None:
    figure = film_strips(PATHS, LIGHT, Images((1, 3, 4)))
    assert list(figure.layout.yaxis.ticktext) == [f"{p.kind}<br>length {p.length:.1f}" for p in PATHS]
    assert (figure.layout.images[0].sizex, figure.layout.images[0].sizey) == (5, 2)


def test_probabilities_are_drawn_over_the_share_of_the_length_for_classes_that_matter() -> None:
    probs = np.array([[1, 0, 0], [0.8, 0.1, 0.1], [0.5, 0.4, 0.1], [0.2, 0.7, 0.1], [0, 0.9, 0.1]], np.float32)
    figure = class_probabilities(PATHS[0], probs, ("a", "b", "c"), DARK)
    assert [trace.name for trace in figure.data] == ["a", "b"]
    np.testing.assert_array_equal(figure.data[1].y, probs[:, 1])
    np.testing.assert_allclose(figure.data[0].x, PATHS[0].lengths / PATHS[0].length)
    assert [trace.line.color for trace in figure.data] == list(DARK.classes[:2])


def test_a_film_goes_there_and_back() -> None:
    frames = film(PATHS, scale=2)
    assert len(frames) == 5 + 3
    np.testing.assert_array_equal(frames[1], frames[-1])
    first = (PATHS[0].examples[0, 0] * 255).round().repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(frames[0][-6:, :8], first)


def test_each_column_has_its_caption_above_it() -> None:
    sheet = np.full((10, 300), 7, np.uint8)
    drawn = captioned(sheet, ["wide caption", "i"])
    np.testing.assert_array_equal(drawn[-10:], sheet)
    ink = (drawn[:-10] < 128).sum(0)
    for half, columns in ((ink[:150], 12), (ink[150:], 1)):
        dark = np.flatnonzero(half)
        assert abs(dark.mean() - 75) < 8
        assert len(dark) >= columns
    assert np.ptp(np.flatnonzero(ink[:150])) > 5 * np.ptp(np.flatnonzero(ink[150:]))
    assert captioned(np.zeros((4, 40, 3), np.uint8), ["a"]).shape[1:] == (40, 3)


def test_an_animation_keeps_its_frames_and_gray_levels() -> None:
    frames = film(PATHS, scale=2)
    with GifImageFile(io.BytesIO(gif(frames, 0.1))) as image:
        assert (image.n_frames, image.info["loop"], image.info["duration"]) == (8, 0, 100)
        for index, frame in enumerate(frames):
            image.seek(index)
            np.testing.assert_array_equal(np.asarray(image.convert("L")), frame)
