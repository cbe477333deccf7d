"""The experiment on factors: its codes are what they are called, and its scores are kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from latentlab.__main__ import main
from latentlab.data import Splits, load
from latentlab.experiments import factor_grid, factors
from latentlab.experiments.factor_grid import GridScore
from latentlab.experiments.factors import CODES, TRAINED

SMALL = {"epochs": 1, "batch_size": 500}


@pytest.fixture(scope="module")
def few() -> Splits:
    return Splits(*(part[:n] for part, n in zip(load("shapes"), (2_000, 150, 150), strict=True)))


@pytest.mark.training
def test_every_code_is_scored_and_kept(tmp_path: Path, few: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "REPORTED_BATCHES", 400)
    knobs = {"z_dim": 5, "hidden": 8, "likelihood": "gray-bernoulli"}
    scores = list(factors.run((3,), few, knobs, SMALL))
    assert [(score.code, score.seed) for score in scores] == [(code, 3) for code in CODES]
    by_code = {score.code: score for score in scores}
    assert by_code["factors"].beta_vae == by_code["factors"].factor_vae == by_code["factors"].of_numbers == 1
    placed = by_code["x, y, size"]  # an angle is named by exclusion, but not if it may be a shape
    assert placed.of_numbers > 0.97
    assert placed.beta_vae == pytest.approx(0.8, abs=0.08)
    assert by_code["factors"].mig > 0.9
    assert np.isnan(by_code["pixels"].mig)
    assert max(by_code[name].mig for name in CODES[2:] if name != "pixels") < 0.5
    assert {name for name in TRAINED if np.isnan(by_code[name].reconstruction)} == {"InfoGAN"}  # it has no likelihood
    path = tmp_path / "scores.csv"
    factors.TABLE.at(path).save(scores)
    assert [(one.code, one.seed) for one in factors.TABLE.at(path).read()] == [(one.code, one.seed) for one in scores]
    assert [row["seeds"] for row in factors.table_rows(factors.TABLE.at(path).read())] == ["1"] * len(CODES)


@pytest.mark.training
def test_a_stronger_beta_leaves_fewer_dimensions_in_use(tmp_path: Path, few: Splits) -> None:
    scores = list(factor_grid.run((0,), few, (0.5, 30.0), (2,), {"epochs": 6, "batch_size": 50}))
    weak, strong = scores
    assert (weak.beta, strong.beta) == (0.5, 30.0)
    assert weak.active > strong.active == 0
    assert weak.reconstruction < strong.reconstruction
    path = tmp_path / "grid.csv"
    factor_grid.TABLE.at(path).save(scores)
    assert [(one.beta, one.z_dim, one.active) for one in factor_grid.TABLE.at(path).read()] == [
        (0.5, 2, weak.active),
        (30.0, 2, 0),
    ]


def test_a_grid_is_the_mean_over_seeds() -> None:
    scores = [GridScore(4.0, 10, seed, value, 0.1, 3, 30.0) for seed, value in enumerate((0.4, 0.6))]
    found = factor_grid.on_grid(scores, lambda one: one.beta_vae)
    row, column = factor_grid.SIZES.index(10), factor_grid.BETAS.index(4.0)
    assert found[row, column] == pytest.approx(0.5)
    assert np.isnan(found).sum() == found.size - 1


def test_the_grid_that_ships_has_every_cell_and_those_of_the_table() -> None:
    scores = factor_grid.TABLE.read()
    cells = {(one.beta, one.z_dim, one.seed): one for one in scores}
    seeds = {one.seed for one in scores}
    assert cells.keys() == {(b, d, k) for b in factor_grid.BETAS for d in factor_grid.SIZES for k in seeds}
    table = {(score.code, score.seed): score for score in factors.TABLE.read()}
    for seed in seeds:
        for code, beta in (("VAE", 1.0), ("β-VAE, β = 4", 4.0)):
            cell, known = cells[beta, factors.KNOBS["z_dim"], seed], table[code, seed]
            assert cell.beta_vae == pytest.approx(known.beta_vae, abs=0.02)
            assert cell.mig == pytest.approx(known.mig, abs=0.01)
            assert cell.active == known.active
            assert cell.reconstruction == pytest.approx(known.reconstruction, rel=0.01)
        for z_dim in factor_grid.SIZES:  # a stronger β costs detail, and leaves no more dimensions in use
            own = [cells[beta, z_dim, seed] for beta in factor_grid.BETAS]
            assert [one.reconstruction for one in own] == sorted(one.reconstruction for one in own)
            assert own[0].active >= own[-1].active


def test_the_command_keeps_each_seed_of_the_grid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(seeds: tuple[int, ...]) -> Iterator[GridScore]:
        for seed in seeds:
            assert {one.seed for one in factor_grid.TABLE.read()} == set(range(seed))  # those before it are kept
            yield from (GridScore(beta, 5, seed, 0.5 + seed / 10, 0.1, 3, 30.0) for beta in factor_grid.BETAS)

    monkeypatch.setattr(factor_grid, "TABLE", factor_grid.TABLE.at(tmp_path / "grid.csv"))
    monkeypatch.setattr(factor_grid, "run", found)
    assert main(["reproduce", "factors-grid", "--data", factors.DATA, "--seeds", "2"]) == 0
    assert [(one.beta, one.seed) for one in factor_grid.TABLE.read()] == [
        (b, k) for k in (0, 1) for b in factor_grid.BETAS
    ]
    assert "60.00" in capsys.readouterr().out


def test_data_whose_factors_are_not_known_are_refused(digits: Splits) -> None:
    with pytest.raises(ValueError, match="digits"):
        factors.held_out(digits)
