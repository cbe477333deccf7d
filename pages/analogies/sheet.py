"""The analogy sheet of a class-conditional model, drawn and exported."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.latent.bottleneck import dimension_name
from latentlab.data import Kind, to_bytes
from latentlab.export.csv_text import csv_text
from latentlab.figures.conditional.analogies import Predictions, analogy_sheet, film_of
from latentlab.figures.sheets import gif, sheet_png
from latentlab.subjects import Subject
from pages.analogies.rows import Rows, codes_of
from pages.shared.classifier import independent_classifier_run
from pages.shared.conditional import agreement_of_styles, in_classes, style_dimensions
from pages.shared.downloads import download
from pages.shared.example_view import appearance_of, columns_of, note
from pages.shared.header import look
from pages.shared.images import drawing

FILM = np.linspace(-2, 2, 9)  # where a film puts the style
FILM_SCALE = 2


def draw_sheet(run: Subject, rows: Rows, classified: bool, marked: bool = True) -> None:
    """The sheet, with the classifier's prediction under each image if requested."""
    found, k = in_classes(run, rows.codes), len(run.classes)
    said = agreement_of_styles(run, rows.codes) if classified else None
    shape = (len(rows.codes), k)
    words = Predictions(said.predicted.reshape(shape), said.confidence.reshape(shape)) if said is not None else None
    requested: NDArray[np.int64] = np.tile(np.arange(k), (len(rows.codes), 1))
    shown = appearance_of(run).narrowed(found.examples.reshape(-1, *run.shape))
    drawn = analogy_sheet(
        found.examples, rows.x.numpy() if rows.x is not None else None, run.classes, rows.names, run.classes, look(),
        shown, words, requested, rows.edited if marked else None,
    )  # fmt: skip
    drawing(drawn, "A row for each style, a column for each class")
    note(shown)
    if said is not None:
        by, real = said.accuracy, said.control
        control = f"; on real examples it is right for {real.value:.1%}" if real is not None else ""
        st.caption(
            f"The classifier agrees with the class of {by.value:.0%} of these examples (95 % interval {by.low:.0%} to "
            f"{by.high:.0%}){control}."
        )


def export(run: Subject, rows: Rows) -> None:
    """The sheet as a table; of images also as an image, and as an animation of the strongest dimension."""
    found, k = in_classes(run, rows.codes), len(run.classes)
    name = f"{run.id}-analogies"
    with st.container(horizontal=True):
        if run.spec.kind is Kind.IMAGE:
            flat = to_bytes(found.examples.reshape(-1, *run.shape))
            download("PNG", lambda: sheet_png(flat, k, scale=2), f"{name}.png")
            there = "Every row, while its strongest dimension goes from -2 to 2 and back"
            download("GIF", lambda: _film(run, rows), f"{name}.gif", there)
        download(
            "CSV",
            lambda: _csv(run, rows),
            f"{name}.csv",
            "A line for each example: style, class, the classifier's prediction, and the numbers of a vector",
        )


def _film(run: Subject, rows: Rows) -> bytes:
    axis, frames = int(style_dimensions(run).order[0]), []
    for value in FILM:
        z = torch.tensor(rows.codes)
        z[:, axis] = float(value)
        frames.append(in_classes(run, codes_of(z)).examples)
    return gif(film_of(np.stack(frames), FILM_SCALE))


def _csv(run: Subject, rows: Rows) -> str:
    said, d, units = agreement_of_styles(run, rows.codes), len(rows.codes[0]), columns_of(run)
    made = in_classes(run, rows.codes).examples
    own = units.heads if units is not None else ()
    table = [["row", "class", *map(dimension_name, range(d)), "predicted class", "probability", *own]]
    for i, code in enumerate(rows.codes):
        for k, name in enumerate(run.classes):
            at = i * len(run.classes) + k
            words = ["", ""] if said is None else [run.classes[said.predicted[at]], f"{said.confidence[at]:.4f}"]
            numbers = units.exact(made[i, k]) if units is not None else []
            table.append([rows.names[i], name, *(f"{v:.4f}" for v in code), *words, *numbers])
    return csv_text(table)


def classifier_toggle(run: Subject) -> bool:
    """Choose whether the classifier's prediction is shown under each image, where there is a classifier."""
    return independent_classifier_run(run) is not None and st.toggle(
        "Classifier",
        key="judge",
        bind="query-params",
        help="The classifier's prediction for each example, and its confidence",
    )
