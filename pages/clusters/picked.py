"""What is picked on the map: it stays for the visit, and in the address where it is short."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from pages.components.scatter import LAYOUT, NOTHING, Click, Picked
from pages.shared import url_state
from pages.shared.packed import pack_ids, unpack_ids
from pages.shared.spaces import Space
from pages.shared.visit import Slot

MAP: Slot[Mapping[str, Any]] = Slot("map")  # what the scatter sent last
FIRST: Slot[tuple[str, Picked]] = Slot("map-first")  # whose examples the map is of, and what is picked as it appears


def picked_before(space: Space) -> tuple[Picked, Picked]:
    """What is picked when the map appears, and what is picked before it is drawn again."""
    of, first = FIRST.get(("", NOTHING))
    if not MAP.is_set or of != space.points:
        linked = _linked(space) if not MAP.is_set else NOTHING  # else the address is of the examples before
        first = _kept(space).get(linked)
        FIRST.set((space.points, first))
        MAP.forget()
    sent = MAP.get()
    return first, Picked.checked(sent.get("clicked"), sent.get("selected"), len(space.z)) if sent else first


def keep_picked(space: Space, picked: Picked) -> None:
    """Let it stay for the visit, and in the address."""
    _kept(space).set(picked)
    word = pack_ids(picked.selected, len(space.z)) if len(picked.selected) else None
    url_state.write("selected", word if len(word or "") <= url_state.LONGEST else None)
    url_state.write("clicked", _text(picked.click) if picked.click is not None else None)


def _kept(space: Space) -> Slot[Picked]:
    return Slot(f"picked {space.points}")


def _linked(space: Space) -> Picked:
    """What the address says is picked; nothing, with a sentence, where it says anything else."""
    n, word, text = len(space.z), url_state.read("selected"), url_state.read("clicked")
    ids, click = unpack_ids(word, n) if word else None, _click(text, n) if text else None
    for name, given, found in (("selected", word, ids), ("clicked", text, click)):
        if given and found is None:
            url_state.warn(f"The link's “{name}” is nothing that can be picked on this map, so it is left out.")
            url_state.write(name, None)
    return Picked(click, NOTHING.selected if ids is None else ids)


def _text(click: Click) -> str:
    """A point as its number, a place as its coordinates and the id of its layout."""
    return str(click.point) if click.place is None else f"{click.place[0]!r},{click.place[1]!r},{click.layout}"


def _click(text: str, n: int) -> Click | None:
    """What `_text` made, checked."""
    if text.isdecimal() and len(text) < 10:
        return Click(point=int(text)) if int(text) < n else None
    try:
        x, y, layout = text.split(",")
        place = float(x), float(y)
    except ValueError:
        return None
    fits = all(map(math.isfinite, place)) and len(layout) == LAYOUT and layout.isalnum()
    return Click(place=place, layout=layout) if fits else None
