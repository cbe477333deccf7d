"""A model of the user's own as the pages see it: each of its abilities is a call to the process that has it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from latentlab.data import Spec
from latentlab.distributions import Gaussian
from latentlab.models import (
    Classifies,
    Decodes,
    Denoises,
    Derivative,
    Encodes,
    Energy,
    HasPosterior,
    HasStandardPrior,
    LogLikelihood,
    Model,
    Samples,
    SamplesPrior,
)
from latentlab.models.elsewhere import RemoteLayer, RunsElsewhere
from latentlab.remote.client import Client, RemoteError
from latentlab.remote.wire import Array

SEEDS = 1 << 31
HOURS = 3 * 3_600.0  # seconds that the curvature of a large network may take


@dataclass(frozen=True)
class Description:
    """What a server says of its model.

    Attributes:
        id: as an address names it.
        version: another one whenever the functions or the data are others.
        title: as a person reads it.
        dataset: the name of the data.
        spec: of the data.
        classes: their names.
        abilities: of `PARTS`.
        z_dim: numbers of a code; 0 where there is none.
        sigma: the standard deviation of the noise that it takes away; 0 where it doesn't denoise.
        derivative: how the gradient of its log-density is known.
        note: what was found out about the functions, in sentences.
        is_uploaded: whether a visitor of the app brought it, not who runs the app.
        unused: seconds since it was called.
    """

    id: str
    version: str
    title: str
    dataset: str
    spec: Spec
    classes: tuple[str, ...]
    abilities: tuple[str, ...]
    z_dim: int
    sigma: float
    derivative: Derivative
    note: str
    is_uploaded: bool = False
    unused: float = 0.0


class _Watch(threading.local):
    """What this thread wants to know of the layers while it calls: nothing, a description, or the outputs of some."""

    wanted: list[str] | str | None = None
    layers: dict[str, RemoteLayer]
    outputs: dict[str, Tensor]


class Remote(RunsElsewhere):
    """What every model of the user's own has: a client, and a description."""

    name = "own"
    title = "A model of your own"
    units: ClassVar[Mapping[str, str]] = {}

    def __init__(self, client: Client, described: Description) -> None:
        super().__init__()
        self.client, self.described, self.spec, self.z_dim = client, described, described.spec, described.z_dim
        self._watch = _Watch()

    def __reduce__(self) -> tuple[Callable[..., Model], tuple[Client, Description]]:
        return remote_model, (self.client, self.described)

    def call(self, name: str, x: Tensor) -> dict[str, Tensor]:
        """What a function of the user's gives for a batch, by name; differentiable by x where `value` is a result."""
        if torch.is_grad_enabled() and x.requires_grad:
            names, *values = _Differentiable.apply(x, self, name)  # type: ignore[no-untyped-call]
            return dict(zip(names, values, strict=True))
        return self.ask(name, {"x": x})

    def ask(self, name: str, arrays: Mapping[str, Tensor], **words: Any) -> dict[str, Tensor]:
        """One question without gradients.

        Raises:
            RemoteError: as `Client.call`.
        """
        question = {"call": name, "version": self.described.version, "layers": self._watch.wanted, **words}
        answer = self.client.call(question, {key: value.detach().cpu().numpy() for key, value in arrays.items()})
        found = {key: torch.from_numpy(value) for key, value in answer.arrays.items()}
        for layer in answer.words.get("layers", ()):
            one = RemoteLayer(layer[0], layer[1], tuple(layer[2]), layer[3])
            self._watch.layers.pop(one.name, None)  # one that runs again counts where it runs last
            self._watch.layers[one.name] = one
        for key in [key for key in found if key.startswith("layer:")]:
            self._watch.outputs[key.removeprefix("layer:")] = found.pop(key)
        return found

    def layers_run(self, forward: Callable[[], object]) -> tuple[RemoteLayer, ...]:
        """The innermost layers that run while `forward` calls the model, in their order."""
        with self._watching("all"):
            forward()
            return tuple(self._watch.layers.values())

    def outputs(self, names: Sequence[str], forward: Callable[[], object]) -> dict[str, Tensor]:
        """Name -> (B, ...): what layers give while `forward` calls the model with B examples."""
        with self._watching(list(names)):
            forward()
            found = self._watch.outputs
        if missing := [name for name in names if name not in found]:
            raise ValueError(f"Layer {missing[0]} doesn't run when the examples go through.")
        return found

    def unrolled(self, center: Sequence[float], scale: Sequence[float]) -> bytes:
        """Its decoder of codes center + scale · z as a program."""
        places = {"center": torch.tensor(center), "scale": torch.tensor(scale)}
        return self.ask("program", places)["value"].numpy().tobytes()

    @contextmanager
    def _watching(self, wanted: list[str] | str) -> Iterator[None]:
        self._watch.layers, self._watch.outputs, self._watch.wanted = {}, {}, wanted
        try:
            yield
        finally:
            self._watch.wanted = None


class _Differentiable(torch.autograd.Function):
    """A call whose gradient is another call: the product of a vector with the Jacobian."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, model: Remote, name: str) -> tuple[Any, ...]:
        found = model.ask(name, {"x": x})
        ctx.save_for_backward(x)
        ctx.model, ctx.name, ctx.outputs = model, name, tuple(found)
        return tuple(found), *(found[key] for key in found)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, _names: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        arrays = {"x": x, **{f"by:{key}": one for key, one in zip(ctx.outputs, gradients, strict=True)}}
        return ctx.model.ask(ctx.name, arrays, gradient=True)["x"].to(x), None, None


class RemoteEncodes(Remote, Encodes):
    """`encode` of the user's."""

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim)."""
        return self.call("encode", x)["value"]


class RemotePosterior(RemoteEncodes, HasPosterior):
    """`encode` that gives a mean and a log variance, or a distribution."""

    def posterior(self, x: Tensor) -> Gaussian:
        """(B, *shape) -> mean and log std of q(z|x), each (B, z_dim)."""
        found = self.call("posterior", x)
        return Gaussian(found["mean"], found["log_std"])


class RemoteDecodes(Remote, Decodes):
    """`decode` of the user's."""

    def decode(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape)."""
        return self.call("decode", z)["value"]


class RemoteClassifies(Remote, Classifies):
    """`classify` of the user's."""

    def classify(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, K): log-probabilities of the classes."""
        return self.call("classify", x)["value"]

    def curvature(self, n: int, k: int, most: int) -> tuple[dict[str, int], dict[str, Array]]:
        """The curvature of the cross-entropy of its labelled examples, as its process measures it.

        Args:
            n, k: examples, and eigenpairs of either end.
            most: parameters; of a network with more nothing is measured.

        Returns:
            Layer -> the number of its parameters, and `measure.to_arrays`: none if there are too many parameters.

        Raises:
            RemoteError: as `Client.call`, or it can't be measured, in one sentence.
        """
        words = {"call": "curvature", "version": self.described.version, "n": n, "k": k, "most": most}
        answer = self.client.call(words, patience=HOURS)
        sizes = answer.words.get("sizes")
        if not isinstance(sizes, dict) or not all(type(size) is int for size in sizes.values()):
            raise RemoteError("A server describes the layers of its model in another way than this LatentLab knows.")
        return sizes, answer.arrays


class RemoteDenoises(Remote, Denoises):
    """`denoise` of the user's."""

    def __init__(self, client: Client, described: Description) -> None:
        super().__init__(client, described)
        self.sigma = described.sigma

    def denoise(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, *shape)."""
        return self.call("denoise", x)["value"]


class RemoteSamples(Remote, Samples):
    """`sample` of the user's."""

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """(n, *shape)."""
        seed = int(torch.randint(SEEDS, (), generator=rng, device=rng.device))
        return self.ask("sample", {}, n=n, seed=seed)["value"]


class RemoteLikelihood(Remote, LogLikelihood, Energy):
    """`log_prob` of the user's."""

    exact = True

    @property
    def derivative(self) -> Derivative:
        """As the server found it."""
        return self.described.derivative

    def energy(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B,) nats."""
        return -self.call("log_prob", x)["value"]

    def log_prob(self, x: Tensor, n: int, rng: torch.Generator) -> Tensor:  # noqa: ARG002 it is exact
        """(B, *shape) -> (B,) nats."""
        return self.call("log_prob", x)["value"]


class RemotePrior(Remote, HasStandardPrior):
    """Codes that are N(0, I) before any example is seen."""


class RemotePriorSamples(RemoteDecodes, SamplesPrior, HasStandardPrior):
    """Decoded draws of N(0, I)."""


PARTS: Mapping[str, type[Remote]] = {
    "encode": RemoteEncodes,
    "posterior": RemotePosterior,
    "decode": RemoteDecodes,
    "classify": RemoteClassifies,
    "denoise": RemoteDenoises,
    "sample": RemoteSamples,
    "log_prob": RemoteLikelihood,
    "prior": RemotePrior,
    "prior samples": RemotePriorSamples,
}


def functions_for(ability: type[Model]) -> tuple[str, ...]:
    """The functions of the user's that give a model an ability; empty where none does."""
    found = []
    for name, part in PARTS.items():
        if issubclass(part, ability):
            found.append({"posterior": "encode", "prior": "encode", "prior samples": "decode"}.get(name, name))
    return tuple(dict.fromkeys(found))


def remote_kind(abilities: Sequence[str]) -> type[Remote]:
    """The class of a model that has these of `PARTS`."""
    parts = [PARTS[name] for name in PARTS if name in abilities]
    bases = [one for one in parts if not any(one is not other and issubclass(other, one) for other in parts)]
    return type("OwnModel", tuple(bases) or (Remote,), {})


def remote_model(client: Client, described: Description) -> Model:
    """A model of the user's own, for whoever can reach its server."""
    model: Model = remote_kind(described.abilities)(client, described).eval()
    return model
