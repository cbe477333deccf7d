"""The curvature of a classifier of the user's own, measured where its parameters are: they never leave its process.

The loss is the mean cross-entropy of labelled examples, by all parameters that its gradient reaches.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.arrays import Floats
from latentlab.analysis.curvature.measure import measure, to_arrays
from latentlab.analysis.curvature.objective import CHUNK, Objective
from latentlab.serving.functions import Call, ServingError, owner_of
from latentlab.serving.own_model import OwnModel

INSTEAD = "Train a classifier of these data here, or import one as a run."
HALF = (torch.float16, torch.bfloat16)
ASYMMETRIC = 0.01  # relative difference of uᵀHv from vᵀHu, beyond which H isn't the derivative of the gradient


def curvature_of(model: OwnModel, n: int, k: int, most: int) -> tuple[dict[str, int], dict[str, Floats]]:
    """The curvature of a classifier's loss, `measure` as arrays; the network is as it was afterwards.

    Args:
        model: of the user's own.
        n: labelled examples, always the same.
        k: eigenpairs of either end.
        most: parameters; of a network with more nothing is measured.

    Returns:
        Layer -> the number of its parameters, and the arrays: none if there are too many parameters.

    Raises:
        ServingError: it doesn't classify, its examples have no labels, or its loss has no Hessian; in a sentence.
    """
    if "classify" not in model.abilities:
        raise ServingError(f"{model.given.title} has no classify, so it has no loss whose curvature could be measured.")
    known = torch.nonzero(model.examples.y >= 0).flatten()
    if not len(known):
        raise ServingError(
            "Its examples have no labels, so there is no cross-entropy whose curvature could be measured: give labels."
        )
    own = copy.copy(model)
    call = own.calls["classify"]
    if call.network is None:
        raise ServingError(
            f"The curvature needs gradients by parameters, and classify has none: it is no torch network. {INSTEAD}"
        )
    if owner_of(call.function) is not None:
        call = _copied(call)
        own.calls = {**own.calls, "classify": call}
    assert call.network is not None
    chosen = known[torch.randperm(len(known), generator=device.generator(0))[:n]]
    batches = [model.examples[part].batch() for part in chosen.split(CHUNK)]

    def parts() -> Iterator[Tensor]:
        for batch in batches:
            log_probs = own.answer("classify", {"x": batch.x})["value"]
            yield -log_probs.gather(1, batch.y[:, None]).sum()

    parameters = _reached(call.network, parts)
    objective = Objective(parameters, parts, len(chosen), len(batches) == 1)
    layers = {name: part.stop - part.start for name, part in objective.layers.items()}
    if objective.size > most:
        return layers, {}
    before = {p: p.detach().clone() for p in parameters.values()}
    try:
        with torch.enable_grad():
            _check(objective)
            n_pairs = max(1, min(k, objective.size // 2))
            found = measure(objective, n_pairs, n_pairs)
    except RuntimeError as error:  # of what can't be differentiated twice
        raise ServingError(f"The loss can't be differentiated twice: {error}. {INSTEAD}") from error
    finally:
        with torch.no_grad():
            for p, value in before.items():
                p.copy_(value)
    return layers, {name: value.astype(np.float32) for name, value in to_arrays(found).items()}


def _copied(call: Call) -> Call:
    """A call of a copy of its network: what the user does with theirs meanwhile changes nothing."""
    try:
        network = copy.deepcopy(call.network)
    except (RuntimeError, TypeError) as error:
        raise ServingError(f"The network can't be copied to measure its curvature: {error}. {INSTEAD}") from error
    assert network is not None
    network.requires_grad_(True)
    if any(p.dtype in HALF for p in network.parameters()):
        network.float()
    function = network if isinstance(call.function, nn.Module) else getattr(network, call.function.__name__)
    return replace(call, function=function, network=network)


def _reached(network: nn.Module, parts: Callable[[], Iterator[Tensor]]) -> dict[str, nn.Parameter]:
    """The parameters that the gradient of the loss reaches, by name.

    Raises:
        ServingError: it reaches none.
    """
    named = {name: p for name, p in network.named_parameters() if p.requires_grad}
    with torch.enable_grad():
        first = next(parts())
        slopes = (
            torch.autograd.grad(first, list(named.values()), allow_unused=True) if named and first.requires_grad else ()
        )
    given = zip(named.items(), slopes or [None] * len(named), strict=True)
    found = {name: p for (name, p), slope in given if slope is not None}
    if not found:
        raise ServingError(
            "No gradient of the loss reaches a parameter: classify runs under no_grad, or another network than the one "
            f"that is named. {INSTEAD}"
        )
    return found


def _check(objective: Objective) -> None:
    """Refuse a loss that holds parts of itself fixed, so that the products aren't those of a symmetric matrix.

    Raises:
        ServingError: it does so.
    """
    u, v = np.random.default_rng(0).normal(size=(2, objective.size))
    hu, hv = objective.product(u), objective.product(v)
    if abs(u @ hv - v @ hu) > ASYMMETRIC * np.linalg.norm(u) * np.linalg.norm(hv):
        raise ServingError(f"classify holds parts of itself fixed where its gradient is taken. {INSTEAD}")
