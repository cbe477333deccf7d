"""What the numbers of a training mean, in one plain sentence each, and only what they show.

A training whose held-out headline v_1 … v_n (lower is better) was measured n times is looked at through the means
w_1 … w_m of k = n / 10 neighbours. With the noise σ of one measurement, estimated from the differences of neighbours, a
change counts if it is more than `SHARE` of all that was gained, w_1 - min w, and more than `DEVIATIONS` σ / √k:

    overfits          w_m - min w counts, and the least mean lies before the last fifth
    still improves    the mean of the last tenth is less than that of the tenth before, and the change counts
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from latentlab.analysis.conditional.cluster_use import ClusterUse, least_error
from latentlab.analysis.latent.bottleneck import Bottleneck
from latentlab.analysis.latent.bounds import Bound
from latentlab.analysis.latent.explained import Explained
from latentlab.analysis.latent.layer_usage import LayerUsage
from latentlab.analysis.maps.clusters import Purity
from latentlab.analysis.sampling import Comparison

SHARE = 0.02  # of all that was gained: less than that is not worth a word
DEVIATIONS = 7.0
NORMAL_MEDIAN = 0.6745  # of the absolute value of a standard normal variable
NONE = 0.001  # of the neighbours: a smaller share is written as 0
GAINED, HALF = 0.05, 0.5  # of the variance: more than PCA that is worth a word, and as much as is left out
APART = 0.01  # of the neighbours: a smaller share is no overlap
RISE = 0.1  # nats: less is not worth a word
FEWEST = 10  # held-out measurements that a sentence about a curve needs


def of_training(epochs: Sequence[float], values: Sequence[float]) -> str:
    """Whether a training should go on, or should have stopped; empty where the curve says neither.

    Args:
        epochs: when the held-out examples were measured, ascending.
        values: the headline then; lower is better.
    """
    v = np.asarray(values, np.float64)
    n = len(v)
    if n < FEWEST or not np.isfinite(v).all():
        return ""
    width = n // 10
    means = np.convolve(v, np.full(width, 1 / width), "valid")
    best = int(means.argmin())
    gained = means[0] - means[best]
    noise = float(np.median(np.abs(np.diff(v[n // 2 :])))) / (NORMAL_MEDIAN * np.sqrt(2))
    counts = max(SHARE * gained, DEVIATIONS * noise / np.sqrt(width))
    if gained <= 0:
        return "It has learned nothing: held-out examples are no better explained than after the first epoch."
    if best + width < n - n // 5 and means[-1] - means[best] > counts:
        at = epochs[best + width // 2]
        return f"It overfits since about epoch {at:.3g}: from there on held-out examples get worse. Stop there."
    if v[-2 * width : -width].mean() - v[-width:].mean() > counts:
        return "It is still improving on held-out examples: train longer."
    return ""


def of_bottleneck(found: Bottleneck, config: Mapping[str, object]) -> str:
    """Posterior collapse or dimensions that are not needed, with what there is to try; empty where all are used.

    Args:
        found: what each dimension carries, of a model with a posterior and these knobs.
        config: the knobs.
    """
    n, n_active = len(found.active), int(found.active.sum())
    if found.n_used == n or found.unit != "nats":
        return ""
    beta, likelihood = config.get("beta", 1.0), config.get("likelihood", "")
    if isinstance(beta, int | float) and beta > 1:
        remedy = f"The KL divergence has the weight β = {beta:g}: try β = 1."
    elif likelihood == "gaussian":
        remedy = f"Try a smaller standard deviation of the likelihood than {config.get('std', 0.1):g}, or a warm-up."
    elif likelihood in ("bernoulli", "fixed-bernoulli", "gray-bernoulli", "cut-bernoulli"):
        remedy = f"The likelihood “{likelihood}” counts most of the detail as noise: try gaussian, or a warm-up."
    else:
        remedy = "Try a warm-up."
    if n_active == 0:
        return f"Posterior collapse: all {n} dimensions are unused, every example has the same code. {remedy}"
    said = f"{found.summary.removesuffix('.')}: with these settings {found.n_used} are enough."
    return f"{said} {remedy}" if isinstance(beta, int | float) and beta > 1 else said


def of_layers(found: Sequence[LayerUsage], config: Mapping[str, object], training: Mapping[str, object]) -> str:
    """Which layers of a hierarchy collapsed, with what there is to try; empty where each is used.

    Args:
        found: what each layer carries, from z1 up.
        config: the knobs of the model.
        training: the knobs of its training.
    """
    unused = [layer.name for layer in found if not layer.is_used]
    if not unused:
        return ""
    remedies = [
        remedy
        for remedy, is_missing in (
            ("batch normalisation", config.get("batch_norm") is False),
            ("a warm-up", not training.get("warmup")),
            ("inference as in a ladder VAE", config.get("inference") == "bottom-up"),
        )
        if is_missing
    ] or ["free bits", "fewer layers"]
    which = "all layers" if len(unused) == len(found) else _listed(unused, "and")
    verb = "is" if len(unused) == 1 < len(found) else "are"
    return f"Posterior collapse: {which} {verb} unused. Try {_listed(remedies, 'or')}."


def of_top_layer(kl: float, n_classes: int, use: ClusterUse | None, errors: tuple[float, float] | None) -> str:
    """Whether the top layer of a cluster-aware model can say the class, and what the model makes of it.

    Args:
        kl: what the layer carries, in nats.
        n_classes: how many there are; less than 2 where the data have none.
        use: of the clusters; None where nothing has a class.
        errors: of q(y|z1, x) and of p(y|x), where the clusters are the classes.
    """
    said = f"KL of z₂ is {kl:.1f} nats"
    if n_classes >= 2:
        least = least_error(kl, n_classes)
        needed = f"log {n_classes} = {math.log(n_classes):.1f}"
        wrong = f"z₂ can't say the class; at least {least:.0%} of guesses from it are wrong (Fano)"
        said += f", below {needed}: {wrong}" if least > 0 else f", above {needed}: z₂ has room for the class"
    said += "."
    if errors is not None:
        below, through = errors
        said += f" From below, q(y|z₁, x) errs in {below:.1%} of these examples; through z₂, p(y|x) in {through:.1%}."
    if use is not None and (errors is None or use.n_used < n_classes):
        said += (
            f" {use.n_used} of {len(use.counts)} clusters are used; their normalised mutual information with the class "
            f"is {use.information:.2f}."
        )
    return said


def of_reconstructions(found: Explained, config: Mapping[str, object]) -> str:
    """What a model with these knobs keeps of held-out examples, with what there is to try where that is little."""
    said = (
        f"Reconstructions explain {found.model:.0%} of the variance of held-out examples; PCA of as many dimensions "
        f"({found.n_components}) explains {found.pca:.0%}, the mean example 0%"
    )
    if (gained := found.model - found.pca) >= GAINED and found.model >= HALF:
        return f"{said}."
    remedies = ["the convolutional network"] * (config.get("network") == "mlp")
    remedies += ["more dimensions"] * ("z_dim" in config)
    how = f"; try {' or '.join([*remedies, 'a longer training'])}."
    if found.model < GAINED:
        return f"{said}: they are hardly better than the mean example{how}"
    much = "less than" if gained < -GAINED else "about as much as" if gained < GAINED else "more than"
    return f"{said}: they keep {much} a linear map{how}"


def of_samplers(rows: Sequence[Comparison]) -> str:
    """Which of some samplers came nearest to the truth, and which are not to be trusted.

    Args:
        rows: by their distance from the truth, the nearest first.
    """
    trusted, faulty = [row for row in rows if not row.fault], [row for row in rows if row.fault]
    if trusted:
        best = trusted[0]
        said = (
            f"{best.name[:1].upper()}{best.name[1:]} came nearest to the truth: distance {best.distance:.3f}, where as "
            f"many independent draws have {best.noise:.3f}."
        )
    else:
        said = "No sampler can be trusted here."
    of_fault: dict[str, list[str]] = {}
    for row in faulty:
        of_fault.setdefault(row.fault, []).append(row.name)
    which = "; ".join(f"{', '.join(names)} ({fault})" for fault, names in of_fault.items())
    return f"{said} Don't trust the ESS of {which}." if faulty else said


def of_classes(found: Purity, names: Sequence[str]) -> str:
    """Which two classes overlap most, by the classes of neighbours; empty of a single class.

    Args:
        found: of the space.
        names: of the classes of `found`.
    """
    if len(names) < 2:
        return ""
    others = np.where(np.eye(len(names)) == 1, -1.0, found.shares)
    a, b = divmod(int(others.argmax()), len(names))
    share, chance = found.shares[a, b], found.chance[a, b]
    numbers = (
        f"of the {found.k} nearest neighbours of “{names[a]}”, {share:.1%} are “{names[b]}” (by chance {chance:.1%})"
    )
    if share < NONE:
        return (
            f"No two classes overlap: of the {found.k} nearest neighbours of each, less than {NONE:.1%} are of another."
        )
    if share < APART:
        return f"No two classes overlap: at most, {numbers}."
    return f"“{names[a]}” and “{names[b]}” overlap most: {numbers}, and the other way round {found.shares[b, a]:.1%}."


def of_bounds(found: Sequence[Bound]) -> str:
    """What bounds on log p(x) of the same examples say of it and of the encoder, those of few draws first."""
    first, last = found[0], found[-1]
    if not last.n:
        said = f"log p(x) of a test example is {last.mean:.2f} ± {last.std_error:.2f} nats on average, exactly."
        return said + (_missed(found) if first.n else "")
    said = f"log p(x) of a test example is at least {last.mean:.2f} ± {last.std_error:.2f} nats on average."
    gap, unsure = last.above(first)
    if gap > 2 * unsure:
        said += (
            f" The ELBO is {gap:.2f} ± {unsure:.2f} nats below that, so q(z|x) is at least as far from the true "
            "posterior (KL divergence)."
        )
    else:
        said += " More draws show no more than the ELBO, so q(z|x) may be the true posterior."
    rise, unsure = last.above(found[-2])
    if rise > max(2 * unsure, RISE):
        said += (
            f" The bound still rises ({rise:.2f} nats from {found[-2].n:,} to {last.n:,} draws): log p(x) is higher."
        )
    return said


def _missed(found: Sequence[Bound]) -> str:
    """How far bounds of draws stay below log p(x), which comes last."""
    *bounds, exact = found
    (gap, unsure), (missed, still_unsure) = exact.above(bounds[0]), exact.above(bounds[-1])
    said = f" The ELBO is {gap:.2f} ± {unsure:.2f} nats below: the KL divergence of q(z|x) from the true posterior."
    if missed > max(2 * still_unsure, RISE):
        n = f"{bounds[-1].n:,}"
        said += f" {n} draws still miss {missed:.2f} nats: q(z|x) seldom draws some of the codes that fit."
    return said


def _listed(names: Sequence[str], word: str) -> str:
    """As a person lists them: "z3, z4 and z5"."""
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last
