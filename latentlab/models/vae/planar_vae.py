"""VAE with a planar flow: a posterior that is no Gaussian, by invertible maps of Gaussian draws.

Rezende & Mohamed, Variational Inference with Normalizing Flows (2015), eq. 10-15 (`nn.planar`); K = `flow_steps`:

    z0 ~ N(mean(x), diag std(x)²)     z = f_K(… f_1(z0))     log q(z|x) = log N(z0) - Σ_k log |det df_k/dz|
    loss = -E_q[log p(x|z) + w · (log p(z) - log q(z|x))]              w as in `vae`

The encoder says u, w and b of every map, too. log q - log p of the draws stands for the KL, which has no closed form.
With no step it is the VAE. It has no Gaussian posterior for a page to take: its code is where the mean of z0 goes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from latentlab import distributions
from latentlab.data import Spec
from latentlab.distributions import Gaussian, standard_normal_log_prob
from latentlab.knobs import knob
from latentlab.models.abilities import Encodes
from latentlab.models.parts.encoder_decoder import Codes, EncoderDecoder, EncodingDecoding
from latentlab.nn.planar import through


class PlanarVAE(EncoderDecoder, Encodes):
    """A Gaussian and K planar maps for q(z|x), standard normal prior, a likelihood of your choice."""

    name = "planar_vae"
    title = "VAE with a planar flow"

    config: Config

    @dataclass(frozen=True)
    class Config(EncodingDecoding):
        """The knobs of a VAE with a planar flow."""

        flow_steps: int = knob(8, 0, 64, help="planar maps K of the posterior; 0: it stays a Gaussian")

    def __init__(self, config: Config, spec: Spec) -> None:
        z = config.z_dim
        super().__init__(config, spec, 2 * z + config.flow_steps * (2 * z + 1))

    def draw_codes(self, x: Tensor, n: int, rng: torch.Generator) -> Codes:
        """(B, *shape) -> n draws of q(z|x); without a flow the KL is in closed form."""
        q_0, steps = self._inferred(x)
        z_0 = q_0.draw(rng, n)
        z, log_det = through(steps, z_0)
        log_ratio = standard_normal_log_prob(z).sum(-1) - q_0.log_prob(z_0) + log_det  # p(z) / q(z|x)
        closed = distributions.kl_to_standard_normal(*q_0).sum(-1)
        return Codes(z, log_ratio, -log_ratio.mean(0) if self.config.flow_steps else closed)

    def encode(self, x: Tensor) -> Tensor:
        """(B, *shape) -> (B, z_dim): where the flow takes the mean of z0, a place of much density."""
        q_0, steps = self._inferred(x)
        return through(steps, q_0.mean)[0]

    def _inferred(self, x: Tensor) -> tuple[Gaussian, Tensor]:
        """(B, *shape) -> the Gaussian of z0, and the parameters of the maps (B, K, 2 z_dim + 1)."""
        out, z = self.encoder(x).float(), self.z_dim
        steps = out[:, 2 * z :].unflatten(1, (self.config.flow_steps, 2 * z + 1))
        return Gaussian(out[:, :z], out[:, z : 2 * z].clamp(-10, 5)), steps
