"""What a map is of: the codes of examples in some layer of a run, or the examples themselves; and what colours them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.activations import activations, encode_all
from latentlab.analysis.activations import layers as layers_of
from latentlab.analysis.latent.pca import PCA, Axes, class_directions, principal
from latentlab.analysis.probes.layer_curve import run_through
from latentlab.data import UNLABELLED, Batch, Dataset, Shelf, Splits
from latentlab.data.files.arrays import Values
from latentlab.device import generator
from latentlab.figures.sheets import sheet_png
from latentlab.models import Classifies, Decodes, Encodes, Model, Trains
from latentlab.runs.run import Run
from pages.components.scatter import digest, sprites
from pages.shared import cached
from pages.shared.classifier import classifier

Floats = NDArray[np.float32]

CODE, INPUT = "code", "input"  # layers that every run has, or the data themselves are
WIDE = 1_024  # units of a layer that a map looks at; of a wider one it takes so many at random
N_COMPONENTS = 10
COLUMNS = 100  # thumbnails beside each other on a sheet
LARGEST = 48  # pixels along a side of a thumbnail
MOST_PIXELS = 10_000 * 28 * 28  # of a sheet: 2.5 MB for MNIST
CHUNK = 500  # examples at once: more don't fit the cache
SEED = 1


@dataclass(frozen=True)
class Source:
    """What a map is of: n examples of a data set, in a layer of a run, or as they are.

    Attributes:
        dataset: its name.
        run: whose layer is looked at; None for the data alone.
        layer: `CODE`, `INPUT` or the name of a layer.
        n: how many examples, those of the test set first; 0 for those that are kept with the run.
        epoch: a moment of the run's training; None for its end.
    """

    dataset: str
    run: Run | None = None
    layer: str = INPUT
    n: int = 0
    epoch: int | None = None

    @property
    def key(self) -> str:
        """A name that no other source has."""
        who = f"{self.run.id} {self.run.created}" if self.run is not None else "data"
        return f"{self.dataset} {who} {self.layer} {self.n} {self.epoch}"

    def at(self, epoch: int | None) -> Source:
        """The same at another moment of the training."""
        return replace(self, epoch=epoch)


BY_KEY: dict[str | type[Any], Callable[[Any], Any]] = {Source: lambda source: source.key}


@dataclass(frozen=True)
class Space:
    """Examples with the numbers that a map lays out.

    Attributes:
        of: where they come from.
        name: an id of the numbers.
        points: an id of the examples: the same in every layer and every run.
        data: the N examples.
        n_test: so many of them, the first, are of the test set.
        z: (N, D) what is laid out: codes in units of their spread, the outputs of a layer, or the examples' numbers.
        axes: (D,) the name of each.
        n_units: the width of the layer, D if it was taken whole.
    """

    of: Source
    name: str
    points: str
    data: Dataset
    n_test: int
    z: Floats
    axes: tuple[str, ...]
    n_units: int

    @property
    def decodes(self) -> bool:
        """Whether a place of this space has an example."""
        run = self.of.run
        return run is not None and self.of.layer == CODE and issubclass(run.kind, Decodes)

    @property
    def is_image(self) -> bool:
        """Whether an example can be shown."""
        return len(self.data.shape) == 3 and self.data.x.dtype == torch.uint8


@st.cache_resource(max_entries=32, show_spinner=False, hash_funcs=cached.BY_VERSION)
def layers(run: Run) -> list[str]:
    """What of a run can be mapped: its code, its input, and the layers inside it that the examples go through."""
    own = [CODE] if issubclass(run.kind, Encodes) else []
    model = cached.model(run)
    return [*own, INPUT, *(layer.name for layer in layers_of(model, cached.examples(run).x, run_through(model)))]


@st.cache_resource(max_entries=6, show_spinner="Looking at the examples …", hash_funcs=BY_KEY)
def space(source: Source) -> Space:
    """The examples of a source and their numbers."""
    data, n_test = _examples(source)
    z: Floats
    points = digest(np.append(digest(data.x.numpy()), digest(data.y.numpy())))
    run = source.run
    if run is None or source.layer == INPUT:
        n_units = math.prod(data.shape)
        z = data.x.flatten(1)[:, torch.from_numpy(_taken(n_units))].float().numpy()
        z /= 255 if data.x.dtype == torch.uint8 else 1
    elif source.layer == CODE:
        z = encode_all(cached.encoder(run, source.epoch), data.x)
        n_units = z.shape[1]
    else:
        z, n_units = _layer(cached.model(run, source.epoch), data, source.layer)
    names = tuple(f"z{k + 1}" if source.layer == CODE else f"{k + 1}" for k in range(n_units))
    if source.layer == INPUT and source.dataset in Shelf.default():
        names = Shelf.default().card(source.dataset).features or names
    names = tuple(names[k] for k in _taken(n_units))
    return Space(source, source.key, points, data, n_test, z, names, n_units)


@st.cache_resource(max_entries=6, show_spinner=False, hash_funcs=BY_KEY)
def columns(source: Source) -> dict[str, Values]:
    """Name -> (N,): what else the user's own data say of each example of a source."""
    shelf = Shelf.default()
    if source.dataset not in shelf or (source.run is not None and not source.n):
        return {}
    opened = shelf.open(source.dataset)
    rows = np.concatenate([opened.rows.test, opened.rows.train, opened.rows.valid])[: len(space(source).data)]
    return {name: values[rows] for name, values in opened.columns.items()}


@st.cache_resource(max_entries=4, show_spinner="The judge looks at the examples …", hash_funcs=BY_KEY)
def judged(source: Source) -> NDArray[np.int64] | None:
    """(N,) the class that the run itself, else the judge of its data, gives each example; None without a judge."""
    classify = classifier(source.run) if source.run is not None else None
    if classify is None:
        return None
    found: NDArray[np.int64] = encode_all(classify, space(source).data.x).argmax(1)
    return found


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=BY_KEY)
def components(source: Source) -> PCA:
    """The principal components of a space, as many as there are dimensions, at most ten."""
    z = space(source).z
    return principal(z, min(N_COMPONENTS, z.shape[1], max(1, len(z) - 1)), SEED)


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs=BY_KEY)
def directions(source: Source) -> dict[str, Floats]:
    """Name -> (D,): the dimensions of a space, those that carry most first, then the ways towards the classes."""
    seen = space(source)
    if source.layer == CODE and source.run is not None:
        order = cached.dimensions(source.run, source.epoch).order
    else:
        order = (-seen.z.var(0)).argsort(kind="stable")[:100]
    unit = np.eye(seen.z.shape[1], dtype=np.float32)
    found = {seen.axes[k]: unit[k] for k in order.tolist()}
    ways = class_directions(seen.z, seen.data.y, len(seen.data.classes))
    return found | {f"towards {name}": way for name, way in zip(seen.data.classes, ways, strict=True) if way.any()}


@st.cache_resource(max_entries=8, show_spinner="Fitting a probe …", hash_funcs=BY_KEY)
def all_directions(source: Source) -> dict[str, Floats]:
    """Name -> (D,): `directions`, and those along which a linear probe's answer turns to each class."""
    seen = space(source)
    return directions(source) | cached.probe_ways(seen.z, seen.data.y.numpy(), seen.data.classes)


def along(source: Source, across: str, up: str) -> Axes:
    """Two directions of a space as the axes of a map: its coordinates are the code's own."""
    known, mean = all_directions(source), space(source).z.mean(0)
    return Axes(np.stack([known[across], known[up]]), np.zeros_like(mean), mean)


def send_sprites(seen: Space) -> str | None:
    """Send the thumbnails of the examples, if they are images; returns the id of their sheet."""
    if not seen.is_image:
        return None
    images = _thumbnails(seen)
    count, _, height, width = images.shape
    head = {"id": seen.points, "n": count, "columns": COLUMNS, "width": width, "height": height}
    sprites("sprites", head, _sheet(seen.points, images))
    return seen.points


def _thumbnails(seen: Space) -> NDArray[np.uint8]:
    """(M, C, h, w): the first examples, as many as a sheet may hold, made smaller where they are large."""
    images = seen.data.x.numpy()
    step = -(-max(images.shape[2:]) // LARGEST)
    small = images[:, :, ::step, ::step]
    return small[: MOST_PIXELS // (small.shape[2] * small.shape[3])]


@st.cache_resource(max_entries=4, show_spinner=False)
def _sheet(points: str, _images: NDArray[np.uint8]) -> bytes:  # noqa: ARG001
    return sheet_png(_images, COLUMNS, gap=0)


def _examples(source: Source) -> tuple[Dataset, int]:
    """The examples of a source, and how many of them, the first, are test examples."""
    if source.run is not None and (not source.n or not cached.has_data(source.run)):
        kept = cached.examples(source.run)
        return kept, len(kept)
    splits = cached.splits(source.dataset)
    return everything(splits)[: source.n], min(source.n, len(splits.test))


def everything(splits: Splits) -> Dataset:
    """All examples of a data set, those of the test set first; each once, where the splits are the same."""
    test, train, valid = splits.test, splits.train, splits.valid
    if len(test) == len(train) and test.x.equal(train.x):
        return test
    parts = (test, train, valid)
    return replace(test, x=torch.cat([p.x for p in parts]), y=torch.cat([p.y for p in parts]))


def _layer(model: Model, data: Dataset, layer: str) -> tuple[Floats, int]:
    """(N, D) of a layer's outputs, and its width; of a wide one some of its units, always the same."""
    (width,) = (math.prod(one.shape) for one in layers_of(model, data.x, run_through(model)) if one.name == layer)
    taken = torch.from_numpy(_taken(width))

    def keep(_name: str, output: Tensor) -> Tensor:
        return output.flatten(1)[:, taken]

    return activations(model, data.x, [layer], run_through(model), keep=keep)[layer], width


def _taken(width: int) -> NDArray[np.int64]:
    """Which of so many units are looked at: all, or `WIDE` of them at random, always the same."""
    return np.sort(np.random.default_rng(SEED).permutation(width)[:WIDE])


def term_names(source: Source) -> list[str]:
    """What `terms` has of a source: the loss first."""
    return ["loss", *source.run.kind.units] if source.run is not None else []


def unit(source: Source, term: str) -> str:
    """The unit of one of `term_names`; empty where it has none."""
    known = source.run.kind.units if source.run is not None else {}
    return known.get(term, "nats" if term == "loss" and "nats" in known.values() else "")


def length(source: Source) -> str:
    """The unit of a distance in a space: codes are in units of their spread."""
    return "σ" if source.layer == CODE else ""


@st.cache_resource(max_entries=6, show_spinner="Weighing the examples …", hash_funcs=BY_KEY)
def terms(source: Source) -> dict[str, Floats]:
    """Name -> (N,): the model's loss and its terms for each example of a source, in their units.

    They are NaN for an example without a label that a classifier can't weigh.
    """
    if source.run is None:
        return {}
    data = space(source).data
    model, rng, rows = cached.model(source.run, source.epoch), generator(SEED), torch.arange(len(data))
    if isinstance(model, Classifies) and not isinstance(model, Encodes):
        rows = rows[data.y != UNLABELLED]
    if not isinstance(model, Trains):
        return {}
    parts = []
    with torch.no_grad():
        for index in rows.split(CHUNK):
            loss = next(iter(model.losses(Batch(*data.batch(index)), rng)))
            parts.append(torch.stack([loss.value, *loss.terms.values()]))
    names = term_names(source)
    columns = np.full((len(names), len(data)), np.nan, np.float32)
    if parts:
        columns[:, rows.numpy()] = torch.cat(parts, 1).numpy()
    return dict(zip(names, columns, strict=True))
