"""Which field is shown: a trained network's, the exact one of a density or of points, or one that is being trained."""

from __future__ import annotations

import math
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from latentlab.analysis.box import Box, around
from latentlab.analysis.score.denoiser import Denoiser
from latentlab.analysis.score.field import FieldError, optimal_denoiser, suiting_sigmas
from latentlab.analysis.score.points import frame, kernel_estimate, themselves
from latentlab.data import DENSITIES, Dataset, Density, load
from latentlab.data.files.archives import counted
from latentlab.models import Denoises
from latentlab.subjects import Subject
from pages.components import digest
from pages.score_field import learning
from pages.score_field.own_points import own_points
from pages.shared import cached
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

SIGMA: Slot[float] = Slot("sigma")  # the widget that chooses the noise
KINDS = TRAINED, EXACT, POINTS, NOW = ("trained network", "optimum of the density", "optimum of points", "train now")
FORMER = dict(zip(("Trained", "Exact", "Points", "Train now"), KINDS, strict=True))  # in older links
COUNTS = (3, 10, 30, 100, 300, 1_000, 3_000)
TYPICAL = 0.04  # noise for points of one's own, by the width of the plane
SHOWN = 500  # points of the data that are drawn, or that the optimum of points is of


def choose(run: Subject, mine: bool, more: DeltaGenerator, player: DeltaGenerator) -> Denoiser | None:
    """Draw the controls of what is shown, and return it: None of points of one's own where there are none yet.

    If it can't be shown, a sentence ends the fragment.

    Args:
        run: the chosen one.
        mine: points of one's own are shown, not what the run was trained on.
        more: where the page keeps what is seldom changed.
        player: where the buttons of a training are.
    """
    kind = linked_choice(
        "Field", KINDS[1:] if mine else KINDS, POINTS if mine else TRAINED, f"of-{'mine' if mine else 'run'}", FORMER,
        help="The exact optimum is that of the density (of points of your own: of a kernel estimate), or of "
        "a sample of points alone; a network can also be trained while you watch",
    )  # fmt: skip
    try:
        if mine:
            data = own_points(more)
            if not len(data):
                return None
            density, box, of = themselves(data.x), frame(data.x), counted(len(data), "point")
            if kind == EXACT:
                density = kernel_estimate(data.x)
                of += f"; the density is a kernel estimate of width {float(density.stds[0, 0]):.2g}"
            st.caption(f"{of}.")
        else:
            data, density = _of_run(run)
            box = around(data.x)
        if kind == NOW:
            train = data if mine else _train(run)
            return learning.source_of(data, train, density, box, mine or run.dataset in DENSITIES, player)
        if kind == TRAINED:
            found = trained(run)
            if not found.no_score:
                st.caption(f"trained with noise σ = {found.sigma:g}")
            return found
        sigma = _sigma(None if mine else run, box)
        if kind == EXACT:
            name = "optimum of a kernel estimate" if mine else "exact optimum of the density"
            key = f"exact {digest(data.x.numpy())} {sigma}"
            return Denoiser(key, name, partial(density.denoise, sigma=sigma), sigma, data, density, box, not mine, True)
        n = 0 if mine else st.select_slider("Points", COUNTS, 300, key="n-points", bind="query-params")
        few = data if mine else _train(run)[: int(n)]
        name = f"exact optimum of {counted(len(few), 'point')}"
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


def trained(run: Subject) -> Denoiser:
    """The network of a run."""
    model, (data, density) = cached.model(run), _of_run(run)
    if not isinstance(model, Denoises):
        raise TypeError(f"{run.title} doesn't denoise.")
    return Denoiser(
        run.key, run.title, model.denoise, model.sigma, data, density, around(data.x), run.dataset in DENSITIES,
        no_score=model.no_score,
    )  # fmt: skip


def _sigma(run: Subject | None, box: Box) -> float:
    """Choose the noise, at first a run's own; or one that suits points about which no run says anything."""
    width = box.width
    fitting = suiting_sigmas(width)
    start = float(run.config.get("sigma", 0.1)) if run is not None else TYPICAL * width
    near = min(fitting, key=lambda sigma: abs(math.log(sigma / start)))
    SIGMA.settle(fitting, near)
    return float(
        st.select_slider("Noise σ", fitting, near, key=SIGMA.name, bind="query-params", help="In units of the data")
    )
