"""A run leaves the first page as a file, and enters another app by it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import FileUploader

from latentlab.__main__ import main
from latentlab.runs.export import pack
from latentlab.runs.store import Store
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, keys_of, shows
from tests.pages.test_home import select
from tests.runs.test_store import saved


@pytest.fixture
def zipped(tmp_path: Path) -> bytes:
    """The zip of a run of another machine."""
    saved(elsewhere := Store(tmp_path / "elsewhere"), "theirs", title="From elsewhere", dataset="noise")
    pack(elsewhere, "theirs", out := io.BytesIO())
    return out.getvalue()


def upload_of(app: AppTest) -> FileUploader:
    (found,) = (one for one in app.file_uploader if str(one.key).startswith("import-"))
    return found


def upload(app: AppTest, content: bytes) -> AppTest:
    return upload_of(app).set_value(("run.zip", content, "application/zip")).run()


def details(app: AppTest) -> dict[str, str]:
    table = app.dataframe[1].value
    return dict(zip(table["what"], table["value"], strict=True))


def test_a_run_is_imported_after_a_look_and_then_selected(opened: Open, app_store: Store, zipped: bytes) -> None:
    app = upload(opened("home"), zipped)
    assert shows(app, "From elsewhere", "noise")
    assert not (app_store.root / "theirs").exists()
    app.button(key="import-run").click().run()
    assert not app.exception
    assert app_store.read("theirs").title == "From elsewhere"
    assert "title-theirs" in {one.key for one in app.text_input}
    assert upload_of(app).value is None
    assert "import-run" not in keys_of(app, "button")


def test_what_is_no_run_is_a_sentence(opened: Open, app_store: Store, zipped: bytes) -> None:
    for content in (b"no zip", zipped[:-30]):
        app = upload(opened("home"), content)
        assert not app.exception
        assert len(app.error) == 1
        assert "import-run" not in keys_of(app, "button")
    assert app_store.runs()[0].id != "theirs"


def test_a_run_that_is_there_is_announced_and_not_doubled(opened: Open, app_store: Store, zipped: bytes) -> None:
    upload(opened("home"), zipped).button(key="import-run").click().run()
    n = len(app_store.rows())
    app = upload(opened("home"), zipped)
    assert len(app.info) == 1
    app.button(key="import-run").click().run()
    assert len(app_store.rows()) == n


def test_the_details_of_a_run_say_what_and_where_it_is(
    opened: Open, app_store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(app_store, "mine", created="2026-01-02T03:04:05+00:00")
    app_store.save_snapshot("mine", app_store.load("mine"), 5)
    app = select(opened("home"), 0)
    said, run = details(app), app_store.read("mine")
    assert said["id"] == "mine"
    assert mentions(said["finished"], 2026, "03:04", "UTC")
    folder = app_store.folder("mine")
    assert numbers_in(said["on disk"]) == [round(sum(path.stat().st_size for path in folder.iterdir()) / 1e6, 2)]
    assert said["snapshots"] == "5"
    assert {name: said[name] for name in run.config} == {name: str(value) for name, value in run.config.items()}
    assert {f"test {name}" for name in run.metrics} <= said.keys()
    assert not any(str(app_store.root) in text for text in [*said.values(), *(one.value for one in app.code)])
    (code,) = app.code
    where = next(line for line in code.value.splitlines() if "--path" in line)
    assert main(where.split()[1:]) == 0
    assert capsys.readouterr().out.strip() == str(folder)


def test_the_file_that_is_offered_is_the_run(opened: Open, app_store: Store) -> None:
    saved(app_store, "mine")
    app = select(opened("home"), 0)
    assert [button.proto.label for button in app.get("download_button")] == ["Export"]


def test_the_folder_of_a_run_that_is_not_there_is_not_printed(
    capsys: pytest.CaptureFixture[str], app_store: Store
) -> None:
    for name in ("none", "../x"):
        assert main(["runs", "--path", name]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert mentions(err, name)
    assert not app_store.root.exists()


def test_it_leaves_and_enters_on_the_command_line(
    app_store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(app_store, "mine")
    before = app_store.load("mine").state_dict()
    monkeypatch.chdir(tmp_path)
    assert main(["export", "mine"]) == 0
    assert main(["export", "mine", "named.zip"]) == 0
    assert Path("mine.zip").read_bytes() == Path("named.zip").read_bytes()
    assert zipfile.ZipFile("mine.zip").testzip() is None
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "yours"))
    capsys.readouterr()
    assert main(["import", "named.zip"]) == 0
    assert mentions(capsys.readouterr().out, "mine")
    after = Store(tmp_path / "yours").load("mine").state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())
    for words in (
        ["export", "nothing"],
        ["import", "nothing.zip"],
        ["import", str(app_store.folder("mine") / "run.json")],
    ):
        assert main(words) == 1
        assert len(capsys.readouterr().err.splitlines()) == 1
