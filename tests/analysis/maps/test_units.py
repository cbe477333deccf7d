"""The numbers that a map lays out are those of the layer or of the examples, and of wide ones always the same few."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.maps.units import WIDE, chosen, of_codes, of_examples, of_layer
from latentlab.data import Dataset, Kind
from tests.conftest import noise_images


class Net(nn.Module):
    """Two layers, of which the first is as wide as is asked."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(3, width), nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.first(x.flatten(1)))  # type: ignore[no-any-return]


def test_all_units_are_chosen_of_a_narrow_layer_and_always_the_same_of_a_wide_one() -> None:
    np.testing.assert_array_equal(chosen(7), np.arange(7))
    np.testing.assert_array_equal(chosen(WIDE), np.arange(WIDE))
    wide = chosen(50_000)
    np.testing.assert_array_equal(wide, chosen(50_000))
    assert len(set(wide.tolist())) == WIDE
    assert (np.diff(wide) > 0).all()
    assert abs(wide.mean() / 25_000 - 1) < 0.1  # from all over it


def test_images_are_intensities_and_vectors_are_as_they_are() -> None:
    images = noise_images(20, (1, 4, 5))
    found = of_examples(images)
    np.testing.assert_allclose(found.z, images.x.numpy().reshape(20, 20) / 255, rtol=1e-6)
    assert found.n_units == 20
    x = torch.randn(6, 3, generator=device.generator(0)) * 100
    vectors = Dataset("v", x, torch.zeros(6).long(), ("a",), Kind.VECTOR)
    np.testing.assert_array_equal(of_examples(vectors).z, x.numpy())


def test_of_large_images_the_chosen_pixels_are_taken() -> None:
    images = noise_images(5, (3, 32, 32))
    found = of_examples(images)
    assert (found.z.shape, found.n_units) == ((5, WIDE), 3 * 32 * 32)
    np.testing.assert_allclose(found.z, images.x.numpy().reshape(5, -1)[:, found.ids] / 255, rtol=1e-6)


@pytest.mark.parametrize("width", [4, 2 * WIDE])
def test_the_units_of_a_layer_are_its_outputs(width: int) -> None:
    net, x = Net(width), torch.randn(30, 3, generator=device.generator(0))
    found = of_layer(net, x, "first")
    with torch.no_grad():
        outputs = net.first(x).numpy()
    assert found.n_units == width
    np.testing.assert_allclose(found.z, outputs[:, found.ids], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(found.ids, chosen(width))
    with pytest.raises(ValueError, match="elsewhere"):
        of_layer(net, x, "elsewhere")


def test_codes_keep_every_dimension() -> None:
    z = np.zeros((3, WIDE + 5), np.float32)
    assert of_codes(z).ids.tolist() == list(range(WIDE + 5))
