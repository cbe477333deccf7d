"""The app in memory, over a store of its own."""

from __future__ import annotations

import functools
import html
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.caching.cache_resource_api import _resource_caches
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.element_tree import Element
from streamlit.testing.v1.local_script_runner import LocalScriptRunner
from streamlit.util import calc_hash

from latentlab.data.builtin import images
from latentlab.jobs.background import Background
from latentlab.runs.store import SHIPPED, Store
from pages.navigation import PAGES
from tests.conftest import ROOT, mentions

CONTROLS = ("button", "button_group", "multiselect", "number_input", "select_slider", "selectbox", "slider", "toggle")
Open = Callable[..., AppTest]


@pytest.fixture
def app_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """What the app reads in a test: no runs of the user's own, over what ships; and nothing is remembered."""
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setattr(_resource_caches, "_function_caches", {})
    return Store(tmp_path / "runs", SHIPPED)


@pytest.fixture(scope="module")
def shipped_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the app reads in all tests of a module that change nothing; what one computed is there for the next."""
    runs = tmp_path_factory.mktemp("visited") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENTLAB_RUNS", str(runs))
        patch.setattr(_resource_caches, "_function_caches", {})
        yield runs


@pytest.fixture
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait: a test performs them itself."""
    monkeypatch.setattr("latentlab.jobs.worker.ensure_worker", lambda _: None)
    monkeypatch.setattr("pages.shared.training_view.ensure_workers", lambda _: None)


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """Look once at what is installed, as a server does; AppTest does so for every app, for a third of a second."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(scope="session", autouse=True)
def awaited() -> Iterator[None]:
    """Wait for the thread of a script; AppTest looks a thousand times a second whether it has ended."""

    def wait(runner: LocalScriptRunner, timeout: float) -> None:
        thread = runner._script_thread
        assert thread is not None
        thread.join(timeout)
        if thread.is_alive():
            runner.request_stop()
            raise TimeoutError(f"The script has not ended within {timeout} s.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


read_idx = functools.cache(images.read_idx)


@pytest.fixture(autouse=True)
def read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unpack each file of MNIST once for all tests, as a server does for all visitors; nobody changes what it holds."""
    monkeypatch.setattr(images, "read_idx", read_idx)


@pytest.fixture(autouse=True)
def framed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run pages inside app.py, as a server does from its second request on; AppTest starts anew at every run."""
    original = PagesManager.__init__

    def init(self: PagesManager, *args: Any, **kwargs: Any) -> None:
        PagesManager.uses_pages_directory = False
        original(self, *args, **kwargs)

    monkeypatch.setattr(PagesManager, "__init__", init)


@pytest.fixture(autouse=True)
def main_module_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """AppTest leaves its script as the main module, which a helper process of a later test would run when it starts."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(autouse=True)
def helper(monkeypatch: pytest.MonkeyPatch) -> dict[str, Future[Any]]:
    """No background process: a test gives its answers when it wants to."""
    asked: dict[str, Future[Any]] = {}

    def ask(self: Background, key: str, function: Any, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG001
        return asked.setdefault(key, Future())

    monkeypatch.setattr(Background, "submit", ask)
    monkeypatch.setattr(Background, "submitted", lambda self, key, owner=None: asked.get(key))  # noqa: ARG005
    monkeypatch.setattr(Background, "forget", lambda self, key, owner=None: asked.pop(key, None))  # noqa: ARG005
    return asked


@pytest.fixture
def opened(app_store: Store) -> Open:  # noqa: ARG001 it sets the app's store
    """Open a page of the app as its first visitor does, over a store of the test's own."""
    return open_page


@pytest.fixture
def visited(shipped_alone: Path) -> Iterator[Open]:
    """Open a page of the app as a later visitor does, over what ships: for tests that store and replace nothing."""
    yield open_page
    assert not shipped_alone.exists(), "This test stores something: it needs a store of its own."


def open_page(page: str, theme: str = "light", **address: str) -> AppTest:
    """Open a page of the app as a link does, with an address and a theme."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.context["theme"] = theme
    if page != "home":
        app._page_hash = calc_hash(url_of(page))  # before its first run AppTest goes by the names of files
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def url_of(name: str) -> str:
    """The last part of the address of a page."""
    return next(page.url for page in PAGES if page.name == name)


def path_of(name: str) -> str:
    """The script of a page."""
    return next(page.path for page in PAGES if page.name == name)


def texts(app: AppTest) -> list[str]:
    """Each title, paragraph, caption and message of a page."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.warning, app.error)
    return [str(element.value) for kind in kinds for element in kind]


def words(app: AppTest) -> str:
    """All that a page says."""
    return "\n".join(texts(app))


def of_images(app: AppTest) -> list[str]:
    """What a page says of images or pixels: its texts, and the labels, help and options of its controls."""
    controls = [control for kind in CONTROLS for control in app.get(kind) if isinstance(control, Element)]
    said = [*texts(app), *drawn(app)]
    for one in controls:
        said += [
            re.sub(r"\(data:[^)]*\)", "", str(one.label)),
            str(one.proto.help),
            *map(str, getattr(one, "options", ())),
        ]
    return [text for text in said if re.search(r"\b(images?|pixels?)\b", text, re.IGNORECASE)]


def shows(app: AppTest, *parts: object) -> bool:
    """Whether one text of a page contains all of these names and numbers, as they are read: without marks escaped."""
    return any(mentions(text.replace("\\", ""), *parts) for text in texts(app))


def waits_for(app: AppTest, start: str) -> bool:
    """Whether a page waits, with a way to cancel, for a task whose key begins so."""
    return any(str(key).startswith(f"cancel {start}") for key in keys_of(app, "button"))


def cancel(app: AppTest, start: str) -> AppTest:
    """Cancel a task whose key begins so."""
    return next(one for one in app.button if str(one.key).startswith(f"cancel {start}")).click().run()


def drawn(app: AppTest) -> list[str]:
    """What is said of each drawing of an example that is no image: its numbers by name."""
    pages = [str(element.proto.body) for element in app.get("html")]
    return [html.unescape(alt) for page in pages for alt in re.findall(r'<img [^>]*alt="([^"]*)"', page)]


def titled(app: AppTest) -> list[str]:
    """What stands above each of those drawings."""
    pages = [str(element.proto.body) for element in app.get("html")]
    return [html.unescape(title) for page in pages for title in re.findall(r'<div [^>]*title="([^"]*)"', page)]


def keys_of(app: AppTest, kind: str) -> set[str | None]:
    """The keys of all elements of a kind, as of its "button"s."""
    return {element.key for element in app.get(kind)}
