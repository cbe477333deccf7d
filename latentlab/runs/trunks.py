"""Trunks out of runs: what a run is as the trunk of another model, and the parameters that this starts from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from latentlab.models import MODELS, HasTrunk, Model
from latentlab.models.trunks import LITE0, TrunkKind, networks, of_run
from latentlab.runs import lite0_file
from latentlab.runs.store import Store
from latentlab.serialization import RunError


def described(store: Store, model: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """The knobs of a model, where a trunk that is the id of a run is written out, so that nobody needs the run again.

    Raises:
        RunError: there is no such run, it can't be a trunk, or the parameters of Lite0 aren't here.
    """
    if not issubclass(MODELS[model], HasTrunk):
        return dict(config)
    try:
        text = str(config.get("trunk", MODELS[model].Config().trunk))
        name = text.partition(":")[0]
        if name == LITE0 and config.get("weights") != "random":
            lite0_file.read()
        if name not in networks() and (":" not in text or store.folder(name).is_dir()):
            run = store.read(name)
            text = str(of_run(run.id, run.model, run.spec, run.config))
        return {**config, "trunk": str(TrunkKind.parse(text))}
    except ValueError as error:
        raise RunError(str(error)) from error


def load_trunk(store: Store, model: Model) -> None:
    """Give a fresh model the parameters that its trunk has in the run that it comes from.

    Raises:
        RunError: that run is gone or damaged, or its parameters don't fit.
    """
    if not isinstance(model, HasTrunk) or not model.source:
        return
    try:
        weights = lite0_file.read() if model.source == LITE0 else store.load(model.source).state_dict()
        model.take_trunk(weights)
    except ValueError as error:
        raise RunError(f"The trunk can't be had: {str(error)[0].lower()}{str(error)[1:]}") from error
