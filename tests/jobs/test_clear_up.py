"""What a cut write left is removed, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from filelock import FileLock

from latentlab.jobs.clear_up import DAY, remove_cut_writes
from latentlab.serialization import write


def cut(path: Path, monkeypatch: pytest.MonkeyPatch, age: float) -> Path:
    """A write whose process was killed before the end, so long ago; the temporary file that it left."""
    before = set(path.parent.iterdir())
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        patch.setattr("os.fsync", killed)
        with pytest.raises(InterruptedError):
            write(path, b"half")
    (left,) = set(path.parent.iterdir()) - before
    os.utime(left, times=(time.time() - age,) * 2)
    return left


def killed(_: int) -> None:
    raise InterruptedError


def test_what_cut_writes_left_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "a-run"
    folder.mkdir()
    write(folder / "run.json", b"{}")
    for name in (".hidden", ".gitignore.deadbeef.txt", "notes.0123abcd"):
        (folder / name).touch()
    for path in folder.iterdir():
        os.utime(path, times=(time.time() - 9 * DAY,) * 2)
    other = tmp_path / "examples.safetensors"
    lost = [cut(folder / "run.json", monkeypatch, 2 * DAY), cut(other, monkeypatch, 2 * DAY)]
    (import_of := tmp_path / ".import.abcdefgh.0123abcd").mkdir()
    (import_of / "weights.safetensors").touch()
    os.utime(import_of, times=(time.time() - 2 * DAY,) * 2)
    young = cut(folder / "weights.safetensors", monkeypatch, DAY / 2)
    stay = set(tmp_path.rglob("*")) - {*lost, import_of, import_of / "weights.safetensors"}
    assert young in stay
    assert set(remove_cut_writes(tmp_path)) == {*lost, import_of}
    assert set(tmp_path.rglob("*")) == stay


def test_what_a_living_process_trains_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = cut(tmp_path / "checkpoint.safetensors", monkeypatch, 2 * DAY)
    with FileLock(tmp_path / "job.lock"):
        assert remove_cut_writes(tmp_path) == []
    assert remove_cut_writes(tmp_path) == [left]


def test_there_need_be_no_store(tmp_path: Path) -> None:
    assert remove_cut_writes(tmp_path / "none") == []
