"""The page of score fields: what it draws, what it counts, what a click does, and what it says to bad input."""

from __future__ import annotations

import json
from concurrent.futures import Future
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from streamlit.testing.v1 import AppTest

from latentlab.analysis.box import Box, around
from latentlab.analysis.score.denoiser import NoisyDraws, against_truth
from latentlab.analysis.score.fixed_points import attractors
from latentlab.analysis.score.layers import BASINS, LAYERS
from latentlab.analysis.score.points import FRAME
from latentlab.data import DENSITIES
from latentlab.experiments.score_figures import CONTRACTING
from latentlab.figures.score.field import add_points, empty_plane
from latentlab.figures.theme import LIGHT
from latentlab.models import Denoises
from latentlab.models.autoencoders.dae import DAE
from latentlab.runs.store import Store
from latentlab.training.incremental import TrainingProgress, TrainingTask, advance
from pages.components.plane import Gesture, pack
from pages.score_field.choose_data import _choose
from pages.score_field.choose_field import EXACT, NOW, POINTS
from pages.score_field.own_points import MINE, add_strokes
from pages.score_field.plane import NOTHING
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, shows, waits_for, words


def plane(app: AppTest) -> dict[str, Any]:
    """What the plane draws: the header that its component reads."""
    (component,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.plane")
    content = component.proto.bytes
    found: dict[str, Any] = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    return found


def traces(app: AppTest, name: str) -> list[dict[str, Any]]:
    return [trace for trace in plane(app)["traces"] if name in str(trace.get("name", ""))]


def choose(app: AppTest, key: str, value: object) -> AppTest:
    app.session_state[key] = value
    return app.run()


def denoiser(run_id: str) -> DAE:
    model = Store.default().load(run_id)
    assert isinstance(model, DAE)
    return model


def test_it_opens_on_the_spiral_with_arrows_over_the_true_density(visited: Open) -> None:
    app = visited("score_field")
    assert not app.exception
    assert app.selectbox(key="picked").value == "spiral-dae"
    kinds = [trace["type"] for trace in plane(app)["traces"]]
    assert "heatmap" in kinds
    (cosine,) = (
        numbers_in(one.value)[1] for one in app.caption if mentions(one.value, "σ =", "median cosine")
    )  # after σ
    assert 0.99 <= cosine < 1


@pytest.mark.parametrize("run", ["mixture-dae", "moons-dae", "rings-dae", "pinwheel-dae", "checkerboard-dae"])
def test_every_density_has_its_field(visited: Open, run: str) -> None:
    app = visited("score_field", run=run)
    assert not app.exception
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize("behind", [NOTHING, *(name for name, layer in LAYERS.items() if layer is not BASINS)])
def test_every_layer_can_lie_behind_the_arrows(visited: Open, behind: str) -> None:
    app = visited("score_field", run="mixture-dae", behind=behind)
    assert not app.exception
    layers = [trace for trace in plane(app)["traces"] if trace["type"] in ("heatmap", "contour")]
    assert len(layers) == (behind != NOTHING)


def test_the_exact_field_needs_no_network_and_follows_sigma(visited: Open) -> None:
    app = choose(visited("score_field", run="mixture-dae"), "of-run", "optimum of the density")
    assert not any(
        mentions(one.value, "σ =", "median cosine") for one in app.caption
    )  # it is what others are compared with
    slider = next(one for one in app.select_slider if one.label == "Noise σ")
    before = plane(app)["id"]
    slider.set_value(0.2).run()
    assert plane(app)["id"] != before
    assert shows(app, "σ = 0.2")


def test_the_optimum_of_a_few_points_is_offered(visited: Open) -> None:
    app = choose(visited("score_field", run="moons-dae"), "of-run", "optimum of points")
    assert not app.exception
    assert shows(app, 300)
    assert [len(traces(app, name)) for name in ("upper moon", "lower moon")] == [1, 1]  # each in its own colour


def test_fixed_points_come_from_the_helper_and_are_counted(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("score_field", run="moons-dae-spurious", behind="basins")
    assert waits_for(app, "fixed points")
    assert not shows(app, "3,721")
    (asked,) = helper.values()
    box = around(Store.default().examples("moons-dae-spurious").x)
    asked.set_result(attractors(denoiser("moons-dae-spurious").denoise, box))
    app.run()
    assert not waits_for(app, "fixed points")
    said = next(numbers_in(m.value) for m in app.markdown if mentions(m.value, "3,721"))  # of as many places
    assert 5 < said[0] < 7
    assert said[-1] == 1  # attractor


def test_a_direction_only_has_no_energy_and_no_relative_error(visited: Open) -> None:
    app = visited("score_field", run="moons-dae-walkback", behind="energy by path", detail="Energy and curl")
    assert not app.exception
    assert not {name for name, layer in LAYERS.items() if layer.needs_score} & {*app.selectbox(key="behind").options}
    assert not app.metric  # of energies
    cosine = next(numbers_in(one.value) for one in app.caption if mentions(one.value, "σ =", "median cosine"))
    assert len(cosine) == 2  # σ and the cosine alone
    place = visited("score_field", run="moons-dae-walkback")
    assert not any(mentions(one.value, "(J − I) / σ²") for one in place.markdown)
    assert any(mentions(one.value, "(J − I) / σ²") for one in visited("score_field", run="moons-dae").markdown)


def test_the_chain_that_walkback_trains_on_can_be_seen(visited: Open) -> None:
    app = choose(visited("score_field", run="moons-dae-walkback"), "over", ["data", "walkback"])
    assert not app.exception
    assert len(traces(app, "20 steps")) == len(traces(app, "the example")) == 1


def test_a_network_that_has_learned_nothing_is_told_from_one_that_has(visited: Open) -> None:
    untrained = choose(visited("score_field", run="moons-dae"), "of-run", "train now")
    loss, identity = numbers_in(untrained.warning[0].value)
    assert loss >= identity
    assert not visited("score_field", run="moons-dae").warning


def test_where_there_are_no_data_no_directions_of_them_are_counted(visited: Open) -> None:
    for at, said in (("0,1", True), ("30,30", False)):
        app = visited("score_field", run="moons-dae", at=at)
        assert any(mentions(one.value, "∂r/∂x", "0.1") for one in app.markdown) is said
    for x in np.linspace(-3, 3, 13):  # from outside through both moons
        app = visited("score_field", run="moons-dae", at=f"{x:g},0.25")
        counted = any(mentions(one.value, "∂r/∂x", "0.1") for one in app.markdown)
        near = any(mentions(one.value, "3σ", "cosine") for one in app.markdown)
        assert near or not counted


def test_a_preset_opens_a_figure_of_the_source(visited: Open) -> None:
    app = visited("score_field")
    app.button(key="preset-Gap between the arms").click().run()
    assert not app.exception
    assert plane(app)["box"] == [-0.47, -0.15, -0.13, 0.19]
    app.button(key="preset-A spurious attractor").click().run()
    assert app.selectbox(key="picked").value == "moons-dae-spurious"
    assert "box" not in app.query_params
    app.query_params["whose"] = "my points"
    app.run().button(key="preset-Mixture").click().run()
    assert not app.exception
    assert "whose" not in app.query_params
    assert app.selectbox(key="behind").value == "angle error"
    assert app.selectbox(key="picked").value == "mixture-dae"


def offered(app: AppTest) -> tuple[list[str], str]:
    """The data that are offered by pictures, and which are chosen."""
    (component,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.thumbnails")
    found = json.loads(component.proto.json)
    return [one["name"] for one in found["offered"]], found["chosen"]


def test_data_are_chosen_by_pictures(visited: Open) -> None:
    app = visited("score_field", run="mnist-dae")
    names, chosen = offered(app)
    assert {"spiral", "moons", "mixture", "rings", "curve", "digits", "mnist", MINE} <= {*names}
    assert chosen == "mnist"
    runs, written = {"moons": "moons-dae", MINE: "spiral-dae"}, dict[str, object]()
    for name, run in runs.items():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(st, "session_state", {"data": SimpleNamespace(choice=name)})
            patch.setattr(st, "query_params", written)
            written |= {"at": "1,2", "whose": "?"}
            _choose(runs)
        assert (written["run"], written.get("whose"), "at" in written) == (run, MINE if name == MINE else None, False)
    assert offered(visited("score_field", run="moons-dae-walkback"))[1] == "moons"
    mine = visited("score_field", whose=MINE)
    assert offered(mine)[1] == MINE
    assert len(traces(mine, MINE)) == 1
    assert mine.segmented_control(key="pointer-True").value == "paints points"


def test_a_name_reaches_the_canvas_as_it_is() -> None:
    figure = empty_plane(FRAME, LIGHT)
    add_points(figure, np.zeros((2, 2)), np.zeros(2, int), ("<b>x</b> %{y} & 50",), LIGHT)
    content = pack(figure, "", "", None, 0, {})
    head = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    assert [trace["name"] for trace in head["traces"]] == ["<b>x</b> %{y} & 50"]


def test_what_a_browser_sends_is_a_gesture_or_nothing() -> None:
    for sent in (
        None, 3, {}, {"place": [0]}, {"place": ["x", 1]}, {"place": [1e9, 0]}, {"box": [[0, 0], [0, 1]]},
        {"strokes": [{"serial": 1}]}, {"strokes": [{"serial": 1, "points": [[0, float("nan")]]}]},
    ):  # fmt: skip
        assert Gesture.checked(sent) is None
    assert Gesture.checked({"box": [[-1, 0], [1, 2]]}) == Gesture(box=Box(-1, 1, 0, 2))
    assert Gesture.checked({"strokes": [{"serial": 4, "points": [[0, 1]]}]}) == Gesture(strokes=((4, ((0.0, 1.0),)),))


def test_strokes_are_painted_once_undone_and_cleared(visited: Open) -> None:
    app = visited("score_field", whose=MINE)
    first = str(app.text_area(key="my-points").value)
    state: dict[str, object] = {"my-points": first}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "session_state", state)
        add_strokes([(1, [(0.1, 0.2)])])
        add_strokes([(1, [(0.1, 0.2)]), (2, [(0.3, 0.4), (-0.5, 0.6)])])  # a stroke may come again
    assert str(state["my-points"]).removeprefix(first).split() == ["0.1,", "0.2", "0.3,", "0.4", "-0.5,", "0.6"]
    for name, value in state.items():
        app.session_state[name] = value
    assert traces(app.run(), MINE)[0]["shape"] == [8]
    app.button(key="undo-stroke").click().run()
    assert traces(app, MINE)[0]["shape"] == [6]
    app.button(key="clear-points").click().run()
    assert not app.exception
    assert not app.error
    assert plane(app)["traces"] == []  # a plane to paint on
    app.button(key="undo-stroke").click().run()
    assert traces(app, MINE)[0]["shape"] == [6]
    assert traces(visited("score_field", **app.query_params), MINE)[0]["shape"] == [6]


def test_a_link_opens_the_place_and_its_geometry(visited: Open) -> None:
    app = visited("score_field", run="mixture-dae", at="-2,-0.5")
    assert "At (-2, -0.5)" in words(app)
    model = denoiser("mixture-dae")
    r = model.denoise(torch.tensor([[-2.0, -0.5]]))[0]
    assert f"({float(r[0]):.3g}, {float(r[1]):.3g}) ±" in words(app)


def test_the_place_that_is_looked_at_first_lies_in_sight(visited: Open) -> None:
    app = visited("score_field", run="spiral-dae", box="-0.47,-0.15,-0.13,0.19")
    (said,) = (one.value for one in app.markdown if mentions(one.value, "∂r/∂x"))
    x, y = (float(v) for v in said.partition("(")[2].partition(")")[0].split(","))
    assert -0.47 < x < -0.15
    assert -0.13 < y < 0.19


def test_nonsense_for_a_place_or_a_box_is_a_sentence_and_the_default(visited: Open) -> None:
    app = visited("score_field", at="nan,1", box="1,0,x")
    assert not app.exception
    said = [warning.value for warning in app.warning]
    assert any("“at”" in text for text in said)
    assert any("“box”" in text for text in said)
    app = visited("score_field", box="3,1,2,4")
    assert ["“box”" in warning.value for warning in app.warning] == [True]
    assert "box" not in app.query_params


def test_energy_and_curl_are_shown_with_a_loop(visited: Open) -> None:
    app = visited("score_field", run="mixture-dae", detail="Energy and curl")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 3
    loop, one, other, _ = (float(metric.value.split()[0]) for metric in app.metric)
    assert loop == pytest.approx(other - one, abs=0.02) or loop == pytest.approx(one - other, abs=0.02)
    app.session_state["loop-mixture"] = [(0.0, 0.0), (1.0, 0.0)]
    before = [one.value for one in app.caption]
    (said,) = (one.value for one in app.run().caption if one.value not in before)
    assert numbers_in(said) == [2]  # corners so far, which is too few
    # an exact field is a gradient
    exact = choose(app, "of-run", "optimum of the density")
    assert abs(float(exact.metric[0].value.split()[0])) < 1e-3
    assert exact.metric[3].value == "0.000"


def test_three_autoencoders_are_compared_with_the_exact_score(visited: Open) -> None:
    app = visited("score_field", detail="DAE, RCAE, CAE")
    assert not app.exception
    (table,) = (one.value for one in app.dataframe)
    store = Store.default()
    for row in table.to_dict("records"):
        run = store.read(CONTRACTING[row["network"]])
        model = store.load(run.id)
        assert isinstance(model, Denoises)
        found, losses = against_truth(DENSITIES[run.dataset], model.denoise, model.sigma)
        assert float(row["median cosine"]) == pytest.approx(found.median_cosine, abs=6e-4)
        assert float(row["relative error"].rstrip("%")) == pytest.approx(100 * found.relative_rms, abs=0.6)
        assert float(row["loss / optimum"]) == pytest.approx(losses.denoiser / losses.optimum, abs=6e-3)
    assert len(table) == 3
    fields = app.get("plotly_chart")[-4:]
    arrows = [json.loads(one.proto.spec)["data"][-1] for one in fields]
    assert len({str(one["x"]) for one in arrows}) == 4  # of three networks and the exact one


def test_the_laboratory_shows_the_optima_and_the_table(visited: Open) -> None:
    app = visited("score_field", detail="One dimension")  # an older link
    assert not app.exception
    table = app.table[0].value
    assert list(table["σ"]) == ["1", "0.31", "0.16", "0.06", "0.03", "0.01"]
    assert list(table[list(table)[1]])[:2] == ["1.73", "1.42"]
    view = {"detail": "DAE, RCAE, CAE", "autoencoders": "exact, in one dimension", "density-1d": "three points"}
    stairs = visited("score_field", **view)
    assert not stairs.exception
    assert not stairs.error
    assert stairs.get("plotly_chart")


def test_images_have_scores_that_are_images(visited: Open) -> None:
    for run in ("digits-dae", "mnist-dae"):
        app = visited("score_field", run=run)
        assert not app.exception
        assert app.image
        left, before = next(numbers_in(m.value)[:2] for m in app.markdown if mentions(m.value, "|score|"))
        assert 0 < left < before  # noise after and before denoising
        assert choose(app, "image-detail", "Plane through three").get("plotly_chart")
    assert not choose(app, "image-detail", "Repeated denoising").exception


def test_a_link_opens_the_images_as_they_were(visited: Open) -> None:
    address = {"noise-digits-dae": "0.2", "first": "7", "image-detail": "Repeated denoising"}
    app = visited("score_field", run="digits-dae", **address)
    assert not app.exception
    assert app.select_slider(key="noise-digits-dae").value == 0.2
    assert app.number_input(key="first").value == 7
    (first_step, last_step) = next(found for one in app.caption if len(found := numbers_in(one.value)) == 2)
    assert first_step > last_step > 0  # how far the images move


def test_three_examples_that_span_no_plane_are_a_sentence(visited: Open) -> None:
    app = visited("score_field", run="digits-dae", **{"image-detail": "Plane through three"})
    app.number_input(key="corner-1-digits-dae").set_value(app.number_input(key="corner-0-digits-dae").value).run()
    assert app.error


def test_a_curve_in_ten_dimensions_is_cut(visited: Open) -> None:
    app = visited("score_field", run="curve-dae")
    assert not app.exception
    assert shows(app, 10, "median cosine")
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    assert [trace["text"] for trace in drawn if trace.get("mode") == "markers+text"] == [
        [f"example {k}" for k in (0, 166, 333)]  # there is one class, which would tell nothing apart
    ]


def test_points_of_ones_own_have_a_kernel_estimate(visited: Open) -> None:
    app = visited("score_field", whose="my points")
    assert not app.exception
    app.text_area(key="my-points").set_value("0, 0\n1, 1\n1, x").run()
    assert [mentions(error.value, 3, "'1, x'") for error in app.error] == [True]  # the line, and what it is
    app.text_area(key="my-points").set_value("0.5 0.5").run()
    assert not app.exception
    assert not app.error
    app.text_area(key="my-points").set_value("1,1\n1,1\n1,1").run()
    assert not app.exception
    assert not app.error


@pytest.mark.parametrize("text", ["999999, 0\n0, 0", "1e-9, 0\n0, 0\n1e-9, 1e-9", "0, 0\n1, 0\n2, 0", "5, 5"])
@pytest.mark.parametrize("kind", [EXACT, POINTS, NOW])
def test_points_as_far_or_as_near_as_can_be_have_a_field_of_every_kind(visited: Open, text: str, kind: str) -> None:
    app = visited("score_field", whose="my points", **{"of-mine": kind})
    app.text_area(key="my-points").set_value(text).run()
    assert not app.exception
    assert not app.error
    assert next(one for one in app.segmented_control if one.label == "Field").value == kind
    n = text.count("\n") + 1
    assert any(numbers_in(one.value)[:1] == [n] for one in app.caption)


def test_the_noise_fits_points_of_ones_own(visited: Open) -> None:
    app = visited("score_field", whose="my points", **{"of-mine": "Points"})
    for scale in (1e-3, 1.0, 1e5):
        app.text_area(key="my-points").set_value(f"0, 0\n{scale}, {scale}\n{-scale}, {scale / 2}").run()
        noise = next(one for one in app.select_slider if one.label == "Noise σ")
        assert isinstance(noise.value, float)
        assert 0.03 * scale < noise.value < 0.5 * scale
        assert shows(app, 3, f"σ = {noise.value:g}")
        assert not any(mentions(one.value, "σ =", "median cosine") for one in app.caption)


def test_a_link_opens_the_exact_field_of_a_noise(visited: Open) -> None:
    app = visited("score_field", run="mixture-dae", **{"of-run": "Exact", "sigma": "0.2"})
    assert shows(app, "σ = 0.2")
    app = visited("score_field", run="moons-dae", **{"of-run": "Points", "n-points": "30"})
    assert shows(app, 30)
    app = visited("score_field", run="moons-dae", **{"of-run": "Train now", "live-model": "rcae"})
    assert shows(app, "rcae", 0)
    app = visited("score_field", run="moons-dae", **{"of-run": "Points", "n-points": "31", "sigma": "77"})
    assert shows(app, 300)
    assert not shows(app, 31)


def lesson(n: int) -> TrainingProgress:
    """A training as it is after so many pieces of 20 steps, of the network that the page offers at first."""
    task = TrainingTask("dae", {"hidden": 128}, {"epochs": 10, "batch_size": 4}, np.zeros((80, 2), np.float32))
    now = TrainingProgress()
    for _ in range(n):
        now = advance(task, now, 0.0)
    return replace(now, n_steps=3_200)


def curve(app: AppTest) -> dict[str, Any]:
    """The loss while a network learns."""
    found: dict[str, Any] = json.loads(app.get("plotly_chart")[0].proto.spec)
    return found


def test_a_network_learns_while_one_watches(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = choose(visited("score_field", run="moons-dae"), "of-run", "train now")
    assert not app.exception
    assert not shows(app, "3,200")
    app.button(key="live-start").click().run()
    key, asked = next((key, one) for key, one in helper.items() if key.endswith(" 0"))
    assert not asked.done()
    before = plane(app)["id"]
    asked.set_result(lesson(1))
    app.run()
    assert shows(app, "20 of 3,200")
    assert plane(app)["id"] != before
    later = f"{key.removesuffix(' 0')} 1"
    assert list(helper) == [later]  # the next piece is requested
    app.button(key="live-stop").click().run()
    assert not any(button.key == "live-stop" for button in app.button)
    assert not helper
    assert shows(app, "20 of 3,200")
    app.button(key="live-start").click().run()
    assert list(helper) == [later]  # it goes on from where it was stopped
    helper[later].set_result(replace(lesson(3), step=3_200, done=True))
    app.run()
    assert shows(app, "3,200 of 3,200")
    assert not helper
    app.button(key="live-start").click().run()
    assert list(helper) == [key]  # what is done begins anew


def test_what_a_network_was_is_looked_back_at(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = choose(visited("score_field", run="moons-dae"), "of-run", "train now")
    untrained = plane(app)["id"]
    app.button(key="live-step").click().run()
    next(iter(helper.values())).set_result(lesson(3))
    app.run()
    assert not helper  # one step, and it pauses
    last = plane(app)["id"]
    network, ring, optimum = curve(app)["data"]
    density = DENSITIES["moons"]
    draws = NoisyDraws(density, 0.1, seed=1)
    assert (network["x"], ring["x"]) == ([0, 20, 40, 60], [60])
    assert len({*optimum["y"]}) == 1
    assert min(network["y"]) > optimum["y"][0]
    assert draws.loss(density.denoise(draws.noisy, 0.1)) == pytest.approx(draws.optimum, rel=1e-5)
    assert draws.optimum < draws.identity
    back = choose(app, "live-frame", 0)
    assert plane(back)["id"] == untrained != last
    assert curve(back)["data"][1]["x"] == [0]
    app.button(key="live-step").click().run()
    (key,) = helper
    assert key.endswith(" 1")  # from the last step on, not from what is shown
    helper[key].set_result(lesson(4))
    assert curve(app.run())["data"][1]["x"] == [80]  # which is shown again
    app.button(key="live-reset").click().run()
    assert not helper
    assert curve(app)["data"][0]["x"] == [0]


def test_another_setting_goes_on_from_a_fresh_start(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = choose(visited("score_field", run="moons-dae"), "of-run", "train now")
    app.button(key="live-start").click().run()
    first = next(iter(helper))
    helper[first].set_result(lesson(1))
    app.run().number_input(key="live-dae-moons-sigma").set_value(0.3).run()
    (now,) = helper
    assert now.endswith(" 0")  # from the start
    assert now != first
    app.button(key="live-stop").click().run()
    address = {"run": "moons-dae", "of-run": "Train now", "live-dae-moons-sigma": "0.3"}
    link = visited("score_field", **address)
    said = [{one.value for one in page.caption} for page in (app, link)]
    assert len(said[0] - said[1]) == 1  # a sentence about it, which a link has no need of


def test_what_goes_wrong_in_training_is_a_sentence(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = choose(visited("score_field", run="moons-dae"), "of-run", "train now")
    app.button(key="live-start").click().run()
    asked = next(one for key, one in helper.items() if key.endswith(" 0"))
    asked.set_exception(ValueError("Loss: nan.\nmore"))
    app.run()
    assert not app.exception
    assert any(error.value == "Loss: nan." for error in app.error)
