"""What ships can be opened: a name that changed in a model would be noticed nowhere else."""

from __future__ import annotations

import pytest

from latentlab.experiments.recipes import RECIPES
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED


@pytest.mark.parametrize("run_id", [recipe.id for recipe in RECIPES])
def test_every_run_that_ships_loads_with_its_snapshots_and_examples(run_id: str) -> None:
    run = SHIPPED_RUNS.read(run_id)
    for epoch in (None, *SHIPPED_RUNS.snapshots(run_id)):
        assert SHIPPED_RUNS.load(run_id, epoch).size == run.size
    assert SHIPPED_RUNS.examples(run_id).spec == run.spec


def test_what_ships_is_what_the_recipes_make_and_small() -> None:
    assert {row.id for row in SHIPPED_RUNS.rows()} == {recipe.id for recipe in RECIPES}
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*") if path.is_file()) < 60e6
