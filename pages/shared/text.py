"""Text as it is: what users name is shown letter by letter, not interpreted as Markdown."""

from __future__ import annotations

import re

MARKUP = re.compile(r"[\\`*\[\]<>#|~$]|(?<!\w)_|_(?!\w)|:(?=\w)|^[+-]")


def plain(text: str) -> str:
    """Text of anyone's, such as titles and the names of classes, files and columns, as Markdown that shows it as it is.

    It is on one line. What Markdown would take for an image, a link, a formula, a colour or a tag is neither.
    """
    return MARKUP.sub(r"\\\g<0>", " ".join(text.split()))
