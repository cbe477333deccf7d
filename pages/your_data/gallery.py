"""The images of a data set by class, and the modes within one class."""

from __future__ import annotations

from enum import StrEnum
from html import escape

import numpy as np
import streamlit as st
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from latentlab import data
from latentlab.analysis.classification.preprocessing import BINARISED
from latentlab.analysis.modes import Agreement, Modes, agreement, clearest, modes
from latentlab.data import DataError, Dataset, Kind, Library
from latentlab.data.builtin.sketches.drawn import NAME as SKETCHES
from latentlab.data.builtin.sketches.drawn import SCRIBBLES, ways
from latentlab.data.files.images.quick_draw import LICENCE
from latentlab.figures.sheets import data_uri, sheet_png
from pages.shared import cached
from pages.shared.linked_choice import linked_choice
from pages.shared.own_data import SAVED, outline
from pages.shared.remember import remember
from pages.shared.text import plain
from pages.shared.visit import Slot

LOOK: Slot[str] = Slot("look")  # the widget that chooses the data set
CLASS = "of-class"  # of the widget, and of the parameter of the address
EACH, MOST_CLASSES, WIDTH = 16, 12, 64  # images of a class, classes at once, and pixels across of an image, at least
LARGER = 4  # times, of the upsampled view
MOST = 1_000  # images of a class that groups are sought in
GROUPS = (2, 3, 4, 5, 6)
NEAREST = 15


class View(StrEnum):
    """How an image is shown."""

    AS_IT_IS = "as they are"
    UPSAMPLED = "upsampled"
    BINARISED = "binarised"


def gallery() -> None:
    """The choice of a data set, and what is in it once one is chosen."""
    st.subheader("Look at a data set", anchor=False)
    names = image_sets()
    if LOOK.get(names[0]) not in names:  # it was removed
        LOOK.pop()
    chosen = st.selectbox(
        "Data of images", names, index=None, key=LOOK.name, bind="query-params", placeholder="choose one", width=340
    )
    if chosen is None:
        st.caption("Its images by class, as they are, upsampled or binarised; and the modes within a class.")
        return
    st.caption(_about(chosen))
    with st.spinner("Reading …"):
        train = cached.splits(chosen).train
    view = linked_choice("Shown", list(View), View.AS_IT_IS, "shown-as")
    st.caption(_about_view(view, train.shape))
    _by_class(train, view)
    if train.classes:
        st.fragment(_modes)(chosen, train, view)


def image_sets() -> list[str]:
    """The data sets of images on this machine, the one that was saved last first."""
    names = [name for name in data.names() if data.is_local(name) and _is_images(name)]
    return sorted(names, key=lambda name: name != SAVED.get(""))


def _about(name: str) -> str:
    """What a data set is; of the user's own also what has to be said with it."""
    if name in data.NAMES:
        return plain(data.about(name))
    said = LICENCE if LICENCE in Library.default().card(name).summary else ""
    return f"Your own: {outline(name)}. {said}"


def _is_images(name: str) -> bool:
    try:
        return data.spec_of(name).kind is Kind.IMAGE
    except DataError:  # it is damaged, which the list of saved data says
        return False


def _about_view(view: View, shape: tuple[int, ...]) -> str:
    _, height, width = shape
    if view is View.UPSAMPLED:
        return (
            f"From {width} × {height} to {LARGER * width} × {LARGER * height} pixels, linearly between them: networks "
            "that were trained on photographs take larger images, but there is no more in them."
        )
    return BINARISED.sentence if view is View.BINARISED else f"{width} × {height} pixels, each drawn as a square."


def _by_class(train: Dataset, view: View) -> None:
    """A row of images of each class, or one of all where there are no classes."""
    if not train.classes:
        _row(f"{len(train):,} images, without labels", train[:EACH].batch().x, view)
        return
    counts = torch.bincount(train.y[train.y >= 0], minlength=len(train.classes)).tolist()
    for k, name in enumerate(train.classes[:MOST_CLASSES]):
        _row(f"{name} · {counts[k]:,}", train[torch.where(train.y == k)[0][:EACH]].batch().x, view)
    if (more := len(train.classes) - MOST_CLASSES) > 0:
        st.caption(f"And {more:,} classes more, each of which can be chosen below.")


def _modes(name: str, train: Dataset, view: View) -> None:
    """The groups within one class."""
    st.markdown("**Modes within a class**")
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        chosen = st.selectbox("Class", train.classes, key=CLASS, bind="query-params", width=240)
        found = _agreement(name, chosen)
        best = clearest(found)
        if not found:
            st.caption(f"There are too few images of {plain(chosen)} to look for groups.")
            return
        k = st.segmented_control(
            "Groups",
            [one.k for one in found],
            default=(best or found[0]).k,
            required=True,
            key=f"groups-{name}-{chosen}",
        )
    groups = _groups(name, chosen, k)
    at = next(one for one in found if one.k == k)
    st.markdown(_verdict(chosen, groups, at, best))
    if name == SKETCHES:
        st.caption(f"The program draws it in these ways: {ways(chosen)}; and {SCRIBBLES:.0%} are scribbles.")
    x = train[torch.where(train.y == train.classes.index(chosen))[0][:MOST]].batch().x
    for j, (share, nearest) in enumerate(zip(groups.share.tolist(), groups.nearest, strict=True)):
        title = f"Mode {j + 1} · {share:.0%}: its mean, and the images nearest to its centre"
        _row(title, x[torch.from_numpy(nearest)], view, torch.from_numpy(groups.mean[j]))
    rows = ", ".join(f"{one.k}: {one.mean:.2f} ± {one.std:.2f} ({one.null:.2f})" for one in found)
    st.caption(
        "k-means on blurred images. Agreement of the groups of two random halves, adjusted Rand index, mean ± standard "
        f"deviation over pairs of halves (in brackets: of a Gaussian, which has no groups): {rows}."
    )


def _verdict(chosen: str, groups: Modes, at: Agreement, best: Agreement | None) -> str:
    """Whether the groups are there, and how large they are."""
    shares = ", ".join(f"{share:.0%}" for share in groups.share.tolist())
    said = f"**{plain(chosen)}: {at.k} groups of {shares}.**"
    if at.is_clear:
        return (
            f"{said} They are clear: each half of the images gives them again, better than a cloud without groups does."
        )
    other = f"; {best.k} are" if best is not None else ", and no other number of them is either"
    return f"{said} They are not clear: halves don't agree better on them than those of a cloud without groups{other}."


@remember(64, "Looking for groups …")
def _agreement(name: str, chosen: str) -> tuple[Agreement, ...]:
    return agreement(_of_class(name, chosen), GROUPS)


@remember(64, "Looking for groups …")
def _groups(name: str, chosen: str, k: int) -> Modes:
    return modes(_of_class(name, chosen), k, NEAREST)


def _of_class(name: str, chosen: str) -> NDArray[np.float32]:
    train = cached.splits(name).train
    of = torch.where(train.y == train.classes.index(chosen))[0][:MOST]
    return np.asarray(train[of].batch().x.numpy())


def _row(title: str, x: torch.Tensor, view: View, mean: torch.Tensor | None = None) -> None:
    """Images under a title, as many as there is room for in two rows; their mean, if given, before them."""
    shown = list(_viewed(x, view))
    if mean is not None:  # which has no edges that could be cut
        shown.insert(0, _viewed(mean[None], View.AS_IT_IS if view is View.BINARISED else view)[0])
    drawn = [_image(one, view, f"{title}, {j + 1}", mean is not None and j == 0) for j, one in enumerate(shown)]
    grid = f"display:grid;grid-template-columns:repeat(auto-fill,minmax({WIDTH}px,1fr));column-gap:6px"
    grid += ";grid-template-rows:repeat(2,auto);grid-auto-rows:0;overflow:hidden"  # in a narrow window two rows
    st.html(
        f'<p style="margin:0 0 4px;font-size:0.875rem">{escape(title)}</p><div style="{grid}">{"".join(drawn)}</div>'
    )


def _image(one: torch.Tensor, view: View, alt: str, is_mean: bool) -> str:
    height, width = one.shape[1:]
    smooth = "auto" if view is View.UPSAMPLED else "pixelated"
    edge = ";outline:2px solid currentColor;outline-offset:-2px" if is_mean else ""
    style = (
        f"width:100%;margin-bottom:6px;aspect-ratio:{width}/{height};image-rendering:{smooth};border-radius:4px{edge}"
    )
    return f'<img style="{style}" alt="{escape(alt)}" src="{data_uri(sheet_png(data.to_bytes(one[None]), 1))}">'


def _viewed(x: torch.Tensor, view: View) -> torch.Tensor:
    """(N, C, H, W) as a view shows them."""
    if view is View.UPSAMPLED:
        return F.interpolate(x, scale_factor=LARGER, mode="bilinear", align_corners=False)
    return (x >= BINARISED.threshold).to(x.dtype) if view is View.BINARISED else x
