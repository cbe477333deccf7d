"""Text as it is: what users name is shown letter by letter, not interpreted as Markdown."""

from __future__ import annotations

import re


def plain(text: str) -> str:
    """Text of anyone's, such as the names of files and columns, so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()<>#+!|~$:])", r"\\\1", text)
