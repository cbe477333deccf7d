"""Whatever an address says, a page shows something and no exception: with every parameter that its code reads.

Each parameter of an address gets another kind of nonsense, and the next kind the next time that the page is opened.
With `LATENTLAB_ADDRESSES=6` each parameter gets each kind in each tab.
"""

from __future__ import annotations

import ast
import functools
import math
import os
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages import navigation
from tests.conftest import ROOT
from tests.pages.conftest import Open
from tests.pages.test_walks import controls, default, mismatches, nodes, value

PAGES = tuple(page.name for page in navigation.PAGES)
NONSENSE: tuple[Any, ...] = (
    "",
    "-1",
    "9" * 5_000,
    "nan,inf;-1e999,;~:",
    "数字 \u202e\U0001f600\u0301\0<script>alert(1)</script>![x](http://evil.test/a.png)",
    ["", "1", "nonsense"],
)
TURNS = int(os.environ.get("LATENTLAB_ADDRESSES", "1"))  # kinds of nonsense for each parameter in each tab
FEWEST = 3  # and for each parameter of a page


@functools.cache
def trees(folder: str) -> list[ast.AST]:
    paths = sorted((ROOT / "pages" / folder).rglob("*.py"))
    return [node for path in paths for node in ast.walk(ast.parse(path.read_text()))]


@functools.cache
def slots() -> dict[str, str]:
    """Name of a slot in the code -> the key of the widget that it belongs to."""
    found = {}
    for node in trees(""):
        if isinstance(node, ast.AnnAssign | ast.Assign) and isinstance(node.value, ast.Call):
            target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
            called, first = ast.unparse(node.value.func), node.value.args[:1]
            if (
                isinstance(target, ast.Name)
                and called.startswith("Slot")
                and first
                and isinstance(first[0], ast.Constant)
            ):
                found[target.id] = str(first[0].value)
    return found


def parameters(page: str) -> tuple[str, ...]:
    """The parameters of the address that a page reads, by itself or through what the pages share."""
    known, found = slots(), set[str]()
    for node in (node for folder in (page, "shared") for node in trees(folder)):
        if not isinstance(node, ast.Call):
            continue
        named = {keyword.arg: keyword.value for keyword in node.keywords}
        if "bind" in named and "key" in named:
            place = named["key"]
        elif ast.unparse(node.func) == "linked_choice":
            place = named["key"] if "key" in named else node.args[3]
        elif ast.unparse(node.func).startswith("url_state.read") and node.args:
            place = node.args[0]
        else:
            continue
        if isinstance(place, ast.Constant):
            found.add(str(place.value))
        elif isinstance(place, ast.Attribute) and ast.unparse(place.value) in known:
            found.add(known[ast.unparse(place.value)])
    return tuple(sorted(found))


def test_the_parameters_of_the_pages_are_found() -> None:
    assert {"run", "measure", "split", "layer", "n"} <= set(parameters("probes"))
    assert {"run", "z", "pins", "axes", "sheet"} <= set(parameters("traversal"))


def tabs(app: AppTest) -> Iterator[tuple[str, str]]:
    """Each group of tabs that the address keeps, and each of its tabs."""
    for node in nodes(app._tree.root):
        if getattr(node, "type", "") == "tab_container":
            yield from ((node.proto.tab_container.query_param_key, tab.label) for tab in node.children.values())


def is_chosen(control: Any) -> bool:
    """Whether a control shows what it offers: one of its options, or a number within its range."""
    held: Any = value(control)
    if control.type in ("selectbox", "select_slider", "button_group"):
        options = [getattr(option, "content", option) for option in control.proto.options]
        several = control.type == "button_group" and control.proto.click_mode == control.proto.MULTI_SELECT
        return set(held) <= set(options) and bool(held or several or not default(control))
    if control.type in ("number_input", "slider"):
        return bool(held) and all(math.isfinite(one) for one in held)
    return bool(held != ())


def bound(app: AppTest) -> set[str]:
    """The parameters of the address that hold what the controls of a page show."""
    return {control.proto.query_param_key for control in controls(app)} - {""}


def nonsense(names: set[str], turn: int) -> dict[str, Any]:
    """A value for each parameter that it can't have, of the next kind for the next parameter and the next turn."""
    return {name: NONSENSE[(k + turn) % len(NONSENSE)] for k, name in enumerate(sorted(names))}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_whatever_the_parameters_say_each_control_shows_what_is_computed(visited: Open, page: str) -> None:
    """Those that the code names, and those of the controls in each tab; nothing is an exception."""
    first = visited(page)
    named = bound(first).union(parameters(page))
    places = [{}, *({key: label} for key, label in tabs(first))]
    for k in range(max(FEWEST, TURNS * len(places))):
        tab, turn = places[k % len(places)], k // len(places) + k % len(places) + PAGES.index(page)
        app = visited(page, **nonsense(named, turn) | tab)
        if not bound(app) <= named:  # of a tab that was not open before
            named |= bound(app)
            app = visited(page, **nonsense(named, turn) | tab)
        assert not app.exception, (tab, app.exception)
        assert not app.error
        assert app.image or app.get("plotly_chart") or app.get("bidi_component")
        assert [control.key or control.label for control in controls(app) if not is_chosen(control)] == []
        assert mismatches(app, {}) == []


@pytest.mark.slow
@pytest.mark.parametrize(("page", "name", "first"), [("probes", "split", "test"), ("sampling", "start", "data")])
@pytest.mark.parametrize("sent", ["", "nonsense", "9" * 400])
def test_a_choice_that_is_not_offered_is_a_sentence_and_the_default(
    visited: Open, page: str, name: str, first: str, sent: str
) -> None:
    app = visited(page, **{name: sent})
    assert not app.exception
    assert not app.error
    assert app.segmented_control(key=name).value == first
    assert sum(f"“{name}”" in warning.value for warning in app.warning) == 1


@pytest.mark.parametrize(("page", "name"), [("sampling", "image"), ("sampling", "seed"), ("gsn", "seed")])
def test_an_endless_number_is_a_sentence_and_the_default(visited: Open, page: str, name: str) -> None:
    app = visited(page, **{name: "9" * 400})
    assert not app.exception
    assert app.number_input(key=name).value == 0
    assert sum(f"“{name}”" in warning.value for warning in app.warning) == 1
