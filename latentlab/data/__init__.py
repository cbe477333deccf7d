"""Data sets: `load(name)` gives the train, validation and test splits of a built-in one."""

from latentlab.data import images
from latentlab.data.dataset import (
    UNLABELLED,
    Batch,
    DataError,
    Dataset,
    Sampler,
    Splits,
    batches,
    held_out,
    to_bytes,
)
from latentlab.data.images import IDX_SETS, folders, is_local, load_digits, load_idx
from latentlab.data.labels import check_labels, for_training, hide_labels, labelled_part, mixed_batches
from latentlab.data.toys import DENSITIES, Density, load_toy, mixture

NAMES = (*images.NAMES, *DENSITIES)

__all__ = [
    "DENSITIES",
    "NAMES",
    "UNLABELLED",
    "Batch",
    "DataError",
    "Dataset",
    "Density",
    "Sampler",
    "Splits",
    "batches",
    "check_labels",
    "folders",
    "for_training",
    "held_out",
    "hide_labels",
    "is_local",
    "labelled_part",
    "load",
    "mixed_batches",
    "mixture",
    "to_bytes",
]


def load(name: str, progressbar: object = False) -> Splits:
    """A built-in data set in its fixed splits; downloaded if it isn't on this machine.

    Args:
        name: one of `NAMES`.
        progressbar: True for a download bar in the terminal, or an object with tqdm's interface.

    Raises:
        DataError: unknown name, not to be had offline, or damaged.
    """
    if name == "digits":
        return load_digits()
    if name in IDX_SETS:
        return load_idx(name, progressbar)
    if name in DENSITIES:
        return load_toy(name)
    raise DataError(f"There is no data set called {name!r}; known are {', '.join(NAMES)}.")
