"""The terms of a loss for each example, put where they belong, and missing where they can't be had."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from latentlab.analysis.maps.loss_terms import CHUNK, loss_terms
from latentlab.data import UNLABELLED, Batch
from tests.conftest import noise_images


def terms(batch: Batch) -> Mapping[str, Tensor]:
    brightness = batch.x.flatten(1).mean(1)
    return {"brightness": brightness, "label": batch.y, "extra": brightness}


def test_each_example_has_its_own_terms_whatever_the_chunks() -> None:
    data = noise_images(2 * CHUNK + 7, (1, 2, 2))
    found = loss_terms(terms, data, ["label", "brightness"])
    assert list(found) == ["label", "brightness"]
    np.testing.assert_array_equal(found["label"], data.y)
    np.testing.assert_allclose(found["brightness"], data.x.float().mean((1, 2, 3)) / 255, rtol=1e-5)


def test_a_term_that_no_example_has_is_missing() -> None:
    found = loss_terms(terms, noise_images(5), ["brightness", "kl"])
    assert np.isnan(found["kl"]).all()
    assert np.isfinite(found["brightness"]).all()


def test_examples_without_a_class_are_left_out_if_they_must() -> None:
    data = noise_images(40)
    data.y[::3] = UNLABELLED

    def needs_labels(batch: Batch) -> Mapping[str, Tensor]:
        assert (batch.y != UNLABELLED).all()
        return terms(batch)

    found = loss_terms(needs_labels, data, ["label"], labelled_only=True)["label"]
    np.testing.assert_array_equal(np.isnan(found), data.y == UNLABELLED)
    np.testing.assert_array_equal(found[~np.isnan(found)], data.y[data.y != UNLABELLED])
    data.y[:] = UNLABELLED
    assert np.isnan(loss_terms(needs_labels, data, ["label"], labelled_only=True)["label"]).all()


def test_no_gradient_is_kept() -> None:
    def asked(batch: Batch) -> Mapping[str, Tensor]:
        assert not torch.is_grad_enabled()
        return terms(batch)

    loss_terms(asked, noise_images(5), ["brightness"])
