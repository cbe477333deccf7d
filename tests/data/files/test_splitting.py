"""The three parts: disjoint, stratified, the same every time, and the file's own where it has some."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab.data import UNLABELLED
from latentlab.data.files.splitting import HELD_OUT, Rows, divide, given
from tests.conftest import mentions


def parts_of(rows: Rows, n: int) -> None:
    assert sorted(np.concatenate(rows)) == list(range(n))


@pytest.mark.parametrize("counts", [[50, 50], [997, 3], [5] * 300, [800, 150, 40, 10], [12], [2, 2, 2, 2, 2]])
def test_each_class_is_divided_in_its_own_shares(counts: list[int]) -> None:
    y = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    rows, notes = divide(y, [f"class {k}" for k in range(len(counts))])
    parts_of(rows, len(y))
    again, _ = divide(y, [])
    assert all(np.array_equal(one, two) for one, two in zip(rows, again, strict=True))
    for part in (rows.valid, rows.test):
        assert len(part) >= max(2, int(len(y) * HELD_OUT))
    for k, n in enumerate(counts):
        n_test = int((y[rows.test] == k).sum())
        assert n_test >= max(int(n * HELD_OUT), n >= 3)
        assert (y[rows.train] == k).sum() >= n / 3 or n < 3
    absent = [k for k in range(len(counts)) if not (y[rows.test] == k).any()]
    assert (len(notes) == 2) == bool(absent)


def test_a_class_too_rare_to_test_is_named() -> None:
    y = np.array([0] * 40 + [1] * 2)
    _, notes = divide(y, ["normal", "fraud"])
    assert any(mentions(note, "fraud") for note in notes)
    _, notes = divide(np.array([0] * 40 + [UNLABELLED] * 2), ["normal"])
    assert len(notes) == 1


def test_without_classes_the_order_of_the_file_has_no_say() -> None:
    rows, _ = divide(np.full(2000, UNLABELLED), [])
    parts_of(rows, 2000)
    assert [len(part) for part in rows] == [1600, 200, 200]
    assert all(abs(part.mean() - 999.5) < 150 for part in rows)  # 577 / sqrt(200) is 41


@pytest.mark.parametrize("missing", [(), (1,), (2,), (1, 2)])
def test_the_parts_of_a_file_are_kept_and_a_missing_one_is_taken_from_training(missing: tuple[int, ...]) -> None:
    split = np.repeat([0, 1, 2], [100, 20, 30])
    split = split[~np.isin(split, missing)]
    rows, _ = given(split)
    parts_of(rows, len(split))
    for k, part in enumerate(rows):
        if k in missing:
            assert len(part) == 10
            assert (split[part] == 0).all()
        else:
            assert (split[part] == k).all()
    assert len(rows.train) == 100 - 10 * len(missing)
