"""The look that the components share: what it says once, none of them says again."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from latentlab.figures.theme import MARK, NO_CLASS, SYMBOLS
from pages.components import LOOK
from tests.conftest import ROOT

STYLES = sorted((ROOT / "pages" / "components").glob("*/*.css"))


def declarations(css: str) -> set[tuple[str, str]]:
    """(selector, declaration) of every rule."""
    rules = re.findall(r"([^{}]+)\{([^{}]*)\}", re.sub(r"/\*.*?\*/", "", css, flags=re.S))
    return {
        (selector.strip(), declaration.strip())
        for selectors, body in rules
        for selector in selectors.split(",")
        for declaration in body.split(";")
        if declaration.strip()
    }


def test_the_declarations_of_a_stylesheet_are_found() -> None:
    css = "/* a, b */\nbutton,\nselect {\n  color: inherit;\n  padding: 0 1px;\n}\n"
    assert declarations(css) == {
        (selector, said) for selector in ("button", "select") for said in ("color: inherit", "padding: 0 1px")
    }


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.stem)
def test_a_component_says_nothing_that_the_look_says(path: Path) -> None:
    assert not declarations(path.read_text(encoding="utf-8")) & declarations(LOOK)


def test_the_colour_of_marks_is_written_once() -> None:
    sources = [path for folder in ("latentlab", "pages") for path in (ROOT / folder).rglob("*")]
    found = [path.name for path in sources if path.suffix in (".py", ".js", ".css", ".html", ".json")
             and MARK.lower() in path.read_text(encoding="utf-8").lower()]  # fmt: skip
    assert found == ["theme.json"]
    assert ("--mark", MARK) in {tuple(said.split(": ")) for selector, said in declarations(LOOK) if selector == ":host"}


def test_the_scatter_can_draw_every_symbol() -> None:
    source = (ROOT / "pages" / "components" / "scatter" / "points.js").read_text(encoding="utf-8")
    (forms,) = re.findall(r"^const FORMS = (\[.*\]);$", source, re.M)
    (glyphs,) = re.findall(r'^const GLYPHS = "(.*)";$', source, re.M)
    assert set(json.loads(forms)) == {*SYMBOLS, NO_CLASS}
    assert len(glyphs) == len(json.loads(forms))
