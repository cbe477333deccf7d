"""A class that a model didn't know is labelled and learned: held-out readings of it get its name and a low score."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.analysis.arrays import Doubles
from latentlab.analysis.latent.support import classify_by
from latentlab.analysis.monitoring.scores import scores
from latentlab.analysis.monitoring.windows import windows
from latentlab.data import UNLABELLED, DataError, Dataset, Kind, Library, Splits, hide_labels
from latentlab.data.files.read import Opened
from latentlab.data.files.splitting import Rows
from latentlab.device import generator
from latentlab.experiments.monitoring.new_classes import NORMAL, train_with_labels, with_new_classes
from latentlab.experiments.timed_training import timed_training
from latentlab.jobs import queue
from latentlab.models import Classifies
from latentlab.nn.initialise import initialise
from latentlab.runs import labelled
from latentlab.runs.labelled import Labelled
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig
from tests.runs.test_run import RUN

CENTRES = np.array([[0.0, 0, 0], [40, 0, 0], [0, 40, 40]])  # of two known conditions, and of one to come
NAMES = ("a", "b", "c")


def readings(k: int, n: int, seed: int) -> Doubles:
    """n readings of a condition."""
    return np.asarray(CENTRES[k] + np.random.default_rng(seed).normal(size=(n, 3)), np.float64)


def data(n: int, classes: tuple[str, ...] = ("one", "two")) -> Splits:
    """Readings of the two known conditions, in turn."""
    parts = []
    for seed in range(3):
        x = np.stack([readings(k, n, 10 * seed + k) for k in (0, 1)], 1).reshape(-1, 3)
        y = torch.arange(2 * n) % 2 if classes else torch.full((2 * n,), UNLABELLED)
        parts.append(Dataset("plant", torch.from_numpy(x).float(), y, classes, Kind.VECTOR, NAMES))
    return Splits(*parts)


def test_hidden_labels_stay_hidden_and_a_new_class_has_as_few() -> None:
    run = replace(RUN, shape=(3,), classes=("one", "two"), train={"labels": 80, "seed": 3}, columns=NAMES)
    pieces = [
        Labelled("new", readings(2, 100, 5)),
        Labelled("one", readings(0, 10, 6)),
        Labelled("new", readings(2, 50, 7)),
    ]
    found = with_new_classes(run, data(200), pieces)
    assert found.train.classes == ("one", "two", "new")
    assert [len(part) for part in found] == [400 + 128, 400 + 16, 400 + 16]
    counts = torch.bincount(found.train.y[found.train.y >= 0], minlength=3)
    assert counts.tolist() == [40 + 8, 40, 40]
    assert (found.test.y == 2).sum() == 15
    assert (found.train.x[400:480].double().numpy() == pieces[0].readings[:80].astype(np.float32)).all()
    assert (found.test.x[400:410].double().numpy() == pieces[0].readings[90:].astype(np.float32)).all()
    none = with_new_classes(replace(run, train={}, classes=()), data(200, ()), [Labelled("new", readings(2, 100, 5))])
    assert none.train.classes == (NORMAL, "new")
    assert torch.bincount(none.train.y[none.train.y >= 0]).tolist() == [100, 80]
    rows = np.arange(40.0)[:, None].repeat(3, 1)
    parts = [replace(part, x=part.x[:, None].repeat(1, 4, 1), kind=Kind.SEQUENCE) for part in data(200)]
    of_windows = replace(run, shape=(4, 3), data_kind=Kind.SEQUENCE)
    cut = with_new_classes(of_windows, Splits(*parts), [Labelled("new", windows(rows, 4))])
    seen = [set(part.x[400:].flatten().tolist()) for part in cut]
    assert [len(part) - 400 for part in cut] == [30, 0, 1]  # of 37 windows: three readings more are in no part
    assert not seen[0] & seen[2]
    with pytest.raises(DataError):
        with_new_classes(run, data(20), [Labelled("new", np.zeros((2, 4)))])


def test_after_labelling_held_out_readings_have_the_name_and_a_low_score() -> None:
    knobs = {"hidden": 16, "layers": 1, "z_dim": 2, "a_dim": 2, "likelihood": "real-gaussian"}
    run = replace(RUN, shape=(3,), classes=("one", "two"), train={"labels": 20, "seed": 0}, columns=NAMES)
    config, before = TrainConfig(epochs=25, batch_size=200, learning_rate=2e-2), data(60)
    after = with_new_classes(run, before, [Labelled("new", readings(2, 60, 8))])
    median = []
    for splits in (before._replace(train=hide_labels(before.train, 20, 0)), after):
        scaled = Splits(*(replace(part, x=part.x / 20) for part in splits))
        model = timed_training("sdgm", knobs, scaled, config).model
        assert isinstance(model, Classifies)
        classify = classify_by(model)
        x = [torch.from_numpy(readings(k, 50, 99)).float() / 20 for k in range(3)]
        median.append([float(np.median(scores(model, one, 5, generator(0)))) for one in x])
    right = [float((classify(one).argmax(1) == k).float().mean()) for k, one in enumerate(x)]
    assert right == pytest.approx([1, 1, 1], abs=0.05)
    assert median[0][2] > 10 + max(median[0][:2])  # it was strange
    assert median[1][2] < 5 + max(median[1][:2])  # and is as usual as the others, nearly


def test_a_training_with_labels_is_queued_on_saved_data_of_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path))
    store, library = Store.default(), Library.default()
    splits = data(60)
    rows = Rows(*(np.arange(120 * k, 120 * (k + 1)) for k in range(3)))
    name = library.save(Opened(splits, rows, (), {}, NAMES), "plant")
    run = replace(
        RUN, id="first", model="sdgm", config={"hidden": 8, "alpha": 3.0, "likelihood": "real-gaussian"},
        train={"labels": 20, "seed": 4}, shape=(3,), classes=("one", "two"), data_kind=Kind.VECTOR, columns=NAMES,
        dataset=name,
    )  # fmt: skip
    model = run.build()
    initialise(model, generator(0))
    store.save(run, model, [], library.load(name).test)
    with pytest.raises(RunError):
        train_with_labels(store, library, "first")
    labelled.add(store, "first", Labelled("new", readings(2, 60, 8)))
    job = queue.read(store, train_with_labels(store, library, "first"))
    assert labelled.read(store, "first").training == job.id
    assert (job.model, job.train["seed"], job.train["labels"]) == ("sdgm", 4, 0)
    assert job.config["hidden"] == 8
    assert "alpha" not in job.config  # it follows from the number of labels
    saved = library.load(job.dataset)
    assert saved.train.classes == ("one", "two", "new")
    scale, known = saved.train.scale, library.scale(name)
    assert scale is not None
    assert known is not None
    assert (scale.low == known.low).all()  # so that the models see the readings alike
    assert (scale.span == known.span).all()
    assert scale.back(saved.test.x)[-6:].numpy() == pytest.approx(readings(2, 60, 8)[54:], abs=1e-4)
    library.remove(name)
    with pytest.raises(DataError):
        train_with_labels(store, library, "first")
