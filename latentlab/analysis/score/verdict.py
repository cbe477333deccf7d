"""What the numbers of a field say, in a sentence each; a page sets **bold** between stars."""

from __future__ import annotations

import numpy as np

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.score.denoiser import FAR, Denoiser, Losses
from latentlab.analysis.score.field import Agreement
from latentlab.analysis.score.fixed_points import Basins
from latentlab.analysis.score.local_geometry import LocalGeometry, LocalMoments

MANY = 10.0  # times what an error is relative to: from there on it is no share


def of_agreement(found: Agreement, losses: Losses, is_score: bool, known: bool = True) -> str:
    """How a field agrees with the true score, and its loss with the optimum's.

    Args:
        found: over noisy draws.
        losses: over the same draws.
        is_score: its length means something.
        known: the truth is exact, not a kernel estimate.
    """
    against = "the exact score" if known else "the score of the kernel estimate"
    said = f"against {against} of the noisy data: median cosine {found.median_cosine:.4f}"
    if is_score:
        error, times = found.relative_rms, losses.denoiser / losses.optimum
        said += f", relative error {f'{error:,.0f} times the score' if error >= MANY else f'{error:.0%}'} · loss "
        said += f"{times:.2f} × the optimum's" if times < 100 else f"{times:,.0f} × the optimum's"
    return said + (f" · {found.n_holes} points without a finite value" if found.n_holes else "")


def of_losses(losses: Losses) -> str:
    """That it has learned nothing on the data; empty where it has."""
    if losses.has_learned:
        return ""
    return (
        f"It has learned nothing on the data: its loss there is {losses.denoiser:.3f} σ², and leaving the noisy "
        f"points as they are has {losses.identity:.3f} σ²."
    )


def of_basins(denoiser: Denoiser, basins: Basins) -> str:
    """How many paths of repeated denoising end far from the data."""
    share, still, drifting = denoiser.off(basins)
    said = f"**{share:.1%}** of {len(basins.ends):,} places end far from the data, where these have less than "
    said += f"{FAR:g} of their median density, when denoised until they stand still: **{still}** spurious "
    said += f"attractor{'' if still == 1 else 's'}"
    return said + (f", and {drifting} clusters of end points that still move." if drifting else ".")


def of_directions(at: Doubles, found: LocalGeometry, sigma: float) -> str:
    """How many directions a field keeps at a place (2,) of the plane where there are data."""
    d = int(found.dimension[0])
    return (
        f"At ({at[0]:.3g}, {at[1]:.3g}) this field, at σ = {sigma:g}, keeps **{d}** direction{'' if d == 1 else 's'} "
        f"and flattens **{2 - d}**: eigenvalues of ∂r/∂x above and below ½."
    )


def of_posterior(found: LocalGeometry) -> str:
    """Where the clean example of a noisy one lay, as far as a score says it."""
    mean, std = found.mean[0], np.sqrt(np.clip(np.diag(found.covariance[0]), 0, None))
    said = f"({mean[0]:.3g}, {mean[1]:.3g}) ± ({std[0]:.2g}, {std[1]:.2g})."
    return f"Posterior of the clean example given this noisy one: {said}"


def of_neighbours(at: Doubles, found: LocalGeometry, near: LocalMoments, n: int) -> str:
    """Whether a field leads from a place (2,) to the mean of those of n points that are near it."""
    if not near.n:
        return "No point of the data lies within 3σ: here the network extrapolates."
    shift, want = near.mean - at, found.mean[0] - at
    cosine = shift @ want / max(np.linalg.norm(shift) * np.linalg.norm(want), 1e-30)
    return (
        f"{near.n} of the {n:,} points drawn here lie within 3σ; their mean lies towards ({shift[0]:.2g}, "
        f"{shift[1]:.2g}) from here, the network's step towards ({want[0]:.2g}, {want[1]:.2g}): cosine {cosine:.2f}."
    )
