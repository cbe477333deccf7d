"""What the folders of images say: their classes, and the parts for training, validation and testing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from latentlab.data.files.archives import listing

PARTS = {
    "train": 0, "training": 0, "train_set": 0, "training_set": 0,
    "val": 1, "valid": 1, "validation": 1, "dev": 1, "eval": 1, "validation_set": 1,
    "test": 2, "testing": 2, "test_set": 2,
}  # fmt: skip


class Folders(NamedTuple):
    """What is known of each image by the folders it lies in."""

    classes: tuple[str, ...]  # empty for an image that lies in none
    split: tuple[int, ...] | None  # 0 train, 1 validation, 2 test; None where the folders don't say it
    notes: tuple[str, ...]


def folders(names: Sequence[str]) -> Folders:
    """The classes and the parts of images by their names, with / between the folders.

    Folders around all images are looked through. Where all folders at one level, the first or the second, are called
    as parts are, they are parts. Of the others the first is the class, and deeper ones are not used.

    >>> folders(["pets/cat/1.png", "pets/dog/old/2.png"]).classes
    ('cat', 'dog')
    >>> folders(["train/cat/1.png", "test/dog/2.png"])[:2]
    (('cat', 'dog'), (0, 2))
    """
    paths = [name.split("/")[:-1] for name in names]
    while all(paths) and len({path[0] for path in paths}) == 1:
        paths = [path[1:] for path in paths]
    split = None
    for level in (0, 1):
        words = [path[level].lower() if len(path) > level else "" for path in paths]
        if len(set(words)) > 1 and "train" in {word[:5] for word in words} and all(word in PARTS for word in words):
            split = tuple(PARTS[word] for word in words)
            paths = [path[:level] + path[level + 1 :] for path in paths]
            break
    while all(paths) and len({path[0] for path in paths}) == 1:
        paths = [path[1:] for path in paths]
    classes = tuple(path[0] if path else "" for path in paths)
    notes = []
    if deeper := sorted({"/".join(path[:2]) for path in paths if len(path) > 1}):
        notes.append(f"The first folder is the class; deeper ones are not used: {listing(deeper)}.")
    if not any(classes):
        notes.append("No labels: there are no sub-folders that tell classes apart.")
    return Folders(classes, split, tuple(notes))
