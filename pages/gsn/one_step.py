"""One step of an exact chain on a ring, by noise in the plane and by noise of the angle (Fig. 5.1 of the source)."""

from __future__ import annotations

import numpy as np
import streamlit as st
import torch

from latentlab import device
from latentlab.analysis.sampling.exact_steps import angle_chains, plane_chains, posterior, ring, turning
from latentlab.figures.sampling.exact_steps import step_in_plane, step_of_angle
from pages.shared.header import look
from pages.shared.images import panels
from pages.shared.remember import remember

RADIUS, WIDTH, REACH = 1.0, 0.05, 1.8
N_GRID, N_DRAWN = 121, 60
CHAINS, STEPS = 2_000, 20


@remember(32)
def turned(noise: float) -> tuple[float, float]:
    """How much of e^(iφ) a step leaves, by noise in the plane and by noise of the angle."""
    plane = plane_chains(ring(RADIUS, WIDTH), noise * RADIUS, CHAINS, STEPS, device.generator(0))
    angle = angle_chains(RADIUS, WIDTH, noise, CHAINS, STEPS, 0)
    return turning(np.arctan2(plane[..., 1], plane[..., 0])), turning(angle.angles)


def one_step() -> None:
    """What is left open after the corruption, in either way, and how far a step leads."""
    left, right = st.columns([1, 3], gap="large")
    with left:
        noise = float(st.slider("Noise τ = σ/R", 0.05, 2.0, 0.8, 0.05, key="tau", bind="query-params"))
        seed = int(st.number_input("Seed", 0, 99, 0, key="lab-seed", bind="query-params"))
    rng, data = np.random.default_rng(seed), ring(RADIUS, WIDTH)
    x, push = np.array([RADIUS, 0.0]), noise * rng.normal(size=2)
    noisy = torch.from_numpy(x + RADIUS * push)
    law = posterior(data, noisy, noise * RADIUS)
    side = torch.linspace(-REACH, REACH, N_GRID, dtype=torch.float64)
    grid = torch.cartesian_prod(side, side)
    shade = law.log_prob(grid).exp().reshape(N_GRID, N_GRID).T.numpy()
    drawn = law.sample(N_DRAWN, device.generator(seed)).numpy()
    angles = np.linspace(-np.pi, np.pi, 180, endpoint=False)
    around = (angles - push[0])[:, None] + 2 * np.pi * np.arange(-3, 4)
    of_angle = np.exp(-np.square(around) / (2 * noise**2)).sum(1)
    next_angles = push[0] + noise * rng.normal(size=N_DRAWN)
    radii = RADIUS + WIDTH * rng.normal(size=N_DRAWN)
    ended = radii[:, None] * np.stack([np.cos(next_angles), np.sin(next_angles)], 1)
    with right:
        panels(
            {
                "Noise in the plane": step_in_plane(side.numpy(), shade, x, noisy.numpy(), drawn, look()),
                "Noise of the angle": step_of_angle(angles, of_angle, x, float(push[0]), ended, REACH, look()),
            },
            "One step of a chain on a ring",
        )
    in_plane, by_angle = turned(noise)
    left.markdown(
        f"Both chains have the data's law. A step leaves **{in_plane:.3f}** of e^(iφ) with noise in the plane, and "
        f"**{by_angle:.3f}** with noise of the angle, exp(−τ²) = {np.exp(-(noise**2)):.3f} but for chance. Noise of "
        "the angle leaves a normal distribution around H, whatever τ is; noise in the plane leaves one that spreads "
        "over the ring, or to both sides, as x̃ comes near the middle: to learn that takes more than a mean."
    )
