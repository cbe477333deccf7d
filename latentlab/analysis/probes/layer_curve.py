"""What can be decoded from every layer of a model: a probe at each, for several seeds, as a curve against depth."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab.analysis.activations import NetworkLayer, layers
from latentlab.analysis.arrays import Floats, Labels
from latentlab.analysis.classification.confusion import confusion
from latentlab.analysis.probes.control_task import control_task, controlled
from latentlab.analysis.probes.features import INPUT, Features, How, Reduction, read_features
from latentlab.analysis.probes.linear_probe import Probe, linear_probe
from latentlab.models import Classifies, Decodes, Denoises, Discriminates, Encodes, InfersLatents, LatentLayer

LATENT = "latent"
ASIDE = "latent variable"  # the kind of a position that is no step on the way of the examples through the network
WITHIN = "the rise is within the bands"  # what may explain a layer that seems to know less than the one before
Measure = Literal["error", "cross-entropy", "top 3"]
Split = Literal["test", "valid", "train"]


@dataclass(frozen=True, eq=False)
class Reading:
    """The probes of one layer.

    Attributes:
        layer: which one; the input and the code of an example count as layers.
        probes: one for each seed.
        how: "all", or how its features were reduced.
        said: (n_test, K) log-probabilities of the first probe on the test examples, as many as the curve has.
    """

    layer: NetworkLayer
    probes: tuple[Probe, ...]
    how: str
    said: Floats

    def values(self, measure: Measure = "error", split: Split = "test") -> NDArray[np.float64]:
        """(n_seeds,) a number of each probe on a split, or on the one that says most where it has none."""
        scores = [getattr(probe, split) or probe.score for probe in self.probes]
        name = {"error": "error", "cross-entropy": "cross_entropy", "top 3": "top"}[measure]
        return np.array([getattr(score, name) for score in scores])

    def confusion(self, y: Labels, n_classes: int) -> Labels:
        """(K, K) how often the first probe takes class i (row) for j, of the test examples with (n_test,) a label."""
        return confusion(self.said.argmax(1), y, n_classes)


@dataclass(frozen=True, eq=False)
class Curve:
    """Readings from the input on, in the order in which the layers run.

    Attributes:
        readings: of each layer.
        y_test: (n_test,) the labels of the test examples; empty where only the numbers were stored.
        sizes: how many examples the probes were fitted to, chose their penalty on, and are tested on.
    """

    readings: tuple[Reading, ...]
    y_test: Labels
    sizes: tuple[int, int, int]

    def means(self, measure: Measure = "error", split: Split = "test") -> NDArray[np.float64]:
        """(n_layers,) over the seeds."""
        return np.array([reading.values(measure, split).mean() for reading in self.readings])

    def half_bands(self, measure: Measure = "error", split: Split = "test") -> NDArray[np.float64]:
        """(n_layers,) half of a 95 % band: twice the deviation between seeds, with the test's own error in it."""
        found = []
        for reading in self.readings:
            values = reading.values(measure, split)
            within = float(np.mean([p.score.std_error for p in reading.probes])) if measure != "cross-entropy" else 0.0
            between = float(values.std(ddof=1)) if len(values) > 1 else 0.0
            found.append(2 * float(np.hypot(within, between)))
        return np.array(found)

    def kinks(self, measure: Measure = "error", split: Split = "test") -> dict[int, str]:
        """The layers with a higher error than the one before, by index, with an explanation."""
        means, bands = self.means(measure, split), self.half_bands(measure, split)
        found = {}
        for k in np.flatnonzero(np.diff(means) > 0) + 1:
            if self.readings[k].layer.kind == ASIDE:
                continue  # it isn't computed from the one before
            layer, rise, reading = self.readings[k].layer, means[k] - means[k - 1], self.readings[k]
            why = []
            if layer.affine:
                why.append("a linear map can't lower the optimal training loss")
            if reading.probes[0].kept < reading.probes[0].total:
                why.append(f"only {reading.probes[0].kept:,} of {reading.probes[0].total:,} features were kept")
            if rise < float(np.hypot(bands[k], bands[k - 1])):
                why.append(WITHIN)
            found[int(k)] = "; ".join(why) or "no explanation found"
        return found


def run_through(model: nn.Module) -> Callable[[Tensor], object]:
    """A function that runs what of a model is given examples, one way through it: of a game that encodes, not D.

    Raises:
        ValueError: nothing of it is given examples, so there is no way to run it.
    """
    if isinstance(model, Classifies):
        return model.classify
    if isinstance(model, Encodes) and isinstance(model, Decodes):
        return lambda x: model.decode(model.encode(x))
    if isinstance(model, Encodes):
        return model.encode
    if isinstance(model, Denoises):
        return model.denoise
    if isinstance(model, Discriminates):
        return model.logits
    raise ValueError("A model that neither classifies, encodes, denoises nor discriminates can't be probed.")


def probe_positions(model: nn.Module, x: Tensor | NDArray[np.generic]) -> tuple[NetworkLayer, ...]:
    """Where a probe can be put: the input, the layers in the order in which they run, among them the code, and at the
    end what other latent variables the model infers.
    """
    image = torch.as_tensor(x[:1])
    found = [NetworkLayer(INPUT, "input", tuple(image.shape[1:]), False), *layers(model, image, run_through(model))]
    if isinstance(model, Encodes):
        inside = {layer.name for layer in layers(model, image, model.encode)}
        last = max((k for k, layer in enumerate(found) if layer.name in inside), default=0)
        found.insert(last + 1, NetworkLayer(LATENT, "code", (model.z_dim,), False))
    return (*found, *(NetworkLayer(one.name, ASIDE, (one.dim,), False) for one in aside(model)))


def probe_curve(
    model: nn.Module,
    x: Tensor,
    y: Labels,
    sizes: tuple[int, int, int],
    *,
    n_classes: int,
    n_seeds: int = 1,
    how: How = "subset",
    limit: int = 256,
    control: bool = False,
    only: str = "",
) -> Curve:
    """A probe at each position of a model, for several seeds.

    A seed decides which features of a wide layer are kept and which examples of the first two splits are fitted to; the
    penalty is chosen once for each layer, with the first seed.

    Args:
        model: in evaluation mode; only read.
        x: (N, *shape), examples for the fit first, then those that choose, then the test's.
        y: (N,) labels.
        sizes: of the three splits.
        n_classes: K.
        n_seeds: how often.
        how: as in `Reduction`.
        limit: features kept of a layer.
        control: also fit a control task, and random labels to know what is memorised, with the first seed.
        only: the name of a layer, to probe that one alone; all if empty.

    Raises:
        ValueError: as `read_features` and `linear_probe`.
    """
    places = [place for place in probe_positions(model, x) if only in ("", place.name)]
    n_fit, n_choose, n_test = sizes
    pool, test = n_fit + n_choose, slice(n_fit + n_choose, n_fit + n_choose + n_test)
    probes: dict[str, list[Probe]] = {place.name: [] for place in places}
    said: dict[str, Floats] = {}
    kinds: dict[str, str] = {}
    for seed in range(n_seeds):
        order = np.arange(pool) if seed == 0 else np.random.default_rng(seed).permutation(pool)
        fit, choose = order[:n_fit], order[n_fit:]
        features = features_of(model, x, places, Reduction(how, limit, seed))
        task = control_task(x, y, n_fit) if control and seed == 0 else None
        for name, found in features.items():
            h, first = found.values, probes[name][0] if seed else None
            probe = linear_probe(
                h[fit],
                y[fit],
                valid=(h[choose], y[choose]),
                test=(h[test], y[test]),
                l2=first.l2 if first else None,
                n_classes=n_classes,
                memorise=control and seed == 0,
                seed=seed,
            )
            if task is not None:
                probe = controlled(probe, (h[fit], task[fit]), (h[test], task[test]), n_classes)
            probes[name].append(dataclasses.replace(probe, layer=name, total=found.total))
            if seed == 0:
                said[name], kinds[name] = probe.log_probs(h[test]), found.how
    readings = [Reading(place, tuple(probes[place.name]), kinds[place.name], said[place.name]) for place in places]
    return Curve(tuple(readings), y[test], sizes)


def hardest(said: Floats, y: Labels, n: int) -> Labels:
    """The n examples to whose class a probe gives the lowest probability, lowest first."""
    own = np.where(y >= 0, said[np.arange(len(y)), np.maximum(y, 0)], np.inf)
    return np.argsort(own, kind="stable")[: min(n, int((y >= 0).sum()))]


def features_of(
    model: nn.Module, x: Tensor, places: Sequence[NetworkLayer], reduction: Reduction
) -> Mapping[str, Features]:
    """Place -> what a model gives there for (N, *shape) examples; raises as `read_features`."""
    also: dict[str, Callable[[Tensor], Tensor]] = {LATENT: model.encode} if isinstance(model, Encodes) else {}
    also |= {one.name: _inferred(model, one.name) for one in aside(model)}
    names = [place.name for place in places if place.name != INPUT and place.name not in also]
    found = read_features(model, x, names, reduction, forward=run_through(model), also=also)
    return {place.name: found[place.name] for place in places}


def aside(model: nn.Module) -> tuple[LatentLayer, ...]:
    """The latent variables that a model infers, without the one that is its code."""
    if not isinstance(model, InfersLatents):
        return ()
    return model.layers[1:] if isinstance(model, Encodes) else model.layers


def _inferred(model: nn.Module, name: str) -> Callable[[Tensor], Tensor]:
    """The mean of a latent variable, of examples."""
    assert isinstance(model, InfersLatents)
    return lambda x: model.infer(x)[name].mean
