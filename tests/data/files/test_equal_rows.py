"""Examples that come again are counted as a set counts them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data.files import equal_rows
from latentlab.data.files.equal_rows import n_again


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.int64])
@pytest.mark.parametrize("shape", [(1,), (3,), (4,), (1, 3, 5)])
def test_as_many_come_again_as_a_set_leaves_out(dtype: type, shape: tuple[int, ...]) -> None:
    x: NDArray[Any] = np.random.default_rng(0).integers(0, 3, (500, *shape)).astype(dtype)
    assert n_again(x) == 500 - len({row.tobytes() for row in x})
    assert n_again(x[:, ..., ::-1]) == n_again(x)


def test_examples_of_one_hash_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equal_rows, "_hashes", lambda x: np.zeros(len(x), np.uint64))
    assert n_again(np.array([[1.0], [2.0], [1.0], [3.0], [1.0]])) == 2


def test_blocks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    x = np.random.default_rng(0).integers(0, 9, (100, 2)).astype(np.float32)
    whole = n_again(x)
    monkeypatch.setattr(equal_rows, "BLOCK", 7)
    assert n_again(x) == whole > 0
