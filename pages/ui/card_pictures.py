"""Small pictures of what each page shows of a model: for the cards of the first page."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab import device
from latentlab.analysis.directions import pca
from latentlab.data import to_bytes
from latentlab.figures.scores import as_colour, signed
from latentlab.figures.sheets import png, sheet_png
from latentlab.models import Denoises, Samples
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.conditional import decoder_as, styles
from pages.ui.pictures import SIDE, scale
from pages.ui.probing import CLASS, first_look

ROWS, COLUMNS = 6, 12
FEATURES = 32  # of a layer that a card's probes are given


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def plane(run: Run) -> bytes:
    """The plane of the two dimensions that carry most."""
    where, decode = cache.dimensions(run), cache.decoder(run)
    y, x = torch.meshgrid(torch.linspace(1.2, -1.2, ROWS), torch.linspace(-2.4, 2.4, COLUMNS), indexing="ij")
    z = torch.zeros(ROWS * COLUMNS, len(where.order))
    z[:, int(where.order[0])] = x.reshape(-1)
    if len(where.order) > 1:
        z[:, int(where.order[1])] = y.reshape(-1)
    return _png(to_bytes(decode(z)))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def styles_in_classes(run: Run) -> bytes:
    """Styles in rows, classes in columns."""
    z = styles(run)[:ROWS]
    y = torch.arange(COLUMNS) % len(run.classes)
    return _png(to_bytes(decoder_as(run)(z.repeat_interleave(COLUMNS, 0), y.repeat(len(z)))))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def from_class_to_class(run: Run) -> bytes:
    """Examples on their way from the first class to the last."""
    codes, y = cache.standard_codes(run), cache.examples(run).y
    first, last = codes[y == y.min()], codes[y == y.max()]
    amounts = torch.linspace(0, 1.25, COLUMNS)[:, None] * (last.mean(0) - first.mean(0))
    return _png(to_bytes(cache.decoder(run)((first[:ROWS, None] + amounts).flatten(0, 1))))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def drawn(run: Run) -> bytes:
    """Samples, or reconstructions where there is no prior to draw from."""
    model, n = cache.model(run), ROWS * COLUMNS
    with torch.no_grad():
        if isinstance(model, Samples):
            return _png(to_bytes(model.sample(n, device.generator(0))))
    return _png(to_bytes(cache.decoder(run)(cache.standard_codes(run)[:n])))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def spread_out(run: Run) -> bytes:
    """Examples where their codes lie along the two principal components, spread out evenly."""
    codes, x = cache.standard_codes(run).numpy(), to_bytes(cache.examples(run).batch().x)
    scores = pca(codes, min(2, codes.shape[1])).project(codes)[:, [0, -1]]
    share = (scores.argsort(0).argsort(0) + 0.5) / len(scores)  # their ranks, in 0 ... 1
    y, across = np.meshgrid(np.arange(ROWS), np.arange(COLUMNS), indexing="ij")
    cells = np.stack([(across + 0.5) / COLUMNS, 1 - (y + 0.5) / ROWS], -1).reshape(-1, 1, 2)
    return _png(x[np.square(cells - share).sum(-1).argmin(1)])


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def scores(run: Run) -> bytes:
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
def walked(run: Run) -> bytes:
    """A random walk through the prior, decoded: each picture a small step from the last."""
    n, decode = ROWS * COLUMNS, cache.decoder(run)
    step = torch.randn((n, len(cache.dimensions(run).order)), generator=device.generator(5))
    z = step[:1].clone().repeat(n, 1)
    for k in range(1, n):  # an autoregression whose law is the prior
        z[k] = 0.94 * z[k - 1] + 0.34 * step[k]
    return _png(to_bytes(decode(z)))


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cache.BY_VERSION)
def known(run: Run) -> bytes | None:
    """A bar for each layer, as high as the share of classes that a quick probe reads off it; None without classes."""
    try:
        right = 1 - first_look(run, None, CLASS, FEATURES).means()
    except ValueError:  # such as examples without labels
        return None
    height, width = ROWS * SIDE, COLUMNS * SIDE // len(right)
    bars = np.zeros((height, width * len(right)), np.uint8)
    for k, share in enumerate(right):
        bars[round(height * (1 - 0.9 * share)) :, k * width + width // 6 : (k + 1) * width - width // 6] = 255
    return png(bars)


def _png(images: NDArray[np.uint8]) -> bytes:
    return sheet_png(images, COLUMNS, gap=2, scale=scale(images.shape[1:], SIDE))
