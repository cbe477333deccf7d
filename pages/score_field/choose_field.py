"""Which field is shown: a trained network's, the exact one of a density or of points, or one that is being trained."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.box import Box, around
from latentlab.analysis.score.denoiser import Denoiser
from latentlab.analysis.score.field import FieldError, optimal_denoiser
from latentlab.analysis.score.points import kernel_estimate, read_points
from latentlab.data import DENSITIES, Dataset, Density, Kind, load
from latentlab.models import Denoises
from latentlab.settings import FOR_LOOKING, is_read_only
from latentlab.subjects import Subject
from pages.components import digest
from pages.score_field import learning
from pages.shared import cached, url_state
from pages.shared.linked_choice import linked_choice
from pages.shared.packed import pack, unpack
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

WHOSE: Slot[str] = Slot("whose")  # the widget that chooses the model's data or points of one's own
MY_POINTS: Slot[str] = Slot("my-points")  # the widget with the points as text
MY_FILE: Slot[Any] = Slot("my-file")  # the widget that uploads them
POINTS: Slot[str] = Slot("points")  # the same text, which stays while the widget isn't drawn
LINKED = "points"  # what the address calls them
SIGMA: Slot[float] = Slot("sigma")  # the widget that chooses the noise
ITS, MINE = "the model's", "my points"
KINDS = ("Trained", "Exact", "Points", "Live")
# in a plane of width 1 to 10
SIGMAS = (0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0)
COUNTS = (3, 10, 30, 100, 300, 1_000, 3_000)
TYPICAL = 0.04  # noise for points of one's own, by the width of the plane
MOST_BYTES = 1 << 16  # of points in a link
SHOWN = 500  # points of the data that are drawn, or that the optimum of points is of
START = "-1, 0\n-0.9, 0.3\n0.9, 0.2\n1, 0\n0.8, -0.3"


def choose(run: Subject, more: DeltaGenerator) -> Denoiser:
    """Draw the controls of what is shown, and return it. If it can't be shown, a sentence ends the fragment.

    Args:
        run: the chosen one.
        more: where the page keeps what is seldom changed.
    """
    with more:
        about = "What the model above was trained on, or your own points"
        whose = linked_choice("Data", [ITS, MINE], ITS, WHOSE.name, wrap=True, help=about)
    mine = whose == MINE
    kinds = KINDS[1:] if mine else KINDS
    kind = linked_choice(
        "Field of", kinds, default=kinds[0], key=f"of-{'mine' if mine else 'run'}", wrap=True,
        help="The trained network; the exact optimum for the density, or for a sample of points; a network that "
        "learns while you watch",
    )  # fmt: skip
    try:
        data, density = _of_mine(more) if mine else _of_run(run)
        box = around(data.x)
        if kind == "Live":
            return learning.source_of(data, density, box, not mine)
        if kind == "Trained":
            return _trained(run, data, density, box)
        sigma = _sigma(None if mine else run, box)
        if kind == "Exact":
            name = "exact optimum of the density" if not mine else "optimum of a kernel estimate"
            key = f"exact {digest(data.x.numpy())} {sigma}"
            return Denoiser(key, name, partial(density.denoise, sigma=sigma), sigma, data, density, box, not mine, True)
        n = 0 if mine else st.select_slider("Points", COUNTS, 300, key="n-points", bind="query-params")
        few = data if mine else _train(run)[: int(n)]
        name = f"exact optimum of {counted(len(few))}"
        denoise = optimal_denoiser(few.x, sigma)
        key = f"points {digest(data.x.numpy())} {len(few)} {sigma}"
        return Denoiser(key, name, denoise, sigma, few, density, box, not mine, mine)  # of all there is, if one's own
    except (FieldError, ValueError) as error:
        st.error(plain(str(error)))
        st.stop()


def _of_run(run: Subject) -> tuple[Dataset, Density]:
    data = cached.examples(run)
    return data, DENSITIES[run.dataset] if run.dataset in DENSITIES else kernel_estimate(data.x)


@remember(8)
def _training_points(dataset: str) -> Dataset:
    return load(dataset).train


def _train(run: Subject) -> Dataset:
    return _training_points(run.dataset) if run.dataset in DENSITIES else cached.examples(run)


def _trained(run: Subject, data: Dataset, density: Density, box: Box) -> Denoiser:
    model = cached.model(run)
    if not isinstance(model, Denoises):
        raise TypeError(f"{run.title} doesn't denoise.")
    if not model.no_score:
        st.caption(f"trained with noise σ = {model.sigma:g}")
    known = run.dataset in DENSITIES
    return Denoiser(
        run.key, run.title, model.denoise, model.sigma, data, density, box, known, no_score=model.no_score
    )  # fmt: skip


def _sigma(run: Subject | None, box: Box) -> float:
    """Choose the noise, at first a run's own; or one that suits points about which no run says anything."""
    width = box.width
    unit = 10.0 ** math.floor(math.log10(width))
    fitting = [float(f"{unit * sigma:.3g}") for sigma in SIGMAS if 0.002 * width < unit * sigma < 0.4 * width]
    start = float(run.config.get("sigma", 0.1)) if run is not None else TYPICAL * width
    near = min(fitting, key=lambda sigma: abs(math.log(sigma / start)))
    SIGMA.settle(fitting, near)
    return float(
        st.select_slider("Noise σ", fitting, near, key=SIGMA.name, bind="query-params", help="In units of the data")
    )


def _of_mine(more: DeltaGenerator) -> tuple[Dataset, Density]:
    """Points that were typed, clicked or uploaded; they stay for the visit, and in the address where they fit."""
    if not MY_POINTS.is_set:
        kept = POINTS.get() if POINTS.is_set else _linked_points()
        MY_POINTS.set(START if kept is None else kept)
    why = FOR_LOOKING if is_read_only() else None
    with more:
        st.file_uploader(
            "A CSV of two columns", ["csv", "txt"], key=MY_FILE.name, on_change=_bring, help=why, disabled=bool(why)
        )
        typed = st.text_area("One point a line: x, y", key=MY_POINTS.name, height=120)
        st.caption("Or add them by clicks on the plane.")
    POINTS.set(typed)
    word = pack(typed.encode()) if typed != START else None
    fits = len(word or "") <= url_state.LONGEST
    url_state.write(LINKED, word if fits else None)
    if not fits:
        st.caption("These points are too many for the address, so a link will not contain them.")
    xy = read_points(typed)
    x = torch.from_numpy(xy)
    data = Dataset(MINE, x, torch.zeros(len(x)).long(), (MINE,), Kind.PLANE)
    density = kernel_estimate(x)
    st.caption(f"{counted(len(x))}; the density is a kernel estimate of width {float(density.stds[0, 0]):.2g}.")
    return data, density


def _linked_points() -> str | None:
    """The points of the address as text; None, with a sentence, if it has anything else."""
    word = url_state.read(LINKED)
    content = unpack(word, MOST_BYTES) if word else None
    try:
        text = content.decode() if content is not None else None
    except UnicodeDecodeError:
        text = None
    if word and text is None:
        st.warning(f"The link's “{LINKED}” are no points that can be read, so the view starts from others.")
    return text


def _bring() -> None:
    """Take the points of an uploaded file in place of those that are there."""
    if brought := MY_FILE.get():
        MY_POINTS.set(brought.getvalue().decode("utf-8", "replace"))


def counted(n: int) -> str:
    """So many points, in words."""
    return f"{n:,} point{'' if n == 1 else 's'}"


def add_mine(x: float, y: float) -> None:
    """Add a clicked point to the typed ones."""
    MY_POINTS.set(f"{MY_POINTS.get('').rstrip()}\n{x:.3g}, {y:.3g}".lstrip())
