"""The page Factors: its matrix is what scikit-learn makes of the same codes, and it says where factors come from."""

from __future__ import annotations

import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.metrics import mutual_info_score

from latentlab.analysis.disentanglement.scores import Disentanglement
from latentlab.data import Library, load
from latentlab.jobs.queue import submit
from latentlab.jobs.worker import perform
from latentlab.models import Encodes
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun
from pages.factors.known import held, information_of
from pages.probes.curves import probe_task, targets
from tests.conftest import mentions
from tests.pages.conftest import Open
from tests.pages.test_probes import unpacked

SHAPES, PLAIN, DIGITS, SOLIDS = "shapes-beta-vae", "shapes-vae", "digits-vae", "three-d-dcign"
Helper = dict[str, Future[Any]]


def matrix(app: Any) -> tuple[np.ndarray, list[str], list[str]]:
    """The numbers of the first heat map, its rows and its columns."""
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    spec = next(one for one in specs if one["data"][0]["type"] == "heatmap")
    layout = spec["layout"]
    return unpacked(spec["data"][0]["z"]), layout["yaxis"]["ticktext"], layout["xaxis"]["ticktext"]


def test_the_matrix_is_the_information_of_the_codes(opened: Open, app_store: Store) -> None:
    app = opened("factors", run=SHAPES)
    assert not app.exception
    shown, rows, columns = matrix(app)
    test = load("shapes").test
    model = app_store.load(SHAPES)
    assert isinstance(model, Encodes)
    with torch.no_grad():
        codes = model.encode(test.batch().x).numpy()
    assert test.factors is not None
    assert columns == list(test.factors.names)
    for name, row in zip(rows, shown, strict=True):
        values = codes[:, int(name.removeprefix("z")) - 1]
        bins = np.digitize(values, np.linspace(values.min(), values.max(), 21)[1:-1])
        for k, share in enumerate(row):
            levels = test.factors.levels[:, k].numpy()
            expected = mutual_info_score(bins, levels) / np.log(levels.max() + 1)
            assert share == pytest.approx(expected, abs=0.005)  # levels of the test examples aren't quite even


def test_rows_of_examples_are_as_high_as_those_of_the_matrix(visited: Open) -> None:
    """They stand side by side, and one below the other in a narrow window."""
    strips, numbers = (json.loads(chart.proto.spec) for chart in visited("factors", run=DIGITS).get("plotly_chart")[:2])
    assert len(strips["layout"]["images"]) == 1
    assert strips["layout"]["height"] == numbers["layout"]["height"]
    for edge in "tb":
        assert strips["layout"]["margin"][edge] == numbers["layout"]["margin"][edge]
    assert strips["layout"]["yaxis"]["range"] == numbers["layout"]["yaxis"]["range"]
    shown = [name.split(":")[0] for name in strips["layout"]["yaxis"]["ticktext"]]
    assert shown == numbers["layout"]["yaxis"]["ticktext"]


def test_factors_are_read_where_the_matrix_says(visited: Open) -> None:
    said = visited("factors", run=SHAPES).info[0].value
    own = said.split(". ")[0]
    assert mentions(own, 5, "size", "x", "y")
    assert mentions(said.split(". ")[-1], "angle")


def test_factors_of_other_images_are_measured_and_said_to_be(opened: Open, app_store: Store) -> None:
    app = opened("factors", run=DIGITS)
    assert not app.exception
    known = held(StoredRun(app_store.read(DIGITS), app_store))
    assert not known.are_true
    assert known.factors[0] == "class"
    assert matrix(app)[2] == list(known.factors)
    measured, true = (
        len([c for c in one.caption if "measured" in c.value]) for one in (app, opened("factors", run=SHAPES))
    )
    assert measured == true + 1


def test_two_models_are_compared_on_the_same_examples(opened: Open, app_store: Store, helper: Helper) -> None:
    app = opened("factors", run=SHAPES, beside=PLAIN)
    assert not app.exception
    assert len(app.get("plotly_chart")) == 4
    first, second = (held(StoredRun(app_store.read(run), app_store)) for run in (SHAPES, PLAIN))
    assert np.array_equal(first.levels, second.levels)
    assert not np.array_equal(first.codes, second.codes)
    assert len([key for key in helper if key.startswith("disentanglement")]) == 2


def test_scores_follow_from_the_background_process(opened: Open, app_store: Store, helper: Helper) -> None:
    app = opened("factors", run=SHAPES)
    (key,) = [one for one in helper if one.startswith("disentanglement")]
    found = _scores(information_of(StoredRun(app_store.read(SHAPES), app_store)))
    helper[key].set_result(found)
    app.run()
    table = app.dataframe[0].value
    assert table["MIG"][0] == f"{100 * found.information.gap:.1f}"
    assert table["β-VAE metric"][0] == "80.0"


def test_what_was_found_over_seeds_is_shown_with_the_data_that_it_is_of(visited: Open, helper: Helper) -> None:
    runs = (SHAPES, SOLIDS, DIGITS)
    columns = {run: [set(one.value) for one in visited("factors", run=run).dataframe] for run in runs}
    assert all(key.startswith("disentanglement") for key in helper)  # whose scores are still to come
    assert [len(found) for found in columns.values()] == [1, 1, 0]
    assert columns[SHAPES][0] >= {"reported", "of x, y, size, angle"}
    assert columns[SOLIDS][0] >= {"azimuth", "elevation", "light", "any other"}


def own_sprites(folder: Path, n: int = 300) -> str:
    """Images of a square at one of four places across and three down, one of them always of the same tone."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 4, n), rng.integers(0, 3, n)
    images = np.zeros((n, 8, 8), np.uint8)
    for k in range(n):
        images[k, 2 * y[k] : 2 * y[k] + 3, 2 * x[k] : 2 * x[k] + 2] = 255
    np.savez(folder / "places.npz", images=images, factor_x=10 * x, factor_y=np.array(["up", "middle", "down"])[y])
    return Library.default().add(folder / "places.npz")


@pytest.fixture
def own(app_store: Store, no_worker: None, tmp_path: Path) -> tuple[str, str]:  # noqa: ARG001 set up for the app
    """Data of the user's own whose columns are factors, and a run of them."""
    name = own_sprites(tmp_path)
    job = submit(app_store, "ae", name, {"hidden": 16, "z_dim": 2}, {"epochs": 5, "batch_size": 32})
    list(perform(app_store, job))
    return name, job


@pytest.mark.training
@pytest.mark.parametrize("removed", [False, True])
def test_columns_that_are_factors_are_what_a_code_of_own_data_is_held_against(
    opened: Open, own: tuple[str, str], app_store: Store, removed: bool
) -> None:
    name, run_id = own
    made = load(name).test.factors
    assert made is not None
    if removed:
        Library.default().remove(name)
    app = opened("factors", run=run_id, detail="A factor along a dimension", factor="factor_y")
    assert not app.exception
    assert matrix(app)[2] == ["factor_x", "factor_y"]
    known = held(StoredRun(app_store.read(run_id), app_store))
    assert known.are_true
    assert sorted(known.levels.tolist()) == sorted(made.levels.tolist())
    assert known.values == (("0", "10", "20", "30"), ("down", "middle", "up"))
    spec = json.loads(app.get("plotly_chart")[-1].proto.spec)
    assert spec["layout"]["xaxis"]["ticktext"] == ["down", "middle", "up"]


@pytest.mark.training
def test_factors_colour_a_map_and_are_decoded_by_probes(opened: Open, own: tuple[str, str], app_store: Store) -> None:
    _, run_id = own
    app = opened("clusters", run=run_id, colour="factor: factor_y")
    assert not app.exception
    assert app.selectbox(key="colour").value == "factor: factor_y"
    offered = app.selectbox(key="colour").options
    assert "factor: factor_x" in offered
    assert "column: factor_x" not in offered
    task = probe_task(StoredRun(app_store.read(run_id), app_store), "factor: factor_y", 100)
    rows = task.x[:, 0].float().amax(2).argmax(1) // 2  # of the first one in which the square is
    assert [task.names[k] for k in task.y] == [("up", "middle", "down")[row] for row in rows]
    assert not opened("probes", run=run_id, ask="factor: factor_x").exception


def test_a_factor_that_is_the_same_in_the_examples_at_hand_is_left_out(
    opened: Open, app_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    splits = load("shapes")
    test = splits.test
    assert test.factors is not None
    one_shape = test[test.factors.levels[:, 0] == 1]
    monkeypatch.setattr("pages.shared.cached.splits", lambda _: splits._replace(test=one_shape))
    app = opened("factors", run=SHAPES)
    assert not app.exception
    assert matrix(app)[2] == ["size", "angle", "x", "y"]
    assert held(StoredRun(app_store.read(SHAPES), app_store)).values[0] == tuple("123456")


def test_factors_of_shapes_are_targets_of_probes(app_store: Store) -> None:
    subject = StoredRun(app_store.read(SHAPES), app_store)
    assert {f"factor: {name}" for name in ("shape", "size", "angle", "x", "y")} <= {*targets(subject)}
    task = probe_task(subject, "factor: x", 100)
    ink = task.x[:, 0].float().sum(1)
    middle = (ink * torch.arange(32.0)).sum(1) / ink.sum(1)
    assert np.corrcoef(middle, task.y)[0, 1] > 0.98
    assert task.names == tuple(map(str, range(1, 11)))


def _scores(information: Any) -> Disentanglement:
    from latentlab.analysis.disentanglement.importance import Importance
    from latentlab.analysis.stats import Proportion

    weights = np.full((10, 5), 0.1)
    share = Proportion(0.8, 0.7, 0.9)
    return Disentanglement(
        share, share, information, Importance(weights, np.full(5, 0.5), np.full(5, 0.1)), 0.1, np.full(5, 0.6)
    )


@pytest.mark.parametrize("detail", ["A factor along a dimension", "β and the size of the code"])
def test_each_tab_opens(visited: Open, detail: str) -> None:
    app = visited("factors", run=SHAPES, detail=detail)
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) >= 2


def test_the_quartiles_are_those_of_the_codes(opened: Open, app_store: Store) -> None:
    app = opened("factors", run=SHAPES, detail="A factor along a dimension", factor="x")
    spec = json.loads(app.get("plotly_chart")[-1].proto.spec)
    (box,) = spec["data"]
    known = held(StoredRun(app_store.read(SHAPES), app_store))
    k = known.factors.index("x")
    axis = int(information_of(StoredRun(app_store.read(SHAPES), app_store)).shares[:, k].argmax())
    expected = [np.median(known.codes[known.levels[:, k] == level, axis]) for level in range(10)]
    assert np.corrcoef(unpacked(box["median"]), expected)[0, 1] == pytest.approx(1, abs=1e-6)
