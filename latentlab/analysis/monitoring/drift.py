"""Drift over weeks: how far the codes of a block of readings are from normal ones, next to normal blocks themselves.

A block (a week, say) is held against all normal readings by the Fréchet distance of two Gaussians (Dowson & Landau
1982),

    d² = |m - m'|² + tr(C + C' - 2 (C C')^½),

of codes in units of their normal standard deviation. Normal blocks, each against the others, say how large d is without
a drift: a normal block is beyond the largest of B of them with a probability of 1 / (B + 1), if blocks are
exchangeable. The same is counted for what each sensor reads less what the model expects: a season, which changes all
sensors together, leaves that as it is, and a sensor that drifts doesn't.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from latentlab.analysis.arrays import Doubles, Labels

LEAST_STD = 1e-9
LEAST_BLOCKS = 3  # normal ones
SURE = 0.05  # as probable by chance is what counts as found
SMALLEST = 0.001  # probability that is written out


@dataclass(frozen=True, eq=False)
class Block:
    """Readings of one week, or of another part of a stream.

    Attributes:
        codes: (N, d) of them.
        apart: (N, D) how far each sensor is from what the model expects, in standard deviations.
    """

    codes: Doubles
    apart: Doubles


@dataclass(frozen=True, eq=False)
class Drift:
    """How far W blocks are from normal ones, and B normal blocks from each other.

    Attributes:
        distance: (W,) of the codes.
        normal_distance: (B,) of each normal block from the others.
        shift: (W, d) differences of the means of the codes, in normal standard deviations.
        sensors: (W, D) means of the sensors' deviations less those of normal blocks, in standard deviations between
            normal blocks.
        normal_sensors: (B, D) the same of each normal block against the others.
    """

    distance: Doubles
    normal_distance: Doubles
    shift: Doubles
    sensors: Doubles
    normal_sensors: Doubles

    @property
    def band(self) -> float:
        """The largest distance of a normal block."""
        return float(self.normal_distance.max())

    @property
    def sensor_band(self) -> float:
        """The largest deviation of any sensor in a normal block."""
        return float(np.abs(self.normal_sensors).max())

    @property
    def moved(self) -> Labels:
        """The blocks whose codes are beyond the band."""
        return np.flatnonzero(self.distance > self.band)

    @property
    def disagreeing(self) -> Labels:
        """The blocks with a sensor beyond its band."""
        return np.flatnonzero(np.abs(self.sensors).max(1) > self.sensor_band)

    def chance(self, beyond: Labels) -> float:
        """The probability that so many of the W blocks are beyond all B normal ones, if they are such themselves.

        The m largest of W + B exchangeable numbers are all among W of them with that of drawing m without putting back.
        """
        n_watched, n_normal = len(self.distance), len(self.normal_distance)
        m = np.arange(len(beyond))
        return float(np.prod((n_watched - m) / (n_watched + n_normal - m)))


def drift(normal: Sequence[Block], watched: Sequence[Block]) -> Drift:
    """Hold blocks against normal ones.

    Raises:
        ValueError: there are fewer than three normal blocks.
    """
    if len(normal) < LEAST_BLOCKS:
        raise ValueError(f"A band needs at least {LEAST_BLOCKS} normal blocks.")
    gaussians = [_Gaussian.of(block.codes) for block in normal]
    means = np.stack([block.apart.mean(0) for block in normal])
    every = _pooled(gaussians)
    found = [_Gaussian.of(block.codes) for block in watched]
    others = [np.arange(len(normal)) != k for k in range(len(normal))]
    return Drift(
        np.array([_distance(one, every) for one in found]),
        np.array(
            [
                _distance(one, _pooled([gaussians[j] for j in np.flatnonzero(rest)]))
                for one, rest in zip(gaussians, others, strict=True)
            ]
        ),
        np.stack([(one.mean - every.mean) / every.std for one in found]),
        np.stack([_standing(block.apart.mean(0), means) for block in watched]),
        np.stack([_standing(one, means[rest]) for one, rest in zip(means, others, strict=True)]),
    )


@dataclass(frozen=True, eq=False)
class _Gaussian:
    n: int
    mean: Doubles
    covariance: Doubles

    @classmethod
    def of(cls, x: Doubles) -> _Gaussian:
        mean = x.mean(0)
        return cls(len(x), mean, (x - mean).T @ (x - mean) / len(x))

    @property
    def std(self) -> Doubles:
        found: Doubles = np.maximum(np.sqrt(np.diag(self.covariance)), LEAST_STD)
        return found


def _pooled(parts: Sequence[_Gaussian]) -> _Gaussian:
    n = np.array([part.n for part in parts], np.float64)
    share = n / n.sum()
    mean = np.einsum("k,kd->d", share, np.stack([part.mean for part in parts]))
    second = sum(
        w * (part.covariance + np.outer(part.mean - mean, part.mean - mean))
        for w, part in zip(share, parts, strict=True)
    )
    return _Gaussian(int(n.sum()), mean, np.asarray(second))


def _distance(one: _Gaussian, normal: _Gaussian) -> float:
    unit = normal.std
    scale = np.outer(unit, unit)
    return frechet((one.mean - normal.mean) / unit, one.covariance / scale, normal.covariance / scale)


def frechet(apart: Doubles, first: Doubles, second: Doubles) -> float:
    """The Fréchet distance of two Gaussians: (d,) the difference of their means, and their (d, d) covariances."""
    values, vectors = np.linalg.eigh(first)
    root = vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T
    both = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0)).sum()
    return float(np.sqrt(max(0.0, apart @ apart + np.trace(first) + np.trace(second) - 2 * both)))


def _standing(mean: Doubles, normal: Doubles) -> Doubles:
    """(D,) a mean less those of normal blocks (B, D), in their standard deviations."""
    found: Doubles = (mean - normal.mean(0)) / np.maximum(normal.std(0, ddof=1), LEAST_STD)
    return found


def of_drift(found: Drift, names: Sequence[str], step: str) -> str:
    """Whether blocks differ from normal ones more than those do among themselves, and whether it is a sensor.

    Args:
        found: of W blocks.
        names: of the D sensors.
        step: what a block is: "week".
    """
    n, wrong, moved = len(found.distance), found.disagreeing, found.moved
    is_wrong, is_moved = (len(one) > 0 and found.chance(one) <= SURE for one in (wrong, moved))
    if is_wrong:
        k = int(np.abs(found.sensors).max(1).argmax())
        text = (
            f"In {len(wrong)} of {n} {step}s, from {step} {wrong[0] + 1} on, the sensors agree less with each other "
            f"than in any of {len(found.normal_distance)} normal {step}s (by chance {_chance(found, wrong)}), least in "
            f"{step} {k + 1}: {_blamed(found.sensors[k], names, found.sensor_band)}."
        )
        if is_moved:
            return (
                f"{text} But the codes of {len(moved)} {step}s are beyond all normal ones as well: the model hasn't "
                "learned such conditions, another season perhaps, so what disagrees may be what it expects there."
            )
        return f"{text} The codes are as in normal {step}s, so it is no season."
    if is_moved:
        k = int(found.distance.argmax())
        j = int(np.abs(found.shift[k]).argmax())
        return (
            f"The codes of {len(moved)} of {n} {step}s differ more from normal ones than normal {step}s do among "
            f"themselves (by chance {_chance(found, moved)}), most those of {step} {k + 1}: dimension {j + 1} by "
            f"{found.shift[k, j]:+.1f} standard deviations. The sensors agree with each other as ever: conditions have "
            "changed, and no sensor."
        )
    either = sorted({*wrong.tolist(), *moved.tolist()})
    if not either:
        return f"No {step} differs from normal {step}s more than they do among themselves."
    return (
        f"{len(either)} of {n} {step}s {'is' if len(either) == 1 else 'are'} beyond all normal {step}s, which chance "
        f"brings about as well ({_chance(found, moved if len(moved) >= len(wrong) else wrong)}): no drift is found."
    )


def _chance(found: Drift, beyond: Labels) -> str:
    p = found.chance(beyond)
    return "less than 0.1 %" if p < SMALLEST else f"{p:.1%}"


def _blamed(standing: Doubles, names: Sequence[str], band: float) -> str:
    """The sensor that stands out most; a second one that does so half as much may be the one that is wrong."""
    first, *others = np.argsort(-np.abs(standing), kind="stable").tolist()
    text = f"“{names[first]}” reads too {_direction(standing[first])}"
    if others and abs(standing[others[0]]) > max(band, abs(standing[first]) / 2):
        second = others[0]
        text += f", or “{names[second]}” too {_direction(standing[second])}: which of the two is wrong they can't say"
    return text


def _direction(value: float) -> str:
    return "high" if value > 0 else "low"
