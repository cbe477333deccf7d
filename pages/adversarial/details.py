"""Closer looks: V over the training, the modes, the category, and what V is at best."""

from __future__ import annotations

import numpy as np
import scipy.stats
import streamlit as st

from latentlab.analysis.adversarial.best_discriminator import LEAST, best_value, jensen_shannon
from latentlab.figures.adversarial.game import (
    coverage_bars,
    distance_curves,
    gap_curve,
    information_curve,
    value_curve,
)
from latentlab.subjects import Subject
from pages.adversarial.measured import category, course, epochs_of, in_the_plane, line, snapshots
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import figure, panels

FARTHEST = 5.0  # of two Gaussians, in standard deviations
PLACES = np.linspace(-20, 25, 4_001)


def draw_training(run: Subject, epoch: int | None) -> None:
    """V over the training with what it is to become, and what was measured at the snapshots next to it."""
    epochs, names = epochs_of(run), list(snapshots(run).values())
    shown = epochs[names.index(epoch)]
    shown_here = {}
    times, values = course(run, "value")
    if len(times):
        shown_here["V on held-out examples"] = value_curve(times, values, shown, look())
    if run.shape == (1,) and len(epochs) > 1:
        games = [line(run, one) for one in names]
        apart = {"JSD": [game.jensen_shannon for game in games], "W₁": [game.wasserstein for game in games]}
        shown_here["Distances of samples and data"] = distance_curves(epochs, apart, 0.0, shown, "nats, and x", look())
        widths = {"samples": [game.std_samples for game in games]}
        shown_here["Standard deviation"] = distance_curves(epochs, widths, games[0].std, shown, "x", look())
    else:
        times, values = course(run, "energy distance")
        if len(times):
            found = {"energy distance": values.tolist()}
            shown_here["Energy distance"] = distance_curves(times.tolist(), found, 0.0, shown, "units of data", look())
    if place := category(cached.model(run)):
        times, values = course(run, "category information")
        k = place.stop - place.start
        if len(times):
            most = f"log {k} = {np.log(k):.2f}"
            shown_here["L_I of the category"] = information_curve(times, values, float(np.log(k)), most, look())
    if not shown_here:
        st.caption("Nothing was recorded of this training.")
        return
    panels(shown_here, "Over the training")
    st.caption(
        "At the best discriminator V = −log 4 + 2 JSD(p ‖ p_G), so −log 4 is the least, where both densities agree. "
        "But the discriminator that was learned may be worse than the best one: V is then near −log 4 whatever the "
        "samples are. Look at the distances, which ask no discriminator."
    )


def draw_modes(run: Subject, epoch: int | None) -> None:
    """The share of the samples at each mode, and that of the data."""
    found = in_the_plane(run, epoch).modes
    if found is None:
        st.caption("The modes of these data are not known.")
        return
    figure(coverage_bars(found.shares, found.due, run.classes, look()), "The share of the samples at each mode")
    st.caption(
        "A sample is at its nearest mode if it is within three of its standard deviations; 99 % of the data are. A "
        "mode counts as reached if it has a tenth of the samples that it has of the data."
    )


def draw_best() -> None:
    """V at the best discriminator of two Gaussians."""
    picture, side = st.columns([2, 1], gap="large")
    with side:
        m = st.slider("The generator's mean m", 0.0, FARTHEST, 2.0, 0.1, key="best-mean", bind="query-params")
        s = st.slider("and standard deviation s", 0.1, 3.0, 1.0, 0.1, key="best-std", bind="query-params")
        p, q = (scipy.stats.norm.pdf(PLACES, *of) for of in ((0, 1), (m, s)))
        value = best_value(p, q, PLACES)
        st.metric("C = V at the best D, nats", f"{value:.6f}", f"{value - LEAST:+.6f} from −log 4", delta_color="off")
        st.metric("Jensen–Shannon divergence, nats", f"{jensen_shannon(p, q, PLACES):.6f}")
    means = np.linspace(0, FARTHEST, 51)
    values = [best_value(p, scipy.stats.norm.pdf(PLACES, one, s), PLACES) for one in means]
    with picture:
        figure(gap_curve(means, np.array(values), (m, value), look()), "V at the best discriminator of two Gaussians")
    st.caption(
        "Data N(0, 1), samples N(m, s²), and the best discriminator D* = p/(p + p_G): then V is C = −log 4 + 2 JSD, "
        "and no training is in the way. With s = 1 and m = 0, 1, 2, 4 it is −1.386294, −1.163451, −0.712633, −0.120854."
    )
