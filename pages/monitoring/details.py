"""Below the stream: one alarm closely, which faults a run finds, and its codes on a map."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.monitoring.thresholds import Threshold
from latentlab.analysis.monitoring.verdict import of_rate
from latentlab.analysis.monitoring.windows import newest, window
from latentlab.analysis.neighbours import neighbours
from latentlab.experiments.monitoring.of_run import GAP, LEAST, RATE
from latentlab.figures.classification.accuracy import probability_bars
from latentlab.figures.monitoring.details import detector_bars, path_figure
from latentlab.models import Classifies
from latentlab.subjects import StoredRun, Subject
from pages.monitoring.watched import (
    Codes,
    Watched,
    can_map,
    codes,
    faults_task,
    names,
    normal_scores,
    source,
    step,
)
from pages.shared import cached
from pages.shared.background import Waiting, show_tasks
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.text import plain

NEAREST = 6


def draw_alarm(run: Subject, found: Watched, along: Codes | None, at: int, threshold: float) -> None:
    """What the model makes of one reading: its class, unless it is unknown, and the examples next to it."""
    left, right = st.columns(2, gap="large")
    with left:
        _class(run, found, at, threshold)
        rows = [
            {
                "sensor": name, "read": float(read), "expected": float(mean), "deviations": float(apart),
                "adds to the score": float(nats),
            }
            for name, read, mean, apart, nats in zip(
                names(run), found.stream.newest[at], found.mean[at], found.apart(at), found.expected.nats[at],
                strict=True,
            )
        ]  # fmt: skip
        number = st.column_config.NumberColumn(format="%.3g")
        st.dataframe(
            rows, hide_index=True, alt="Each sensor: what it read, what was expected, and what it adds to the score",
            column_config=dict.fromkeys(("read", "expected", "deviations", "adds to the score"), number),
        )  # fmt: skip
        st.caption("What a sensor adds to the score is −log p of its reading given the code, in nats.")
    with right:
        if along is not None:
            _nearest(run, along, at)


def _class(run: Subject, found: Watched, at: int, threshold: float) -> None:
    model = cached.model(run)
    if not isinstance(model, Classifies):
        st.caption("This model knows no classes: it says that something is strange, and which sensor, not what it is.")
        return
    with torch.no_grad():
        p = model.classify(found.x[at : at + 1]).double().exp()[0].numpy()
    best = int(p.argmax())
    if found.scores[at] > threshold:
        st.markdown(
            f"**Unknown**: too strange for any class; the nearest is {plain(run.classes[best])}, {p[best]:.0%}."
        )
    else:
        st.markdown(f"**{plain(run.classes[best])}**, with a probability of {p[best]:.0%}.")
    figure(probability_bars(p, run.classes, None, look()), "The probability of each class")


def _nearest(run: Subject, along: Codes, at: int) -> None:
    known, data = codes(run), cached.examples(run)
    near = neighbours(known.codes, along.codes[at : at + 1], min(NEAREST, len(data)))
    x = data.x[torch.from_numpy(near.index[0])]
    whole = (data.scale.back(x) if data.scale else x).double().numpy()
    readings = newest(whole.reshape(len(x), -1), window(run.spec))
    rows = [
        {"distance": float(distance)}
        | ({"class": data.classes[int(data.y[k])]} if data.classes and data.y[k] >= 0 else {})
        | dict(zip(names(run), map(float, numbers), strict=True))
        for k, distance, numbers in zip(near.index[0], near.distance[0], readings, strict=True)
    ]
    st.markdown("**Test examples with the nearest codes**")
    number = st.column_config.NumberColumn(format="%.3g")
    st.dataframe(
        rows, hide_index=True, alt="The nearest test examples",
        column_config=dict.fromkeys(("distance", *names(run)), number),
    )  # fmt: skip


def draw_faults(run: Subject, threshold: Threshold) -> None:
    """AUROC and delay of every fault, by the run and by the baselines; whether the promised rate holds."""
    known = normal_scores(run)
    st.markdown(of_rate(threshold.rate, known.false_alarms(threshold.value), len(known.others)))
    if not isinstance(run, StoredRun):
        st.caption("Faults are counted for runs that are stored here.")
        return
    task = faults_task(run)
    if task.result is None:
        show_tasks([task], Waiting("Looking for every fault"), "They can't be looked for")
        return
    faults, text = task.result.faults, source(run).faults
    detectors = list(faults[0].auroc)
    by_detector = {name: [one.auroc[name] for one in faults] for name in detectors}
    figure(detector_bars(by_detector, [one.fault for one in faults], look()), "AUROC of each detector for each fault")
    rows = [
        {"fault": one.fault, "what it is": text[one.fault]}
        | one.auroc
        | {f"delay, {step(run)}s": ", ".join("never" if d is None else str(d) for d in one.delays), "above": one.found}
        for one in faults
    ]
    st.dataframe(
        rows, hide_index=True, alt="Each fault: the AUROC of each detector, and when it is noticed",
        column_config={
            **dict.fromkeys(detectors, st.column_config.NumberColumn(format="%.3f")),
            "above": st.column_config.NumberColumn(format="percent", help="share of its readings above the threshold"),
        },
    )  # fmt: skip
    best = sum(max(one.auroc.values()) == one.auroc[detectors[0]] for one in faults)
    st.caption(
        f"{detectors[0]} is this run, and the best of the five for {best} of {len(faults)} faults. Readings with the "
        f"fault against the same ones without it, on three streams; delays at {RATE:.0%} false alarms until {LEAST} "
        f"readings are above the threshold, with gaps of at most {GAP}. The baselines are fitted to normal readings."
    )


def draw_map(run: Subject, found: Watched, along: Codes | None, at: int, threshold: float) -> None:
    """The codes of test examples in two dimensions, and the way of the stream through them."""
    if not can_map(run) or along is None:
        st.caption("This model has no codes to show on a map.")
        return
    known, y = codes(run), cached.examples(run).y.numpy()
    above = np.flatnonzero(found.scores > threshold)
    figure(
        path_figure(known.plane, y, run.classes, along.plane, above, at, look()),
        "The codes of test examples, and the path of the stream",
    )
    st.caption(f"The first two principal components of {len(known.codes):,} codes of test examples.")
