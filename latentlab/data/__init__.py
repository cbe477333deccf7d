"""Data sets: `load(name)` gives the train, validation and test splits of a built-in one, or of one in the user's
library.
"""

import difflib

from latentlab.data.builtin import images
from latentlab.data.builtin.about import ABOUT
from latentlab.data.builtin.images import IDX_SETS, folders, load_digits, load_idx
from latentlab.data.builtin.photovoltaic.plant import PLANTS
from latentlab.data.builtin.recorded import RECORDED
from latentlab.data.builtin.shapes import SHAPES
from latentlab.data.builtin.sketches.drawn import SKETCHES
from latentlab.data.builtin.synthetic import DENSITIES, Density, load_toy, mixture
from latentlab.data.builtin.three_d import THREE_D
from latentlab.data.dataset import (
    UNLABELLED,
    Batch,
    DataError,
    Dataset,
    Factors,
    Kind,
    LabelUse,
    Sampler,
    Spec,
    Splits,
    Varied,
    batches,
    held_out,
    joined,
    kind_of,
    to_bytes,
)
from latentlab.data.library.library import Library
from latentlab.data.one_factor import check_factors, one_factor_batches
from latentlab.data.partial_labels import check_labels, for_training, hide_labels, labelled_part, mixed_batches

FACTOR_IMAGES = SHAPES | THREE_D
MADE = SKETCHES | FACTOR_IMAGES | PLANTS  # by a program
TABLES = MADE | RECORDED  # whose spec is known before they are made or read
NAMES = (*images.NAMES, *MADE, *RECORDED, *DENSITIES)

__all__ = [
    "DENSITIES",
    "NAMES",
    "RECORDED",
    "UNLABELLED",
    "Batch",
    "DataError",
    "Dataset",
    "Density",
    "Factors",
    "Kind",
    "LabelUse",
    "Library",
    "Sampler",
    "Spec",
    "Splits",
    "Varied",
    "about",
    "batches",
    "check_factors",
    "check_labels",
    "class_names",
    "factor_names",
    "folders",
    "for_training",
    "held_out",
    "hide_labels",
    "how_to_get",
    "is_local",
    "joined",
    "kind_of",
    "labelled_part",
    "load",
    "mixed_batches",
    "mixture",
    "names",
    "one_factor_batches",
    "spec_of",
    "to_bytes",
    "unknown",
]


def names() -> tuple[str, ...]:
    """The built-in data sets, and the user's own."""
    return (*NAMES, *Library.default().names())


def is_local(name: str) -> bool:
    """Whether a data set can be loaded without a network; False for one that was removed, or never was."""
    if name in RECORDED:
        return RECORDED[name].is_local
    return images.is_local(name) if name in NAMES else name in Library.default()


def how_to_get(name: str) -> str:
    """What brings a data set to this machine; empty for one that is here, and for what nothing brings."""
    if name not in NAMES or is_local(name):
        return ""
    return RECORDED[name].how_to_get if name in RECORDED else "training downloads it first"


def about(name: str) -> str:
    """What a built-in data set is, in a sentence, and whether a program made it; empty for densities and one's own."""
    return ABOUT.get(name, "")


def class_names(name: str) -> tuple[str, ...]:
    """The names of the classes of a data set, without loading it; none where it isn't labelled.

    Raises:
        DataError: unknown name, or a card in the library that is damaged.
    """
    if name == "digits":
        return tuple("0123456789")
    if name in IDX_SETS:
        return IDX_SETS[name].classes
    if name in TABLES:
        return TABLES[name].classes
    if name in DENSITIES:
        return DENSITIES[name].classes
    return Library.default().card(name).classes


def factor_names(name: str) -> tuple[str, ...]:
    """The names of the factors that made the examples of a data set, without loading it; none where none are known.

    Raises:
        DataError: as `class_names`.
    """
    if name in TABLES:
        return TABLES[name].factors
    return () if name in NAMES else Library.default().card(name).factors


def spec_of(name: str) -> Spec:
    """What a model must know of a data set, without loading it.

    Raises:
        DataError: as `class_names`.
    """
    n_classes = len(class_names(name))
    if name in DENSITIES:
        shape: tuple[int, ...] = (DENSITIES[name].dim,)
        return Spec(shape, n_classes, kind_of(shape))
    if name in TABLES:
        return TABLES[name].spec
    if name in NAMES:
        return Spec((1, 8, 8) if name == "digits" else (1, *IDX_SETS[name].sides), n_classes, Kind.IMAGE)
    card = Library.default().card(name)
    return Spec(card.shape, n_classes, card.kind, card.features)


def load(name: str, progressbar: object = False) -> Splits:
    """A data set in its fixed splits; a built-in one is downloaded if it isn't on this machine.

    Args:
        name: one of `names()`.
        progressbar: True for a download bar in the terminal, or an object with tqdm's interface.

    Raises:
        DataError: unknown name, not to be had offline, or damaged.
    """
    if name == "digits":
        return load_digits()
    if name in IDX_SETS:
        return load_idx(name, progressbar)
    if name in TABLES:
        return TABLES[name].load(name)
    if name in DENSITIES:
        return load_toy(name)
    if name in Library.default():
        return Library.default().load(name)
    raise DataError(unknown(name))


def unknown(name: str) -> str:
    """Say that there is no data set of a name, and which have the most similar ones."""
    close = difflib.get_close_matches(name[:80].lower(), names(), 3, 0.6)
    there = f"the closest is {' or '.join(close)}" if close else "`latentlab data` lists those that there are"
    return f"There is no data set called {name[:80]!r}; {there}."
