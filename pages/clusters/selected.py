"""What is picked on a map: a point with its neighbours, an empty place decoded, a selection as a contact sheet."""

from __future__ import annotations

from collections import Counter

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.analysis.maps.colourings import Coloured, Numbers, with_unit
from latentlab.analysis.neighbours import as_distance, neighbours
from latentlab.figures.maps.charts import class_bars, histogram
from pages.clusters.exports import exports
from pages.clusters.layout import Layout
from pages.components import digest
from pages.components.scatter import Click, pick, rings
from pages.shared import cached
from pages.shared.example_table import SHOWN, distinct, example_table, identity, others
from pages.shared.example_view import appearance_of_space, examples, has_picture, name_of, one_by_one, show
from pages.shared.header import look
from pages.shared.images import figure
from pages.shared.per_example import predicted_classes, term_names, terms, unit
from pages.shared.remember import remember
from pages.shared.selections import save_group
from pages.shared.spaces import CODE, EUCLIDEAN, INPUT, Floats, Space, as_compared, compared, distances, latents
from pages.shared.text import plain

NEIGHBOURS = 8
PAIR, SMALL = 92, 64  # pixels across: of the example and its reconstruction, of a neighbour
NAMED = 10  # classes of a selection
SHEET = 60  # examples on a contact sheet
COLUMNS = 15  # beside each other


def clicked(space: Space, laid: Layout, click: Click | None) -> None:
    """The point or the place that was clicked; how to pick one, if nothing was."""
    if click is None:
        shown = laid.xy.shape[1] == 2 and (space.decodes or (space.of.layer == INPUT and space.is_image))
        st.caption(f"Click a point to see its neighbours{', or an empty place to decode it' if shown else ''}.")
    elif click.point is not None:
        _point(space, click.point)
    elif click.place is not None:
        _place(space, laid, click.place)


def selection(space: Space, places: Floats, ids: NDArray[np.int64], colours: Coloured, best: NDArray[np.int64]) -> None:
    """What was selected: a contact sheet, its classes and numbers compared with those of all, its mean decoded, and
    files; files of all where nothing is selected. The best ones come first.
    """
    if not len(ids):
        st.caption("Draw a box or a lasso on the map (or hold Shift and drag) to select examples; or download all:")
        exports(space, places, np.arange(len(space.z)), "map")
        return
    listed = np.concatenate([best[np.isin(best, ids)], np.setdiff1d(ids, best)])[:SHEET]
    left, right = st.columns([3, 1], gap="large")
    with left:
        alt = f"The first {min(SHEET, len(ids))} of {len(ids)} selected examples"
        if space.is_image:
            examples(space, listed, COLUMNS, alt)
        else:
            row = example_table(space, listed, alt, {}, f"selected {space.name} {digest(listed)}")
            st.caption("Choose a row to see it on the map.")
            if row is not None:
                pick("row", space.points, listed[row : row + 1], selects=False)
        if len(ids) > SHEET:
            st.caption(f"The first {SHEET} of {len(ids):,}.")
        first, second = st.columns(2, gap="medium")
        drawn = class_bars(colours.labels, ids, colours.classes, look())
        figure(drawn, "The classes of the selected examples compared with those of all", place=first)
        numbers = colours.numbers
        if numbers is None and space.of.run is not None:
            term = term_names(space.of)[0]
            numbers = Numbers(with_unit(term, unit(space.of, term)), terms(space.of)[term])
        if numbers is not None:
            drawn = histogram(numbers.values, ids, numbers.name, look())
            figure(drawn, f"{numbers.name} of the selected examples compared with all", place=second)
    with right:
        counts = Counter(name_of(space, int(k)) for k in space.data.y[torch.from_numpy(ids)])
        most = [f"{plain(name)}: {n}" for name, n in counts.most_common(NAMED)]
        rest = [f"and {len(counts) - NAMED} more"] if len(counts) > NAMED else []
        st.markdown("**Classes** " + " · ".join([*most, *rest]))
        if space.of.run is not None:
            term = term_names(space.of)[0]
            each = terms(space.of)[term]
            few = f"{_amount(np.nanmean(each[ids]))} ± {_amount(np.nanstd(each[ids]))} {unit(space.of, term)}".rstrip()
            st.markdown(
                f"**{term.capitalize()}** {few} (mean ± standard deviation); of all {_amount(np.nanmean(each))}"
            )
        _place_picture(space, space.z[ids].mean(0), "Their mean, decoded")
        if not space.is_image and has_picture(space):
            mean = space.data[torch.from_numpy(ids)].batch().x.mean(0, keepdim=True)
            show(appearance_of_space(space), mean, 1, "The mean of their numbers", ["the mean of their numbers"])
        exports(space, places, ids, "selected")
        save_group(space, ids)


def mark_neighbours(space: Space, click: Click | None) -> None:
    """Mark the nearest neighbours of the clicked point on the maps of its examples."""
    of = click.point if click is not None else None
    rings("neighbours", space.points, of, _nearest(space, of)[0] if of is not None else np.empty(0, np.int64))


@remember(4)
def _nearest(space: Space, index: int) -> tuple[NDArray[np.int64], Floats]:
    """(M,) the nearest neighbours of an example in the space itself, the nearest first, and (M,) their distances."""
    far = distances(space, index)
    order = far.argsort(kind="stable")
    near = order[order != index][:NEIGHBOURS]
    return near, far[near]


def _point(space: Space, index: int) -> None:
    near, far = _nearest(space, index)
    predicted = predicted_classes(space.of)
    said = f", predicted {name_of(space, int(predicted[index]))}" if predicted is not None else ""
    for term in term_names(space.of)[:1]:
        said += f" · {term} {_amount(terms(space.of)[term][index])} {unit(space.of, term)}".rstrip()
    own = f"{plain(space.examples.caption(index))} · " if space.examples.caption(index) else ""
    st.markdown(f"**{own}{plain(name_of(space, int(space.data.y[index])))}**{said}")
    by = f", by {space.of.metric} distance" if space.of.metric != EUCLIDEAN else ""
    where = f"{len(near)} nearest neighbours in {_where(space)}{by}"
    words, pictures = st.container(), st.container()
    if space.is_image:  # which says what it is before its name does
        words, pictures = pictures, words
    if has_picture(space):
        with pictures:
            _pictures(space, index, near, far, where)
    with words:
        one = np.array([index])
        known = distinct([*identity(space, one), *others(space, one)])
        st.caption(" · ".join(plain(f"{name}: {values[0]}") for name, values in list(known.items())[:SHOWN]))
        if not space.is_image:
            st.caption(where)
        example_table(space, near, where, {with_unit("distance", space.of.unit): far})


def _pictures(space: Space, index: int, near: NDArray[np.int64], far: Floats, where: str) -> None:
    """A point with its reconstruction, where there is one, and its neighbours."""
    pictures, titles = [space.data[index : index + 1].batch().x], ["original"]
    if space.decodes and space.of.run is not None:
        z = torch.from_numpy(space.z[index : index + 1])
        pictures.append(cached.decoder(space.of.run, epoch=space.of.epoch)(z))
        titles.append("reconstruction")
    one_by_one(appearance_of_space(space), torch.cat(pictures), titles, PAIR)
    st.caption(where)
    some = space.data[torch.from_numpy(near)]
    titles = [
        f"{rank} · {name_of(space, k)}\n{_amount(d)}{_unit(space)}"
        for rank, (k, d) in enumerate(zip(some.y.tolist(), far, strict=True), 1)
    ]
    one_by_one(appearance_of_space(space), some.batch().x, titles, SMALL)


def _place(space: Space, laid: Layout, place: tuple[float, float]) -> None:
    code, how = laid.code(space, place)
    _place_picture(space, code, "The point, decoded")
    st.markdown(f"No example lies at {place[0]:.2f}, {place[1]:.2f}: the code of this place is {how}.")
    k = min(cached.N_NEAR, len(space.z))
    length = neighbours(compared(space), as_compared(space, code[None]), k).distance
    far = as_distance(length, space.of.metric).mean()
    st.caption(f"{_amount(far)}{_unit(space)} from its {k} nearest examples on average")


def _place_picture(space: Space, code: NDArray[np.float32], alt: str) -> None:
    """The image of a code, where it has one: decoded, or itself an image."""
    batch, run = torch.from_numpy(code)[None], space.of.run
    if space.decodes and run is not None:
        show(appearance_of_space(space), cached.decoder(run, epoch=space.of.epoch)(batch), 1, alt)
    elif space.of.layer == INPUT and space.is_image and len(code) == space.n_units:
        show(appearance_of_space(space), batch.reshape(1, *space.data.shape), 1, alt)
    else:
        return
    st.caption(alt.lower())


def _amount(value: np.floating) -> str:
    """To a decimal, of small numbers to three digits: a classifier's loss is small, a VAE's is not."""
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:#.3g}"


def _where(space: Space) -> str:
    if space.of.run is not None and space.of.layer in latents(space.of.run):
        return f"the space of {space.of.layer}"
    return {CODE: "the latent space", INPUT: "the data"}.get(space.of.layer, f"layer {space.of.layer}")


def _unit(space: Space) -> str:
    return f" {space.of.unit}".rstrip()
