"""Text tables in every dialect that programs write give the same numbers, and say how they were read."""

from __future__ import annotations

import codecs
import gzip
from pathlib import Path

import numpy as np
import pytest

from latentlab.data import DataError
from latentlab.data.files import archives
from latentlab.data.files.read import Opened, read_path
from latentlab.data.files.tables import encodings
from latentlab.data.files.tables.dialect import find
from latentlab.data.files.tables.examples import columns_of
from tests.conftest import mentions, numbers_in

ROWS = [(14.23, 1.7, 1905.0, "Süß"), (13.2, -0.5, 12.0, "herb"), (0.75, 2.36, 1234567.25, "Süß")] * 4
NAMES = ("alcohol", "acid", "weight", "kind")


def text(separator: str, decimal: str, group: str = "", end: str = "\r\n", header: bool = True) -> str:
    def number(value: float) -> str:
        whole = f"{value:,.2f}"
        return whole.replace(",", "_").replace(".", decimal).replace("_", group)

    lines = [separator.join(NAMES)] * header
    lines += [separator.join([*map(number, row[:3]), row[3]]) for row in ROWS]
    return end.join(lines) + end


def opened(path: Path, content: bytes) -> Opened:
    path.write_bytes(content)
    return read_path(path)


def numbers(found: Opened) -> list[list[float]]:
    _, order = np.unique(np.concatenate(found.rows), return_index=True)
    return np.concatenate([part.x.numpy() for part in found.splits])[order].tolist()  # type: ignore[no-any-return]


WANTED = np.array([row[:3] for row in ROWS], np.float32).tolist()
EURO = text(";", ",").encode()
DIALECTS = {
    "german.csv": EURO,
    "thousands.csv": text(";", ",", ".").encode(),
    "spaces.csv": text(";", ",", " ").encode(),
    "narrow spaces.csv": text(";", ",", "\u202f").encode(),
    "swiss.csv": text(";", ".", "'").encode(),
    "mark.csv": codecs.BOM_UTF8 + EURO,
    "ansi.csv": text(";", ",").encode("cp1252"),
    "sep.csv": codecs.BOM_UTF8 + b"sep=;\r\n" + EURO,
    "unicode.txt": codecs.BOM_UTF16_LE + text("\t", ",").encode("utf-16-le"),
    "unicode big.txt": codecs.BOM_UTF16_BE + text("\t", ",").encode("utf-16-be"),
    "no mark.txt": text("\t", ",").encode("utf-16-le"),
    "tabs.tsv": text("\t", ".").encode(),
    "tabs.csv": text("\t", ",", ".").encode(),
    "bars.csv": text("|", ".", end="\n").encode(),
    "spaces.txt": text(" ", ".").encode(),
    "aligned.txt": text("   ", ".").encode(),
    "aligned comma.dat": text("  ", ",").encode(),
    "mac.csv": text(",", ".", end="\r").encode(),
    "remarks.csv": b"# made by hand\n#\n" + text(",", ".").encode(),
    "remark header.dat": b"# alcohol acid weight kind\n" + text(" ", ".", header=False).encode(),
    "percent.txt": b"% made by hand\n" + text(";", ".").encode(),
    "zipped.csv.gz": gzip.compress(EURO),
    "two parts.tsv.gz": gzip.compress(text("\t", ".").encode()[:40]) + gzip.compress(text("\t", ".").encode()[40:]),
    "ends.csv": b"alcohol;acid;weight;kind\n" + text(";", ",", header=False, end=";\n").encode(),
    "ends all.csv": text(";", ",", end=";\n").encode(),
    "quoted.csv": ('"' + text('","', ".", ",", end='"\n"').removesuffix('"')).encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
def test_a_dialect_gives_the_numbers_the_words_and_the_names(tmp_path: Path, name: str) -> None:
    found = opened(tmp_path / name, DIALECTS[name])
    assert numbers(found) == WANTED
    assert found.features == NAMES[:3]
    assert found.splits.train.classes == ("Süß", "herb")


def test_what_is_unusual_is_said(tmp_path: Path) -> None:
    said = opened(tmp_path / "german.csv", EURO).summary
    assert any(mentions(one, "semicolons", "commas") for one in said)
    assert any(mentions(one, "Windows-1252") for one in opened(tmp_path / "ansi.csv", DIALECTS["ansi.csv"]).summary)
    plain = opened(tmp_path / "plain.csv", text(",", ".").encode()).summary
    assert not any(mentions(one, "commas") or mentions(one, "UTF-8") for one in plain)


R = '"a" "b"\n"AAC-1" 1.5 2\n"AAC-2" 2.5 3\n"AAC-3" 3.5 4\n'


@pytest.mark.parametrize(
    "content", [R, R.replace(" ", "\t"), R.replace(" ", ","), R.replace(" ", ";").replace(".", ",")]
)
def test_a_header_that_is_one_cell_shorter_leaves_the_names_of_the_rows(tmp_path: Path, content: str) -> None:
    found = opened(tmp_path / "table.txt", content.encode())
    assert numbers(found) == [[1.5, 2], [2.5, 3], [3.5, 4]]
    assert found.features == ("a", "b")
    assert found.columns[found.id].tolist() == ["AAC-1", "AAC-2", "AAC-3"]


HEADERS = {
    "years": ("2000,2001,2002,2003", True),
    "two years": ("2000,2010", True),
    "wavelengths": ("401.2,405.4,411.9,420.0,433.1", True),
    "pandas": ("0,1,2,3,4,5,6,7", True),
    "no order": ("0.3,0.1,0.2,0.4", False),
    "one of many": ("0.31,0.42", False),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_of_numbers_is_one_and_a_row_of_numbers_is_none(case: str) -> None:
    first, is_one = HEADERS[case]
    rng = np.random.default_rng(3)
    rows = rng.uniform(0, 1, (30, first.count(",") + 1)).round(3)
    content = "\n".join([first, *(",".join(map(str, row)) for row in rows)]).encode()
    assert find(content).header is is_one


@pytest.mark.parametrize("names", [("", "2000", "2001", "2002"), ("country", "2000", "2001", "2002")])
def test_numbers_are_a_header_next_to_a_word(tmp_path: Path, names: tuple[str, ...]) -> None:
    rows = [f"c{k},{k % 7}.5,{k % 5}.25,{k % 3}" for k in range(12)]
    found = opened(tmp_path / "table.csv", "\n".join([",".join(names), *rows]).encode())
    assert found.features == ("2000", "2001", "2002")


def test_rising_rows_are_no_header() -> None:
    content = "\n".join(",".join(str(8 * k + j) for j in range(8)) for k in range(10)).encode()
    assert not find(content).header


def test_word_vectors_are_named_by_their_words(tmp_path: Path) -> None:
    words = ["the", ",", '"', "of", "1999", "'s"]
    lines = "".join(f"{word} {k}.5 -0.25 3e-2\n" for k, word in enumerate(words))
    for content in (lines, f"{len(words)} 3\n{lines}"):
        found = opened(tmp_path / "vectors.txt", content.encode())
        assert numbers(found) == [[np.float32(k + 0.5), -0.25, np.float32(0.03)] for k in range(6)]
        assert found.columns[found.id].tolist() == words
        assert found.id == found.title


def test_a_file_that_says_how_many_rows_there_are_decides_on_the_header() -> None:
    content = "\n".join(["cat", "dog", "cow", "hen"]).encode()
    assert [find(content, n).header for n in (None, 4, 3)] == [True, False, True]


def test_missing_words_are_missing_among_numbers_and_words_among_words(tmp_path: Path) -> None:
    cells = ["NA", "1.5", "n/a", "-", "null", "2.5", "", "3", "4", "5", "6", "7"]
    rows = [f"{cell},{k},{('NA', 'EU', 'None')[k % 3]}" for k, cell in enumerate(cells)]
    found = opened(tmp_path / "table.csv", "\n".join(["a,b,region", *rows]).encode())
    assert [row[0] for row in numbers(found)] == [1.5, 2.5, 3, 4, 5, 6, 7]
    assert found.splits.train.classes == ("EU", "NA", "None")
    assert any(mentions(one, "NA", "None", "region") for one in found.summary)


def test_codes_keep_the_zeros_before_them(tmp_path: Path) -> None:
    rows = [f"{k:04},{k * 0.5},{('a', 'b')[k % 2]}" for k in range(12)]
    found = opened(tmp_path / "table.csv", "\n".join(["image_id,size,label", *rows]).encode())
    assert found.columns["image_id"].tolist()[:2] == ["0000", "0001"]
    assert found.features == ("size",)


@pytest.mark.parametrize(
    ("cells", "wanted"),
    [
        (["1.905", "2.100", "0,5"], [1905, 2100, 0.5]),
        (["1.905", "2.3", "0,5"], None),  # a decimal point and a decimal comma: not all of it is numbers
        (["1,905.5", "2,100.25", "7.5"], [1905.5, 2100.25, 7.5]),
        (["1,5", "2,25", "3,125"], [1.5, 2.25, 3.125]),
        (["−1,5", "+2,5", "3"], [-1.5, 2.5, 3]),
    ],
)
def test_groups_of_three_digits(tmp_path: Path, cells: list[str], wanted: list[float] | None) -> None:
    content = "a;b;c\n" + "".join(f"{cell};{k};x\n" for k, cell in enumerate(cells * 4))
    path = tmp_path / "table.csv"
    path.write_text(content, encoding="utf-8")
    column = columns_of(path).columns["a"]
    if wanted is None:
        assert np.isnan(column).sum() == 4
    else:
        assert column.tolist() == wanted * 4


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n1,\x002\n",
        b"\x89PNG\r\n\x1a\n\x00\x01",
        b"a,b\n1,\x812\n",
        b"\xff\xfea",
        gzip.compress(EURO)[:-9],
        b"\x1f\x8b\x08\x00",
    ],
)
def test_what_is_no_text_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataError, match="table"):
        opened(tmp_path / "table.csv", content)


def test_a_gzipped_bomb_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encodings, "FREE_BYTES", 10_000)
    monkeypatch.setattr(archives, "FREE_BYTES", 10_000)
    with pytest.raises(DataError) as caught:
        opened(tmp_path / "table.csv.gz", gzip.compress(b"1,2\n" * 1_000_000))
    assert archives.MAX_RATIO in numbers_in(str(caught.value))
