"""The train page: a form out of knobs, and a training that can be followed, stopped and taken up again."""

import errno
import json
import os
from concurrent.futures import Future
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from latentlab.data import Kind, folders, load
from latentlab.jobs import queue
from latentlab.jobs.job import seconds_of_epoch, suited_config
from latentlab.jobs.worker import perform
from latentlab.knobs import KnobError
from latentlab.models import MODELS
from latentlab.runs.store import Store
from latentlab.serialization import writing
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, keys_of, path_of, shows, texts

pytestmark = [pytest.mark.usefixtures("no_worker"), pytest.mark.training]


def submit(app: AppTest, epochs: int = 2) -> str:
    app.number_input(key="vae-digits-epochs").set_value(epochs).run()
    app.number_input(key="vae-digits-hidden").set_value(16).run()
    app.button(key="train").click().run()
    job_id: str = app.query_params["job"]
    return job_id


def test_the_form_has_every_knob_that_matters(opened: Open) -> None:
    app = opened("train")
    keys = {getattr(widget, "key", None) for kind in (app.number_input, app.toggle, app.selectbox) for widget in kind}
    assert {"vae-digits-z_dim", "vae-digits-hidden", "vae-digits-beta", "vae-digits-bf16"} <= keys
    assert not {"vae-digits-width", "vae-digits-threshold"} & keys  # of a convolutional network, of pixels that are cut
    app.segmented_control(key="vae-digits-network").set_value("conv").run()
    assert app.number_input(key="vae-digits-width").value == 32
    assert app.number_input(key="vae-digits-width").min == 4


def test_a_training_is_followed_to_its_end(opened: Open, app_store: Store) -> None:
    app = opened("train")
    job_id = submit(app)
    assert queue.status(app_store, job_id).state == "queued"
    assert app.button(key="pause-watched")
    assert app.get("progress")[0].proto.value == 0
    steps = perform(app_store, job_id)
    next(steps)
    app.run()
    assert not app.exception
    assert mentions(app.get("progress")[0].proto.text, 20)
    assert app.get("plotly_chart")
    assert len(app.image) == 2  # reconstructions and samples
    list(steps)
    app.run()
    assert shows(app, 20, f"{app_store.read(job_id).size:,}")  # steps and parameters
    assert shows(app, "PCA", 2, "0%")  # what its reconstructions explain, beside the mean example
    assert "probes" not in keys(app)
    assert app.selectbox(key="picked").value == job_id


def test_probes_are_watched_while_it_trains(opened: Open, app_store: Store) -> None:
    app = opened("train")
    app.toggle(key="vae-digits-probes").set_value(True).run()
    steps = perform(app_store, submit(app))
    next(steps)
    app.run()
    assert not app.exception
    assert keys(app) == ["curve-bound", "curve-reconstruction", "curve-kl", "latent-space", "probes"]
    list(steps)
    app.run()
    assert "probes" in keys(app)


def keys(app: AppTest) -> list[str | None]:
    return [chart.key for chart in app.get("plotly_chart")]


def test_the_latent_space_and_the_plane_are_watched_beside_plain_classifiers(opened: Open, app_store: Store) -> None:
    config = {"z_dim": 2, "a_dim": 3, "hidden": 16, "likelihood": "real-gaussian"}
    job_id = queue.submit(app_store, "adgm", "moons", config, {"epochs": 2, "labels": 6, "seed": 2})
    steps = perform(app_store, job_id)
    next(steps)
    app = opened("train", job=job_id)
    for _ in range(2):
        assert not app.exception
        assert keys(app)[-3:] == ["curve-error", "latent-space", "surface"]
        assert shows(app, "a,", "%", 400)  # of the auxiliary variable, the share in sight, over as many examples
        assert shows(app, 6)  # as many labels as it has
        errors, codes, surface = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart")[-3:])
        names = [trace["name"] for trace in errors["data"]]
        assert len(names) == 4  # in training and on held-out examples; a linear classifier and an MLP
        assert [trace["name"] for trace in codes["data"]] == list(load("moons").train.classes)
        marks = [trace for trace in surface["data"] if trace.get("marker", {}).get("size") == 16]
        assert len(marks) == 2
        list(steps)
        app.run()
    assert app_store.read(job_id)


def test_a_code_of_two_dimensions_is_drawn_as_it_is(opened: Open, app_store: Store) -> None:
    steps = perform(app_store, queue.submit(app_store, "m2", "digits", {"hidden": 16, "z_dim": 2}, {"epochs": 1}))
    next(steps)
    app = opened("train")
    assert shows(app, "z,", 180)
    assert not shows(app, "z,", 180, "%")  # all of it is in sight
    (errors,) = (json.loads(c.proto.spec) for c in app.get("plotly_chart") if c.key == "curve-error")
    assert len(errors["data"]) == 2  # all labels are known, so nothing plainer is fitted next to it
    assert len(app.image) == 3  # reconstructions, samples, and what was named


def test_pause_and_resume_are_orders_to_the_worker(opened: Open, app_store: Store) -> None:
    app = opened("train")
    job_id = submit(app, epochs=5)
    app.button(key="pause-watched").click().run()
    assert queue.status(app_store, job_id).state == "paused"
    app.button(key="resume-watched").click().run()
    assert queue.queue(app_store) == [job_id]
    steps = perform(app_store, job_id)
    next(steps)
    app.run()
    app.button(key="stop-watched").click().run()
    list(steps)
    assert 0 < app_store.read(job_id).steps < 50


def test_discard_removes_a_training_that_waits(opened: Open, app_store: Store) -> None:
    app = opened("train")
    job_id = submit(app)
    assert (app_store.root / job_id).is_dir()
    app.button(key=f"ask-{job_id}").click().run()
    app.button(key=f"delete-{job_id}").click().run()
    assert not (app_store.root / job_id).exists()


def test_a_failed_training_says_why_and_others_wait(opened: Open, app_store: Store) -> None:
    app = opened("train")
    failed = submit(app)
    waiting = submit(app, epochs=3)
    (app_store.root / failed / "status.json").write_text('{"state": "failed", "message": "Loss: nan."}')
    app.query_params["job"] = failed
    app.run()
    assert shows(app, "Loss: nan.")
    assert app.button(key=f"pause-{waiting}")


def test_a_second_click_starts_no_second_training(opened: Open, app_store: Store) -> None:
    app = opened("train")
    job_id = submit(app)
    app.button(key="train").click().run()
    assert [job.id for job in queue.jobs(app_store)] == [job_id]
    app.number_input(key="vae-digits-epochs").set_value(3).run()
    app.button(key="train").click().run()  # this is another
    assert len(queue.jobs(app_store)) == 2


def test_a_visit_to_another_page_before_is_no_matter_to_a_start(opened: Open, app_store: Store) -> None:
    app = opened("traversal")
    app.switch_page(path_of("train")).run()
    job_id = submit(app)
    assert not app.exception
    assert [job.id for job in queue.jobs(app_store)] == [job_id]


def test_what_was_asked_for_last_is_shown_and_failed_ones_are_lines(opened: Open, app_store: Store) -> None:
    app = opened("train")
    failed = submit(app)
    (app_store.root / failed / "status.json").write_text('{"state": "failed", "message": "Loss: nan."}')
    app = opened("train")
    assert app.selectbox(key="picked").value == "mnist-vae-2d"  # what failed doesn't take the page
    assert f"open-{failed}" in keys_of(app, "button")
    assert opened("train", run="mnist-cvae").selectbox(key="picked").value == "mnist-cvae"
    app.button(key=f"open-{failed}").click().run()
    assert app.selectbox(key="picked").value == failed
    running = submit(app, epochs=3)
    steps = perform(app_store, running)
    next(steps)
    assert opened("train").selectbox(key="picked").value == running
    app.selectbox(key="picked").select("mnist-cvae").run()
    assert app.query_params["run"] == "mnist-cvae"
    assert "job" not in app.query_params
    assert {f"open-{failed}", f"open-{running}"} <= keys_of(app, "button")


def test_after_discarding_no_link_is_missed_and_undo_brings_it_back(opened: Open, app_store: Store) -> None:
    app = opened("train")
    job_id = submit(app)
    steps = perform(app_store, job_id)
    next(steps)
    app.button(key=f"ask-{job_id}").click().run()
    app.button(key=f"delete-{job_id}").click().run()
    assert not app.warning
    assert app.selectbox(key="picked").value != job_id  # though its process hasn't heard of it yet
    list(steps)
    app.run()
    assert not app.warning
    app.button(key=f"undo-{job_id}").click().run()
    assert queue.status(app_store, job_id).state == "paused"


def test_stop_and_save_ends_on_what_was_saved(opened: Open, app_store: Store) -> None:
    app = opened("train")
    job_id = submit(app, epochs=50)
    steps = perform(app_store, job_id)
    next(steps)
    app.run()
    app.button(key="stop-watched").click().run()
    list(steps)
    app.run()
    assert app.selectbox(key="picked").value == app.query_params["run"] == job_id
    assert shows(app, f"{app_store.history(job_id)[-1]['epoch']:.3g}", 50)  # of 50 epochs


def test_settings_stand_with_a_result_and_fill_the_form(opened: Open, app_store: Store) -> None:
    config = {"z_dim": 3, "hidden": 16, "beta": 2.5}
    job_id = queue.submit(app_store, "vae", "digits", config, {"epochs": 1, "learning_rate": 0.004})
    list(perform(app_store, job_id))
    app = opened("train", run=job_id)
    assert shows(app, 3, 16, 2.5, 0.004)
    app.button(key="again").click().run()
    found = {name: app.number_input(key=f"vae-digits-{name}").value for name in (*config, "epochs", "learning_rate")}
    assert found == {**config, "epochs": 1, "learning_rate": 0.004}
    app.button(key="train").click().run()
    (job,) = queue.jobs(app_store)
    assert {name: job.config[name] for name in config} == config


def test_a_collapsed_run_is_said_to_be_before_its_numbers(opened: Open, app_store: Store) -> None:
    """β = 50 weighs the KL divergence so much that no dimension is used, on the page Train and on Traversal."""
    config = {"z_dim": 3, "hidden": 16, "beta": 50.0, "likelihood": "bernoulli"}
    collapsed = queue.submit(app_store, "vae", "digits", config, {"epochs": 30})
    healthy = queue.submit(app_store, "vae", "digits", config | {"beta": 0.5, "likelihood": "gaussian"}, {"epochs": 30})
    for job_id in (collapsed, healthy):
        list(perform(app_store, job_id))
    for page in ("train", "traversal"):
        warnings = [said.value for said in opened(page, run=collapsed).warning]
        assert any(mentions(said, 3, "50") for said in warnings)
        assert not opened(page, run=healthy).warning


def test_a_run_that_overfits_is_said_to_since_when(opened: Open) -> None:
    said = [info.value for info in opened("train", run="moons-m2").info]
    (epoch,) = numbers_in(" ".join(said))
    assert 10 <= epoch <= 30  # its held-out loss is least about epoch 17, of 100


def test_the_address_keeps_the_form(opened: Open) -> None:
    app = opened("train", dataset="moons", model="dae", **{"dae-moons-epochs": "7", "title": "Mine"})
    assert (app.selectbox(key="dataset").value, app.selectbox(key="model").value) == ("moons", "dae")
    assert app.number_input(key="dae-moons-epochs").value == 7
    assert app.text_input(key="title").value == "Mine"


@pytest.mark.parametrize("page", ["clusters", "train", "home"])
def test_a_running_training_is_in_the_header_of_every_page(opened: Open, app_store: Store, page: str) -> None:
    job_id = queue.submit(app_store, "vae", "digits", {"hidden": 16}, {"epochs": 4})
    links = [link.proto.query_string for link in opened(page).get("page_link")]
    assert f"job={job_id}" in links
    steps = perform(app_store, job_id)
    next(steps)
    status = queue.status(app_store, job_id)
    (label,) = (
        link.proto.label for link in opened(page).get("page_link") if link.proto.query_string == f"job={job_id}"
    )
    assert mentions(label, f"{status.fraction:.0%}")


def test_a_setting_out_of_range_is_not_trained(opened: Open, app_store: Store) -> None:
    app = opened("train")
    app.number_input(key="vae-digits-epochs").set_value(20_000).run()
    assert app.number_input(key="vae-digits-epochs").proto.max == 10_000
    app.button(key="train").click().run()
    assert not app.exception
    assert all(job.train["epochs"] <= 10_000 for job in queue.jobs(app_store))


def test_data_that_are_not_here_are_announced(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentlab.data.is_local", lambda name: name == "digits")
    app = opened("train")
    app.selectbox(key="dataset").select("mnist").run()
    assert shows(app, "mnist", "LATENTLAB_DATA")  # where its files would go, without a path of the server
    assert not any(str(folder) in text for folder in folders("mnist") for text in texts(app))
    app.selectbox(key="dataset").select("digits").run()
    assert not shows(app, "LATENTLAB_DATA")


def test_how_long_a_training_takes_is_said_before_it_is_started(opened: Open, helper: dict[str, Future[Any]]) -> None:
    app = opened("train")
    (key,) = [key for key in helper if key.startswith("duration")]
    helper[key].set_result(2.0)  # seconds of an epoch
    app.number_input(key="vae-digits-epochs").set_value(90).run()
    assert shows(app, 3)  # minutes
    assert [one for one in helper if one.startswith("duration")] == [key]  # as long an epoch, so not measured again
    assert seconds_of_epoch("vae", "digits", {"hidden": 8}, {}) > 0
    with pytest.raises(KnobError):
        seconds_of_epoch("vae", "digits", {"hidden": -8}, {})


def test_what_suits_data_is_known_once_they_are_here(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    suited = suited_config("vae", "digits")["likelihood"]
    with monkeypatch.context() as patch:
        for module in ("latentlab.data", "latentlab.jobs.job"):
            patch.setattr(f"{module}.is_local", lambda _: False)
        assert opened("train").selectbox(key="vae-digits-likelihood").value != suited
    assert opened("train").selectbox(key="vae-digits-likelihood").value == suited


def test_every_kind_of_model_is_offered_and_said_in_words(opened: Open) -> None:
    app = opened("train")
    kinds = app.selectbox(key="model")
    assert len(kinds.options) == sum(Kind.IMAGE in model.kinds for model in MODELS.values())
    assert all(any(option.endswith(f" · {name}") for option in kinds.options) for name in ("vae", "m1_m2"))
    assert kinds.value == "vae"
    kinds.set_value("sdgm").run()
    assert not app.exception
    assert app.number_input(key="sdgm-digits-labels")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_cannot_be_written_is_a_sentence(
    opened: Open, app_store: Store, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    app = opened("train")
    job_id = submit(app)

    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.fsync", fail)
    app.number_input(key="vae-digits-epochs").set_value(3)
    for key in ("pause-watched", "train"):
        app.button(key=key).click().run()
        assert not app.exception
        assert any(mentions(said.value, os.strerror(number).lower()) for said in [*app.error, *app.toast])
    assert queue.queue(app_store) == [job_id]
    monkeypatch.setattr("pages.shared.training_view.ensure_workers", writing("The log")(fail))
    monkeypatch.setattr("os.access", lambda *_: False)
    app.run()
    assert not app.exception
    assert any(mentions(said.value, os.strerror(number).lower()) for said in app.error)
    assert [said.value for said in app.warning] == [app_store.obstacle()]
