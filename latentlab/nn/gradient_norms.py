"""The length of every example's own gradient, without taking each gradient by itself.

    dense layer        Y = X W + b:   |∂l_n/∂W|² = |X_n|² |∂l_n/∂Y_n|²,   |∂l_n/∂b|² = |∂l_n/∂Y_n|²
    at T places        (a convolution of the patches U, or a dense layer of a sequence):
                                      |∂l_n/∂W|² = |Σ_t (∂l_n/∂Y_nt) U_ntᵀ|²,   |∂l_n/∂b|² = |Σ_t ∂l_n/∂Y_nt|²

The first line is Goodfellow's (2015), Proposition 3 of Alain (2018), ch. 7; the second is exact for shared weights, for
which the source has no formula. One forward and one backward pass give both. What has other parameters, or uses one
in several layers, takes `torch.func.vmap` of the gradient instead, and what that can't follow a pass for each example.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NUMBERS = 20_000_000  # of all gradients that are alive at once
EXACT, NAIVE, DENSE, LAST = "exact", "as if dense", "without convolutions", "last layer"
LARGE_FILTER, FEW_CHANNELS = 16, 8  # pixels of a filter, and channels that it reads
SAME = 1e-3  # relative difference of the two gradients of a sum, up to rounding in single precision


class GradientNorms:
    """|∇ l_n| of each of B examples with respect to all parameters of a module.

    It says nothing of examples whose losses depend on each other; see `depends_on_others`.
    """

    def __init__(self, module: nn.Module, losses: Callable[..., Tensor]) -> None:
        """Take what gives (B,) losses of tensors (B, …), and the module whose parameters it uses."""
        self.module, self.losses = module, losses
        self._passes: Callable[..., Tensor] | None = None

    def __call__(self, *examples: Tensor) -> Tensor:
        """(B, …) each -> (B,), in the precision of the parameters."""
        if self._passes is None:
            self._passes = self._quickest(*examples)
        return self._passes(*examples).clamp_min(0).sqrt()

    def _quickest(self, *examples: Tensor) -> Callable[..., Tensor]:
        two = [one[:2] for one in examples]
        if _is_made_of_layers(self.module) and self._sums_agree(*two):
            return self.by_layer
        try:
            self.by_vmap(*two)
        except (RuntimeError, ValueError):  # torch says so of what it can't follow
            return self.one_by_one
        return self.by_vmap

    def by_layer(self, *examples: Tensor) -> Tensor:
        """(B,): squared, by the formulas above, where each layer is used once and nothing else has parameters."""
        total = torch.zeros(len(examples[0]), device=examples[0].device)
        for one in self._layers(*examples):
            total = total + _squared(one)
        return total

    def by_vmap(self, *examples: Tensor) -> Tensor:
        """(B,): squared, of gradients that are taken all at once."""
        wrapped = _Sum(self.module, self.losses)
        parameters = {name: p.detach() for name, p in wrapped.named_parameters()}
        buffers = dict(wrapped.named_buffers())

        def loss(values: dict[str, Tensor], *one: Tensor) -> Tensor:
            out: Tensor = torch.func.functional_call(wrapped, (values, buffers), tuple(x[None] for x in one))
            return out

        def squared(*one: Tensor) -> Tensor:
            found = torch.func.grad(loss)(parameters, *one)
            return torch.stack([part.square().sum() for part in found.values()]).sum()

        at_once = max(1, NUMBERS // max(1, sum(p.numel() for p in parameters.values())))
        out: Tensor = torch.func.vmap(squared, randomness="different", chunk_size=at_once)(*examples)
        return out

    def one_by_one(self, *examples: Tensor) -> Tensor:
        """(B,): squared, by a pass for each example."""
        found, parameters = list[Tensor](), list(self.module.parameters())
        with _differentiable(self.module), torch.enable_grad():
            for k in range(len(examples[0])):
                value = self.losses(*(one[k : k + 1] for one in examples)).sum()
                parts = torch.autograd.grad(value, parameters, allow_unused=True, materialize_grads=True)
                found.append(torch.stack([part.square().sum() for part in parts]).sum())
        return torch.stack(found)

    def shortcuts(self, *examples: Tensor) -> dict[str, Tensor]:
        """What of the lengths is cheaper to have of convolutions, as the source suggests (Alain 2018, §7.6).

        Returns:
            `EXACT` -> (B,) the lengths; `NAIVE` -> the formula of a dense layer for all layers, with whole images for
            X and ∂l/∂Y; `DENSE` -> of dense layers alone; `LAST` -> of the last layer alone.

        Raises:
            ValueError: the module isn't made of dense layers and convolutions that are used once each.
        """
        if not (_is_made_of_layers(self.module) and self._sums_agree(*(one[:2] for one in examples))):
            raise ValueError("Only a network of dense layers and convolutions has these shortcuts.")
        used = self._layers(*examples)
        exact, naive = [_squared(one) for one in used], [_as_if_dense(one) for one in used]
        dense = [part for part, one in zip(exact, used, strict=True) if isinstance(one.layer, nn.Linear)]
        parts = {EXACT: exact, NAIVE: naive, DENSE: dense or [torch.zeros_like(exact[0])], LAST: exact[-1:]}
        return {name: torch.stack(squares).sum(0).sqrt() for name, squares in parts.items()}

    def _layers(self, *examples: Tensor) -> list[_Used]:
        """Each use of a layer, with the gradient of the summed loss with respect to what it gave."""
        value, used = self._traced(*examples)
        slopes = torch.autograd.grad(value, [one.slope for one in used], allow_unused=True, materialize_grads=True)
        return [one._replace(slope=slope) for one, slope in zip(used, slopes, strict=True)]

    def _traced(self, *examples: Tensor) -> tuple[Tensor, list[_Used]]:
        """The summed loss, and each use of a layer with what it gave in place of its gradient."""
        used: list[_Used] = []

        def note(layer: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> None:
            if not out.requires_grad:  # the parameters are frozen
                out.requires_grad_(True)
            used.append(_Used(layer, given[0].detach(), out))

        hooks = [layer.register_forward_hook(note) for layer in self.module.modules() if _is_known(layer)]
        try:
            with torch.enable_grad():
                return self.losses(*examples).sum(), used
        finally:
            for hook in hooks:
                hook.remove()

    def _sums_agree(self, *examples: Tensor) -> bool:
        """Whether the layers' gradients are all there is: each used once, on B examples, no weight used elsewhere."""
        with _differentiable(self.module), torch.enable_grad():
            value, used = self._traced(*examples)
            layers = [one.layer for one in used]
            weights = [layer.get_parameter("weight") for layer in layers]
            unused = [p for layer in self.module.modules() if layer not in layers for p in layer.parameters(False)]
            n = len(examples[0])
            if len(set(layers)) < len(layers) or any(len(one.read) != n or one.read.dim() < 2 for one in used):
                return False
            found = torch.autograd.grad(value, [*(one.slope for one in used), *weights, *unused], allow_unused=True)
        if any(part is None for part in found[: 2 * len(used)]):  # one plays no part in the loss
            return False
        return all(part is None for part in found[2 * len(used) :]) and all(
            bool((_matrix(one._replace(slope=slope)).sum(0) - whole.flatten(1)).norm() <= SAME * whole.norm())
            for one, slope, whole in zip(used, found, found[len(used) :], strict=False)
        )


class _Used(NamedTuple):
    """A use of a layer: what it read, and the gradient of the summed loss with respect to what it gave."""

    layer: nn.Module
    read: Tensor
    slope: Tensor


def depends_on_others(losses: Callable[..., Tensor], *examples: Tensor) -> bool:
    """Whether the loss of the first example changes with the second: then no example has one of its own.

    Args:
        losses: (B,) of tensors (B, …), with the same noise each time.
        examples: (B, …) each; at least two that differ.
    """
    with torch.no_grad():
        paired, alone = (losses(*(one[rows] for one in examples))[0] for rows in ([0, 1], [0, 0]))
    return not torch.equal(paired, alone)  # to the bit: both are computed in the same way


class _Sum(nn.Module):
    """The summed losses as a module's output, so that its parameters can be replaced for a call."""

    def __init__(self, module: nn.Module, losses: Callable[..., Tensor]) -> None:
        super().__init__()
        self.module, self.losses = module, losses

    def forward(self, *examples: Tensor) -> Tensor:
        return self.losses(*examples).sum()


@contextlib.contextmanager
def _differentiable(module: nn.Module) -> Iterator[None]:
    """Inside, all parameters have gradients, those that are frozen too."""
    frozen = [p for p in module.parameters() if not p.requires_grad]
    for p in frozen:
        p.requires_grad_(True)
    try:
        yield
    finally:
        for p in frozen:
            p.requires_grad_(False)


def _is_known(layer: nn.Module) -> bool:
    if isinstance(layer, nn.Linear):
        return type(layer).forward is nn.Linear.forward
    if not isinstance(layer, nn.Conv2d) or type(layer).forward is not nn.Conv2d.forward:
        return False
    return layer.groups == 1 and layer.padding_mode == "zeros" and not isinstance(layer.padding, str)


def _is_made_of_layers(module: nn.Module) -> bool:
    """Whether each parameter belongs to one layer of a known kind."""
    named = [(id(p), layer) for layer in module.modules() for p in layer.parameters(recurse=False)]
    return len({key for key, _ in named}) == len(named) and all(_is_known(layer) for _, layer in named)


def _patches(used: _Used) -> Tensor:
    """(B, K, T): what a layer read at T places."""
    layer, read = used.layer, used.read
    if isinstance(layer, nn.Conv2d):
        padding, stride, dilation = layer.padding, layer.stride, layer.dilation
        assert not isinstance(padding, str)
        return F.unfold(read, layer.kernel_size, dilation, padding, stride)
    return read.flatten(1, -2).mT


def _slopes(used: _Used) -> Tensor:
    """(B, O, T): the gradient of what a layer gave at T places."""
    return used.slope.flatten(2) if isinstance(used.layer, nn.Conv2d) else used.slope.flatten(1, -2).mT


def _correlated(layer: nn.Conv2d, read: Tensor, slope: Tensor) -> Tensor:
    """(B, O, K): each image correlated with its own slopes, all at once as the groups of one convolution."""
    (n, channels), (height, width) = read.shape[:2], layer.kernel_size
    filters = slope.flatten(0, 1).unsqueeze(1)  # (B O, 1, …)
    found = F.conv2d(read.transpose(0, 1), filters, None, layer.dilation, layer.padding, layer.stride, n)
    found = found[:, :, :height, :width]  # a stride may leave places that no filter reached
    return found.reshape(channels, n, -1, height * width).permute(1, 2, 0, 3).flatten(2)


def _is_quicker_correlated(used: _Used) -> bool:
    """Whether that beats patches, as measured on a CPU: of large filters, and of few channels."""
    if not isinstance(used.layer, nn.Conv2d) or used.read.device.type != "cpu":
        return False
    size = used.layer.weight[0, 0].numel()
    return size >= LARGE_FILTER or (size > 1 and used.read.shape[1] <= FEW_CHANNELS)


def _is_plain(used: _Used) -> bool:
    """Whether it is a dense layer at one place."""
    return isinstance(used.layer, nn.Linear) and used.read.dim() == 2


def _matrix(used: _Used) -> Tensor:
    """(B, O, K): each example's gradient of the weights."""
    if _is_plain(used):
        return used.slope[:, :, None] * used.read[:, None]
    if isinstance(used.layer, nn.Conv2d) and _is_quicker_correlated(used):
        return _correlated(used.layer, used.read, used.slope)
    return _slopes(used) @ _patches(used).mT


def _as_if_dense(used: _Used) -> Tensor:
    """(B,): |X_n|² |∂l_n/∂Y_n|² + |∂l_n/∂Y_n|² of one layer, whatever it is."""
    read, slope = (part.flatten(1).square().sum(1) for part in (used.read, used.slope))
    return slope * (read + (used.layer.bias is not None))


def _squared(used: _Used) -> Tensor:
    """(B,): |∂l_n/∂W|² + |∂l_n/∂b|² of one layer."""
    has_bias = used.layer.bias is not None
    if _is_plain(used):
        return used.slope.square().sum(1) * (used.read.square().sum(1) + has_bias)
    out = _matrix(used).square().sum((1, 2))
    return out + _slopes(used).sum(2).square().sum(1) if has_bias else out
