"""What probes of clean examples still decode of adversarial ones, layer by layer.

    attacked = clip(x + ε sign ∇_x CE(classify(x), y), 0, 1)        Goodfellow, Shlens & Szegedy (2015)
    control  = clip(x + ε s, 0, 1), each s ±1 at random: as large, and not directed at anything

Each probe is fitted to a layer's features of clean examples alone. If an attack harmed all layers alike, the errors of
the probes would rise alike; a layer whose probe still answers rightly still has the information (Alain 2018, sec. 9.6).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.activations import CHUNK
from latentlab.analysis.arrays import Labels
from latentlab.analysis.latent.support import Classify
from latentlab.analysis.probes.features import Reduction
from latentlab.analysis.probes.layer_curve import features_of, probe_positions
from latentlab.analysis.probes.linear_probe import Probe, linear_probe
from latentlab.models import Classifies

CLEAN, ATTACKED, RANDOM = "clean", "attacked", "random signs"


@dataclass(frozen=True, eq=False)
class UnderAttack:
    """Errors on the test examples, in the order in which the layers run.

    Attributes:
        layers: names, the input first.
        sizes: (E,) how far each value is moved at most: the ε of each column.
        errors: `CLEAN` -> (L,), `ATTACKED` and `RANDOM` -> (L, E), of the probes.
        network: the same without the layers, of the network itself.
        examples: (M, *shape) some test examples.
        moved: (E, M, *shape) the same, attacked.
    """

    layers: tuple[str, ...]
    sizes: tuple[float, ...]
    errors: dict[str, NDArray[np.float64]]
    network: dict[str, NDArray[np.float64]]
    examples: NDArray[np.float32]
    moved: NDArray[np.float32]


def fast_gradient_sign(classify: Classify, x: Tensor, y: Tensor, size: float) -> Tensor:
    """Move each value of examples by ε so that the loss rises, within [0, 1].

    Args:
        classify: (B, *shape) -> (B, K) log-probabilities, differentiable.
        x: (B, *shape) in [0, 1].
        y: (B,) their classes.
        size: ε, at least 0.

    Returns:
        (B, *shape); where the gradient is 0 the value stays.

    Raises:
        ValueError: the log-probabilities can't be differentiated.
    """
    moved = x.detach().clone().requires_grad_()
    with torch.enable_grad():
        loss = F.nll_loss(classify(moved), y, reduction="sum")
        if not loss.requires_grad:
            raise ValueError("The classifier can't be differentiated, so it can't be attacked by its gradient.")
        (gradient,) = torch.autograd.grad(loss, moved)
    return (x + size * gradient.sign()).clamp(0, 1).detach()


def random_signs(x: Tensor, size: float, rng: torch.Generator) -> Tensor:
    """(B, *shape) -> (B, *shape): each value moved by ε up or down at random, within [0, 1]."""
    signs = torch.randint(0, 2, x.shape, generator=rng).to(x) * 2 - 1
    return (x + size * signs).clamp(0, 1)


def under_attack(
    model: nn.Module,
    x: Tensor,
    y: Labels,
    splits: tuple[int, int, int],
    sizes: Sequence[float],
    *,
    n_classes: int,
    limit: int = 256,
    n_shown: int = 0,
    seed: int = 0,
) -> UnderAttack:
    """Fit a probe to each layer of a classifier, and test it on examples that were moved against the classifier.

    Args:
        model: that classifies, in evaluation mode; only read.
        x: (N, *shape) in [0, 1], or uint8; those that probes are fitted to first, then those that choose the penalty,
            then the test's, of which those without a label are left out.
        y: (N,) labels.
        splits: how many examples are for each of the three.
        sizes: ε of the attacks.
        n_classes: K.
        limit: features kept of a layer.
        n_shown: test examples that are given back.
        seed: of the random signs.

    Raises:
        ValueError: it doesn't classify, as `fast_gradient_sign`, and as `linear_probe`.
    """
    if not isinstance(model, Classifies):
        raise ValueError("Only a classifier can be attacked: this model gives no probabilities of classes.")
    n_fit, n_choose, n_test = splits
    pool = n_fit + n_choose
    test = np.flatnonzero(y[pool : pool + n_test] >= 0) + pool
    labels, clean = y[test], x[torch.from_numpy(test)]
    clean = clean.float().div(255) if clean.dtype == torch.uint8 else clean.float()
    places, reduction = probe_positions(model, x), Reduction(limit=limit)
    known = features_of(model, x[:pool], places, reduction)
    probes = {
        name: linear_probe(
            found.values[:n_fit], y[:n_fit], valid=(found.values[n_fit:], y[n_fit:pool]), n_classes=n_classes
        )
        for name, found in known.items()
    }

    def errors(moved: Tensor) -> tuple[NDArray[np.float64], float]:
        """Of each probe, and of the network."""
        features = features_of(model, moved, places, reduction)
        of_probes = [_error(probes[name], features[name].values, labels) for name in probes]
        with torch.no_grad():
            said = torch.cat([model.classify(part) for part in moved.split(CHUNK)]).argmax(1).cpu().numpy()
        return np.array(of_probes), float((said != labels).mean())

    targets, rng = torch.from_numpy(labels), device.generator(seed)
    found, whole = {CLEAN: [errors(clean)], ATTACKED: [], RANDOM: []}, list[Tensor]()
    for size in sizes:
        moved = torch.cat(
            [
                fast_gradient_sign(model.classify, part, of, size)
                for part, of in zip(clean.split(CHUNK), targets.split(CHUNK), strict=True)
            ]
        )
        found[ATTACKED].append(errors(moved))
        found[RANDOM].append(errors(random_signs(clean, size, rng)))
        whole.append(moved[:n_shown])
    stacked = {name: np.stack([of_probes for of_probes, _ in rows], 1) for name, rows in found.items()}
    network = {name: np.array([of_network for _, of_network in rows]) for name, rows in found.items()}
    return UnderAttack(
        layers=tuple(probes),
        sizes=tuple(sizes),
        errors=stacked | {CLEAN: stacked[CLEAN][:, 0]},
        network=network,
        examples=clean[:n_shown].numpy(),
        moved=torch.stack(whole).numpy(),
    )


def _error(probe: Probe, features: NDArray[np.float32], y: Labels) -> float:
    return float((probe.log_probs(features).argmax(1) != y).mean())
