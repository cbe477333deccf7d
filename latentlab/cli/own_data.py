"""Data of the user's own, kept by the command line."""

from __future__ import annotations

from pathlib import Path

from latentlab import data


def keep_data(path: str, label: str, image: str) -> str:
    """Put data of the user's own on the shelf, and say what they are and how they are called from now on."""
    shelf = data.Shelf.default()
    name = shelf.add(Path(path), label=label, image=image)
    print("\n".join((*shelf.card(name).summary, f"Kept as {name}: python -m latentlab train vae {name}")), flush=True)
    return name
