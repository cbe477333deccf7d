"""Pages of HTML as tests read them."""

from __future__ import annotations

from html.parser import HTMLParser


class Page(HTMLParser):
    """What a page of HTML says, by its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self._given: list[tuple[str, dict[str, str]]] = []
        self._words: list[tuple[str, str]] = []  # tag that was opened last, text
        self._rows: list[list[str]] = []
        self._cell = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._given.append((tag, {name: value or "" for name, value in attrs}))
        self._words.append((tag, ""))
        if tag == "tr":
            self._rows.append([])
        if tag in ("td", "th"):
            self._cell = True
            self._rows[-1].append("")
        if tag == "br" and self._cell:
            self._rows[-1][-1] += "\n"

    def handle_endtag(self, tag: str) -> None:
        self._cell = self._cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self._words:
            tag, text = self._words[-1]
            self._words[-1] = tag, text + data
        if self._cell:
            self._rows[-1][-1] += data

    @property
    def links(self) -> list[str]:
        """Where they lead."""
        return self.attributes("a", "href")

    def attributes(self, tag: str, name: str) -> list[str]:
        """Of all tags of a kind."""
        return [given[name] for one, given in self._given if one == tag and name in given]

    def count(self, tag: str, style: str = "") -> int:
        """Tags of a kind, and of a class."""
        return sum(one == tag and style in ("", given.get("class")) for one, given in self._given)

    def texts(self, tag: str) -> list[str]:
        """Right behind each tag of a kind."""
        return [text for one, text in self._words if one == tag]

    def rows(self) -> list[tuple[str, list[str]]]:
        """The first cell of each row of the tables, and the others."""
        return [(row[0], row[1:]) for row in self._rows if row]
