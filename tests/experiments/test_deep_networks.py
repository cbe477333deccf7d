"""The deep network, trained in pieces as in one."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentlab.data import Splits
from latentlab.experiments import deep_networks
from latentlab.experiments.deep_networks import Depths, Training, advance, continue_training
from latentlab.training.config import TrainingError

pytestmark = pytest.mark.training

SMALL = {"depth": 6, "hidden": 16}


def test_training_in_pieces_is_training_in_one(few_digits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    whole, end = advance(few_digits, True, 12, None, **SMALL)
    first, middle = advance(few_digits, True, 7, None, **SMALL)
    second, also = advance(few_digits, True, 12, middle, **SMALL)
    assert (first.step, second.step) == (7, 12)
    assert end.keys() == also.keys()
    assert all(torch.equal(end[name], also[name]) for name in end)
    np.testing.assert_array_equal(whole.errors, second.errors)
    assert not np.array_equal(first.errors, second.errors)
    with pytest.raises(TrainingError):
        advance(few_digits, False, 12, middle, **SMALL)


def test_step_by_step_it_is_the_same_training_and_only_the_last_state_is_kept(
    few_digits: Splits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    monkeypatch.setattr(deep_networks, "STEPS", (0, 7, 12))
    found = [Training()]
    while not found[-1].is_done:
        found.append(continue_training(few_digits, True, found[-1], **SMALL))
    assert [depths.step for depths in found[-1].found] == [0, 7, 12]
    np.testing.assert_array_equal(found[-1].found[-1].errors, advance(few_digits, True, 12, None, **SMALL)[0].errors)
    assert [bool(each.state) for each in found] == [False, True, True, False]
    with pytest.raises(ValueError, match="last step"):
        continue_training(few_digits, True, found[-1], **SMALL)


def test_probes_see_that_the_shortcut_brings_the_input_back(digits: Splits) -> None:
    found, _ = advance(digits, True, 0, depth=64, hidden=64, every=32)
    assert isinstance(found, Depths)
    known = np.flatnonzero(np.isfinite(found.errors))
    assert known.tolist() == [0, 1, 32, 33, 64]
    assert found.errors[32] > 0.3
    assert found.errors[33] < 0.15
    assert found.chance == pytest.approx(0.9, abs=0.03)
    np.testing.assert_allclose(found.weight_norms, 2**0.5, rtol=0.05)  # He: the root of 2, whatever the width
    without, _ = advance(digits, False, 0, depth=64, hidden=64, every=32)
    assert without.errors[33] > 0.3


def test_a_single_layer_near_chance_is_no_dead_segment() -> None:
    found = [Depths(0, np.array(errors), np.ones(2), 0.1, 0.9) for errors in ([0.1, 0.8, 0.1], [0.1, 0.8, 0.8])]
    assert [one.dead_segment for one in found] == [None, (1, 2)]
