"""What a map is of: the codes of examples in some layer of a run, or the examples themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from latentlab.analysis.activations import encode_all
from latentlab.analysis.activations import layers as layers_of
from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.analysis.maps.units import Units, of_codes, of_examples, of_layer
from latentlab.analysis.neighbours import METRICS, as_distance, comparable
from latentlab.analysis.probes.layer_curve import aside, run_through
from latentlab.data import Dataset
from latentlab.models import Decodes, Encodes, InfersLatents
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.mapped_examples import MappedExamples, of_data, saved_with
from pages.shared.remember import remember

Floats = NDArray[np.float32]

EUCLIDEAN = METRICS[0]
STANDARDISED = "standardised"  # Euclidean distance of numbers in units of their standard deviations
MOSTLY = 0.9  # of the variance: a number that has so much of it hides the others
DISTANCES = (*METRICS, STANDARDISED)
CODE, INPUT = "code", "input"  # layers that every run has, or the data themselves are


@dataclass(frozen=True)
class Source:
    """What a map is of: n examples of a data set, in a layer of a run, or as they are.

    Attributes:
        dataset: its name.
        run: whose layer is looked at; None for the data alone.
        layer: `CODE`, `INPUT`, the name of a latent variable, or that of a layer of the network.
        n: how many examples, those of the test set first; 0 for those that are saved with the run.
        epoch: of a snapshot; None for the end of training.
        metric: one of `DISTANCES`, in which examples are near or far.
    """

    dataset: str
    run: Subject | None = None
    layer: str = INPUT
    n: int = 0
    epoch: int | None = None
    metric: str = EUCLIDEAN

    @property
    def key(self) -> str:
        """A name of its examples and their numbers, whatever the metric."""
        who = f"{self.run.key}" if self.run is not None else "data"
        return f"{self.dataset} {who} {self.layer} {self.n} {self.epoch}"

    @property
    def unit(self) -> str:
        """The unit of a distance: codes are in units of their standard deviation, an angle has none."""
        return "σ" if self.layer == CODE and self.metric == EUCLIDEAN else ""

    def at(self, epoch: int | None) -> Source:
        """The same at another snapshot."""
        return replace(self, epoch=epoch)


@dataclass(frozen=True)
class Space:
    """Examples with the numbers that a map lays out.

    Attributes:
        of: where they come from.
        name: an id of the numbers.
        examples: the N examples, the same in every layer and every run.
        z: (N, D) what is laid out: codes in units of their standard deviation, the outputs of a layer, or the
            examples' numbers as they were given.
        axes: (D,) the name of each.
        n_units: the width of the layer, D if it was taken whole.
    """

    of: Source
    name: str
    examples: MappedExamples
    z: Floats
    axes: tuple[str, ...]
    n_units: int

    @property
    def key(self) -> str:
        """What a cache knows it by."""
        return self.name

    @property
    def points(self) -> str:
        """An id of the examples."""
        return self.examples.key

    @property
    def data(self) -> Dataset:
        """The examples as models take them."""
        return self.examples.data

    @property
    def decodes(self) -> bool:
        """Whether a place of this space has an example."""
        run = self.of.run
        return run is not None and self.of.layer == CODE and run.has(Decodes)

    @property
    def is_image(self) -> bool:
        """Whether an example can be shown."""
        return len(self.data.shape) == 3 and self.data.x.dtype == torch.uint8


@remember(32)
def layers(run: Subject) -> list[str]:
    """What of a run can be mapped: its code, other latent variables, its input, and the layers of its network."""
    own = [CODE] if run.has(Encodes) else []
    model = cached.model(run)
    return [
        *own,
        *latents(run),
        INPUT,
        *(layer.name for layer in layers_of(model, cached.examples(run).x, run_through(model))),
    ]


@remember(32)
def latents(run: Subject) -> tuple[str, ...]:
    """The names of the latent variables of a run, without the one that is its code."""
    return tuple(layer.name for layer in aside(cached.model(run)))


def load_space(source: Source) -> Space:
    """The examples of a source and their numbers."""
    space = _loaded(source)
    return space if space.of == source else replace(space, of=source, name=f"{source.key} {source.metric}")


def usual_metric(source: Source) -> str:
    """The metric of a source unless a visitor chooses another.

    Of a table, whose columns have names and units of their own, it is standardised where one column hides the others.
    """
    if source.layer != INPUT:
        return EUCLIDEAN
    space = load_space(source)
    is_table = len(space.data.shape) == 1 and bool(space.data.names)
    return STANDARDISED if is_table and dominant(space) is not None else EUCLIDEAN


@remember(8)
def dominant(space: Space) -> tuple[str, float] | None:
    """The number that has nearly all of the variance of a space, and its share; None where none has."""
    variance = space.z.var(0, dtype=np.float64)
    share = variance / (variance.sum() or 1)
    k = int(share.argmax())
    return (space.axes[k], float(share[k])) if len(share) > 1 and share[k] > MOSTLY else None


@remember(2)
def compared(space: Space) -> Floats:
    """(N, D or D + 1) the numbers of a space, so that Euclidean distances between them mean those in its metric."""
    return as_compared(space, space.z)


def with_metric(space: Space) -> tuple[Floats, str]:
    """The codes of a space, and the metric of `METRICS` in which they are to be compared."""
    standardised = space.of.metric == STANDARDISED
    return (compared(space), EUCLIDEAN) if standardised else (space.z, space.of.metric)


def as_compared(space: Space, codes: Floats) -> Floats:
    """Codes (M, D) of a space, so that Euclidean distances mean those in its metric."""
    if space.of.metric != STANDARDISED:
        return comparable(codes, space.of.metric)
    std = space.z.std(0)
    return np.asarray(codes / np.where(std > 0, std, 1), np.float32)


def distances(space: Space, example: int) -> Floats:
    """(N,) how far each example is from one of them, in the metric of the space."""
    z = compared(space)
    return as_distance(np.linalg.norm(z - z[example], axis=1), space.of.metric)


@remember(6, "Computing the layer's outputs …", on=lambda source: source.run is None or cached.has_data(source.run))
def _loaded(source: Source) -> Space:
    examples = examples_of(source)
    units = _units(source, examples)
    code, known = _code(source), examples.number_names if source.layer == INPUT else ()
    names = tuple(known[k] if known else dimension_name(k, code) for k in units.ids.tolist())
    return Space(source, f"{source.key} {source.metric}", examples, units.z, names, units.n_units)


def examples_of(source: Source) -> MappedExamples:
    """The examples of a source."""
    if source.run is not None and (not source.n or not cached.has_data(source.run)):
        return saved_with(source.run)
    return of_data(source.dataset, source.n)


def _code(source: Source) -> str:
    """What the number of a dimension follows: z of a code, a latent variable's name, else nothing."""
    if source.layer == CODE:
        return "z"
    return source.layer if source.run is not None and source.layer in latents(source.run) else ""


def _units(source: Source, examples: MappedExamples) -> Units:
    data = examples.data
    if source.run is None or source.layer == INPUT:
        return of_examples(replace(data, x=examples.own))
    if source.layer == CODE:
        return of_codes(encode_all(cached.encoder(source.run, source.epoch), data.x))
    model = cached.model(source.run, source.epoch)
    if isinstance(model, InfersLatents) and source.layer in latents(source.run):
        return of_codes(encode_all(lambda x: model.infer(x)[source.layer].mean, data.x))
    return of_layer(model, data.x, source.layer, run_through(model))
