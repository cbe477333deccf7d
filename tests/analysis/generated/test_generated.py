"""Generated images: planted models whose score is known, and shares by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.classification.preprocessing import OTHER_RANGE, THRESHOLDED
from latentlab.analysis.generated.images import (
    BINARISED,
    DRAW,
    DRAW_OF_CLASS,
    GIVEN,
    MEAN,
    MEAN_OF_CLASS,
    PRIOR,
    REAL,
    Generated,
    Images,
    generated,
)
from latentlab.analysis.generated.overlap import overlap
from latentlab.analysis.generated.recognition import Recognition, recognise, recognised
from latentlab.analysis.generated.verdict import lost, lost_classes, of_generated
from latentlab.data import Kind, Spec
from latentlab.models import Classifies, Decodes, Encodes
from latentlab.runs.shipped import SHIPPED_RUNS
from tests.conftest import numbers_in

N, K = 400, 4


class Identity(Encodes, Decodes):
    """Its code is the image, and so is what it decodes."""

    name, title, z_dim = "identity", "Identity", K
    spec = Spec((1, 2, 2), K, Kind.IMAGE)

    def encode(self, x: Tensor) -> Tensor:
        return x.flatten(1)

    def decode(self, z: Tensor) -> Tensor:
        return z.reshape(-1, 1, 2, 2)


def pixels(n: int = N) -> tuple[Tensor, Tensor]:
    """Images of four pixels of which the brightest says the class, but for noise, and classes."""
    y = torch.arange(n) % K
    x = torch.eye(K)[y] * 0.3 + 0.5 * torch.rand(n, K, generator=device.generator(0))
    return x.clamp(0, 1).reshape(n, 1, 2, 2), y


def classify(x: Tensor) -> Tensor:
    return (4 * x.flatten(1)).log_softmax(1)


def test_an_identity_scores_exactly_its_control() -> None:
    x, y = pixels()
    made = generated(Identity(), x, y)
    found = recognised(made.images, classify)
    assert (list(found), made.encoded, made.reconstructed) == ([REAL, BINARISED, MEAN], REAL, MEAN)
    assert 0.7 < found[REAL].right.mean() < 1  # type: ignore[union-attr]
    np.testing.assert_array_equal(found[MEAN].predicted, found[REAL].predicted)
    assert found[MEAN].share == found[REAL].share
    assert lost(found[REAL], found[MEAN]).share == 0


def test_permuted_pairs_score_chance() -> None:
    x, y = pixels()
    other = torch.randperm(N, generator=device.generator(1))
    share = recognise(classify, x[other], y).share
    assert share is not None
    assert share.low < 1 / K < share.high


def test_what_is_said_of_predictions_is_counted() -> None:
    found = Recognition(np.array([0, 0, 2, 1]), np.array([0.9, 0.5, 0.7, 0.3], np.float32), np.array([0, 1, 2, 1]), K)
    assert found.share is not None
    assert (found.share.value, round(found.confidence, 6)) == (0.75, 0.6)
    np.testing.assert_array_equal(found.histogram, [0.5, 0.25, 0.25, 0])
    assert math.isclose(found.entropy, 1.5 * math.log(2))
    even = recognise(classify, *pixels())
    assert math.isclose(even.entropy_of_true, math.log(K))
    one = Recognition(np.zeros(3, np.int64), np.ones(3, np.float32), None, K)
    assert (one.entropy, one.share, one.right) == (0, None, None)
    assert math.isnan(one.entropy_of_true)


def test_the_predictions_are_those_of_what_the_classifier_is_given() -> None:
    x, y = pixels()
    images = {REAL: Images(x, y)}
    cut, scaled = (recognised(images, classify, way)[REAL] for way in (THRESHOLDED, OTHER_RANGE))
    for found, given in ((cut, (x >= 0.5).float()), (scaled, (x + 1) / 2)):
        expected = classify(given).exp().max(1)
        np.testing.assert_array_equal(found.predicted, expected.indices)
        np.testing.assert_allclose(found.probability, expected.values, rtol=1e-6)
    np.testing.assert_array_equal(scaled.predicted, recognised(images, classify)[REAL].predicted)
    assert scaled.confidence < recognised(images, classify)[REAL].confidence


def test_pairs_that_differ_are_counted_both_ways() -> None:
    y = np.zeros(10, np.int64)
    inputs, outputs = (Recognition(np.array(p), np.ones(10, np.float32), y, 2) for p in (
        [0] * 9 + [1], [0] * 5 + [1] * 4 + [0],
    ))  # fmt: skip
    missing = lost(inputs, outputs)
    assert (missing.share, missing.std_error) == (0.3, math.sqrt(5) / 10)
    assert not missing.is_clear
    with pytest.raises(ValueError, match="inputs"):
        lost(inputs, dataclasses.replace(outputs, y=None))


def test_a_class_without_samples_is_lost() -> None:
    of_examples = Recognition(np.arange(300) % 3, np.ones(300, np.float32), None, K)
    samples = Recognition(np.arange(300) % 2, np.ones(300, np.float32), None, K)
    assert lost_classes(samples, of_examples) == [2]
    assert lost_classes(of_examples, of_examples) == []


@pytest.mark.parametrize(("blurred", "said"), [(True, True), (False, False)])
def test_what_comes_back_when_images_are_cut_is_blur(blurred: bool, said: bool) -> None:
    y = np.zeros(100, np.int64)

    def share(right: int) -> Recognition:
        return Recognition((np.arange(100) >= right).astype(np.int64), np.ones(100, np.float32), y, 2)

    made = Generated({name: Images(torch.zeros(100, 1, 2, 2), torch.zeros(100)) for name in (REAL, BINARISED, MEAN)},
                     BINARISED)  # fmt: skip
    found = {REAL: share(95), BINARISED: share(90), MEAN: share(50)}
    cut = found | {MEAN: share(80 if blurred else 50)}
    text = of_generated(made, found, cut, ("a", "b"))
    assert numbers_in(text) == [50, 90, 40, 30 if said else 0]


CASES = [
    ("digits-vae", [MEAN, DRAW, PRIOR]),
    ("digits-gan", [PRIOR]),
    ("digits-m2", [MEAN_OF_CLASS, DRAW_OF_CLASS, PRIOR, GIVEN]),
    ("digits-lvae", [MEAN, DRAW, PRIOR]),
    ("digits-pixelcnn", [PRIOR]),
]


@pytest.mark.parametrize(("run", "names"), CASES)
def test_every_model_makes_what_it_can_and_no_reconstruction_beats_its_input(run: str, names: list[str]) -> None:
    model, classifier = SHIPPED_RUNS.load(run), SHIPPED_RUNS.load("digits-cnn")
    x, y, *_ = SHIPPED_RUNS.examples(run)[:60].batch()
    assert isinstance(classifier, Classifies)
    made = generated(model, x, y)
    assert list(made.images) == [REAL, BINARISED, *names]
    assert all(one.x.shape == x.shape for one in made.images.values())
    assert torch.equal(generated(model, x, y).images[PRIOR].x, made.images[PRIOR].x)
    found = recognised(made.images, classifier.classify)
    if MEAN in names:
        mean, draw, control = (found[name].share for name in (MEAN, DRAW, made.encoded))
        assert mean is not None
        assert draw is not None
        assert control is not None
        assert control.value >= mean.value >= draw.value - 0.05
    assert of_generated(made, found, found, tuple("0123456789"))


def test_overlap_in_a_projection_need_not_be_overlap_in_the_space() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(300) % 3
    z = rng.normal(size=(300, 5)).astype(np.float32) * np.array([9, 8, 7, 1, 1], np.float32)
    z[:, 3] += 6 * np.cos(2 * np.pi * y / 3)
    z[:, 4] += 6 * np.sin(2 * np.pi * y / 3)
    found = overlap(z, y)
    assert [space.n_dims for space in found.spaces] == [5, 3, 2]
    whole, flat = found.spaces[0], found.spaces[-1]
    assert whole.probe.low > 0.9 > 0.5 > flat.probe.high
    assert whole.neighbours.value > flat.neighbours.value
    assert whole.silhouette.value > flat.silhouette.value


def test_the_projection_is_scikit_learns() -> None:
    from sklearn.decomposition import PCA
    from sklearn.metrics import silhouette_score

    rng = np.random.default_rng(1)
    z, y = rng.normal(size=(80, 4)).astype(np.float32) * np.array([4, 3, 2, 1], np.float32), np.arange(80) % 2
    found, theirs = overlap(z, y), PCA().fit(z)
    np.testing.assert_allclose(np.abs(found.codes), np.abs(theirs.transform(z)), atol=1e-4)
    np.testing.assert_allclose(found.components.share, theirs.explained_variance_ratio_, rtol=1e-5)
    np.testing.assert_allclose(found.spaces[-1].silhouette.value, silhouette_score(theirs.transform(z)[:, :2], y), 1e-5)


@pytest.mark.parametrize(("n", "n_classes"), [(10, 2), (40, 1)])
def test_too_few_codes_or_classes_are_refused(n: int, n_classes: int) -> None:
    with pytest.raises(ValueError, match="Overlap"):
        overlap(np.ones((n, 3), np.float32), np.arange(n) % n_classes)
