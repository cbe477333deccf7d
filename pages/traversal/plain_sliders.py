"""The explorer without JavaScript: Streamlit's own sliders, answered by the server when one is released."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.latent.bottleneck import Bottleneck, dimension_name
from latentlab.analysis.latent.code_kinds import REACH, Category, CodeKinds
from latentlab.analysis.latent.traversal import LEAST_REACH
from latentlab.models import Encodes, HasPrior
from latentlab.subjects import Subject
from pages.components.explorer import View
from pages.shared import cached
from pages.shared.dimensions import carries, follows
from pages.shared.example_view import appearance_of, show
from pages.shared.visit import Slot
from pages.traversal.live_explorer import IN_SIGHT

Code = tuple[float, ...]

SLIDERS_OF: Slot[str] = Slot("sliders_of")  # the id of the run that the sliders are of
DRAWS: Slot[int] = Slot("draws")  # how many there were, so that each differs


def plain_explorer(run: Subject, where: Bottleneck, first: View) -> View:
    """Draw the decoded image, the buttons and the sliders, and return where they stand."""
    end = cached.farthest(run)
    kinds = cached.kinds(run)
    if SLIDERS_OF.get() != run.id or not _is_set(kinds, len(where.order)):
        _set(run, first.z)
        SLIDERS_OF.set(run.id)
    left, controls = st.columns([1, 2], gap="large")
    shown = left.container()
    with left.container(horizontal=True, gap="small"):
        n = len(where.order)
        _button("zero", "Centre", "adjust", "The middle of the latent space", lambda: _set(run, kinds.middle(n)))
        _button("sample", "Random place", "casino", "A draw from the prior", lambda: _sample(run, n))
        if run.has(Encodes):
            _button("encode", "Random example", "image", "The code of a test example", lambda: _encode(run))
    with controls:
        z: Code = (0.0,) * n
        for k, category in enumerate(kinds.categories):
            z = category.at(z, _choose(k, category))
        of_category = {axis for category in kinds.categories for axis in category.axes}
        order = [axis for axis in kinds.ordered(tuple(map(int, where.order))) if axis not in of_category]
        values = {axis: _slider(run, axis, where, end) for axis in order[:IN_SIGHT]}
        if order[IN_SIGHT:]:
            with st.popover(f"{len(order) - IN_SIGHT} more dimensions", width="stretch"):
                values |= {axis: _slider(run, axis, where, end) for axis in order[IN_SIGHT:]}
    z = tuple(values.get(axis, value) for axis, value in enumerate(z))
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
    if axis in dict(cached.kinds(run).ends):
        own: float = st.slider(label, -REACH, REACH, step=0.05, key=_value(axis).name, format="%.2f")
        return (own - float(where.center[axis])) / float(where.scale[axis])
    value: float = st.slider(label, -end, end, step=0.05, key=_value(axis).name, format="%.2f")
    return value


def _choose(k: int, category: Category) -> int:
    """Which category it is."""
    chosen = st.segmented_control(
        "Category", range(len(category.axes)), format_func=lambda one: str(one + 1), key=_chosen(k).name, required=True
    )
    return int(chosen or 0)


def _value(axis: int) -> Slot[float]:
    """What the slider of a dimension shows."""
    return Slot(f"z{axis}")


def _chosen(category: int) -> Slot[int]:
    """What the control of a category shows."""
    return Slot(f"category{category}")


def _is_set(kinds: CodeKinds, n: int) -> bool:
    """Whether the controls are there already."""
    of_category = {axis for category in kinds.categories for axis in category.axes}
    return all(_value(axis).is_set for axis in range(n) if axis not in of_category)


def _set(run: Subject, code: Code) -> None:
    where, kinds = cached.dimensions(run), cached.kinds(run)
    own = dict(kinds.ends)
    for axis, value in enumerate(code):
        shown = float(where.center[axis]) + float(where.scale[axis]) * value if axis in own else float(value)
        _value(axis).set(shown)
    for k, category in enumerate(kinds.categories):
        _chosen(k).set(category.nearest(code))


def _draws() -> torch.Generator:
    DRAWS.set(DRAWS.get(0) + 1)
    return device.generator(DRAWS.get(0))


def _sample(run: Subject, z_dim: int) -> None:
    model, where = cached.model(run), cached.dimensions(run)
    if cached.kinds(run).are_several and isinstance(model, HasPrior):
        drawn = (model.prior.sample(1, _draws())[0].numpy() - where.center) / where.scale
        _set(run, tuple(drawn.tolist()))
    else:
        _set(run, tuple(torch.randn(z_dim, generator=_draws()).clamp(-LEAST_REACH, LEAST_REACH).tolist()))


def _encode(run: Subject) -> None:
    codes = cached.standard_codes(run)
    _set(run, tuple(codes[int(torch.randint(len(codes), (1,), generator=_draws()))].tolist()))
