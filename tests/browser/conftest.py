"""A real server and a real Chromium; skipped with a reason where there is none."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Error, FloatRect, Locator, Page, expect, sync_playwright
from playwright.sync_api import TimeoutError as TooLate

from pages.navigation import PAGES
from tests.conftest import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 180_000  # ms: for what takes a free core seconds, on one that others work on too
COUNT = """() => {
  window.asked = 0;
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (...content) {
    window.asked++;
    return send.apply(this, content);
  };
}"""
expect.set_options(timeout=PATIENCE)


class Server:
    """The app as a process, with runs of its own; it can be killed and started again at the same address."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        for _ in range(5):  # another process may take a free port before the server does
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
            if self.start():
                return
        raise RuntimeError("The server does not answer.")

    def start(self) -> bool:
        """Start it and wait; False if it ended instead of answering."""
        environment = os.environ | {"LATENTLAB_RUNS": str(self.runs)}
        self.process = subprocess.Popen(
            [sys.executable, "app.py", "--server.port", str(self.port)],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE / 1000
        while self.process.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(self.url("_stcore/health"), timeout=5).close()
            except OSError:  # nobody listens yet, or it is slow to answer
                time.sleep(0.1)
            else:
                return True
        self.kill()
        return False

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def url(self, path: str = "") -> str:
        return f"http://localhost:{self.port}/{path}"


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """What the visitors of a session share: a profile on the disk, which keeps the scripts of the app compiled."""
    if CHROMIUM is None:
        assert not os.environ.get("LATENTLAB_NEEDS_BROWSER"), (
            "Chromium is missing, and these tests must not be skipped."
        )
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        yield playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"), executable_path=CHROMIUM, args=FLAGS, timeout=PATIENCE,
            viewport={"width": 1400, "height": 1000}, permissions=["clipboard-read", "clipboard-write"],
        )  # fmt: skip


def serve(context: BrowserContext, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001 skip first
    served = Server(tmp_path_factory.mktemp("served") / "runs")
    yield served
    served.kill()


server = pytest.fixture(scope="session")(serve)  # one for all that add a run at most
own_server = pytest.fixture(scope="module")(serve)  # for what counts, deletes or kills


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A visitor of their own; an error in the page's scripts, or a request to elsewhere, fails the test."""
    context.clear_cookies()
    visitor = context.new_page()
    visitor.set_default_timeout(PATIENCE)
    wrong: list[str] = []
    visitor.on("pageerror", lambda error: wrong.append(str(error)))
    visitor.on("request", lambda request: wrong.append(request.url) if _is_elsewhere(request.url) else None)
    yield visitor
    visitor.close()
    assert not wrong


def settled(page: Page) -> None:
    """Wait until the script has run to its end, so that what is clicked next isn't drawn anew under the hand.

    What was requested last has to be seen first: until the server has heard of it, the script seems to rest.
    """
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")


def count(page: Page) -> None:
    """Count what the page says to the server, in window.asked, once it waits for nothing from the background."""
    expect(page.get_by_text(" s so far")).to_have_count(0)  # until then it asks each second how far that is
    settled(page)
    page.evaluate(COUNT)


def drawn(page: Page) -> None:
    """Wait until a frame has come after the next: what a component draws in a frame to come is there."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def resting(page: Page, shown: Locator) -> FloatRect:
    """Where something is on the screen, in sight, once the script has run and nothing moves or replaces it any more."""
    for _ in range(10):
        settled(page)
        try:
            shown.scroll_into_view_if_needed()
        except Error as error:
            if "not attached" not in str(error):
                raise
            continue  # it was drawn anew meanwhile
        shown.evaluate(
            """(element) => new Promise((done) => {
              let [last, since] = ["", 0];
              const look = (now) => {
                const box = JSON.stringify(element.getBoundingClientRect());
                if (box !== last) [last, since] = [box, now];
                now - since > 500 ? done() : requestAnimationFrame(look);
              };
              requestAnimationFrame(look);
            })"""
        )
        if box := shown.bounding_box():
            return box
    raise AssertionError("It is drawn anew again and again.")


def until(page: Page, holds: Callable[[], object]) -> None:
    """Wait until something that no `expect` can look at holds."""
    end = time.monotonic() + PATIENCE / 1000
    while not holds():
        assert time.monotonic() < end, "It never came to hold."
        page.wait_for_timeout(50)


def parameter(page: Page, name: str) -> str:
    """What the address says of a name, once it does."""
    page.wait_for_function("name => new URLSearchParams(location.search).has(name)", arg=name)
    value: str = page.evaluate("name => new URLSearchParams(location.search).get(name)", name)
    return value


def address(page: Page) -> str:
    """The address as it is now; `page.url` is what the browser last told of it."""
    where: str = page.evaluate("location.href")
    return where


def choose(page: Page, label: str, option: str) -> None:
    """Choose from a list, of which only a part is drawn until words narrow it; open it again if the page was drawn anew
    just then, which closes it.
    """
    settled(page)
    chosen = page.get_by_role("combobox", name=label, exact=True)
    for _ in range(10):
        chosen.click()
        chosen.fill(option)
        try:
            page.get_by_role("option", name=option).click(timeout=PATIENCE / 30)
        except TooLate:
            page.keyboard.press("Escape")
        else:
            expect(chosen).to_have_value(option)
            return
    raise AssertionError(f"{option!r} can't be chosen from {label!r}.")


def click_in_menu(page: Page, title: str) -> None:
    """Go to a page by the menu at the top, whose groups open at a click."""
    group = next(one.group for one in PAGES if one.title == title)
    if not group:
        page.get_by_role("link", name=title, exact=True).first.click()
        return
    item = page.get_by_role("menuitem", name=title, exact=True)
    for _ in range(10):  # a group closes if the frame is drawn anew
        if not item.is_visible():
            page.get_by_test_id("stTopNavSection").get_by_text(group, exact=True).click()
        try:
            item.click(timeout=PATIENCE / 30)
        except TooLate:
            continue
        return
    raise AssertionError(f"{title!r} can't be chosen from the menu.")


def _is_elsewhere(url: str) -> bool:
    return not url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:", "about:"))
