"""What a map is of: the codes of a run's examples, with what can colour them, and how to decode a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.directions import PCA, pca
from latentlab.data import UNLABELLED, Batch, Dataset, is_local, load
from latentlab.device import generator
from latentlab.figures.sheets import sheet_png
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.components.scatter import sprites
from pages.ui.diagnosis import classifier

CHUNK = 1_000
BATCH = 100  # examples that the judge looks at together: more don't fit the cache
COLUMNS = 100  # thumbnails beside each other on a sheet
SEED = 1


@dataclass(frozen=True)
class Space:
    """The codes of some examples.

    Attributes:
        name: an id that changes with the run and the examples.
        data: the N examples.
        z: (N, z_dim) their codes, in units of their spread.
        terms: name -> (N,), the model's loss and its terms for each example, in their units.
    """

    name: str
    data: Dataset
    z: NDArray[np.float32]
    terms: dict[str, NDArray[np.float32]]


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=cache.BY_VERSION)
def space(run: Run, n: int) -> Space:
    """The first n test examples (else those kept with the run), encoded and weighed."""
    data = load(run.dataset).test[:n] if n and is_local(run.dataset) else cache.examples(run)
    model, encode = cache.model(run), cache.encoder(run)
    rng, terms, z = generator(SEED), [], []
    with torch.no_grad():
        for index in torch.arange(len(data)).split(CHUNK):
            batch = Batch(*data.batch(index))
            z.append(encode(batch.x))
            (loss,) = model.losses(batch, rng)
            terms.append(torch.stack([loss.value, *loss.terms.values()]))
    names = ["loss", *model.units]
    columns = torch.cat(terms, 1).numpy()
    return Space(
        f"{run.id} {run.created} {len(data)}",
        data,
        torch.cat(z).numpy(),
        dict(zip(names, columns, strict=True)),
    )


@st.cache_resource(max_entries=4, show_spinner="The judge looks at the examples …", hash_funcs=cache.BY_VERSION)
def judged(run: Run, n: int) -> NDArray[np.int64]:
    """(N,) the class that the judge gives each example; all UNLABELLED where there is no judge."""
    classify, data = classifier(run), space(run, n).data
    if classify is None:
        return np.full(len(data), UNLABELLED)
    parts = [classify(data.batch(index).x).argmax(1) for index in torch.arange(len(data)).split(BATCH)]
    return torch.cat(parts).numpy()


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=cache.BY_VERSION)
def principal(run: Run, n: int) -> PCA:
    """The principal components of the codes, as many as there are dimensions, at most ten."""
    z = space(run, n).z
    return pca(z, min(10, z.shape[1]))


@st.cache_resource(max_entries=4, show_spinner=False, hash_funcs=cache.BY_VERSION)
def _sheet(run: Run, n: int) -> bytes:
    return sheet_png(space(run, n).data.x.numpy(), COLUMNS, gap=0)


def send_sprites(run: Run, n: int) -> str | None:
    """Send the thumbnails of the examples, if they are images; returns the id of their sheet."""
    seen = space(run, n)
    if len(run.shape) != 3 or seen.data.x.dtype != torch.uint8:
        return None
    _, height, width = run.shape
    head = {"id": seen.name, "n": len(seen.data), "columns": COLUMNS, "width": width, "height": height}
    sprites(f"sprites-{run.id}-{n}", head, _sheet(run, n))
    return seen.name
