"""Random clicks on every page: what a control shows is what is computed, and a link opens what is shown.

A walk opens a page, changes a few controls at random, copies the address, opens it as another visitor and compares all
that is shown: controls, sentences, pictures. With
`LATENTLAB_WALKS=20` each page is walked so often.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.navigation import PAGES
from tests.pages.conftest import Open
from tests.pages.test_every_page import NO_SUBJECT

KINDS = ("selectbox", "number_input", "slider", "select_slider", "button_group", "toggle", "checkbox", "text_input")
STEPS = 4  # clicks of a walk
LEFT_OUT = {"own-name", "own-label"}  # of an upload, which no address can hold
PICTURES = ("imgs", "plotly_chart", "bidi_component", "arrow_data_frame", "progress", "page_link")


def controls(app: AppTest) -> list[Any]:
    """All that has a value and can be changed."""
    every: list[Any] = [control for kind in KINDS for control in app.get(kind)]
    found = {control.proto.id: control for control in every}
    return [control for control in found.values() if not control.disabled and control.key not in LEFT_OUT]


def default(control: Any) -> object:
    """What the browser shows of a control that nobody has touched, as it would send it."""
    proto = control.proto
    if control.type in ("selectbox", "select_slider", "button_group"):
        options = [getattr(option, "content", option) for option in proto.options]
        chosen = [proto.default] if control.type == "selectbox" else list(proto.default)
        if control.type == "selectbox" and not proto.HasField("default"):
            return ()
        return tuple(options[int(k)] for k in chosen)
    value = proto.default
    return tuple(value) if control.type == "slider" else (value,)


def value(control: Any) -> object:
    """What the server computes with, in the same form."""
    state = control._widget_state
    field = state.WhichOneof("value")
    if field is None:
        return ()
    held = getattr(state, field)
    return tuple(held.data) if field.endswith("array_value") else (held,)


def mismatches(app: AppTest, touched: dict[str, object]) -> list[str]:
    """The controls that show something else than what is computed; `touched` is what the visitor set, by id."""
    wrong = []
    for control in controls(app):
        proto = control.proto
        if proto.set_value:
            touched[proto.id] = value(control)
        shown = touched.get(proto.id, default(control))
        if shown != value(control):
            wrong.append(f"{control.key or control.label} shows {shown} and is {value(control)}")
    return wrong


def change(app: AppTest, rng: random.Random, touched: dict[str, object]) -> str:
    """Change a control at random, as a visitor would; returns what was done."""
    control = rng.choice(controls(app))
    new: Any
    if control.type in ("toggle", "checkbox"):
        new = not control.value
    elif control.type == "number_input":
        low, high = control.min, control.max
        step = control.step or 1
        new = rng.choice([control.value + step, control.value - step, low, control.value + 3 * step])
        new = type(control.value)(min(max(new, -1e9 if low is None else low), 1e9 if high is None else high))
    elif control.type == "slider":
        new = rng.choice([control.min, control.max, control.min + control.step])
    elif control.type == "text_input":
        new = rng.choice(["a", "b"])
    elif control.type == "selectbox":
        safe = [k for k, option in enumerate(control.options) if formatted(control, option) == option]
        if not safe:
            return "nothing"
        control.select_index(rng.choice(safe))
        new = None
    else:
        options = [getattr(option, "content", option) for option in control.proto.options]
        new = rng.choice(options)
        if control.type == "select_slider":
            if formatted(control, new) != new or not isinstance(control.value, str):
                return "nothing"
            control._value = new
        else:
            control._value = [new] if isinstance(control.value, list) else new
        new = None
    if new is not None:
        control.set_value(new)
    touched[control.proto.id] = value(control)
    write_address(app, control)
    what = f"{control.key or control.label} -> {value(control)}"
    app.run()
    return what


def formatted(control: Any, option: str) -> str | None:
    """What AppTest makes of an option that is shown: it formats it again; None where it can't."""
    try:
        return str(control.format_func(option))
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None


def write_address(app: AppTest, control: Any) -> None:
    """What the browser does with a control that the address keeps: it writes what isn't the default."""
    name = control.proto.query_param_key
    if not name:
        return
    app.query_params.pop(name, None)
    held = value(control)
    if held != default(control):
        assert isinstance(held, tuple)
        texts = [
            str(one).lower() if isinstance(one, bool) else repr(one) if isinstance(one, float) else one for one in held
        ]
        app.query_params[name] = texts if len(texts) > 1 else texts[0] if texts else ""


def shown(app: AppTest) -> Iterator[tuple[str, object]]:
    """All that a page shows, in its order."""
    for node in nodes(app._tree.root):
        kind = getattr(node, "type", "")
        if kind in KINDS:
            yield f"{kind} {node.key or node.label}", value(node)
        elif kind in ("markdown", "caption", "info", "warning", "error", "success", "title", "subheader", "heading"):
            yield kind, str(node.value)
        elif kind in PICTURES and getattr(node.proto, "component_name", "") != "latentlab.history":
            yield kind, picture(node)


def picture(node: Any) -> str:
    """A picture without what two visitors never share: ids of widgets and addresses of files."""
    proto = node.proto
    if node.type == "plotly_chart":
        return str(proto.spec)
    if node.type == "page_link":
        return f"{proto.page} {proto.label} {proto.query_string}"
    if node.type == "imgs":
        return " ".join(str(image.url) for image in proto.imgs)
    if node.type == "bidi_component":
        copy = type(proto)()
        copy.CopyFrom(proto)
        copy.id = copy.js_content = copy.css_content = copy.html_content = ""
        return str(copy)
    return str(node.value) if node.type == "arrow_data_frame" else str(proto)


def nodes(node: Any) -> Iterator[Any]:
    yield node
    children = getattr(node, "children", None)
    for child in children.values() if children else ():
        yield from nodes(child)


def walk(opened: Open, page: str, seed: int, steps: int = STEPS) -> list[str]:
    """Make one walk; returns what was wrong, with what was done before."""
    rng, touched, done = random.Random(f"{page} {seed}"), dict[str, object](), list[str]()
    app = opened(page)
    mismatches(app, touched)
    for _ in range(steps):
        done.append(change(app, rng, touched))
        if app.exception:
            return [f"{page} {seed}: {done}: {app.exception[0].value}"]
        if wrong := mismatches(app, touched):
            return [f"{page} {seed}: {done}: {'; '.join(wrong)}"]
    again = opened(page, **app.query_params)
    first, second = list(shown(app)), list(shown(again))
    wrong = [f"{a} is {str(b)[:200]} there" for a, b in zip(first, second, strict=False) if a != b][:3]
    if len(first) != len(second):
        wrong.append(f"{len(first)} and {len(second)} elements")
    return [f"{page} {seed}: {done}: {app.query_params}: {'; '.join(wrong)}"] if wrong else []


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(int(os.environ.get("LATENTLAB_WALKS", "1"))))
@pytest.mark.parametrize("page", [page.name for page in PAGES if page.name not in NO_SUBJECT])
def test_a_link_opens_what_is_shown_and_controls_show_what_is_computed(visited: Open, page: str, seed: int) -> None:
    assert not walk(visited, page, seed)
