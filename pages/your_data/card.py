"""The card of the page: what can be brought."""

from __future__ import annotations

from latentlab.subjects import Subject
from pages.navigation import Card
from pages.shared.header import look

PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 480 240" fill="none" stroke-width="3">
<rect x="10" y="10" width="460" height="220" rx="14" stroke="{muted}" stroke-dasharray="10 8"/>
<g stroke="{accent}"><path d="M240 124V44M210 72l30-30 30 30" stroke-width="6"/></g>
<g stroke="{text}"><rect x="74" y="150" width="84" height="56" rx="4"/>
<path d="M74 169h84M74 187h84M102 150v56M130 150v56"/><rect x="198" y="150" width="84" height="56" rx="4"/>
<path d="M204 200l24-28 16 18 12-12 20 22"/><circle cx="262" cy="165" r="6"/>
<path d="M326 206v-30M341 206v-52M356 206v-18M371 206v-44M386 206v-26M401 206v-54" stroke-width="8"/></g></svg>"""


def card(run: Subject) -> Card | None:  # noqa: ARG001 it is the same for all
    """A table, an image and a vector on their way up."""
    colours = look()
    return Card(PICTURE.format(muted=colours.muted, accent=colours.accent, text=colours.text))
