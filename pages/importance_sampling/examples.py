"""The tab of the examples: those with the longest and the shortest gradients, and what the classes get of the draws."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.arrays import Labels
from latentlab.analysis.importance.weights import constant_for, effective_share, probabilities, recall, share_by_class
from latentlab.data import Dataset
from latentlab.experiments.importance import tables as importance_tables
from latentlab.experiments.importance.of_run import Heaviness, Live, examples_of
from latentlab.experiments.importance.training import Setting, with_wrong_labels
from latentlab.export.csv_text import csv_text
from latentlab.figures.examples.appearance import Appearance
from latentlab.figures.examples.choose import appearance
from latentlab.figures.importance.details import class_shares, norm_histogram
from latentlab.subjects import StoredRun, Subject
from pages.importance_sampling.measured import heaviness
from pages.shared import cached
from pages.shared.background import Waiting, show_tasks
from pages.shared.downloads import download
from pages.shared.example_view import appearance_of, one_by_one
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.text import plain

SHOWN = 24
EVEN = 0.95  # of the entropy of even draws
WIDTH = 56  # pixels of an image


def draw_examples(run: Subject, made: Live | None, setting: Setting) -> None:
    """The heaviest examples of the trainings on the spot, or else of the run at the top."""
    if made is not None:
        data, _ = with_wrong_labels(cached.splits(setting.data).train, setting.wrong)
        drawn = appearance(data.kind, data.shape, None)
        _draw(data, drawn, made.heaviness, setting.smoothing, "the last of these trainings")
    elif not isinstance(run, StoredRun):
        st.caption(
            "Only the examples of a training made here are measured: train a classifier on your data, and choose it."
        )
    else:
        task = heaviness(run)
        if task.result is None:
            show_tasks([task], Waiting("Measuring the gradients"), "The gradients can't be measured")
        else:
            data, of_training = examples_of(run.store, run.run)
            which = "training examples" if of_training else "examples saved with it"
            title = f"“{plain(run.title)}”, {len(data):,} {which}"
            _draw(data, appearance_of(run), task.result, 0.0, title)
    rows = importance_tables.wrong_rows(importance_tables.PROGRESS.read())
    if rows:
        st.markdown("**Wrong labels, planted in a tenth of the digits and found by the lengths of their gradients**")
        st.dataframe(rows, hide_index=True, alt="How many planted wrong labels each training found")
        st.caption(
            "Found: of n planted wrong labels, the share among the n examples with the longest gradients. Medians, and "
            "the range over three seeds. A network that has learned the wrong labels by the end can't show them: look "
            "early in a training. `python -m latentlab reproduce importance`."
        )


def _draw(data: Dataset, drawn: Appearance, found: Heaviness, constant: float, title: str) -> None:
    order = np.argsort(-found.norms, kind="stable")
    omega = probabilities(found.norms if found.norms.any() else np.ones(len(found.norms)), constant)
    planted = f" Of {len(found.wrong):,} planted wrong labels, {recall(found.norms, found.wrong):.0%} are among as " \
        "many of the heaviest." if len(found.wrong) else ""  # fmt: skip
    constant = constant_for(found.norms, EVEN * np.log(len(omega)))
    st.markdown(
        f"Of {title}, draws by these weights are worth {effective_share(omega):.0%} of the examples.{planted} Look "
        f"for wrong labels among the heaviest. A constant of {constant:.2g} "
        f"would make the entropy of the draws {EVEN:.0%} of that of even ones."
    )
    for name, rows in (("Heaviest", order[:SHOWN]), ("Lightest", order[::-1][:SHOWN])):
        st.markdown(f":small[**{name}**]")
        one_by_one(drawn, data[torch.from_numpy(rows.copy())].batch().x, _titles(data, found, rows), WIDTH)
    download(
        "All, the heaviest first", partial(_as_csv, data, found, order), "gradient-norms.csv",
        "Each example's row among the labelled ones in their order, its label, what the network says, and the length",
    )  # fmt: skip
    panels(
        {
            "Lengths of the gradients": norm_histogram(found.norms, found.norms[found.wrong], look()),
            "Draws of each class": class_shares(
                share_by_class(omega, found.given, len(data.classes)), data.classes, look()
            ),
        },
        "Their gradients",
    )


def _as_csv(data: Dataset, found: Heaviness, order: Labels) -> str:
    rows = [["row", "label", "predicted", "norm"]]
    for row in order.tolist():
        given, said = data.classes[int(found.given[row])], int(found.predicted[row])
        rows.append([str(row), given, data.classes[said] if said >= 0 else "", f"{found.norms[row]:.6g}"])
    return csv_text(rows)


def _titles(data: Dataset, found: Heaviness, rows: Labels) -> list[str]:
    """What is written below each: the label, what the network says instead, and the length."""
    wrong, titles = set(found.wrong.tolist()), list[str]()
    for row in rows.tolist():
        given, said = int(found.given[row]), int(found.predicted[row])
        instead = f" → {data.classes[said]}" if 0 <= said != given else ""
        mark = " wrong" if row in wrong else ""
        titles.append(f"{data.classes[given]}{instead}{mark}\n{found.norms[row]:.3g}")
    return titles
