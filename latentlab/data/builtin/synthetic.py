"""Densities with a known truth: finite Gaussian mixtures, so density, score, samples and every blur of them are exact.

    p(x) = Σ_k w_k N(x; m_k, diag s_k²)          score(x) = ∇ log p(x) = Σ_k r_k(x) (m_k - x) / s_k²
    p * N(0, σ² I) = Σ_k w_k N(x; m_k, diag (s_k² + σ²))

with the responsibilities r_k(x) = w_k N(x; m_k, s_k²) / p(x). A curve is a row of Gaussians closer together than they
are wide: what is left of the beads is less than a hundredth of the density.

Sources: moons after scikit-learn's `make_moons` with noise 0.1; spiral and curve after Alain (2018), §3.3.4 and §3.4.2,
the spiral with the factor t that its formula lacks in print; pinwheel after Johnson et al. (2016), Fig. 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from latentlab import device
from latentlab.data.dataset import DataError, Dataset, Kind, Splits

N_TRAIN, N_HELD_OUT = 10_000, 2_000
SEED = 0
CHUNK = 1 << 18  # pairs of a place and a component at once


@dataclass(frozen=True, eq=False)
class Density:
    """A finite mixture of Gaussians with diagonal covariances; evaluated in the precision and on the device of x.

    Attributes:
        means: (K, d) float64.
        stds: (K, d) float64, positive.
        log_weights: (K,) float64; their exponentials sum to 1.
        labels: (K,) int64: which class (moon, ring, arm) a component belongs to.
        classes: a name for each class.
    """

    means: Tensor
    stds: Tensor
    log_weights: Tensor
    labels: Tensor
    classes: tuple[str, ...] = ("data",)

    @property
    def dim(self) -> int:
        """d, the number of coordinates."""
        return self.means.shape[1]

    @property
    def box(self) -> tuple[Tensor, Tensor]:
        """The lowest and the highest corner, each (d,), of a box with nearly all of the mass: 3 standard deviations."""
        return (self.means - 3 * self.stds).amin(0), (self.means + 3 * self.stds).amax(0)

    def log_prob(self, x: Tensor) -> Tensor:
        """(N, d) -> (N,): log p(x) in nats."""
        return torch.cat([_log_sum_exp(part) for part in self._log_joint(x)])

    def score(self, x: Tensor) -> Tensor:
        """(N, d) -> (N, d): ∇ log p(x)."""
        precision = self.stds.to(x).square().reciprocal()
        weighted = precision * self.means.to(x)
        parts = [(r @ weighted, r @ precision) for r in (part.softmax(1) for part in self._log_joint(x))]
        pull, stiffness = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        return pull - stiffness * x

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        """(N, d) -> (N, d): E[clean | clean + σ ε = x], what an optimal denoising autoencoder gives (Miyasawa 1961)."""
        return x + sigma**2 * self.blurred(sigma).score(x)

    def draw_clean(self, noisy: Tensor, sigma: float, rng: torch.Generator) -> Tensor:
        """(N, d) -> (N, d): a draw of p(clean | clean + σ ε = noisy) for each place, exactly.

        A component k, by its share of the blurred density there, and then a Gaussian of precision 1 / s_k² + 1 / σ².
        """
        shares = torch.cat([part.softmax(1) for part in self.blurred(sigma)._log_joint(noisy)])
        k = torch.multinomial(shares, 1, generator=rng).squeeze(1)
        means, precisions = self.means.to(noisy)[k], self.stds.to(noisy)[k].square().reciprocal()
        variance = (precisions + sigma**-2).reciprocal()
        eps = torch.randn(noisy.shape, generator=rng, dtype=noisy.dtype, device=noisy.device)
        return (means * precisions + noisy / sigma**2) * variance + variance.sqrt() * eps

    def draw(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """n draws (n, d) in float64 and the class of each (n,), on the CPU, where `rng` lives."""
        cumulative = self.log_weights.exp().cumsum(0)
        chosen = torch.searchsorted(cumulative, torch.rand(n, generator=rng, dtype=torch.float64) * cumulative[-1])
        chosen = chosen.clamp(max=len(cumulative) - 1)
        noise = torch.randn(n, self.dim, generator=rng, dtype=torch.float64)
        return self.means[chosen] + self.stds[chosen] * noise, self.labels[chosen]

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        """n draws, (n, d) in float64."""
        return self.draw(n, rng)[0]

    def blurred(self, sigma: float) -> Density:
        """The density of x + σ ε with ε ~ N(0, I): every variance grows by σ².

        Raises:
            DataError: sigma isn't a positive number.
        """
        if not (math.isfinite(sigma) and sigma > 0):
            raise DataError(f"The noise sigma must be a positive number, not {sigma:g}.")
        return replace(self, stds=(self.stds.square() + sigma**2).sqrt())

    def nearest(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, d) -> the index (N,) of the nearest component's mean and the distance to it (N,).

        On a curve the index tells where along it: the components are numbered in order.
        """
        means = self.means.to(x)
        pairs = [torch.cdist(part, means).min(1) for part in x.split(max(1, CHUNK // len(means)))]
        return torch.cat([pair.indices for pair in pairs]), torch.cat([pair.values for pair in pairs])

    def _log_joint(self, x: Tensor) -> list[Tensor]:
        """log w_k N(x; m_k, s_k²) as (n, K) for each part of x: products of matrices, cheap for thousands of chains."""
        if x.dim() != 2 or x.shape[1] != self.dim:
            raise DataError(f"The places must be of shape (N, {self.dim}), not {tuple(x.shape)}.")
        centre = self.means.mean(0)  # differences of squares: keep them small
        means, places = (self.means - centre).to(x), x - centre.to(x)
        precision = self.stds.to(x).square().reciprocal()
        constant = self.log_weights - self.stds.log().sum(1) - self.dim / 2 * math.log(2 * math.pi)
        constant = constant.to(x) - 0.5 * (precision * means.square()).sum(1)
        factors = torch.cat([precision * means, -0.5 * precision], 1).T  # of x and of x²
        parts = torch.cat([places, places.square()], 1).split(max(1, CHUNK // len(means)))
        return [torch.addmm(constant, part, factors) for part in parts]


def _log_sum_exp(x: Tensor) -> Tensor:
    """(n, K) -> (n,) as `logsumexp(1)`, by way of the softmax, which is eight times as fast here."""
    most, where = x.max(1)
    return most - x.log_softmax(1).gather(1, where.unsqueeze(1)).squeeze(1)


def mixture(
    means: Tensor | Sequence[Sequence[float]],
    stds: Tensor | Sequence[float] | Sequence[Sequence[float]] | float,
    weights: Tensor | Sequence[float] | None = None,
    labels: Tensor | None = None,
    classes: tuple[str, ...] = ("data",),
) -> Density:
    """A mixture of K Gaussians in d dimensions.

    Args:
        means: (K, d).
        stds: one standard deviation for all, (K,) for each component, or (K, d) for each of its coordinates.
        weights: (K,), not negative; they are scaled to sum to 1. None: equal.
        labels: (K,) class of each component; None: all are of one class.
        classes: the names of the classes.

    Raises:
        DataError: no components, shapes that don't fit, or values that aren't finite or not positive.
    """
    m = torch.as_tensor(means, dtype=torch.float64)
    if m.dim() != 2 or not m.numel():
        raise DataError(f"A mixture needs means of shape (K, d), not {tuple(m.shape)}.")
    s = torch.as_tensor(stds, dtype=torch.float64)
    s = s.unsqueeze(1) if s.dim() == 1 else s
    w = torch.ones(len(m), dtype=torch.float64) if weights is None else torch.as_tensor(weights, dtype=torch.float64)
    if (s.dim() and (s.shape[0] != len(m) or s.shape[1] not in (1, m.shape[1]))) or w.shape != (len(m),):
        raise DataError("The means, the standard deviations and the weights of a mixture don't fit each other.")
    if not (m.isfinite().all() and s.isfinite().all() and w.isfinite().all()):
        raise DataError("The means, the standard deviations and the weights of a mixture must be finite numbers.")
    if not (s > 0).all() or not (w >= 0).all() or not w.sum() > 0:
        raise DataError("The standard deviations of a mixture must be positive, and its weights not negative.")
    of = torch.zeros(len(m), dtype=torch.int64) if labels is None else labels
    return Density(m, s.expand_as(m).clone(), (w / w.sum()).log(), of, classes)


def points(x: Tensor, width: float) -> Density:
    """A kernel estimate: a Gaussian of standard deviation `width` around each of the points (N, d)."""
    return mixture(x, width)


def load_toy(name: str) -> Splits:
    """10,000 / 2,000 / 2,000 draws, in float32, from one of `DENSITIES`; the same ones every time."""
    density = DENSITIES[name]
    x, y = density.draw(N_TRAIN + 2 * N_HELD_OUT, device.generator(SEED))
    kind = Kind.PLANE if density.dim == 2 else Kind.VECTOR
    data = Dataset(name, x.float(), y, density.classes, kind)
    end = N_TRAIN + N_HELD_OUT
    return Splits(data[:N_TRAIN], data[N_TRAIN:end], data[end:])


def _middles(n: int, low: float, high: float) -> Tensor:
    """The middles of n equal parts of [low, high]."""
    return low + (high - low) * (torch.arange(n, dtype=torch.float64) + 0.5) / n


def _plane(x: Tensor, y: Tensor) -> Tensor:
    return torch.stack([x, y], -1)


def _together(parts: Sequence[Tensor], std: float, classes: tuple[str, ...], weights: Tensor | None = None) -> Density:
    """One class for each part, a set of means (n, d)."""
    labels = torch.cat([torch.full((len(part),), label) for label, part in enumerate(parts)])
    return mixture(torch.cat(list(parts)), std, weights, labels, classes)


def _mixture() -> Density:
    means = [[-2.0, -0.5], [-0.6, 1.4], [0.3, -1.5], [1.2, 0.4], [2.2, 1.6]]
    stds = [[0.35, 0.35], [0.55, 0.3], [0.5, 0.35], [0.3, 0.5], [0.4, 0.4]]
    return mixture(means, stds, [0.25, 0.2, 0.2, 0.2, 0.15], torch.arange(5), _numbered(5))


def _moons() -> Density:
    t = _middles(100, 0, math.pi)
    upper, lower = _plane(t.cos(), t.sin()), _plane(1 - t.cos(), 0.5 - t.sin())
    return _together([upper, lower], 0.1, ("upper moon", "lower moon"))


def _rings() -> Density:
    angles = [_middles(n, 0, 2 * math.pi) for n in (64, 128, 192)]
    rings = [r * _plane(t.cos(), t.sin()) for r, t in zip((0.5, 1.0, 1.5), angles, strict=True)]
    return _together(rings, 0.06, ("inner ring", "middle ring", "outer ring"))


def _spiral() -> Density:
    t = _middles(1024, 3, 12)
    return mixture(0.04 * _plane(t * t.sin(), t * t.cos()), 0.003, classes=("spiral",))


def _pinwheel(n_arms: int = 5) -> Density:
    u = _middles(49, -3, 3)  # along an arm, in standard deviations
    radius = 1 + 0.3 * u
    arms = []
    for arm in range(n_arms):
        angle = 2 * math.pi * arm / n_arms + 0.25 * radius.exp()
        arms.append(1.5 * radius.unsqueeze(1) * _plane(angle.cos(), angle.sin()))
    weights = (-0.5 * u.square()).exp().repeat(n_arms)
    return _together(arms, 0.12, tuple(f"arm {k + 1}" for k in range(n_arms)), weights)


def _checkerboard() -> Density:
    corners = [(-2 + i, -2 + j) for i in range(4) for j in range(4) if (i + j) % 2 == 0]
    x, y = torch.meshgrid(_middles(10, 0, 1), _middles(10, 0, 1), indexing="ij")
    square = _plane(x, y).reshape(-1, 2)
    parts = [square + torch.tensor(corner, dtype=torch.float64) for corner in corners]
    return _together(parts, 0.07, tuple(f"square {k + 1}" for k in range(len(corners))))


def _curve(dim: int = 10) -> Density:
    k = torch.arange(dim, dtype=torch.float64)
    amplitude = 1.4 * torch.where(k % 2 == 0, 1.0, 0.8)
    t = _middles(2048, 0, 2 * math.pi).unsqueeze(1)
    return mixture(amplitude * ((1 + k % 3) * t + k * math.pi / 5).sin(), 0.01, classes=("curve",))


def _bumps() -> Density:
    labels = torch.arange(3)
    return mixture([[-1.2], [0.1], [1.4]], [0.25, 0.12, 0.35], [0.35, 0.25, 0.4], labels, ("left", "middle", "right"))


def _gaussian_ring(n: int = 8) -> Density:
    t = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n
    return mixture(2 * _plane(t.cos(), t.sin()), 0.1, labels=torch.arange(n), classes=_numbered(n))


def _gaussian_grid(side: int = 5) -> Density:
    places = torch.linspace(-2, 2, side, dtype=torch.float64)
    n = side**2
    return mixture(torch.cartesian_prod(places, places), 0.08, labels=torch.arange(n), classes=_numbered(n))


def _numbered(n: int) -> tuple[str, ...]:
    return tuple(f"Gaussian {k + 1}" for k in range(n))


DENSITIES: dict[str, Density] = {
    "mixture": _mixture(),
    "moons": _moons(),
    "rings": _rings(),
    "spiral": _spiral(),
    "pinwheel": _pinwheel(),
    "checkerboard": _checkerboard(),
    "gaussian-ring": _gaussian_ring(),
    "gaussian-grid": _gaussian_grid(),
    "curve": _curve(),
    "bumps": _bumps(),
    "gaussian": mixture([[1.0]], 0.5),
}
