"""The analogy sheet of a model that is told the class: which styles are its rows, and what bends one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.data import to_bytes
from latentlab.device import generator
from latentlab.figures.analogies import Verdicts, analogy_sheet, film_of
from latentlab.figures.sheets import gif, sheet_png
from latentlab.models import Conditional
from latentlab.runs import Run, labels
from latentlab.store import Store
from pages.ui import address, cache
from pages.ui.conditional import conditional, in_classes, labelled, style_dimensions, styles, verdict
from pages.ui.diagnosis import judge
from pages.ui.header import look
from pages.ui.pictures import drawing

LIMIT = 3.0
IN_SIGHT = 2  # dimensions with a slider in sight
MOST = 10  # rows
FILM = np.linspace(-2, 2, 9)  # where a film puts the style
FILM_SCALE = 2


@dataclass(frozen=True)
class Rows:
    """The styles of a sheet.

    Attributes:
        codes: N styles, in units of the prior.
        names: what each is called.
        images: the test examples they come from, by their place; empty for draws from the prior.
        bent: the row that the sliders move.
    """

    codes: tuple[cache.Code, ...]
    names: tuple[str, ...]
    images: tuple[int, ...]
    bent: int


def choose_rows(run: Run) -> Rows:
    """Let the visitor choose the styles: of test examples, or draws from the prior."""
    source = st.segmented_control(
        "Styles", ["Images", "Prior"], default="Images", required=True, key="styles",
        bind="query-params", help="Those of test images, or draws from the prior",
    )  # fmt: skip
    n, seed = 6, _seed()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.button("Others", key="others", on_click=_other, icon=":material/casino:", help="Other styles")
        with st.popover("More"):
            n = st.slider("Rows", 3, MOST, 6, key="rows", bind="query-params")
            picked = _pick(run) if source == "Images" else []
    if source == "Prior":
        z = torch.randn(MOST, conditional(run).z_dim, generator=generator(seed))[:n]
        return Rows(_codes(z), tuple(f"draw {i + 1}" for i in range(n)), (), 0)
    chosen = picked or _some(run, n, seed)
    y = labelled(run).y
    names = tuple(f"a {run.classes[int(y[i])]} (#{i})" for i in chosen)
    return Rows(_codes(styles(run)[chosen]), names, tuple(chosen), 0)


def bend(run: Run, rows: Rows) -> Rows:
    """Let the visitor change the style of one row; all its cells follow."""
    place = st.selectbox(
        "Row to bend", range(len(rows.names)), format_func=rows.names.__getitem__, key="bent",
        on_change=lambda: address.write("z", None),
    )  # fmt: skip
    place = min(place, len(rows.codes) - 1)
    where, start = style_dimensions(run), list(rows.codes[place])
    linked = address.read_numbers("z", len(start), -LIMIT, LIMIT)
    order, owner = [int(axis) for axis in where.order], f"{run.id}-{rows.names[place]}-{_seed()}"

    def slider(axis: int) -> float:
        key = f"bend-{owner}-{axis}"
        at = float(np.clip((linked or start)[axis], -LIMIT, LIMIT))
        carries = f"{where.carries[axis]:.2g} {where.unit}" if where.active[axis] else "inactive"
        if key not in st.session_state:
            st.session_state[key] = round(at, 2)
        value: float = st.slider(f"z{axis + 1} · {carries}", -LIMIT, LIMIT, step=0.05, key=key, format="%.2f")
        return value

    values = {axis: slider(axis) for axis in order[:IN_SIGHT]}
    if order[IN_SIGHT:]:
        with st.popover(f"{len(order) - IN_SIGHT} more dimensions", width="stretch"):
            values |= {axis: slider(axis) for axis in order[IN_SIGHT:]}
    moved = any(abs(values[axis] - round(start[axis], 2)) > 0.026 for axis in order)
    code = tuple(values[axis] for axis in range(len(order))) if moved else rows.codes[place]
    address.write_numbers("z", code if moved else [0.0])
    codes = tuple(code if i == place else known for i, known in enumerate(rows.codes))
    return replace(rows, codes=codes, bent=place)


def choose_beside(run: Run) -> Run | None:
    """Let the visitor choose a second model that is told the same classes."""
    found = Store.default().runs(Conditional)
    others = {r.id: r for r in found if r.shape == run.shape and r.classes == run.classes and r.id != run.id}
    named, asked = labels(list(others.values())), address.read("beside")
    other = st.selectbox(
        "Beside it", list(others), list(others).index(asked) if asked in others else None, key=f"beside-{run.id}",
        format_func=named.__getitem__, placeholder="no other model", help="The same rows drawn by another model",
    )  # fmt: skip
    address.write("beside", other)
    return others[other] if other else None


def of_other(run: Run, rows: Rows, other: Run) -> Rows:
    """The same rows for another model: the same images encoded, or draws with the same seed."""
    if rows.images:
        return replace(rows, codes=_codes(_encoded(run, other, rows.images)))
    z = torch.randn(MOST, conditional(other).z_dim, generator=generator(_seed()))
    return replace(rows, codes=_codes(z[: len(rows.codes)]))


def draw_sheet(run: Run, rows: Rows, judged: bool, sources: Run, marked: bool = True) -> None:
    """The sheet, with the judge's word under every cell if it is asked."""
    found, k = in_classes(run, rows.codes), len(run.classes)
    said = verdict(run, rows.codes) if judged else None
    shape = (len(rows.codes), k)
    words = Verdicts(said.predicted.reshape(shape), said.confidence.reshape(shape)) if said is not None else None
    images = labelled(sources).batch(torch.tensor(rows.images)).x.numpy() if rows.images else None
    asked: NDArray[np.int64] = np.tile(np.arange(k), (len(rows.codes), 1))
    drawn = analogy_sheet(
        found.examples,
        images,
        run.classes,
        rows.names,
        run.classes,
        look(),
        words,
        asked,
        rows.bent if marked else None,
    )
    drawing(drawn, "A row for each style, a column for each class")
    if said is not None:
        by, real = said.accuracy, said.control
        control = f"; of real images it recognises {real.value:.1%}" if real is not None else ""
        st.caption(
            f"The judge takes {by.value:.0%} of these cells for their class (95 % interval {by.low:.0%} to "
            f"{by.high:.0%}){control}."
        )


def export(run: Run, rows: Rows) -> None:
    """The sheet as a picture, as a film of the strongest dimension, and as a table."""
    found, k = in_classes(run, rows.codes), len(run.classes)
    flat = to_bytes(found.examples.reshape(-1, *found.examples.shape[2:]))
    name = f"{run.id}-analogies"
    with st.container(horizontal=True):
        st.download_button(
            "PNG", lambda: sheet_png(flat, k, scale=2), f"{name}.png", "image/png", on_click="ignore",
            icon=":material/download:",
        )  # fmt: skip
        st.download_button(
            "GIF", lambda: _film(run, rows), f"{name}.gif", "image/gif", on_click="ignore", icon=":material/download:",
            help="Every row, while its strongest dimension goes from -2 to 2 and back",
        )  # fmt: skip
        st.download_button(
            "CSV", lambda: _csv(run, rows), f"{name}.csv", "text/csv", on_click="ignore", icon=":material/download:",
            help="A line for each cell: style, class, and what the judge says",
        )  # fmt: skip


def _film(run: Run, rows: Rows) -> bytes:
    axis, frames = int(style_dimensions(run).order[0]), []
    for value in FILM:
        z = torch.tensor(rows.codes)
        z[:, axis] = float(value)
        frames.append(in_classes(run, _codes(z)).examples)
    return gif(film_of(np.stack(frames), FILM_SCALE))


def _csv(run: Run, rows: Rows) -> str:
    said, d = verdict(run, rows.codes), len(rows.codes[0])
    lines = [",".join(["row", "class", *(f"z{axis + 1}" for axis in range(d)), "judge", "probability"])]
    for i, code in enumerate(rows.codes):
        for k, name in enumerate(run.classes):
            at = i * len(run.classes) + k
            words = ["", ""] if said is None else [run.classes[said.predicted[at]], f"{said.confidence[at]:.4f}"]
            lines.append(",".join([rows.names[i], name, *(f"{v:.4f}" for v in code), *words]))
    return "\n".join(lines) + "\n"


def _pick(run: Run) -> list[int]:
    """Test examples by hand, kept in the address."""
    y = labelled(run).y
    linked = [int(part) for part in (address.read("images") or "").split(",") if part.isdecimal() and len(part) < 9]
    chosen = st.multiselect(
        "Test images", range(len(y)), [i for i in dict.fromkeys(linked) if i < len(y)][:MOST],
        lambda i: f"#{i}, a {run.classes[int(y[i])]}", f"images-{run.id}", max_selections=MOST,
        placeholder="chosen for you",
    )  # fmt: skip
    address.write("images", ",".join(map(str, chosen)) or None)
    return list(chosen)


def _some(run: Run, n: int, seed: int) -> list[int]:
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


def _encoded(run: Run, other: Run, images: Sequence[int]) -> torch.Tensor:
    from pages.ui.conditional import encoder_as

    some = labelled(run).batch(torch.tensor(images))
    return encoder_as(other)(some.x, some.y)


def _codes(z: torch.Tensor) -> tuple[cache.Code, ...]:
    return tuple(tuple(round(float(v), 4) for v in row) for row in z)


def _seed() -> int:
    text = address.read("draw") or "0"
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _other() -> None:
    address.write("draw", str(_seed() + 1))
    address.write("images", None)
    address.write("z", None)


def has_judge(run: Run) -> bool:
    """Whether there is a classifier of the run's data."""
    return judge(run) is not None
