"""The traversal page: a slider, a button or a link moves the picture."""

import base64
import json
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from latentlab.analysis.image_attributes import measured
from latentlab.data import load, to_bytes
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models.parts.two_steps import DecodesInTwoSteps
from latentlab.models.vae.vae import VAE
from latentlab.runs.store import Store
from latentlab.subjects import find
from pages.components.explorer import View
from pages.shared import cached
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, shows


def picture(app: AppTest) -> str:
    """The address of the decoded image: it is named after its content."""
    url: str = app.image[0].proto.imgs[0].url
    return url


def test_a_slider_changes_the_picture_and_back_again(visited: Open) -> None:
    app = visited("traversal", live="false")
    before = picture(app)
    app.slider(key="z0").set_value(1.5).run()
    assert picture(app) != before
    app.slider(key="z0").set_value(0.0).run()
    assert picture(app) == before


def test_a_link_sets_the_sliders(visited: Open) -> None:
    app = visited("traversal", live="false", z="1.5,-0.25")
    assert (app.slider(key="z0").value, app.slider(key="z1").value) == (1.5, -0.25)


@pytest.mark.parametrize("z", ["1,2,3", "nan,0", "0,4.6", "a,b", "1"])
def test_a_link_to_nowhere_is_said(visited: Open, z: str) -> None:
    app = visited("traversal", live="false", z=z)
    assert not app.exception
    assert app.slider(key="z0").value == 0
    assert [mentions(warning.value, "“z”", 2, -4.5, 4.5) for warning in app.warning] == [True]


def test_sliders_are_sorted_by_kl_and_inactive_ones_are_named(visited: Open) -> None:
    app = visited("traversal", live="false", run="mnist-vae-20d")
    labels = [slider.label for slider in app.slider]
    assert len(labels) == 20
    active = [label for label in labels if "nats" in label]
    nats = [float(label.split("·")[1].split()[0]) for label in active]
    assert nats == sorted(nats, reverse=True)
    assert labels == active + [label for label in labels if label.startswith(":gray[") and "unused" in label]


def test_the_buttons_set_the_sliders(visited: Open) -> None:
    app = visited("traversal", live="false")
    app.button(key="sample").click().run()
    first = app.slider(key="z0").value
    app.button(key="sample").click().run()
    assert first != 0
    assert app.slider(key="z0").value != first
    app.button(key="encode").click().run()
    code = [app.slider(key="z0").value, app.slider(key="z1").value]
    with torch.no_grad():
        codes = Store.default().load("mnist-vae-2d").encode(Store.default().examples("mnist-vae-2d").batch().x)  # type: ignore[operator]
    assert np.abs(codes.numpy() - code).max(1).min() < 1e-4
    app.button(key="zero").click().run()
    assert app.slider(key="z0").value == 0


def test_the_manifold_comes_with_two_spacings(visited: Open) -> None:
    app = visited("traversal", sheet="Manifold")
    quantile = app.get("plotly_chart")[0].proto.spec
    app.segmented_control(key="spacing").set_value("even steps").run()
    assert app.get("plotly_chart")[0].proto.spec != quantile


def test_strips_are_drawn_for_the_chosen_dimensions(visited: Open) -> None:
    app = visited("traversal", live="false", run="mnist-vae-20d")
    app.multiselect(key="strips-mnist-vae-20d").set_value([3, 0]).run()
    names = json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["yaxis"]["ticktext"]
    assert [name.split()[0] for name in names] == ["z4", "z1"]
    carried = cached.dimensions(find("mnist-vae-20d")).carries
    assert [numbers_in(name)[-1] for name in names] == pytest.approx(carried[[3, 0]], abs=0.005)
    assert not app.info
    app.multiselect(key="strips-mnist-vae-20d").set_value([]).run()
    assert app.info


def sent(app: AppTest) -> dict[str, Any]:
    """What the explorer in the browser is given."""
    (explorer,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.explorer")
    given: dict[str, Any] = json.loads(explorer.proto.json)
    return given


def test_the_explorer_gets_the_decoder_the_codes_and_the_sorted_dimensions(visited: Open) -> None:
    app = visited("traversal", run="mnist-vae-20d")
    given = sent(app)
    decoders = [c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.weights"]
    assert given["program"] in decoders[0].proto.bytes[:200].decode(errors="ignore")
    assert [dim["active"] for dim in given["dims"]] == sorted((dim["active"] for dim in given["dims"]), reverse=True)
    assert {dim["carries"] for dim in given["dims"] if not dim["active"]} == {"unused"}
    codes = np.frombuffer(base64.b64decode(given["codes"]), "<f4").reshape(-1, 20)
    assert len(codes) == len(given["labels"]) == 500
    with torch.no_grad():
        model = Store.default().load("mnist-vae-20d")
        assert isinstance(model, VAE)
        x = Store.default().examples("mnist-vae-20d").batch().x
        expected = model.encode(x)
    np.testing.assert_allclose(codes, expected, atol=1e-5)
    follows = {dim["axis"]: dim["follows"] for dim in given["dims"]}
    r = np.corrcoef(measured(x.numpy(), "slant"), expected[:, 19])[0, 1]
    assert r > 0.9
    assert mentions(follows[19], "slant", f"{r:.2f}")
    assert follows[0] == ""


def test_the_address_names_code_pins_and_axes(visited: Open) -> None:
    zeros = ",".join(["0"] * 18)
    app = visited("traversal", run="mnist-vae-20d", z=f"1,-2,{zeros}", pins=f"0,1,{zeros};2,0,{zeros}", axes="3,1")
    view = sent(app)["view"]
    assert view["z"][:3] == [1, -2, 0]
    assert [pin[:2] for pin in view["pins"]] == [[0, 1], [2, 0]]
    assert view["axes"] == [2, 0]


@pytest.mark.parametrize(
    ("name", "value", "named"),
    [
        ("z", "1,2,3", ("“z”", 2, -4.5, 4.5)),
        ("pins", "1,2;nan,0", ("“pins”",)),
        ("axes", "0,9", ("“axes”", 1, 2)),
        ("weights", "cafe", ()),
    ],
)
def test_a_link_that_does_not_fit_is_said(visited: Open, name: str, value: str, named: tuple[object, ...]) -> None:
    app = visited("traversal", **{name: value})
    assert not app.exception
    assert [mentions(warning.value, *named) for warning in app.warning] == [True]
    assert sent(app)["view"] == {"z": [0, 0], "pins": [], "axes": [0, 1]}


def test_a_decoder_that_the_browser_cannot_run_is_decoded_by_the_server(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("latentlab.export.decoder.MAX_NUMBERS", 1_000)
    app = opened("traversal", z="1.5,0")
    given = sent(app)
    assert given["program"] is None
    assert not [c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.weights"]
    model = Store.default().load("mnist-vae-2d")
    assert isinstance(model, VAE)
    exact = np.frombuffer(base64.b64decode(given["exact"]["image"]), np.uint8)
    np.testing.assert_array_equal(exact, to_bytes(model.decode(torch.tensor([[1.5, 0.0]]))).ravel())
    lattice = given["lattice"]
    images = np.frombuffer(base64.b64decode(lattice["images"]), np.uint8).reshape(-1, lattice["size"])
    assert len(images) == lattice["n"] ** 2 + len(lattice["strips"]) * lattice["n"]
    top_right = to_bytes(model.decode(torch.tensor([[lattice["side"]] * 2]))).ravel()
    np.testing.assert_array_equal(images[lattice["n"] - 1], top_right)


@pytest.mark.parametrize(
    "view",
    [None, 3, {}, {"z": [0], "pins": [], "axes": [0, 1]}, {"z": [0, "nan"], "pins": [], "axes": [0, 1]},
     {"z": [0, 9], "pins": [], "axes": [0, 1]}, {"z": [0, 0], "pins": [[1]], "axes": [0, 1]},
     {"z": [0, 0], "pins": [], "axes": [0, 2]}, {"z": [0, 0], "pins": [], "axes": [0]}],
)  # fmt: skip
def test_what_a_browser_sends_is_checked(view: object) -> None:
    assert View.checked(view, 2, 2, 3.0) is None


def test_a_view_survives_the_way_to_the_browser_and_back() -> None:
    view = View((0.5, -3.0), ((1.0, 2.0),), (1, 0))
    assert View.checked(json.loads(json.dumps(view.as_json())), 2, 2, 3.0) == view


def ask(opened: Open, question: str, **address: str) -> AppTest:
    app = opened("traversal", detail="Diagnosis", **address)
    return app.segmented_control(key="question").set_value(question).run()


@pytest.mark.slow
def test_the_plane_is_mapped_for_support(visited: Open) -> None:
    app = ask(visited, "Is this place real?")
    assert not app.exception
    assert shows(app, f"“{Store.default().read('mnist-cnn').title}”", 500)  # who judges; over how many examples
    assert ["heatmap" in chart.proto.spec for chart in app.get("plotly_chart")] == [True] * 4


def test_the_nearest_training_images_are_named(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    app = ask(opened, "Is it a copy?", run="digits-vae")
    assert not app.exception
    assert shows(app, "1,257")  # training images
    monkeypatch.setattr("pages.shared.cached.is_local", lambda _: False)
    st.cache_resource.clear()
    app.run()
    assert not shows(app, "1,257")
    assert shows(app, 360)  # test images


@pytest.mark.slow
def test_the_bottlenecks_health_is_one_sentence(visited: Open) -> None:
    app = ask(visited, "Is the bottleneck healthy?", run="mnist-vae-20d")
    assert not app.exception
    n_inactive = int((~cached.dimensions(find("mnist-vae-20d")).active).sum())
    assert 0 < n_inactive < 20
    assert shows(app, n_inactive, 20)
    assert len(app.get("plotly_chart")) == 3


def test_three_ways_between_two_examples_are_compared(visited: Open) -> None:
    app = visited("traversal", detail="Paths")
    assert not app.exception
    strip, *probabilities = (chart.proto.spec for chart in app.get("plotly_chart"))
    assert all(kind in strip for kind in ("linear", "spherical", "geodesic"))
    assert len(probabilities) == 3
    for spec in probabilities:
        curves = {trace["name"] for trace in json.loads(spec)["data"]}
        assert len(curves) > 1
        assert curves <= set("0123456789")  # a class each
    (lengths,) = (numbers_in(one.value) for one in app.caption if mentions(one.value, "geodesic", "%"))
    assert 0 < lengths[-1] < 100  # by so many percent the geodesic is shorter than the straight line


def test_a_path_may_join_pins(visited: Open) -> None:
    app = visited("traversal", detail="Paths", pins="-1,0;1,1")
    assert (app.selectbox(key="from").value, app.selectbox(key="to").value) == ("pin 1", "pin 2")
    app.selectbox(key="to").select("here").run()
    assert not app.exception


def test_a_path_plays(visited: Open) -> None:
    app = visited("traversal", detail="Paths", run="digits-vae")
    app.toggle(key="play").set_value(True).run()
    assert not app.exception
    assert app.image[0].proto.imgs[0].url.endswith(".gif")


def test_an_autoencoder_without_a_prior_moves_in_units_of_its_codes(opened: Open, app_store: Store) -> None:
    job_id = queue.submit(app_store, "ae", "digits", {"z_dim": 3, "hidden": 32}, {"epochs": 3})
    list(perform(app_store, job_id))
    app = opened("traversal", run=job_id, live="false")
    assert not app.exception
    assert "variance" in app.slider[0].label
    app.button(key="encode").click().run()
    assert any(app.slider(key=f"z{axis}").value for axis in range(3))
    given = sent(opened("traversal", run=job_id))
    standard = np.frombuffer(base64.b64decode(given["codes"]), "<f4").reshape(-1, 3)
    np.testing.assert_allclose(standard.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(standard.std(0, ddof=1), 1, atol=1e-3)
    for question in ("Is this place real?", "Is the bottleneck healthy?"):
        assert not ask(opened, question, run=job_id).exception
    assert not opened("home", run=job_id).exception


def test_training_images_are_compared_with_once_they_are_here(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    view = {"run": "digits-vae", "detail": "Diagnosis", "question": "Is it a copy?"}
    with monkeypatch.context() as patch:
        patch.setattr("pages.shared.cached.is_local", lambda _: False)
        assert shows(opened("traversal", **view), f"{len(Store.default().examples('digits-vae')):,}")
    assert shows(opened("traversal", **view), f"{len(load('digits').train):,}")


def test_each_latent_variable_of_a_model_can_be_moved_and_what_lies_above_is_held(visited: Open) -> None:
    app = visited("traversal", live="false", run="mnist-sdgm-100")
    run = Store.default().load("mnist-sdgm-100")
    assert isinstance(run, DecodesInTwoSteps)
    assert app.selectbox(key="latent mnist-sdgm-100").options == ["z", "a"]
    means = picture(app)
    app.toggle(key="draw mnist-sdgm-100").set_value(True).run()
    assert picture(app) != means
    app.selectbox(key="class mnist-sdgm-100").set_value("3").run()
    app.selectbox(key="latent mnist-sdgm-100").set_value("a").run()
    assert not app.exception
    assert {slider.label.split(" ·")[0].removeprefix(":gray[") for slider in app.slider} >= {
        "a1",
        f"a{len(app.slider)}",
    }
    of_a_three = picture(app)  # a at its mean given z = 0 and the class 3: what the model itself decodes
    app.selectbox(key="latent mnist-sdgm-100").set_value("z").run()
    app.toggle(key="draw mnist-sdgm-100").set_value(False).run()
    assert picture(app) == of_a_three


def test_a_link_opens_a_latent_variable_with_what_is_held(visited: Open) -> None:
    app = visited("traversal", live="false", run="mnist-sdgm-100", latent="a", above="that of a 5", **{"class": "3"})
    assert not app.exception
    assert not app.warning
    held = [app.selectbox(key=f"{name} mnist-sdgm-100").value for name in ("latent", "class", "above")]
    assert held == ["a", "3", "that of a 5"]
    assert [app.query_params[name] for name in ("latent", "class", "above")] == held


@pytest.mark.parametrize("run", ["digits-m2", "digits-lvae"])
def test_a_model_of_classes_or_layers_can_be_traversed(visited: Open, run: str) -> None:
    app = visited("traversal", run=run, latent="z2" if run == "digits-lvae" else "z")
    assert not app.exception
    assert not app.warning
    assert app.selectbox(key="picked").value == run
