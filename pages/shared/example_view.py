"""Examples on a page: as images, as labelled bars in the user's units, or as curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentlab.analysis.columns import Columns
from latentlab.analysis.maps.examples import all_examples
from latentlab.data import Kind, Library
from latentlab.figures.examples.appearance import Appearance, Values
from latentlab.figures.examples.choose import appearance
from latentlab.figures.examples.images import Images
from latentlab.figures.sheets import data_uri
from latentlab.subjects import DataOnly, Subject
from pages.shared import cached
from pages.shared.header import look
from pages.shared.remember import remember
from pages.shared.spaces import Space
from pages.shared.text import plain


def appearance_of(subject: Subject) -> Appearance:
    """How the examples of a run, or of data alone, are drawn."""
    return appearance(subject.spec.kind, subject.shape, columns_of(subject))


def appearance_of_space(space: Space) -> Appearance:
    """How the examples of a map are drawn."""
    return appearance_of(subject_of(space))


def subject_of(space: Space) -> Subject:
    """What a map is of: a run, or data alone."""
    return space.of.run or DataOnly(space.of.dataset)


@remember(32)
def columns_of(subject: Subject) -> Columns | None:
    """The columns of a subject's data, with quantiles of all of them; as saved with it where they are gone.

    None of images.
    """
    if subject.spec.kind is Kind.IMAGE:
        return None
    names = subject.spec.names
    if not cached.has_data(subject):
        saved = cached.examples(subject)
        of_saved = Columns.of(saved.x.numpy(), names, saved.scale)
        return of_saved if saved.quantiles is None else replace(of_saved, quantiles=saved.quantiles.numpy())
    if subject.dataset not in Library.default():
        return Columns.of(all_examples(cached.splits(subject.dataset)).batch().x.numpy(), names)
    opened, scale, _ = cached.own_data(subject.dataset)
    columns = Columns.of(all_examples(opened.splits).batch().x.numpy(), names, scale)
    if scale is None:
        return columns
    return replace(columns, quantiles=scale.to_unit(torch.from_numpy(columns.quantiles)).numpy())


@remember(32)
def few_columns(subject: Subject) -> Appearance:
    """How the examples are drawn one at a time: of many columns those that vary most among the saved examples."""
    return appearance_of(subject).narrowed(cached.examples(subject).batch().x.numpy())


def examples(space: Space, ids: NDArray[np.int64], columns: int, alt: str) -> None:
    """Draw some examples of a map, each with its name and class where it is no image; of -1 an empty image."""
    if not space.is_image:
        ids = ids[ids >= 0]
    x = space.data[torch.from_numpy(ids.clip(0))].batch().x
    x[torch.from_numpy(ids < 0)] = 0
    show(appearance_of_space(space), x, columns, alt, [called(space, i) for i in ids.tolist()])


def show(drawn: Appearance, x: Values | Tensor, columns: int, alt: str, titles: Sequence[str] = ()) -> None:
    """Draw examples (N, *shape) in rows of at most so many; titles are of those that are no images."""
    values = x.detach().numpy() if isinstance(x, Tensor) else x
    content = drawn.sheet(values, min(columns, len(values)), look(), alt, titles)
    if isinstance(content, bytes):
        st.image(content, width="stretch", alt=alt)
    else:
        st.html(content)


def one_by_one(drawn: Appearance, x: Values | Tensor, titles: Sequence[str], width: int) -> None:
    """Draw examples (N, *shape) with a title under each image, of so many pixels; what is no image has it above."""
    values = x.detach().numpy() if isinstance(x, Tensor) else x
    if not isinstance(drawn, Images):
        show(drawn, values, len(values), ", ".join(titles), titles)
        return
    how = f"width:{width}px;image-rendering:pixelated;border-radius:4px;display:block"
    box = f"margin:0;overflow-wrap:break-word;min-width:{width}px;width:min-content;max-width:{2 * width}px"
    figures = "".join(
        f'<figure style="{box}"><img style="{how}" alt="{escape(title)}" '
        f'src="{data_uri(drawn.sheet(one[None], 1, look(), title))}">'
        f'<figcaption style="white-space:pre-line">{escape(title)}</figcaption></figure>'
        for one, title in zip(values, titles, strict=True)
    )
    row = "display:flex;flex-wrap:wrap;gap:8px;font-size:0.75rem;line-height:1.25"
    st.html(f'<div style="{row}">{figures}</div>')


def has_picture(space: Space) -> bool:
    """Whether a picture of an example says something: of a vector whose numbers have no names it doesn't."""
    return space.data.kind is not Kind.VECTOR or bool(space.data.names)


def note(drawn: Appearance) -> None:
    """Say what a picture without names shows, where it has to be said."""
    if drawn.note:
        st.caption(plain(drawn.note))


def called(space: Space, i: int) -> str:
    """What an example is called by the user, and its class."""
    k = int(space.data.y[i])
    return (
        f"{space.examples.name(i)}, {space.data.classes[k]}"
        if 0 <= k < len(space.data.classes)
        else space.examples.name(i)
    )


def name_of(space: Space, k: int) -> str:
    """The name of a class."""
    return space.data.classes[k] if 0 <= k < len(space.data.classes) else "no class"
