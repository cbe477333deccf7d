"""The page Few labels: what a classifier of few labels finds, and a training that is watched to its end."""

from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import binomtest
from streamlit.testing.v1 import AppTest

from latentlab import device
from latentlab.data import Kind, load
from latentlab.experiments import semi_supervised
from latentlab.experiments.semi_supervised import BenchmarkResult
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.knobs import from_dict
from latentlab.models import Classifies, Spec
from latentlab.models.semi_supervised.adgm import ADGM
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from pages.few_labels.benchmark import REPORTED
from pages.shared import start_training
from tests.conftest import mentions
from tests.pages.conftest import Open, shows


def test_the_benchmark_is_a_table(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [BenchmarkResult("moons", "sdgm", seed, error, agreement=0.5) for seed, error in ((0, 0.01), (1, 0.03))]
    kept = semi_supervised.TABLE.at(tmp_path / "scores.csv")
    monkeypatch.setattr(semi_supervised, "TABLE", kept)
    kept.save(found)
    app = opened("few_labels", detail="Benchmark")
    assert not app.exception
    table = app.dataframe[0].value
    assert list(table.iloc[0]) == ["sdgm", "2.00 ± 1.41", "50.00 ± 0.00", 2]
    assert REPORTED not in table.columns
    kept.path.unlink()
    kept.save([BenchmarkResult("mnist", model, 0, 0.05) for model in ("mlp", "sdgm")])
    app = opened("few_labels", detail="Benchmark")
    assert list(app.dataframe[0].value[REPORTED]) == ["–", "1.32 ± 0.07"]
    assert shows(app, 2014, 2016)  # whose they are
    kept.path.unlink()
    app = opened("few_labels", detail="Benchmark")
    assert not app.dataframe
    assert any(mentions(info.value, "semi-supervised") for info in app.info)  # the command that fills it


@pytest.fixture
def plane(app_store: Store) -> ADGM:
    """An untrained model of the half-moons, as a run that knew six labels."""
    splits = load("moons")
    config = {"z_dim": 2, "a_dim": 3, "hidden": 16, "likelihood": "real-gaussian"}
    model = ADGM(from_dict(ADGM.Config, config), Spec((2,), 2, Kind.PLANE))
    initialise(model, device.generator(0))
    run = Run(
        "plane", "Plane", "adgm", "moons", config, {"labels": 6, "seed": 1}, (2,), splits.test.classes, 1, 1.0,
        "2026-01-01T00:00:00+00:00", model.size, Kind.PLANE,
    )  # fmt: skip
    app_store.save(run, model, [], splits.test[:200])
    return model.eval()


def test_points_of_the_plane_show_the_decision_and_the_labels(opened: Open, app_store: Store, plane: ADGM) -> None:
    app = opened("few_labels", run="plane")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3  # decision, both posteriors
    x, y, *_ = app_store.examples("plane").batch()
    with torch.no_grad():
        error = float((plane.classify(x).argmax(1) != y).float().mean())
    known = binomtest(round(200 * error), 200).proportion_ci(method="wilson")
    assert shows(app, f"{error:.2%}", f"{known.low:.2%}", f"{known.high:.2%}", 200, 6)  # examples, labels


def test_the_example_of_the_least_certain_class_is_first(opened: Open, app_store: Store, plane: ADGM) -> None:
    app, seen = opened("few_labels", run="plane"), app_store.examples("plane")
    with torch.no_grad():
        sure = plane.classify(seen.batch().x).exp().amax(1)
    for place, index in ((1, int(sure.argmin())), (200, int(sure.argmax()))):
        app.slider(key="doubt-plane").set_value(place).run()
        assert not app.exception
        assert shows(app, f"#{index}", seen.classes[int(seen.y[index])])
        assert shows(app, "4,000")  # draws


def test_images_are_shown_from_the_least_certain_class_on(opened: Open, app_store: Store) -> None:
    app = opened("few_labels", run="mnist-sdgm-100", detail="Error")
    assert not app.exception
    model, (x, y, *_) = app_store.load("mnist-sdgm-100"), app_store.examples("mnist-sdgm-100").batch()
    assert isinstance(model, Classifies)
    with torch.no_grad():
        log_probs = model.classify(x)
    first = np.argsort(log_probs.amax(1).numpy(), kind="stable")[:4]
    assert shows(app, *(int(k) for k in log_probs.argmax(1)[first]))
    assert shows(app, f"{float((log_probs.argmax(1) != y).float().mean()):.2%}", len(y))
    assert len(app.get("plotly_chart")) == 2  # the error over the epochs, and the auxiliary variable


def train_few(app: AppTest, dataset: str, **numbers: int) -> AppTest:
    """Fill the form in, and start."""
    app.segmented_control(key="few-data").set_value(dataset).run()
    for name, value in numbers.items():
        app.number_input(key=f"few-{dataset}-{name}").set_value(value)
    return app.button(key="few-start").click().run()


@pytest.mark.training
@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize("dataset", ["moons", "digits"])
def test_a_model_of_few_labels_is_trained_and_watched_to_its_end(opened: Open, app_store: Store, dataset: str) -> None:
    app = opened("few_labels")
    app.selectbox(key="few-model").select("m2").run()
    train_few(app, dataset, labels=20, epochs=1)
    job_id = app.query_params["learning"]
    job = queue.read(app_store, job_id)
    steps = semi_supervised.BENCHMARKS[dataset]
    assert (job.model, job.dataset, job.config) == ("m2", dataset, semi_supervised.config_of("m2", steps))
    asked = {"labels": 20, "epochs": 1, "seed": 0, "diverse_labels": steps.diverse_labels, "bf16": False}
    assert job.train == {**steps.train, **asked}
    assert queue.status(app_store, job_id).state == "queued"
    assert app.button(key="pause-watched")
    training = perform(app_store, job_id)
    next(training)
    again = opened("few_labels", learning=job_id)  # as after a reload
    assert not again.exception
    assert shows(again, "m2", dataset, 20)
    assert shows(again, "z,", "%")  # of the code, a share is in sight
    charts = {chart.key for chart in again.get("plotly_chart")}
    assert {"curve-bound", "curve-error", "latent-space"} | ({"surface"} if dataset == "moons" else set()) <= charts
    list(training)
    again.run()
    assert not again.exception
    error, beside = app_store.read(job_id).metrics["error"], app_store.baselines(job_id)
    assert shows(again, f"{error:.1%}", 20, f"{beside['linear']:.1%}", f"{beside['mlp']:.1%}")
    assert f"run={job_id}" in [link.proto.query_string for link in again.get("page_link")]
    assert again.query_params["run"] == "moons-adgm"


@pytest.mark.usefixtures("no_worker")
@pytest.mark.parametrize(
    ("dataset", "labels", "named"),
    [
        ("moons", 1, (1, 2)),  # labels, classes
        ("digits", 9, (9, 10)),
        ("digits", 1_300, (130,)),  # of one class, more than it has
        ("digits", 2_000_000, ()),
    ],
)
def test_labels_that_cannot_be_had_are_refused_before_anything_is_queued(
    opened: Open, app_store: Store, dataset: str, labels: int, named: tuple[object, ...]
) -> None:
    app = train_few(opened("few_labels"), dataset, labels=labels)
    assert not app.exception
    assert [mentions(error.value, dataset, *named) for error in app.error] == [True]
    assert "learning" not in app.query_params
    assert queue.jobs(app_store) == []


@pytest.mark.usefixtures("no_worker")
def test_a_link_to_a_training_that_is_gone_shows_the_form_again(opened: Open) -> None:
    app = opened("few_labels", learning="m2-moons-gone")
    assert not app.exception
    assert "learning" not in app.query_params
    other = opened("few_labels", learning="mnist-vae-2d")
    assert not other.exception  # a run that names no class has no error to tell
    assert not shows(other, 0, "labels")


def test_the_largest_data_are_offered_where_they_are(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.few_labels.new_training.is_local", lambda name: name != "mnist")
    assert opened("few_labels").segmented_control(key="few-data").options == ["moons", "digits"]
    monkeypatch.setattr("pages.few_labels.new_training.is_local", lambda _: True)
    app = opened("few_labels")
    app.segmented_control(key="few-data").set_value("mnist").run()
    assert shows(app, 5, "2 min", 50)  # epochs, what they take, and those of the table


@pytest.mark.usefixtures("no_worker")
def test_a_start_training_starts_no_second_training(
    opened: Open, app_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = train_few(opened("few_labels"), "moons", epochs=1)
    app.button(key="few-start").click().run()
    assert len(queue.jobs(app_store)) == 1
    monkeypatch.setattr(start_training, "TWICE", -1.0)  # a later click
    app.button(key="few-start").click().run()
    assert len(queue.jobs(app_store)) == 2
