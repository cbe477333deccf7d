"""What was measured of a run beforehand, because it takes long: `measured.safetensors` in the run's folder.

The names of its tensors begin with a key of all that they depend on, which only the analysis knows that wrote them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from latentlab.runs.store import Store
from latentlab.serialization import RunError, check_writable, read_tensors, write_tensors

FILE = "measured.safetensors"
MOST = 1 << 20  # bytes


def key(model: nn.Module, about: Sequence[object]) -> str:
    """A name that changes when a parameter of the model does, or anything else that the numbers depend on.

    Args:
        model: that is measured.
        about: all else, as JSON takes it: what is measured, of which data, and how.
    """
    found = hashlib.sha256(json.dumps(about).encode())
    for name, value in model.state_dict().items():
        found.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        found.update(value.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:16]


def read(store: Store, run_id: str) -> dict[str, Tensor]:
    """What was measured, by name; empty where nothing was.

    Raises:
        RunError: as `Store.folder`, or the file is too large or damaged.
    """
    path = store.folder(run_id) / FILE
    return read_tensors(path, MOST) if path.is_file() else {}


def save(store: Store, run_id: str, tensors: Mapping[str, Tensor]) -> None:
    """Write what was measured, in place of what was there.

    Raises:
        RunError: the run is shipped, or the app is for looking only.
    """
    check_writable()
    if store.is_shipped(run_id):
        raise RunError("What was measured of a run that ships with LatentLab can't be changed.")
    write_tensors(store.folder(run_id) / FILE, tensors)
