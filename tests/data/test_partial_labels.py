"""Hidden labels: as many of each class as requested, decided by the seed, and batches of both kinds."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from latentlab import device
from latentlab.data import (
    UNLABELLED,
    DataError,
    Dataset,
    Kind,
    LabelUse,
    Splits,
    batches,
    for_training,
    hide_labels,
    labelled_part,
    load,
    mixed_batches,
)
from tests.conftest import naming


def numbered(y: list[int], classes: str = "abc") -> Dataset:
    """Examples whose one value is their own number."""
    return Dataset("letters", torch.arange(len(y)).float()[:, None], torch.tensor(y), tuple(classes), Kind.VECTOR)


EVEN = [0, 1, 2] * 8


@pytest.mark.parametrize("n", [3, 6, 24])
def test_each_class_keeps_as_many_labels(n: int) -> None:
    data = numbered(EVEN)
    hidden = hide_labels(data, n, seed=0)
    kept = hidden.y != UNLABELLED
    assert torch.equal(hidden.y[kept], data.y[kept])
    assert torch.equal(hidden.y[kept].bincount(), torch.full((3,), n // 3))
    assert torch.equal(hidden.x, data.x)
    assert torch.equal(data.y, torch.tensor(EVEN))  # what it was made from is left alone


def test_what_classes_dont_divide_is_spread_by_the_seed() -> None:
    counts = {tuple(labelled_part(hide_labels(numbered(EVEN), 7, seed)).y.bincount().tolist()) for seed in range(20)}
    assert counts == {(3, 2, 2), (2, 3, 2), (2, 2, 3)}


def test_the_seed_decides_which_labels_are_kept(digits: Splits) -> None:
    one, same, other = (hide_labels(digits.train, 100, seed).y for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_labels_that_are_spread_reach_both_ends_and_the_middle_of_a_moon(seed: int) -> None:
    data = load("moons").train
    kept = labelled_part(hide_labels(data, 6, seed, diverse=True))
    assert kept.y.bincount().tolist() == [3, 3]
    middle = torch.tensor([[0.0, 0.0], [1.0, 0.5]])[kept.y]
    angle = torch.atan2(*(kept.x - middle).unbind(1)[::-1]) * torch.tensor([1.0, -1.0])[kept.y]  # 0 to π along a moon
    for y in (0, 1):
        along = ((angle[kept.y == y] / torch.pi + 0.5) % 2 - 0.5).sort().values  # -0.1 rather than 1.9
        torch.testing.assert_close(along, torch.tensor([0.0, 0.5, 1.0]), rtol=0, atol=0.12)
    nearest = (kept.x - middle).norm(dim=1)
    assert nearest.sub(1).abs().max() < 0.2  # on the ridge: what noise threw two deviations off isn't typical


def test_labels_that_are_spread_are_as_many_and_the_seed_draws_them() -> None:
    data = replace(load("moons").train, y=torch.arange(len(load("moons").train)) % 3, classes=("a", "b", "c"))
    one, same, other = (hide_labels(data, 10, seed, diverse=True).y for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert sorted(one[one != UNLABELLED].bincount().tolist()) == [3, 3, 4]


def test_examples_that_are_all_the_same_can_be_spread_too() -> None:
    data = Dataset("same", torch.zeros(8, 2), torch.tensor([0, 1] * 4), ("a", "b"), Kind.PLANE)
    assert labelled_part(hide_labels(data, 6, 0, diverse=True)).y.bincount().tolist() == [3, 3]


def test_a_label_that_is_missing_already_is_not_kept() -> None:
    data = numbered([0, UNLABELLED, 1, UNLABELLED, 2, UNLABELLED])
    assert torch.equal(hide_labels(data, 3, seed=0).y, data.y)


@pytest.mark.parametrize(
    ("y", "classes", "n", "named"),
    [
        (EVEN, "abc", 25, (9, 8)),  # wanted of one class, and there
        (EVEN, "abc", 2, (2, 3)),  # labels, classes
        ([0, 0, 0, 1, 2], "abc", 9, (3, "b", 1)),
        ([0, 1, 1], "abc", 3, ("c",)),
        ([0, 0, 0], "a", 1, (1,)),
        ([0, 0, 0], "", 1, ()),
        ([0, 1, 2, 3], "abc", 3, (3, 0, 2, -1)),
        ([0, 1, 2, -2], "abc", 3, (-2, 0, 2, -1)),
    ],
)
def test_labels_that_cannot_be_are_one_sentence(y: list[int], classes: str, n: int, named: tuple[object, ...]) -> None:
    with pytest.raises(DataError, match=naming("letters", *named)):
        hide_labels(numbered(y, classes), n, seed=0)


@pytest.mark.parametrize(("n_labels", "size"), [(3, 4), (9, 4), (3, 100), (24, 5)])
def test_a_mixed_batch_has_as_many_with_a_label_as_without(n_labels: int, size: int) -> None:
    data = hide_labels(numbered(EVEN), n_labels, seed=0)
    seen = list(mixed_batches(data, size, device.generator(0)))
    assert len(seen) == len(list(batches(data, size, device.generator(0))))
    without = torch.cat([batch.x[batch.y == UNLABELLED] for batch in seen])[:, 0]
    assert without.sort().values.tolist() == list(range(24))  # each example once
    assert without.tolist() != list(range(24))
    for batch in seen:
        known = batch.y != UNLABELLED
        assert known.sum() == (~known).sum() <= size
        assert torch.equal(batch.y[known], data.y[batch.x[known][:, 0].long()])
    times = torch.cat([batch.x[batch.y != UNLABELLED] for batch in seen])[:, 0].long().bincount(minlength=24)
    assert (times[data.y == UNLABELLED] == 0).all()
    assert times.sum() == 24
    assert times[data.y != UNLABELLED].max() - times[data.y != UNLABELLED].min() <= 1


def test_each_epoch_mixes_anew() -> None:
    data = hide_labels(numbered(EVEN), 3, seed=0)
    one, same, other = (next(mixed_batches(data, 4, device.generator(seed))).x for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_a_model_is_trained_on_what_it_can_use() -> None:
    data = numbered([0, UNLABELLED, 1, UNLABELLED, 2, UNLABELLED])
    for use, n, expected, sampler in (
        (LabelUse.UNUSED, 0, data.y.tolist(), batches),
        (LabelUse.NEEDED, 0, [0, 1, 2], batches),
        (LabelUse.OPTIONAL, 0, data.y.tolist(), mixed_batches),
    ):
        found, how = for_training(data, use, n, seed=0)
        assert (found.y.tolist(), how) == (expected, sampler)
    found, how = for_training(numbered(EVEN), LabelUse.NEEDED, 6, seed=0)
    assert (len(found), how) == (6, batches)
    found, how = for_training(numbered(EVEN), LabelUse.OPTIONAL, 6, seed=0)
    assert (len(found), int((found.y != UNLABELLED).sum()), how) == (24, 6, mixed_batches)
    assert for_training(numbered(EVEN), LabelUse.OPTIONAL, 0, seed=0)[1] is batches
    assert (
        len(for_training(numbered([0, 1, 1]), LabelUse.NEEDED, 0, seed=0)[0]) == 3
    )  # of the class c nothing is learned
    with pytest.raises(DataError, match=naming("letters", "c")):
        for_training(numbered([0, 1, 1]), LabelUse.OPTIONAL, 0, seed=0)
    for use in (LabelUse.NEEDED, LabelUse.OPTIONAL):
        with pytest.raises(DataError, match=naming("letters", 3)):
            for_training(numbered([0, 1, 2, 3]), use, 0, seed=0)
    with pytest.raises(DataError):
        for_training(data, LabelUse.UNUSED, 3, seed=0)
