"""Chains of a generative stochastic network: their start, what is clamped, and their images."""

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
from pages.shared.classifier import classifier, classifier_run, key_of
from pages.shared.linked_choice import linked_choice
from pages.shared.masks import CHOICES, EXAMPLE, chosen, given
from pages.shared.remember import remember

EVERY = (1, 2, 5, 10, 20)
ONE = "one example"
FREE = "nothing is given"
CHAINS, FRAMES = 8, 18
REFERENCES = 10_000  # training images that are looked through for the nearest


@dataclass(frozen=True)
class ChainSettings:
    """All that a chain depends on, except the run."""

    start: str
    image: int
    mask: str | None  # of what is hidden; None if nothing is given
    every: int
    factor: int  # which step's factor of the walkback
    seed: int
    epoch: int | None = None  # of the snapshot whose chain it is; None at the end of the training


def chain_model(run: Subject, epoch: int | None = None) -> Walks[Any]:
    """The model of a run that has a Markov chain of its own, as it was after an epoch."""
    model = cached.model(run, epoch)
    if not isinstance(model, Walks):
        raise TypeError(f"{run.title} has no Markov chain.")
    return model


def controls(run: Subject, epoch: int | None) -> tuple[ChainSettings, bool]:
    """Draw them; returns the settings and whether to show the nearest training images."""
    model = chain_model(run, epoch)
    start = linked_choice(
        "Start", ["examples", ONE, "noise"], default="examples", key="from", former={"one image": ONE}
    )
    image, hidden, mask = 0, FREE, None
    if start == ONE:
        n = len(cached.examples(run))
        EXAMPLE.settle(range(n))
        image = int(st.number_input("Example", 0, n - 1, 0, key=EXAMPLE.name, bind="query-params"))
        hidden = st.selectbox(
            "Hidden part", [FREE, *CHOICES[run.spec.kind]], 0, key="missing", bind="query-params",
            help="It is sampled; the rest is given, and put back after every step",
        )  # fmt: skip
    place = st.container()
    every = st.select_slider("Steps from example to example", EVERY, 5, key="every", bind="query-params")
    close = st.toggle(
        "Nearest training example", key="nearest", bind="query-params", help="Below each example of the chain"
    )
    more = st.popover("More", width="stretch")
    if hidden != FREE:
        with place:
            mask = chosen(hidden, run, _ready(run)[image], more)
    with more:
        factor = 0
        if model.factors:
            factors = [f"α{k + 1} = {v:.2f}" for k, v in enumerate(model.factors)]
            factor = factors.index(
                st.selectbox("Factor of the walkback step", factors, key="factor", bind="query-params")
            )
        seed = int(st.number_input("Seed", 0, 2**31 - 1, 0, key="seed", bind="query-params"))
    return ChainSettings(start, image, mask, every, factor, seed, epoch), close


@remember(16, "Sampling …")
def chain_frames(run: Subject, settings: ChainSettings) -> NDArray[np.uint8]:
    """(FRAMES, CHAINS, *shape): the images of the chains."""
    model = chain_model(run, settings.epoch)
    rng = device.generator(settings.seed)
    x = _ready(run)[:CHAINS]
    if settings.start == ONE:
        x = _ready(run)[settings.image][None].repeat(CHAINS, *[1] * len(run.shape))
    hold: Callable[[Any], Any] | None = None
    if settings.start == "noise":
        x = torch.rand(x.shape, generator=rng)
    elif settings.start == ONE and settings.mask is not None:
        held = given(run.shape, settings.mask)
        start, x = x, torch.where(held, x, model.example(model.begin(CHAINS, rng)))

        def hold(state: Any) -> Any:
            return model.hold(state, start, held)

    return record(
        lambda state: model.step(state, rng, settings.factor), model.expected, model.start(x), FRAMES,
        settings.every, hold,
    )  # fmt: skip


def _ready(run: Subject) -> torch.Tensor:
    """(N, *shape): the saved examples, prepared as in training."""
    return chain_model(run).prepare(cached.examples(run).batch().x)


@remember(16, on=lambda run, _: key_of(classifier_run(run)))
def predictions(run: Subject, settings: ChainSettings) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
    """(FRAMES, CHAINS) the predicted class of each image, and its probability; None without a classifier."""
    classify = classifier(run)
    if classify is None:
        return None
    frames = chain_frames(run, settings)
    with torch.no_grad():
        x = torch.from_numpy(frames).flatten(0, 1).float() / 255
        log_probs = classify(x)
    shape = frames.shape[:2]
    return log_probs.argmax(1).reshape(shape).numpy(), log_probs.exp().amax(1).double().reshape(shape).numpy()


@remember(16, "Finding the nearest training examples …", on=lambda run, _: data.is_local(run.dataset))
def closest(run: Subject, settings: ChainSettings) -> tuple[NDArray[np.uint8], str]:
    """The training image nearest to each image of the chains, and where it is from."""
    frames = chain_frames(run, settings)
    if data.is_local(run.dataset):
        known, where = data.load(run.dataset).train.x[:REFERENCES], "training examples"
    else:
        known, where = cached.examples(run).x, "examples saved with the run"
    found = nearest(torch.from_numpy(frames).flatten(0, 1), known)
    return known.numpy()[found.index].reshape(frames.shape), f"{len(known):,} {where}"
