"""What is picked on a map: a point with its neighbours, an empty place decoded, a selection as a contact sheet."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.support import neighbour_distance
from latentlab.data import to_bytes
from latentlab.models import Decodes
from latentlab.runs import Run
from pages.ui import cache
from pages.ui.components.scatter import Click
from pages.ui.diagnosis import classifier
from pages.ui.groups import offer_selection
from pages.ui.pictures import sheet
from pages.ui.spaces import Space

NEIGHBOURS = 8
SHEET = 60  # examples on a contact sheet

Unproject = Callable[[tuple[float, float]], tuple[NDArray[np.float32], str]]


def clicked(run: Run, seen: Space, click: Click | None, unproject: Unproject) -> None:
    """The point or the place that was clicked; how to pick one, if nothing was."""
    if click is None:
        st.caption("Click a point to see its neighbours, or an empty place to decode it.")
    elif click.point is not None:
        _point(run, seen, click.point)
    elif click.place is not None:
        _place(run, seen, click.place, unproject)


def selection(run: Run, seen: Space, ids: NDArray[np.int64]) -> None:
    """A contact sheet of the selected, their classes, their mean decoded, and files of them."""
    if not len(ids):
        st.caption("Draw a box or a lasso on the map (or hold Shift and drag) to select examples.")
        return
    chosen = seen.data[torch.from_numpy(ids)]
    left, right = st.columns([3, 1], gap="large")
    with left:
        shown = chosen.x.numpy()[:SHEET]
        sheet(shown, min(15, len(shown)), f"The first {len(shown)} of {len(ids)} selected examples")
        if len(ids) > SHEET:
            st.caption(f"The first {SHEET} of {len(ids):,}.")
    with right:
        counts = Counter(_name(run, int(k)) for k in chosen.y)
        st.markdown("**Classes** " + " · ".join(f"{name}: {n}" for name, n in counts.most_common()))
        loss = seen.terms["loss"][ids]
        st.markdown(f"**Loss** {loss.mean():.1f} ± {loss.std():.1f}; of all {seen.terms['loss'].mean():.1f}")
        if issubclass(run.kind, Decodes):
            mean = cache.decoder(run)(torch.from_numpy(seen.z[ids].mean(0, keepdims=True)))
            sheet(to_bytes(mean), 1, "The mean code of the selected, decoded")
            st.caption("their mean code, decoded")
        with st.container(horizontal=True):
            st.download_button("CSV", lambda: _csv(run, seen, ids), f"{run.id}-selected.csv", on_click="ignore")
            st.download_button("npz", lambda: _npz(seen, ids), f"{run.id}-selected.npz", on_click="ignore")
        if issubclass(run.kind, Decodes):
            with st.container(horizontal=True):
                offer_selection(run, seen.z[ids])


def _point(run: Run, seen: Space, index: int) -> None:
    z = torch.from_numpy(seen.z)
    far = torch.linalg.vector_norm(z - z[index], dim=1)
    near = far.argsort()[1 : NEIGHBOURS + 1]
    pictures = [seen.data.x.numpy()[index]]
    if issubclass(run.kind, Decodes):
        pictures += list(to_bytes(cache.decoder(run)(z[index : index + 1])))
    sheet(pictures, 2, "The example and its reconstruction")
    classify = classifier(run)
    said = ""
    if classify is not None:
        said = f", the judge says {_name(run, int(classify(seen.data[index : index + 1].batch().x).argmax()))}"
    st.markdown(f"**{_name(run, int(seen.data.y[index]))}**{said} · loss {seen.terms['loss'][index]:.1f}")
    st.caption(f"Its {NEIGHBOURS} nearest neighbours in the latent space, not on the map")
    sheet(seen.data.x.numpy()[near.numpy()], 4, "Nearest neighbours in the latent space")
    st.caption("distances " + " · ".join(f"{float(far[i]):.2f}" for i in near) + " σ")


def _place(run: Run, seen: Space, place: tuple[float, float], unproject: Unproject) -> None:
    code, how = unproject(place)
    if issubclass(run.kind, Decodes):
        image = cache.decoder(run)(torch.from_numpy(code)[None])
        sheet(to_bytes(image), 1, "The place, decoded")
    st.markdown(f"An empty place at {place[0]:.2f}, {place[1]:.2f}: {how}.")
    far = neighbour_distance(torch.from_numpy(seen.z), torch.from_numpy(code)[None])
    st.caption(f"{float(far[0]):.2f} σ from its 10 nearest examples on average")


def _name(run: Run, k: int) -> str:
    return run.classes[k] if 0 <= k < len(run.classes) else "no class"


def _csv(run: Run, seen: Space, ids: NDArray[np.int64]) -> str:
    """One row an example: its index, class, loss terms and code."""
    names = ["index", "class", *seen.terms, *(f"z{axis + 1}" for axis in range(seen.z.shape[1]))]
    lines = [",".join(names)]
    for i in ids:
        numbers = [*(float(column[i]) for column in seen.terms.values()), *seen.z[i].tolist()]
        lines.append(",".join([str(i), _name(run, int(seen.data.y[i])), *(f"{v:.6g}" for v in numbers)]))
    return "\n".join(lines) + "\n"


def _npz(seen: Space, ids: NDArray[np.int64]) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, index=ids, x=seen.data.x.numpy()[ids], y=seen.data.y.numpy()[ids], z=seen.z[ids])
    return out.getvalue()
