"""The convolution that is quickly differentiated twice: PyTorch's values to the bit, and its gradients."""

from __future__ import annotations

import pytest
import torch

from latentlab.nn.twice_differentiable import Pair, conv2d


@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [((1, 1), (0, 0), (1, 1)), ((2, 3), (1, 1), (1, 2)), ((1, 2), (2, 0), (2, 1))]
)
def test_values_and_both_derivatives_are_those_of_pytorch(
    stride: Pair, padding: Pair, dilation: Pair, has_bias: bool
) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(3, 2, 9, 8, dtype=torch.float64), torch.randn(4, 2, 3, 2, dtype=torch.float64)
    given = [x, weight, *([torch.randn(4, dtype=torch.float64)] if has_bias else [])]
    for one in given:
        one.requires_grad_(True)
    found = []
    for convolve in (conv2d, torch.conv2d):
        bias = given[2] if has_bias else None
        out = convolve(given[0], given[1], bias, stride, padding, dilation)
        value = out.tanh().square().sum()
        first = torch.autograd.grad(value, given, create_graph=True)
        directions = [torch.linspace(-1, 1, one.numel(), dtype=torch.float64).reshape(one.shape) for one in given]
        found.append((out, first, torch.autograd.grad(first, given, directions)))
    (out, first, second), (wanted, wanted_first, wanted_second) = found
    assert torch.equal(out, wanted)
    for one, other in zip((*first, *second), (*wanted_first, *wanted_second), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-11, atol=1e-11)
