"""Readings of real sensors with labelled anomalies, from a file that an installed package carries; none of it is run.

`shuttle` is the Statlog (Shuttle) data set of NASA (UCI Machine Learning Repository, CC BY 4.0) as ODDS holds it: nine
sensors of a space shuttle, 45,586 readings in the usual flow of its radiators and 3,511 in rare states, which are the
anomalies; those of one more state were left out. The package `river` (BSD 3-Clause) carries it. Its readings aren't in
the order of time, so a split at random leaks nothing that the order knows, and no delay can be measured.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import io
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from latentlab.data.dataset import DataError, Dataset, Kind, Spec, Splits, held_out
from latentlab.data.library.scaling import Scale

NORMAL = 0  # the label of normal readings
HELD_OUT = 5  # a part of as many for validation, and one for the test


@dataclass(frozen=True)
class Recorded:
    """A file of a package: a row of names, numbers of each sensor, and a last column that is 1 for an anomaly.

    Attributes:
        package: which carries it.
        file: its place in the package, compressed by gzip.
        sha256: of the compressed file.
        sensors: names of the columns.
        classes: names of what the last column says.
        factors: none are known.
    """

    package: str
    file: str
    sha256: str
    sensors: tuple[str, ...]
    classes: tuple[str, ...] = ("normal", "anomaly")
    factors: tuple[str, ...] = ()

    @property
    def spec(self) -> Spec:
        """What a model must know of them."""
        return Spec((len(self.sensors),), len(self.classes), Kind.VECTOR, self.sensors)

    @property
    def is_local(self) -> bool:
        """Whether the package is installed."""
        return importlib.util.find_spec(self.package) is not None

    @property
    def how_to_get(self) -> str:
        """What brings it to this machine."""
        return f"it comes with the package {self.package}: pip install 'latentlab[recorded]'"

    def load(self, name: str) -> Splits:
        """All rows, under the name of a data set: three fifths for training, a fifth for validation and the test each.

        Each sensor is standardised by its mean and standard deviation over the normal rows for training.

        Raises:
            DataError: the package isn't installed, or is another version.
        """
        rows = self._rows(name)
        x, y = torch.from_numpy(rows[:, :-1]).float(), torch.from_numpy(rows[:, -1]).long()
        data = Dataset(name, x, y, self.classes, Kind.VECTOR, self.sensors)
        rest, test = held_out(data, len(data) // HELD_OUT)
        train, valid = held_out(rest, len(data) // HELD_OUT)
        usual = train.x[train.y == NORMAL].double().numpy()
        scale = Scale(usual.mean(0), usual.std(0))
        return Splits(*(replace(part, x=scale.to_unit(part.x), scale=scale) for part in (train, valid, test)))

    def _rows(self, name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        found = importlib.util.find_spec(self.package)
        if found is None or not found.submodule_search_locations:
            raise DataError(f"The data set {name} isn't here; {self.how_to_get}.")
        path = Path(found.submodule_search_locations[0]) / self.file
        try:
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != self.sha256:
                raise DataError(f"The package {self.package} carries another version of {name}.", path)
            return np.loadtxt(io.StringIO(gzip.decompress(content).decode()), delimiter=",", skiprows=1)
        except (OSError, EOFError, zlib.error, UnicodeDecodeError, ValueError) as error:
            raise DataError(f"The package {self.package} has no {name} that can be read.", path) from error


RECORDED = {
    "shuttle": Recorded(
        "river",
        "datasets/shuttle.csv.gz",
        "1ed4bfa77233d95bff2c8ab2482725d2d800410daedf5919ad80ec6faf60ff59",
        tuple(f"sensor {k + 1}" for k in range(9)),
    )
}
