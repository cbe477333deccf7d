"""The trash: what is deleted moves whole, comes back as it was, and goes for good after its time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from latentlab.trash import DAY, DAYS, Trash


def folder(root: Path, name: str, text: str) -> None:
    (root / name / "deeper").mkdir(parents=True)
    (root / name / "deeper" / "file").write_text(text)


def text(root: Path, name: str) -> str:
    return (root / name / "deeper" / "file").read_text()


def aged(trash: Trash, name: str, days: float) -> Path:
    """Let a folder in the trash be deleted so many days ago."""
    (deleted,) = (one for one in trash.contents() if one.name == name)
    at = time.time_ns() // 1_000_000 - round(days * DAY)
    return deleted.folder.rename(deleted.folder.with_name(f"{name}~{at}"))


def test_what_was_deleted_comes_back_as_it_was(tmp_path: Path) -> None:
    trash = Trash(tmp_path)
    folder(tmp_path, "one", "first")
    before = time.time()
    trash.put("one")
    assert not (tmp_path / "one").exists()
    (deleted,) = trash.contents()
    assert deleted.name == "one"
    assert before - 0.001 <= deleted.when.timestamp() <= time.time()
    trash.restore("one")
    assert text(tmp_path, "one") == "first"
    assert trash.contents() == []


def test_the_newest_of_a_name_comes_back_and_never_over_another(tmp_path: Path) -> None:
    trash = Trash(tmp_path)
    for content in ("old", "new"):
        folder(tmp_path, "one", content)
        trash.put("one")
        time.sleep(0.002)  # their times differ
    trash.restore("one")
    assert text(tmp_path, "one") == "new"
    with pytest.raises(FileExistsError):
        trash.restore("one")
    assert text(tmp_path, "one") == "new"
    assert [deleted.name for deleted in trash.contents()] == ["one"]


def test_it_is_emptied_of_what_is_old_and_of_nothing_else(tmp_path: Path) -> None:
    trash = Trash(tmp_path)
    for name in ("young", "old", "next"):
        folder(tmp_path, name, name)
    trash.put("young")
    trash.put("old")
    young, old = aged(trash, "young", DAYS - 0.01), aged(trash, "old", DAYS + 0.01)
    trash.put("next")
    assert young.exists()
    assert not old.exists()
    assert {deleted.name for deleted in trash.contents()} == {"young", "next"}
    trash.empty(0)
    assert trash.contents() == []
    assert list((tmp_path / ".trash").iterdir()) == []


@pytest.mark.parametrize("name", ["none", "", "..", "one~2"])
def test_what_is_not_there_is_an_error(tmp_path: Path, name: str) -> None:
    folder(tmp_path / "root", "one", "stays")
    trash = Trash(tmp_path / "root")
    trash.put("one")
    with pytest.raises(FileNotFoundError):
        trash.restore(name)
    trash.restore("one")
    assert text(trash.root, "one") == "stays"
