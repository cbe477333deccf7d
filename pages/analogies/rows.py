"""The rows of an analogy sheet: styles of test images or of the prior, and which of them is edited."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from latentlab.analysis.conditional.analogies import from_all_classes
from latentlab.models import Conditional
from latentlab.subjects import Subject
from pages.shared import cached, url_state
from pages.shared.choose_second_run import choose_second_run
from pages.shared.classifier import classifier
from pages.shared.conditional import conditional, drawn_styles, encoder_as, labelled, styles
from pages.shared.drawing import can_draw, drawing
from pages.shared.linked_choice import linked_choice
from pages.shared.visit import Slot

MOST = 10  # rows
SOURCES = ("Examples", "Prior", DRAWING := "Your hand")
BY_HAND: Slot[tuple[cached.Code, ...]] = Slot("style-by-hand")  # the one that the edited row began with


@dataclass(frozen=True)
class Rows:
    """The styles of a sheet.

    Attributes:
        codes: N styles, in units of the prior.
        names: what each is called.
        x: (N, *shape) the examples they come from, test examples or a drawing; None of draws from the prior.
        y: (N,) the classes of these.
        edited: the row that the sliders move.
    """

    codes: tuple[cached.Code, ...]
    names: tuple[str, ...]
    x: Tensor | None = None
    y: Tensor | None = None
    edited: int = 0


def choose_rows(run: Subject) -> Rows:
    """Let the visitor choose the styles: of test examples, or draws from the prior."""
    source = linked_choice("Styles", SOURCES if can_draw(run) else SOURCES[:2], "Examples", "styles",
        former={"Images": "Examples"}, help="Those of test examples, draws from the prior, or that of your own hand",
        on_change=_straighten)  # fmt: skip
    n, seed = 6, draw_seed()
    if source == DRAWING:
        return _by_hand(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Other styles", key="others", on_click=_other, icon=":material/casino:")
        with st.popover("More"):
            n = st.slider("Rows", 3, MOST, 6, key="rows", bind="query-params")
            picked = _pick(run) if source == "Examples" else []
    if source == "Prior":
        return Rows(codes_of(drawn_styles(run, MOST, seed)[:n]), tuple(f"draw {i + 1}" for i in range(n)))
    known = labelled(run)
    chosen = picked or from_all_classes(known.y.numpy(), n, np.random.default_rng(seed))
    some = known.batch(torch.tensor(chosen))
    names = tuple(f"a {run.classes[k]} (#{i})" for i, k in zip(chosen, some.y.tolist(), strict=True))
    return Rows(codes_of(styles(run)[chosen]), names, some.x, some.y)


def _by_hand(run: Subject) -> Rows:
    """The style of what the visitor draws; that of the middle of the latent space while nothing is drawn."""
    x, zero = drawing(run), torch.zeros(1, conditional(run).z_dim)
    if x is None:
        return Rows(codes_of(zero), ("the mean style",))
    classify = classifier(run)
    first = int(classify(x[None]).argmax()) if classify is not None else 0
    classes = range(len(run.classes))
    k = st.selectbox("It is a", classes, first, run.classes.__getitem__, key=f"drawn-as-{first}", bind="query-params")
    y = torch.tensor([k])
    codes = codes_of(encoder_as(run)(x[None], y))
    if BY_HAND.get(codes) != codes:
        _straighten()
    BY_HAND.set(codes)
    return Rows(codes, (f"your {run.classes[k]}",), x[None], y)


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


def of_other(rows: Rows, other: Subject) -> Rows:
    """The same rows for another model: the same images encoded, or draws with the same seed."""
    if rows.x is not None and rows.y is not None:
        return replace(rows, codes=codes_of(encoder_as(other)(rows.x, rows.y)))
    return replace(rows, codes=codes_of(drawn_styles(other, MOST, draw_seed())[: len(rows.codes)]))


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
