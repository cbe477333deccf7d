"""Uploaded files: a browser may send anything."""

from __future__ import annotations

import re


def safe_name(name: str) -> str:
    """The last part of a file's name, fit for a file."""
    last = re.split(r"[/\\]", name)[-1]
    return re.sub(r"[^\w .()-]", "_", last)[-100:].lstrip(".") or "file"
