"""What one visitor waits for in a browser, page by page, against a bare Streamlit app.

    pip install -r tests/requirements.txt     # and Debian's chromium
    python -m benchmarks.app                  # about five minutes on two cores
    python -m benchmarks.app --rounds 5

Each number is the median of the rounds, in seconds, in a headless Chromium on the same machine.

*   Cold start: from the start of the server's process until the first page is drawn to its end.
*   Page switch: from the request of an address, in a browser that has the files of the app, until its script has drawn
    the page to the end; the first one of a server apart, as it loads the model and fills the caches.
*   Control: from a click on an option of the page until what it changes is drawn.
*   Memory: of the server and of all processes that it started, with one visitor and with five.

The peer is an app of a title, a choice and a picture of random digits' size: what Streamlit itself takes.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page

from benchmarks.serving import BARE, chromium, free_port, serving
from benchmarks.visitors import CLICK, DRAWN, PATIENCE, memory, processes
from pages.navigation import PAGES

LONGEST = 10.0  # seconds: an option that nothing follows within them is one that the browser answers alone
AFTER = 1_000  # milliseconds in which what a script has drawn comes to be on the screen


def opened(page: Page, address: str) -> float:
    """Seconds from the request of an address to its page."""
    began = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_function(DRAWN, timeout=PATIENCE * 1000)
    return time.perf_counter() - began


def answers(page: Page, rounds: int) -> list[float]:
    """Seconds from clicks on options to what they change; none where no option asks anything of the server."""
    page.wait_for_timeout(AFTER)
    found = (page.evaluate(CLICK, [k, LONGEST]) for k in range(rounds))
    return [seconds for seconds in found if seconds is not None and seconds < LONGEST]


def visitor(browser: Browser) -> Page:
    """A new one."""
    return browser.new_context(viewport={"width": 1400, "height": 1000}).new_page()


def row(browser: Browser, address: str, rounds: int) -> list[float | None]:
    """The first opening, the median of later ones, and of answers."""
    page = visitor(browser)
    first = opened(page, address)
    later = [opened(page, address) for _ in range(rounds)]
    times = answers(page, rounds)
    page.context.close()
    return [first, median(later), median(times) if times else None]


def table(browser: Browser, rounds: int) -> None:
    """Print the pages' times, each with its ratio to the peer's."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "bare.py"
        script.write_text(BARE)
        began, port = time.perf_counter(), free_port()
        with serving(str(script), port):
            page = visitor(browser)
            opened(page, f"http://localhost:{port}/")
            bare_cold = time.perf_counter() - began
            page.context.close()
            bare = row(browser, f"http://localhost:{port}/", rounds)
    began, port = time.perf_counter(), free_port()
    with serving("app.py", port) as server:
        page = visitor(browser)
        opened(page, f"http://localhost:{port}/")
        cold = time.perf_counter() - began
        print(f"Cold start: {cold:.1f} s, {cold / bare_cold:.1f} times the bare app's {bare_cold:.1f} s.\n")
        one = sum(map(memory, processes(server)))
        print("| page | first opening | page switch | control | switch, ratio | control, ratio |")
        print("|---|---|---|---|---|---|")
        print("| bare Streamlit | " + " | ".join(map(_text, bare)) + " | 1 | 1 |")
        for entry in PAGES:
            times = row(browser, f"http://localhost:{port}/{'' if entry.name == 'home' else entry.url}", rounds)
            ratios = [
                None if own is None or peer is None else own / peer
                for own, peer in zip(times[1:], bare[1:], strict=True)
            ]
            print(f"| {entry.title} | " + " | ".join(map(_text, [*times, *ratios])) + " |", flush=True)
        others = [visitor(browser) for _ in range(4)]
        for entry, other in zip(PAGES[1:], others, strict=False):
            opened(other, f"http://localhost:{port}/{entry.url}")
        five = sum(map(memory, processes(server)))
    print(f"\nMemory: {one:.0f} MB after the first page of one visitor, {five:.0f} MB after all pages and with five.")


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=3)
    with chromium() as started:
        table(started, parser.parse_args().rounds)
