"""The quality of an attribute vector, and whether its path stays near real codes."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.latent.attribute_vectors import METHODS, Attribute, angles
from latentlab.analysis.latent.support import neighbour_distance, round_trip, usual_distance
from latentlab.figures.conditional.analogies import support_along
from latentlab.subjects import Subject
from pages.analogies.attribute_vectors import NAMES, MovedExamples, VectorSettings, attribute
from pages.shared import cached
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.remember import remember

K = 10  # neighbours
USUAL = 0.95  # of the real examples are as close


def trust(run: Subject, settings: VectorSettings, moved: MovedExamples) -> None:
    """The three methods side by side, and the support along the path."""
    found = [attribute(run, settings.a, settings.b, method) for method in METHODS]
    good = [one for one in found if isinstance(one, Attribute)]
    if len(good) < len(found):
        return
    directions_table(good)
    _support(run, moved)


def directions_table(found: list[Attribute]) -> None:
    """The directions between two groups by the three methods, side by side, and what their numbers mean."""
    between = angles(found)
    rows = [
        {
            "direction": NAMES[one.method],
            "AUC held out": one.auc.value,
            "95 % interval": f"{one.auc.low:.3f} to {one.auc.high:.3f}",
            "shuffled groups (95 % below)": f"{one.shuffled.mean:.3f} ({one.shuffled.high:.3f})",
            "random directions (95 % below)": f"{one.random.mean:.3f} ({one.random.high:.3f})",
            "cone (°)": one.cone,
            **{f"angle to {NAMES[m]} (°)": float(between[i, j]) for j, m in enumerate(METHODS)},
        }
        for i, one in enumerate(found)
    ]
    config = {"AUC held out": st.column_config.NumberColumn(format="%.3f")}
    config |= {name: st.column_config.NumberColumn(format="%.0f") for name in rows[0] if name.endswith("(°)")}
    st.dataframe(rows, hide_index=True, column_config=config, alt="The three directions, side by side")
    n_a, n_b = found[0].n
    st.caption(
        f"From {n_a} codes of A and {n_b} of B. AUC is the share of pairs (an A, a B) in the right order, by five-fold "
        "cross-validation. The cone holds the true direction 95 times in 100; from 90° on, nothing is known of it. "
        "Means points along the difference of the groups; Probe and LDA only along what separates them, so they may "
        "differ from it and from each other where dimensions are correlated."
    )


def _support(run: Subject, moved: MovedExamples) -> None:
    far, usual_far, trip, usual_trip = _measured(run, moved)
    measures = {
        f"distance to the {K} nearest examples (σ)": (far, usual_far),
        "round-trip distance (σ)": (trip, usual_trip),
    }
    unit = "gaps between the groups"
    drawn = {title: support_along(moved.amounts, *found, look(), unit) for title, found in measures.items()}
    panels(drawn, "Distance of each example from real codes along the path")
    end = float((far[:, -1] <= usual_far).mean())
    st.caption(
        f"At the end {end:.0%} of the rows are as close to real codes as 95 % of real ones are. Beyond that line the "
        "decoder gets codes unlike those of real examples. The round trip is decoding and encoding again."
    )


def _measured(run: Subject, moved: MovedExamples) -> tuple[np.ndarray, float, np.ndarray, float]:
    codes, encode, decode = cached.standard_codes(run), cached.encoder(run), cached.decoder(run)
    places = torch.from_numpy(moved.codes).flatten(0, 1)
    shape = moved.codes.shape[:2]
    far = neighbour_distance(codes, places, K).reshape(shape)
    trip = round_trip(decode, encode, places).reshape(shape)
    usual_far, usual_trip = usual_distances(run)
    return far.astype(np.float32), usual_far, trip.astype(np.float32), usual_trip


@remember(32)
def usual_distances(run: Subject) -> tuple[float, float]:
    """The 95 % quantiles over real examples: distance to the nearest others, and round trip."""
    codes = cached.standard_codes(run)
    trip = round_trip(cached.decoder(run), cached.encoder(run), codes)
    return usual_distance(codes, K, USUAL), float(np.quantile(trip, USUAL))
