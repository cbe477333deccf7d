"""Words are found in any column, by brute force over the cells as they are written."""

import numpy as np

from latentlab.analysis.maps.search import search

COLUMNS = {
    "title": np.array(["Grey Heron", "Night heron", "", "Otter at night"], object),
    "year": np.array([1999, 2001, 1999, 2019]),
}


def test_each_word_stands_in_some_column() -> None:
    assert search(COLUMNS, "heron").tolist() == [0, 1]
    assert search(COLUMNS, "HERON 1999").tolist() == [0]
    assert search(COLUMNS, "night").tolist() == [1, 3]
    assert search(COLUMNS, "19").tolist() == [0, 2, 3]


def test_nothing_is_found_by_no_words_or_in_no_columns() -> None:
    assert search(COLUMNS, "  ").tolist() == []
    assert search({}, "heron").tolist() == []
    assert search(COLUMNS, "stork").tolist() == []


def test_rows_that_are_named_so_come_first_and_then_those_with_the_phrase() -> None:
    columns = {
        "note": np.array(["as no. 4", "4, no title", "no. 4", "row"], object),
        "title": np.array(["no. 44", "no. 9", "no. 1", "No. 4"], object),
    }
    assert search(columns, "no. 4", {"title"}).tolist() == [3, 0, 2, 1]
    assert search(columns, '"no. 4"', {"title"}).tolist() == [3, 0, 2]
    assert search(columns, '"no. 4', {"title"}).tolist() == [3, 0, 2]
    assert search(columns, 'as "no. 4"', {"title"}).tolist() == [0]
    assert search(columns, '""').tolist() == []
