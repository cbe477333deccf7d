"""Analogies against explicit loops, and the usage of style and class against decoders whose variance is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from latentlab import device
from latentlab.analysis.conditional import analogies as module
from latentlab.analysis.conditional.analogies import analogies, in_every_class, usage, usage_of
from tests.conftest import mentions, naming, numbers_in

K, D = 4, 3
RNG = device.generator(0)
OF_Z = torch.randn(D, 12, generator=RNG)
OF_Y = torch.randn(K, 12, generator=RNG)
OF_BOTH = torch.randn(K, D, 12, generator=RNG)


def encode(x: Tensor, y: Tensor) -> Tensor:
    return x.flatten(1)[:, :D] * (y[:, None] + 1)


def additive(z: Tensor, y: Tensor) -> Tensor:
    return (z @ OF_Z + OF_Y[y]).reshape(-1, 1, 3, 4)


def entangled(z: Tensor, y: Tensor) -> Tensor:
    return additive(z, y) + torch.einsum("bd,bdp->bp", z, OF_BOTH[y]).reshape(-1, 1, 3, 4)


def test_a_sheet_is_what_two_loops_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 7)
    x, y = torch.rand(9, 1, 3, 4, generator=RNG), torch.arange(9) % K
    found = analogies(encode, entangled, x, y, K)
    assert found.examples.shape == (9, K, 1, 3, 4)
    assert found.y.tolist() == y.tolist()
    for i in range(9):
        z = encode(x[i : i + 1], y[i : i + 1])
        np.testing.assert_allclose(found.z[i], z[0], rtol=1e-6)
        for k in range(K):
            np.testing.assert_allclose(found.examples[i, k], entangled(z, torch.tensor([k]))[0], rtol=1e-4, atol=1e-5)


def test_a_linear_decoder_has_the_shares_that_its_weights_say() -> None:
    found = usage(additive, torch.randn(20_000, D, generator=RNG), K)
    of_z = float(OF_Z.square().sum())  # Var z = I
    of_y = float((OF_Y - OF_Y.mean(0)).square().sum() / K)
    assert found.variance == pytest.approx(of_z + of_y, rel=0.02)
    assert found.z == pytest.approx(of_z / (of_z + of_y), rel=0.02)
    assert found.y == pytest.approx(of_y / (of_z + of_y), rel=0.02)
    assert found.both == pytest.approx(0, abs=1e-6)


def test_what_style_and_class_say_together_is_a_share_of_its_own() -> None:
    found = usage(entangled, torch.randn(20_000, D, generator=RNG), K)
    middle = OF_BOTH.mean(0)
    of_z, of_both = float((OF_Z + middle).square().sum()), float((OF_BOTH - middle).square().sum() / K)
    of_y = float((OF_Y - OF_Y.mean(0)).square().sum() / K)
    total = of_z + of_y + of_both
    assert [found.z, found.y, found.both] == pytest.approx([of_z / total, of_y / total, of_both / total], rel=0.03)
    assert found.of_z == pytest.approx((of_z + of_both) / total, rel=0.03)
    assert found.of_y == pytest.approx((of_y + of_both) / total, rel=0.03)


def test_few_styles_give_the_same_on_average() -> None:
    many = usage(entangled, torch.randn(20_000, D, generator=RNG), K)
    draws = [usage(entangled, torch.randn(4, D, generator=RNG), K) for _ in range(2_000)]
    for part in ("z", "y", "both"):
        mean = np.mean([getattr(one, part) * one.variance for one in draws])
        assert mean == pytest.approx(getattr(many, part) * many.variance, rel=0.06)


def test_the_errors_of_the_shares_are_those_of_leaving_one_style_out() -> None:
    cells = in_every_class(entangled, torch.randn(12, D, generator=RNG), K)
    left = [usage_of(np.delete(cells, i, 0)) for i in range(12)]
    for part, found in zip(("z", "y", "both"), usage_of(cells).std_errors, strict=True):
        shares = np.array([getattr(one, part) for one in left])
        assert found == pytest.approx(np.sqrt(11 / 12 * np.square(shares - shares.mean()).sum()), rel=1e-4)
    assert np.isnan(usage_of(cells[:2]).std_errors).all()


def test_the_errors_of_the_shares_are_how_much_they_vary() -> None:
    draws = [usage(entangled, torch.randn(40, D, generator=RNG), K) for _ in range(400)]
    for part, errors in zip(("z", "y", "both"), zip(*(one.std_errors for one in draws), strict=True), strict=True):
        assert np.mean(errors) == pytest.approx(np.std([getattr(one, part) for one in draws]), rel=0.2)


def test_a_decoder_that_ignores_its_style_or_its_class_is_told() -> None:
    z = torch.randn(50, D, generator=RNG)
    no_z, no_y = (usage(decode, z, K) for decode in (lambda z, y: additive(0 * z, y), lambda z, y: additive(z, 0 * y)))
    assert [no_z.of_z, no_y.of_y] == pytest.approx([0, 0], abs=1e-9)
    assert [no_z.y, no_y.z] == pytest.approx([1, 1])
    assert mentions(no_z.verdict, "z")
    assert not mentions(no_z.verdict, "y")
    assert mentions(no_y.verdict, "y")
    assert not mentions(no_y.verdict, "z")
    neither = usage(lambda z, _y: torch.full((len(z), 1, 3, 4), 0.3), z, K)
    assert (neither.z, neither.y, neither.both, neither.variance) == (0, 0, 0, 0)
    assert mentions(neither.verdict, "z", "y")
    used = usage(additive, z, K)
    assert mentions(used.verdict, "z", f"{used.of_z:.0%}", "y", f"{used.of_y:.0%}")
    assert [numbers_in(found.verdict) for found in (no_z, no_y, neither)] == [[], [], []]


@pytest.mark.parametrize(
    ("x", "y", "n_classes", "named"),
    [
        (torch.rand(0, 12), torch.zeros(0), K, ("example",)),
        (torch.rand(3, 12), torch.tensor([0, 1, K]), K, (0, K - 1, K)),
        (torch.rand(2, 12), torch.tensor([0, -1]), K, (0, K - 1, -1)),
        (torch.rand(2, 12), torch.tensor([0]), K, (2, 1)),
        (torch.rand(2, 12), torch.tensor([0, 0]), 1, ("classes",)),
    ],
)
def test_bad_input_is_one_sentence(x: Tensor, y: Tensor, n_classes: int, named: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=naming(*named)) as found:
        analogies(encode, additive, x, y, n_classes)
    assert "\n" not in str(found.value)


def test_no_style_or_a_single_one_is_one_sentence() -> None:
    with pytest.raises(ValueError, match="style"):
        in_every_class(additive, torch.zeros(0, D), K)
    with pytest.raises(ValueError, match="style"):
        usage(additive, torch.zeros(1, D), K)
    with pytest.raises(ValueError, match="classes"):
        usage_of(np.zeros((5, 1, 2), np.float32))
