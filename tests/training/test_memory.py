"""The estimate of a training's memory against a count, and what is refused by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from latentlab import device
from latentlab.data import UNLABELLED
from latentlab.knobs import from_dict
from latentlab.models import MODELS, Trains
from latentlab.training import memory
from latentlab.training.batches import batches_for
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.loop import start
from latentlab.training.memory import GIB, batch_bytes, check_memory, parameter_bytes
from tests.conftest import examples_for, naming

TRAINED = [name for name, kind in MODELS.items() if issubclass(kind, Trains)]


@pytest.mark.parametrize(("patience", "copies"), [(0, 4), (3, 5)])
def test_each_parameter_is_there_with_its_gradient_and_two_moments(patience: int, copies: int) -> None:
    with torch.device("meta"):
        layer = nn.Linear(200, 30)
    assert parameter_bytes(layer, TrainConfig(patience=patience)) == 4 * (200 * 30 + 30) * copies


@pytest.mark.parametrize("labels", [0, 30])
@pytest.mark.parametrize("name", TRAINED)
def test_what_a_batch_takes_is_extrapolated_from_small_ones(name: str, labels: int) -> None:
    data = examples_for(name, 120)
    config = TrainConfig(batch_size=64, labels=labels if MODELS[name].labels != "unused" else 0)
    model = start(name, from_dict(MODELS[name].Config, {}), data.spec, config)
    assert isinstance(model, Trains)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    found = batch_bytes(model, data, config)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())

    few, sampler = batches_for(model, data, config)
    model.eval()
    if config.labels and len(few) < config.batch_size:
        return  # of the labelled ones alone there is no whole batch
    counted = memory._saved_bytes(model, next(iter(sampler(few, config.batch_size, device.generator(1)))))
    assert found == pytest.approx(counted, rel=0.1)


def test_no_data_take_nothing() -> None:
    data = examples_for("vae", 10)
    model = start("vae", from_dict(MODELS["vae"].Config, {}), data.spec, TrainConfig())
    assert isinstance(model, Trains)
    assert batch_bytes(model, data[:0], TrainConfig()) == 0
    assert batch_bytes(model, data[:2], TrainConfig()) > 0
    assert (data.y != UNLABELLED).all()


def test_what_does_not_fit_is_refused_with_both_numbers() -> None:
    check_memory(3 * GIB, 3 * GIB)
    check_memory(3 * GIB, None)
    with pytest.raises(TrainingError, match=naming(3, 2.5)):
        check_memory(3 * GIB, 5 * GIB // 2)


def test_the_memory_is_what_the_system_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cpu, path = torch.device("cpu"), tmp_path / "meminfo"
    monkeypatch.setattr(device, "_MEMINFO", path)
    assert device.memory(cpu) == (None, None)
    path.write_text("MemTotal:       2048 kB\nMemFree:         100 kB\nMemAvailable:    1024 kB\nHugePages_Total: 0\n")
    assert device.memory(cpu) == (1 << 20, 2 << 20)
