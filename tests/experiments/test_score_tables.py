"""Scores of repeated trainings are kept as they are, and averaged as numpy does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.stats

from latentlab.experiments import score_tables
from latentlab.experiments.score_tables import MISSING, ScoreTable, aligned, grouped, mean_error, mean_of_each, mean_std


@dataclass(frozen=True)
class Layers:
    name: str
    seed: int
    bound: float
    kl: tuple[float, ...]


def test_scores_are_kept_and_read_again(tmp_path: Path) -> None:
    scores = [Layers("a, b", 0, -1.25, (0.5, 0.0)), Layers("c", 1, math.nan, (1e-7,))]
    path = tmp_path / "scores.csv"
    assert score_tables.read(Layers, path) == []
    score_tables.save(scores, path)
    first, second = score_tables.read(Layers, path)
    assert first == scores[0]
    assert (second.name, second.seed, second.kl) == ("c", 1, (1e-7,))
    assert math.isnan(second.bound)


def test_means_and_deviations_are_those_of_numpy() -> None:
    values = [0.123, 0.171, 0.099]
    mean, deviation = map(float, mean_std(values, 100).split(" ± "))
    assert abs(mean - 100 * np.mean(values)) <= 0.005
    assert abs(deviation - 100 * np.std(values, ddof=1)) <= 0.005
    assert mean_error(values, 100).split(" ± ")[0] == mean_std(values, 100).split(" ± ")[0]
    assert abs(float(mean_error(values, 100).split(" ± ")[1]) - 100 * scipy.stats.sem(values)) <= 0.005
    assert float(mean_std(values[:1])) == 0.12
    assert mean_std([0.1, math.nan]) == mean_std([]) == MISSING
    assert mean_of_each([(1, 2), (2, 4)], ".1f").split() == ["1.5", "3.0"]


def test_cells_of_a_column_begin_at_the_same_place() -> None:
    first, second = aligned([("a", "bcd"), ("longer", "x")]).splitlines()
    assert first.index("bcd") == second.index("x")


def test_the_scores_of_a_key_come_together_in_the_order_of_the_first_ones() -> None:
    b, a, c = Layers("b", 0, 1.0, ()), Layers("a", 0, 2.0, ()), Layers("b", 1, 3.0, ())
    found = grouped([b, a, c], lambda score: score.name)
    assert list(found.items()) == [("b", [b, c]), ("a", [a])]


def test_new_scores_take_the_place_of_those_that_share_their_key() -> None:
    a, b, other, new, c = (Layers(name, seed, 1.0, ()) for seed, name in enumerate("abaac"))
    assert score_tables.merged([a, b, other], [new, c], lambda score: score.name) == [b, new, c]


def test_a_table_keeps_other_parts_and_sorts(tmp_path: Path) -> None:
    a, b, again = Layers("a", 1, 1.0, ()), Layers("b", 0, 2.0, ()), Layers("a", 2, 3.0, ())
    table = ScoreTable(Layers, tmp_path / "scores.csv", part=lambda score: score.name, order=lambda score: score.seed)
    table.save([a, b])
    assert table.read() == [b, a]
    table.save([again])
    assert table.read() == [b, again]
    whole = ScoreTable(Layers, table.path)
    whole.save([a])
    assert whole.read() == [a]
