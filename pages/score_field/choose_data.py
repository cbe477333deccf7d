"""The data whose field is shown, chosen by small pictures: each set that a stored network denoises, or own points."""

from __future__ import annotations

from functools import partial
from typing import Any

import streamlit as st
import torch

from latentlab.analysis.score.points import FRAME, read_points
from latentlab.data import DENSITIES
from latentlab.figures.score import thumbnails as draw
from latentlab.figures.theme import Theme
from latentlab.models import Denoises
from latentlab.subjects import Subject, stored
from pages.components.thumbnails import Thumbnail, choice, thumbnails
from pages.score_field.own_points import MINE, START
from pages.score_field.presets import presets
from pages.shared import cached, url_state
from pages.shared.header import choose, look
from pages.shared.remember import remember
from pages.shared.visit import Slot

KEY = "data"  # of the component
ITS = "the model's"


def choose_data(run: Subject) -> bool:
    """Draw the pictures and the presets; returns whether points of one's own are chosen, not the data of the run."""
    mine = url_state.read_choice("whose", (ITS, MINE), ITS) == MINE and run.shape == (2,)
    first: dict[str, Subject] = {}
    denoisers = stored(Denoises)
    for one in sorted(denoisers, key=lambda one: (*_order(one.dataset), one.id != run.id)):
        first.setdefault(one.dataset, one)
    offered = [Thumbnail(name, _picture(one, look())) for name, one in first.items()]
    if planar := [one for one in (run, *first.values()) if one.shape == (2,)]:
        offered.append(Thumbnail(MINE, _picture(None, look())))
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="subject"):
        where = {name: one.id for name, one in first.items()} | ({MINE: planar[0].id} if planar else {})
        thumbnails(KEY, "Data", offered, MINE if mine else run.dataset, partial(_choose, where))
        presets({one.id for one in denoisers})
    return mine


def _order(dataset: str) -> tuple[bool, int, str]:
    """Densities first, in their own order."""
    names = list(DENSITIES)
    return dataset not in names, names.index(dataset) if dataset in names else 0, dataset


@remember(64)
def _picture(run: Subject | None, colours: Theme) -> bytes:
    """Of a run's data, or of the points that one's own begin with."""
    if run is None:
        return draw.of_points(torch.from_numpy(read_points(START)), FRAME, colours)
    return draw.of_data(cached.examples(run), colours)


def _choose(where: dict[str, str]) -> None:
    name = choice(Slot[Any](KEY).get(), list(where))
    if name is None:
        return
    choose(where[name])
    url_state.forget_place()
    url_state.write("whose", MINE if name == MINE else None)
