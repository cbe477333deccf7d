"""Vectors that no model made: directions between groups of them, A - B + C, and what a probe reads off them."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from latentlab.analysis.attribute import METHODS, Attribute, Method, arithmetic, attribute_vector
from latentlab.analysis.directions import principal
from latentlab.analysis.neighbours import neighbours
from latentlab.analysis.probe import Probe, linear_probe
from pages.ui.attribute_numbers import directions_table
from pages.ui.groups import offered_of
from pages.ui.header import notes
from pages.ui.map_detail import examples, name_of
from pages.ui.spaces import INPUT, Floats, Source, Space, space

CLASS = "class"
N = 10_000  # examples, those of the test set first
N_BOOT, SEED = 100, 0
WIDE = 100  # numbers of a vector; of more, directions are looked for in so many principal components
NEAR = 8


def vectors(dataset: str) -> None:
    """What the page Analogies is of data without a model."""
    _analogies(dataset)
    notes(
        "Vectors without a model: arithmetic with three of them, and the direction between two groups, by three "
        "methods.",
        "Ask what is to C as A is to B. Choose two groups and see whether a direction tells held-out pairs apart "
        "better than shuffled groups do.",
        "A − B + C is looked up among the vectors themselves, A, B and C left out (Mikolov et al. 2013). A difference "
        "of means is w = mean(A) − mean(B); a probe is logistic regression; LDA is Fisher's discriminant.",
    )


def probed_vectors(dataset: str) -> None:
    """What the page Probes is of data without a model: one probe, of the examples themselves."""
    _probe(dataset)
    notes(
        "One linear probe of the examples themselves: what there is to be read before any model has seen them.",
        "Ask for another column, or for what you selected on the map. Train a model on the data and see which of its "
        "layers knows more.",
        "The probe is multinomial logistic regression, its penalty chosen on held-out examples (Alain & Bengio 2017). "
        "Its selectivity is its accuracy less that of the same fit to random labels (Hewitt & Liang 2019).",
    )


@st.fragment
def _analogies(dataset: str) -> None:
    """Arithmetic with three examples of a data set, and the direction between two groups of them."""
    seen = space(Source(dataset, None, INPUT, N))
    _four(seen)
    groups = _groups(seen)
    if len(groups) < 2:
        st.info("There is one class at most, so there are no two groups to compare; a lasso on the map can make some.")
        return
    left, right = st.columns(2)
    a = left.selectbox("Group A", list(groups), 0, key=f"vectors A {dataset}")
    b = right.selectbox("minus group B", list(groups), 1, key=f"vectors B {dataset}")
    z, share = _narrowed(seen.name, seen.z)
    found = [_direction(f"{seen.name} {a} {b}", method, z[groups[a]], z[groups[b]]) for method in METHODS]
    wrong = next((one for one in found if isinstance(one, str)), None)
    if wrong is not None:
        st.info(wrong)
        return
    directions_table([one for one in found if isinstance(one, Attribute)])
    if z.shape[1] < seen.z.shape[1]:
        st.caption(
            f"Looked for in the first {z.shape[1]} principal components, which hold {share:.1%} of the variance."
        )


def _four(seen: Space) -> None:
    """What is to C as A is to B."""
    chosen = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for name, first in zip("ABC", _first(seen), strict=True):
            key, last = f"{name} {seen.of.dataset}", len(seen.z) - 1
            chosen.append(int(st.number_input(f"Example {name}", 0, last, first, key=key, width=160)))
    a, b, c = (seen.z[i] for i in chosen)
    place = arithmetic(a, b, c)
    rest = np.setdiff1d(np.arange(len(seen.z)), chosen)
    if not len(rest):
        return
    near = neighbours(seen.z[rest], place[None], min(NEAR, len(rest)))
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.caption("A · B · C: " + " · ".join(f"#{i}, {name_of(seen, int(seen.data.y[i]))}" for i in chosen))
        examples(seen, np.array(chosen), 3, "The examples A, B and C")
    with right:
        best = rest[near.index[0]]
        st.caption(f"nearest to A − B + C, {near.distance[0, 0]:.2f} to {near.distance[0, -1]:.2f} away")
        examples(seen, best, NEAR, "The examples that are nearest to A - B + C")


def _first(seen: Space) -> tuple[int, int, int]:
    """Two examples of one class and one of another, where there are classes."""
    y = seen.data.y.numpy()
    same = np.flatnonzero(y == y[0])
    other = np.flatnonzero(y != y[0])
    return 0, int(same[min(1, len(same) - 1)]), int(other[0]) if len(other) else len(y) - 1


def _groups(seen: Space) -> dict[str, np.ndarray]:
    """Name -> the rows of a group: of each class, and of what was picked on the map or a column names."""
    y = seen.data.y.numpy()
    of_class = {name: np.flatnonzero(y == k) for k, name in enumerate(seen.data.classes)}
    own = {group.name: np.array(group.ids) for group in offered_of(seen.of).values()}
    return {name: rows[rows < len(y)] for name, rows in (of_class | own).items()}


@st.fragment
def _probe(dataset: str) -> None:
    seen = space(Source(dataset, None, INPUT, N))
    groups = _groups(seen)
    choices = [CLASS] * (len(seen.data.classes) > 1) + [name for name in groups if name not in seen.data.classes]
    if not choices:
        st.info("There is nothing to ask: the data have no two classes, and nothing was selected on the map.")
        return
    asked = st.selectbox("Ask the examples about", choices, key=f"ask {dataset}")
    y, names = seen.data.y.numpy(), seen.data.classes
    if asked != CLASS:
        y, names = np.isin(np.arange(len(y)), groups[asked]).astype(np.int64), ("the rest", asked)
    found = _probed(f"{seen.name} {asked}", seen.z, y, len(names))
    if isinstance(found, str):
        st.info(f"This can't be probed: {found}")
        return
    left, middle, right = st.columns(3)
    left.metric("Error of the probe", f"{found.score.error:.1%}", f"± {1.96 * found.score.std_error:.1%}", "off")
    middle.metric("Always the most frequent", f"{found.baseline:.1%}")
    right.metric("Selectivity", f"{found.selectivity:.1%}" if found.selectivity is not None else "unknown")
    for warning in found.warnings:
        st.warning(warning)
    told = f"Told on {found.score.n:,} examples that it wasn't fitted to; {found.kept} features; penalty {found.l2:g}."
    st.caption(told)


@st.cache_resource(max_entries=32, show_spinner="Fitting a probe …")
def _probed(key: str, _z: Floats, _y: NDArray[np.int64], n_classes: int) -> Probe | str:  # noqa: ARG001
    order = np.random.default_rng(SEED).permutation(len(_z))
    fit, choose, tell = np.split(order, [round(0.6 * len(order)), round(0.8 * len(order))])
    try:
        return linear_probe(
            _z[fit], _y[fit], valid=(_z[choose], _y[choose]), test=(_z[tell], _y[tell]), n_classes=n_classes,
            control=True,
        )  # fmt: skip
    except ValueError as error:
        return str(error)


@st.cache_resource(max_entries=4, show_spinner="Looking for the principal components …")
def _narrowed(name: str, _z: Floats) -> tuple[Floats, float]:  # noqa: ARG001
    """(N, at most `WIDE`) of wide vectors the first principal components, and the share of the variance they hold."""
    if _z.shape[1] <= WIDE:
        return _z, 1.0
    found = principal(_z, min(WIDE, len(_z) - 1), SEED)
    return found.project(_z), float(found.share.sum())


@st.cache_resource(max_entries=64, show_spinner="Looking for the direction …")
def _direction(groups: str, method: Method, _a: Floats, _b: Floats) -> Attribute | str:  # noqa: ARG001
    try:
        return attribute_vector(_a, _b, method, N_BOOT, SEED)
    except ValueError as error:
        return str(error)
