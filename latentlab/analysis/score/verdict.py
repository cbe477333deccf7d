"""What the numbers of a field say, in a sentence each; a page sets **bold** between stars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from latentlab.analysis.arrays import Doubles, Floats
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


def of_contracting(found: Mapping[str, tuple[Agreement, str]]) -> str:
    """Which of several networks learned the score of the noisy data, by name, and why another's r(x) - x is none.

    Args:
        found: name -> how it agrees with the true score, and why it has none; empty where it has.
    """
    good = [f"{name} ({it.median_cosine:.3f})" for name, (it, why) in found.items() if not why]
    said = f"**Learned the score: {' and '.join(good)}**, by the median cosine with the exact one." if good else ""
    for name, (it, why) in found.items():
        if why:
            said += f" **Not a score: {name} ({it.median_cosine:.3f})**; {why}, so r(x) − x by itself says little of "
            said += f"the density: it misses the score by {it.relative_rms:.0%}."
    return said.strip()


def table(found: Mapping[str, tuple[Agreement, Losses]]) -> list[dict[str, str]]:
    """A row for each network, by name: how it agrees with the true score, and its loss beside the optimum's."""
    return [
        {
            "network": name, "median cosine": f"{score.median_cosine:.3f}",
            "relative error": f"{score.relative_rms:.0%}", "loss / optimum": f"{losses.denoiser / losses.optimum:.2f}",
        }
        for name, (score, losses) in found.items()
    ]  # fmt: skip


def of_loop(n: int) -> str:
    """Which loop an integral is around, if so many corners were clicked."""
    which, more = "the loop that you clicked", "you can draw one of your own on the plane."
    if n < 3:
        which = "a triangle about the middle"
        if n:
            more = f"yours has {n} corner{'' if n == 1 else 's'} so far, and needs three."
    return f"Over {which}; {more}"


def matrix(m: Doubles) -> str:
    """A line for each row."""
    return "\n".join("  ".join(f"{v:12.5g}" for v in row) for row in m)


def of_losses(losses: Losses) -> str:
    """That it has learned nothing on the data; empty where it has."""
    if losses.has_learned:
        return ""
    return (
        f"It has learned nothing on the data: its loss there is {losses.denoiser:.3f} σ², and leaving the noisy "
        f"points as they are has {losses.identity:.3f} σ²."
    )


def of_noise_left(before: float, after: float, step: Floats, amount: float, sigma: float) -> str:
    """What denoising images leaves of their noise, and the length of the score, where there is one.

    Args:
        before: root mean square of the noise of a pixel.
        after: the same once denoised.
        step: (N, *shape) r(x) - x.
        amount: of the noise.
        sigma: of the noise of the training; 0 where r(x) - x is no score.
    """
    said = f"Noise left: **{after:.3f}** of {before:.3f} a pixel (root mean square)."
    if not sigma:
        return said
    long = np.linalg.norm(step.reshape(len(step), -1), axis=1).mean() / sigma**2
    alone = np.sqrt(step[0].size) * amount / sigma**2
    return f"{said} |score| {long:.0f} on average; for noise alone it would be {alone:.0f}."


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
