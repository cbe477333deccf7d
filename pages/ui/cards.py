"""A card for each page, with a small live picture of what it shows of the chosen model."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.analysis.projection import pca
from latentlab.data import to_bytes
from latentlab.figures.scores import as_colour, signed
from latentlab.figures.sheets import sheet_png
from latentlab.models import GSN, Denoises, Encodes, Samples
from latentlab.runs import Run
from latentlab.store import Store
from pages.ui import cache
from pages.ui.pictures import SIDE

ROWS, COLUMNS = 6, 12
FIRST_FIELD = "spiral-dae"


def cards(run: Run) -> None:
    """Draw them beside each other, under each other in a narrow window."""
    grid = st.grid(min_column_width=400, gap="medium")
    with grid.container():
        _card(
            "Traversal",
            "tune",
            "Point anywhere, drag a dimension: the picture follows the hand.",
            "traversal",
            _walk(run),
            run,
        )
    if issubclass(run.kind, Encodes):
        with grid.container():
            _card(
                "Clusters",
                "scatter_plot",
                "Every code on one map, and what lies between.",
                "clusters",
                _spread(run),
                run,
            )
    denoisers = {one.id: one for one in Store.default().runs(Denoises)}
    shown = next((one for one in denoisers.values() if len(one.shape) == 3), None)
    if shown is not None:
        text = "Where a denoiser would move each place, and each pixel: what it knows of the density."
        with grid.container():
            _card("Score field", "air", text, "field", _scores(shown), denoisers.get(FIRST_FIELD, shown))
    with grid.container():
        _card(
            "Sampling",
            "casino",
            "Chains on what the model learned, and what they are worth.",
            "sampling",
            _walked(run),
            run,
        )
    walkers = [walker for walker in Store.default().runs(GSN) if walker.shape == run.shape]
    walker = max(walkers, key=lambda r: int(r.config.get("layers", 0)), default=None)
    if walker is not None:
        with grid.container():
            _card(
                "GSN",
                "directions_walk",
                "A network that walks from image to image.",
                "gsn",
                _drawn(walker),
                walker,
            )
    with grid.container():
        _card("Train", "model_training", "Choose data and knobs, watch it learn.", "train", _drawn(run), run)


def _card(title: str, icon: str, text: str, page: str, picture: bytes, run: Run) -> None:
    with st.container(border=True, height="stretch"):
        st.image(picture, width="stretch", alt=f"{title}: {run.title}")
        st.page_link(f"pages/{page}.py", label=f"**{title}**", icon=f":material/{icon}:", query_params={"run": run.id})
        st.caption(text)


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def _walk(run: Run) -> bytes:
    """The plane of the two dimensions that carry most."""
    where, decode = cache.dimensions(run), cache.decoder(run)
    y, x = torch.meshgrid(torch.linspace(1.2, -1.2, ROWS), torch.linspace(-2.4, 2.4, COLUMNS), indexing="ij")
    z = torch.zeros(ROWS * COLUMNS, len(where.order))
    z[:, int(where.order[0])] = x.reshape(-1)
    if len(where.order) > 1:
        z[:, int(where.order[1])] = y.reshape(-1)
    return _png(to_bytes(decode(z)))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def _drawn(run: Run) -> bytes:
    """Samples, or reconstructions where there is no prior to draw from."""
    model, n = cache.model(run), ROWS * COLUMNS
    with torch.no_grad():
        if isinstance(model, Samples):
            return _png(to_bytes(model.sample(n, device.generator(0))))
    return _png(to_bytes(cache.decoder(run)(cache.standard_codes(run)[:n])))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def _spread(run: Run) -> bytes:
    """Examples where their codes lie along the two principal components, spread out evenly."""
    codes, x = cache.standard_codes(run).numpy(), cache.examples(run).x.numpy()
    scores = pca(codes, min(2, codes.shape[1])).project(codes)[:, [0, -1]]
    share = (scores.argsort(0).argsort(0) + 0.5) / len(scores)  # their ranks, in 0 ... 1
    y, across = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    cells = np.stack([(across + 0.5) / COLUMNS, 1 - (y + 0.5) / ROWS], -1).reshape(-1, 1, 2)
    return _png(x[np.square(cells - share).sum(-1).argmin(1)])


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def _scores(run: Run) -> bytes:
    """Examples, and beneath each its score."""
    model, x = cache.model(run), cache.examples(run).batch(slice(ROWS // 2 * COLUMNS)).x
    if not isinstance(model, Denoises):
        raise TypeError(f"{run.model} doesn't denoise.")
    with torch.no_grad():
        score = (model.denoise(x) - x).numpy()
    pairs = np.stack(
        [part.reshape(-1, COLUMNS, *part.shape[1:]) for part in (as_colour(to_bytes(x)), signed(score))], 1
    )
    return _png(pairs.reshape(-1, *pairs.shape[3:]))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def _walked(run: Run) -> bytes:
    """A random walk through the prior, decoded: each picture a small step from the last."""
    n, decode = ROWS * COLUMNS, cache.decoder(run)
    step = torch.randn((n, len(cache.dimensions(run).order)), generator=device.generator(5))
    z = step[:1].clone().repeat(n, 1)
    for k in range(1, n):  # an autoregression whose law is the prior
        z[k] = 0.94 * z[k - 1] + 0.34 * step[k]
    return _png(to_bytes(decode(z)))


def _png(images: NDArray[np.uint8]) -> bytes:
    return sheet_png(images, COLUMNS, gap=2, scale=max(1, SIDE // images.shape[-1]))
