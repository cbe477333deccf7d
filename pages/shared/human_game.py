"""The game of a person against a classifier: the same images, by key; then both scores with their intervals."""

from __future__ import annotations

import numpy as np
import streamlit as st
from torch import Tensor

from latentlab.analysis.classification.human import SOURCE_N, SOURCE_RIGHT, human_score, source
from latentlab.analysis.classification.predictions import Predictions
from latentlab.data import to_bytes
from latentlab.figures.classification.accuracy import accuracy_dots
from latentlab.subjects import Subject
from pages.components.quiz import quiz
from pages.shared.example_view import appearance_of, one_by_one
from pages.shared.header import look
from pages.shared.images import figure

WIDTH = 56  # pixels of an image
SHOWN = 24  # images that the person has wrong


def human_game(run: Subject, x: Tensor, found: Predictions, names: tuple[str, ...]) -> None:
    """Let the visitor classify images (N, C, H, W), and say how they did next to the classifier.

    Args:
        run: whose images they are, or are like.
        x: in [0, 1].
        found: what the classifier predicts of them, and what they are.
        names: of the classes.
    """
    answers = quiz("quiz", to_bytes(x.numpy()), names)
    if answers is None:
        st.caption(
            f"The same {len(x):,} images for you and for the classifier. In the source a volunteer had {SOURCE_RIGHT} "
            f"of {SOURCE_N} sketches right. The answers stay in this browser until you stop."
        )
        return
    score, n = human_score(answers, found.y, found.predicted), len(answers)
    text = (
        f"You are right for {score.human.value:.1%} of {n:,} images (95 % interval {score.human.low:.1%} to "
        f"{score.human.high:.1%}), the classifier for {score.model.value:.1%} of the same. {score.human_alone:,} only "
        f"you have right, {score.model_alone:,} only the classifier."
    )
    st.info(text, icon=":material/sports_score:")
    volunteer = f"volunteer of the source, {SOURCE_N} sketches"
    figure(
        accuracy_dots({"you": score.human, "the classifier": score.model, volunteer: source()}, look()),
        "Your accuracy, that of the classifier, and that of the source's volunteer",
    )
    wrong = np.flatnonzero(~score.right)
    if len(wrong):
        more = f", the first {SHOWN}" if len(wrong) > SHOWN else ""
        st.markdown(f":small[**{len(wrong):,} where your answer isn't the label**{more}]")
        ids = wrong[:SHOWN].tolist()
        said = [
            f"{names[int(found.y[i])]}\nyou: {names[answers[i]]}\nit: {names[int(found.predicted[i])]}" for i in ids
        ]
        one_by_one(appearance_of(run), x[ids], said, WIDTH)
    st.caption("A label may be wrong, too: a scribble keeps the class that was to be drawn.")
