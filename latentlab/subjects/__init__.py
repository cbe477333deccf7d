"""What a page looks at: a stored run, a model of the user's own, or data alone."""

from latentlab.models import Model
from latentlab.serialization import RunError
from latentlab.subjects.base import Subject
from latentlab.subjects.data_only import DataOnly
from latentlab.subjects.one_category import CategoryOf
from latentlab.subjects.one_latent import LatentOf
from latentlab.subjects.own_model import PREFIX as OWN
from latentlab.subjects.own_model import OwnModel, served
from latentlab.subjects.stored_run import StoredRun, stored, stored_run

__all__ = [
    "OWN",
    "CategoryOf",
    "DataOnly",
    "LatentOf",
    "OwnModel",
    "StoredRun",
    "Subject",
    "find",
    "served",
    "stored",
    "stored_run",
    "with_model",
]


def with_model(*any_of: type[Model]) -> list[Subject]:
    """The models that can be looked at now and have at least one of the abilities: the user's own, then stored runs."""
    return [*(one for one in served() if one.has(*any_of)), *stored(*any_of)]


def find(subject_id: str) -> Subject:
    """A model by its id.

    Raises:
        RunError: there is none, or its server doesn't answer.
    """
    if not subject_id.startswith(OWN):
        return stored_run(subject_id)
    found = {one.id: one for one in served()}
    if subject_id not in found:
        raise RunError("The model of your own isn't served any more: start its process or its notebook again.")
    return found[subject_id]
