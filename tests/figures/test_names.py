"""What users name is shown letter by letter: Plotly takes no markup and no placeholder from it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

import latentlab.figures
from latentlab.analysis.box import Box
from latentlab.analysis.columns import Columns
from latentlab.analysis.conditional.cluster_use import ClusterUse
from latentlab.analysis.latent.bounds import Bound
from latentlab.analysis.latent.layer_usage import LayerUsage
from latentlab.analysis.latent.traversal import ManifoldGrid
from latentlab.analysis.monitoring.drift import Drift
from latentlab.analysis.score.field import Field
from latentlab.analysis.stats import Proportion
from latentlab.analysis.sweep import compare
from latentlab.data import Kind
from latentlab.experiments.transfer import Line
from latentlab.figures.adversarial.game import coverage_bars
from latentlab.figures.classification.accuracy import accuracy_dots, probability_bars
from latentlab.figures.classification.confusion import COUNTS, confusion_matrix
from latentlab.figures.conditional import cluster_aware, decision_surface, posterior
from latentlab.figures.curvature.course import Course, eigenvalue_course
from latentlab.figures.disentanglement import matrix
from latentlab.figures.examples.appearance import add_numbers
from latentlab.figures.examples.choose import appearance
from latentlab.figures.generated.plane import predicted_plane
from latentlab.figures.generated.projection import projection
from latentlab.figures.generated.shares import predicted_shares
from latentlab.figures.importance.course import bands
from latentlab.figures.importance.details import class_shares
from latentlab.figures.latent import diagnosis, layers, paths, traversal
from latentlab.figures.latent.bounds import bound_curves
from latentlab.figures.latent.code_lengths import length_bars
from latentlab.figures.maps import charts
from latentlab.figures.monitoring.conditions import accuracy_curves, strangeness_curves
from latentlab.figures.monitoring.details import detector_bars, deviation_bars, path_figure
from latentlab.figures.monitoring.drift import drift_figure
from latentlab.figures.monitoring.stream import Axis, Drawn, stream_figure
from latentlab.figures.probes import all_layers, curve, matrices
from latentlab.figures.sampling import chains, image_chains
from latentlab.figures.score import field, slices
from latentlab.figures.sweep import curves_with_bands, parallel_coordinates
from latentlab.figures.text import literal
from latentlab.figures.theme import LIGHT
from latentlab.figures.training_curves import compared_curves
from latentlab.figures.transfer import label_curves

HOSTILE = ("<b>x</b> %{y}", "<img src=x> & %{z}")
OWN_RUNS = {HOSTILE[1]: (70, 0.5)}
RNG = np.random.default_rng(0)
XY = RNG.normal(size=(8, 2)).astype(np.float32)
Y = np.arange(8) % 2
GRID = np.linspace(0, 1, 3, dtype=np.float32)
HALF = np.full((3, 3, 2), 0.5, np.float32)
PREDICTED: Any = SimpleNamespace(x=GRID, y=GRID, probs=HALF)
SUPPORT: Any = SimpleNamespace(
    x=GRID, y=GRID, neighbour_distance=HALF[..., 0], round_trip=HALF[..., 0], magnification=HALF[..., 0],
    log_magnification=HALF[..., 0], predicted=np.array([[0, 0, 1]] * 3), entropy=HALF[..., 0],
)  # fmt: skip
POSTERIOR: Any = SimpleNamespace(z=RNG.normal(size=(9, 2, 3)), inferred=np.full((9, 2), 0.1), own=np.full((9, 2), 0.1))
PATH: Any = SimpleNamespace(kind="linear", lengths=np.linspace(0, 2, 4), length=2.0)
SEPARABLE: Any = SimpleNamespace(places=XY, pca=SimpleNamespace(share=np.array([0.6, 0.3])))
LEAKAGE: Any = SimpleNamespace(change=np.eye(2), names=HOSTILE)
DEPTHS: Any = SimpleNamespace(errors=np.array([0.5, 0.4]), model_error=0.1, dead_segment=None, chance=0.9)
STRIP: Any = SimpleNamespace(values=GRID, examples=RNG.random((3, 2), np.float32))
SHEET: Any = SimpleNamespace(x=GRID, examples=RNG.random((3, 3, 2), np.float32))
TILES = ManifoldGrid(GRID, GRID[::-1], RNG.random((3, 3, 1, 2, 2), np.float32))
PROJECTED: Any = SimpleNamespace(codes=XY, components=SimpleNamespace(share=np.array([0.6, 0.3])))
FIELD = Field(GRID, GRID, HALF, 0.1)
SETTINGS: list[dict[str, Any]] = [{HOSTILE[0]: HOSTILE[1]}, {HOSTILE[0]: "other"}]
SCORES = np.array([[1.0, 1.1], [2.0, 2.2]])
STREAM = Drawn(np.arange(3), Axis.ROWS, "abc", np.eye(3, 2), np.eye(3, 2), np.arange(3.0), 1.5, "nats", [(2, 3)], 2, 1)
ROW = appearance(Kind.VECTOR, (2,), Columns.of(XY, HOSTILE))


def probed() -> Any:
    layers = [SimpleNamespace(name=name, kind=name, shape=(4,), size=4) for name in HOSTILE]
    means = np.array([0.3, 0.4])
    return SimpleNamespace(
        readings=[SimpleNamespace(layer=layer) for layer in layers], means=lambda *_: means,
        half_bands=lambda *_: means / 9, kinks=lambda *_: {1: f"above {HOSTILE[0]}"},
    )  # fmt: skip


def over(draw: Callable[..., None], *args: Any) -> go.Figure:
    figure = go.Figure()
    draw(figure, *args)
    return figure


DRAWN: dict[Callable[..., Any], Callable[[], Any]] = {
    decision_surface.decision_surface: lambda: decision_surface.decision_surface(
        PREDICTED, XY, Y, XY[:2], Y[:2], HOSTILE, LIGHT
    ),
    deviation_bars: lambda: deviation_bars(np.array([1.0, -9.0]), HOSTILE, HOSTILE, LIGHT),
    path_figure: lambda: path_figure(XY, Y, HOSTILE, XY, np.array([1]), 0, LIGHT),
    detector_bars: lambda: detector_bars({HOSTILE[0]: [0.5, 0.9]}, HOSTILE, LIGHT),
    accuracy_curves: lambda: accuracy_curves(
        {name: [[0.5, 0.6], []] for name in HOSTILE}, ("100", "all"), "labels", {HOSTILE[0]: [0.5, None]}, LIGHT
    ),
    strangeness_curves: lambda: strangeness_curves({name: [[-2.0, -40.0]] for name in HOSTILE}, ("1",), "known", LIGHT),
    drift_figure: lambda: drift_figure(
        Drift(np.ones(2), np.ones(3), np.ones((2, 1)), np.ones((2, len(HOSTILE))), np.ones((3, len(HOSTILE)))),
        HOSTILE,
        "week",
        LIGHT,
    ),
    stream_figure: lambda: stream_figure(STREAM, HOSTILE, LIGHT),
    coverage_bars: lambda: coverage_bars(np.array([0.4, 0.5]), np.array([0.5, 0.5]), HOSTILE, LIGHT),
    decision_surface.components: lambda: decision_surface.components(SEPARABLE, Y, HOSTILE, LIGHT),
    decision_surface.latent_space: lambda: decision_surface.latent_space(XY[:, :1], Y, HOSTILE, HOSTILE, LIGHT),
    posterior.posterior_panels: lambda: posterior.posterior_panels(
        POSTERIOR, (0, 1), RNG.normal(size=(5, 3)).astype(np.float32), HOSTILE, LIGHT
    ),
    diagnosis.support_maps: lambda: diagnosis.support_maps(SUPPORT, (0.5, 0.5), HOSTILE, HOSTILE, LIGHT),
    paths.class_probabilities: lambda: paths.class_probabilities(PATH, np.full((4, 2), 0.5), HOSTILE, LIGHT),
    traversal.strips: lambda: traversal.strips([STRIP, STRIP], (0.0, 0.0), LIGHT, ROW, HOSTILE),
    traversal.manifold: lambda: traversal.manifold(SHEET, (0.0, 0.0), HOSTILE, LIGHT, ROW),
    add_numbers: lambda: over(add_numbers, SHEET.examples, GRID, GRID, ROW),
    charts.histogram: lambda: charts.histogram(RNG.random(8), Y[:3], HOSTILE[0], LIGHT),
    charts.class_bars: lambda: charts.class_bars(Y, Y[:3], HOSTILE, LIGHT),
    charts.overlaps: lambda: charts.overlaps(np.eye(2), HOSTILE, LIGHT),
    charts.gaps: lambda: charts.gaps(np.eye(2), HOSTILE, LIGHT, HOSTILE[1]),
    curve.probe_figure: lambda: curve.probe_figure(probed(), probed(), curve.Shown(), LIGHT),
    matrices.confusion_figure: lambda: matrices.confusion_figure(np.eye(2, dtype=np.int64), HOSTILE, LIGHT),
    confusion_matrix: lambda: confusion_matrix(np.eye(2, dtype=np.int64), HOSTILE, np.arange(2), COUNTS, (0, 1), LIGHT),
    accuracy_dots: lambda: accuracy_dots({HOSTILE[0]: Proportion(0.5, 0.4, 0.6)}, LIGHT),
    probability_bars: lambda: probability_bars(np.array([0.4, 0.6]), HOSTILE, 1, LIGHT),
    matrices.weights_figure: lambda: matrices.weights_figure(np.eye(2, dtype=np.float32), HOSTILE, LIGHT),
    curve.training_figure: lambda: curve.training_figure([{"epoch": 1.0, HOSTILE[0]: 0.5}], LIGHT),
    all_layers.layer_heat: lambda: all_layers.layer_heat(
        np.eye(len(HOSTILE)), HOSTILE, HOSTILE, ("component", "error"), True, LIGHT
    ),
    matrices.leakage_figure: lambda: matrices.leakage_figure(LEAKAGE, LIGHT),
    curve.depth_figure: lambda: curve.depth_figure({HOSTILE[0]: DEPTHS}, LIGHT),
    chains.chains_at_step: lambda: chains.chains_at_step(
        None, XY, Box(-1, 1, -1, 1), XY[None], XY, Y.astype(bool), HOSTILE, LIGHT
    ),
    chains.traces: lambda: chains.traces(XY, HOSTILE[0], LIGHT),
    chains.memory: lambda: chains.memory(XY, HOSTILE, LIGHT),
    chains.pairs: lambda: chains.pairs(XY, XY, HOSTILE, LIGHT),
    image_chains.class_trace: lambda: image_chains.class_trace(Y.reshape(4, 2), HOSTILE, 1, LIGHT),
    slices.through_three: lambda: slices.through_three(
        FIELD,
        Box(0, 1, 0, 1),
        field.PlaneLayer(GRID[:, None] + GRID, "z"),
        XY[None],
        XY[:2],
        HOSTILE,
        True,
        LIGHT,
    ),
    field.add_points: lambda: over(field.add_points, XY, Y, HOSTILE, LIGHT),
    cluster_aware.top_plane: lambda: cluster_aware.top_plane(
        XY, Y, HOSTILE, np.eye(3, dtype=np.int64), True, Box(-1, 1, -1, 1), Box(0, 1, 0, 1), LIGHT
    ),
    cluster_aware.predictions: lambda: cluster_aware.predictions(GRID[:2], GRID[:2], 0, HOSTILE, LIGHT),
    cluster_aware.cluster_classes: lambda: cluster_aware.cluster_classes(
        ClusterUse(np.eye(2, dtype=np.int64), 1.0), HOSTILE, HOSTILE, LIGHT
    ),
    eigenvalue_course: lambda: eigenvalue_course(
        dict.fromkeys(HOSTILE, Course([0, 5], [XY[0], XY[1]], [1.0, 5.0], [2.0, 1.0])), 5, LIGHT
    ),
    bands: lambda: bands(
        [0, 5], dict.fromkeys(HOSTILE, SCORES), dict.fromkeys(HOSTILE, ("#000000", "dash")), LIGHT, HOSTILE[0]
    ),
    predicted_shares: lambda: predicted_shares(dict.fromkeys(HOSTILE, SCORES[0]), HOSTILE, LIGHT),
    predicted_plane: lambda: predicted_plane(TILES, np.eye(3, dtype=np.int64), HALF[..., 0], HOSTILE, HOSTILE, LIGHT),
    projection: lambda: projection(PROJECTED, Y, HOSTILE, (0, 1), LIGHT),
    class_shares: lambda: class_shares(SCORES[0], HOSTILE, LIGHT),
    bound_curves: lambda: bound_curves({HOSTILE[0]: [Bound(1, np.zeros(2)), Bound(0, np.ones(2))]}, LIGHT),
    layers.layer_bars: lambda: layers.layer_bars({HOSTILE[0]: [LayerUsage(HOSTILE[1], np.ones(2, np.float32))]}, LIGHT),
    length_bars: lambda: length_bars({HOSTILE[0]: (1.0, 2.0)}, LIGHT),
    layers.layer_map: lambda: layers.layer_map(XY, Y, HOSTILE, LIGHT),
    matrix.factor_matrix: lambda: matrix.factor_matrix(np.eye(2), HOSTILE, HOSTILE, HOSTILE[0], LIGHT),
    matrix.factor_strips: lambda: matrix.factor_strips(RNG.random((2, 3, 2)), HOSTILE, HOSTILE, ROW, LIGHT),
    matrix.score_grid: lambda: matrix.score_grid(np.eye(2), (1, 4), (2, 5), HOSTILE[0], LIGHT),
    matrix.values_by_level: lambda: matrix.values_by_level(XY[:, 0], Y, HOSTILE[0], HOSTILE[1], HOSTILE, LIGHT),
    parallel_coordinates: lambda: parallel_coordinates(SETTINGS, SCORES, compare(SCORES, True), HOSTILE[0], LIGHT),
    curves_with_bands: lambda: curves_with_bands(SETTINGS, SCORES[..., None], compare(SCORES, True), HOSTILE[0], LIGHT),
    label_curves: lambda: label_curves([Line(HOSTILE[0], [7, 70], [0.5] * 2, [0.4] * 2, [0.6] * 2)], OWN_RUNS, LIGHT),
    compared_curves: lambda: compared_curves({HOSTILE[0]: [{"epoch": 1.0, "valid_kl": 2.0}]}, "kl", "nats", LIGHT),
}
OWN = {"number_line", "densities", "support_along", "training_curves", "matrices", "laws", "against_labels"} | {
    "strips",
    "carried",
    "qq_plots",
    "correlations",
    "value_curve",
    "information_curve",
    "distance_curves",
    "against_law",
    "posterior_figure",
}  # words of the app itself, and names of latent variables


@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_a_name_is_shown_as_it_is(draw: Callable[..., Any]) -> None:
    drawn = DRAWN[draw]()
    figures = list(drawn.values()) if isinstance(drawn, dict) else [drawn]
    said = [text for figure in figures for text in texts(figure.to_plotly_json())]
    assert not [text for text in said if any(part in text for part in ("<b>x", "<img", "%{y} &", "&lt;b&gt;x %{"))]
    assert not [text for text in said if "x</b>" in text]
    assert any(literal(name) in text for text in said for name in HOSTILE)


def test_every_figure_that_takes_names_is_tried() -> None:
    known = {draw.__name__ for draw in DRAWN} | OWN
    missing = []
    for module in pkgutil.walk_packages(latentlab.figures.__path__, "latentlab.figures."):
        for name, one in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            kinds = inspect.get_annotations(one)
            draws = "Figure" in str(kinds.get("return")) or "figure" in kinds
            takes = any("str" in str(kind) or "Curve" in str(kind) for key, kind in kinds.items() if key != "return")
            if one.__module__ == module.name and not name.startswith("_") and draws and takes and name not in known:
                missing.append(name)
    assert missing == []


def texts(value: Any) -> Iterator[str]:
    """Each text of a figure."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.dtype.kind in "OU"):
        for part in value:
            yield from texts(part)
