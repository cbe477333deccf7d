"""What the pages cache in memory: frozen models and read-only arrays, by run id and version, limited in number."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.latent.axes import class_directions
from latentlab.analysis.latent.bottleneck import (
    Bottleneck,
    bottleneck,
    decoded_bottleneck,
    deterministic_bottleneck,
    layer_bottleneck,
)
from latentlab.analysis.latent.code_kinds import CodeKinds, code_kinds
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.latent.support import Encode
from latentlab.analysis.latent.traversal import (
    Decode,
    ManifoldGrid,
    Spacing,
    Traversal,
    half_width,
    manifold_grid,
    plane,
    reach,
    traverse,
)
from latentlab.analysis.preview import Preview, preview
from latentlab.analysis.probes.linear_probe import probe_directions
from latentlab.data import DataError, Dataset, Kind, Library, Splits, is_local, load
from latentlab.data.files.read import Opened
from latentlab.data.library.scaling import Scale
from latentlab.device import generator
from latentlab.export.decoder import ProgramError, unroll
from latentlab.export.program import Program
from latentlab.models import CodeKind, Decodes, Encodes, HasPosterior, HasPrior, Model, OneLayer, code_parts
from latentlab.serialization import RunError
from latentlab.subjects import Subject
from pages.shared.remember import remember
from pages.shared.text import plain

Code = tuple[float, ...]
Floats = NDArray[np.float32]

N_COMPONENTS = 4
N_PROBED = 2_000  # examples that a probe's directions come from
N_DRAWS = 10_000  # of a prior, where nothing is encoded
LAYER_DRAWS = 10  # of all layers for each example, for what those of a hierarchy carry
N_NEAR = 10  # neighbours that say how near a place is to examples


def model(run: Subject, epoch: int | None = None) -> Model:
    """The model of a run, frozen: trained, or a snapshot. One that can't be read ends the page with a sentence."""
    try:
        return _model(run, epoch)
    except RunError as error:
        st.error(f"“{plain(run.title)}” can't be opened: {plain(str(error))}", icon=":material/error:")
        st.stop()


def examples(run: Subject) -> Dataset:
    """The test examples saved with a run. One that can't be read ends the page with a sentence."""
    try:
        return _examples(run)
    except RunError as error:
        st.error(f"“{plain(run.title)}” can't be opened: {plain(str(error))}", icon=":material/error:")
        st.stop()


def splits(dataset: str) -> Splits:
    """A data set. One that can't be read ends the page with a sentence."""
    try:
        return load(dataset)
    except DataError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.stop()


def own_data(name: str) -> tuple[Opened, Scale | None, str]:
    """The user's own data as they were opened, how models see their numbers, and a fingerprint of all that they hold.

    Data that can't be read end the page with a sentence.
    """
    try:
        return _own_data(name, Library.default().card(name).fingerprint)
    except DataError as error:
        st.error(plain(str(error)), icon=":material/error:")
        st.stop()


def has_data(run: Subject) -> bool:
    """Whether the data that a run was trained on are on this machine, and not others of their name."""
    library = Library.default()
    if run.dataset not in library:
        return is_local(run.dataset)
    if not run.takes_scaled and run.spec.kind is not Kind.IMAGE:
        return False
    try:
        card = library.card(run.dataset)
    except DataError:
        return False
    return (card.shape, card.classes) == (run.shape, run.classes)


def n_near(run: Subject) -> int:
    """How many neighbours are used among the run's examples, at most `N_NEAR`."""
    return min(N_NEAR, len(examples(run)))


def decoder(run: Subject, gradients: bool = False, epoch: int | None = None) -> Decode:
    """The decoder of a run's model, of codes in units of their standard deviation (0 ± 1 for a VAE's prior)."""
    trained, where = model(run, epoch), dimensions(run, epoch)
    center, scale = torch.from_numpy(where.center), torch.from_numpy(where.scale)
    if not isinstance(trained, Decodes):
        raise TypeError(f"{run.title} doesn't decode.")

    def decode(z: Tensor) -> Tensor:
        with torch.set_grad_enabled(gradients):
            return trained.decode(center + scale * z)

    return decode


def encoder(run: Subject, epoch: int | None = None) -> Encode:
    """The encoder of a run's model, without gradients, to codes in units of their standard deviation: what `decoder`
    takes.
    """
    trained, where = model(run, epoch), dimensions(run, epoch)
    center, scale = torch.from_numpy(where.center), torch.from_numpy(where.scale)
    if not isinstance(trained, Encodes):
        raise TypeError(f"{run.title} doesn't encode.")

    def encode(x: Tensor) -> Tensor:
        with torch.no_grad():
            return (trained.encode(x) - center) / scale

    return encode


@remember(2)
def _own_data(name: str, fingerprint: str) -> tuple[Opened, Scale | None, str]:
    return *Library.default().open_with_scale(name), fingerprint


@remember(32)
def standard_codes(run: Subject) -> Tensor:
    """(N, z_dim) of the run's test examples, in units of their standard deviation; draws of the prior where nothing
    encodes.
    """
    if run.has(Encodes):
        return encoder(run)(examples(run).batch().x)
    where, draws = dimensions(run), _prior_draws(model(run), len(examples(run)))
    return (draws - torch.from_numpy(where.center)) / torch.from_numpy(where.scale)


@remember(8)
def _model(run: Subject, epoch: int | None = None) -> Model:
    return run.model(epoch)


@remember(8)
def _examples(run: Subject) -> Dataset:
    return run.examples()


@remember(32)
def dimensions(run: Subject, epoch: int | None = None) -> Bottleneck:
    """What each dimension carries, over the run's test examples; of a model that doesn't encode over its prior."""
    trained, x = model(run, epoch), examples(run).batch().x
    with torch.no_grad():
        if isinstance(trained, OneLayer):
            rng = generator(0)
            return layer_bottleneck(torch.cat([trained.unit_kl(x, rng) for _ in range(LAYER_DRAWS)]))
        if isinstance(trained, HasPosterior):
            return bottleneck(*trained.posterior(x))
        if isinstance(trained, Encodes) and not _is_of_several_kinds(trained):
            return deterministic_bottleneck(trained.encode(x))
        codes = _prior_draws(trained, N_DRAWS)
        if not isinstance(trained, Decodes):
            return deterministic_bottleneck(codes)
        return decoded_bottleneck(codes, trained.decode, _drawn_together(trained))


def _drawn_together(trained: Decodes) -> list[list[int]]:
    """The dimensions of a code by what is drawn at once: those of a category, and each other one alone."""
    parts = code_parts(trained.prior) if isinstance(trained, HasPrior) else ()
    groups, start = list[list[int]](), 0
    for kind, dim in parts or [(CodeKind.NORMAL, trained.z_dim)]:
        axes = list(range(start, start + dim))
        groups += [axes] if kind is CodeKind.CATEGORY else [[axis] for axis in axes]
        start += dim
    return groups


def _is_of_several_kinds(trained: Model) -> bool:
    """Whether its prior has several parts: then they are the units, as an encoder need not say all of them."""
    return isinstance(trained, HasPrior) and bool(code_parts(trained.prior))


def _prior_draws(trained: Model, n: int) -> Tensor:
    """(n, z_dim): draws from the prior of a model that has one."""
    if not isinstance(trained, HasPrior):
        raise TypeError(f"{trained.name} has neither an encoder nor a prior.")
    return trained.prior.sample(n, generator(0))


@remember(8)
def program(run: Subject) -> Program | str:
    """The run's decoder as steps for the browser, or the reason why it must be run here."""
    trained, where = model(run), dimensions(run)
    if not isinstance(trained, Decodes):
        raise TypeError(f"{run.title} doesn't decode.")
    try:
        return unroll(trained.decode, trained, trained.z_dim, where.center, where.scale)
    except ProgramError as error:
        return str(error)


@remember(32)
def extra_directions(run: Subject) -> dict[str, Floats]:
    """Name -> (z_dim,): components, the way towards each class, a probe's directions; none where all is one plane."""
    d, tested = len(dimensions(run).order), examples(run)
    if d < 3:
        return {}
    found = {f"PC{k + 1}": row for k, row in enumerate(pca(standard_codes(run), min(d, N_COMPONENTS)).components)}
    ways = class_directions(standard_codes(run), tested.y, len(run.classes))
    found |= {f"towards {name}": way for name, way in zip(run.classes, ways, strict=True) if way.any()}
    return found | probe_directions_by_class(standard_codes(run).numpy(), tested.y.numpy(), run.classes)


def probe_directions_by_class(
    z: NDArray[np.float32], y: NDArray[np.int64], classes: tuple[str, ...]
) -> dict[str, Floats]:
    """Name -> (D,): the direction along which a linear probe's answer turns to each class; none where it can't be."""
    try:
        ways = probe_directions(z[:N_PROBED], y[:N_PROBED], len(classes))
    except ValueError:  # fewer than two classes
        return {}
    return {f"probe {name}": way for name, way in zip(classes, ways, strict=True) if way.any()}


def directions(run: Subject, axes: tuple[int, int]) -> Tensor:
    """(2, z_dim): the directions of a plane, by their places in the list of dimensions and extra directions."""
    rows = [torch.eye(len(dimensions(run).order)), *(torch.from_numpy(v)[None] for v in extra_directions(run).values())]
    return torch.cat(rows)[list(axes)]


@remember(32)
def farthest(run: Subject) -> float:
    """How far from 0 a dimension can be moved: as far as any example's code, and no less than 3."""
    return max(reach(standard_codes(run)), kinds(run).farthest)


@remember(32)
def kinds(run: Subject) -> CodeKinds:
    """Which dimensions are those of a category, and which are uniform."""
    trained, where = model(run), dimensions(run)
    parts = code_parts(trained.prior) if isinstance(trained, HasPrior) else ()
    return code_kinds(parts, where.center, where.scale)


@remember(128)
def width(run: Subject, axes: tuple[int, int]) -> float:
    """Half the side of the plane of two directions: what most codes need, and no less than 3."""
    return half_width(standard_codes(run) @ directions(run, axes).T)


@remember(32)
def grid(run: Subject, n: int, spacing: Spacing, code: Code, axes: tuple[int, int]) -> ManifoldGrid:
    """The plane of two directions through a code, in standard deviations of the codes."""
    decode, place = decoder(run), plane(torch.tensor(code), directions(run, axes))
    return manifold_grid(lambda s: decode(place(s)), n, width(run, axes), spacing)


@remember(256)
def strip(run: Subject, code: Code, axis: int, n: int) -> Traversal:
    """n examples along one dimension, as far as its plane shows, in standard deviations of the codes."""
    end = width(run, (axis, axis))
    return traverse(decoder(run), torch.tensor(code), axis, torch.linspace(-end, end, n).tolist())


@remember(32)
def run_preview(run: Subject) -> Preview:
    """Reconstructions and samples of a run's model."""
    return preview(model(run), examples(run))
