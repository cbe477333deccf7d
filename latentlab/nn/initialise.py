"""The first parameters of a network, all of them drawn from one generator."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import nn

# By fan-in, weights and biases alike: PyTorch's own default.
BY_FAN_IN = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
# Nothing of these is random: scale 1, shift 0.
NORMALISATIONS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm, nn.GroupNorm, nn.InstanceNorm2d)


class Drawn(ABC):
    """A module with a way of its own to set the parameters that it holds itself, not those of its children."""

    @abstractmethod
    def draw(self, rng: torch.Generator) -> None:
        """Set the parameters, whatever is random from `rng`."""


def initialise(module: nn.Module, rng: torch.Generator) -> None:
    """Set every parameter of a network, all that is random from `rng`, in the order of `modules()`.

    As PyTorch does by default, which draws from the global generator: U(-1/√fan_in, 1/√fan_in) for the weights and
    biases of linear and convolutional layers, U(-1/√hidden, 1/√hidden) for recurrent ones, N(0, 1) for embeddings,
    with zeros for what is padded. A `Drawn` module has a way of its own.

    Raises:
        TypeError: a module holds parameters and is of a kind that isn't known here; its parameters would silently
            keep what the global generator gave them.
    """
    for layer in module.modules():
        own = dict(layer.named_parameters(recurse=False))
        if isinstance(layer, Drawn):
            layer.draw(rng)
        elif isinstance(layer, BY_FAN_IN):
            _uniform(layer, 1 / math.sqrt(layer.weight.shape[1:].numel()), rng)
        elif isinstance(layer, nn.RNNBase | nn.RNNCellBase):
            _uniform(layer, 1 / math.sqrt(layer.hidden_size), rng)
        elif isinstance(layer, nn.Embedding):
            with torch.no_grad():
                layer.weight.copy_(torch.empty(layer.weight.shape).normal_(generator=rng))
                if layer.padding_idx is not None:
                    layer.weight[layer.padding_idx].zero_()
        elif isinstance(layer, NORMALISATIONS):
            layer.reset_parameters()
        elif own:
            raise TypeError(
                f"{type(layer).__name__} has the parameters {', '.join(own)}, and nothing says how they start: "
                "make it a Drawn module."
            )


def _uniform(layer: nn.Module, bound: float, rng: torch.Generator) -> None:
    with torch.no_grad():
        for parameter in layer.parameters(recurse=False):
            parameter.copy_(torch.empty(parameter.shape).uniform_(-bound, bound, generator=rng))
