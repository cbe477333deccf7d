"""A model of the user's own from a Python file, a package, or ONNX files: what they define is what it can do.

A file runs as any script of the user's does, in a process of its own.
"""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from torch import nn

from latentlab.serving.examples import Found, of_arrays, of_data_set, with_classes
from latentlab.serving.functions import ServingError
from latentlab.serving.given import FUNCTIONS, Given
from latentlab.serving.onnx import given_by_files
from latentlab.serving.own_model import OwnModel

GROUP = "latentlab.subjects"  # of the entry points of packages that bring models
WEIGHTS = {
    ".pt": "{name} may hold code and is not opened. Save its numbers: from safetensors.torch import save_file; "
    "save_file(torch.load('{name}', weights_only=True), 'weights.safetensors'); and load those in a .py file.",
    ".safetensors": "{name} holds numbers only; load them in a .py file that defines the network, and give that.",
}
WEIGHTS |= dict.fromkeys((".pth", ".ckpt", ".bin"), WEIGHTS[".pt"])
NETWORKS = ("network", "model", "net")  # names of the module whose methods and layers are meant


def run_file(path: Path) -> dict[str, Any]:
    """The names that a Python file defines.

    Raises:
        ServingError: it isn't there, or it fails.
    """
    if path.suffix != ".py" or not path.is_file():
        raise ServingError(f"{path.name} is no file of Python; a model is a .py file or .onnx files.")
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


def from_files(paths: Sequence[Path], dataset: str = "") -> OwnModel:
    """The model that a Python file defines, or that ONNX files are.

    Raises:
        ServingError: it can't be used, or there are no examples.
    """
    title = paths[0].stem
    if any(path.suffix == ".onnx" for path in paths):
        if not dataset:
            raise ServingError("An ONNX model needs --data: the examples that it is looked at with.")
        found = of_data_set(dataset)
        return served_as(given_by_files(paths, found.examples, title), found)
    if len(paths) > 1:
        raise ServingError("A model is one .py file, or .onnx files; give --model once for each model.")
    if paths[0].suffix in WEIGHTS:
        raise ServingError(WEIGHTS[paths[0].suffix].format(name=paths[0].name))
    return from_names(run_file(paths[0]), title, dataset)


def from_package(name: str, dataset: str = "") -> OwnModel:
    """The model of an installed package: what its entry point of the group `GROUP` names, a module or an object.

    Raises:
        ServingError: there is none of this name, or it can't be used.
    """
    found = entry_points(group=GROUP, name=name)
    if not found:
        raise ServingError(f"No package has a model called {name}.")
    try:
        loaded = next(iter(found)).load()
    except Exception as error:  # a package of anyone's may raise anything
        raise ServingError(f"The package of {name} can't be loaded: {error}", traceback.format_exc()) from error
    names = {one: getattr(loaded, one) for one in dir(loaded) if not one.startswith("_")}
    return from_names(names, name, dataset)


def packages() -> tuple[str, ...]:
    """The names of the models that installed packages bring."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


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
