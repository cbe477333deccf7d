"""How fast the picture follows: frames while dragging in Chromium, the server's answer, and image sheets.

    pip install -r tests/requirements.txt           # and Debian's chromium
    python -m benchmarks.traversal                  # three tables, about a minute

*   Frames: the explorer of each shipped kind of decoder is open in headless Chromium (no GPU), and a slider is dragged
    for some seconds. A row states the time between two frames that the browser drew, the time of one decode in them,
    and how many messages went to the server meanwhile.
*   Release: time from letting go of a plain slider to the exact picture in the browser, and the server's CPU time
    through Streamlit's AppTest, beside a page of the same slider that only swaps a blank image of the same size.
*   Sheets: a 20 x 20 manifold of 28 x 28 images, stitched and encoded, beside Pillow's own encoding of the finished
    sheet at the same level.
"""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from benchmarks.serving import PORT, ROOT, chromium, frames_seen, serving, watch_frames
from latentlab.figures.sheets import png, stitch

SECONDS = 4.0
ROUNDS = 25
DECODES = """() => {
  const program = [...window.latentlab.programs.values()].at(-1);
  const z = new Float32Array(program.z_dim);
  const times = [];
  for (let i = 0; i < 60; i++) {
    z[0] = i / 20 - 1.5;
    const before = performance.now();
    for (let k = 0; k < 5; k++) window.latentlab.run(program, z);
    times.push((performance.now() - before) / 5);
  }
  return times;
}"""
BLANK = """
import streamlit as st
st.slider("z", -3.0, 3.0, 0.0, step=0.05, key="z0")
st.image({content!r} if round(20 * st.session_state["z0"]) % 2 else {other!r})
"""


def percentile(values: list[float], share: float) -> float:
    """The value that the share of all is below."""
    return float(np.quantile(values, share))


def dragged(page: Page, run_id: str) -> str:
    """A row of the first table."""
    sent: list[object] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(f"http://localhost:{PORT}/traversal?run={run_id}")
    page.locator(".explorer[data-runs=browser]").wait_for(timeout=60_000)
    page.wait_for_timeout(2_000)
    box = page.locator(".sliders input").first.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, middle)
    page.mouse.down()
    watch_frames(page)
    before, until, step = len(sent), time.monotonic() + SECONDS, 0
    while time.monotonic() < until:
        step += 1
        page.mouse.move(box["x"] + box["width"] * (0.5 + 0.4 * np.sin(step / 15)), middle)
    frames = frames_seen(page)
    messages = len(sent) - before
    page.mouse.up()
    decodes: list[float] = page.evaluate(DECODES)
    numbers = (statistics.median(frames), percentile(frames, 0.95), statistics.median(decodes))
    return f"| {run_id} | {' | '.join(f'{n:.1f}' for n in numbers)} | {messages} |"


def released(page: Page, path: str) -> list[float]:
    """Milliseconds from the release of a plain slider to another picture."""
    page.goto(f"http://localhost:{PORT}/{path}")
    thumb = page.get_by_role("slider").first
    thumb.wait_for(timeout=60_000)
    page.wait_for_timeout(2_000)
    times = []
    for n in range(ROUNDS):
        before = page.locator("[data-testid=stImage] img").first.get_attribute("src")
        started = time.perf_counter()
        thumb.press("ArrowRight" if n % 2 else "ArrowLeft")
        page.wait_for_function(
            "(before) => document.querySelector('[data-testid=stImage] img').getAttribute('src') !== before", arg=before
        )
        times.append(1_000 * (time.perf_counter() - started))
        page.wait_for_timeout(400)
    return times[3:]


def browser() -> None:
    """Print the first table and the release times."""
    with chromium() as opened, tempfile.TemporaryDirectory() as folder:
        print("| dragging | median frame, ms | 95 % below, ms | one decode, ms | messages |\n|---|--:|--:|--:|--:|")
        with serving("app.py"):
            for run_id in ("mnist-vae-2d", "mnist-vae-20d", "mnist-vae-conv"):
                page = opened.new_page(viewport={"width": 1400, "height": 1000})
                print(dragged(page, run_id), flush=True)
                page.close()
            ours = released(opened.new_page(), "traversal?live=false")
        blank = Path(folder) / "blank.py"
        blank.write_text(BLANK.format(content=gray(0), other=gray(255)), encoding="utf-8")
        with serving(str(blank)):
            theirs = released(opened.new_page(), "")
    print("\n| from release to picture, in Chromium | median, ms | lowest-highest | x blank |\n|---|--:|--:|--:|")
    for name, times in (("the traversal page, exact decode", ours), ("a page that swaps a blank image", theirs)):
        ratio = statistics.median(times) / statistics.median(theirs)
        print(f"| {name} | {statistics.median(times):.0f} | {min(times):.0f}-{max(times):.0f} | {ratio:.2f} |")


def gray(level: int) -> bytes:
    """A blank picture of the decoded image's size."""
    return png(np.full((448, 448), level, np.uint8))


def answered(app: AppTest) -> list[float]:
    """CPU milliseconds of each answer to a slider."""
    times = []
    for n in range(ROUNDS + 3):
        started = time.process_time()
        app.slider(key="z0").set_value(0.5 + 0.05 * n if n % 2 else -0.5 - 0.05 * n).run()
        times.append(1_000 * (time.process_time() - started))
    return times[3:]


def server() -> None:
    """Print the second table."""
    original = PagesManager.__init__

    def framed(self: PagesManager, *args: object, **kwargs: object) -> None:
        PagesManager.uses_pages_directory = False  # as a server's second request finds it
        original(self, *args, **kwargs)  # type: ignore[arg-type]

    PagesManager.__init__ = framed  # type: ignore[method-assign]
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60).run()
    app.switch_page("pages/traversal/page.py")
    app.query_params["live"] = "false"
    ours = answered(app.run())
    theirs = answered(AppTest.from_string(BLANK.format(content=gray(0), other=gray(255)), default_timeout=60).run())
    print("\n| slider released | median CPU, ms | lowest-highest |\n|---|--:|--:|")
    for name, times in (("the traversal page, whole", ours), ("a page that swaps a blank image", theirs)):
        print(f"| {name} | {statistics.median(times):.1f} | {min(times):.1f}-{max(times):.1f} |")


def timed(action: Callable[[], object]) -> list[float]:
    """CPU milliseconds of some calls."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        action()
        times.append(1_000 * (time.process_time() - started))
    return times


def sheets() -> None:
    """Print the third table."""
    rng = np.random.default_rng(0)
    images = (rng.random((20, 20, 1, 28, 28)) ** 4 * 255).astype(np.uint8)
    finished = stitch(images)

    def pillow() -> None:
        Image.fromarray(finished).save(io.BytesIO(), "PNG", compress_level=1)

    ours, theirs = timed(lambda: png(stitch(images))), timed(pillow)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print("\n| a sheet of 400 images | median CPU, ms | x Pillow |\n|---|--:|--:|")
    print(f"| stitched and encoded | {statistics.median(ours):.2f} | {ratio:.2f} |")
    print(f"| Pillow, the finished sheet | {statistics.median(theirs):.2f} | 1.00 |")


if __name__ == "__main__":
    browser()
    server()
    sheets()
