"""The score field in many dimensions: of images as images, as a path of denoising, and on a plane through three."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.box import around
from latentlab.analysis.score import verdict
from latentlab.analysis.score.denoiser import Losses, against_truth, noise_and_back
from latentlab.analysis.score.field import Agreement, Denoise, FieldError, score_field
from latentlab.analysis.score.slices import Slice, apart, through
from latentlab.analysis.score.streamlines import streamlines
from latentlab.data import DENSITIES, to_bytes
from latentlab.figures.score.field import PlaneLayer
from latentlab.figures.score.images import as_colour, signed
from latentlab.figures.score.slices import through_three
from latentlab.models import Corruption, Denoises
from latentlab.subjects import Subject
from pages.score_field import fields
from pages.shared import cached
from pages.shared.example_view import appearance_of, show
from pages.shared.header import look
from pages.shared.images import figure, sheet
from pages.shared.remember import remember
from pages.shared.tabs import tabs
from pages.shared.text import plain
from pages.shared.visit import Slot

N_IMAGES = 12
STEPS = 9  # of denoising that are shown
SIGMAS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
N_LATTICE = 32
FIRST: Slot[int] = Slot("first")
N_NOISY = 4  # draws of the noise


@st.fragment
def images(run: Subject) -> None:
    """The score of some examples, what repeated denoising makes of them, and a plane through three."""
    model = cached.model(run)
    if not isinstance(model, Denoises):
        raise TypeError(f"{run.title} doesn't denoise.")
    if len(run.shape) != 3:
        _numbers(run, model)
        _plane(run, model)
        return
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        noise = model.corruption
        start = min(SIGMAS, key=lambda s: abs(s - noise.amount))
        sigma = st.select_slider(
            noise.title, SIGMAS, start, key=f"noise-{run.id}", bind="query-params", help="Intensities go from 0 to 1"
        )
        last = max(0, len(cached.examples(run)) - N_IMAGES)
        FIRST.settle(range(last + 1))
        first = st.number_input("First example", 0, last, 0, key=FIRST.name, bind="query-params")
        seed = st.number_input("Seed of the noise", 0, 999, 0, key="noise-seed", bind="query-params")
        if model.no_score:
            st.info(f"Here r(x) − x is a direction only, no score: {model.no_score}.")
        else:
            st.caption(f"trained with noise σ = {model.sigma:g}")
    clean = cached.examples(run)[int(first) : int(first) + N_IMAGES].batch().x
    noise = replace(noise, amount=float(sigma))
    noisy = noise.draw(clean, device.generator(int(seed)))
    with torch.no_grad():
        r = model.denoise(noisy)
        of_clean = (model.denoise(clean) - clean).numpy()
    step = (r - noisy).numpy()
    arrow = "step r(x) − x" if model.no_score else "score"
    with picture:
        rows = [to_bytes(clean), signed(of_clean), to_bytes(noisy), signed(step), to_bytes(r)]
        sheet(np.concatenate([as_colour(row) for row in rows]), N_IMAGES, "Examples and scores, clean and corrupted")
        st.caption(
            f"From above: the examples; their {arrow}, **blue** where a pixel should be lighter and **red** where "
            f"darker; corrupted; the {arrow} of the corrupted ones; and denoised."
        )
        before, after = (float((x - clean).square().flatten(1).mean(1).sqrt().mean()) for x in (noisy, r))
        st.markdown(verdict.of_noise_left(before, after, step, float(sigma), 0.0 if model.no_score else model.sigma))
        if after >= before > 0:
            st.warning("Of this noise it has learned nothing: leaving the images as they are is no worse.")
    tabs(
        {
            "Add noise, denoise": partial(_add_noise, model, clean[0], noise),
            "Plane through three": partial(_plane, run, model),
            "Repeated denoising": partial(_again, model.denoise, noisy),
        },
        "image-detail",
    )


def _add_noise(model: Denoises, clean: Tensor, noise: Corruption) -> None:
    """The first example corrupted, several times, and each time denoised."""
    noisy, r = noise_and_back(model.denoise, clean, noise, N_NOISY)
    rows = [to_bytes(clean.expand(noisy.shape)), to_bytes(noisy), signed((r - noisy).numpy()), to_bytes(r)]
    in_turn = np.stack([as_colour(row) for row in rows], 1).reshape(-1, 3, *clean.shape[1:])
    picture, words = st.columns([2, 3], gap="large")
    with picture:
        sheet(in_turn, len(rows), "An image, with noise, the arrow, and denoised; a row for each draw of the noise")
    words.caption(
        f"What it is trained on. From the left: the first example; corrupted ({noise.title.lower()}: {noise.amount:g});"
        " the arrow r(x) − x, **blue** where a pixel should be lighter and **red** where darker; and r(x), what an "
        "image this noisy was, on average. Each row is another draw of the noise."
    )


@torch.no_grad()
def _again(denoise: Denoise, x: Tensor) -> None:
    path = [x]
    for _ in range(STEPS):
        path.append(denoise(path[-1]))
    sheet(to_bytes(torch.cat(path)), len(x), "Each row is the one above it, denoised")
    steps = [float((b - a).flatten(1).norm(dim=1).mean()) for a, b in itertools.pairwise(path)]
    st.caption(
        "Each row is the one above it, denoised: a path of increasing density, towards a sink. A sink is a probable "
        f"image, or a mean of several. The first step moves {steps[0]:.2f}, the last one {steps[-1]:.3f}."
    )


def _numbers(run: Subject, model: Denoises) -> None:
    """How the score agrees with the true one, where that is known."""
    density = DENSITIES.get(run.dataset)
    if density is None:
        return
    fields.say_agreement(f"**{density.dim} dimensions**", *_agreement(run, model), model.no_score)


@remember(8)
def _agreement(run: Subject, _model: Denoises) -> tuple[Agreement, Losses]:
    return against_truth(DENSITIES[run.dataset], _model.denoise, _model.sigma)


def _plane(run: Subject, model: Denoises) -> None:
    """The field on the plane through three examples."""
    data = cached.examples(run)
    picture, controls = st.columns([2, 1], gap="large")
    with controls:
        st.markdown("The three")
        wanted = [
            int(
                st.number_input(
                    f"Example {k + 1}", 0, len(data) - 1, start, key=f"corner-{k}-{run.id}", bind="query-params"
                )
            )
            for k, start in enumerate(apart(data.y))
        ]
        over = st.pills(
            "Overlays", ("arrows", "streamlines"), selection_mode="multi", default=["arrows"], key="over-slice",
            bind="query-params", wrap=True,
        )  # fmt: skip
    three = data[torch.tensor(wanted)].batch().x
    try:
        plane = through(three)
    except FieldError as error:
        st.error(plain(str(error)))
        return
    with controls:
        one_class = len(run.classes) < 2
        named = [f"example {k}" if one_class else run.classes[y] for k, y in zip(wanted, data.y[wanted], strict=True)]
        show(appearance_of(run), three, 3, "The three examples", named)
        middle = plane.corners.mean(0, keepdim=True)
        share = float(plane.leaving(model.denoise, middle)[0])
        st.caption(
            f"Arrows are the part of the step that lies in the plane; in its middle {share:.0%} of the squared step "
            "leads out of it."
        )
        _middle(run, plane, model, middle)
    with picture:
        box = around(plane.corners, 0.3)
        inside = plane.in_plane(model.denoise)
        field = score_field(inside, model.sigma, box, N_LATTICE)
        layer = PlaneLayer(model.sigma**2 * field.length, "|r(x) − x| in the plane")
        field = field.directions if model.no_score else field
        lines = streamlines(lambda u: (inside(u) - u) / model.sigma**2, box) if "streamlines" in over else None
        drawn = through_three(field, box, layer, lines, plane.corners.numpy(), named, "arrows" in over, look())
        figure(drawn, "The field on the plane through three examples")


@torch.no_grad()
def _middle(run: Subject, plane: Slice, model: Denoises, middle: Tensor) -> None:
    x = plane.examples(middle)
    once = model.denoise(x)
    steps = ("their mean", "denoised once", "and twice")
    alt = "The mean of the three, and denoised once and twice"
    show(appearance_of(run), torch.cat([x, once, model.denoise(once)]), 3, alt, steps)
    st.caption("their mean, denoised once, and twice")
