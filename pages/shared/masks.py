"""Which part of an example is hidden: of an image what is painted, of a row some columns, of a series some times."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator
from torch import Tensor

from latentlab.data import Kind, to_bytes
from latentlab.figures.sheets import sheet_png
from latentlab.subjects import Subject
from pages.components.brush import Mask, brush, pack, unpack
from pages.shared import url_state
from pages.shared.example_view import columns_of
from pages.shared.images import scale
from pages.shared.visit import Slot

PARTS = ("left half", "right half", "top half", "bottom half", "middle")
BOX, BRUSH = "a box", "brush"
CHOICES = {
    Kind.IMAGE: (*PARTS, BOX, BRUSH),
    Kind.VECTOR: ("columns",),
    Kind.PLANE: ("columns",),
    Kind.SEQUENCE: ("times",),
}  # the first is what is hidden at first, but of images the right half
EXAMPLE: Slot[int] = Slot("image")  # the widget that chooses the example a part of which is hidden
FIRST = "middle"  # what is hidden before anything is painted
GRAY = 0.4  # what is drawn in place of a hidden pixel
WIDTH = 308  # pixels of the image, where it is painted without a brush


def given(shape: tuple[int, ...], mask: str | None) -> Tensor:
    """(*shape) bool: what isn't hidden by a mask of `size`; the channels of an image are hidden together.

    Raises:
        ValueError: the mask is of another size.
    """
    height, width = size(shape)
    if mask is None:
        return torch.ones(shape, dtype=torch.bool)
    hidden = unpack(mask, height, width)
    if hidden is None:
        raise ValueError(f"What is hidden is not part of an example of {width} × {height} values.")
    return ~torch.from_numpy(hidden).expand(shape) if len(shape) > 1 else ~torch.from_numpy(hidden)[0]


def size(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of the masks of examples: those of an image, one row of columns, or times by columns."""
    return (shape[-2], shape[-1]) if len(shape) > 1 else (1, shape[0])


def part(name: str, height: int, width: int) -> Mask:
    """The mask (height, width) of one of `PARTS`."""
    top, bottom, left, right = {
        "left half": (0, height, 0, width // 2),
        "right half": (0, height, width // 2, width),
        "top half": (0, height // 2, 0, width),
        "bottom half": (height // 2, height, 0, width),
        "middle": (height // 4, height - height // 4, width // 4, width - width // 4),
    }[name]
    return _rectangle(height, width, (top, bottom), (left, right))


def chosen(choice: str, run: Subject, x: Tensor, more: DeltaGenerator) -> str:
    """Draw the controls that a choice of `CHOICES` needs on an example; returns the mask of what is hidden.

    Args:
        choice: one of `CHOICES` of the run's kind of data.
        run: whose example it is.
        x: (*shape) in [0, 1], of images; what is hidden in part.
        more: where the page keeps what is seldom changed.
    """
    height, width = size(run.shape)
    if run.spec.kind is Kind.SEQUENCE:
        return _times(run, height, width)
    if run.spec.kind is not Kind.IMAGE:
        return _columns(run)
    if choice == BRUSH:
        return _painted(to_bytes(x), more)
    url_state.write("mask", None)
    if choice == BOX:
        with st.popover("The box", width="stretch"):
            return pack(_rectangle(height, width, *_sides(height, width)))
    return pack(part(choice, height, width))


def _columns(run: Subject) -> str:
    """Columns of a table by name; at first the second half of them."""
    columns = columns_of(run)
    assert columns is not None
    names = columns.names
    hidden = st.multiselect(
        "Hidden columns", names, names[len(names) // 2 :], key=f"hidden-{run.id}", bind="query-params"
    )  # fmt: skip
    return pack(np.isin(names, hidden)[None])


def _times(run: Subject, height: int, width: int) -> str:
    """A range of the times of a series, in all its columns; at first the second half."""
    first, last = st.slider(
        "Hidden times", 1, height, (height // 2 + 1, height), key=f"hidden-{run.id}", bind="query-params"
    )  # fmt: skip
    return pack(_rectangle(height, width, (first - 1, last), (0, width)))


def _painted(image: NDArray[np.uint8], more: DeltaGenerator) -> str:
    """The brush, or plain controls in its place; the mask is kept for the visit, and in the address."""
    _, height, width = image.shape
    kept: Slot[str] = Slot(f"mask-{height}x{width}")
    mask = kept.get() or _linked(height, width) or pack(part(FIRST, height, width))
    by_hand = more.toggle(
        "Paint by hand", True, key="by-hand", bind="query-params",
        help="With a mouse, a finger, a pen or keys; without it, a box is painted by sliders and buttons",
    )  # fmt: skip
    if by_hand:
        mask = brush(f"brush-{height}x{width}", image, mask)
    else:
        _plain(image, mask, kept)
    kept.set(mask)
    url_state.write("mask", mask if len(mask) <= url_state.LONGEST else None)
    return mask


def _linked(height: int, width: int) -> str | None:
    """The address's mask; None, with a sentence, if it has one that isn't of this size."""
    mask = url_state.read("mask")
    if not mask:
        return None
    if unpack(mask, height, width) is None:
        url_state.warn(
            f"The link's “mask” is not one of an image of {width} × {height} pixels, so the {FIRST} is hidden instead."
        )
        return None
    return mask


def _plain(image: NDArray[np.uint8], mask: str, kept: Slot[str]) -> None:
    """The brush without JavaScript: a box at a time is hidden or shown, which the slot keeps."""
    _, height, width = image.shape
    hidden = unpack(mask, height, width)
    assert hidden is not None
    shown = np.where(hidden, np.uint8(255 * GRAY), image)
    content = sheet_png(shown[None], 1, scale=scale(image.shape, WIDTH))
    st.image(content, width=WIDTH, alt="The image, its hidden part gray")
    with st.popover("A box to paint", width="stretch"):
        box = _rectangle(height, width, *_sides(height, width))
        changes = {"Hide": hidden | box, "Show": hidden & ~box, "All": hidden | True, "None": hidden & False}
        with st.container(horizontal=True, gap="small"):
            for label, changed in (changes | {"Invert": ~hidden}).items():
                st.button(label, f"paint-{label.lower()}", on_click=kept.set, args=(pack(changed),))


def _sides(height: int, width: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Sliders of a box: its first row and the one after its last, and so its columns."""
    rows = st.slider("Rows", 0, height, (height // 4, 3 * height // 4), key=f"rows-{height}", bind="query-params")
    columns = st.slider("Columns", 0, width, (width // 4, 3 * width // 4), key=f"columns-{width}", bind="query-params")
    return rows, columns


def _rectangle(height: int, width: int, rows: tuple[int, int], columns: tuple[int, int]) -> Mask:
    hidden = np.zeros((height, width), bool)
    hidden[slice(*rows), slice(*columns)] = True
    return hidden
