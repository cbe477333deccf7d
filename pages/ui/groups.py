"""Groups of examples to compare: of classes, or what was selected on the map."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.runs import Run
from pages.ui import cache

FROM_MAP = "selected on the map"

Codes = NDArray[np.float32]


def offer_selection(run: Run, codes: Codes) -> None:
    """Let the visitor keep the codes of what is selected as a group for the page Analogies."""
    for side in ("A", "B"):
        what = f"Keep the selection as group {side} of the page Analogies"
        st.button(f"Group {side}", f"keep-{side}", what, _keep, (run, side, codes))


def selected(run: Run, side: str) -> Codes | None:
    """(N, z_dim) the codes that were kept from the map as group "A" or "B" of this run."""
    found: Codes | None = st.session_state.get("groups", {}).get((run.id, run.created, side))
    return found


def codes_of_group(run: Run, members: tuple[str, ...], side: str) -> Codes:
    """(N, z_dim) the codes of the test examples of some classes, and of what was selected on the map."""
    wanted = torch.tensor([run.classes.index(name) for name in members if name != FROM_MAP], dtype=torch.long)
    codes: Codes = cache.standard_codes(run)[torch.isin(cache.examples(run).y, wanted)].numpy()
    kept = selected(run, side) if FROM_MAP in members else None
    return codes if kept is None else np.concatenate([codes, kept])


def _keep(run: Run, side: str, codes: Codes) -> None:
    st.session_state.setdefault("groups", {})[run.id, run.created, side] = codes
