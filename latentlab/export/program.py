"""A decoder as a list of plain steps that something without PyTorch can run, and what each of them computes.

`Program.run` is the reference of every other runtime; `to_bytes` is what a browser gets: a JSON header and numbers in
half precision.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from latentlab.distributions import continuous_bernoulli_mean

Array = NDArray[np.float16]

LINKS: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "identity": lambda out: out,
    "continuous-bernoulli": continuous_bernoulli_mean,
    "clip": lambda out: out.clamp(0, 1),
}
PLAIN = LINKS | {"relu": F.relu, "gelu": F.gelu, "silu": F.silu, "tanh": torch.tanh, "softplus": F.softplus}


@dataclass(frozen=True)
class Step:
    """One operation: its name, its settings, and its arrays, flat, in half precision.

    op           knows                                            arrays
    affine       channels, size (values of one channel)           scale, shift       x · scale + shift
    linear       n_in, n_out                                      weight (n_out, n_in), bias
    convolve     in, out (C, H, W), kernel, stride, padding       weight (C_out, C_in, kh, kw), bias
    transpose    in, out (C, H, W), kernel, stride, padding       weight (C_in, C_out, kh, kw), bias
    recall       n_out                                            none          x, and next to it the program's own
    input <activation> slope (leaky-relu, elu: alpha)                   none
    """

    op: str
    knows: dict[str, Any] = field(default_factory=dict)
    arrays: tuple[Array, ...] = ()


@dataclass(frozen=True)
class Program:
    """A decoder: (z_dim,) numbers through the steps to an image of `shape`, flat, in row-major order."""

    z_dim: int
    shape: tuple[int, ...]
    steps: tuple[Step, ...]

    def run(self, z: Tensor) -> Tensor:
        """(B, z_dim) -> (B, *shape), in float32 from the half-precision numbers."""
        out = z.float()
        for step in self.steps:
            out = _run(step, out, z.float())
        return out.reshape(len(z), *self.shape)

    @cached_property
    def id(self) -> str:
        """A digest of the steps and their numbers: two decoders have the same one if they are the same."""
        fields, numbers = self._written
        return hashlib.sha256(json.dumps(fields).encode() + numbers).hexdigest()[:12]

    @cached_property
    def _written(self) -> tuple[dict[str, Any], bytes]:
        offset, steps = 0, []
        for step in self.steps:
            spans = []
            for array in step.arrays:
                spans.append([offset, array.size])
                offset += array.size
            steps.append({"op": step.op, **step.knows, "arrays": spans})
        numbers = b"".join(array.astype("<f2").tobytes() for step in self.steps for array in step.arrays)
        return {"z_dim": self.z_dim, "shape": self.shape, "steps": steps}, numbers

    @classmethod
    def from_bytes(cls, content: bytes) -> Program:
        """What `to_bytes` wrote."""
        end = 4 + int.from_bytes(content[:4], "little")
        fields, numbers = json.loads(content[4:end]), np.frombuffer(content, "<f2", offset=end)
        steps = []
        for knows in fields["steps"]:
            op, spans = knows.pop("op"), knows.pop("arrays")
            steps.append(Step(op, knows, tuple(numbers[start : start + n] for start, n in spans)))
        return cls(fields["z_dim"], tuple(fields["shape"]), tuple(steps))

    def to_bytes(self) -> bytes:
        """Length of the header (uint32, little-endian), the header (JSON, padded to even length), the numbers.

        The header gives id (a digest of all the rest), z_dim, shape and steps; each of a step's arrays is there as
        [offset, length] in half-precision numbers (IEEE 754 binary16, little-endian) from the end of the header.
        """
        fields, numbers = self._written
        header = json.dumps({"id": self.id, **fields}).encode()
        header += b" " * (len(header) % 2)
        return len(header).to_bytes(4, "little") + header + numbers


def _run(step: Step, x: Tensor, z: Tensor) -> Tensor:
    """One step on (B, ...) values of the program of `z`; the reference for the browser's."""
    knows = step.knows
    arrays = [torch.from_numpy(array.astype(np.float32)) for array in step.arrays]
    match step.op:
        case "affine":
            scale, shift = (array[:, None] for array in arrays)
            return (x.reshape(len(x), knows["channels"], knows["size"]) * scale + shift).flatten(1)
        case "linear":
            return F.linear(x.flatten(1), arrays[0].reshape(knows["n_out"], knows["n_in"]), arrays[1])
        case "convolve":
            weight = arrays[0].reshape(knows["out"][0], knows["in"][0], *knows["kernel"])
            x = x.reshape(len(x), *knows["in"])
            return F.conv2d(x, weight, arrays[1], knows["stride"], knows["padding"]).flatten(1)
        case "transpose":
            weight = arrays[0].reshape(knows["in"][0], knows["out"][0], *knows["kernel"])
            x = x.reshape(len(x), *knows["in"])
            return F.conv_transpose2d(
                x, weight, arrays[1], knows["stride"], knows["padding"], _extra(knows, x)
            ).flatten(1)
        case "recall":
            return torch.cat([x.flatten(1), z], 1)
        case "leaky-relu":
            return F.leaky_relu(x, knows["slope"])
        case "elu":
            return F.elu(x, knows["slope"])
        case _:
            return PLAIN[step.op](x)


def _extra(knows: dict[str, Any], x: Tensor) -> tuple[int, int]:
    """The output padding that gives a transposed convolution its recorded size."""
    high, wide = (
        out - ((size - 1) * stride - 2 * padding + kernel)
        for out, size, stride, padding, kernel in zip(
            knows["out"][1:], x.shape[2:], knows["stride"], knows["padding"], knows["kernel"], strict=True
        )
    )
    return high, wide
