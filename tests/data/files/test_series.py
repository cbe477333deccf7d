"""Series in text and in tables come back as numbers at their times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray

from latentlab.data import Kind, Library
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import read_path
from tests.data.files.conftest import field, in_file_order, refused, said


def curves(n: int = 12, times: int = 20, values: int = 1) -> NDArray[np.float64]:
    return np.round(np.random.default_rng(0).normal(size=(n, times, values)), 4)


def write_ts(path: Path, x: NDArray[np.float64], labels: list[str]) -> Path:
    lines = [
        "# made",
        "@problemName p",
        "@timeStamps false",
        f"@classLabel {'true a b' if labels else 'false'}",
        "@data",
    ]
    for k, row in enumerate(x):
        parts = [",".join(map(str, row[:, c])) for c in range(x.shape[2])]
        lines.append(":".join([*parts, *labels[k : k + 1]]))
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("values", [1, 3])
@pytest.mark.parametrize("labels", [[], ["a", "b"] * 6])
def test_ts(tmp_path: Path, values: int, labels: list[str]) -> None:
    x = curves(values=values)
    opened = read_path(write_ts(tmp_path / "p.ts", x, labels))
    assert opened.splits.train.kind is Kind.SEQUENCE
    found, y = in_file_order(opened)
    assert np.array_equal(found, x.astype(np.float32))
    assert opened.splits.train.classes == tuple(sorted(set(labels)))
    assert y.tolist() == ([0, 1] * 6 if labels else [-1] * 12)


def test_ts_with_real_targets_gaps_and_odd_lengths(tmp_path: Path) -> None:
    path = write_ts(tmp_path / "p.ts", curves(), [f"{k}.5" for k in range(12)])
    opened = read_path(path)
    assert opened.splits.train.classes == ()
    assert opened.columns["label"].tolist() == [k + 0.5 for k in range(12)]
    whole = path.read_text()
    path.write_text(whole.replace("@data\n", "@data\n?,"))
    refused(path, 20, 21)
    path.write_text(whole.replace("@data\n", "@data\noops,"))
    refused(path, "oops")
    path.write_text(whole.replace("@timeStamps false", "@timeStamps true"))
    refused(path, "time")
    path.write_text(whole.replace("@data", "@date"))
    refused(path, "@data")
    first = whole.index("@data\n") + 6
    path.write_text(whole[:first] + "?" + whole[whole.index(",", first) :])
    opened = read_path(path)
    assert len(in_file_order(opened)[0]) == 11
    assert said(opened, 1, "NaN")


@pytest.mark.parametrize("name", ["Beat_TRAIN.tsv", "Beat_TEST.txt", "beat.tsv", "Beat_TRAIN.csv"])
def test_the_class_is_first_in_the_archive(tmp_path: Path, name: str) -> None:
    x = curves()
    rows = np.concatenate([np.arange(12)[:, None] % 3 - 1, x[:, :, 0]], axis=1)
    rows[:, 0] += 2
    np.savetxt(tmp_path / name, rows, "%g", delimiter="," if name.endswith("csv") else "\t")
    opened = read_path(tmp_path / name)
    assert opened.splits.train.kind is Kind.SEQUENCE
    found, y = in_file_order(opened)
    assert np.array_equal(found, x.astype(np.float32))
    assert y.tolist() == [0, 1, 2] * 4


def test_other_tables_are_no_series(tmp_path: Path) -> None:
    np.savetxt(tmp_path / "whole.tsv", np.arange(240).reshape(12, 20), "%d", delimiter="\t")
    np.savetxt(tmp_path / "real.tsv", curves()[:, :, 0], "%g", delimiter="\t")
    pd.DataFrame({"id": range(30), "time": range(30), "a": curves(30, 1)[:, 0, 0]}).to_csv(tmp_path / "t.csv")
    for name in ("whole.tsv", "real.tsv", "t.csv"):
        assert read_path(tmp_path / name).splits.train.kind is not Kind.SEQUENCE


@pytest.mark.parametrize("values", [1, 3])
def test_a_table_with_a_row_for_each_time(tmp_path: Path, values: int) -> None:
    x = curves(values=values)
    rows = [
        {"unit": f"u{k:02}", "Time": t, "place": "nm"[k % 2], "label": "ab"[k % 2]}
        | {f"v{c}": x[k, t, c] for c in range(values)}
        for k in range(12)
        for t in range(20)
    ]
    pd.DataFrame(rows).sample(frac=1, random_state=0).to_csv(tmp_path / "long.csv", index=False)
    opened = read_path(tmp_path / "long.csv")
    found, y = in_file_order(opened)
    assert np.array_equal(found, x.astype(np.float32))
    assert opened.features == tuple(f"v{c}" for c in range(values))
    assert opened.columns["place"].tolist() == ["n", "m"] * 6
    assert opened.columns[opened.id].tolist() == [f"u{k:02}" for k in range(12)]
    assert y.tolist() == [0, 1] * 6
    pd.DataFrame(rows[:-1]).to_csv(tmp_path / "long.csv", index=False)
    refused(tmp_path / "long.csv", 19, 20)


def test_columns_that_count_the_times(tmp_path: Path) -> None:
    x = curves()[:, :, 0]
    frame = pd.DataFrame(x, columns=[f"t{k}" for k in range(20)])
    for suffix in (".csv", ".parquet"):
        path = tmp_path / f"wide{suffix}"
        frame.to_csv(path, index=False) if suffix == ".csv" else frame.to_parquet(path)
        opened = read_path(path)
        assert opened.splits.train.kind is Kind.SEQUENCE
        assert np.array_equal(in_file_order(opened)[0], x[:, :, None].astype(np.float32))
    frame.rename(columns={"t3": "t99"}).to_csv(tmp_path / "gap.csv", index=False)
    assert read_path(tmp_path / "gap.csv").splits.train.kind is Kind.VECTOR


def test_a_spike_is_kept_and_named(tmp_path: Path) -> None:
    x = curves()
    x[5, 3] = 900
    np.save(tmp_path / "a.npy", x)
    opened = read_path(tmp_path / "a.npy")
    assert in_file_order(opened)[0][5, 3, 0] == 900
    assert said(opened, 900, 5)


def test_series_are_kept_as_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", curves(values=3))
    library = Library(tmp_path / "library")
    name = library.add(tmp_path / "a.npy")
    assert library.card(name).kind is Kind.SEQUENCE
    assert np.array_equal(in_file_order(library.open(name))[0], curves(values=3).astype(np.float32))
    scaled = library.load(name).train.x
    assert 0 <= float(scaled.min()) <= float(scaled.max()) <= 1


@pytest.mark.parametrize(
    ("name", "n", "shape", "n_classes"),
    [
        ("Beat.ts", 200, (140, 1), 5),
        ("Beat_TRAIN.tsv", 200, (140, 1), 5),
        ("ecg.npy", 200, (140, 1), 0),
        ("har.npy", 200, (128, 9), 0),
        ("long_format.csv", 30, (140, 1), 0),
    ],
)
def test_what_people_bring(name: str, n: int, shape: tuple[int, ...], n_classes: int) -> None:
    opened = read_path(field(f"12_time_series/{name}"))
    assert opened.splits.train.kind is Kind.SEQUENCE
    assert opened.splits.train.shape == shape
    assert len(opened.splits.train.classes) == n_classes
    assert len(in_file_order(opened)[0]) == n
    assert read_path(field("12_time_series/ecg.npy"), ReadOptions(size=32)).splits.train.shape == (140, 1)
