"""The page of chains: what it sends to be played, what it says of it, and what goes wrong on purpose."""

import json
import re
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from latentlab.analysis.box import Box
from latentlab.analysis.sampling import side_by_side
from latentlab.data.builtin.synthetic import DENSITIES
from pages.components.chains import FULL, Film, pack
from pages.sampling.controls import PRESETS
from tests.pages.conftest import Open, words


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What chains.js makes of the bytes."""
    length = int.from_bytes(content[:4], "little")
    head, body = json.loads(content[4 : 4 + length]), content[4 + length :]
    t, c, side = head["steps"], head["chains"], head["side"]
    parts: dict[str, NDArray[Any]] = {}
    at = 0
    for name, kind, shape in (
        ("truth", "<f4", (side,)), ("start", "<u2", (c, 2)), ("positions", "<u2", (t, c, 2)),
        ("proposals", "<u2", (t, c, 2)), ("data", "<u2", (head["points"], 2)), ("accepted", "u1", (t, c)),
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


def test_it_opens_on_the_posterior_of_a_half_hidden_image(opened: Open) -> None:
    app = opened("sampling")
    assert not app.exception
    assert app.selectbox(key="target").value == "posterior of an image"
    head, parts = sent(app)
    assert head["names"] == ["z1", "z2"]
    assert parts["truth"].sum() == pytest.approx(1, abs=1e-3)
    assert len(app.image) == 2  # the image, and the chain as pictures
    assert app.info[0].value


def test_the_moves_that_are_played_are_the_samplers(opened: Open) -> None:
    app = opened("sampling", target="mixture", start="far outside")
    head, parts = sent(app)
    went = parts["accepted"].astype(bool)
    before = np.concatenate([parts["start"][None], parts["positions"][:-1]])
    np.testing.assert_array_equal(parts["positions"][~went], before[~went])
    np.testing.assert_array_equal(parts["positions"][went], parts["proposals"][went])
    xs = np.linspace(head["box"][0], head["box"][2], head["side"] + 1)
    middle = ((xs[1:] + xs[:-1]) / 2 * parts["truth"]).sum()
    density = DENSITIES["mixture"]
    assert middle == pytest.approx(float(density.log_weights.exp() @ density.means[:, 0]), abs=0.03)


def test_a_longer_step_is_less_often_accepted_and_the_advice_says_so(opened: Open) -> None:
    app = opened("sampling", target="mixture")
    app.select_slider(key="power").set_value(4).run()
    assert "halve the step" in app.info[0].value
    app.select_slider(key="power").set_value(-5).run()
    assert "double the step" in app.info[0].value


@pytest.mark.parametrize("name", PRESETS)
def test_what_goes_wrong_goes_wrong(opened: Open, name: str) -> None:
    app = opened("sampling")
    app.selectbox(key="wrong").select(name).run()
    assert not app.exception
    assert not app.error
    given = PRESETS[name]
    assert app.selectbox(key="target").value == given["target"]
    assert app.selectbox(key="sampler").value == given["sampler"]
    advice = (app.warning or app.info)[0].value
    said = {
        "the step is too short": "double the step",
        "the step is too long": "halve the step",
        "two modes are far apart": "",
        "… and hotter chains help": "",
        "the burn-in is too short": "",
        "energies of first order": "much shorter step",
        "a spurious attractor": "R-hat",
    }[name]
    assert said in advice
    app.query_params["detail"] = "Against the truth"
    app.run()
    assert not app.exception


def test_nothing_of_a_preset_stays_for_the_next(opened: Open) -> None:
    app = opened("sampling", run="mixture-dae")
    app.selectbox(key="wrong").select("the burn-in is too short").run()
    assert app.slider(key="burn-in").value == 0
    app.selectbox(key="wrong").select("energies of first order").run()
    assert app.slider(key="burn-in").value == 25
    app.selectbox(key="wrong").select("the step is too long").run()
    assert app.selectbox(key="energy").value == "exact"


def test_one_chain_is_told_that_it_is_alone(opened: Open) -> None:
    app = opened("sampling", run="mixture-dae", target="mixture", chains="1", steps="50")
    assert "One chain can't tell" in app.info[0].value
    assert "1 chain of 38 steps" in words(app)


def test_what_would_take_long_is_cut_in_steps_and_in_chains(opened: Open) -> None:
    app = opened("sampling", run="curve-dae", target="curve", sampler="HMC", leapfrog="50", chains="2000")
    assert not app.exception
    (said,) = (one.value for one in app.caption if one.value.startswith("Cut to"))
    n_chains, n_steps = (int(n) for n in re.findall(r"\d+", said))
    assert 10 <= n_chains < 500
    assert n_steps == 20
    assert f"{n_chains} chains of 15 steps after the burn-in" in words(app)


def test_a_model_of_which_nothing_can_be_sampled_is_said(opened: Open) -> None:
    assert "Nothing of “MNIST, denoised” can be sampled here" in words(opened("sampling", run="mnist-dae"))
    assert "can be sampled here" not in words(opened("sampling", run="mixture-dae"))


def test_chains_that_follow_first_order_energies_leave_the_curve(opened: Open) -> None:
    def share(energy: str) -> float:
        app = opened("sampling", target="curve", energy=energy, detail="Against the truth")
        (text,) = (m.value for m in app.markdown if "ended far off" in m.value)
        return float(text.partition("centre: **")[2].partition("**")[0])

    assert share("first order") > 1.3 * share("exact")


def test_the_other_tabs_say_how_far_the_chains_are_to_be_trusted(opened: Open, helper: dict[str, Future[Any]]) -> None:
    app = opened("sampling", target="mixture")
    table = app.dataframe[0].value
    assert list(table["coordinate"]) == ["x1", "x2"]
    assert (table["R-hat"] < 2).all()
    app = opened("sampling", target="mixture", detail="Against the truth")
    assert "Total variation" in words(app)
    app = opened("sampling", target="mixture", detail="Side by side")
    assert "side by side" in words(app)
    (key,) = (key for key in helper if key.startswith("side by side mixture"))
    helper[key].set_result(side_by_side(DENSITIES["mixture"], {"random walk": 0.7}, "data", 20, 100))
    app.run()
    assert list(app.dataframe[0].value["sampler"]) == ["random walk"]
    helper[key] = Future()
    helper[key].set_exception(ValueError("No chain can start: the density is zero."))
    app.run()
    assert app.error[0].value == "They can't be compared: No chain can start: the density is zero."


def test_without_the_browser_a_slider_shows_a_step(opened: Open) -> None:
    app = opened("sampling", target="moons", live="false")
    assert not app.exception
    assert "latentlab.chains" not in {c.proto.component_name for c in app.get("bidi_component")}
    app.slider(key="moment").set_value(1).run()
    assert not app.exception


def test_a_choice_that_another_rules_out_is_left(opened: Open) -> None:
    app = opened("sampling", target="mixture", sampler="Gibbs")
    assert app.selectbox(key="sampler").value == "Gibbs"
    app.selectbox(key="target").select("posterior of an image").run()
    assert not app.exception
    assert app.selectbox(key="sampler").value == "random walk"


def test_a_denoiser_walks_by_itself(opened: Open) -> None:
    app = opened("sampling", run="moons-dae")
    assert app.selectbox(key="target").value == "what the model learned"
    assert app.selectbox(key="sampler").value == "the model's own walk"
    _, parts = sent(app)
    assert parts["accepted"].all()
