"""The tab to try it: draw and watch the bars, or be the human who classifies the same images."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.arrays import Labels
from latentlab.analysis.classification.predictions import Predictions
from latentlab.data import Kind
from latentlab.figures.classification.accuracy import probability_bars
from latentlab.subjects import Subject
from pages.classifier.predicted import Shown, classify
from pages.classifier.sheets import WIDTH
from pages.shared.drawing import can_draw, drawing
from pages.shared.example_view import appearance_of, one_by_one
from pages.shared.header import look
from pages.shared.human_game import human_game
from pages.shared.images import figure
from pages.shared.linked_choice import linked_choice
from pages.shared.remember import remember

DRAW, PLAY = "draw", "be the human"
MOST = 200  # images of the game, as in the source


def draw_attempt(run: Subject, shown: Shown, names: tuple[str, ...]) -> None:
    """Either of the two; the game needs images of the test set, the brush those that look like drawings."""
    options = [*([DRAW] if can_draw(run) else []), *([PLAY] if run.spec.kind is Kind.IMAGE else [])]
    if not options:
        st.caption("Drawing, and classifying by eye, need images.")
        return
    what = linked_choice("Try", options, options[0], "attempt")
    if what == DRAW:
        _draw(run, names)
    else:
        ids = game(run, len(shown.data))
        found = Predictions(shown.found.log_probs[ids], shown.found.y[ids])
        human_game(run, shown.x(ids.tolist()), found, names)


@remember(16)
def game(run: Subject, n: int) -> Labels:  # noqa: ARG001 another one for another run
    """At most `MOST` of n examples, drawn at random, always the same."""
    return np.random.default_rng(0).permutation(n)[:MOST]


def _draw(run: Subject, names: tuple[str, ...]) -> None:
    left, right = st.columns([1, 1], gap="large")
    with left:
        x = drawing(run)
    if x is None:
        with right:
            st.caption("Nothing is drawn yet.")
        return
    with right:
        p = np.exp(classify(run)(x[None])[0].double().numpy())
        figure(probability_bars(p, names, None, look()), "The probability of each class, of what is drawn")
        top = int(p.argmax())
        one_by_one(appearance_of(run), x[None], [f"as the classifier gets it: {names[top]}, {p[top]:.1%}"], 2 * WIDTH)
