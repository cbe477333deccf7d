"""What a run's generator and discriminator are at a snapshot, and over the training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.adversarial.best_discriminator import value as game_value
from latentlab.analysis.adversarial.modes import ModeCoverage, mode_coverage
from latentlab.analysis.adversarial.on_a_line import Function, OnALine, on_a_line
from latentlab.analysis.arrays import Doubles, Floats, Labels, doubles, floats
from latentlab.analysis.box import Box, around
from latentlab.data import DENSITIES
from latentlab.models import Decodes, Discriminates, HasPrior, Model, category_of
from latentlab.subjects import StoredRun, Subject
from pages.shared import cached
from pages.shared.remember import remember

Arrows = tuple[Doubles, Doubles]  # codes, and where they lead
SEED = 0
ON_A_LINE = 50_000  # samples of whose density a line is drawn
IN_THE_PLANE = 2_000  # samples in the plane
ARROWS = 41
COLUMNS, SHOWN = 10, 60  # of a sheet, and its samples
PLACES = 80  # along a side of the plane
END = "end"  # of the training, among its snapshots


@dataclass(frozen=True, eq=False)
class InThePlane:
    """Samples, and what the discriminator says of the places around.

    Attributes:
        samples: (M, 2).
        categories: (M,) of their codes; None where the code has none.
        certainty: (n, n) D, row by row from the lowest.
        box: where.
        modes: that the samples reach; None where the density of the data isn't known.
        value: V, in nats.
    """

    samples: Floats
    categories: Labels | None
    certainty: Floats
    box: Box
    modes: ModeCoverage | None
    value: float


def snapshots(run: Subject) -> Mapping[str, int | None]:
    """Name -> epoch of what can be looked at, the end of the training last."""
    return {str(epoch): epoch for epoch in run.snapshots} | {END: None}


def epochs_of(run: Subject) -> list[float]:
    """Of each of the `snapshots`: the end is the last epoch that was trained."""
    rows = history(run)
    last = float(rows[-1].get("epoch", 0)) if rows else float(max(run.snapshots, default=0) + 1)
    return [last if epoch is None else float(epoch) for epoch in snapshots(run).values()]


def game_of(run: Subject, epoch: int | None) -> Discriminates:
    """The run's model at a snapshot."""
    model = cached.model(run, epoch)
    if not isinstance(model, Discriminates):
        raise TypeError(f"{run.title} has no discriminator.")
    return model


@remember(64)
def line(run: Subject, epoch: int | None) -> OnALine:
    """The game on a line."""
    return line_of(game_of(run, epoch), cached.examples(run).batch().x, run.dataset)


@remember(64)
def arrows(run: Subject, epoch: int | None) -> Arrows | None:
    """Codes at even shares of the prior, and the samples they become; None where a code has several dimensions."""
    return arrows_of(game_of(run, epoch))


def line_of(model: Discriminates, examples: Tensor, dataset: str) -> OnALine:
    """The game of a model on a line, with (N, 1) examples of a data set."""
    density = DENSITIES.get(dataset)
    with torch.no_grad():
        samples = floats(model.sample(ON_A_LINE, device.generator(SEED)))[:, 0]

        def logits(places: Doubles) -> Doubles:
            return doubles(model.logits(torch.from_numpy(places.astype(np.float32))[:, None]))

        def blurred(width: float) -> Function:
            known = DENSITIES[dataset].blurred(width)
            return lambda places: doubles(known.log_prob(torch.from_numpy(places)[:, None]).exp())

        return on_a_line(floats(examples)[:, 0], samples, logits, blurred if density is not None else None)


def arrows_of(model: Discriminates) -> Arrows | None:
    """As `arrows`, of a model."""
    if not (isinstance(model, HasPrior) and isinstance(model, Decodes)) or model.z_dim != 1:
        return None
    codes = doubles(model.prior.sample(ON_A_LINE, device.generator(SEED)))[:, 0]
    z = np.quantile(codes, (np.arange(ARROWS) + 0.5) / ARROWS)
    with torch.no_grad():
        return z, doubles(model.decode(torch.from_numpy(z.astype(np.float32))[:, None]))[:, 0]


@remember(64)
def in_the_plane(run: Subject, epoch: int | None) -> InThePlane:
    """The game in the plane."""
    return plane_of(game_of(run, epoch), cached.examples(run).batch().x, run.dataset)


def plane_of(model: Discriminates, examples: Tensor, dataset: str) -> InThePlane:
    """The game of a model in the plane, with (N, 2) examples of a data set."""
    box = around(examples, 0.15)
    x, y = (torch.linspace(*ends, PLACES) for ends in (box.x, box.y))
    places = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).reshape(-1, 2)
    with torch.no_grad():
        x_samples, categories = drawn(model, IN_THE_PLANE)
        certainty = floats(model.logits(places).sigmoid()).reshape(PLACES, PLACES)
        worth = game_value(doubles(model.logits(examples)), doubles(model.logits(x_samples)))
    samples = floats(x_samples)
    return InThePlane(samples, categories, certainty, box, modes_of(dataset, samples), worth)


@remember(64)
def value(run: Subject, epoch: int | None) -> float:
    """V over the saved test examples and as many samples, in nats."""
    model, x = game_of(run, epoch), cached.examples(run).batch().x
    with torch.no_grad():
        samples = model.sample(len(x), device.generator(SEED))
        return game_value(doubles(model.logits(x)), doubles(model.logits(samples)))


@remember(32)
def samples_of(run: Subject, epoch: int | None) -> tuple[Floats, Labels | None]:
    """`SHOWN` samples, and the categories of their codes: then as many of each, in their order, with the same noise."""
    model = game_of(run, epoch)
    place = category(model)
    with torch.no_grad():
        if place is None or not (isinstance(model, HasPrior) and isinstance(model, Decodes)):
            return floats(model.sample(SHOWN, device.generator(SEED))), None
        k = place.stop - place.start
        code = model.prior.sample(COLUMNS, device.generator(SEED)).repeat(k, 1)
        categories = torch.arange(k).repeat_interleave(COLUMNS)
        code[:, place] = torch.nn.functional.one_hot(categories, k).float()
        return floats(model.decode(code)), categories.numpy()


def drawn(model: Discriminates, n: int) -> tuple[Tensor, Labels | None]:
    """(n, *shape) samples, and the categories of their codes, if those have one."""
    place = category(model)
    if place is None or not (isinstance(model, HasPrior) and isinstance(model, Decodes)):
        return model.sample(n, device.generator(SEED)), None
    code = model.prior.sample(n, device.generator(SEED))
    return model.decode(code), code[:, place].argmax(1).numpy()


def category(model: Model) -> slice | None:
    """The dimensions of the code that are a category."""
    return category_of(model.prior) if isinstance(model, HasPrior) else None


def modes_of(dataset: str, samples: Floats) -> ModeCoverage | None:
    """The modes that samples reach, where the data are drawn from as many Gaussians as they have classes."""
    density = DENSITIES.get(dataset)
    if density is None or len(density.classes) != len(density.means) or len(density.classes) == 1:
        return None
    return mode_coverage(samples, *(doubles(t) for t in (density.means, density.stds, density.log_weights.exp())))


def history(run: Subject) -> Sequence[Mapping[str, float]]:
    """What the training reported; nothing where that isn't known."""
    return run.store.history(run.id) if isinstance(run, StoredRun) else ()


def course(run: Subject, term: str) -> tuple[Doubles, Doubles]:
    """The epochs at which a term was measured on held-out examples, and its values."""
    name = f"valid_{term}"
    found = [(row["epoch"], row[name]) for row in history(run) if name in row]
    both = np.array(found, np.float64).reshape(-1, 2)
    return both[:, 0], both[:, 1]
