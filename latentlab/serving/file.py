"""A model of the user's own in a Python file: what it defines is what the model can do.

It runs as any script of the user's does, in a process of its own.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from latentlab.serving.examples import Found, of_arrays, of_data_set, with_classes
from latentlab.serving.functions import ServingError
from latentlab.serving.given import FUNCTIONS, Given
from latentlab.serving.own_model import OwnModel

NETWORKS = ("network", "model", "net")  # names of the module whose methods and layers are meant


def run_file(path: Path) -> dict[str, Any]:
    """The names that a Python file defines.

    Raises:
        ServingError: it isn't there, or it fails.
    """
    if path.suffix != ".py" or not path.is_file():
        raise ServingError(f"{path.name} is no file of Python; a model is a .py file or a pair of .onnx files.")
    spec = importlib.util.spec_from_file_location(f"own_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))  # what lies beside it can be imported
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # a file of the user's may raise anything
        raise ServingError(
            f"{path.name} can't be run: {type(error).__name__}: {str(error).partition(chr(10))[0]}",
            traceback.format_exc(),
        ) from error
    return {name: value for name, value in vars(module).items() if not name.startswith("_")}


def given_by(names: Mapping[str, Any], title: str) -> Given:
    """What a file defines: functions by name, or a module that has them as methods."""
    network = next((names[one] for one in NETWORKS if isinstance(names.get(one), nn.Module)), None)
    functions = {}
    for name in FUNCTIONS:
        function = names.get(name, getattr(network, name, None))
        if callable(function):
            functions[name] = function
    low, high = names.get("value_range", (0.0, 1.0))
    return Given(
        **functions,
        network=network,
        z_dim=int(names.get("z_dim", 0)),
        classes=tuple(map(str, names.get("classes", ()))),
        sigma=float(names.get("sigma", Given.sigma)),
        prior=str(names.get("prior", "")),
        low=float(low),
        high=float(high),
        title=str(names.get("title", title)),
    )


def from_names(names: Mapping[str, Any], title: str, dataset: str = "") -> OwnModel:
    """The model that a file defines, tried on a data set, or on the file's own `data` and `labels`.

    Raises:
        ServingError: it can't be used, or there are no examples.
    """
    given = given_by(names, title)
    if dataset:
        found = of_data_set(dataset)
    elif "data" in names:
        found = of_arrays(names["data"], names.get("labels"), given.classes, tuple(names.get("features", ())))
    else:
        raise ServingError(f"{title} has no examples: add --data, or define data in the file.")
    if "value_range" not in names:
        given = Given(**(vars(given) | {"low": found.low, "high": found.high}))
    return served_as(given, found)


def served_as(given: Given, found: Found) -> OwnModel:
    """Functions with the examples that they are looked at with."""
    return OwnModel(given, with_classes(found.examples, given.classes))
