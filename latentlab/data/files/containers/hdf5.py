"""HDF5 files by h5py: .h5, .hdf5, MATLAB's 7.3 and AnnData's .h5ad. Nothing outside the file is opened for it."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import FREE_BYTES, MAX_BYTES, MAX_RATIO, open_zip, shown
from latentlab.data.files.arrays import Examples
from latentlab.data.files.containers.annotated import cells
from latentlab.data.files.containers.named_arrays import examples_of
from latentlab.data.files.containers.numpy_files import members_of
from latentlab.data.files.options import ReadOptions

MAGIC = b"\x89HDF\r\n\x1a\n"
USER_BLOCKS = (0, 512, 1024, 2048)  # where the file may begin; MATLAB's at 512
PATIENCE = 300.0  # seconds for the library to read a file
COPY = Path(__file__).with_name("hdf5_copy.py")  # started as a program, so that it imports nothing of LatentLab


def is_hdf5(path: Path) -> bool:
    """Whether a file starts as an HDF5 file does."""
    with path.open("rb") as stream:
        for at in USER_BLOCKS:
            stream.seek(at)
            if stream.read(len(MAGIC)) == MAGIC:
                return True
    return False


def read_hdf5(path: Path, options: ReadOptions, *, transposed: bool = False) -> Examples:
    """The examples among the data sets of an HDF5 file; those in groups are called `group/name`.

    Args:
        path: the file.
        options: which of them are what, as far as that is said.
        transposed: whether all axes are in the opposite order, as MATLAB's.

    Raises:
        DataError: h5py isn't there, or the file is damaged, too large, or without examples.
    """
    name = shown(path.name)
    if importlib.util.find_spec("h5py") is None:
        raise DataError(f"{name} is an HDF5 file: install h5py to open it (pip install 'latentlab[files]').")
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        copy = Path(folder) / "copy.npz"
        limits = [str(limit) for limit in (MAX_BYTES, FREE_BYTES, MAX_RATIO)]
        command = [sys.executable, "-P", str(COPY), str(path), str(copy), str(transposed), *limits]
        try:
            done = subprocess.run(command, timeout=PATIENCE, capture_output=True, check=False)
            said = json.loads(done.stdout) if done.returncode == 0 else {}
        except (subprocess.TimeoutExpired, ValueError):
            said = {}
        if not said:
            raise DataError(f"{name} is no HDF5 file that can be read, or a damaged one.")
        if "refused" in said:
            raise DataError(f"{name} {said['refused']}")
        unread = {key: DataError(f"{name}: {shown(key)} {why}") for key, why in said["unread"].items()}
        with open_zip(copy) as archive:
            stored = {said["names"][key]: one for key, one in members_of(archive, name).items()}
            if said["annotated"]:
                return cells(said["attributes"], stored, options, name)
            return examples_of(stored, options, name, unread)
