"""The page Cluster-aware generation: what it says is what the model says, and both grids show the box."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch

from latentlab.analysis.box import Box
from latentlab.analysis.conditional.code_plane import central_box, even_grid
from latentlab.analysis.stats import proportion
from latentlab.analysis.verdict import of_top_layer
from latentlab.experiments import cluster_aware
from latentlab.figures.conditional.cluster_aware import against_labels, cluster_classes, predictions, top_plane
from latentlab.figures.theme import DARK, LIGHT
from latentlab.models import InfersClusters, Layered
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun, stored
from pages.cluster_aware import measured
from pages.cluster_aware.layers import compared, said_of_top
from pages.cluster_aware.measured import GRID, errors, from_box, predicted, top
from pages.shared.layer_maps import LayerMap
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open

PLANE, EIGHT, WITHOUT = "digits-cagem-plane", "digits-cagem", "digits-cagem-0"


def subject(store: Store, run_id: str) -> StoredRun:
    return StoredRun(store.read(run_id), store)


def model_of(store: Store, run_id: str) -> Any:
    model = store.load(run_id)
    assert isinstance(model, InfersClusters)
    return model.eval()


@pytest.mark.parametrize("run", [PLANE, EIGHT, WITHOUT])
def test_it_opens_with_a_verdict_a_plane_and_two_grids(opened: Open, app_store: Store, run: str) -> None:
    app = opened("cluster_aware", run=run)
    assert not app.exception
    assert len(app.get("bidi_component"))
    model, examples = model_of(app_store, run), app_store.examples(run)
    x = examples.batch().x
    with torch.no_grad():
        rng = torch.Generator().manual_seed(5)
        kl = float(np.mean([float(model.unit_kl(x, rng)["z2"].sum(1).mean()) for _ in range(10)]))
        found = model.predictions(x)
    said = numbers_in(app.info[0].value)
    assert any(abs(number - kl) < 0.11 for number in said)
    if run != WITHOUT:
        for log_probs in found:
            wrong = float((log_probs.argmax(1) != examples.y).float().mean())
            assert any(abs(number - 100 * wrong) < 0.06 for number in said), (wrong, said)
    else:
        used = len(np.unique(found.inferred.argmax(1)))
        assert {used, 10} <= set(said)


def test_a_layer_that_carries_too_little_can_not_say_the_class() -> None:
    said = of_top_layer(1.13, 10, None, (0.05, 0.5))
    assert mentions(said, "1.1", "2.3", "50.0%")
    least = [number for number in numbers_in(said) if 22 <= number < 30]
    assert len(least) == 1  # the source says 22, by a weaker form of the inequality
    assert not mentions(of_top_layer(4.5, 10, None, None), "Fano")
    assert "log" not in of_top_layer(4.5, 0, None, None)


@pytest.mark.parametrize("run", [PLANE, EIGHT])
def test_the_left_grid_is_the_box_decoded_with_its_own_classes(app_store: Store, run: str) -> None:
    one, model, box = subject(app_store, run), model_of(app_store, run), Box(-1, 1.5, 0, 2)
    found = top(one)
    assert found is not None
    z = torch.from_numpy(found.plane.codes(even_grid(box, GRID)))
    with torch.no_grad():
        y = model.clusters_given(z).argmax(1)
        by_hand = model.generate_given(z, y)
        np.testing.assert_allclose(from_box(one, box, None, False, False), by_hand, atol=1e-5)
        fixed = from_box(one, box, 3, False, False)
        np.testing.assert_allclose(fixed, model.generate_given(z, torch.full((GRID**2,), 3)), atol=1e-5)
    same = np.abs(fixed - by_hand.numpy()).max((1, 2, 3)) < 1e-5
    np.testing.assert_array_equal(same, (y == 3).numpy())  # where the class is that anyway, the right side is the left


def test_what_is_drawn_is_drawn_the_same_each_time(app_store: Store) -> None:
    one, box = subject(app_store, PLANE), Box(-2, 2, -2, 2)
    mean = from_box(one, box, None, False, False)
    for how in ((None, True, False), (None, False, True), (4, False, True)):
        np.testing.assert_array_equal(from_box(one, box, *how), from_box(one, box, *how))
        assert not np.allclose(from_box(one, box, *how), mean, atol=1e-3)


def test_regions_are_the_clusters_of_their_places(app_store: Store) -> None:
    one, model = subject(app_store, PLANE), model_of(app_store, PLANE)
    found = top(one)
    assert found is not None
    n = measured.REGIONS
    for row, column in ((0, 0), (0, n - 1), (n - 1, 0), (37, 12)):
        place = [
            found.whole.x_low + found.whole.width * column / (n - 1),
            found.whole.y_low + found.whole.height * row / (n - 1),
        ]
        with torch.no_grad():
            log_probs = model.clusters_given(torch.tensor([place], dtype=torch.float32))[0]
        assert found.regions[row, column] == int(log_probs.argmax())
        assert found.certainty[row, column] == pytest.approx(float(log_probs.max().exp()), abs=1e-3)


def test_most_examples_lie_in_the_region_of_their_class(app_store: Store) -> None:
    one = subject(app_store, PLANE)
    found, y = top(one), app_store.examples(PLANE).y.numpy()
    assert found is not None
    n, box = measured.REGIONS, found.whole
    column = np.rint((found.places[:, 0] - box.x_low) / box.width * (n - 1)).astype(int)
    row = np.rint((found.places[:, 1] - box.y_low) / box.height * (n - 1)).astype(int)
    assert (found.regions[row, column] == y).mean() > 0.6


def test_a_box_of_the_address_is_kept_and_a_wrong_one_is_said(opened: Open, app_store: Store) -> None:
    app = opened("cluster_aware", run=PLANE, box="-1,1,-1,1")
    assert not app.exception
    assert app.button(key="unbox")
    assert app.query_params["box"] == "-1,1,-1,1"
    app.button(key="unbox").click().run()
    assert "box" not in app.query_params
    wrong = opened("cluster_aware", run=PLANE, box="1,0,a")
    assert not wrong.exception
    assert wrong.warning
    found = top(subject(app_store, PLANE))
    assert found is not None
    inside = central_box(found.places)
    assert inside.width < found.whole.width


def test_the_errors_are_those_of_labelled_examples(app_store: Store) -> None:
    one = subject(app_store, PLANE)
    found = predicted(one)
    both = errors(one, found)
    assert both is not None
    card = one.run.metrics
    assert both[0] == pytest.approx(card["error"], abs=0.05)
    assert both[1] == pytest.approx(card["error of p(y|x)"], abs=0.08)
    assert errors(subject(app_store, WITHOUT), predicted(subject(app_store, WITHOUT))) is None
    np.testing.assert_allclose(found.through_top.sum(1), 1, atol=1e-4)


def test_without_labels_few_clusters_are_used_and_with_them_all(app_store: Store) -> None:
    without, labelled = (predicted(subject(app_store, run)).use for run in (WITHOUT, EIGHT))
    assert without is not None
    assert labelled is not None
    assert labelled.n_used == 10
    assert without.n_used < 10
    assert labelled.information > without.information + 0.2


@pytest.mark.parametrize("detail", ["What labels add", "Two predictions", "Clusters"])
@pytest.mark.parametrize("run", [PLANE, WITHOUT])
def test_each_tab_opens(visited: Open, run: str, detail: str) -> None:
    app = visited("cluster_aware", run=run, detail=detail)
    assert not app.exception
    assert app.get("plotly_chart")


def test_the_table_is_that_of_the_experiment(visited: Open) -> None:
    rows = visited("cluster_aware").dataframe[0].value
    known = cluster_aware.table_rows(cluster_aware.TABLE.read())
    assert list(rows["labels"]) == [row["labels"] for row in known]
    assert list(rows["NMI"]) == [row["NMI"] for row in known]


def test_the_figure_against_labels_has_a_mean_and_each_seed() -> None:
    found = np.array([[1.0, 3.0], [2.0, 2.0]])
    figure = against_labels([0, 100], [("ELBO", found)], "nats", LIGHT)
    mean, seeds = figure.data
    assert list(mean.y) == [2.0, 2.0]
    assert list(mean.error_y.array) == pytest.approx([math.sqrt(2), 0])
    assert list(zip(seeds.x, seeds.y, strict=True)) == [
        ("0 labels", 1.0), ("0 labels", 3.0), ("100 labels", 2.0), ("100 labels", 2.0),
    ]  # fmt: skip


def test_clusters_that_are_no_classes_have_no_colours_of_classes() -> None:
    places, y = np.zeros((3, 2), np.float32), np.array([0, 1, -1])
    box, regions = Box(-1, 1, -1, 1), np.array([[0, 0], [0, 2]])
    named, unnamed = (
        top_plane(places, y, ("a", "b", "c"), regions, is_named, box, box, DARK) for is_named in (True, False)
    )
    scales = [json.dumps(figure.data[0].colorscale) for figure in (named, unnamed)]
    assert DARK.classes[0] in scales[0]
    assert not any(colour in scales[1] for colour in DARK.classes)
    assert sum(len(trace.x) for trace in named.data[1:] if trace.mode == "markers") == 3
    assert np.unique(unnamed.data[0].z).tolist() == [0, 1]


def test_both_predictions_are_bars_of_each_cluster() -> None:
    figure = predictions(np.array([0.2, 0.8]), np.array([0.6, 0.4]), 1, ("a", "b"), LIGHT)
    assert [list(bar.y) for bar in figure.data] == [[0.2, 0.8], [0.6, 0.4]]
    assert figure.layout.annotations[0].x == "b"
    assert not predictions(np.array([1.0]), np.array([1.0]), -1, ("a",), LIGHT).layout.annotations


def test_a_cluster_has_a_row_and_a_class_a_column() -> None:
    from latentlab.analysis.conditional.cluster_use import cluster_use

    use = cluster_use([0, 1, 1], [0, 1, 1], 3, 2)
    assert cluster_classes(use, ("A", "B", "C"), ("a", "b"), LIGHT).data[0].z.tolist() == [[1, 0], [0, 2], [0, 0]]


def test_both_layers_of_three_models_are_compared(opened: Open, app_store: Store) -> None:
    for run_id in (EIGHT, PLANE):
        found = compared(subject(app_store, run_id), stored(Layered))
        assert [one.id for one in found.values()] == ["digits-two-layers", WITHOUT, run_id]
    app = opened("cluster_aware", run=EIGHT)
    titles = [text.value for text in app.markdown if "class read" in text.value]
    assert len(titles) == 6
    read = [numbers_in(title)[-1] for title in titles]
    assert min(read[3:]) > max(read[:3]) > 40  # the lower layer says more of the class than the upper one
    (said,) = [text.value for text in app.markdown if mentions(text.value, "reads", "classifier")]
    assert set(read[:3]) <= set(numbers_in(said))


def test_upper_layers_differ_where_their_intervals_do() -> None:
    xy = np.zeros((4, 2), np.float32)

    def top(right: int) -> LayerMap:
        return LayerMap("z2", xy, np.zeros(4, np.int64), proportion(np.arange(100) < right))

    assert mentions(said_of_top({"one": top(60), "two": top(65)}), "60", "65", "overlap")
    assert not mentions(said_of_top({"one": top(20), "two": top(90)}), "overlap")
    assert said_of_top({"one": top(20), "two": top(90)}).endswith("two.")
    assert numbers_in(said_of_top({"one": LayerMap("z2", xy, np.zeros(4, np.int64), None)})) == []


def test_a_model_on_other_data_is_compared_with_none(app_store: Store) -> None:
    other = subject(app_store, "mnist14-fame")
    assert [one.id for one in compared(subject(app_store, EIGHT), [other]).values()] == []
    assert compared(other, [other]) == {}
