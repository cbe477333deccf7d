"""A second model, or another space, to be seen beside the first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

import streamlit as st

from latentlab.models import Model
from latentlab.runs.run import labels
from latentlab.subjects import Subject, with_model
from pages.shared import url_state

Width = int | Literal["stretch"]


def choose_second_run(
    run: Subject,
    needs: tuple[type[Model], ...],
    alike: Callable[[Subject], object],
    about: str,
    width: Width = "stretch",
) -> Subject | None:
    """Let the visitor choose a second stored run, or none.

    Args:
        run: the first one.
        needs: abilities of its model, all of them.
        alike: what of it has to be as it is of the first.
        about: what the second shows, in a sentence.
        width: of the control.
    """
    found = {
        one.id: one
        for one in with_model(*needs[:1])
        if all(one.has(ability) for ability in needs)
        and alike(one) == alike(run)
        and one.id != run.id
        and one.takes_examples_of(run)
    }
    chosen = choose_titled(labels(list(found.values())), f"beside-{run.id}", "no other model", about, width)
    return found[chosen] if chosen is not None else None


def choose_titled(
    named: Mapping[str, str], key: str, none: str, about: str | None = None, width: Width = "stretch"
) -> str | None:
    """Let the visitor choose what to see beside the first, or nothing; the address keeps what.

    Args:
        named: what is offered, as the address has it -> as a person reads it.
        key: of the widget.
        none: what the widget says while nothing is chosen.
        about: what is shown of it, in a sentence.
        width: of the control.
    """
    options, link = list(named), url_state.read("beside")
    chosen = st.selectbox(
        "Compare with", options, options.index(link) if link is not None and link in named else None, key=key,
        format_func=lambda name: named.get(name, name), placeholder=none, help=about, width=width,
    )  # fmt: skip
    url_state.write("beside", chosen)
    return chosen
