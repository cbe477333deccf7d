"""What each column is for: the vector, the label, what names an example; found by looking, or said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.feather as feather  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest

from latentlab.data import DataError
from latentlab.data.files import archives
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.tables.examples import columns_of
from latentlab.data.files.tables.roles import Role, propose, reassigned
from tests.conftest import mentions, naming, numbers_in

N, D = 24, 10
RNG = np.random.default_rng(0)
VECTORS = RNG.normal(size=(N, D)).astype(np.float32)
FAMILY = [("Canidae", "Paridae", "Felidae")[k % 3] for k in range(N)]
TITLES = [f"record no. {k}" for k in range(N)]


def x_of(opened: Opened) -> Any:
    _, order = np.unique(np.concatenate(opened.rows), return_index=True)
    return np.concatenate([part.x.numpy() for part in opened.splits])[order]


def classes_of(opened: Opened) -> list[str]:
    _, order = np.unique(np.concatenate(opened.rows), return_index=True)
    y = np.concatenate([part.y.numpy() for part in opened.splits])[order]
    return [opened.splits.train.classes[k] for k in y]


def beside() -> dict[str, Any]:
    years = [1990 + k % 5 for k in range(N)]
    return {
        "uuid": [f"u{k}" for k in range(N)],
        "family": FAMILY,
        "title": TITLES,
        "year": years,
        "sure": RNG.random(N),
    }


def wide(names: Callable[[int], str]) -> pd.DataFrame:
    return pd.DataFrame({**beside(), **{names(k): VECTORS[:, k] for k in range(D)}})


def save(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".feather":
        feather.write_feather(frame, path)
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True, double_precision=15)
    elif path.suffix == ".json":
        frame.to_json(path, orient="records", double_precision=15)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


SUFFIXES = [".csv", ".tsv", ".parquet", ".feather", ".jsonl", ".json"]
NAMES: list[Callable[[int], str]] = [
    lambda k: f"emb_{k}", lambda k: f"V{k + 1}", lambda k: f"pc{k}", lambda k: f"x{k}.mean", lambda k: str(k),
]  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("names", NAMES)
def test_columns_of_one_name_are_the_vector(tmp_path: Path, names: Callable[[int], str], suffix: str) -> None:
    opened = read_path(save(wide(names), tmp_path / f"table{suffix}"))
    assert np.allclose(x_of(opened), VECTORS)
    assert opened.features == tuple(map(names, range(D)))
    assert classes_of(opened) == FAMILY
    assert (opened.id, opened.title) == ("uuid", "title")
    assert set(opened.columns) == {"uuid", "title", "year", "sure"}
    assert opened.columns["year"].dtype.kind in "if"
    assert any(mentions(one, "year", "sure") for one in opened.summary)


WRITTEN: dict[str, Callable[[Any], str]] = {
    "list": lambda row: str(row.tolist()),
    "array": lambda row: np.array2string(row, max_line_width=40, floatmode="unique", threshold=99_999),
    "tuple": lambda row: str(tuple(row.tolist())),
    "spaces": lambda row: " ".join(map(repr, row.tolist())),
    "semicolons": lambda row: ";".join(map(repr, row.tolist())),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_vector_in_each_cell_of_text_is_the_vector(tmp_path: Path, suffix: str, written: str) -> None:
    frame = pd.DataFrame({**beside(), "embedding": [WRITTEN[written](row) for row in VECTORS]})
    opened = read_path(save(frame, tmp_path / f"table{suffix}"))
    assert np.allclose(x_of(opened), VECTORS)
    assert {"year", "sure"} <= set(opened.columns)
    assert classes_of(opened) == FAMILY


@pytest.mark.parametrize("kind", ["list", "fixed", "large", "nested", "double", "ints"])
@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_lists_in_arrow_columns_are_the_vector(tmp_path: Path, suffix: str, kind: str) -> None:
    wanted = np.rint(VECTORS * 9) if kind == "ints" else VECTORS
    rows: Any = wanted.reshape(N, 2, D // 2).tolist() if kind == "nested" else wanted.tolist()
    single = pa.float32()
    kinds = {
        "list": pa.list_(single), "fixed": pa.list_(single, D), "large": pa.large_list(single),
        "nested": pa.list_(pa.list_(single)), "double": pa.list_(pa.float64()), "ints": pa.list_(pa.int64()),
    }  # fmt: skip
    columns = {
        **{name: pa.array(list(values)) for name, values in beside().items()},
        "emb": pa.array(rows, kinds[kind]),
    }
    path = tmp_path / f"table{suffix}"
    (pq.write_table if suffix == ".parquet" else feather.write_feather)(pa.table(columns), path)
    opened = read_path(path)
    assert np.allclose(x_of(opened), wanted)
    assert {"year", "sure"} <= set(opened.columns)


def test_a_row_without_a_vector_or_with_another_is_dropped(tmp_path: Path) -> None:
    rows: list[Any] = VECTORS.tolist()
    rows[3], rows[5] = None, [1.0]
    left = [k for k in range(N) if k not in (3, 5)]
    pq.write_table(pa.table({"emb": pa.array(rows, pa.list_(pa.float32()))}), tmp_path / "t.parquet")
    save(pd.DataFrame({"emb": ["" if row is None else str(row) for row in rows], "k": "x"}), tmp_path / "t.csv")
    for suffix in (".parquet", ".csv"):
        opened = read_path(tmp_path / f"t{suffix}")
        assert np.allclose(x_of(opened), VECTORS[left])
        assert any(one.startswith("2 ") for one in opened.summary)


def test_a_vector_that_was_cut_off_when_it_was_printed_is_refused(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(N), "emb": ["[0.1 0.2 0.3 ... 0.8 0.9]"] * N})
    with pytest.raises(DataError, match=naming("emb")):
        read_path(save(frame, tmp_path / "t.csv"))


def test_telephone_numbers_and_dates_are_no_vectors(tmp_path: Path) -> None:
    frame = pd.DataFrame({"phone": ["030 123 456"] * N, "day": ["2020-01-02"] * N, "a": range(N), "b": range(N)})
    assert read_path(save(frame, tmp_path / "t.csv")).features == ("a", "b")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_role_can_be_said(tmp_path: Path, suffix: str) -> None:
    path = save(wide(lambda k: f"emb_{k}"), tmp_path / f"table{suffix}")
    how = ReadOptions(vector=("year", "emb_2"), label="", id="title", title="uuid", drop=("sure",))
    opened = read_path(path, how)
    assert opened.features == ("year", "emb_2")
    assert np.allclose(x_of(opened)[:, 1], VECTORS[:, 2])
    assert opened.splits.train.classes == ()
    assert (opened.id, opened.title) == ("title", "uuid")
    assert set(opened.columns) == {"uuid", "title", "family", *(f"emb_{k}" for k in range(D) if k != 2)}
    roles = propose(columns_of(path), how, "table")
    assert [roles.of(one) for one in ("year", "family", "title", "sure")] == [
        Role.VECTOR,
        Role.COLOUR,
        Role.ID,
        Role.OUT,
    ]


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.IMAGE, Role.SPLIT, Role.TIME)])
def test_one_column_gets_another_role_and_the_others_keep_theirs(tmp_path: Path, suffix: str, role: Role) -> None:
    frame = wide(lambda k: f"emb_{k}")
    path = save(frame, tmp_path / f"table{suffix}")
    first = read_path(path).roles
    assert first is not None
    for column in ("year", "uuid", "emb_1", "family"):
        if (role, column) in ((Role.VECTOR, "uuid"), (Role.VECTOR, "family"), (Role.LABEL, "emb_1")):
            continue  # words are no vector, and fractions no label
        if role is Role.FACTOR and column in ("uuid", "emb_1"):
            continue  # no value comes again
        how = reassigned(ReadOptions(), first, list(frame), column, role)
        second = read_path(path, how).roles
        assert second is not None
        assert second.of(column) is role
        single = role in (Role.LABEL, Role.ID, Role.TITLE)
        kept = [one for one in frame if one != column and not (single and first.of(one) is role)]
        assert [second.of(one) for one in kept] == [first.of(one) for one in kept]
        before = [one for one in frame if single and one != column and first.of(one) is role]
        assert [second.of(one) for one in before] == [Role.COLOUR for _ in before]


def test_images_take_the_place_of_a_vector_and_a_vector_that_of_images(tmp_path: Path) -> None:
    frame = pd.DataFrame({"pixels": [" ".join(["9"] * 64)] * N, "a": RNG.random(N), "b": RNG.random(N)})
    path, columns = save(frame, tmp_path / "t.csv"), list(frame)
    images = read_path(path)
    assert images.roles is not None
    how = reassigned(ReadOptions(), images.roles, columns, "b", Role.VECTOR)
    vectors = read_path(path, how)
    assert vectors.features == ("b",)
    assert vectors.roles is not None
    again = read_path(path, reassigned(how, vectors.roles, columns, "pixels", Role.IMAGE))
    assert again.splits.train.shape == images.splits.train.shape == (1, 8, 8)


def test_a_name_that_is_not_there_is_answered_by_the_closest(tmp_path: Path) -> None:
    path = save(wide(lambda k: f"emb_{k}"), tmp_path / "table.csv")
    for how in ({"label": "famly"}, {"vector": ("famly",)}, {"id": "Family"}, {"title": "famly"}, {"drop": ("famly",)}):
        with pytest.raises(DataError, match=naming("table.csv", "family")):
            read_path(path, ReadOptions(**how))
    with pytest.raises(DataError, match=naming("family")):
        read_path(path, ReadOptions(vector=("family",)))


def test_a_missing_label_is_said_with_what_it_may_be(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(N), "b": RNG.random(N), "kind": FAMILY, "site": ["u", "v"] * (N // 2)})
    opened = read_path(save(frame, tmp_path / "t.csv"))
    assert opened.splits.train.classes == ()
    assert any(mentions(one, "kind", "site", "--label") for one in opened.summary)


def test_more_than_a_thousand_labels_are_none(tmp_path: Path) -> None:
    n = 1100
    frame = pd.DataFrame({"a": range(n), "label": [f"person {k}" for k in range(n)]})
    opened = read_path(save(frame, tmp_path / "t.csv"))
    assert opened.splits.train.classes == ()
    assert any(mentions(one, "label", "1,100", "1,000") for one in opened.summary)
    assert len(opened.columns["label"]) == n


def test_whole_numbers_at_one_end_of_a_table_without_header_are_the_label(tmp_path: Path) -> None:
    y = np.arange(N) % 3 + 1
    for place in (0, D):
        rows = np.insert(VECTORS.astype(float), place, y, axis=1)
        lines = ["\t".join(f"{v:g}" for v in row) for row in rows]
        (tmp_path / "rows.txt").write_text("\n".join(lines))
        opened = read_path(tmp_path / "rows.txt")
        assert classes_of(opened) == [str(k) for k in y]
        assert np.allclose(x_of(opened), VECTORS, atol=1e-4)


def test_fill_values_are_nothing_and_single_giants_are_named(tmp_path: Path) -> None:
    a, b = RNG.normal(20, 5, 400), RNG.normal(50, 9, 400)
    b[::9] = -9999
    a[6] = 1e6
    frame = pd.DataFrame({"a": a, "b": b, "c": RNG.integers(0, 1000, 400), "bit": np.arange(400) % 2})
    opened = read_path(save(frame, tmp_path / "air.csv"))
    assert len(x_of(opened)) == 400 - 45
    assert np.allclose(x_of(opened)[:, 1], b[b > -9999])
    assert any(mentions(one, "-9999", 45, "b") for one in opened.summary)
    assert any(mentions(one, "1e+06", "a", "row", 7) for one in opened.summary)
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 3.0, 99.0] * 20, "b": [-999.0, *range(99)]})
    assert len(x_of(read_path(save(frame, tmp_path / "odd.csv")))) == 80  # 99 is far; one -999 may be a number


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_square_of_pixels_in_a_cell_is_an_image(tmp_path: Path, suffix: str) -> None:
    pixels = RNG.integers(0, 256, (N, 64))
    cells = [" ".join(map(str, row)) for row in pixels] if suffix == ".csv" else pixels.tolist()
    usage = ["Training", "PublicTest", "Training", "PrivateTest"] * (N // 4)
    for name in ("pixels", "values"):
        frame = pd.DataFrame({"emotion": np.arange(N) % 7, name: cells, "Usage": usage})
        opened = read_path(
            save(frame, tmp_path / f"fer{suffix}"), ReadOptions(image=None if name == "pixels" else name)
        )
        assert np.array_equal(x_of(opened).reshape(N, 64), pixels)
        assert opened.splits.train.shape == (1, 8, 8)
        assert [len(part) for part in opened.splits] == [N // 2, N // 4, N // 4]
        assert classes_of(opened) == [str(k % 7) for k in range(N)]
    with pytest.raises(DataError, match=naming("bytes", 10)):
        read_path(
            save(pd.DataFrame({"bytes": ["[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"] * N}), tmp_path / "t.csv"),
            ReadOptions(image="bytes"),
        )


def test_a_column_of_words_names_its_parts_only_where_it_says_nothing_else(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(N), "b": RNG.random(N), "set": ["train", "red", "blue"] * (N // 3)})
    assert classes_of(read_path(save(frame, tmp_path / "t.csv"))) == frame["set"].tolist()


def png(k: int) -> bytes:
    import io

    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.full((6, 6), 10 * k, np.uint8)).save(out, "PNG")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["struct", "bytes"])
def test_images_and_class_names_of_hugging_face(tmp_path: Path, kind: str) -> None:
    contents = [png(k) for k in range(N)]
    cells: Any = (
        [{"bytes": one, "path": f"{k}.png"} for k, one in enumerate(contents)] if kind == "struct" else contents
    )
    table = pa.table({"image": pa.array(cells), "label": pa.array([k % 2 for k in range(N)])})
    names = {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    meta = json.dumps({"info": {"features": names}}).encode()
    pq.write_table(table.replace_schema_metadata({"huggingface": meta}), tmp_path / "t.parquet")
    opened = read_path(tmp_path / "t.parquet")
    assert x_of(opened)[:, 0, 0, 0].tolist() == [10 * k for k in range(N)]
    assert classes_of(opened) == ["cat", "dog"] * (N // 2)


@pytest.mark.parametrize("meta", [b"{", b"[]", b'{"info": 3}', b'{"info": {"features": {"label": {"names": [1]}}}}'])
def test_metadata_of_any_form_do_no_harm(tmp_path: Path, meta: bytes) -> None:
    table = pa.table({"a": pa.array(range(N)), "label": pa.array([k % 2 for k in range(N)])})
    pq.write_table(table.replace_schema_metadata({"huggingface": meta}), tmp_path / "t.parquet")
    assert read_path(tmp_path / "t.parquet").splits.train.classes == ("0", "1")


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_arrow_columns_of_every_kind(tmp_path: Path, suffix: str) -> None:
    from datetime import UTC, datetime
    from decimal import Decimal

    days = [datetime(2020, 1, 1 + k, tzinfo=UTC) for k in range(N)]
    columns = {
        "price": pa.array([Decimal(k) / 4 for k in range(N)], pa.decimal128(9, 2)),
        "flag": pa.array([k % 2 == 0 for k in range(N)]),
        "day": pa.array(days, pa.timestamp("us")),
        "date": pa.array(days, pa.date32()),
        "kind": pa.array(FAMILY).dictionary_encode(),
        "none": pa.nulls(N),
        "some": pa.array([None, 1, 2] * (N // 3), pa.int64()),
    }
    path = tmp_path / f"t{suffix}"
    (pq.write_table if suffix == ".parquet" else feather.write_feather)(pa.table(columns), path)
    opened = read_path(path, ReadOptions(vector=("price", "flag")))
    assert x_of(opened).tolist() == [[k / 4, k % 2 == 0] for k in range(N)]
    assert opened.columns["day"][1].startswith("2020-01-02")
    assert opened.columns["date"][1] == "2020-01-02"
    assert opened.columns["none"].tolist() == [""] * N
    assert np.isnan(opened.columns["some"]).sum() == N // 3
    assert classes_of(opened) == FAMILY


@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_a_compressed_feather_file_is_measured_before_it_is_inflated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, codec: str
) -> None:
    table = pa.table({"a": np.zeros(100_000), "kind": pa.array(["long" * 9] * 100_000).dictionary_encode()})
    feather.write_feather(table, tmp_path / "t.feather", compression=codec)
    assert read_path(tmp_path / "t.feather").features == ("a",)
    assert (tmp_path / "t.feather").stat().st_size < 50_000
    monkeypatch.setattr(archives, "FREE_BYTES", 50_000)
    monkeypatch.setattr(archives, "MAX_RATIO", 2)
    with pytest.raises(DataError) as caught:
        read_path(tmp_path / "t.feather")
    assert 2 in numbers_in(str(caught.value))


def test_classes_are_counted(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": RNG.random(1000), "b": RNG.random(1000), "label": ["normal"] * 997 + ["fraud"] * 3})
    opened = read_path(save(frame, tmp_path / "t.csv"))
    assert any(mentions(one, "normal", 997, "fraud", 3) for one in opened.summary)
    test = opened.splits.test
    assert (test.y == test.classes.index("fraud")).sum() == 1


TARGET = pd.DataFrame({"a": RNG.random(N), "b": RNG.random(N), "quality": np.round(RNG.random(N) * 4 + 3, 2)})


def test_a_number_with_the_name_of_a_target_is_no_part_of_the_vector(tmp_path: Path) -> None:
    path = save(TARGET, tmp_path / "wine.csv")
    opened = read_path(path)
    assert opened.features == ("a", "b")
    assert np.allclose(opened.columns["quality"], TARGET["quality"])
    assert any(mentions(line, "quality", "--vector") for line in opened.summary)
    assert opened.roles is not None
    back = reassigned(ReadOptions(), opened.roles, list(TARGET), "quality", Role.VECTOR)
    assert read_path(path, back).features == ("a", "b", "quality")


@pytest.mark.parametrize(
    ("names", "vector"),
    [
        (("x", "y", "height"), ("x", "y", "height")),  # coordinates
        (("a", "b", "y"), ("a", "b")),
        (("Score", "b", "Price"), ("Score", "b")),  # one only
        (("class", "price", "b"), ("price", "b")),
    ],
)
def test_of_names_of_targets_one_is_taken(tmp_path: Path, names: tuple[str, ...], vector: tuple[str, ...]) -> None:
    frame = TARGET.set_axis(list(names), axis=1)
    if names[0] == "class":
        frame["class"] = np.arange(N) % 2
    assert read_path(save(frame, tmp_path / "t.csv")).features == vector


@pytest.mark.parametrize("of", ["fractions", "counts"])
def test_a_label_that_measures_is_a_column_and_no_class(tmp_path: Path, of: str) -> None:
    n = 300
    values = {"fractions": np.round(RNG.random(n), 3), "counts": RNG.permutation(n) * 3}[of]
    frame = pd.DataFrame({"a": RNG.random(n), "b": RNG.random(n), "size": values})
    opened = read_path(save(frame, tmp_path / "t.csv"), ReadOptions(label="size"))
    assert opened.splits.train.classes == ()
    assert np.allclose(opened.columns["size"], values)
    assert opened.features == ("a", "b")
    assert opened.roles is not None
    assert opened.roles.of("size") is Role.COLOUR
    assert (opened.splits.train.y == -1).all()


def test_the_split_of_a_table_can_be_said_and_left_out(tmp_path: Path) -> None:
    when = np.where(np.arange(N) < N // 2, "train", "test").astype(object)
    frame = pd.DataFrame({"a": RNG.random(N), "b": RNG.random(N), "split": when, "when": when[::-1]})
    path = save(frame, tmp_path / "t.csv")
    first = read_path(path).roles
    assert first is not None
    assert first.of("split") is Role.SPLIT
    second = read_path(path, reassigned(ReadOptions(), first, list(frame), "when", Role.SPLIT))
    assert sorted(second.rows.test) == list(range(N // 2))
    assert "split" in second.columns
    none = read_path(path, ReadOptions(split=""))
    assert {"split", "when"} <= set(none.columns)
    with pytest.raises(DataError, match=naming("t.csv", "a")):
        read_path(path, ReadOptions(split="a"))


@pytest.mark.parametrize("kind", [".npy", ".npz"])
def test_a_split_next_to_arrays_is_kept(tmp_path: Path, kind: str) -> None:
    x, split = RNG.random((N, 4)), np.where(np.arange(N) % 4 == 0, "test", "train")
    if kind == ".npz":
        np.savez(tmp_path / "x.npz", x=x, split=split)
    else:
        np.save(tmp_path / "x.npy", x)
        pd.DataFrame({"year": np.arange(N), "split": split}).to_csv(tmp_path / "meta.csv", index=False)
    opened = read_path(tmp_path)
    assert sorted(opened.rows.test) == list(range(0, N, 4))
    assert "split" not in opened.columns
