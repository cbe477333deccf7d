"""How fast the map is: its payload, its frames with many points, its components, and the codes under it.

    pip install -r tests/requirements.txt           # and Debian's chromium
    python -m benchmarks.map                        # four tables, about a minute

*   Payload: bytes and CPU time of what the browser is sent for 60,000 points (places, classes and a number each).
*   Frames: time between two frames while the pointer hovers over, and then drags, a map in Chromium without a GPU.
*   Components: two principal components of 60,000 codes, beside scikit-learn's solvers.
*   Codes: encoding images as the map does, beside the bare forward pass of the encoder on float images.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.decomposition import PCA

from benchmarks.serving import PORT, chromium, frames_seen, serving, watch_frames
from latentlab import device
from latentlab.analysis.directions import pca
from latentlab.data import Dataset
from latentlab.models import VAE
from latentlab.store import Store
from pages.ui.components.scatter import Colouring, pack

ROUNDS = 9
CLASSES = tuple("0123456789")
SCRIPT = """
import numpy as np, streamlit as st
from latentlab.figures.theme import LIGHT
from pages.ui.components.scatter import pack, scatter
st.set_page_config(layout="wide")
rng = np.random.default_rng(0)
y = rng.integers(0, 10, {n})
xy = rng.normal(size=({n}, 2)) + 3 * np.stack([np.cos(y), np.sin(y)], 1)
picked = scatter("map", pack("a", xy, y, tuple("0123456789"), LIGHT.classes), {n})
st.write("reruns", st.session_state.setdefault("runs", 0))
st.session_state["runs"] += 1
"""


def timed(action: Callable[[], object]) -> list[float]:
    """CPU milliseconds of some calls, after one that isn't counted."""
    times = []
    for _ in range(ROUNDS + 1):
        started = time.process_time()
        action()
        times.append(1_000 * (time.process_time() - started))
    return times[1:]


def payload() -> None:
    """Print the first table."""
    rng = np.random.default_rng(0)
    n = 60_000
    xy, y, values = rng.normal(size=(n, 2)), rng.integers(0, 10, n), Colouring("loss", rng.normal(size=n))
    times = timed(lambda: pack("a", xy, y, CLASSES, ("#000000",) * 10, values))
    size = len(pack("a", xy, y, CLASSES, ("#000000",) * 10, values))
    print(f"| payload of {n:,} points | bytes | CPU, ms |\n|---|--:|--:|")
    print(f"| packed | {size:,} | {statistics.median(times):.1f} |")


def frames() -> None:
    """Print the second table."""
    print("\n| points | hovering: median, 95 % below, ms | dragging: median, 95 % below, ms |\n|--:|--:|--:|")
    with chromium() as browser, tempfile.TemporaryDirectory() as folder:
        for n in (10_000, 60_000, 200_000):
            script = Path(folder) / f"map{n}.py"
            script.write_text(SCRIPT.format(n=n), encoding="utf-8")
            with serving(str(script)):
                page = browser.new_page(viewport={"width": 1400, "height": 900})
                page.goto(f"http://localhost:{PORT}/")
                page.locator(".scatter[data-n]").wait_for(timeout=60_000)
                page.wait_for_timeout(2_500)
                box = page.locator("canvas.overlay").bounding_box()
                assert box
                cells = []
                for press in (False, True):
                    if press:
                        page.mouse.down()
                    watch_frames(page)
                    for step in range(150):
                        share = 0.5 + 0.25 * np.sin(step / 12)
                        page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.45)
                    seen = frames_seen(page)
                    cells.append(f"{statistics.median(seen):.1f}, {np.quantile(seen, 0.95):.1f}")
                page.mouse.up()
                page.close()
            print(f"| {n:,} | {' | '.join(cells)} |", flush=True)


def components() -> None:
    """Print the third table."""
    rng = np.random.default_rng(0)
    codes = (rng.normal(size=(60_000, 32)) @ rng.normal(size=(32, 32))).astype(np.float32)
    rows = {
        "latentlab": lambda: pca(codes, 2),
        "scikit-learn, covariance_eigh": lambda: PCA(2, svd_solver="covariance_eigh").fit(codes),
        "scikit-learn, full": lambda: PCA(2, svd_solver="full").fit(codes),
    }
    times = {name: statistics.median(timed(action)) for name, action in rows.items()}
    print("\n| two components of 60,000 x 32 | CPU, ms | x latentlab |\n|---|--:|--:|")
    for name, taken in times.items():
        print(f"| {name} | {taken:.1f} | {taken / times['latentlab']:.2f} |")


def codes() -> None:
    """Print the fourth table."""
    model = Store.default().load("mnist-vae-20d")
    assert isinstance(model, VAE)
    images = torch.randint(0, 256, (10_000, 1, 28, 28), generator=device.generator(0), dtype=torch.uint8)
    data = Dataset("noise", images, torch.zeros(10_000, dtype=torch.int64), CLASSES)
    x = data.batch().x

    def ours() -> None:
        with torch.no_grad():
            for index in torch.arange(len(data)).split(1_000):
                model.encode(data.batch(index).x)

    def bare() -> None:
        with torch.no_grad():
            for part in x.split(1_000):
                model.encoder(part)

    times = {"bare forward pass, floats": timed(bare), "as the map does, bytes": timed(ours)}
    best = statistics.median(times["bare forward pass, floats"])
    print("\n| encoding 10,000 images | CPU, ms | share of the bare pass's speed |\n|---|--:|--:|")
    for name, taken in times.items():
        print(f"| {name} | {statistics.median(taken):.0f} | {best / statistics.median(taken):.0%} |")


if __name__ == "__main__":
    device.limit_threads()
    payload()
    frames()
    components()
    codes()
