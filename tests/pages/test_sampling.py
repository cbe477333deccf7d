"""The page of chains: what it sends to be played, what it says of it, and what goes wrong on purpose."""

import json
import re
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from latentlab.analysis.box import Box
from latentlab.analysis.sampling import (
    ENERGIES,
    KNOWN,
    CodePosterior,
    ModelChain,
    RandomWalk,
    Remedy,
    Tempering,
    experiment,
    side_by_side,
)
from latentlab.data.builtin.synthetic import DENSITIES
from latentlab.device import generator
from latentlab.runs.store import Store
from pages.components.chains import FULL, Film, pack
from pages.sampling.controls import PRESETS
from pages.sampling.experiment import LEARNED, POSTERIOR, Setup
from pages.sampling.remedies import change
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, shows, words
from tests.pages.test_walks import mismatches


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What chains.js makes of the bytes."""
    length = int.from_bytes(content[:4], "little")
    head, body = json.loads(content[4 : 4 + length]), content[4 + length :]
    t, c, side, path = head["steps"], head["chains"], head["side"], head["path"]
    parts: dict[str, NDArray[Any]] = {}
    at = 0
    for name, kind, shape in (
        ("truth", "<f4", (side,)), ("start", "<u2", (c, 2)), ("positions", "<u2", (t, c, 2)),
        ("proposals", "<u2", (t, c, 2)), ("data", "<u2", (head["points"], 2)),
        ("paths", "<u2", (t, path, c, 2)), ("accepted", "u1", (t, c)),
        ("shade", "u1", (side, side)),
    ):  # fmt: skip
        n = int(np.prod(shape))
        parts[name] = np.frombuffer(body, kind, n, at).reshape(shape)
        at += parts[name].nbytes
    assert at == len(body)
    return head, parts


def sent(app: AppTest) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    (component,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.chains")
    return unpack(component.proto.bytes)


def real(places: NDArray[Any], box: list[float]) -> NDArray[np.float64]:
    low, high = np.array(box[:2]), np.array(box[2:])
    return np.asarray(low + places / FULL * (high - low))


def test_a_film_says_where_chains_were_what_they_tried_and_whether_they_went() -> None:
    rng = np.random.default_rng(0)
    moves = rng.random((5, 3, 2))
    film = Film(
        moves[0], moves, moves + 0.01, rng.random((5, 3)) < 0.5, Box(-1.0, 2.0, -1.0, 2.0), rng.random((4, 4)),
        rng.random((7, 2)), ["a", "b"],
    )  # fmt: skip
    head, parts = unpack(pack(film))
    assert (head["steps"], head["chains"], head["points"], head["names"]) == (5, 3, 7, ["a", "b"])
    np.testing.assert_allclose(real(parts["positions"], head["box"]), moves, atol=3 / FULL)
    np.testing.assert_allclose(real(parts["proposals"], head["box"]), moves + 0.01, atol=3 / FULL)
    np.testing.assert_array_equal(parts["accepted"], film.accepted)
    assert parts["truth"].sum() == pytest.approx(1)
    assert parts["shade"].max() == 255
    outside = pack(Film(moves[0] + 9, moves - 9, moves, film.accepted, film.box, None, np.empty((0, 2)), ["a", "b"]))
    head, parts = unpack(outside)
    assert (parts["start"] == FULL).all()
    assert (parts["positions"] == 0).all()
    assert head["side"] == 0


def test_it_opens_on_the_posterior_of_a_half_hidden_image(visited: Open) -> None:
    app = visited("sampling")
    assert not app.exception
    assert app.selectbox(key="target").value == POSTERIOR
    head, parts = sent(app)
    assert head["names"] == ["z1", "z2"]
    assert parts["truth"].sum() == pytest.approx(1, abs=1e-3)
    assert len(app.image) == 3  # the image, the chain as pictures, and the completions
    shares = app.dataframe[0].value
    assert shares["share"].sum() == pytest.approx(100)
    assert shares["share"].is_monotonic_decreasing
    assert ((shares["from"] <= shares["share"]) & (shares["share"] <= shares["to"])).all()
    assert [one.proto.label for one in app.get("download_button")] == ["NetCDF", "npz", "CSV"]
    assert app.info[0].value


def test_the_posterior_of_an_image_is_run_to_the_requested_length(
    visited: Open, helper: dict[str, Future[Any]]
) -> None:
    app = visited("sampling", chains="40", steps="1000")
    assert sent(app)[0]["steps"] < 1_000  # what is available at once
    (key,) = (key for key in helper if key.startswith("chains "))
    codes = torch.randn(50, 2, generator=generator(0))
    wide = CodePosterior(lambda z: 0 * z[:, 0], torch.ones(2), False, codes, 1.0, (0, 1))
    helper[key].set_result(experiment(wide.instance(ENERGIES["exact"]), RandomWalk(), 1.0, "data", 40, 1_000))
    app.run()
    assert not app.exception
    assert sent(app)[0]["steps"] == 1_000
    assert shows(app, 40, 750)  # after the burn-in


def test_the_moves_that_are_played_are_the_samplers(visited: Open) -> None:
    app = visited("sampling", target="mixture", start="far outside")
    head, parts = sent(app)
    went = parts["accepted"].astype(bool)
    before = np.concatenate([parts["start"][None], parts["positions"][:-1]])
    np.testing.assert_array_equal(parts["positions"][~went], before[~went])
    np.testing.assert_array_equal(parts["positions"][went], parts["proposals"][went])
    xs = np.linspace(head["box"][0], head["box"][2], head["side"] + 1)
    middle = ((xs[1:] + xs[:-1]) / 2 * parts["truth"]).sum()
    density = DENSITIES["mixture"]
    assert middle == pytest.approx(float(density.log_weights.exp() @ density.means[:, 0]), abs=0.03)


def test_the_paths_of_proposals_are_played_and_the_step_that_was_found_is_said(visited: Open) -> None:
    app = visited("sampling", run="mixture-dae", target="mixture", sampler="NUTS", depth="4", chains="4", steps="50")
    assert not app.toggle(key="adapt").value
    app.toggle(key="adapt").set_value(True).run()
    assert not app.exception
    _, parts = sent(app)
    before = np.concatenate([parts["start"][None], parts["positions"][:-1]])
    np.testing.assert_array_equal(parts["paths"][:, 0], before)
    np.testing.assert_array_equal(parts["paths"][:, -1], parts["proposals"])
    assert any(numbers_in(one.value)[1:] == [12, 80] for one in app.caption)  # the step, of so many, for 80 %
    assert any(15 in numbers_in(one.value) for one in app.caption)  # 2^4 - 1 leapfrog steps are the most
    app.selectbox(key="sampler").select("Gibbs").run()
    assert not [one for one in app.toggle if one.key == "adapt"]
    assert sent(app)[0]["path"] == 0


def test_a_longer_step_is_less_often_accepted_and_the_advice_says_so(visited: Open) -> None:
    app = visited("sampling", target="mixture")
    app.select_slider(key="power").set_value(4).run()
    long = app.info[0].value
    app.select_slider(key="power").set_value(-5).run()
    short = app.info[0].value
    assert 0 <= numbers_in(long)[0] < 20 < 80 < numbers_in(short)[0] <= 100  # the acceptance (%) that is the reason
    assert re.sub(r"\d+", "", long) != re.sub(r"\d+", "", short)  # and what to do is not the same


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_what_goes_wrong_goes_wrong(visited: Open, name: str) -> None:
    app = visited("sampling")
    app.selectbox(key="wrong").select(name).run()
    assert not app.exception
    assert not app.error
    given = PRESETS[name]
    assert app.selectbox(key="target").value == given["target"]
    assert app.selectbox(key="sampler").value == given["sampler"]
    advice = (app.warning or app.info)[0].value
    stuck = given["sampler"] == "random walk" and given["target"] not in ("mixture", "curve")  # R-hat doesn't show it
    assert bool(app.warning) is (given.get("energy") == "first order" or stuck)
    if given["target"] == "mixture" and given["power"] in (-4, 3):
        acceptance = numbers_in(advice)[0]
        assert acceptance > 80 if given["power"] < 0 else acceptance < 20
    if "run" in given:
        assert mentions(advice, "R-hat")
    app.query_params["detail"] = "Against the truth"
    app.run()
    assert not app.exception


def test_nothing_of_a_preset_stays_for_the_next(visited: Open) -> None:
    app = visited("sampling", run="mixture-dae")
    without_burn_in = next(name for name, given in PRESETS.items() if given.get("burn-in") == 0)
    of_first_order = next(name for name, given in PRESETS.items() if given.get("energy") == "first order")
    app.selectbox(key="wrong").select(without_burn_in).run()
    assert app.slider(key="burn-in").value == 0
    app.selectbox(key="wrong").select(of_first_order).run()
    assert app.slider(key="burn-in").value == 25
    assert app.selectbox(key="energy").value == "first order"
    app.selectbox(key="wrong").select(next(iter(PRESETS))).run()
    assert app.selectbox(key="energy").value == "exact"


def test_one_chain_is_told_that_it_is_alone(visited: Open) -> None:
    app = visited("sampling", run="mixture-dae", target="mixture", chains="1", steps="50")
    assert mentions(app.info[0].value, "R-hat")
    assert numbers_in(app.info[0].value) == []  # there is none
    assert shows(app, 1, 38)  # a chain, of so many steps


@pytest.mark.slow
def test_what_would_take_long_is_cut_in_steps_and_in_chains(visited: Open) -> None:
    app = visited("sampling", run="curve-dae", target="curve", sampler="HMC", leapfrog="50", chains="2000")
    assert not app.exception
    (n_chains,) = (found[0] for one in app.caption if (found := numbers_in(one.value))[1:] == [20])  # of 20 steps each
    assert 10 <= n_chains < 500
    assert shows(app, int(n_chains), 15)  # after the burn-in


def test_a_model_of_which_nothing_can_be_sampled_is_said(visited: Open) -> None:
    for run_id, offered in (("mnist-dae", False), ("mixture-dae", True)):
        app, title = visited("sampling", run=run_id), Store.default().read(run_id).title
        assert any(mentions(one.value, f"“{title}”") for one in app.caption) is not offered


def test_chains_that_follow_first_order_energies_leave_the_curve(visited: Open) -> None:
    def share(energy: str) -> float:
        app = visited("sampling", target="curve", energy=energy, detail="Against the truth")
        (text,) = (
            m.value for m in app.markdown if mentions(m.value, "√9")
        )  # of ten dimensions, less that of the curve
        return numbers_in(text)[0]

    assert share("first order") > 1.3 * share("exact")


def test_the_other_tabs_say_how_far_the_chains_are_to_be_trusted(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("sampling", target="mixture")
    table = app.dataframe[0].value
    assert list(table["coordinate"]) == ["x1", "x2"]
    assert (table["R-hat"] < 2).all()
    app = visited("sampling", target="mixture", detail="Against the truth")
    assert "Total variation" in words(app)
    app = visited("sampling", target="mixture", detail="Side by side")
    (key,) = (key for key in helper if key.startswith("side by side mixture"))
    rows = side_by_side(DENSITIES["mixture"], {"random walk": 0.7, "Gibbs": 1.0}, "one point", 60, 600)
    helper[key].set_result(rows)
    app.run()
    assert [row.name for row in rows] == ["Gibbs", "random walk"]
    assert list(app.dataframe[0].value["sampler"]) == ["Gibbs", "random walk"]
    assert shows(app, "Gibbs", f"{rows[0].distance:.3f}")
    helper[key] = Future()
    helper[key].set_exception(ValueError("No density.\nmore"))
    app.run()
    assert mentions(app.error[0].value, "No density.")
    assert not mentions(app.error[0].value, "more")


def test_without_the_browser_a_slider_shows_a_step(visited: Open) -> None:
    app = visited("sampling", target="moons", live="false")
    assert not app.exception
    assert "latentlab.chains" not in {c.proto.component_name for c in app.get("bidi_component")}
    app.slider(key="chain-step").set_value(1).run()
    assert not app.exception


def test_a_choice_that_another_rules_out_is_left(visited: Open) -> None:
    app = visited("sampling", target="mixture", sampler="Gibbs")
    assert app.selectbox(key="sampler").value == "Gibbs"
    app.selectbox(key="target").select(POSTERIOR).run()
    assert not app.exception
    assert app.selectbox(key="sampler").value == "random walk"


def test_by_a_direction_only_nothing_is_sampled(visited: Open) -> None:
    app = visited("sampling", run="moons-dae-walkback")
    assert not app.exception
    assert LEARNED not in app.selectbox(key="target").options


def test_a_denoiser_walks_by_itself(visited: Open) -> None:
    app = visited("sampling", run="moons-dae")
    assert app.selectbox(key="target").value == LEARNED
    assert app.selectbox(key="sampler").value == ModelChain.name
    _, parts = sent(app)
    assert parts["accepted"].all()


def test_a_mode_that_no_chain_visits_is_named_with_its_weight(visited: Open) -> None:
    """Of two far modes all chains start in the right one; the left one holds 30 % of the probability."""
    app = visited("sampling", target="two far modes", start="one point", sampler="random walk")
    assert any(mentions(said.value, "30%") for said in app.warning)
    helped = visited("sampling", target="mixture", start="data", sampler="random walk")
    assert not helped.warning


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "remedy", "control", "value"),
    [
        ({"wrong": "the step is too long"}, Remedy.HALVE_STEP, "power", 2),
        ({"wrong": "the step is too short"}, Remedy.DOUBLE_STEP, "power", -3),
        ({"target": "two far modes", "start": "one point"}, Remedy.TEMPER, "sampler", Tempering.name),
        ({"target": "two far modes", "start": "one point"}, Remedy.START_AT_DATA, "start", "data"),
        ({"target": "two far modes"}, Remedy.RUN_LONGER, "steps", 1_000),
        ({"target": "mixture", "chains": "1"}, Remedy.MORE_CHAINS, "chains", 4),
        ({"target": "curve", "energy": "first order"}, Remedy.INTEGRATE, "energy", "path integral"),
        ({"target": "curve", "energy": "first order"}, Remedy.SHORTEN_STEP, "power", -3),
        ({"run": "mnist-vae-2d", "chains": "40", "steps": "1000"}, Remedy.FEWER_CHAINS, "chains", 10),
    ],
)
def test_a_button_does_what_the_advice_says(
    visited: Open, address: dict[str, str], remedy: Remedy, control: str, value: object
) -> None:
    given = {key: text for key, text in address.items() if key != "wrong"}
    app = visited("sampling", **({"run": "mixture-dae"} | given))
    if "wrong" in address:
        app.selectbox(key="wrong").select(address["wrong"]).run()
    app.button(key=f"do {remedy}").click().run()
    assert not app.exception
    again = visited("sampling", **{name: text_of(value) for name, value in app.query_params.items()})
    assert not again.exception
    assert app.session_state[control] == again.session_state[control] == value


def text_of(value: Any) -> str:
    """A parameter of an address, which may be listed."""
    return str(value[0] if isinstance(value, list) else value)


SETUP = Setup("mixture", "random walk", 0, "one point", "exact", 100, 300, 10, 0, 0, None)


@pytest.mark.parametrize(
    ("remedy", "at_its_end"),
    [
        (Remedy.HALVE_STEP, {"power": -5}), (Remedy.DOUBLE_STEP, {"power": 5}), (Remedy.SHORTEN_STEP, {"power": -5}),
        (Remedy.RUN_LONGER, {"n_steps": 1_000}), (Remedy.MORE_CHAINS, {"n_chains": 2_000}),
        (Remedy.FEWER_CHAINS, {"n_chains": 4}), (Remedy.START_AT_DATA, {"start": "data"}),
        (Remedy.TEMPER, {"sampler": Tempering.name}),
    ],
)  # fmt: skip
def test_a_change_is_offered_as_far_as_its_control_goes(remedy: Remedy, at_its_end: dict[str, Any]) -> None:
    problem = KNOWN["mixture"]
    assert change(remedy, problem, SETUP, 0.25)
    assert change(remedy, problem, replace(SETUP, **at_its_end), 0.25) == {}
    adapted = replace(SETUP, adapt=0.25)  # the step isn't that of the control
    assert not any(change(one, problem, adapted, 0.25) for one in (Remedy.HALVE_STEP, Remedy.DOUBLE_STEP))
    assert change(Remedy.LEAVE_OUT_MORE, problem, SETUP, 0.6) == {"burn-in": 75}
    assert change(Remedy.LEAVE_OUT_MORE, problem, SETUP, 0.75) == {}


def test_the_step_in_sight_is_the_one_that_is_shown_when_chains_become_longer(visited: Open) -> None:
    app = visited("sampling")
    app.toggle(key="live").set_value(False).run()
    end = app.slider(key="chain-step").max
    app.selectbox(key="target").set_value("spiral").run()
    assert app.slider(key="chain-step").max > end
    assert [one for one in mismatches(app, {}) if "chain-step" in one] == []
