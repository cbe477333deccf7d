"""The rows of an analogy sheet: styles of test images or of the prior, and which of them is edited."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch

from latentlab.device import generator
from latentlab.models import Conditional
from latentlab.subjects import Subject
from pages.shared import cached, url_state
from pages.shared.choose_second_run import choose_second_run
from pages.shared.conditional import conditional, encoder_as, labelled, styles
from pages.shared.linked_choice import linked_choice

MOST = 10  # rows


@dataclass(frozen=True)
class Rows:
    """The styles of a sheet.

    Attributes:
        codes: N styles, in units of the prior.
        names: what each is called.
        images: the test examples they come from, by their place; empty for draws from the prior.
        edited: the row that the sliders move.
    """

    codes: tuple[cached.Code, ...]
    names: tuple[str, ...]
    images: tuple[int, ...]
    edited: int


def choose_rows(run: Subject) -> Rows:
    """Let the visitor choose the styles: of test examples, or draws from the prior."""
    source = linked_choice("Styles", ["Examples", "Prior"], "Examples", "styles", former={"Images": "Examples"},
        help="Those of test examples, or draws from the prior", on_change=_straighten)  # fmt: skip
    n, seed = 6, draw_seed()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Others", key="others", on_click=_other, icon=":material/casino:", help="Other styles")
        with st.popover("More"):
            n = st.slider("Rows", 3, MOST, 6, key="rows", bind="query-params")
            picked = _pick(run) if source == "Examples" else []
    if source == "Prior":
        z = torch.randn(MOST, conditional(run).z_dim, generator=generator(seed))[:n]
        return Rows(codes_of(z), tuple(f"draw {i + 1}" for i in range(n)), (), 0)
    chosen = picked or _some(run, n, seed)
    y = labelled(run).y
    names = tuple(f"a {run.classes[int(y[i])]} (#{i})" for i in chosen)
    return Rows(codes_of(styles(run)[chosen]), names, tuple(chosen), 0)


def choose_edited(rows: Rows) -> Rows:
    """Let the visitor choose the row that the sliders move."""
    requested, places = url_state.read("row") or "1", range(len(rows.names))
    first = int(requested) - 1 if requested.isdecimal() and len(requested) < 3 and int(requested) - 1 in places else 0
    key = f"bent {' '.join(rows.names)}"  # other rows, another list: one that stays goes on showing the name it had
    place = st.selectbox("Row to edit", places, first, rows.names.__getitem__, key=key, on_change=_straighten)
    url_state.write("row", str(place + 1) if place else None)
    return replace(rows, edited=min(place, len(rows.codes) - 1))


def choose_other(run: Subject) -> Subject | None:
    """Let the visitor choose a second class-conditional model of the same classes."""
    about = "The same rows drawn by another model"
    return choose_second_run(run, (Conditional,), lambda one: (one.shape, one.classes), about)


def of_other(run: Subject, rows: Rows, other: Subject) -> Rows:
    """The same rows for another model: the same images encoded, or draws with the same seed."""
    if rows.images:
        return replace(rows, codes=codes_of(_encoded(run, other, rows.images)))
    z = torch.randn(MOST, conditional(other).z_dim, generator=generator(draw_seed()))
    return replace(rows, codes=codes_of(z[: len(rows.codes)]))


def _pick(run: Subject) -> list[int]:
    """Test examples chosen by the visitor, saved in the address."""
    y = labelled(run).y
    linked = [int(part) for part in (url_state.read("images") or "").split(",") if part.isdecimal() and len(part) < 9]
    chosen = st.multiselect(
        "Test examples", range(len(y)), [i for i in dict.fromkeys(linked) if i < len(y)][:MOST],
        lambda i: f"#{i}, a {run.classes[int(y[i])]}", f"images-{run.id}", max_selections=MOST,
        placeholder="chosen for you", on_change=_straighten,
    )  # fmt: skip
    url_state.write("images", ",".join(map(str, chosen)) or None)
    return list(chosen)


def _some(run: Subject, n: int, seed: int) -> list[int]:
    """n examples of as many classes as there are, other ones for every seed."""
    y = labelled(run).y.numpy()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(y))
    rank = np.empty(len(y), np.int64)  # how many of its class come before it
    for k in np.unique(y):
        members = order[y[order] == k]
        rank[members] = np.arange(len(members))
    place = np.empty(len(y), np.int64)
    place[order] = np.arange(len(y))
    return [int(i) for i in np.lexsort((place, rank))[:n]]


def _encoded(run: Subject, other: Subject, images: Sequence[int]) -> torch.Tensor:
    some = labelled(run).batch(torch.tensor(images))
    return encoder_as(other)(some.x, some.y)


def codes_of(z: torch.Tensor) -> tuple[cached.Code, ...]:
    """Styles (N, z_dim) as what a cache is keyed by, to four decimals."""
    return tuple(tuple(round(float(v), 4) for v in row) for row in z)


def draw_seed() -> int:
    """Which of the draws of styles the address requests."""
    return url_state.read_count("draw")


def called(run: Subject, i: int) -> str:
    """What an example is called: by its class, if it has one, and its number."""
    k = int(cached.examples(run).y[i])
    return f"a {run.classes[k]} (#{i})" if 0 <= k < len(run.classes) else f"#{i}"


def _other() -> None:
    url_state.write("draw", str(draw_seed() + 1))
    url_state.write("images", None)
    _straighten()


def _straighten() -> None:
    """Forget how a row was edited: there is another in its place."""
    url_state.write("z", None)
