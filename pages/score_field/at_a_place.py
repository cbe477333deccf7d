"""Below the plane: what a denoiser learned at one point, and whether its field is a gradient."""

from __future__ import annotations

from functools import partial

import streamlit as st
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.score import verdict
from latentlab.analysis.score.denoiser import Denoiser, asymmetry, noise_and_back
from latentlab.analysis.score.field import loop_energies, triangle
from latentlab.analysis.score.layers import PATH_ENERGY, RECONSTRUCTION_ERROR, TRUE_ENERGY
from latentlab.analysis.score.local_geometry import local_hessian, local_moments
from latentlab.figures.score import profiles
from latentlab.figures.score.profiles import denoising_steps, eigenvalue_bars, energies
from latentlab.models import GaussianNoise
from pages.score_field import fields
from pages.score_field.plane import corners_of, loop, place
from pages.shared.header import look
from pages.shared.images import figure, panels

N_POINTS = 200  # along an edge of the loop
N_NOISY = 8  # draws of the noise
BALL = 3.0  # noises: the radius about a place in which the data are looked at


def at_a_place(denoiser: Denoiser) -> None:
    """The Hessian, its directions, the dimension, the local mean and covariance, and the path of denoising."""
    chosen = place(denoiser)
    at = torch.tensor([chosen])
    found, path = fields.geometry(denoiser, chosen), fields.path(denoiser, chosen)
    exact = local_hessian(partial(denoiser.density.denoise, sigma=denoiser.sigma), denoiser.sigma, at.double())
    near = local_moments(denoiser.data.x, at[0], BALL * denoiser.sigma)
    here = at[0].double().numpy()
    has_data = near.n > 0 and not denoiser.is_far(here[None])[0]
    left, right = st.columns(2, gap="large")
    with left:
        _add_noise(denoiser, at[0])
    with right:
        figure(eigenvalue_bars(found.eigenvalues[0], exact.eigenvalues[0], look()), "Eigenvalues of dr/dx")
        if has_data:  # elsewhere there are no directions of data to be kept
            st.markdown(verdict.of_directions(here, found, denoiser.sigma))
        if not denoiser.no_score:
            st.markdown("Hessian of the log density, (J − I) / σ², and the exact one:")
            st.code("\n\n".join(verdict.matrix(it.hessian[0]) for it in (found, exact)), language=None)
    with left:
        figure(denoising_steps(path, denoiser.sigma, look()), "How far each step of denoising moves the point")
        if not denoiser.no_score:
            st.markdown(verdict.of_posterior(found))
        st.markdown(verdict.of_neighbours(here, found, near, len(denoiser.data)))
        if found.asymmetry[0] > 1e-6:
            st.caption(f"Non-conservativeness |J − Jᵀ| / |J| = {found.asymmetry[0]:.3f}; a gradient has 0.")


def _add_noise(denoiser: Denoiser, at: torch.Tensor) -> None:
    """The point of the data nearest to the place, with noise several times, and each time denoised."""
    clean = denoiser.nearest((float(at[0]), float(at[1])))
    noisy, r = noise_and_back(denoiser.denoise, clean, GaussianNoise(denoiser.sigma), N_NOISY)
    drawn = profiles.noise_and_back(clean.numpy(), noisy.numpy(), r.numpy(), look())
    figure(drawn, "A point with noise added, and where the denoiser moves the noisy points")
    st.caption(
        f"What it is trained on: to a point of the data (the nearest to the place), noise of σ = {denoiser.sigma:g} is "
        f"added, here {N_NOISY} times. The arrow goes from each noisy point to r(x): what a point this noisy was, on "
        "average."
    )


def is_it_a_gradient(denoiser: Denoiser, box: Box) -> None:
    """Energy by path and true energy, the reconstruction error, and the loop integral; of a score alone."""
    if denoiser.no_score:
        st.info(f"There is no energy to integrate: r(x) − x is a direction only, since {denoiser.no_score}.")
        return
    layers = [fields.layer(denoiser, box, which) for which in (PATH_ENERGY, TRUE_ENERGY, RECONSTRUCTION_ERROR)]
    panels(energies(fields.on_lattice(denoiser, box).field, layers, look()), "Over the plane")
    st.caption(
        "The reconstruction error |r(x) − x| is no energy: it is the length of the score, so it is low on the data "
        "and again between them, where the density is lowest."
    )
    corners = loop(denoiser) if len(loop(denoiser)) > 2 else triangle(box)
    found = loop_energies(denoiser.score, torch.tensor(corners, dtype=torch.float32), N_POINTS)
    a, b, c, d = st.columns(4)
    a.metric("Around the loop", f"{found.around:.3g} nats", help="∮ score · dx; 0 for a gradient, whatever the loop")
    both, between = (found.one_way, found.other_way), "Between two corners of the loop, along its"
    for where, side, energy in zip((b, c), ("one", "other"), both, strict=True):
        where.metric(f"Energy difference, {side} side", f"{energy:.3g} nats", help=f"{between} {side} side")
    lack = "Median of |J − Jᵀ| / |J| over draws of the data; 0 for a gradient"
    d.metric("Non-conservativeness", f"{asymmetry(denoiser):.3f}", help=lack)
    st.caption(verdict.of_loop(len(loop(denoiser))))
    if loop(denoiser) and st.button("Forget the loop", icon=":material/delete:"):
        corners_of(denoiser.data.name).set([])
        st.rerun(scope="fragment")
