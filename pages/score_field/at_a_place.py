"""Below the plane: what a denoiser learned at one point, and whether its field is a gradient."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.score.denoiser import Denoiser, asymmetry
from latentlab.analysis.score.field import loop_energies
from latentlab.analysis.score.layers import PATH_ENERGY, RECONSTRUCTION_ERROR, TRUE_ENERGY
from latentlab.analysis.score.local_geometry import local_hessian, local_moments
from latentlab.figures.score.profiles import denoising_steps, eigenvalue_bars, energies
from pages.score_field import fields
from pages.score_field.plane import corners_of, loop, place
from pages.shared.header import look
from pages.shared.images import figure, panels

N_POINTS = 200  # along an edge of the loop
BALL = 3.0  # noises: the radius about a place in which the data are looked at


def at_a_place(denoiser: Denoiser) -> None:
    """The Hessian, its directions, the dimension, the local mean and covariance, and the path of denoising."""
    at = torch.tensor([place(denoiser)])
    found, path = fields.geometry(denoiser, place(denoiser)), fields.path(denoiser, place(denoiser))
    exact = local_hessian(partial(denoiser.density.denoise, sigma=denoiser.sigma), denoiser.sigma, at.double())
    near = local_moments(denoiser.data.x, at[0], BALL * denoiser.sigma)
    has_data = near.n > 0 and not denoiser.is_far(at.double().numpy())[0]
    left, right = st.columns(2, gap="large")
    with left:
        figure(eigenvalue_bars(found.eigenvalues[0], exact.eigenvalues[0], look()), "Eigenvalues of dr/dx")
        x, y = (float(v) for v in at[0])
        d = int(found.dimension[0])
        if has_data:  # elsewhere there are no directions of data to be kept
            st.markdown(
                f"At ({x:.3g}, {y:.3g}) this field, at σ = {denoiser.sigma:g}, keeps **{d}** "
                f"direction{'' if d == 1 else 's'} and flattens **{2 - d}**: eigenvalues of ∂r/∂x above and below ½."
            )
        if not denoiser.no_score:
            st.markdown("Hessian of the log density, (J − I) / σ², and the exact one:")
            st.code(f"{_matrix(found.hessian[0])}\n\n{_matrix(exact.hessian[0])}", language=None)
    with right:
        figure(denoising_steps(path, denoiser.sigma, look()), "How far each step of denoising moves the point")
        if not denoiser.no_score:
            mean, std = found.mean[0], np.sqrt(np.clip(np.diag(found.covariance[0]), 0, None))
            st.markdown(
                f"Posterior of the clean example given this noisy one: ({mean[0]:.3g}, {mean[1]:.3g}) ± ({std[0]:.2g}, "
                f"{std[1]:.2g})."
            )
        if near.n:
            shift, want = near.mean - at[0].numpy(), found.mean[0] - at[0].numpy()
            cosine = shift @ want / max(np.linalg.norm(shift) * np.linalg.norm(want), 1e-30)
            st.markdown(
                f"{near.n} of the {len(denoiser.data):,} points drawn here lie within 3σ; their mean lies towards "
                f"({shift[0]:.2g}, {shift[1]:.2g}) from here, the network's step towards ({want[0]:.2g}, "
                f"{want[1]:.2g}): cosine {cosine:.2f}."
            )
        else:
            st.markdown("No point of the data lies within 3σ: here the network extrapolates.")
        if found.asymmetry[0] > 1e-6:
            st.caption(f"|J − Jᵀ| / |J| = {found.asymmetry[0]:.3f}; a gradient has 0.")


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
    corners = loop(denoiser) if len(loop(denoiser)) > 2 else _default_loop(box)
    found = loop_energies(denoiser.score, torch.tensor(corners, dtype=torch.float32), N_POINTS)
    a, b, c, d = st.columns(4)
    a.metric("Around the loop", f"{found.around:.3g} nats", help="∮ score · dx; 0 for a gradient, whatever the loop")
    b.metric("One way", f"{found.one_way:.3g} nats", help="Energy difference between two corners, along one side")
    c.metric("The other way", f"{found.other_way:.3g} nats", help="Between the same corners, along the other side")
    d.metric(
        "Asymmetry of J",
        f"{asymmetry(denoiser):.3f}",
        help="Median of |J − Jᵀ| / |J| over draws of the data; 0 for a gradient",
    )
    n = len(loop(denoiser))
    which = "the loop that you clicked" if n > 2 else "a triangle about the middle"
    more = "you can draw one of your own on the plane."
    if 0 < n < 3:
        more = f"yours has {n} corner{'' if n == 1 else 's'} so far, and needs three."
    st.caption(f"Over {which}; {more}")
    if loop(denoiser) and st.button("Forget the loop", icon=":material/delete:"):
        corners_of(denoiser.data.name).set([])
        st.rerun(scope="fragment")


def _default_loop(box: Box) -> list[tuple[float, float]]:
    (x, y), r = box.centre, 0.3 * box.width
    turns = (90, 210, 330)
    return [(x + r * float(np.cos(np.radians(t))), y + r * float(np.sin(np.radians(t)))) for t in turns]


def _matrix(m: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> str:
    return "\n".join("  ".join(f"{v:12.5g}" for v in row) for row in m)
