"""How fast the map is: its payload, its frames with many points, its components, and the codes under it.

    pip install -r tests/requirements.txt           # and Debian's chromium
    python -m benchmarks.map                        # seven tables, about five minutes
    python -m benchmarks.map payload umap           # some of them

*   payload: bytes and CPU time of what the browser is sent for 60,000 points (places, classes and a number each).
*   frames: time between two frames while the pointer hovers over, then drags, then a wheel zooms a map in Chromium
    without a GPU.
*   components: two principal components of 60,000 codes, beside scikit-learn's solvers.
*   neighbours: of 10,000 codes, beside scikit-learn's and umap-learn's search.
*   umap: the default map of 10,000 codes of MNIST in a process that has compiled it, then again from the disk's
    neighbours with another min_dist, beside umap-learn's own; and how much of the neighbourhoods each keeps.
*   first_map: from the start of a server with no maps to UMAP on the page, nobody clicking; then from a second start.
*   codes: encoding 60,000 images as the map does, beside the bare forward pass of the encoder on float images.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness
from sklearn.neighbors import NearestNeighbors
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from benchmarks.serving import PORT, chromium, frames_seen, serving, watch_frames
from latentlab import device
from latentlab.analysis.activations import CHUNK, encode_all
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.maps.colourings import Numbers
from latentlab.analysis.maps.layout_cache import LayoutCache, project_or_find
from latentlab.analysis.maps.projection import FULL_QUALITY, project
from latentlab.analysis.neighbours import neighbour_graph
from latentlab.data import load
from latentlab.models.vae.vae import VAE
from latentlab.runs.store import Store
from pages.components.scatter import pack

Result = TypeVar("Result")

ROUNDS = 9
N_SEEDS = 3
CLASSES = tuple("0123456789")
SCRIPT = """
import numpy as np, streamlit as st
from latentlab.figures.theme import LIGHT
from pages.components.scatter import pack, scatter
st.set_page_config(layout="wide")
rng = np.random.default_rng(0)
y = rng.integers(0, 10, {n})
xy = rng.normal(size=({n}, 2)) + 3 * np.stack([np.cos(y), np.sin(y)], 1)
picked = scatter("map", pack("a", xy, y, tuple("0123456789"), LIGHT.classes))
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
    xy, y, values = rng.normal(size=(n, 2)), rng.integers(0, 10, n), Numbers("loss", rng.normal(size=n))
    times = timed(lambda: pack("a", xy, y, CLASSES, ("#000000",) * 10, values))
    size = len(pack("a", xy, y, CLASSES, ("#000000",) * 10, values).content)
    print(f"| payload of {n:,} points | bytes | CPU, ms |\n|---|--:|--:|")
    print(f"| packed | {size:,} | {statistics.median(times):.1f} |")


def frames() -> None:
    """Print the second table."""
    hands = ("hovering", "dragging", "zooming")
    print(f"\n| points | {' | '.join(f'{hand}: median, 95 % below, ms' for hand in hands)} |\n|--:|--:|--:|--:|")
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
                for hand in hands:
                    if hand == "dragging":
                        page.mouse.down()
                    watch_frames(page)
                    for step in range(150):
                        share = 0.5 + 0.25 * np.sin(step / 12)
                        if hand == "zooming":
                            page.mouse.wheel(0, float(-40 * np.sin(step / 6)))  # in to three times, and out
                        else:
                            page.mouse.move(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.45)
                    seen = frames_seen(page)
                    if hand == "dragging":
                        page.mouse.up()
                    cells.append(f"{statistics.median(seen):.1f}, {np.quantile(seen, 0.95):.1f}")
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


def mnist_codes(n: int) -> NDArray[np.float32]:
    """(n, 20) of MNIST's test images by the model that ships."""
    model = Store.default().load("mnist-vae-20d")
    assert isinstance(model, VAE)
    return encode_all(model.encode, load("mnist").test.x[:n])


def cpu(action: Callable[[], Result]) -> tuple[float, Result]:
    """CPU seconds of one call, and what it gives."""
    started = time.process_time()
    result = action()
    return time.process_time() - started, result


def neighbours() -> None:
    """Print the fourth table."""
    from pynndescent import NNDescent  # type: ignore[import-untyped]

    z = mnist_codes(10_000)
    NNDescent(z[:5_000], n_neighbors=15, random_state=0, n_jobs=1)  # compiles
    device.limit_threads()  # numba has given torch a thread for every core
    exact, ours = cpu(lambda: neighbour_graph(z, 14))
    brute, _ = cpu(lambda: NearestNeighbors(n_neighbors=14, algorithm="brute").fit(z).kneighbors())
    search, theirs = cpu(lambda: NNDescent(z, n_neighbors=15, random_state=0, n_jobs=1).neighbor_graph[0][:, 1:])
    found = np.mean([len(np.intersect1d(a, b)) / 14 for a, b in zip(ours.index, theirs, strict=True)])
    print("\n| 14 neighbours of 10,000 x 20 | CPU, s | found |\n|---|--:|--:|")
    print(f"| latentlab | {exact:.2f} | 100 % |\n| scikit-learn, brute force | {brute:.2f} | 100 % |")
    print(f"| pynndescent, compiled | {search:.2f} | {found:.1%} |")


def umap() -> None:
    """Print the fifth table."""
    warnings.filterwarnings("ignore", module="umap")
    from umap import UMAP  # type: ignore[import-untyped]

    z = mnist_codes(10_000)
    project(z[:64], "umap")
    project(z[:64], "umap", **FULL_QUALITY)
    UMAP(random_state=0, n_jobs=1).fit_transform(z[:5_000])  # its own search compiles above 4,096 codes
    taken: dict[str, list[float]] = {}
    kept: dict[str, list[float]] = {}
    device.limit_threads()  # numba has given torch a thread for every core
    for seed in range(N_SEEDS):
        with tempfile.TemporaryDirectory() as folder:
            ask = partial(project_or_find, LayoutCache(Path(folder)), z, "umap", seed)
            rows: dict[str, Callable[[], NDArray[np.float32]]] = {
                "latentlab, default": lambda: ask().xy,  # noqa: B023 called here
                "again with min_dist 0.3": lambda: ask(min_dist=0.3).xy,  # noqa: B023
                "again, from the disk": lambda: ask().xy,  # noqa: B023
                "latentlab, full quality": lambda: project(z, "umap", seed, **FULL_QUALITY).xy,  # noqa: B023
                "umap-learn": lambda: UMAP(random_state=seed, n_jobs=1).fit_transform(z),  # noqa: B023
            }
            for name, action in rows.items():
                seconds, xy = cpu(action)
                taken.setdefault(name, []).append(seconds)
                kept.setdefault(name, []).append(trustworthiness(z, xy, n_neighbors=15))
    first, theirs = statistics.mean(taken["latentlab, default"]), np.array(kept["umap-learn"])
    print(f"\n| UMAP of 10,000 x 20, {N_SEEDS} seeds | CPU, s | x default | trustworthiness - umap-learn's |")
    print("|---|--:|--:|--:|")
    for name, times in taken.items():
        less = np.array(kept[name]) - theirs
        difference = f"{less.mean():+.4f} ± {less.std(ddof=1):.4f}"
        print(f"| {name} | {statistics.mean(times):.2f} | {statistics.mean(times) / first:.2f} | {difference} |")
    print(f"\numap-learn's trustworthiness, 15 neighbours, all codes: {theirs.mean():.4f}")


def first_map() -> None:
    """Print the sixth table."""
    print("\n| UMAP on the page, nobody clicking | s from the server's start |\n|---|--:|")
    data = {name: value for name, value in os.environ.items() if name == "LATENTLAB_DATA"}
    with chromium() as browser, tempfile.TemporaryDirectory() as runs:
        for row in ("a fresh server", "a second server, maps kept"):
            started = time.perf_counter()
            with serving("app.py", PORT, LATENTLAB_RUNS=runs, **data):
                page = browser.new_page()
                page.goto(f"http://localhost:{PORT}/clusters?method=UMAP")
                page.locator(".scatter[data-n]").wait_for(timeout=60_000)
                waiting = page.get_by_text("UMAP lays out")
                page.wait_for_timeout(500)
                waiting.wait_for(state="detached", timeout=300_000)
                print(f"| {row} | {time.perf_counter() - started:.1f} |", flush=True)
                page.close()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "codes.npy"
        np.save(path, mnist_codes(10_000))
        script = f"import numpy, umap; umap.UMAP(random_state=0).fit_transform(numpy.load({str(path)!r}))"
        started = time.perf_counter()
        subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True)
        print(f"| umap-learn alone, a fresh process, 10,000 codes | {time.perf_counter() - started:.1f} |")


def codes() -> None:
    """Print the seventh table."""
    model = Store.default().load("mnist-vae-20d")
    assert isinstance(model, VAE)
    images = torch.randint(0, 256, (60_000, 1, 28, 28), generator=device.generator(0), dtype=torch.uint8)
    x = images.float() / 255

    def bare() -> None:
        with torch.no_grad():
            for part in x.split(CHUNK):
                model.encoder(part)

    times = {"bare forward pass, floats": timed(bare)}
    times["as the map does, bytes"] = timed(lambda: encode_all(model.encode, images))
    best = statistics.median(times["bare forward pass, floats"])
    print("\n| encoding 60,000 images | CPU, ms | share of the bare pass's speed |\n|---|--:|--:|")
    for name, taken in times.items():
        print(f"| {name} | {statistics.median(taken):.0f} | {best / statistics.median(taken):.0%} |")


TABLES = (payload, frames, components, neighbours, umap, first_map, codes)

if __name__ == "__main__":
    device.limit_threads()
    wanted = sys.argv[1:] or [table.__name__ for table in TABLES]
    with threadpool_limits(1):
        for table in TABLES:
            if table.__name__ in wanted:
                table()
