"""Groups of examples to compare: of classes, of a value of a column, or what was selected on the map."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
import torch
from numpy.typing import NDArray

from latentlab.data import Dataset, is_local
from latentlab.models import Decodes, Encodes
from latentlab.subjects import Subject, find
from pages.components import digest
from pages.navigation import ANALOGIES, PROBES
from pages.shared import url_state
from pages.shared.packed import pack, unpack
from pages.shared.per_example import columns
from pages.shared.spaces import EUCLIDEAN, Source, Space, load_space
from pages.shared.visit import Slot

SIDES = ("A", "B")
MOST = 10  # values of a column of words that make a group each
MOST_BYTES = 1 << 17  # of a group in a link, a bit for each example
LEAST = 2  # examples of a group from which a direction can be computed


@dataclass(frozen=True)
class Group:
    """Some of the examples of a source.

    Attributes:
        name: as a page shows it; short, so two groups may share one.
        source: the examples.
        ids: which of them, ascending.
    """

    name: str
    source: Source
    ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """No group of other examples has the same."""
        return f"{self.source.key} {digest(np.array(self.ids, np.int64))}"

    def members(self) -> Dataset:
        """The examples of the group."""
        return load_space(self.source).data[torch.tensor(self.ids)]

    def is_member(self) -> NDArray[np.bool_]:
        """(N,) of the source's examples, whether each belongs to the group."""
        found = np.zeros(len(load_space(self.source).data), bool)
        found[list(self.ids)] = True
        return found


GROUPS: Slot[Mapping[str, Group]] = Slot("groups")  # one of `SIDES` -> what was picked on a map


def save_group(space: Space, ids: NDArray[np.int64]) -> None:
    """Buttons that save a selection as a group, for other pages."""
    with st.container(horizontal=True):
        for side in SIDES:
            st.button(
                f"Use as group {side}",
                key=f"group {side}",
                on_click=_keep,
                args=(side, replace(space.of, metric=EUCLIDEAN), tuple(ids.tolist())),
                help="For the page Analogies: the direction from group B to group A, and for the page Probes",
            )
    known, run = picked(space.of.dataset), space.of.run
    here = run.id if run is not None else f"data:{space.of.dataset}"
    link_named(known, space.of.dataset)
    if known and (run is None or (run.has(Encodes) and run.has(Decodes))):
        ANALOGIES.link("See the direction from B to A", run=here)
    for name in known:
        PROBES.link(f"Probe {name[: len('lasso A')]} against the rest", name, run=here, ask=name)


def picked(dataset: str) -> dict[str, Group]:
    """Name -> the groups that were picked on the map of a data set, A before B; or that a link brings."""
    for side in SIDES:
        _restore(side, dataset)
    kept = GROUPS.get({})
    return {kept[side].name: kept[side] for side in SIDES if side in kept and kept[side].source.dataset == dataset}


def link(side: str, group: Group | None) -> bool:
    """Save a group that was selected on the map in the address, or none; returns whether it fits there."""
    text = _packed(group) if group is not None else None
    fits = len(text or "") <= url_state.LONGEST
    url_state.write(f"lasso-{side.lower()}", text if fits else None)
    return fits


def link_named(names: Collection[str], dataset: str) -> None:
    """Save those groups in the address that were picked on the map of a data set and are named, where they fit."""
    groups = picked(dataset).values()
    for side in SIDES:
        own = (group for group in groups if group.name in names and group.name.startswith(f"lasso {side}"))
        link(side, next(own, None))


def offered(run: Subject) -> dict[str, Group]:
    """Name -> the groups of a run's examples: picked on the map, or a value of a column of words."""
    return offered_of(everything_of(run))


def offered_of(source: Source) -> dict[str, Group]:
    """Name -> the groups of a source's examples: picked on the map, or a value of a column of words."""
    found = picked(source.dataset)
    for name, values in columns(source).items():
        known = np.unique(values.astype(str)) if values.dtype.kind not in "biuf" else ()
        if 1 < len(known) <= MOST:
            for value in known:
                ids = np.flatnonzero(values.astype(str) == value)
                if len(ids) >= LEAST:
                    group = Group(f"{name} = {value}", source, tuple(ids.tolist()))
                    found[group.name] = group
    return found


def everything_of(run: Subject) -> Source:
    """All examples of a run's data set, as they are."""
    return Source(run.dataset, run, n=np.iinfo(np.int64).max)


def _keep(side: str, source: Source, ids: tuple[int, ...]) -> None:
    group = Group(f"lasso {side} ({len(ids):,} examples, {_mark(ids)})", source, ids)
    GROUPS.set({**GROUPS.get({}), side: group})


def _mark(ids: tuple[int, ...]) -> str:
    """What tells two selections of one size apart to the eye; nothing may be looked up by it."""
    return digest(np.array(ids, np.int64))[:4]


def _restore(side: str, dataset: str) -> None:
    """Take a group from the address, unless one was picked since."""
    name = f"lasso-{side.lower()}"
    text = url_state.read(name)
    if text is None or side in GROUPS.get({}):
        return
    found = _unpacked(text, dataset)
    if found is None:
        url_state.warn(f"The link's “{name}” is no selection of examples that are here, so it is left out.")
        url_state.write(name, None)
    else:
        _keep(side, *found)


def _packed(group: Group) -> str:
    """A group as a word: which of the examples, as compressed bits, how many there are, whose, and of what data."""
    bits = pack(np.packbits(group.is_member()).tobytes())
    source = group.source
    return "~".join((bits, str(source.n), source.run.id if source.run is not None else "", source.dataset))


def _unpacked(text: str, dataset: str) -> tuple[Source, tuple[int, ...]] | None:
    """What `_packed` made, checked: anyone can write a link."""
    try:
        bits, n, run_id, own = text.split("~")
        source = Source(own, find(run_id) if run_id else None, n=int(n))
    except ValueError:  # of `RunError` too
        return None
    content = unpack(bits.rstrip("="), MOST_BYTES)
    if content is None:
        return None
    here = source.run.dataset == own if source.run is not None else source.n > 0 and is_local(own)
    if own != dataset or not here or not 0 <= source.n <= MOST_BYTES * 8:
        return None
    ids = np.flatnonzero(np.unpackbits(np.frombuffer(content, np.uint8)))
    fits = len(ids) > 0 and ids[-1] < len(load_space(source).data)
    return (source, tuple(ids.tolist())) if fits else None
