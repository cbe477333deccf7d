"""Curvature against explicit Hessians, quadratics whose spectrum is known, and closed forms."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from latentlab import device
from latentlab.analysis.curvature import tracking
from latentlab.analysis.curvature.eigenpairs import block, blocks, extreme, shares
from latentlab.analysis.curvature.lines import along, best_step, surface
from latentlab.analysis.curvature.objective import NotFiniteError, Objective, objective_of
from latentlab.analysis.curvature.sharpness import sharpness
from latentlab.analysis.curvature.spectrum import density
from latentlab.analysis.curvature.subsets import difference, of_subsets
from latentlab.data import Kind, Splits
from latentlab.models import MODELS, Spec, Trains
from latentlab.nn.initialise import initialise

Doubles = NDArray[np.float64]
N = 16  # digits
SIZE = 1378  # parameters of the digits classifier of the source's experiment in small


def model_of(name: str, **knobs: object) -> Trains:
    model = MODELS[name](MODELS[name].Config(**knobs), Spec((1, 8, 8), 10, Kind.IMAGE))
    assert isinstance(model, Trains)
    initialise(model, device.generator(0))
    return model


@pytest.fixture(scope="module")
def classifier(few_digits: Splits) -> Objective:
    model = model_of("cnn", width=4, hidden=24, kernel=3, dropout=0.0)
    return objective_of(model, few_digits.train[:N])


@pytest.fixture(scope="module")
def hessian(classifier: Objective, few_digits: Splits) -> Doubles:
    """Of the network written out again, column by column."""
    shapes = [p.shape for p in classifier.parameters]
    data = few_digits.train[:N].batch()

    def loss(theta: Tensor) -> Tensor:
        k1, b1, k2, b2, w1, c1, w2, c2 = (
            part.reshape(shape) for part, shape in zip(theta.split([s.numel() for s in shapes]), shapes, strict=True)
        )
        h = F.max_pool2d(F.conv2d(2 * data.x.double() - 1, k1, b1, padding=1).relu(), 2)
        h = F.max_pool2d(F.conv2d(h, k2, b2, padding=1).relu(), 2).flatten(1)
        return F.cross_entropy((h @ w1.T + c1).relu() @ w2.T + c2, data.y)

    theta = torch.from_numpy(classifier.theta)
    found = torch.autograd.functional.hessian(loss, theta, vectorize=True)
    assert isinstance(found, Tensor)
    return found.numpy()


def test_products_are_those_of_the_explicit_hessian(classifier: Objective, hessian: Doubles) -> None:
    assert classifier.size == SIZE
    scale = np.abs(hessian).max()
    units = np.eye(SIZE)[:: SIZE // 40]
    for k, unit in zip(range(0, SIZE, SIZE // 40), units, strict=True):
        np.testing.assert_allclose(classifier.product(unit), hessian[k], rtol=0, atol=1e-12 * scale)
    u, v = np.random.default_rng(1).normal(size=(2, SIZE))
    assert u @ classifier.product(v) == pytest.approx(v @ classifier.product(u), rel=1e-10)
    assert np.array_equal(classifier.product(v), classifier.product(v))  # the same subset, the same bits


@pytest.mark.parametrize("largest", [True, False])
def test_eigenpairs_are_those_of_the_explicit_hessian(classifier: Objective, hessian: Doubles, largest: bool) -> None:
    found = extreme(classifier.product, SIZE, 2, largest=largest, tolerance=1e-7)
    values = np.linalg.eigvalsh(hessian)[::-1]
    expected = values[:2] if largest else values[-2:]
    np.testing.assert_allclose(found.values, expected, rtol=0, atol=1e-12 * np.abs(values).max())
    assert found.residuals.max() < 1e-6
    np.testing.assert_allclose(found.vectors.T @ found.vectors, np.eye(2), atol=1e-12)
    assert found.n_products > 20


def test_layers_have_the_blocks_of_the_explicit_hessian(classifier: Objective, hessian: Doubles) -> None:
    parts = classifier.layers
    assert list(parts) == ["conv1", "conv2", "fc1", "logits"]
    assert [p.stop - p.start for p in parts.values()] == [40, 296, 792, 250]
    for found in blocks(classifier.product, parts):
        part = parts[found.layer]
        values = np.linalg.eigvalsh(hessian[part, part])
        assert (found.smallest, found.largest) == pytest.approx((values[0], values[-1]), abs=1e-4 * values[-1])
    v = np.zeros(SIZE)
    v[parts["fc1"]] = 3.0
    assert shares(v, parts) == {"conv1": 0, "conv2": 0, "fc1": 1, "logits": 0}


def test_the_examples_may_come_in_parts(classifier: Objective, few_digits: Splits) -> None:
    model = model_of("cnn", width=4, hidden=24, kernel=3, dropout=0.0)
    in_parts = objective_of(model, few_digits.train[:N], chunk=7)
    v = np.random.default_rng(2).normal(size=SIZE)
    assert in_parts.loss() == pytest.approx(classifier.loss(), rel=1e-13)
    np.testing.assert_allclose(in_parts.gradient(), classifier.gradient(), atol=1e-14)
    np.testing.assert_allclose(in_parts.product(v), classifier.product(v), atol=1e-12)


@pytest.mark.parametrize(("name", "knobs"), [("vae", {"hidden": 16}), ("m2", {"hidden": 8}), ("dae", {"hidden": 16})])
def test_the_noise_of_a_loss_stays_the_same(few_digits: Splits, name: str, knobs: dict[str, object]) -> None:
    found = objective_of(model_of(name, **knobs), few_digits.train[:20])
    theta, v = found.theta, np.random.default_rng(0).normal(size=found.size)
    assert found.loss() == found.loss()
    product, step = found.product(v), 1e-4 / np.linalg.norm(v)
    slopes = []
    for sign in (1, -1):
        found.move(theta + sign * step * v)
        slopes.append(found.gradient())
    found.move(theta)
    np.testing.assert_allclose((slopes[0] - slopes[1]) / (2 * step), product, atol=1e-5 * np.abs(product).max())
    assert found.parameters[0].dtype == torch.float64


def test_what_has_no_hessian_is_said(few_digits: Splits) -> None:
    with pytest.raises(ValueError, match="2"):
        objective_of(model_of("gan"), few_digits.train[:5])
    with pytest.raises(ValueError, match="examples"):
        objective_of(model_of("cnn"), few_digits.train[:0])
    broken = model_of("mlp", depth=1, hidden=8)
    with torch.no_grad():
        next(broken.parameters()).fill_(torch.nan)
    found = objective_of(broken, few_digits.train[:5])
    assert found.loss() == np.inf
    for derivative in (found.gradient, lambda: found.product(np.ones(found.size))):
        with pytest.raises(NotFiniteError):
            derivative()


# --- quadratics ----------------------------------------------------------------------------------------------------


SPECTRUM = np.array([-2.0, -0.5, *np.linspace(0.01, 1.0, 116), 5.0, 9.0])


@pytest.fixture(scope="module")
def bowl() -> Doubles:
    """(120, 120), symmetric, of that spectrum."""
    q = np.linalg.qr(np.random.default_rng(3).normal(size=(120, 120)))[0]
    found: Doubles = (q * SPECTRUM) @ q.T
    return found


def test_a_known_spectrum_is_found(bowl: Doubles) -> None:
    product = bowl.__matmul__
    assert extreme(product, 120, 3, largest=True).values == pytest.approx([9.0, 5.0, 1.0], rel=1e-3)
    low = extreme(product, 120, 2, largest=False)
    assert low.values == pytest.approx([-0.5, -2.0], rel=1e-3)
    assert extreme(product, 120, 2, largest=False).values.tolist() == low.values.tolist()
    shifted = extreme(lambda v: bowl @ v + 0.2 * v, 120, 2, largest=False, tolerance=0)  # an L2 penalty of 0.1
    exact = extreme(product, 120, 2, largest=False, tolerance=0)
    np.testing.assert_allclose(shifted.values, exact.values + 0.2, atol=1e-12)
    small = extreme(block(product, 120, slice(5, 9)), 4, 2, largest=True)
    assert small.values == pytest.approx(np.linalg.eigvalsh(bowl[5:9, 5:9])[::-1][:2])


def test_the_density_has_the_sums_of_the_spectrum(bowl: Doubles) -> None:
    found = density(bowl.__matmul__, 120, n_vectors=60, n_steps=30)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.trace == pytest.approx(120 * (found.weights @ found.nodes))
    assert abs(found.trace - SPECTRUM.sum()) < 3 * found.trace_error < 0.2 * SPECTRUM.sum()
    assert found.share_below(0.0) == pytest.approx(2 / 120, rel=0.3)
    assert (found.nodes[0], found.nodes[-1]) == pytest.approx((-2.0, 9.0), rel=1e-6)
    diagonal = density(SPECTRUM.__mul__, 120, n_vectors=2, n_steps=5)  # of which each random vector has the trace
    assert diagonal.trace == pytest.approx(SPECTRUM.sum(), rel=1e-12)
    assert diagonal.trace_error < 1e-10


def test_the_best_steps_in_a_bowl_are_newtons() -> None:
    values, b = np.array([0.3, 2.0, 40.0]), np.array([1.0, -0.7, 3.0])
    q = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    a = (q * values) @ q.T

    def loss(x: Doubles) -> float:
        return float(x @ a @ x / 2 - b @ x)

    here = np.zeros(3)
    total = here.copy()
    for value, v in zip(values, q.T, strict=True):
        c = float(-b @ v)
        best = best_step(loss, here, v, c)
        assert best.alpha == pytest.approx(1 / value, rel=1e-3)
        assert best.change == pytest.approx(-(c**2) / (2 * value), rel=1e-6)
        assert not best.at_limit
        total -= c * v / value
        line = along(loss, here, v, value, c, np.linspace(-1, 1, 7))
        np.testing.assert_allclose(line.exact, line.quadratic, atol=1e-12)
        turned = along(loss, here, -v, value, -c, np.linspace(-1, 1, 7))
        np.testing.assert_allclose(turned.exact, line.exact, atol=1e-12)
    np.testing.assert_allclose(total, np.linalg.solve(a, b), atol=1e-10)
    plane = surface(loss, here, q[:, 0], q[:, 2], (1.0, 0.5), 5)
    assert plane[1, 3] == pytest.approx(loss(0.5 * q[:, 0] - 0.25 * q[:, 2]))
    assert best_step(lambda x: 1.0, here, q[:, 0], 1.0).alpha == 0.0  # noqa: ARG005
    assert best_step(lambda x: float(x @ q[:, 0]), here, q[:, 0], 1.0).at_limit


def test_off_the_parabola_a_smooth_loss_goes_with_the_cube(few_digits: Splits) -> None:
    """Halving α divides what the parabola misses by eight; of rectifiers, whose kinks H doesn't see, by four."""
    found = objective_of(model_of("mlp", depth=2, hidden=16, activation="tanh"), few_digits.train[:N])
    g = found.gradient()
    v = g / np.linalg.norm(g)  # any direction, with vᵀHv for λ
    alphas = np.array([0.04, 0.02, 0.01])
    line = along(found.loss, found.theta, v, float(v @ found.product(v)), float(g @ v), alphas)
    missed = line.exact - line.quadratic
    assert missed[:-1] / missed[1:] == pytest.approx([8.0, 8.0], rel=0.1)


def test_a_subset_of_all_examples_misses_nothing(bowl: Doubles) -> None:
    full = extreme(bowl.__matmul__, 120, 3, largest=False, tolerance=0)
    same = difference(full, full, largest=False)
    assert (same.largest_error, same.extreme_error, same.angle) == pytest.approx((0, 0, 0), abs=1e-5)
    assert same.cosine == pytest.approx(1.0)
    turned = full.vectors.copy()
    angle = np.radians(30)
    other = extreme(bowl.__matmul__, 120, 1, largest=True).vectors[:, 0]
    turned[:, -1] = np.cos(angle) * full.vectors[:, -1] + np.sin(angle) * other
    changed = type(full)(full.values * [1.0, 1.1, 1.25], turned, full.residuals, 0)
    apart = difference(changed, full, largest=False)
    assert (apart.largest_error, apart.extreme_error) == pytest.approx((0.25, 0.25))
    assert (apart.angle, apart.smallest_angle) == pytest.approx((30.0, 0.0), abs=1e-4)
    assert apart.cosine == pytest.approx(np.cos(angle))


def test_the_hessians_of_fewer_examples_are_compared_with_that_of_the_most(few_digits: Splits) -> None:
    model = model_of("mlp", depth=1, hidden=4)
    found = list(of_subsets(lambda n: objective_of(model, few_digits.train[:n]), [N, 8, 4], 2))
    assert [(one.n, one.end) for one in found] == [(n, end) for n in (N, 8, 4) for end in ("LA", "SA")]
    for one in found:
        full = objective_of(model, few_digits.train[:N])
        pairs = extreme(full.product, full.size, 2, largest=one.end == "LA")
        error = abs(one.value / pairs.values[0 if one.end == "LA" else -1] - 1)
        assert one.apart.extreme_error == pytest.approx(error, abs=1e-9)
        assert (one.apart.largest_error == 0) == (one.n == N)


def test_following_finds_the_lowest_unless_the_step_is_too_long(bowl: Doubles) -> None:
    product = bowl.__matmul__
    ritz = tracking.follow(product, 120, 150)
    shifted = tracking.follow(product, 120, 600, rate=0.9 / 9.0)
    printed = tracking.follow(product, 120, 600, rate=2 * 0.5)  # η = 0.5, beyond 1/(λ_1 + λ_d) = 0.14
    assert ritz[-1] == pytest.approx(-2.0, rel=1e-3)
    assert shifted[-1] == pytest.approx(-2.0, rel=1e-3)
    assert printed[-1] == pytest.approx(9.0, rel=1e-3)
    assert (np.diff(ritz) <= 1e-12).all()
    assert (np.diff(shifted) <= 1e-12).all()
    v, quotient = tracking.ritz_step(lambda v: 3.0 * v, np.array([1.0, 0.0]))  # an eigenvector stays
    assert (v.tolist(), quotient) == ([1.0, 0.0], 3.0)


def test_steps_are_too_long_where_the_largest_eigenvalue_is_above_two_over_the_rate() -> None:
    found = sharpness([0, 4], [1.0, 16.0], np.full(5, 0.5))  # 1, 2, 4, 8, 16 against 4
    assert found.largest == pytest.approx([1, 2, 4, 8, 16])
    assert found.share_above == pytest.approx(2 / 5)
    assert sharpness([0, 4], [1.0, 16.0], np.full(5, 0.5), momentum=0.9).bearable == pytest.approx([7.6] * 5)
    assert sharpness([0], [5.0], np.zeros(3)).share_above == 0.0


def test_a_linear_loss_has_no_curvature() -> None:
    w = nn.Parameter(torch.ones(3, dtype=torch.float64))

    def parts() -> Iterator[Tensor]:
        yield (torch.arange(3.0) * w).sum()

    found = Objective({"w": w}, parts, 1)
    assert found.product(np.ones(3)).tolist() == [0.0, 0.0, 0.0]
    assert found.gradient().tolist() == [0.0, 1.0, 2.0]
