"""Vectors that no model made: directions between groups of them, A - B + C."""

from __future__ import annotations

import numpy as np
import streamlit as st

from latentlab.analysis.latent.attribute_vectors import METHODS, Attribute, Method, arithmetic, attribute_vector
from latentlab.analysis.latent.pca import principal
from latentlab.analysis.maps.units import of_examples
from latentlab.analysis.neighbours import neighbours
from pages.analogies.direction_quality import directions_table
from pages.components import digest
from pages.shared.example_view import called, examples
from pages.shared.find_example import choose_example
from pages.shared.header import notes
from pages.shared.remember import remember
from pages.shared.selections import link_named
from pages.shared.spaces import Floats, Space, compared
from pages.shared.text import plain
from pages.shared.vectors import groups_of, say_metric, vectors_of

N_BOOT, SEED = 100, 0
WIDE = 100  # numbers of a vector; of more, directions are looked for in so many principal components
NEAR = 8


def vectors(dataset: str) -> None:
    """What the page Analogies is of data without a model."""
    _analogies(dataset)
    notes(
        "Vectors without a model: arithmetic with three of them, and the direction between two groups, by three "
        "methods.",
        "Find what is to C as A is to B. Choose two groups and see whether a direction ranks held-out pairs better "
        "than shuffled groups do.",
        "A − B + C is looked up among the vectors themselves, A, B and C left out (Mikolov et al. 2013). A difference "
        "of means is w = mean(A) − mean(B); a probe is logistic regression; LDA is Fisher's discriminant.",
    )


@st.fragment
def _analogies(dataset: str) -> None:
    """Arithmetic with three examples of a data set, and the direction between two groups of them."""
    space = vectors_of(dataset)
    _four(space)
    groups = groups_of(space)
    if len(groups) < 2:
        st.info("There is one class at most, so there are no two groups to compare; a lasso on the map can make some.")
        return
    left, right = st.columns(2)
    a = left.selectbox("Group A", list(groups), 0, key=f"group-a-{dataset}", bind="query-params")
    b = right.selectbox("minus group B", list(groups), 1, key=f"group-b-{dataset}", bind="query-params")
    link_named({a, b}, dataset)
    z, share = _narrowed(space)
    key = digest(groups[a], groups[b])
    found = [_direction(space, key, method, z[groups[a]], z[groups[b]]) for method in METHODS]
    wrong = next((one for one in found if isinstance(one, str)), None)
    if wrong is not None:
        st.info(wrong)
        return
    directions_table([one for one in found if isinstance(one, Attribute)])
    if z.shape[1] < space.z.shape[1]:
        st.caption(
            f"Computed in the first {z.shape[1]} principal components, which explain {share:.1%} of the variance."
        )


def _four(space: Space) -> None:
    """What is to C as A is to B."""
    with st.container(horizontal=True):
        chosen = [
            choose_example(f"Example {name}", space, first, f"example-{name.lower()}-{space.of.dataset}")
            for name, first in zip("ABC", _first(space), strict=True)
        ]
    z = compared(space)
    rest = np.setdiff1d(np.arange(len(z)), chosen)
    if not len(rest):
        return
    near = neighbours(z[rest], arithmetic(*(z[i] for i in chosen))[None], min(NEAR, len(rest)))
    left, right = st.columns([1, 2], gap="large")
    with left:
        st.caption("A · B · C: " + " · ".join(plain(called(space, i)) for i in chosen))
        examples(space, np.array(chosen), 3, "The examples A, B and C")
    with right:
        best = rest[near.index[0]]
        low, high = near.distance[0, [0, -1]]
        st.caption(f"nearest to A − B + C, {low:.2f} to {high:.2f} away{say_metric(space)}")
        examples(space, best, NEAR, "The examples that are nearest to A - B + C")


def _first(space: Space) -> tuple[int, int, int]:
    """Two examples of one class and one of another, where there are classes."""
    y = space.data.y.numpy()
    same = np.flatnonzero(y == y[0])
    other = np.flatnonzero(y != y[0])
    return 0, int(same[min(1, len(same) - 1)]), int(other[0]) if len(other) else len(y) - 1


@remember(4, "Computing the principal components …")
def _narrowed(space: Space) -> tuple[Floats, float]:
    """(N, at most `WIDE`) the vectors as models take them, or of wide ones the first principal components; and the

    share of the variance that these hold.
    """
    z = of_examples(space.data).z
    if z.shape[1] <= WIDE:
        return z, 1.0
    found = principal(z, min(WIDE, len(z) - 1), SEED)
    return found.project(z), float(found.share.sum())


@remember(64, "Computing the direction …")
def _direction(space: Space, groups: str, method: Method, _a: Floats, _b: Floats) -> Attribute | str:  # noqa: ARG001
    try:
        return attribute_vector(_a, _b, method, N_BOOT, SEED)
    except ValueError as error:
        return str(error)
