"""A model of the user's own, from the functions that they have: what it can do is found by calling each once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.activations import AFFINE, RESHAPES, observed
from latentlab.data import Dataset, Kind
from latentlab.export.decoder import ProgramError, unroll
from latentlab.models import Derivative
from latentlab.serving.functions import (
    Call,
    Function,
    ServingError,
    as_call,
    derivative_of,
    extra_arguments,
    gaussian_of,
    log_probabilities,
    owner_of,
    product_with_jacobian,
    tensor_of,
)
from latentlab.serving.given import OF_EXAMPLES, Given
from latentlab.serving.layouts import AS_IT_IS, IMAGE_LAYOUTS, PLAIN_LAYOUTS, Layout, back

PROBED = 2  # examples with which the functions are tried
OUTSIDE = 0.05  # of the range of images, by which a decoder may leave it unsaid

Outputs = dict[str, Tensor]


@dataclass(eq=False)
class OwnModel:
    """Functions that were tried on the first examples, and what was found.

    Attributes:
        given: by the user.
        examples: with which it is looked at.
        calls: the functions, by name.
        abilities: as `remote.model.PARTS` has them.
        z_dim: numbers of a code; 0 where there is none.
        derivative: how the gradient of `log_prob` is known.
        notes: what was found, a sentence each.
    """

    given: Given
    examples: Dataset
    calls: dict[str, Call] = field(default_factory=dict)
    abilities: list[str] = field(default_factory=list)
    z_dim: int = 0
    derivative: Derivative = Derivative.NONE
    notes: list[str] = field(default_factory=list)
    _code_shape: tuple[int, ...] = ()
    _layout: Layout = AS_IT_IS

    def __post_init__(self) -> None:
        """Try every function.

        Raises:
            ServingError: there is none, or one can't be used, in one sentence that names it.
        """
        if not self.given.functions:
            raise ServingError("There is no function: define encode, decode, classify, denoise, log_prob or sample.")
        if self.given.high <= self.given.low:
            raise ServingError("The range of the images must go from a smaller number to a larger one.")
        x = self.examples[:PROBED].batch().x
        self._choose_layout(x)
        for name in self.given.functions:
            if name in OF_EXAMPLES:
                self._try(name, x)
        if self.given.decode is not None:
            self._try_decode(x)
        if self.given.sample is not None:
            owner = owner_of(self.given.sample)
            self.calls["sample"] = Call("sample", self.given.sample, owner if owner is not None else self.given.network)
            self.answer("sample", {}, n=PROBED, seed=0)
            self.abilities.append("sample")
        elif {"decode", "prior"} <= set(self.abilities):
            self.abilities.append("prior samples")
        measured = [name for name, call in self.calls.items() if call.takes_arrays and name != "log_prob"]
        if self.derivative is Derivative.DIFFERENCES:
            measured.append("log_prob")
        if measured:
            self.notes.append(f"Gradients of {' and '.join(measured)} are measured by differences: not torch's.")

    def answer(self, name: str, arrays: Mapping[str, Tensor], *, n: int = 0, seed: int = 0) -> Outputs:
        """What a function gives for a batch as LatentLab has it; differentiable where the function is.

        Args:
            name: of `encode`, `posterior`, `decode`, `classify`, `denoise`, `log_prob`, `sample`.
            arrays: the batch as x.
            n, seed: how many are drawn, and how torch's generators begin.

        Raises:
            ServingError: the function fails, or gives what can't be.
        """
        if name == "sample":
            call = self.calls["sample"]
            drawn = self._shown(tensor_of(device.seeded(seed, lambda: call.draw(n)), name, n), name)
            if not drawn.isfinite().all():
                raise ServingError("sample gives examples that hold NaN or infinity.")
            return {"value": drawn}
        x = arrays["x"]
        call = self._call(name)
        if name == "decode":
            return {"value": self._shown(tensor_of(call(x.reshape(-1, *self._code_shape)), name, len(x)), name)}
        found = call(self._theirs(x))
        if name == "posterior" or (name == "encode" and "posterior" in self.abilities):
            pair = gaussian_of(found, len(x))
            if pair is None:
                raise ServingError("encode gave a distribution before, and doesn't any more.")
            mean, log_std = (one.flatten(1) for one in pair)
            return {"value": mean} if name == "encode" else {"mean": mean, "log_std": log_std}
        value = tensor_of(found, name, len(x))
        if name == "encode":
            return {"value": value.flatten(1)}
        if name == "classify":
            return {"value": log_probabilities(value)}
        if name == "log_prob":
            if value.numel() != len(x):
                raise ServingError(
                    f"log_prob gives {tuple(value.shape)} for {len(x)} examples; a number for each is needed."
                )
            return {"value": value.reshape(len(x))}
        return {"value": self._shown(value, name)}

    def gradient(self, name: str, x: Tensor, by: Mapping[str, Tensor]) -> Tensor:
        """(B, *shape): the gradient of Σ by · answer(x) at x.

        Raises:
            ServingError: as `answer`, or there are too many numbers for differences.
        """
        exact, widths = not self._call(name).takes_arrays, torch.ones(x.shape[1:])
        if name == "log_prob":
            exact = self.derivative is Derivative.EXACT
        if name != "decode" and self.examples.kind is not Kind.IMAGE:
            std = self.examples.x.float().std(0)
            widths = torch.where(std > 0, std, 1.0)
        return product_with_jacobian(lambda place: self.answer(name, {"x": place}), x, by, exact, widths)

    def observed(self, name: str, x: Tensor, wanted: str | Sequence[str]) -> tuple[Outputs, list[Any], Outputs]:
        """What a function gives, the layers that ran where "all" is wanted, and the outputs of those wanted by name."""
        network = self._call(name).network
        if network is None:
            return self.answer(name, {"x": x}), [], {}
        prefix = f"{name}." if len({id(call.network) for call in self.calls.values()}) > 1 else ""
        names = {module: prefix + label for label, module in network.named_modules() if label}
        if not isinstance(wanted, str):
            chosen = [module for module, label in names.items() if label in wanted]
        else:
            chosen = [m for m in names if not list(m.children()) and not isinstance(m, RESHAPES)]
        ran: dict[str, tuple[nn.Module, Tensor]] = {}

        def note(module: nn.Module, _inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and output.ndim > 1:
                ran.pop(names[module], None)
                ran[names[module]] = (module, output.detach().clone())

        with observed(chosen, note):
            found = self.answer(name, {"x": x})
        if isinstance(wanted, str):
            layers = [
                [label, type(module).__name__, list(output.shape[1:]), isinstance(module, AFFINE)]
                for label, (module, output) in ran.items()
            ]
            return found, layers, {}
        return found, [], {label: output.float().cpu() for label, (_, output) in ran.items()}

    def program(self, center: Tensor, scale: Tensor) -> bytes:
        """The decoder as a program for the browser.

        Raises:
            ServingError: it can't be compiled, in one sentence.
        """
        network = self.calls["decode"].network
        if network is None:
            raise ServingError("The decoder is a function, not a module whose layers can be read.")
        try:
            decode: Callable[[Tensor], Tensor] = lambda z: self.answer("decode", {"x": z})["value"]  # noqa: E731
            return unroll(decode, network, self.z_dim, center.numpy(), scale.numpy()).to_bytes()
        except ProgramError as error:
            raise ServingError(str(error)) from error

    def _call(self, name: str) -> Call:
        """The function that answers to a name: the posterior is what `encode` gives."""
        return self.calls["encode" if name == "posterior" else name]

    def _choose_layout(self, x: Tensor) -> None:
        """The first layout that all functions of examples take."""
        functions = {name: function for name, function in self.given.functions.items() if name in OF_EXAMPLES}
        layouts = IMAGE_LAYOUTS if self.examples.kind is Kind.IMAGE else PLAIN_LAYOUTS
        first: ServingError | None = None
        for layout in layouts:
            if layout is IMAGE_LAYOUTS[-1] and x.shape[1] != 1:
                continue
            try:
                batch = layout.to_user(self._in_range(x))
                calls = {
                    name: as_call(name, function, self.given.network, batch, self._extra(name, function))
                    for name, function in functions.items()
                }
            except ServingError as error:
                first = first or error
                continue
            self.calls, self._layout = calls, layout
            self.notes += [layout.sentence] if layout.sentence else []
            return
        assert first is not None
        raise first

    def _extra(self, name: str, function: Function) -> tuple[float, ...]:
        return extra_arguments(function, self.given.sigma) if name == "denoise" else ()

    def _try(self, name: str, x: Tensor) -> None:
        if name == "encode":
            self._try_encode(x)
            return
        with torch.no_grad():
            found = self.answer(name, {"x": x})["value"]
        n_classes = len(self.given.classes or self.examples.classes)
        if name == "classify" and n_classes and found.shape[1] != n_classes:
            raise ServingError(
                f"classify gives {found.shape[1]} scores, and the data have {n_classes} classes: name them in classes."
            )
        if name == "log_prob":
            if not bool((found < torch.inf).all()):
                raise ServingError(
                    f"log_prob gives {found.tolist()}; needed are finite numbers, or -inf for no density."
                )
            self.derivative = derivative_of(lambda place: self.answer(name, {"x": place})["value"], x)
        self.abilities.append(name)

    def _try_encode(self, x: Tensor) -> None:
        with torch.no_grad():
            raw = self.calls["encode"](self._theirs(x))
        pair = gaussian_of(raw, len(x))
        if pair is not None:
            self.abilities.append("posterior")
            self.notes.append("encode gives a distribution; where that is two tensors, the second is the log variance.")
        code = tensor_of(raw, "encode", len(x)) if pair is None else pair[0]
        self._code_shape, self.z_dim = tuple(code.shape[1:]) or (1,), code.flatten(1).shape[1]
        self.abilities.append("encode")
        if self.given.prior == "normal" or (pair is not None and self.given.prior != "none"):
            self.abilities.append("prior")

    def _try_decode(self, x: Tensor) -> None:
        assert self.given.decode is not None
        if "encode" in self.abilities:
            z = self.answer("encode", {"x": x})["value"].detach()
        elif self.given.z_dim > 0:
            self.z_dim, self._code_shape = self.given.z_dim, (self.given.z_dim,)
            z = torch.zeros(len(x), self.z_dim)
            if self.given.prior != "none":
                self.abilities.append("prior")
        else:
            raise ServingError("decode without encode needs z_dim, the length of a code.")
        call = as_call("decode", self.given.decode, self.given.network, z.reshape(-1, *self._code_shape))
        self.calls["decode"] = call
        shown = self.answer("decode", {"x": z})["value"].detach()
        self.abilities.append("decode")
        if self.examples.kind is Kind.IMAGE and (shown.min() < -OUTSIDE or shown.max() > 1 + OUTSIDE):
            low, high = self._their_range(shown)
            self.notes.append(
                f"decode gives values from {low:.3g} to {high:.3g}, outside of the images' range from "
                f"{self.given.low:g} to {self.given.high:g}: does it give logits, or is the range another?"
            )

    def _their_range(self, shown: Tensor) -> tuple[float, float]:
        span = self.given.high - self.given.low
        return tuple(float(self.given.low + span * end) for end in (shown.min(), shown.max()))  # type: ignore[return-value]

    def _in_range(self, x: Tensor) -> Tensor:
        if self.examples.kind is not Kind.IMAGE or (self.given.low, self.given.high) == (0, 1):
            return x
        return self.given.low + (self.given.high - self.given.low) * x

    def _theirs(self, x: Tensor) -> Tensor:
        return self._layout.to_user(self._in_range(x))

    def _shown(self, values: Tensor, name: str) -> Tensor:
        """What a function gave, as an example of these data."""
        found = back(values, self.examples.shape)
        if found is None:
            raise ServingError(
                f"{name} gives examples of shape {tuple(values.shape[1:])}; the data are {self.examples.shape}."
            )
        if self.examples.kind is Kind.IMAGE and (self.given.low, self.given.high) != (0, 1):
            found = (found - self.given.low) / (self.given.high - self.given.low)
        return found
