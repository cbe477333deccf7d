"""A model of the user's own, served by a process or a notebook, as the subject of a page."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from latentlab import settings
from latentlab.data import Dataset, Kind, Spec
from latentlab.models import Derivative, Model
from latentlab.remote.client import GREETING, Client, Place, RemoteError
from latentlab.remote.model import PARTS, Description, functions_for, remote_kind, remote_model
from latentlab.serialization import RunError
from latentlab.subjects.base import Subject

PREFIX = "own:"  # of the id: a run can't have a colon in its own
MAX_SERVED = 32  # servers that are asked
_LAST: dict[str, Description] = {}  # what a server said of itself before it was busy


@dataclass(frozen=True)
class OwnModel(Subject):
    """What a server describes."""

    described: Description
    client: Client = field(repr=False)

    @property
    def id(self) -> str:
        """The server's behind a prefix that no run's id has."""
        return f"{PREFIX}{self.described.id}"

    @property
    def key(self) -> str:
        """Another one whenever the functions or the data are others."""
        return f"{self.id} {self.described.version}"

    @property
    def title(self) -> str:
        """As the user calls it."""
        return self.described.title

    @property
    def dataset(self) -> str:
        """The name of its data."""
        return self.described.dataset

    @property
    def spec(self) -> Spec:
        """Of its data."""
        return self.described.spec

    @property
    def classes(self) -> tuple[str, ...]:
        """Of its data."""
        return self.described.classes

    @property
    def takes_scaled(self) -> bool:
        """Never: it was made for the numbers as they are."""
        return False

    @property
    def note(self) -> str:
        """What was found out about its functions."""
        return self.described.note

    @property
    def is_uploaded(self) -> bool:
        """Whether a visitor of the app brought it, not who runs the app."""
        return self.described.is_uploaded

    def has(self, *any_of: type[Model]) -> bool:
        """Whether its functions give it at least one of these abilities."""
        return not any_of or issubclass(remote_kind(self.described.abilities), any_of)

    def missing(self, *any_of: type[Model]) -> str:
        """The functions that the user would have to define for one of these abilities."""
        found = dict.fromkeys(name for ability in any_of for name in functions_for(ability))
        return " or ".join(found)

    def examples(self) -> Dataset:
        """Those that its server has.

        Raises:
            RemoteError: it doesn't answer, or its examples aren't what it says.
        """
        arrays = self.client.call({"call": "examples"}).arrays
        x, y = arrays.get("x"), arrays.get("y")
        dtype = "uint8" if self.spec.kind is Kind.IMAGE else "float32"
        if x is None or y is None or x.dtype != dtype or x.shape[1:] != self.shape or y.shape != x.shape[:1]:
            raise RemoteError(f"The examples of {self.title} are not what it says of them.")
        return Dataset(
            self.dataset, torch.from_numpy(x), torch.from_numpy(y), self.classes, self.spec.kind, self.spec.names
        )

    def model(self, epoch: int | None = None) -> Model:
        """Its functions as a model.

        Raises:
            RunError: a snapshot is requested: there are none.
        """
        if epoch is not None:
            raise RunError(f"{self.title} has no snapshots.")
        return remote_model(self.client, self.described)


def served() -> list[OwnModel]:
    """The models whose servers answer, in the order of their names; what says where a dead one was is removed."""
    found = []
    for path in sorted(settings.served().glob("*.json"))[:MAX_SERVED]:
        place = Place.read(path)
        if place is None:
            continue
        client = _client(place)
        try:
            described = _LAST[place.token] = _description(
                path.stem, client.call({"call": "describe"}, patience=GREETING).words
            )
        except RemoteError as error:
            if isinstance(error.__cause__, ConnectionRefusedError):
                _forget(path)
            if not isinstance(error.__cause__, TimeoutError) or place.token not in _LAST:
                continue
            described = _LAST[place.token]  # it is busy
        found.append(OwnModel(described, _client(place, described.title)))
    return found


@functools.lru_cache(2 * MAX_SERVED)
def _client(place: Place, title: str = "The model") -> Client:
    """The one client of a place under a title: its connections stay open between two looks at a page."""
    return Client(place, title)


def _forget(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return


def _description(name: str, words: dict[str, Any]) -> Description:
    """What a server says of itself, checked.

    Raises:
        RemoteError: it is no description.
    """
    try:
        shape, names, classes = (tuple(words[key]) for key in ("shape", "names", "classes"))
        spec = Spec(tuple(map(int, shape)), len(classes), Kind(words["kind"]), tuple(map(str, names)))
        abilities = tuple(one for one in PARTS if one in words["abilities"])
        return Description(
            name, str(words["version"]), str(words["title"]), str(words["dataset"]), spec, tuple(map(str, classes)),
            abilities, int(words["z_dim"]), float(words["sigma"]), Derivative(words["derivative"]), str(words["note"]),
            words["uploaded"] is True, float(words["unused"]),
        )  # fmt: skip
    except (LookupError, TypeError, ValueError) as error:
        raise RemoteError("A server describes its model in another way than this LatentLab knows.") from error
