"""Transfer: what is frozen stays to the bit, what is fine-tuned moves, and a run needs no other to be loaded."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from latentlab import device
from latentlab.data import Dataset, Kind, Spec, Splits
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models.classifiers.transfer import Transfer
from latentlab.models.trunks import TrunkKind
from latentlab.nn.initialise import initialise
from latentlab.runs import lite0_file
from latentlab.runs.store import SHIPPED, Store
from latentlab.runs.trunks import described
from latentlab.serialization import RunError
from latentlab.subjects import StoredRun
from latentlab.training.config import TrainConfig, TrainingError
from latentlab.training.loop import train
from tests.conftest import naming, noise_images

SMALL = "digits-cnn: cnn 1x8x8 10 width=4 hidden=16 dropout=0.5 kernel=3"


def transfer(trunk: str = SMALL, shape: tuple[int, ...] = (1, 8, 8), n_classes: int = 10, **knobs: Any) -> Transfer:
    model = Transfer(Transfer.Config(trunk, **knobs), Spec(shape, n_classes, Kind.IMAGE))
    initialise(model, device.generator(0))
    return model


def trained(model: Transfer, splits: Splits, **knobs: Any) -> Transfer:
    for _ in train(model, splits, TrainConfig(**{"epochs": 2, "batch_size": 64, "learning_rate": 0.01} | knobs)):
        pass
    return model


@pytest.mark.parametrize(
    ("trunk", "n"),
    [
        ("one: mlp 1x8x8 10 depth=1 hidden=512", 3_591),
        ("lite0", 8_967),
        ("one: mlp 1x8x8 10 depth=1 hidden=2048", 14_343),
    ],
)
def test_heads_of_seven_classes_have_as_many_parameters_as_are_printed(trunk: str, n: int) -> None:
    with torch.device("meta"):
        model = Transfer(Transfer.Config(trunk), Spec((1, 28, 28), 7, Kind.IMAGE))
        tuned = Transfer(Transfer.Config(trunk, tune=True), Spec((1, 28, 28), 7, Kind.IMAGE))
    assert model.size == n
    assert model.n_frozen == sum(value.numel() for value in model.trunk.state_dict().values())
    assert (tuned.size, tuned.n_frozen) == (n + sum(p.numel() for p in tuned.trunk.parameters()), 0)


@pytest.mark.parametrize("optimizer", ["adam", "momentum", "lbfgs"])
def test_a_frozen_trunk_stays_to_the_bit_and_a_fine_tuned_one_moves(optimizer: str, few_digits: Splits) -> None:
    decay = 0.0 if optimizer == "lbfgs" else 0.1
    for tune in (False, True):
        model = transfer(tune=tune)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        trained(model, few_digits, optimizer=optimizer, weight_decay=decay)
        same = {name: torch.equal(value, before[name]) for name, value in model.state_dict().items()}
        assert all(same[name] is not tune for name in same if name.startswith("trunk."))
        assert not same["logits.weight"]
        assert not same["mean"]


def test_features_that_are_computed_once_change_nothing(few_digits: Splits, monkeypatch: pytest.MonkeyPatch) -> None:
    once = trained(transfer(), few_digits)
    monkeypatch.setattr(Transfer, "once", lambda _, data: data)
    each_time = trained(transfer(), few_digits)
    for name, value in once.state_dict().items():
        torch.testing.assert_close(value, each_time.state_dict()[name], msg=name)


def test_the_trunk_of_a_training_sees_each_example_once(few_digits: Splits) -> None:
    model, seen = transfer(), []
    model.trunk.register_forward_hook(lambda _module, _input, output: seen.append(len(output)))
    trained(model, few_digits, epochs=5)
    assert sum(seen) == len(few_digits.train) + len(few_digits.valid)


def test_features_of_the_training_examples_are_standardised(few_digits: Splits) -> None:
    model = trained(transfer("digits-cnn: cnn 1x8x8 10 width=4 hidden=32 dropout=0.0 kernel=3"), few_digits, epochs=1)
    with torch.no_grad():
        std, mean = torch.std_mean(model.features(few_digits.train.batch().x), 0)
    assert mean.abs().max() < 1e-4
    raw = model.trunk(few_digits.train.batch().x).std(0)
    wide = raw > raw.mean()
    assert 4 < wide.sum() < 28
    torch.testing.assert_close(std[wide], torch.ones(int(wide.sum())), atol=1e-4, rtol=0)
    torch.testing.assert_close(std[~wide], (raw / raw.mean())[~wide].detach(), atol=1e-4, rtol=0)


def test_images_are_resized_and_a_grey_channel_is_repeated() -> None:
    model = transfer("one: mlp 3x4x4 10 depth=1 hidden=8", (1, 8, 8)).eval()
    x = noise_images(3).batch().x
    small = F.interpolate(x, (4, 4), mode="bilinear", antialias=True).repeat(1, 3, 1, 1)
    torch.testing.assert_close(model.trunk(x), model.trunk.network(small))


def test_text_says_all_that_a_trunk_is_built_from() -> None:
    kind = TrunkKind.parse(SMALL)
    assert (kind.source, kind.network, kind.shape, kind.n_classes) == ("digits-cnn", "cnn", (1, 8, 8), 10)
    assert dict(kind.knobs) == {"width": 4, "hidden": 16, "dropout": 0.5, "kernel": 3}
    assert str(kind) == SMALL
    assert str(TrunkKind.parse("lite0")) == "lite0"


@pytest.mark.parametrize(
    ("trunk", "shape", "named"),
    [
        ("nothing-known", (1, 8, 8), ("nothing-known", "cnn")),
        ("one: vae 1x8x8 10 hidden=4", (1, 8, 8), ("vae",)),
        ("one: cnn 1x8x8 10 wings=4", (1, 8, 8), ("wings",)),
        ("one: cnn 1x8x8 10 width=many", (1, 8, 8), ("width", "many")),
        (SMALL, (3, 8, 8), (1, 3)),
        ("$(rm)", (1, 8, 8), ("cnn",)),
    ],
)
def test_what_cant_be_a_trunk_of_the_data_is_one_sentence(
    trunk: str, shape: tuple[int, ...], named: tuple[object, ...]
) -> None:
    with pytest.raises(ValueError, match=naming(*named)):
        transfer(trunk, shape)


def test_a_run_that_no_trunk_can_be_made_of_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path))
    monkeypatch.setattr(lite0_file, "PACKAGE", "no_such_package_of_parameters")
    store = Store(tmp_path)
    for trunk, named in (("digits-vae", "digits-vae"), ("lite0", "latentlab[transfer]"), ("no-run", "no-run")):
        with pytest.raises(RunError, match=naming(named)):
            described(store, "transfer", {"trunk": trunk})
    assert described(store, "transfer", {"trunk": "lite0", "weights": "random"})["trunk"] == "lite0"
    assert described(store, "vae", {"z_dim": 2}) == {"z_dim": 2}


def test_unlabelled_images_are_refused(few_digits: Splits) -> None:
    unlabelled = dataclasses.replace(few_digits.train, y=torch.full_like(few_digits.train.y, -1))
    with pytest.raises(TrainingError, match="label"):
        trained(transfer(), few_digits._replace(train=unlabelled))


@pytest.mark.training
def test_a_run_starts_from_another_and_needs_it_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    store, ships = Store(tmp_path / "runs", tmp_path / "shipped"), Store(SHIPPED, tmp_path)
    (tmp_path / "shipped").mkdir()
    shutil.copytree(SHIPPED / "digits-cnn", store.root / "trained")
    run = (store.root / "trained" / "run.json").read_text().replace('"id": "digits-cnn"', '"id": "trained"')
    (store.root / "trained" / "run.json").write_text(run)
    known = ships.load("digits-cnn").state_dict()
    found = {}
    for tune in (False, True):
        training = {"epochs": 1, "labels": 50, "snapshots": True}
        found[tune] = queue.submit(store, "transfer", "digits", {"trunk": "trained", "tune": tune}, training)
        *_, last = perform(store, found[tune])
        assert last.state == "done"
    store.delete("trained")
    for tune, run_id in found.items():
        assert store.read(run_id).config["trunk"].startswith("trained: cnn 1x8x8 10 width=16 hidden=128")
        model = store.load(run_id)
        assert isinstance(model, Transfer)
        conv = model.get_submodule("trunk.network.classifier.conv1")
        assert torch.equal(torch.as_tensor(conv.weight), known["conv1.weight"]) is not tune
        assert store.read(run_id).size == model.size
        assert StoredRun(store.read(run_id), store).snapshots == (1,)[:0]
    with pytest.raises(RunError, match="trained"):
        queue.submit(store, "transfer", "digits", {"trunk": "trained"}, {})


def test_features_are_of_images_only() -> None:
    model = transfer()
    features = Dataset("noise", torch.rand(4, 16), torch.zeros(4, dtype=torch.int64), ("a", "b"), Kind.VECTOR)
    assert model.once(features) is features
    assert transfer(tune=True).once(noise_images(3)).kind is Kind.IMAGE
