"""Readings that an installed package carries: read without running it, verified, and asked for in one sentence."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentlab import data
from latentlab.data import DataError, Kind, how_to_get, is_local, spec_of
from latentlab.data.builtin.recorded import RECORDED
from tests.conftest import naming

NAME, PACKAGE = "shuttle", "package_with_readings"


@pytest.fixture
def rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A package in place of the real one: it can't be imported, and carries a hundred rows."""
    rng = np.random.default_rng(0)
    found = np.concatenate([rng.integers(-50, 50, (100, 9)), rng.random((100, 1)) < 0.1], 1).astype(np.float64)
    text = "\n".join([",".join([*"abcdefghi", "anomaly"]), *(",".join(f"{v:.0f}" for v in row) for row in found)])
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").write_text("raise AssertionError")
    content = gzip.compress(text.encode())
    (folder / "readings.csv.gz").write_bytes(content)
    monkeypatch.syspath_prepend(tmp_path)
    carried = replace(
        RECORDED[NAME], package=PACKAGE, file="readings.csv.gz", sha256=hashlib.sha256(content).hexdigest()
    )
    monkeypatch.setitem(RECORDED, NAME, carried)
    monkeypatch.setitem(data.TABLES, NAME, carried)
    return found


def test_the_rows_of_a_package_are_split_and_standardised_by_normal_ones(
    rows: np.ndarray[tuple[int, int], np.dtype[np.float64]],
) -> None:
    assert is_local(NAME)
    assert not how_to_get(NAME)
    parts = data.load(NAME)
    assert [len(part) for part in parts] == [60, 20, 20]
    assert all(part.spec == spec_of(NAME) for part in parts)
    assert parts.train.kind is Kind.VECTOR
    usual = parts.train.x[parts.train.y == 0].double().numpy()
    assert usual.mean(0) == pytest.approx(np.zeros(9), abs=1e-6)
    assert usual.std(0) == pytest.approx(np.ones(9), abs=1e-6)
    scale = parts.train.scale
    assert scale is not None
    found = np.concatenate([np.c_[scale.back(part.x).numpy().round(), part.y.numpy()] for part in parts])
    assert sorted(map(tuple, found.tolist())) == sorted(map(tuple, rows.tolist()))


@pytest.mark.usefixtures("rows")
def test_what_is_missing_or_another_version_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / PACKAGE / "readings.csv.gz"
    file.write_bytes(gzip.compress(b"a,b\n1,2\n"))
    with pytest.raises(DataError, match=naming(PACKAGE)):
        data.load(NAME)
    file.unlink()
    with pytest.raises(DataError, match=naming(PACKAGE)):
        data.load(NAME)
    gone = replace(RECORDED[NAME], package="no_such_package")
    monkeypatch.setitem(RECORDED, NAME, gone)
    monkeypatch.setitem(data.TABLES, NAME, gone)
    assert not is_local(NAME)
    assert "latentlab[recorded]" in how_to_get(NAME)
    with pytest.raises(DataError, match=naming("latentlab[recorded]")):
        data.load(NAME)


@pytest.mark.skipif(not RECORDED[NAME].is_local, reason="not installed: pip install 'latentlab[recorded]'")
def test_the_real_readings_are_those_that_are_published() -> None:
    parts = data.load(NAME)
    assert sum(map(len, parts)) == 49_097
    assert sum(int(part.y.sum()) for part in parts) == 3_511
