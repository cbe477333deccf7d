"""The estimate of a training's time, where a clock says how long a step of any batch takes."""

from __future__ import annotations

import dataclasses

import pytest

from latentlab.data import Batch, Splits
from latentlab.models.vae.vae import VAE
from latentlab.training import duration
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start
from latentlab.training.state import TrainState


@pytest.mark.parametrize(("fixed", "each"), [(0.01, 0.0005), (0.002, 0.001), (0.0, 0.2)])
def test_a_step_of_the_whole_batch_is_extrapolated_and_counted_for_an_epoch(
    few_digits: Splits, monkeypatch: pytest.MonkeyPatch, fixed: float, each: float
) -> None:
    now, sizes = [0.0], []

    def step(state: TrainState, batch: Batch, n_steps: int) -> list[object]:  # noqa: ARG001
        sizes.append(len(batch.x))
        now[0] += fixed + each * len(batch.x)
        return []

    monkeypatch.setattr(duration, "train_step", step)
    monkeypatch.setattr("latentlab.training.duration.time.perf_counter", lambda: now[0])
    config = TrainConfig(batch_size=128)
    model = start("vae", VAE.Config(hidden=8), few_digits.train.spec, config)
    assert isinstance(model, VAE)
    n_steps = -(-len(few_digits.train) // 128)
    found = duration.epoch_seconds(model, few_digits.train, config)
    assert found == pytest.approx(n_steps * (fixed + 128 * each))
    assert max(sizes) < 128
    whole = dataclasses.replace(config, batch_size=10_000)  # as many as there are
    assert duration.epoch_seconds(model, few_digits.train, whole) == pytest.approx(fixed + len(few_digits.train) * each)
