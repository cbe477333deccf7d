"""Walks of a generative stochastic network: from where, held where, and what they show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab import data, device
from latentlab.analysis.latent.memorisation import nearest
from latentlab.analysis.sampling import record
from latentlab.models import Walks
from latentlab.subjects import Subject
from pages.shared import cached
from pages.shared.classifier import classifier
from pages.shared.masks import CHOICES, chosen, drawn, given
from pages.shared.remember import remember

EVERY = (1, 2, 5, 10, 20)
FREE = "nothing is given"
WALKS, FRAMES = 8, 18
REFERENCES = 10_000  # training images that are looked through for the nearest


@dataclass(frozen=True)
class Walking:
    """All that a walk depends on, but the run."""

    start: str
    image: int
    mask: str | None  # of what is hidden; None if nothing is given
    every: int
    factor: int  # which step's factor of the walkback
    seed: int


def walker(run: Subject) -> Walks[Any]:
    """The model of a run that has a Markov chain of its own."""
    model = cached.model(run)
    if not isinstance(model, Walks):
        raise TypeError(f"{run.title} has no Markov chain.")
    return model


def controls(run: Subject) -> tuple[Walking, bool]:
    """Draw them; returns the walk and whether to show the nearest training images."""
    model = walker(run)
    start = st.segmented_control(
        "Start", ["examples", "one image", "noise"], default="examples", required=True, key="from", bind="query-params"
    )
    image, hidden, mask = 0, FREE, None
    if start == "one image":
        image = int(st.number_input("Image", 0, len(cached.examples(run)) - 1, 0, key="image", bind="query-params"))
        hidden = st.selectbox(
            "Hidden, and drawn again", [FREE, *CHOICES], 0, key="missing", bind="query-params",
            help="The rest of the image is given: it is put back after every step",
        )  # fmt: skip
    place = st.container()
    every = st.select_slider("Steps from image to image", EVERY, 5, key="every", bind="query-params")
    close = st.toggle("Nearest training image", key="nearest", bind="query-params", help="Below each image of the walk")
    more = st.popover("More", width="stretch")
    if hidden != FREE:
        with place:
            mask = chosen(hidden, drawn(_ready(run)[image]), more)
    with more:
        factor = 0
        if model.factors:
            factors = [f"α{k + 1} = {v:.2f}" for k, v in enumerate(model.factors)]
            factor = factors.index(st.selectbox("Factor of the walk", factors, key="factor"))
        seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params"))
    return Walking(start, image, mask, every, factor, seed), close


@remember(16, "It walks …")
def walked(run: Subject, walking: Walking) -> NDArray[np.uint8]:
    """(FRAMES, WALKS, *shape): what a network shows on its way."""
    model = walker(run)
    rng = device.generator(walking.seed)
    x = _ready(run)[:WALKS]
    if walking.start == "one image":
        x = _ready(run)[walking.image][None].repeat(WALKS, *[1] * len(run.shape))
    hold: Callable[[Any], Any] | None = None
    if walking.start == "noise":
        x = torch.rand(x.shape, generator=rng)
    elif walking.start == "one image" and walking.mask is not None:
        held = given(run.shape, walking.mask)
        start, x = x, torch.where(held, x, model.example(model.begin(WALKS, rng)))

        def hold(state: Any) -> Any:
            return model.hold(state, start, held)

    return record(
        lambda state: model.step(state, rng, walking.factor), model.expected, model.start(x), FRAMES,
        walking.every, hold,
    )  # fmt: skip


def _ready(run: Subject) -> torch.Tensor:
    """(N, *shape): the kept examples, as the network was shown such in training."""
    return walker(run).prepare(cached.examples(run).batch().x)


@remember(16)
def named(run: Subject, walking: Walking) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """(FRAMES, WALKS) the class that the judge sees in each image, and its probability; None without a judge."""
    classify = classifier(run)
    if classify is None:
        return None
    frames = walked(run, walking)
    with torch.no_grad():
        x = torch.from_numpy(frames).flatten(0, 1).float() / 255
        log_probs = classify(x)
    shape = frames.shape[:2]
    return log_probs.argmax(1).reshape(shape).numpy(), log_probs.exp().amax(1).double().reshape(shape).numpy()


@remember(16, "Looking through the training images …")
def closest(run: Subject, walking: Walking) -> tuple[NDArray[np.uint8], str]:
    """The known image nearest to each image of the walk, and where from."""
    frames = walked(run, walking)
    if data.is_local(run.dataset):
        known, where = data.load(run.dataset).train.x[:REFERENCES], "training images"
    else:
        known, where = cached.examples(run).x, "examples kept with the run"
    found = nearest(torch.from_numpy(frames).flatten(0, 1), known)
    return known.numpy()[found.index].reshape(frames.shape), f"{len(known):,} {where}"
