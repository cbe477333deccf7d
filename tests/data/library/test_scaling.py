"""Vectors come to lie between 0 and 1, and can be taken back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from latentlab import device
from latentlab.data import Library
from latentlab.data.files.options import ReadOptions, Scaling
from latentlab.data.files.tables.fills import squeezed
from latentlab.data.library.scaling import about, fitted, unit_scale
from tests.conftest import mentions, numbers_in


def test_each_number_is_scaled_by_its_own_range_as_scikit_learn_does() -> None:
    x = torch.randn(50, 4, generator=device.generator(0)) * torch.tensor([1.0, 100.0, 1e-3, 7.0]) + 3
    scale = unit_scale(x)
    assert scale is not None
    assert not scale.is_shared
    unit = scale.to_unit(x)
    np.testing.assert_allclose(unit.numpy(), MinMaxScaler().fit_transform(x.double().numpy()), atol=1e-6)
    assert unit.min(0).values.tolist() == [0] * 4
    assert unit.max(0).values.tolist() == [1] * 4
    torch.testing.assert_close(scale.back(unit), x, rtol=1e-5, atol=1e-6)
    assert numbers_in(about(scale, Scaling.RANGE)) == [0, 1]  # to where each goes; no range is that of all


def test_pixels_share_one_scale() -> None:
    x = torch.tensor([[0.0, 0, 16, 0, 0], [16, 16, 0, 3, 0]])  # the last pixel is always black
    scale = unit_scale(x)
    assert scale is not None
    assert scale.is_shared
    torch.testing.assert_close(scale.to_unit(x), x / 16)
    assert mentions(about(scale, Scaling.RANGE), "0 … 16")


def test_fewer_than_half_on_the_whole_range_share_nothing() -> None:
    x = torch.tensor([[0.0, 0, 0], [16, 3, 4]])
    scale = unit_scale(x)
    assert scale is not None
    assert scale.to_unit(x).tolist() == [[0, 0, 0], [1, 1, 1]]


def test_what_lies_between_0_and_1_is_left_alone() -> None:
    assert unit_scale(torch.tensor([[0.2, 0.5], [0.3, 1.0]])) is None
    assert unit_scale(torch.tensor([[0.2, 0.5], [0.3, 1.001]])) is not None


@pytest.mark.parametrize("x", [[[5.0, 5], [5, 5]], [[-3e38, 1], [3e38, 2]], [[7.0, -1e-30], [7, 1e-30]]])
def test_what_never_varies_and_what_spans_more_than_float32(x: list[list[float]]) -> None:
    scale = unit_scale(torch.tensor(x))
    assert scale is not None
    unit = scale.to_unit(torch.tensor(x))
    assert 0 <= unit.min() <= unit.max() <= 1
    torch.testing.assert_close(scale.back(unit), torch.tensor(x))


SKLEARN = {Scaling.RANGE: MinMaxScaler, Scaling.STANDARD: StandardScaler, Scaling.ROBUST: RobustScaler}


@pytest.mark.parametrize("how", Scaling)
@pytest.mark.parametrize("shape", [(60, 4), (30, 5, 4)])
def test_each_scale_is_that_of_scikit_learn_by_the_examples_for_training(how: Scaling, shape: tuple[int, ...]) -> None:
    rng = device.generator(1)
    factors = torch.tensor([1.0, 300.0, 1e-3, 7.0])
    train, test = (torch.randn(shape, generator=rng) * factors + 3 for _ in range(2))
    scale = fitted(train, how)
    assert scale is not None
    assert scale.low.shape == shape[1:]
    known = SKLEARN[how]().fit(train.double().numpy().reshape(-1, 4)).transform(test.double().numpy().reshape(-1, 4))
    np.testing.assert_allclose(scale.to_unit(test).numpy().reshape(-1, 4), known, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(scale.back(scale.to_unit(test)), test, rtol=1e-4, atol=1e-4)
    assert about(scale, how)


def test_what_hardly_varies_is_not_blown_up() -> None:
    mostly_zero = torch.zeros(40, 3)
    mostly_zero[:5, 0], mostly_zero[:, 1] = 9.0, 7.0
    mostly_zero[:, 2] = torch.arange(40.0)
    scale = fitted(mostly_zero, Scaling.ROBUST)
    assert scale is not None
    assert scale.span.tolist() == pytest.approx([float(mostly_zero[:, 0].double().std(correction=0)), 1.0, 19.5])


@pytest.mark.parametrize("how", Scaling)
def test_a_scale_is_kept_and_nothing_of_the_test_part_is_in_it(tmp_path: Path, how: Scaling) -> None:
    """One reading of the test part is a million: only the range of everything would change by it."""
    rng, rows = np.random.default_rng(0), np.arange(200)
    flow = rng.normal(20, 2, 200)
    flow[190] = 1e6
    part = np.where(rows < 150, "train", np.where(rows < 175, "valid", "test"))
    lines = [f"{a},{b},{word}" for a, b, word in zip(flow, rng.normal(size=200), part, strict=True)]
    (tmp_path / "plant.csv").write_text("\n".join(["flow,level,split", *lines]))
    library = Library(tmp_path / "library")
    name = library.add(tmp_path / "plant.csv", ReadOptions(scaling=how))
    train, _, test = library.load(name)
    known = SKLEARN[how]().fit_transform(library.open(name).splits.train.x.double().numpy())
    np.testing.assert_allclose(train.x.numpy(), known, atol=1e-4)
    assert train.scale is not None
    assert test.x.max() > 1e4
    raw = library.open(name).splits.test
    np.testing.assert_allclose(train.scale.back(test.x).numpy(), raw.x.numpy(), rtol=1e-5, atol=1e-4)
    assert any(mentions(one, "flow", "--scaling") for one in library.card(name).summary) == (how is Scaling.RANGE)


def test_columns_that_a_few_numbers_squeeze_are_named() -> None:
    x = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    assert squeezed(x, ("a", "b", "c")) == []
    x[7, 1], x[9, 2] = 1e4, 20
    assert squeezed(x, ("a", "b", "c")) == ["b"]
    assert squeezed(x, ()) == []
