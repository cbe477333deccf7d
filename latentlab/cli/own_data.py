"""Data of the user's own, saved by the command line."""

from __future__ import annotations

from pathlib import Path

from latentlab import data


def save_data(path: str, label: str, image: str) -> str:
    """Save data of the user's own in the library, and print a summary and their name."""
    library = data.Library.default()
    name = library.add(Path(path), label=label, image=image)
    print(
        "\n".join((*library.card(name).summary, f"Saved as {name}: python -m latentlab train vae {name}")), flush=True
    )
    return name
