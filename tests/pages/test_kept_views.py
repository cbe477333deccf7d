"""What is drawn, edited or selected by hand stays: a link opens it, and so does a return from another page."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from pages.components import scatter
from pages.score_field.own_points import START
from pages.shared.packed import pack, pack_ids
from tests.pages.conftest import Open, path_of, shows
from tests.pages.test_walks import controls, nodes


def back_again(app: AppTest, page: str) -> AppTest:
    """Visit another page, and come back with no address."""
    app.switch_page(path_of("gsn")).run()
    app.query_params.clear()
    app.switch_page(path_of(page)).run()
    assert not app.exception
    return app


# --- score field ---------------------------------------------------------------------------------------------------

LOOP = {"run": "mixture-dae", "detail": "Energy and curl"}


def around(app: AppTest) -> list[str]:
    return [metric.value for metric in app.metric]


def test_a_loop_stays(visited: Open) -> None:
    app = visited("score_field", **LOOP)
    default = around(app)
    app.session_state["loop-mixture"] = [(0.0, 0.0), (1.25, 0.5), (-0.5, 1.0)]
    drawn = around(app.run())
    assert drawn != default
    assert app.query_params["loop"] == "0,0;1.25,0.5;-0.5,1"
    assert around(visited("score_field", **app.query_params)) == drawn
    app.session_state["chosen"] = LOOP["run"]
    back_again(app, "score_field")
    assert app.query_params["loop"] == "0,0;1.25,0.5;-0.5,1"


@pytest.mark.parametrize("loop", ["0,0;1", "nan,0;1,1;0,1", "0,0;" * 9, "x"])
def test_a_loop_that_is_none_is_a_sentence(visited: Open, loop: str) -> None:
    app = visited("score_field", **LOOP, loop=loop)
    assert not app.exception
    assert sum("“loop”" in warning.value for warning in app.warning) == 1
    assert around(app) == around(visited("score_field", **LOOP))


def own_points(n: int) -> str:
    return "\n".join(f"{x:.3f}, {y:.3f}" for x, y in np.random.default_rng(n).normal(size=(n, 2)))


@pytest.mark.parametrize("n", [1, 400])
def test_points_of_ones_own_stay(visited: Open, n: int) -> None:
    app = visited("score_field", whose="my points")
    app.text_area(key="my-points").set_value(own_points(n)).run()
    again = visited("score_field", **app.query_params)
    assert again.text_area(key="my-points").value == own_points(n)
    back_again(app, "score_field")
    app.query_params["whose"] = "my points"
    app.run()
    assert app.text_area(key="my-points").value == own_points(n)


def test_points_that_fit_no_address_stay_for_the_visit(visited: Open) -> None:
    app = visited("score_field", whose="my points")
    app.text_area(key="my-points").set_value(own_points(3_000)).run()
    assert not app.exception
    assert "points" not in app.query_params
    for whose in ("the model's", "my points"):
        app.query_params["whose"] = whose
        app.run()
    assert app.text_area(key="my-points").value == own_points(3_000)


@pytest.mark.parametrize("word", ["x", "!", pack(b"\xff\xfe\xfa"), pack(bytes(1_000_000))])
def test_points_that_are_none_are_a_sentence(visited: Open, word: str) -> None:
    app = visited("score_field", whose="my points", points=word)
    assert not app.exception
    assert sum("“points”" in warning.value for warning in app.warning) == 1
    assert app.text_area(key="my-points").value == START


@pytest.mark.parametrize("wrong", [{"loop": "x,y"}, {"at": "nowhere"}, {"box": "1,2"}])
def test_what_is_wrong_with_a_link_is_said_above_all_that_is_chosen(visited: Open, wrong: dict[str, str]) -> None:
    app = visited("score_field", run="mixture-dae", **wrong)
    shown = [node.type for node in nodes(app.main)]
    assert shown.count("warning") == 1
    assert shown.index("warning") < shown.index("button_group")  # the first control beside the picture


@pytest.mark.parametrize(("text", "n"), [("0.1,0.2,1.0", 1), ("0.1,0.2,1.0;-0.5,0.1,2.0", 2), ("0.1,0.2;x", 3)])
def test_bumps_of_a_link_are_edited_further(visited: Open, text: str, n: int) -> None:
    view = {"run": "spiral-dae", "detail": "One dimension", "density-1d": "bumps"}
    app = visited("score_field", **view, **{"bumps-bumps": text})
    assert not app.exception
    assert not app.error
    (table,) = app.dataframe
    assert len(table.value) == n
    if n < 3:  # what is no bump gives way to the three of the start
        assert app.query_params["bumps-bumps"] == text
        assert table.value["place"][0] == 0.1
        back_again(app, "score_field")
    else:
        assert sum("“bumps-bumps”" in warning.value for warning in app.warning) == 1


def test_an_uploaded_file_takes_the_place_of_the_text(visited: Open) -> None:
    app = visited("score_field", whose="my points")
    app.file_uploader(key="my-file").set_value(("own.csv", b"0.5, 1.5\n2, 3\n", "text/csv")).run()
    assert not app.exception
    assert app.text_area(key="my-points").value == "0.5, 1.5\n2, 3\n"
    assert visited("score_field", **app.query_params).text_area(key="my-points").value == "0.5, 1.5\n2, 3\n"


def test_every_knob_of_a_network_that_learns_here_is_in_the_address(visited: Open) -> None:
    app = visited("score_field", **{"of-run": "Train now"})
    knobs = [control for control in controls(app) if str(control.key).startswith("live-")]
    assert len(knobs) > 5
    assert [control.key for control in knobs if control.proto.query_param_key != control.key] == []
    (sigma,) = (control for control in knobs if str(control.key).endswith("-sigma"))
    again = visited("score_field", **{"of-run": "Train now", str(sigma.key): "0.25"})
    assert again.number_input(key=sigma.key).value == 0.25


# --- masks ---------------------------------------------------------------------------------------------------------


def test_a_hidden_box_is_in_the_link(visited: Open) -> None:
    app = visited("gsn", missing="a box", **{"from": "one example", "rows-28": ["2", "9"], "columns-28": ["0", "28"]})
    assert not app.exception
    assert app.slider(key="rows-28").value == (2, 9)
    assert app.slider(key="columns-28").value == (0, 28)


# --- clusters ------------------------------------------------------------------------------------------------------

FEW = np.array([3, 7, 20, 21, 499])


def sent(ids: NDArray[np.int64]) -> str:
    return base64.b64encode(ids.astype("<u4").tobytes()).decode()


def head(app: AppTest) -> dict[str, Any]:
    """What the map is told."""
    (drawn,) = (one.proto for one in app.get("bidi_component") if one.proto.component_name == "latentlab.scatter")
    found: dict[str, Any] = json.loads(drawn.bytes[4 : 4 + int.from_bytes(drawn.bytes[:4], "little")])
    return found


def test_a_selection_and_a_click_on_the_map_stay(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-2d")
    app.session_state["map"] = {"clicked": {"id": 7, "place": None}, "selected": sent(FEW)}
    app.run()
    assert not app.exception
    assert app.query_params["clicked"] == "7"
    assert app.query_params["selected"] == pack_ids(FEW, head(app)["n"])
    pages = [visited("clusters", **app.query_params), back_again(app, "clusters")]
    for page in pages:
        assert page.query_params["selected"] == pack_ids(FEW, head(page)["n"])
        assert page.query_params["clicked"] == "7"
        assert head(page)["picked"]["selected"] == sent(FEW)
        assert head(page)["picked"]["clicked"]["id"] == 7
        assert page.button(key="group A")


def test_other_examples_have_a_selection_of_their_own(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-2d")
    app.session_state["map"] = {"clicked": None, "selected": sent(FEW)}
    app.run()
    app.selectbox(key="picked").select("digits-vae").run()
    assert not app.exception
    assert "selected" not in app.query_params
    assert "group A" not in {button.key for button in app.button}
    app.selectbox(key="picked").select("mnist-vae-2d").run()
    assert app.query_params["selected"] == pack_ids(FEW, head(app)["n"])


def test_a_saved_group_is_in_the_links_of_the_map_and_of_the_probes(visited: Open) -> None:
    app = visited("clusters", run="digits-cnn")
    app.session_state["map"] = {"clicked": None, "selected": sent(FEW[:4])}
    app.run()
    app.button(key="group A").click().run()
    again = visited("clusters", **app.query_params)
    assert again.session_state["groups"]["A"].ids == tuple(FEW[:4])
    app.switch_page(path_of("probes")).run()
    name = next(option for option in app.selectbox(key="ask").options if option.startswith("lasso A"))
    app.selectbox(key="ask").select(name).run()
    link = {"run": "digits-cnn", "ask": name, "lasso-a": app.query_params["lasso-a"]}
    assert visited("probes", **link).selectbox(key="ask").value == name


def test_an_empty_place_stays_on_its_own_map(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-2d")
    layout = head(app)["layout"]
    app.session_state["map"] = {"clicked": {"id": None, "place": [0.25, -1.5], "layout": layout}, "selected": ""}
    assert shows(app.run(), "0.25, -1.50")
    assert shows(visited("clusters", **app.query_params), "0.25, -1.50")
    other = dict(app.query_params) | {"run": "mnist-vae-20d"}
    assert not shows(visited("clusters", **other), "0.25, -1.50")


@pytest.mark.parametrize(
    "address",
    [{"selected": "x"}, {"selected": pack_ids(FEW, 600)}, {"selected": pack(bytes(1 << 20))}, {"clicked": "9" * 9},
     {"clicked": "nan,1," + "a" * scatter.LAYOUT}, {"clicked": "1,2"}, {"clicked": "<script>"}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_picked_is_a_sentence(visited: Open, address: dict[str, str]) -> None:
    app = visited("clusters", run="mnist-vae-2d", **address)
    assert not app.exception
    (name,) = address
    assert sum(f"“{name}”" in warning.value for warning in app.warning) == 1
    assert name not in app.query_params
