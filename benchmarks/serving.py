"""A Streamlit server and a Chromium for the benchmarks that look at a page."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
PORT = 8765
FLAGS = ["--headless", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
BARE = """
import numpy as np
import streamlit as st
st.title("Bare")
seed = st.segmented_control("Seed", [0, 1, 2, 3], default=0)
st.image(np.random.default_rng(seed or 0).integers(0, 256, (280, 280), "uint8"))
"""
FRAMES = """() => {
  window.frames_seen = [];
  let before = performance.now();
  const tick = (now) => { window.frames_seen.push(now - before); before = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
}"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextlib.contextmanager
def serving(script: str, port: int = PORT, **settings: str) -> Iterator[int]:
    """A server of a script, with no runs of its own; yields its process id. Settings are environment variables."""
    with tempfile.TemporaryDirectory() as runs:
        start = [script] if script == "app.py" else ["-m", "streamlit", "run", script]  # the app starts its own server
        command = [sys.executable, *start, "--server.port", str(port)]
        environment = {"PATH": "/usr/bin:/bin", "LATENTLAB_RUNS": runs, "PYTHONPATH": str(ROOT)}
        environment |= settings
        server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield server.pid
        finally:
            server.kill()
            server.wait()


def chromium_path() -> str:
    """Where Debian's Chromium is; ends with a sentence where it isn't."""
    found = shutil.which("chromium")
    if found is None:
        sys.exit("chromium is missing: apt-get install chromium")
    return found


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, headless and without a GPU: what it draws is drawn by the processor."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
        yield browser
        browser.close()


def watch_frames(page: Page) -> None:
    """From now on, note the time between two frames."""
    page.evaluate(FRAMES)


def frames_seen(page: Page) -> list[float]:
    """Milliseconds between the frames since `watch_frames`."""
    frames: list[float] = page.evaluate("() => window.frames_seen.slice(2)")
    return frames
