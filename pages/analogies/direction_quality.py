"""The quality of an attribute vector, whether its path stays near real codes, and A - B + C with images."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.latent.attribute_vectors import METHODS, Attribute, angles, arithmetic
from latentlab.analysis.latent.support import neighbour_distance, round_trip
from latentlab.analysis.neighbours import neighbours
from latentlab.figures.conditional.analogies import support_along
from latentlab.subjects import Subject
from pages.analogies.attribute_vectors import NAMES, MovedExamples, VectorSettings, attribute
from pages.shared import cached, url_state
from pages.shared.example_view import appearance_of, show
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
        "decoded and encoded again: moved by (σ)": (trip, usual_trip),
    }
    unit = "gaps between the groups"
    drawn = {title: support_along(moved.amounts, *found, look(), unit) for title, found in measures.items()}
    panels(drawn, "Distance of each example from real codes along the path")
    end = float((far[:, -1] <= usual_far).mean())
    st.caption(
        f"At the end {end:.0%} of the rows are as close to real codes as 95 % of real ones are. Beyond that line the "
        "decoder gets codes unlike those of real examples."
    )


def _measured(run: Subject, moved: MovedExamples) -> tuple[np.ndarray, float, np.ndarray, float]:
    codes, encode, decode = cached.standard_codes(run), cached.encoder(run), cached.decoder(run)
    places = torch.from_numpy(moved.codes).flatten(0, 1)
    shape = moved.codes.shape[:2]
    far = neighbour_distance(codes, places, K).reshape(shape)
    trip = round_trip(decode, encode, places).reshape(shape)
    usual_far, usual_trip = _usual(run)
    return far.astype(np.float32), usual_far, trip.astype(np.float32), usual_trip


@remember(32)
def _usual(run: Subject) -> tuple[float, float]:
    """The 95 % quantiles over real examples: distance to the nearest others, and round trip."""
    codes = cached.standard_codes(run)
    far = neighbours(codes.numpy(), codes.numpy(), K, own=np.arange(len(codes))).distance.mean(1)
    trip = round_trip(cached.decoder(run), cached.encoder(run), codes)
    return float(np.quantile(far, USUAL)), float(np.quantile(trip, USUAL))


def four_images(run: Subject) -> None:
    """A - B + C: what makes A differ from B, added to C."""
    if len(run.classes) < 2:
        st.info("These data have fewer than two classes, so there are no groups; three examples can still be combined.")
    tested = cached.examples(run)
    codes, y = cached.standard_codes(run), tested.y
    called = [f"#{i}, a {run.classes[k]}" if 0 <= k < len(run.classes) else f"#{i}" for i, k in enumerate(y.tolist())]
    linked = url_state.read_numbers("abc", 3, 0, len(y) - 1)
    first = [int(v) for v in linked] if linked else _first(run)
    chosen = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, default in zip("ABC", first, strict=True):
            at = st.selectbox(name, range(len(y)), default, called.__getitem__, f"{name}-{run.id}", width=160)
            chosen.append(int(at))
    url_state.write("abc", ",".join(map(str, chosen)) if chosen != _first(run) else None)
    a, b, c = (codes[i].numpy() for i in chosen)
    z = torch.from_numpy(arithmetic(a, b, c))[None]
    near = neighbours(codes.numpy(), z.numpy(), 1)
    made = cached.decoder(run)(z)
    left, right = st.columns([2, 1], gap="large")
    x = tested.batch(torch.tensor([*chosen, int(near.index[0, 0])])).x
    titles = ["A", "B", "C", "A − B + C", "nearest"]
    with left:
        alt = "A, B, C, their A - B + C decoded, and the nearest example"
        show(appearance_of(run), torch.cat([x[:3], made, x[3:]]), 5, alt, titles)
        st.caption("A · B · C · A − B + C decoded · the test example with the nearest code")
    far, (usual, _) = float(neighbour_distance(codes, z, K)[0]), _usual(run)
    right.markdown(
        f"A − B + C is **{far:.2f} σ** from its {K} nearest codes on average; 95 % of real codes are within "
        f"{usual:.2f} σ: it lies {'among' if far <= usual else '**beyond**'} them."
    )


def _first(run: Subject) -> list[int]:
    """Two of one class that differ much though both are typical of it, and a typical one of another class."""
    y, codes = cached.examples(run).y, cached.standard_codes(run)
    of_class, of_other = (
        members[(codes[members] - codes[members].mean(0)).norm(dim=1).argsort()]
        for members in (torch.nonzero(y == y[0])[:, 0], torch.nonzero(y == y[int((y != y[0]).int().argmax())])[:, 0])
    )
    typical = of_class[: max(2, len(of_class) // 2)]
    i, j = divmod(int(torch.cdist(codes[typical], codes[typical]).argmax()), len(typical))
    return [int(typical[i]), int(typical[j]), int(of_other[0])]
