"""The one place where the app deletes: a question about fixed things, and a way back.

delete_button([run(store, id, title)])    asks; what it asks about can't change while the question stands
undo()                                    what was deleted last, with a button that brings it back
deleted(things)                           all that can still be brought back
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import streamlit as st

from latentlab.data import DataError, Library
from latentlab.jobs import queue
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import is_read_only
from latentlab.trash import DAYS
from pages.shared.text import plain
from pages.shared.visit import Slot


@dataclass(frozen=True)
class Deletable:
    """Something of the user's own, by an id that is never another's: how it goes, and how it comes back."""

    id: str
    title: str
    delete: Callable[[], None] = field(compare=False)
    restore: Callable[[], None] = field(compare=False)
    note: str = ""  # what the question says besides


LAST: Slot[tuple[Deletable, ...]] = Slot("deleted-last")  # what this visitor deleted last
FAILED: Slot[str] = Slot("deletion-failed")  # why not all of it could be


def run(store: Store, run_id: str, title: str) -> Deletable:
    """A run, finished or not."""
    return Deletable(run_id, title, lambda: queue.remove(store, run_id), lambda: queue.restore(store, run_id))


def data_set(name: str) -> Deletable:
    """Data of the user's own."""
    library = Library.default()
    note = "Runs that were trained on it stay, with their examples."
    return Deletable(f"data:{name}", name, lambda: library.remove(name), lambda: library.restore(name), note)


def delete_button(
    things: Sequence[Deletable],
    label: str = "Delete",
    about: str | None = None,
    after: Callable[[], None] | None = None,
) -> None:
    """A button that opens the question; `after` is called when they are deleted. None in an app for looking only."""
    if is_read_only():
        return
    key = _key(things)
    if st.button(label, f"ask-{key}", about, icon=":material/delete:"):
        _question(tuple(things), key, after)


def undo() -> None:
    """What this visitor deleted last, and a button that brings it back; or why something couldn't be deleted."""
    if message := FAILED.pop():
        st.error(message, icon=":material/error:")
    things = LAST.get(())
    if not things or is_read_only():
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f":material/delete: Deleted: {_names(things)}", width="content")
        st.button("Undo", f"undo-{_key(things)}", on_click=_restore, args=(things,), icon=":material/undo:")


def deleted(things: Sequence[tuple[Deletable, datetime]]) -> None:
    """A folded list of what can be brought back, newest first; none in an app for looking only."""
    if not things or is_read_only():
        return
    with st.expander(f"Deleted ({len(things)})", icon=":material/delete:", key="deleted"):
        st.caption(f"What was deleted stays here for {DAYS} days.")
        for thing, when in things:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                st.markdown(f"**{plain(thing.title)}** · {when:%d %b %Y, %H:%M} UTC", width="content")
                st.button("Bring back", f"restore-{thing.id}", on_click=_restore, args=((thing,),))


@st.dialog("Delete?", icon=":material/delete:")
def _question(things: tuple[Deletable, ...], key: str, after: Callable[[], None] | None) -> None:
    st.markdown(_names(things))
    notes = dict.fromkeys(thing.note for thing in things if thing.note)
    st.caption(" ".join([*notes, f"For {DAYS} days it can be brought back."]))
    if st.button("Delete", f"delete-{key}", type="primary", on_click=_delete, args=(things, after)):
        st.rerun()  # which closes the question


def _delete(things: tuple[Deletable, ...], after: Callable[[], None] | None) -> None:
    if LAST.get() == things:  # pressed twice: what it asked about is gone
        return
    gone = []
    for thing in things:
        try:
            thing.delete()
        except (RunError, DataError) as error:
            FAILED.set(f"{plain(thing.title)}: {plain(str(error))}")
        else:
            gone.append(thing)
    LAST.set(tuple(gone))
    if after is not None:
        after()


def _restore(things: tuple[Deletable, ...]) -> None:
    for thing in things:
        try:
            thing.restore()
        except (RunError, DataError) as error:
            FAILED.set(f"{plain(thing.title)}: {plain(str(error))}")
    LAST.forget()


def _names(things: Sequence[Deletable]) -> str:
    return ", ".join(f"**{plain(thing.title)}**" for thing in things)


def _key(things: Sequence[Deletable]) -> str:
    ids = [thing.id for thing in things]
    return ids[0] if len(ids) == 1 else hashlib.sha256("\n".join(ids).encode()).hexdigest()[:16]
