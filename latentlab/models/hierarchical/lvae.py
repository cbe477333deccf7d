"""Hierarchical VAE of one to six layers, inferred bottom-up or as a ladder VAE: latent variables of latent variables.

Sønderby, Raiko, Maaløe, Sønderby & Winther, Ladder Variational Autoencoders (2016). The layers, how they are inferred,
and the objective are those of `parts/hierarchy.py`; here every network is an MLP, half as wide from layer to layer, and

    p(x|z1)   any likelihood of independent values
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor, nn

from latentlab.data import Spec
from latentlab.knobs import knob
from latentlab.models.parts.gaussian_layers import Head, full, hidden_layers
from latentlab.models.parts.hierarchy import Hierarchy, Layers
from latentlab.models.parts.likelihood import Likelihood, likelihood_knob, std_knob, threshold_knob


class LVAE(Hierarchy):
    """z1 is next to the data, and is the code; a layer of 0 dimensions ends the hierarchy."""

    name = "lvae"
    title = "Ladder VAE"

    @dataclass(frozen=True)
    class Config(Layers):
        """The knobs of a hierarchical VAE."""

        hidden: int = knob(256, 8, 4096, log=True, help="units of the networks next to the data; half as many above")
        likelihood: str = likelihood_knob("z1")
        std: float = std_knob()
        threshold: float = threshold_knob()

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__(config, spec)
        self.likelihood = Likelihood(config.likelihood, config.std, config.threshold)
        self.likelihood.check(spec.kind)
        widths = [max(1, config.hidden >> i) for i in range(len(self.dims))]
        x, norm = math.prod(spec.shape), config.batch_norm
        norm_head, ladder = norm and config.head_norm, config.inference == "ladder"
        for i, (dim, width) in enumerate(zip(self.dims, widths, strict=True)):
            below = (widths if ladder else self.dims)[i - 1] if i else x
            self.add_module(f"up{i + 1}", hidden_layers(below, width, norm))
            self.add_module(f"q_z{i + 1}", Head(width, dim, norm_head))
        for i, (dim, width) in enumerate(zip(self.dims[1:], widths[1:], strict=True)):
            p_z = nn.Sequential(hidden_layers(dim, width, norm), Head(width, self.dims[i], norm_head))
            self.add_module(f"p_z{i + 1}", p_z)
        self.p_x = nn.Sequential(
            hidden_layers(config.z_dim, widths[0], norm), nn.Linear(widths[0], x * self.likelihood.outputs)
        )

    def _first(self, x: Tensor) -> Tensor:
        return x.flatten(1)

    def _log_p_x(self, x: Tensor, z1: Tensor) -> Tensor:
        return self.likelihood.log_prob(x.flatten(1), full(self.p_x(z1))).sum(-1)

    def _mean_x(self, z1: Tensor) -> Tensor:
        return self.likelihood.mean(full(self.p_x(z1))).reshape(-1, *self.spec.shape)
