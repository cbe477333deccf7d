"""Under the curve of probes: details of one layer's probe, and all numbers for download."""

from __future__ import annotations

import dataclasses

import streamlit as st
import torch

from latentlab.analysis.probes.control_task import N_TYPES
from latentlab.analysis.probes.layer_curve import Curve, Reading, hardest
from latentlab.analysis.probes.tasks import ProbeTask, Settings
from latentlab.figures.examples.appearance import Appearance
from latentlab.figures.probes.matrices import confusion_figure, weight_images, weights_figure
from latentlab.figures.probes.report import probe_csv, probe_report, probe_rows
from latentlab.subjects import Subject
from pages.shared.downloads import download
from pages.shared.example_view import show
from pages.shared.header import look
from pages.shared.images import figure, sheet
from pages.shared.text import plain

HARDEST = 12
SHARES = ("test error", "train error", "not in top 3", "chance", "control", "selectivity", "memorised")
MOST_WEIGHTS = 64  # features of a layer that is no image, whose weights can still be distinguished


def layer_detail(curve: Curve, k: int, answers: Curve | None, task: ProbeTask, drawn: Appearance) -> None:
    """What a layer's probe classifies correctly, what it confuses, and its weights.

    Args:
        curve: whose numbers are shown.
        k: the place of the layer.
        answers: a curve with the answers and the weights of its first probe; None while there is none.
        task: its examples.
        drawn: how they look.
    """
    numbers, table, examples = st.columns([2, 3, 3], gap="large")
    with numbers:
        _numbers(curve.readings[k], float(curve.half_bands()[k]))
    if answers is None:
        return
    if answers.sizes != curve.sizes:
        table.caption(f"Here of a probe that was fitted to {answers.sizes[0]:,} and tested on {answers.sizes[2]:,}.")
    reading = next(one for one in answers.readings if one.layer == curve.readings[k].layer)
    probe = reading.probes[0]
    with table:
        counts = reading.confusion(answers.y_test, len(task.names))
        figure(confusion_figure(counts, task.names, look()), "Confusion matrix: true class against predicted class")
    with examples:
        _hardest(reading, answers, task, drawn)
    if len(reading.layer.shape) == 3 and reading.how not in ("mean", "max"):
        st.caption(
            "The weights for each class, bright where a feature increases its probability"
            + (", summed over the channels" if reading.layer.shape[0] > 1 else "")
            + (f"; gray where none of the {probe.kept:,} kept features is." if probe.kept < probe.total else ".")
        )
        sheet(weight_images(reading), len(task.names), "The weights of the probe for each class")
    elif probe.kept <= MOST_WEIGHTS:
        figure(weights_figure(probe.weights, task.names, look()), "The weights of the probe for each class")


def all_layers(
    run: Subject, curve: Curve, before: Curve | None, task: ProbeTask, target: str, snapshot: str, settings: Settings
) -> None:
    """The table of all layers, and files of it."""
    rows = probe_rows(curve)
    share = st.column_config.NumberColumn(format="percent")
    config = dict.fromkeys(SHARES, share)
    config["±"] = st.column_config.NumberColumn(format="percent")
    st.dataframe(rows, hide_index=True, column_config=config, alt="Every layer and the results of its probes")
    st.caption(
        "Control is the accuracy of the same probe on the test examples of a control task: k-means puts the examples "
        f"by their values into at most {N_TYPES} clusters, and each cluster has a random label. Selectivity is the "
        "accuracy minus the control: near or below zero, the probe would read anything from that layer. Memorised is "
        "its accuracy on random labels, one for each example that it was fitted to. ± is a 95 % band over seeds and "
        "test examples."
    )
    fit, choose, test = curve.sizes
    source = task.source if task.sizes == curve.sizes else run.dataset  # of a curve that ships, where that isn't here
    said = {
        "model": f"{run.title} ({run.id}), {snapshot}",
        "target": f"{target}: {', '.join(task.names)}",
        "examples": f"{source}: {fit:,} to fit, {choose:,} to choose the penalty, {test:,} to test",
        "seeds": ", ".join(str(seed) for seed in range(len(curve.readings[0].probes))),
        **{name: value for name, value in dataclasses.asdict(settings).items() if name in ("limit", "how")},
    }
    with st.container(horizontal=True):
        download("CSV", lambda: probe_csv(curve), f"{run.id}-probes.csv")
        title = f"Probes of {run.title}"
        download("Report", lambda: probe_report(title, said, curve, before), f"{run.id}-probes.html")


def _numbers(reading: Reading, band: float) -> None:
    probe, layer = reading.probes[0], reading.layer
    errors = reading.values("error")
    st.markdown(
        f"**{layer.name}** · {layer.kind} {'×'.join(map(str, layer.shape))}\n\n"
        f"test error **{errors.mean():.1%}** ± {band:.1%}, chance {probe.baseline:.1%}\n\n"
        f"training error {reading.values('error', 'train').mean():.1%}; "
        f"cross-entropy {reading.values('cross-entropy').mean():.3f} nats\n\n"
        f"{probe.kept:,} of {probe.total:,} features, penalty {probe.l2:g}"
    )
    if probe.selectivity is not None:
        st.markdown(
            f"selectivity **{probe.selectivity:.2f}**: {1 - probe.score.error:.2f} right, {probe.control:.2f} of a "
            "control task with random labels of clusters"
        )
    if probe.memorised is not None:
        st.markdown(f"memorises **{probe.memorised:.2f}** of random labels")
    for warning in probe.warnings:
        st.warning(warning)


def _hardest(reading: Reading, curve: Curve, task: ProbeTask, drawn: Appearance) -> None:
    worst = hardest(reading.said, curve.y_test, HARDEST)
    x = task.x[len(task.x) - len(curve.y_test) :][torch.from_numpy(worst)]
    if not len(worst):
        return
    show(drawn, x, 6, "The examples that it gets most wrong")
    said, true = reading.said[worst].argmax(1), curve.y_test[worst]
    pairs = [plain(f"{task.names[t]} → {task.names[s]}") for t, s in zip(true, said, strict=True)]
    shown = pairs if max(map(len, task.names)) < 4 else list(dict.fromkeys(pairs))[:4]
    st.caption("The hardest, true class → predicted class: " + ", ".join(shown))
