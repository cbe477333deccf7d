"""The curves of probes that ship: true of the weights that ship with them, and unused with any others."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from latentlab.analysis.probes.layer_curve import LATENT, probe_curve
from latentlab.analysis.probes.tasks import CLASS, NOISE, ProbeTask, Settings, task_of
from latentlab.data import Splits
from latentlab.experiments import shipped_probes
from latentlab.models import Classifies, Model
from latentlab.runs import measured
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import SHIPPED

RUN = "digits-cnn"


@pytest.fixture(scope="module")
def task(digits: Splits) -> ProbeTask:
    return task_of(digits, Settings().n, "digits")


def shipped(model: Model, target: str = CLASS, run_id: str = RUN, **settings: int) -> shipped_probes.StoredCurve | None:
    tensors, run = measured.read(SHIPPED_RUNS, run_id), SHIPPED_RUNS.read(run_id)
    x = SHIPPED_RUNS.examples(run_id).x[:1]
    return shipped_probes.read(tensors, model, x, run.dataset, target, Settings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize("run_id", shipped_probes.RUNS)
def test_a_curve_of_every_target_ships_before_and_after_training(run_id: str) -> None:
    for epoch in shipped_probes.EPOCHS:
        model = SHIPPED_RUNS.load(run_id, epoch)
        for target in shipped_probes.TARGETS:
            found = shipped(model, target, run_id)
            assert found is not None
            assert {len(reading.probes) for reading in found.curve.readings} == {3}
            assert (found.model_error is not None) == (target == CLASS and isinstance(model, Classifies))
    names = [reading.layer.name for reading in found.curve.readings] if found is not None else []
    assert (LATENT in names) == (run_id == "mnist-vae-2d")


def test_what_ships_is_small() -> None:
    assert sum(path.stat().st_size for path in SHIPPED.glob(f"*/{measured.FILE}")) < 200_000


@pytest.mark.slow
@pytest.mark.parametrize(("target", "layer"), [(CLASS, "fc1"), ("slant", "logits")])
def test_measuring_a_layer_again_gives_what_ships(task: ProbeTask, target: str, layer: str) -> None:
    model, settings, about = SHIPPED_RUNS.load(RUN), Settings(), task.with_target(target)
    again = probe_curve(
        model, about.x, about.y, about.sizes, n_classes=len(about.names), n_seeds=settings.n_seeds,
        limit=settings.limit, only=layer,
    )  # fmt: skip
    found = shipped(model, target)
    assert found is not None
    k = [reading.layer.name for reading in found.curve.readings].index(layer)
    assert found.curve.sizes == again.sizes
    assert found.curve.readings[k].layer == again.readings[0].layer
    assert abs(found.curve.means()[k] - again.means()[0]) <= found.curve.half_bands()[k]
    np.testing.assert_allclose(found.curve.half_bands()[k], again.half_bands()[0], atol=0.01)
    if target == CLASS:
        assert found.model_error == pytest.approx(shipped_probes.model_error(model, about))


def test_a_changed_weight_another_setting_or_target_is_not_used() -> None:
    model = SHIPPED_RUNS.load(RUN)
    assert shipped(model) is not None
    other = copy.deepcopy(model)
    with torch.no_grad():
        next(other.parameters()).flatten()[0] += 1e-3
    assert shipped(other) is None
    assert shipped(model, n_seeds=1) is None
    assert shipped(model, NOISE) is None
