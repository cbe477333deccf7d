"""The five layers that ship show what the papers say: plain ones collapse, and each addition helps."""

from __future__ import annotations

import numpy as np
import pytest

from latentlab import device
from latentlab.analysis.latent.layer_usage import layer_usage, usage_history
from latentlab.analysis.verdict import of_layers
from latentlab.models import Layered
from latentlab.runs import unit_kl
from latentlab.runs.shipped import SHIPPED_RUNS
from tests.conftest import mentions

RUNS = tuple(f"digits-five-layers{end}" for end in ("", "-bn", "-warmup", "-lvae"))  # each is better than the last


def test_each_addition_makes_the_likelihood_higher() -> None:
    bounds = [SHIPPED_RUNS.read(run_id).metrics["bound_200"] for run_id in RUNS]
    assert bounds == sorted(bounds)
    assert bounds[-1] - bounds[0] > 1  # nats


@pytest.mark.parametrize("run_id", RUNS)
def test_without_normalisation_all_layers_but_the_first_are_unused(run_id: str) -> None:
    run, model, rng = SHIPPED_RUNS.read(run_id), SHIPPED_RUNS.load(run_id), device.generator(0)
    assert isinstance(model, Layered)
    found = layer_usage(lambda x: model.unit_kl(x, rng), SHIPPED_RUNS.examples(run_id).batch().x, n_draws=5)
    said = of_layers(found, run.config, run.train)
    if run_id == RUNS[0]:
        assert all(abs(layer.total) < 0.05 for layer in found[1:])
        assert mentions(said, "z2", "z3", "z4", "z5")
    else:
        assert all(layer.total > 0.2 for layer in found)
        assert said == ""
    record = usage_history(unit_kl.read(SHIPPED_RUNS, run_id))
    np.testing.assert_array_equal(record.epochs, np.arange(1, 151))
    at_the_end = [float(units[-1].sum()) for units in record.units.values()]  # of other held-out examples
    np.testing.assert_allclose(at_the_end, [layer.total for layer in found], atol=0.3)
