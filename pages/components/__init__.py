"""Components in plain JavaScript, each with its sources in a folder of its own, and one look."""

from pathlib import Path

LOOK = (Path(__file__).parent / "look.css").read_text(encoding="utf-8")
