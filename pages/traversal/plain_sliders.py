"""The explorer without JavaScript: Streamlit's own sliders, answered by the server when one is released."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.latent.bottleneck import Bottleneck, dimension_name
from latentlab.analysis.latent.traversal import LEAST_REACH
from latentlab.models import Encodes
from latentlab.subjects import Subject
from pages.components.explorer import View
from pages.shared import cached
from pages.shared.dimensions import carries, follows
from pages.shared.example_view import appearance_of, show
from pages.shared.visit import Slot
from pages.traversal.live_explorer import IN_SIGHT

SLIDERS_OF: Slot[str] = Slot("sliders_of")  # the id of the run that the sliders are of
DRAWS: Slot[int] = Slot("draws")  # how many there were, so that each differs


def plain_explorer(run: Subject, where: Bottleneck, first: View) -> View:
    """Draw the decoded image, the buttons and the sliders, and return where they stand."""
    end = cached.farthest(run)
    if SLIDERS_OF.get() != run.id or not _value(0).is_set:
        _set(list(first.z))
        SLIDERS_OF.set(run.id)
    left, controls = st.columns([1, 2], gap="large")
    shown = left.container()
    with left.container(horizontal=True, gap="small"):
        zero = [0.0] * len(where.order)
        _button("zero", "Centre", "adjust", "The middle of the latent space", lambda: _set(zero))
        _button("sample", "Random place", "casino", "A draw from the prior", lambda: _sample(len(zero)))
        if run.has(Encodes):
            _button("encode", "Random example", "image", "The code of a test example", lambda: _encode(run))
    with controls:
        order = [int(axis) for axis in where.order]
        values = {axis: _slider(run, axis, where, end) for axis in order[:IN_SIGHT]}
        if order[IN_SIGHT:]:
            with st.popover(f"{len(order) - IN_SIGHT} more dimensions", width="stretch"):
                values |= {axis: _slider(run, axis, where, end) for axis in order[IN_SIGHT:]}
    z = tuple(values[axis] for axis in range(len(order)))
    decoded = cached.decoder(run)(torch.tensor([z]))
    if not bool(decoded.isfinite().all()):
        shown.warning("Not a number here: the decoder overflows at this place. Move back towards the middle.")
        return View(z, first.pins, first.axes)
    with shown:
        show(appearance_of(run), decoded, 1, "The decoded example")
    return View(z, first.pins, first.axes)


def _button(key: str, label: str, icon: str, text: str, action: Callable[[], None]) -> None:
    st.button(label, key, text, action, icon=f":material/{icon}:")


def _slider(run: Subject, axis: int, where: Bottleneck, end: float) -> float:
    said = (dimension_name(axis, run.code), carries(where, axis), follows(run)[axis])
    label = " · ".join(filter(None, said))
    label = label if where.active[axis] else f":gray[{label}]"
    value: float = st.slider(label, -end, end, step=0.05, key=_value(axis).name, format="%.2f")
    return value


def _value(axis: int) -> Slot[float]:
    """What the slider of a dimension shows."""
    return Slot(f"z{axis}")


def _set(code: list[float]) -> None:
    for axis, value in enumerate(code):
        _value(axis).set(float(value))


def _draws() -> torch.Generator:
    DRAWS.set(DRAWS.get(0) + 1)
    return device.generator(DRAWS.get(0))


def _sample(z_dim: int) -> None:
    _set(torch.randn(z_dim, generator=_draws()).clamp(-LEAST_REACH, LEAST_REACH).tolist())


def _encode(run: Subject) -> None:
    codes = cached.standard_codes(run)
    _set(codes[int(torch.randint(len(codes), (1,), generator=_draws()))].tolist())
