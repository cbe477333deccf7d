"""The network below a new linear head: what it is, in words that a file keeps, and as a layer that gives features."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch.nn.functional as F
from torch import Tensor, nn

from latentlab.data import Kind, Spec
from latentlab.knobs import KnobError, Value, from_dict, knobs
from latentlab.models.base import Model
from latentlab.models.features import HasFeatures, HasTrunk
from latentlab.nn.lite0 import Lite0

LITE0 = "lite0"
LITE0_SIDE = 96  # pixels, where no other is requested
PATTERN = re.compile(
    r"(?P<source>[A-Za-z0-9_-]{1,64})(: (?P<network>\w+) (?P<shape>\d{1,4}x\d{1,4}x\d{1,4}) (?P<n_classes>\d{1,5})"
    r"(?P<knobs>( \w+=[^\s=]+)*))?"
)


@dataclass(frozen=True)
class TrunkKind:
    """What a trunk is: one network of a model of ours that `HasFeatures`, or Lite0.

    As text "cnn" is a classifier with the usual knobs, for the data's own shape, and "lite0" the ImageNet network.
    "mnist-cnn-small: cnn 1x28x28 10 width=16 hidden=256" is that of a run, with all that is needed to build it.

    Attributes:
        network: a name of `MODELS`, or `LITE0`.
        source: the id of the run whose parameters it starts from; empty where it starts from random ones.
        shape: of the images that it takes; empty: the data's own.
        n_classes: that it was trained for.
        knobs: of its model.
    """

    network: str
    source: str = ""
    shape: tuple[int, ...] = ()
    n_classes: int = 2
    knobs: Mapping[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.source:
            return self.network
        words = [self.network, "x".join(map(str, self.shape)), str(self.n_classes)]
        return f"{self.source}: {' '.join(words + [f'{name}={value}' for name, value in self.knobs.items()])}"

    @classmethod
    def parse(cls, text: str) -> TrunkKind:
        """Read what `str` wrote, or the name of a network.

        Raises:
            ValueError: it is neither, in a sentence.
        """
        from latentlab.models.registry import MODELS

        match = PATTERN.fullmatch(text)
        if match is None:
            raise ValueError(f"A trunk is the id of a run, or one of {', '.join(networks())}, not {text[:60]!r}.")
        if match["network"] is None:
            if match["source"] not in networks():
                raise ValueError(
                    f"There is no run and no network called {match['source']!r}; networks are {', '.join(networks())}."
                )
            return cls(match["source"])
        name = match["network"]
        if name not in networks() or name == LITE0:
            raise ValueError(f"A run of {name!r} has no layer of features that its classes are read from.")
        known = {knob.name: knob for knob in knobs(MODELS[name].Config)}
        pairs = dict(pair.split("=", 1) for pair in match["knobs"].split())
        if unknown := set(pairs) - set(known):
            raise KnobError(f"The trunk has a knob that {name} doesn't have: {min(unknown)}.")
        shape = tuple(int(n) for n in match["shape"].split("x"))
        values = {key: known[key].parse(value) for key, value in pairs.items()}
        return cls(name, match["source"], shape, int(match["n_classes"]), values)

    def build(self, spec: Spec, side: int = 0) -> Trunk:
        """The network, its parameters not yet set.

        Args:
            spec: of the data that it is to be used for.
            side: pixels that images are resized to; 0 for what it was trained with.

        Raises:
            ValueError: the data don't fit it, in a sentence.
        """
        from latentlab.models.registry import build

        if self.network == LITE0:
            return Trunk(Lite0(), Lite0.n_features, (3, side or LITE0_SIDE, side or LITE0_SIDE), spec)
        if side:
            raise ValueError("Its trunk takes images of one size only; leave the side at 0.")
        shape = self.shape or spec.shape
        config = from_dict(_kind(self.network).Config, self.knobs)
        network = build(self.network, config, Spec(shape, max(2, self.n_classes), Kind.IMAGE))
        if not isinstance(network, HasFeatures):
            raise TypeError(f"{self.network} has no features.")
        n_features = network.logits.in_features
        network.add_module("logits", nn.Identity())  # the features are read before it
        return Trunk(_FeaturesOf(network), n_features, shape, spec)


class Trunk(nn.Module):
    """(B, *shape) -> (B, n_features), after images were resized and a grey channel was repeated."""

    def __init__(self, network: nn.Module, n_features: int, shape: tuple[int, ...], spec: Spec) -> None:
        super().__init__()
        check_channels(spec.shape, shape)
        self.network, self.n_features, self.shape = network, n_features, shape

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in [0, 1] -> (B, n_features)."""
        out: Tensor = self.network(resized(x, self.shape))
        return out.float()


def check_channels(given: tuple[int, ...], taken: tuple[int, ...]) -> None:
    """Refuse images of one shape for a trunk that takes those of another, where no resizing helps.

    Raises:
        ValueError: they have several channels, and not as many as it takes.
    """
    if given[0] not in (1, taken[0]):
        raise ValueError(
            f"The trunk takes images of {taken[0]} channel{'s' if taken[0] > 1 else ''}, and these have {given[0]}: "
            "choose another trunk, or make the images grey."
        )


def resized(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """(B, c, h, w) -> (B, *shape), bilinearly; one channel is repeated.

    Raises:
        ValueError: as `check_channels`.
    """
    check_channels(tuple(x.shape[1:]), shape)
    if tuple(x.shape[2:]) != shape[1:]:
        x = F.interpolate(x, shape[1:], mode="bilinear", antialias=min(shape[1:]) < min(x.shape[2:]))
    return x.expand(-1, shape[0], -1, -1)


class _FeaturesOf(nn.Module):
    """A classifier without its last layer."""

    def __init__(self, network: HasFeatures) -> None:
        super().__init__()
        self.classifier = network

    def forward(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, d)."""
        return self.classifier.features(x)


def networks() -> tuple[str, ...]:
    """The names of the networks that can be a trunk."""
    from latentlab.models.registry import MODELS

    return (*(name for name, model in MODELS.items() if _is_trunk(model)), LITE0)


def of_run(run_id: str, network: str, spec: Spec, values: Mapping[str, Value]) -> TrunkKind:
    """The trunk that a run is, with all knobs of its model written out.

    Raises:
        ValueError: it has no features, or isn't of images.
    """
    if network not in networks():
        raise ValueError(f"“{run_id}” has no layer of features that its classes are read from; choose a classifier.")
    if spec.kind is not Kind.IMAGE:
        raise ValueError(f"“{run_id}” has learned data of the kind {spec.kind}, and a trunk takes images.")
    config = from_dict(_kind(network).Config, values)
    full = {knob.name: getattr(config, knob.name) for knob in knobs(type(config))}
    return TrunkKind(network, run_id, spec.shape, spec.n_classes, full)


def _is_trunk(model: type[Model]) -> bool:
    return issubclass(model, HasFeatures) and not issubclass(model, HasTrunk)


def _kind(network: str) -> type[HasFeatures]:
    from latentlab.models.registry import MODELS

    kind = MODELS[network]
    assert issubclass(kind, HasFeatures)
    return kind
