"""One slider for each latent dimension: the ones that carry most in sight, the rest behind "More"."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.bottleneck import Bottleneck
from latentlab.models import Encodes
from latentlab.runs import Run
from pages.ui import address, cache

IN_SIGHT = 6
LIMIT = 3.0
PARAMETER = "z"


def code_buttons(run: Run, where: Bottleneck) -> None:
    """Buttons that set all sliders at once."""
    zero = [0.0] * len(where.order)
    _button("Zero", "adjust", "The middle of the latent space", lambda: _set(zero))
    _button("Sample", "casino", "A draw from the prior", lambda: _sample(len(zero)))
    if issubclass(run.kind, Encodes):
        _button("Encode", "image", "The code of a test example", lambda: _encode(run))


def code_sliders(run: Run, where: Bottleneck) -> list[float]:
    """Draw the sliders and return the code, in units of the codes' spread; it is kept in the address."""
    z_dim = len(where.order)
    if st.session_state.get("sliders_of") != run.id:  # another model, or a link that was just opened
        asked = address.read_numbers(PARAMETER, z_dim, -LIMIT, LIMIT) if "sliders_of" not in st.session_state else None
        _set(asked or [0.0] * z_dim)
        st.session_state["sliders_of"] = run.id
    order = [int(j) for j in where.order]
    values = {axis: _slider(axis, where) for axis in order[:IN_SIGHT]}
    if order[IN_SIGHT:]:
        with st.popover(f"More: {len(order) - IN_SIGHT} dimensions", width="stretch"):
            values |= {axis: _slider(axis, where) for axis in order[IN_SIGHT:]}
    code = [values[axis] for axis in range(z_dim)]
    address.write_numbers(PARAMETER, code)
    return code


def _button(label: str, icon: str, text: str, action: Callable[[], None]) -> None:
    st.button(label, label.lower(), text, action, icon=f":material/{icon}:", width=112)


def _slider(axis: int, where: Bottleneck) -> float:
    carries = f"{where.carries[axis]:.2g} nats" if where.unit == "nats" else f"variance {where.carries[axis]:.2g}"
    label = f"z{axis + 1} · {carries}" if where.active[axis] else f":gray[z{axis + 1} · inactive]"
    value: float = st.slider(label, -LIMIT, LIMIT, step=0.05, key=f"z{axis}", format="%.2f")
    return value


def _set(code: list[float]) -> None:
    for axis, value in enumerate(code):
        st.session_state[f"z{axis}"] = min(LIMIT, max(-LIMIT, float(value)))


def _draws() -> torch.Generator:
    st.session_state["draws"] = st.session_state.get("draws", 0) + 1
    return device.generator(st.session_state["draws"])


def _sample(z_dim: int) -> None:
    _set(torch.randn(z_dim, generator=_draws()).tolist())


def _encode(run: Run) -> None:
    codes = cache.standard_codes(run)
    _set(codes[int(torch.randint(len(codes), (1,), generator=_draws()))].tolist())
