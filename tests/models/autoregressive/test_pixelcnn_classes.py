"""The class-conditional PixelCNN against the enumeration of all images of a few pixels and Bayes' rule."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.data import Kind, Spec
from latentlab.models.autoregressive.pixelcnn_classes import ClassPixelCNN
from latentlab.nn.initialise import initialise
from tests.models.autoregressive.test_pixelcnn import every_image

K = 3


def build(side: int = 3, scale: float = 3.0) -> ClassPixelCNN:
    model = ClassPixelCNN(ClassPixelCNN.Config(channels=6, blocks=1), Spec((1, side, side), K, Kind.IMAGE))
    initialise(model, device.generator(1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(scale)
    return model.double().eval()


def log_given(model: ClassPixelCNN, x: Tensor) -> Tensor:
    """(B, K) nats: log p(x|y) by a pass for each class."""
    with torch.no_grad():
        return torch.stack([model.given(y).log_conditionals(x).flatten(1).sum(1) for y in range(K)], 1)


def test_the_probabilities_of_all_images_add_up_to_one_in_every_class_and_in_all() -> None:
    model, x = build(), every_image(3)
    of_classes = log_given(model, x)
    assert of_classes.exp().sum(0).tolist() == pytest.approx([1] * K, abs=1e-9)
    assert float((of_classes[:, 0] - of_classes[:, 1]).abs().max()) > 0.1
    log_p = model.log_prob(x, 1, device.generator(0))
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-9)
    torch.testing.assert_close(log_p, of_classes.logsumexp(1) - math.log(K))


def test_it_classifies_by_bayes() -> None:
    model, x = build(), every_image(3)[::7]
    with torch.no_grad():
        torch.testing.assert_close(model.classify(x), log_given(model, x).log_softmax(1))


def test_where_the_class_is_open_a_pixel_is_what_all_classes_expect_of_it() -> None:
    model, x = build(2), every_image(2)
    with torch.no_grad():
        log_levels, log_p = model.log_levels(x).flatten(1, -2), model.log_prob(x, 1, device.generator(0))
    for i in range(4):
        for image, expected in zip(x.flatten(1), log_levels, strict=True):
            prefix = (x.flatten(1)[:, :i] == image[:i]).all(1)
            white = prefix & (x.flatten(1)[:, i] == 1)
            share = log_p[white].exp().sum() / log_p[prefix].exp().sum()
            assert expected[i, 1].exp().item() == pytest.approx(share.item(), abs=1e-9)


@pytest.mark.parametrize("given", [None, 2])
def test_draws_are_as_frequent_as_they_are_probable(given: int | None) -> None:
    model, n, x = build(2), 40_000, every_image(2)
    log_p = model.log_prob(x, 1, device.generator(0)) if given is None else log_given(model, x)[:, given]
    model, empty = model.float(), torch.zeros(n, 1, 2, 2)
    hidden, rng = torch.ones(1, 2, 2, dtype=torch.bool), device.generator(3)
    drawn = (model if given is None else model.given(given)).complete(empty, hidden, rng).x.flatten(1)
    counts = torch.bincount((drawn @ torch.tensor([8.0, 4.0, 2.0, 1.0])).long(), minlength=16).double()
    expected = n * log_p.exp()
    assert float(((counts - expected).square() / expected).sum()) < 37.7  # the 99.9th percentile, 15 degrees of freedom


@pytest.mark.parametrize("given", [None, 1])
def test_weights_make_draws_of_a_hole_those_given_all_that_is_shown(given: int | None) -> None:
    model, n, x = build(scale=5.0), 20_000, every_image(3)
    log_p = model.log_prob(x, 1, device.generator(0)) if given is None else log_given(model, x)[:, given]
    hidden, shown = torch.zeros(1, 3, 3, dtype=torch.bool), every_image(3)[0b110_011_101]
    hidden[0, 1, :2] = True
    same = (x == shown)[:, ~hidden].all(1)
    exact = log_p[same].softmax(0)  # of the four ways to fill the hole
    found = (model if given is None else model.given(given)).complete(
        shown.expand(n, 1, 3, 3), hidden, device.generator(5)
    )
    way = (found.x[:, hidden] @ torch.tensor([2.0, 1.0], dtype=torch.float64)).long()
    weighted = torch.zeros(4, dtype=torch.float64).scatter_add_(0, way, found.log_weight.softmax(0))
    torch.testing.assert_close(weighted, exact, rtol=0, atol=0.02)
    unweighted = torch.bincount(way, minlength=4) / n
    assert float((unweighted - exact).abs().max()) > 0.03


def test_labels_are_needed() -> None:
    with pytest.raises(ValueError, match="classes"):
        ClassPixelCNN(ClassPixelCNN.Config(), Spec((1, 8, 8), 0, Kind.IMAGE))
