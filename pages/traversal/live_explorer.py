"""The explorer of a run: what it is sent, where it starts, and what is saved in the address."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any

import streamlit as st
import torch

from latentlab.analysis.latent.bottleneck import Bottleneck, dimension_name
from latentlab.analysis.latent.traversal import lattice, plane
from latentlab.data import UNLABELLED
from latentlab.export.program import Program
from latentlab.models import Decodes, Encodes
from latentlab.subjects import Subject
from pages.components.explorer import View, explorer, originals, packed, weights
from pages.shared import cached, url_state
from pages.shared.choose_second_run import choose_second_run
from pages.shared.dimensions import carries, follows
from pages.shared.example_view import appearance_of, few_columns
from pages.shared.header import look
from pages.shared.remember import remember
from pages.shared.visit import Slot

STARTED: Slot[View] = Slot("first-view")  # where the explorer started: what is sent stays the same while it moves
LAST_VIEW: Slot[tuple[str, View]] = Slot("last-view")  # the id of a run, and where the visitor was in its space
WARNED: Slot[str] = Slot("told")  # the weights of a link that the visitor knows to be others
IN_SIGHT = 6
LARGEST = 1_000_000  # numbers of all examples that are sent
NODES = 13  # along a side of what the server decodes in advance


def send_decoder(run: Subject) -> None:
    """Send the run's decoder to the browser, if it can run there; outside of what reruns when a drag ends."""
    program = cached.program(run)
    if isinstance(program, Program):
        weights(f"weights-{run.id}", program.to_bytes())


def send_originals(run: Subject) -> None:
    """Send the examples whose codes the explorer has, as many as fit, to be shown beside what is decoded from them."""
    if not run.has(Encodes):
        return
    originals(f"originals-{run.id}", _originals(run))


@remember(4)
def _originals(run: Subject) -> dict[str, Any]:
    """What originals.js reads."""
    shown, x = few_columns(run), cached.examples(run)[: LARGEST // max(1, math.prod(run.shape))].batch().x
    return {"key": run.key, "count": len(x), "values": packed(shown.packed(x.numpy())), "drawn": shown.as_json()}


def choose_other(run: Subject) -> Subject | None:
    """Let the visitor choose a second model of the same data, to compare with the first."""
    about = "Another model at the same place, or with the same example encoded"
    return choose_second_run(run, (Decodes,), lambda one: one.shape, about, 280)


def explore(run: Subject, where: Bottleneck, other: Subject | None) -> View:
    """Draw the explorer; returns where it stands, and writes that to the address."""
    explored: Slot[Mapping[str, Any]] = Slot(f"explorer-{run.id}")
    known, first, end = explored.get(), STARTED.get(), cached.farthest(run)
    if not explored.is_set or first is None or len(first.z) != len(where.order):  # the page was just opened
        first = start(run, where)
        STARTED.set(first)
    here = View.checked(known["view"], len(first.z), n_directions(run), end) if known and "view" in known else None
    view = explorer(explored.name, _sent(run, where, first, here or first, other), first, n_directions(run), end)
    save_view(run, view)
    return view


def start(run: Subject, where: Bottleneck) -> View:
    """Where a view begins: at the address's place, else where the visitor was on this run, else in the middle."""
    n, end = len(where.order), cached.farthest(run)
    axes = (int(where.order[0]), int(where.order[min(1, n - 1)])) if n != 2 else (0, 1)
    place = url_state.read_numbers("z", n, -end, end)
    last = LAST_VIEW.get()
    if place is None and last is not None and last[0] == run.id:
        return last[1]
    pins = url_state.read_codes("pins", n, end)
    requested = url_state.read_numbers("axes", 2, 1, n_directions(run))
    if requested is not None:
        axes = (int(requested[0]) - 1, int(requested[1]) - 1)
    return View(tuple(place) if place else cached.kinds(run).middle(n), pins, axes)


def save_view(run: Subject, view: View) -> None:
    """Save a view for the return to this page, and in the address."""
    LAST_VIEW.set((run.id, view))
    url_state.write_numbers("z", view.z)
    url_state.write_codes("pins", view.pins)
    program = cached.program(run)
    url_state.write("weights", program.id if isinstance(program, Program) and any(view.z) else None)
    if len(view.z) > 2:
        url_state.write("axes", f"{view.axes[0] + 1},{view.axes[1] + 1}")


def warn_of_other_weights(run: Subject) -> None:
    """Warn if a link was made with a model of the same name but other weights."""
    requested, program = url_state.read("weights"), cached.program(run)
    if requested and isinstance(program, Program) and requested != program.id and WARNED.get() != requested:
        WARNED.set(requested)
        st.warning("The model of this link has other weights now, so what it decodes may differ from what was shared.")


def _sent(run: Subject, where: Bottleneck, first: View, here: View, other: Subject | None) -> dict[str, Any]:
    """What explorer.js reads; the same bytes as before, as long as the browser decodes by itself."""
    program, labels = cached.program(run), cached.examples(run).y
    if not run.has(Encodes):  # its codes are draws of the prior
        labels = torch.full_like(labels, UNLABELLED)
    shown, kinds = few_columns(run), cached.kinds(run)
    of_category = {axis for category in kinds.categories for axis in category.axes}
    ends = dict(kinds.ends)
    dims = [
        {
            "axis": int(axis),
            "name": dimension_name(int(axis), run.code),
            "carries": carries(where, int(axis)),
            "follows": follows(run)[int(axis)],
            "active": bool(where.active[axis]),
            "ends": ends.get(int(axis)),
            "own": [float(where.center[axis]), float(where.scale[axis])] if int(axis) in ends else None,
            "hidden": int(axis) in of_category,
        }
        for axis in kinds.ordered(tuple(map(int, where.order)))
    ]
    sent: dict[str, Any] = {
        "nonce": f"{run.key} {first}",
        "program": program.id if isinstance(program, Program) else None,
        "source": "decoded by the server when you release the slider"
        if isinstance(program, str)
        else "loading the decoder",
        "drawn": shown.as_json(),
        "note": shown.left_out,
        "view": first.as_json(),
        "dims": dims,
        "directions": [{"name": dimension_name(axis, run.code), "axis": axis} for axis in range(len(dims))]
        + [{"name": name, "vector": way.tolist()} for name, way in cached.extra_directions(run).items()],
        "categories": [{"axes": one.axes, "places": one.places.tolist()} for one in kinds.categories],
        "middle": kinds.middle(len(dims)),
        "draws": kinds.are_several,
        "title": run.title,
        "near": cached.n_near(run),
        "originals": run.key,
        "in_sight": IN_SIGHT,
        "limit": cached.farthest(run),
        "codes": packed(cached.standard_codes(run).numpy().astype("<f4")),
        "labels": labels.tolist(),
        "classes": list(run.classes),
        "marks": marks(run.classes),
        "colours": list(look().classes),
    }
    if other is not None:
        theirs = cached.program(other)
        sent["other"] = {
            "program": theirs.id if isinstance(theirs, Program) else None,
            "title": other.title,
            "drawn": few_columns(other).as_json(),
            "z_dim": len(cached.dimensions(other).order),
            "codes": packed(cached.standard_codes(other).numpy().astype("<f4")),
        }
    if isinstance(program, str):
        sent |= {"exact": _exact(run, here), "lattice": _lattice(run, where, here)}
    return sent


def marks(classes: Sequence[str]) -> list[str]:
    """A letter for each class: its first, where those differ, else in the order of the alphabet."""
    first = [name[:1] for name in classes]
    return first if len(set(first)) == len(first) else [ascii_uppercase[k % 26] for k in range(len(classes))]


def _exact(run: Subject, here: View) -> dict[str, Any]:
    return {"z": list(here.z), "image": _packed(run, torch.tensor([here.z]))}


def _lattice(run: Subject, where: Bottleneck, here: View) -> dict[str, Any]:
    """The plane through the place, row by row from its top, and a strip for each dimension in sight."""
    end, side, z = cached.farthest(run), cached.width(run, here.axes), torch.tensor(here.z)
    nodes = lattice(NODES, side, "linear")
    y, x = torch.meshgrid(nodes.flip(0), nodes, indexing="ij")
    codes = [plane(z, cached.directions(run, here.axes))(torch.stack([x.reshape(-1), y.reshape(-1)], 1))]
    strips = [int(axis) for axis in where.order[:IN_SIGHT]]
    for axis in strips:
        row = z.repeat(NODES, 1)
        row[:, axis] = lattice(NODES, end, "linear")
        codes.append(row)
    size, images = math.prod(run.shape), _packed(run, torch.cat(codes))
    return {"n": NODES, "side": side, "size": size, "strips": strips, "around": list(here.z), "images": images}


def _packed(run: Subject, z: torch.Tensor) -> str:
    """Decoded examples, as the browser draws them."""
    return packed(appearance_of(run).packed(cached.decoder(run)(z).numpy()))


def n_directions(run: Subject) -> int:
    """How many directions a plane of the run's latent space can have: its dimensions and extra directions."""
    return len(cached.dimensions(run).order) + len(cached.extra_directions(run))


def direction_name(run: Subject, index: int) -> str:
    """How a direction is called: z1 to zD, then PC1 and on, then the class directions."""
    d = len(cached.dimensions(run).order)
    return dimension_name(index, run.code) if index < d else list(cached.extra_directions(run))[index - d]


def on_plane(run: Subject, view: View) -> tuple[cached.Code, tuple[float, float], tuple[str, str]]:
    """The plane that a view looks at: the code that holds it, the place in it, and what its directions are called."""
    z, directions = torch.tensor(view.z), cached.directions(run, view.axes)
    held = plane(z, directions)(torch.zeros(1, 2))[0]
    x, y = (directions @ z).tolist()
    names = direction_name(run, view.axes[0]), direction_name(run, view.axes[1])
    return tuple(round(value, 4) for value in held.tolist()), (x, y), names
