"""The models, by name: every model class in a file of a family's folder. To add one, write its file."""

from __future__ import annotations

import importlib
import pkgutil
from inspect import isabstract
from typing import Any

from latentlab.data import Dataset, Spec
from latentlab.knobs import Value, knobs
from latentlab.models.base import Model
from latentlab.models.parts.likelihood import suited_to

FAMILIES = (
    "vae",
    "autoencoders",
    "semi_supervised",
    "hierarchical",
    "adversarial",
    "autoregressive",
    "energy",
    "linear",
    "classifiers",
)  # the folders, in the order of forms and tables; within one the file of its name is first


def _defined_in(module_name: str) -> list[type[Model]]:
    """The concrete models that a module itself defines."""
    module = importlib.import_module(module_name)
    return [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Model) and value.__module__ == module_name
        if not isabstract(value)
    ]


def _find() -> dict[str, type[Model]]:
    found: dict[str, type[Model]] = {}
    for folder in FAMILIES:
        package = importlib.import_module(f"latentlab.models.{folder}")
        for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda info: (info.name != folder, info.name)):
            found |= {model.name: model for model in _defined_in(f"{package.__name__}.{info.name}")}
    return found


LIKELIHOOD = frozenset({"likelihood", "std"})
FIRST = "vae"  # what a form proposes
MODELS: dict[str, type[Model]] = _find()


def suitable(name: str) -> frozenset[str]:
    """The knobs of a model whose best value follows from the data: those of its likelihood, if it has one."""
    names = frozenset(knob.name for knob in knobs(MODELS[name].Config))
    return LIKELIHOOD if names >= LIKELIHOOD else frozenset()


def suited(name: str, data: Dataset) -> dict[str, Value]:
    """The values of `suitable` knobs that suit some examples better than the defaults."""
    return suited_to(data) if suitable(name) else {}


def build(name: str, config: Any, spec: Spec) -> Model:
    """A model for data of this kind, its parameters not yet set.

    Raises:
        ValueError: it can't learn such data, in one sentence.
    """
    kind = MODELS[name]
    if spec.kind not in kind.kinds:
        known = " or ".join(sorted(kind.kinds))
        raise ValueError(f"{kind.title}: it learns data of the kind {known}, and these are of the kind {spec.kind}.")
    return kind(config, spec)


def family_title(folder: str) -> str:
    """What a family is called: the first line of its package."""
    doc = importlib.import_module(f"latentlab.models.{folder}").__doc__ or folder
    return doc.partition("\n")[0].rstrip(".")
