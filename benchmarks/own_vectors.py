"""How fast vectors of the user's own are on the map: read, saved, laid out, drawn and moved, and the memory it takes.

    pip install -r tests/requirements.txt           # and Debian's chromium
    python -m benchmarks.own_vectors                # two tables, about five minutes
    python -m benchmarks.own_vectors map            # one of them

*   map: from a .npy file of normal clusters to two principal components of all vectors, and their bytes for the
    browser, in a process of its own: seconds to read and save, seconds to the places, and the peak of memory. Beside
    it NumPy and scikit-learn's PCA of the bare array, timed alike: read, then fitted and projected.
*   page: the app in Chromium without a GPU, with the same vectors saved: seconds from opening Clusters to a drawn map,
    at first of the usual number, then of all; time between two frames while the pointer drags it; peak of the server.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.serving import chromium, frames_seen, free_port, serving, watch_frames

SIZES = ((10_000, 768), (100_000, 768), (1_000_000, 64))
CLUSTERS = 10
USUAL = 10_000  # vectors of a first map
GB = 1e9
OURS = """
from pathlib import Path
from latentlab.data import Library
from pages.clusters.layout import components_meanwhile
from pages.components.scatter import pack
from pages.shared.spaces import Source, load_space
started = time.perf_counter()
name = Library.default().add(Path(sys.argv[1]))
read = time.perf_counter() - started
space = load_space(Source(name, n=1 << 30))
pack(space.points, components_meanwhile(space).xy, space.data.y.numpy(), (), ("#888888",))
"""
PEER = """
import numpy as np
from sklearn.decomposition import PCA
started = time.perf_counter()
x = np.load(sys.argv[1])
read = time.perf_counter() - started
PCA(2).fit_transform(x)
"""
BEFORE = "import json, resource, sys, time\n"
AFTER = """
placed = time.perf_counter() - started - read
print(json.dumps([read, placed, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def vectors(folder: Path, n: int, width: int) -> Path:
    """A file of n vectors of so many numbers in normal clusters, seed 0."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((CLUSTERS, width), np.float32)
    path = folder / f"vectors-{n}.npy"
    np.save(path, centres[rng.integers(CLUSTERS, size=n)] + rng.standard_normal((n, width), np.float32))
    return path


def measured(code: str, path: Path, runs: str) -> list[float]:
    """Seconds to read, seconds to the places, and the peak of memory in bytes, of a process of its own."""
    command = [sys.executable, "-W", "ignore", "-c", BEFORE + code + AFTER, str(path)]
    environment = {**os.environ, "LATENTLAB_RUNS": runs}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    found: list[float] = json.loads(done.stdout.splitlines()[-1])
    return found


def maps(folder: Path, runs: str) -> None:
    """To the places of all vectors, and the peer."""
    print(f"load {os.getloadavg()[0]:.1f}")
    ours = f"{'vectors':>16} {'read, save':>11} {'map':>7} {'peak':>8}"
    print(f"{ours} | {'peer read':>9} {'PCA':>7} {'peak':>8} | ratio")
    for n, width in SIZES:
        path = vectors(folder, n, width)
        read, placed, peak = measured(OURS, path, runs)
        their_read, fitted, their_peak = measured(PEER, path, runs)
        ratio = (read + placed) / (their_read + fitted)
        print(
            f"{n:>9,} × {width:<4} {read:>9.1f} s {placed:>5.1f} s {peak / GB:>5.1f} GB |"
            f" {their_read:>7.1f} s {fitted:>5.1f} s {their_peak / GB:>5.1f} GB | {ratio:.1f}",
            flush=True,
        )


def pages(folder: Path, runs: str) -> None:
    """To a drawn map in the browser, and how it moves."""
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'vectors':>16} {'opens':>7} {'all':>7} {'a frame, median':>16} {'95 %':>8} {'peak':>8}")
    for n, width in SIZES:
        name = vectors(folder, n, width).stem
        subprocess.run(
            [sys.executable, "-m", "latentlab", "data", str(folder / f"{name}.npy"), "--keep"],
            env={**os.environ, "LATENTLAB_RUNS": runs}, stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        port = free_port()
        with serving("app.py", port, LATENTLAB_RUNS=runs) as server, chromium() as browser:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            seconds = []
            for shown, query in ((min(n, USUAL), ""), (n, f"&examples={n}")):
                started = time.perf_counter()
                page.goto(f"http://localhost:{port}/clusters?run=data:{name}{query}")
                page.locator(f".scatter[data-n='{shown}']").wait_for(timeout=120_000)
                seconds.append(time.perf_counter() - started)
            box = page.locator(".scatter .overlay").bounding_box()
            assert box is not None
            x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
            page.mouse.move(x, y)
            page.mouse.down()
            watch_frames(page)
            for k in range(120):
                page.mouse.move(x + k, y + k / 2)
            page.mouse.up()
            frames = sorted(frames_seen(page))
            status = Path(f"/proc/{server}/status").read_text()
        peak = 1024 * int(status.partition("VmHWM:")[2].split()[0])
        print(
            f"{n:>9,} × {width:<4} {seconds[0]:>5.1f} s {seconds[1]:>5.1f} s {statistics.median(frames):>13.0f} ms"
            f" {frames[int(0.95 * len(frames))]:>5.0f} ms {peak / GB:>5.1f} GB",
            flush=True,
        )


def main() -> None:
    """The tables that are named, or both."""
    tables = {"map": maps, "page": pages}
    with tempfile.TemporaryDirectory() as folder:
        for name in sys.argv[1:] or tables:
            tables[name](Path(folder), folder)


if __name__ == "__main__":
    main()
