"""Files of Quick, Draw!: a class in each, as bitmaps or as strokes; and what only looks like them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentlab.data.drawings import Strokes, bitmaps
from latentlab.data.files.file_sets import table_of
from latentlab.data.files.images import quick_draw
from latentlab.data.files.images import strokes as drawn_strokes
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import read_path
from tests.conftest import QUICK_DRAW
from tests.data.files.conftest import Trap, in_file_order, noise, refused, said, write_folder, write_zip

WORDS = ("apple", "canoe", "cup", "eyeglasses", "lollipop", "moon", "The Eiffel Tower")
SQUARE = [[[0, 255, 255, 0, 0], [0, 0, 255, 255, 0]]]
needs_drawings = pytest.mark.skipif(not QUICK_DRAW.is_dir(), reason="the drawings are not on this machine")


def npy(array: Any, **how: Any) -> bytes:
    out = io.BytesIO()
    np.save(out, array, **how)
    return out.getvalue()


def line(word: Any = "moon", drawing: Any = SQUARE, **others: Any) -> bytes:
    return json.dumps({"word": word, **others, "drawing": drawing}).encode() + b"\n"


def official(n: int = 20, most: int = 7) -> dict[str, bytes]:
    """Files of bitmaps, n and one more in each next one."""
    names = [word.replace(" ", ("_", "%20")[k % 2]) for k, word in enumerate(WORDS[:most])]
    return {f"full_numpy_bitmap_{name}.npy": npy(noise(n + k, 784, seed=k)) for k, name in enumerate(names)}


@pytest.mark.parametrize("packed", [False, True], ids=["folder", "zip"])
def test_a_file_of_bitmaps_is_a_class(tmp_path: Path, packed: bool) -> None:
    files = official()
    opened = read_path(write_zip(tmp_path / "sketches.zip", files) if packed else write_folder(tmp_path / "f", files))
    x, y = in_file_order(opened)
    assert opened.splits.train.classes == tuple(sorted(WORDS))
    assert x.shape == (sum(range(20, 27)), 1, 28, 28)
    for name, content in files.items():
        k = opened.splits.train.classes.index(quick_draw.class_of(name))
        np.testing.assert_array_equal(x[y == k].reshape(-1, 784), np.load(io.BytesIO(content)))
    n_test, n_valid = int(161 * 0.225), int(161 * 0.075)
    assert [len(part) for part in opened.splits] == [161 - n_test - n_valid, n_valid, n_test]
    assert said(opened, "Google", "CC BY 4.0")


def test_some_of_a_class_are_taken_at_random_and_the_same_every_time(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "f", official(40, 2))
    few, again = (read_path(folder, ReadOptions(most=15)) for _ in range(2))
    x, y = in_file_order(few)
    assert np.bincount(y).tolist() == [15, 15]
    np.testing.assert_array_equal(x, in_file_order(again)[0])
    all_x, all_y = in_file_order(read_path(folder))
    places = [np.flatnonzero((all_x[all_y == 0] == one).all((1, 2, 3))) for one in x[y == 0]]
    assert [len(one) for one in places] == [1] * 15
    found = np.concatenate(places)
    assert (np.diff(found) > 0).all()
    assert found[-1] >= 15  # they aren't the first ones
    assert said(few, "15", "81")
    assert not said(read_path(folder), "at random")


def test_names_may_be_the_words_alone(tmp_path: Path) -> None:
    """Google's storage has them so; what is another thing by its name or its kind is read as it was."""
    opened = read_path(
        write_folder(tmp_path / "f", {"ice cream.npy": npy(noise(9, 784)), "moon.npy": npy(noise(6, 784))})
    )
    assert opened.splits.train.classes == ("ice cream", "moon")
    assert not said(opened, "Google")
    pieces = read_path(write_folder(tmp_path / "p", {f"part_{k}.npy": npy(noise(9, 784, seed=k)) for k in range(2)}))
    assert not pieces.splits.train.classes
    named = {"images.npy": npy(noise(12, 784)), "labels.npy": npy(np.arange(12) % 3)}
    assert len(read_path(write_folder(tmp_path / "n", named)).splits.train.classes) == 3
    halves = {"x_train.npy": npy(noise(12, 784)), "x_test.npy": npy(noise(5, 784))}
    assert len(read_path(write_folder(tmp_path / "h", halves)).splits.test) == 5
    alone = write_folder(tmp_path / "a", official(most=1))
    for one in (alone, next(alone.iterdir())):  # nothing is said of other classes
        assert read_path(one).splits.train.classes == ()


def test_a_class_of_one_drawing_is_named(tmp_path: Path) -> None:
    files = official(12, 3) | {"full_numpy_bitmap_ant.npy": npy(noise(1, 784))}
    opened = read_path(write_folder(tmp_path / "f", files))
    assert said(opened, "ant")
    assert opened.splits.train.classes[0] == "ant"
    assert said(read_path(write_folder(tmp_path / "s", {"a.ndjson": line() * 11 + line("ant")})), "ant")


def test_what_isn_t_bitmaps_is_refused_in_a_sentence(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    bad = {
        "floats": npy(np.zeros((5, 784))),
        "narrow": npy(noise(5, 783)),
        "none": npy(noise(0, 784)),
        "flat": npy(noise(784)),
        "cut": npy(noise(500, 784))[:-100],
        "text": b"hello",
        "objects": npy(np.array([Trap(trace)], object), allow_pickle=True),
    }
    for name, content in bad.items():
        file = f"full_numpy_bitmap_{name}.npy"
        refused(write_folder(tmp_path / name, official(9, 2) | {file: content}), file)
    assert not trace.exists()


def test_files_of_several_kinds_are_refused(tmp_path: Path) -> None:
    strokes = {"full_simplified_moon.ndjson": line() * 12}
    refused(
        write_folder(tmp_path / "a", official(9, 2) | strokes),
        "full_simplified_moon.ndjson",
        "full_numpy_bitmap_apple.npy",
    )
    refused(
        write_zip(tmp_path / "b.zip", official(9, 2) | {"about.csv": b"a,b\n1,2\n"}),
        "about.csv",
        "full_numpy_bitmap_apple.npy",
    )
    refused(
        write_folder(tmp_path / "c", strokes | {"about.csv": b"a,b\n1,2\n"}), "about.csv", "full_simplified_moon.ndjson"
    )


def test_too_many_bitmaps_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick_draw, "MAX_BYTES", 30 * 784)
    folder = write_folder(tmp_path / "f", official(20, 2))
    refused(folder, "--most")
    assert len(in_file_order(read_path(folder, ReadOptions(most=15)))[1]) == 30


@needs_drawings
def test_published_drawings_are_rendered_with_their_words() -> None:
    opened = read_path(QUICK_DRAW)
    x, y = in_file_order(opened)
    assert len(x) == 175
    assert opened.splits.train.classes == ("apple", "canoe", "cup", "eyeglasses", "lollipop", "moon", "penguin")
    moons = [json.loads(one) for one in (QUICK_DRAW / "moon.ndjson").read_text().splitlines()]
    wanted = bitmaps(Strokes.of([[np.array(stroke, float).T for stroke in one["drawing"]] for one in moons]))
    np.testing.assert_array_equal(x[y == 5][:, 0], wanted)
    order = np.argsort(np.concatenate(opened.rows))
    assert sorted(order) == list(range(175))
    assert opened.columns["recognized"][y == 5].tolist() == [one["recognized"] for one in moons]
    alone = read_path(QUICK_DRAW / "moon.ndjson")
    np.testing.assert_array_equal(in_file_order(alone)[0], x[y == 5])
    assert said(opened, "Google", "CC BY 4.0")
    assert table_of(QUICK_DRAW / "moon.ndjson") is None  # it has no columns whose roles could be chosen


def test_raw_drawings_have_times_and_any_unit(tmp_path: Path) -> None:
    raw = [[[x + 0.5 for x in SQUARE[0][0]], SQUARE[0][1], [0, 1, 2, 3, 4]]]
    path = write_folder(tmp_path / "f", {"a.ndjson": line("box", SQUARE) * 6 + line("raw", raw) * 6})
    x, y = in_file_order(read_path(path))
    np.testing.assert_array_equal(x[y == 0], x[y == 1])


BAD = {
    "no JSON": b"{oops\n",
    "a list": b"[1, 2]\n",
    "no word": line(None),
    "a word of nothing": line(" "),
    "a long word": line("a" * 101),
    "no strokes": line(drawing=[]),
    "no points": line(drawing=[[[], []]]),
    "a stroke without y": line(drawing=[[[1, 2]]]),
    "four lists": line(drawing=[[[1], [2], [3], [4]]]),
    "unequal lists": line(drawing=[[[1, 2], [3]]]),
    "text": line(drawing=[[["a", "b"], [1, 2]]]),
    "deep": line(drawing=[[[[1], [2]], [[3], [4]]]]),
    "infinite": line(drawing=[[[float("inf"), 0], [1, 2]]]),
    "NaN": line(drawing=[[[float("nan"), 0], [1, 2]]]),
    "far": line(drawing=[[[1e7, 0], [1, 2]]]),
    "huge": line(drawing=[[[10**400, 0], [1, 2]]]),
    "nested": b'{"word": "moon", "drawing": ' + b"[" * 100_000 + b"\n",
    "many strokes": line(drawing=[[[1], [2]]] * 1_001),
    "many points": line(drawing=[[[1] * 20_001, [2] * 20_001]]),
    "a long line": line(drawing=SQUARE, more="a" * (1 << 20)),
}


def test_lines_that_are_no_drawings_are_left_out_and_counted(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "f", {"moon.ndjson": line() * 12 + b"\n" + b"".join(BAD.values())})
    opened = read_path(path)
    x, _ = in_file_order(opened)
    assert len(x) == 12
    assert said(opened, str(len(BAD)))
    for name, one in BAD.items():
        assert drawn_strokes._drawing(one) is None, name


def test_a_file_of_no_drawings_is_refused(tmp_path: Path) -> None:
    refused(write_folder(tmp_path / "f", {"moon.ndjson": line(), "sun.ndjson": line(drawing=[])}), "sun.ndjson")
    (tmp_path / "one.ndjson").write_bytes(line())
    refused(tmp_path / "one.ndjson", "1")


def test_of_a_word_so_many_lines_are_taken_whatever_file_they_are_in(tmp_path: Path) -> None:
    lines = [line("moon", [[[0, 255], [0, k]]]) for k in range(30)]
    files = {"a.ndjson": b"".join(lines[:20]) + line("sun") * 3, "b.ndjson": b"".join(lines[20:])}
    opened = read_path(write_folder(tmp_path / "f", files), ReadOptions(most=8))
    y = in_file_order(opened)[1]
    assert np.bincount(y).tolist() == [8, 3]
    assert said(opened, "8", "33")


def test_json_lines_of_other_things_are_not_taken_for_drawings(tmp_path: Path) -> None:
    kinds = {"rows.ndjson": b'{"word": "a", "height": 1}\n', "text.ndjson": b'{"text": "a", "drawing": [[1]]}\n'}
    folder = write_folder(tmp_path / "f", kinds | {"array.ndjson": b'[{"word": "a", "drawing": [[[1], [2]]]}]'})
    assert not any(drawn_strokes.holds_strokes(path) for path in folder.iterdir())
    assert not drawn_strokes.holds_strokes(folder / "none.ndjson")
