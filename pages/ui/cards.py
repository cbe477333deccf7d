"""A card for each page, with a small live picture of what it shows of the chosen model."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.analysis.projection import pca
from latentlab.data import to_bytes
from latentlab.figures.sheets import png, sheet_png
from latentlab.models import Encodes, Samples
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.pictures import SIDE
from pages.ui.probing import CLASS, first_look, targets

ROWS, COLUMNS = 6, 12
CARD_LIMIT = 32  # features of a layer that the card's probes are given


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
    known = _known(run)
    if known is not None:
        with grid.container():
            text = "What every layer knows, before and after training."
            _card("Probes", "device_thermostat", text, "probes", known, run)
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
def _known(run: Run) -> bytes | None:
    """A bar for each layer, as high as the share of classes that a probe reads from it; None where there are none."""
    if CLASS not in targets(run):
        return None
    try:
        right = 1 - first_look(run, None, CLASS, CARD_LIMIT).means()
    except ValueError:  # such as examples without labels
        return None
    height, width = ROWS * SIDE, COLUMNS * SIDE // len(right)
    bars = np.zeros((height, width * len(right)), np.uint8)
    for k, share in enumerate(right):
        bars[round(height * (1 - 0.9 * share)) :, k * width + width // 6 : (k + 1) * width - width // 6] = 255
    return png(bars)


def _png(images: NDArray[np.uint8]) -> bytes:
    return sheet_png(images, COLUMNS, gap=2, scale=max(1, SIDE // images.shape[-1]))
