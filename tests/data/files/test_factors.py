"""Which columns of the user's file are factors: said, or by their names; what can't be one is a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest

from latentlab.data import DataError
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.tables.roles import Role
from tests.conftest import naming
from tests.data.files.conftest import noise
from tests.runs.test_run import sentence

N = 24
COAT = [("red", "blue", "red", "green")[k % 4] for k in range(N)]
SIZE = [0.5 * (k % 3) for k in range(N)]


def table(folder: Path, **columns: Any) -> Path:
    """A table of two numbers, two columns that repeat, and others."""
    rng = np.random.default_rng(0)
    frame = {"a": rng.normal(size=N), "b": rng.normal(size=N), "coat": COAT, "size": SIZE} | columns
    pd.DataFrame(frame).to_csv(folder / "t.csv", index=False)
    return folder / "t.csv"


def values_of(opened: Opened, factor: str) -> dict[int, object]:
    """The value of a factor at each row of the file."""
    found: dict[int, object] = {}
    for part, rows in zip(opened.splits, opened.rows, strict=True):
        assert part.factors is not None
        k = part.factors.names.index(factor)
        values = [part.factors.values[k][level] for level in part.factors.levels[:, k]]
        found |= dict(zip(rows.tolist(), values, strict=True))
    return found


def test_said_columns_are_factors_and_no_numbers_of_the_vector(tmp_path: Path) -> None:
    opened = read_path(table(tmp_path), ReadOptions(factors=("size", "coat")))
    assert opened.features == ("a", "b")
    assert opened.factors == ("size", "coat")
    assert values_of(opened, "size") == dict(enumerate(SIZE))
    assert values_of(opened, "coat") == dict(enumerate(COAT))
    assert any("size (3 levels)" in one and "coat (3 levels)" in one for one in opened.summary)
    assert opened.roles is not None
    assert opened.roles.of("size") is Role.FACTOR
    assert read_path(table(tmp_path)).splits.train.factors is None


def test_columns_are_factors_by_their_names_unless_it_is_said_that_none_is(tmp_path: Path) -> None:
    path = table(tmp_path, factor_x=SIZE, Factor=COAT, factory=SIZE)
    opened = read_path(path)
    assert opened.factors == ("factor_x", "Factor")
    assert set(opened.features) == {"a", "b", "size", "factory"}
    none = read_path(path, ReadOptions(factors=()))
    assert none.factors == ()
    assert none.splits.train.factors is None
    assert "factor_x" in none.features


def test_a_column_that_is_a_factor_by_its_name_only_is_none_where_it_cannot_be(tmp_path: Path) -> None:
    opened = read_path(table(tmp_path, factor_x=SIZE, factor_y=[7] * N))
    assert opened.factors == ("factor_x",)
    assert any(naming_of("factor_y", one) for one in opened.summary)
    assert "factor_y" in opened.columns
    assert opened.roles is not None
    assert opened.roles.of("factor_y") is Role.COLOUR


def naming_of(name: str, sentence: str) -> bool:
    return name in sentence and "same value" in sentence


def test_the_class_may_be_a_factor_too(tmp_path: Path) -> None:
    opened = read_path(table(tmp_path), ReadOptions(label="coat", factors=("coat", "size")))
    assert opened.splits.train.classes == ("blue", "green", "red")
    assert values_of(opened, "coat") == dict(enumerate(COAT))
    train = opened.splits.train
    assert train.factors is not None
    assert train.factors.levels[:, 0].tolist() == train.y.tolist()


@pytest.mark.parametrize("factors", [None, ("latents_classes",), ("latents_classes[1]", "latents_classes[2]")])
def test_an_array_has_a_factor_in_each_column(tmp_path: Path, factors: tuple[str, ...] | None) -> None:
    """As dSprites is stored, whose first latent is the same for all."""
    levels = np.stack([np.zeros(N, int), np.arange(N) % 3, np.arange(N) % 4], 1)
    np.savez(tmp_path / "sprites.npz", imgs=noise(N, 8, 8), latents_classes=levels, latents_values=levels / 7)
    opened = read_path(tmp_path / "sprites.npz", ReadOptions(factors=factors))
    assert opened.factors == ("latents_classes[1]", "latents_classes[2]")
    assert values_of(opened, "latents_classes[2]") == {k: k % 4 for k in range(N)}


def test_dropped_rows_take_their_levels_with_them(tmp_path: Path) -> None:
    path = table(tmp_path, a=[np.nan if k in (3, 7) else float(k * k) for k in range(N)])
    opened = read_path(path, ReadOptions(factors=("coat",)))
    kept = [coat for k, coat in enumerate(COAT) if k not in (3, 7)]
    assert values_of(opened, "coat") == dict(enumerate(kept))


BAD: dict[str, tuple[str, list[Any], str]] = {
    "constant": ("size", [1] * N, "same value"),
    "another value each": ("size", list(range(N)), "24 different"),
    "mostly different": ("size", [k // 1.5 for k in range(N)], "different"),
    "nothing in a row": ("size", [None, *SIZE[1:]], "1 example"),
    "no word in a row": ("coat", ["", *COAT[1:]], "1 example"),
    "not there": ("sise", SIZE, "size"),
    "of the vector": ("a", SIZE, "vector"),
}


@pytest.mark.parametrize("how", BAD)
def test_what_cannot_be_a_factor_is_a_sentence(tmp_path: Path, how: str) -> None:
    factor, values, said = BAD[how]
    path = table(tmp_path, **({factor: values} if factor in ("size", "coat") else {}))
    with pytest.raises(DataError, match=naming("t.csv", factor, said)) as caught:
        read_path(path, ReadOptions(vector=("a", "b"), factors=(factor,)))
    sentence(caught.value)


def test_an_array_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=noise(N, 8, 8), size=np.arange(N) % 3)
    with pytest.raises(DataError, match=naming("a.npz", "sise", "size")):
        read_path(tmp_path / "a.npz", ReadOptions(factors=("sise",)))
