"""A convolution whose gradient is quickly differentiated again, as a Hessian-vector product needs it.

    Y = x ∗ W:     ∂x = g ∗ᵀ W        ∂W = x ⋆ g        ∂(x ⋆ g) in direction V:   ∂x = g ∗ᵀ V,   ∂g = x ∗ V

PyTorch's own second derivative computes the gradient of ∂x with respect to W by a convolution whose filters are as
large as the image. That of a transposed convolution is the same, and several times as fast.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.grad import conv2d_weight

Pair = tuple[int, int]


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """As `torch.conv2d` of one group: its values, and its gradients up to the second ones."""
    out: Tensor = _Convolution.apply(x, weight, bias, stride, padding, dilation)  # type: ignore[no-untyped-call]
    return out


class _Convolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None, stride: Pair, padding: Pair, dilation: Pair
    ) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.how = stride, padding, dilation
        return F.conv2d(x, weight, bias, stride, padding, dilation)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        x, weight = ctx.saved_tensors
        of_x = _transposed(slopes[0], weight, x, *ctx.how) if ctx.needs_input_grad[0] else None
        of_weight = None
        if ctx.needs_input_grad[1]:
            of_weight = _OfWeight.apply(x, slopes[0], weight.shape, *ctx.how)  # type: ignore[no-untyped-call]
        of_bias = slopes[0].sum((0, 2, 3)) if ctx.needs_input_grad[2] else None
        return of_x, of_weight, of_bias, None, None, None


class _OfWeight(torch.autograd.Function):
    """x ⋆ g, the gradient with respect to the weights."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, slope: Tensor, shape: torch.Size, stride: Pair, padding: Pair, dilation: Pair
    ) -> Tensor:
        ctx.save_for_backward(x, slope)
        ctx.how = stride, padding, dilation
        out: Tensor = conv2d_weight(x, shape, slope, stride, padding, dilation)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *directions: Tensor) -> Any:
        (x, slope), (v,) = ctx.saved_tensors, directions
        of_x = _transposed(slope, v, x, *ctx.how) if ctx.needs_input_grad[0] else None
        of_slope = F.conv2d(x, v, None, *ctx.how) if ctx.needs_input_grad[1] else None
        return of_x, of_slope, None, None, None, None


def _transposed(slope: Tensor, weight: Tensor, x: Tensor, stride: Pair, padding: Pair, dilation: Pair) -> Tensor:
    """g ∗ᵀ W, of the shape of x."""
    sides = zip(x.shape[2:], slope.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    left = [n - ((out - 1) * s - 2 * p + d * (k - 1) + 1) for n, out, k, s, p, d in sides]
    return F.conv_transpose2d(slope, weight, None, stride, padding, left, 1, dilation)
