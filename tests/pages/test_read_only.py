"""An app for looking only: no page has a control that trains, uploads, renames, deletes or brings back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from latentlab import settings
from latentlab.data import Library
from latentlab.jobs import queue
from latentlab.runs import labelled
from latentlab.runs.labelled import Labelled
from latentlab.runs.store import Store
from pages import navigation
from tests.pages.conftest import Open, shows
from tests.pages.test_home import select
from tests.runs.test_store import saved

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("no_worker")]
# what the key of a control that changes something starts with
CHANGES = (
    "train",
    "again",
    "few-start",
    "live-start",
    "live-step",
    "ask-",
    "restore-",
    "rename",
    "resume-",
    "my-file",
    "upload-",
    "import-",
    "model-",
    "label-undo",
)


@pytest.fixture
def filled(app_store: Store, tmp_path: Path) -> Store:
    """What could be changed: a run, a deleted one, a paused training, labels, and data of one's own."""
    for name in ("mine", "gone"):
        saved(app_store, name)
    app_store.delete("gone")
    queue.order(app_store, queue.submit(app_store, "ppca", "digits", {}, {}), "pause")
    np.save(tmp_path / "own.npy", np.random.default_rng(0).random((30, 3)))
    Library(app_store.root / ".data").add(tmp_path / "own.npy")
    labelled.add(app_store, "photovoltaic-vae", Labelled("cut", np.ones((3, 6))))
    return app_store


def tour(opened: Open, store: Store) -> Iterator[AppTest]:
    """Every page, and those parts of them in which something can be changed."""
    for page in navigation.PAGES:
        yield opened(page.name)
    yield select(opened("home"), 0)
    yield opened("train", run="mine")
    yield opened("train", job=queue.jobs(store)[0].id)
    yield opened("few_labels")
    field = opened("score_field")
    field.session_state["of-run"] = "train now"
    yield field.run()
    yield opened("score_field", whose="my points")
    yield opened("monitoring", readings="my own")


def enabled(opened: Open, store: Store) -> set[str]:
    """The keys of the controls of the tour that can be used and change something, cut to what is in `CHANGES`."""
    found = set()
    for app in tour(opened, store):
        assert not app.exception
        usable = [one for kind in (app.button, app.file_uploader) for one in kind if not one.disabled]
        found |= {start for one in usable for start in CHANGES if str(one.key).startswith(start)}
        found |= {"file_uploader" for one in app.file_uploader if not one.disabled}
    return found


def test_no_page_has_an_enabled_control_that_changes_anything(
    opened: Open, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(settings.READ_ONLY, "1")
    assert enabled(opened, filled) == set()


def test_each_of_them_is_there_otherwise(opened: Open, filled: Store) -> None:
    assert enabled(opened, filled) == {*CHANGES, "file_uploader"}


def test_the_pages_that_lack_something_say_why(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(settings.READ_ONLY, "1")
    assert shows(opened("train"), settings.FOR_LOOKING)
    assert shows(opened("home"), settings.FOR_LOOKING)


def test_the_page_of_ones_own_data_says_so_and_lists_what_is_there(
    opened: Open, filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Library(filled.root / ".data").names() == ("own",)
    monkeypatch.setenv(settings.READ_ONLY, "1")
    app = opened("your_data")
    assert shows(app, settings.FOR_LOOKING)
    assert shows(app, "own.npy", 30, 3)
    assert [link.proto.page for link in app.get("page_link")] == ["clusters"]
