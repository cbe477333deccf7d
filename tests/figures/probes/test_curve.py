"""The picture of the probes: points above their layers, one fixed colour scale, kinks marked."""

from __future__ import annotations

import csv
import dataclasses
import html
import io
import re

import numpy as np
import plotly.graph_objects as go
import pytest
import torch

from latentlab.analysis.probes.layer_curve import Curve, probe_curve
from latentlab.data import Splits
from latentlab.experiments.deep_networks import Depths
from latentlab.experiments.published_probes import RESNET_50
from latentlab.figures.probes.curve import Shown, depth_figure, probe_figure
from latentlab.figures.probes.matrices import confusion_figure, weights_figure
from latentlab.figures.probes.report import probe_csv, probe_report, probe_rows
from latentlab.figures.theme import DARK, LIGHT
from latentlab.runs.store import Store


@pytest.fixture(scope="module")
def curve(few_digits: Splits) -> Curve:
    x, y = torch.cat([part.x for part in few_digits]), torch.cat([part.y for part in few_digits]).numpy()
    sizes = (len(few_digits.train), len(few_digits.valid), len(few_digits.test))
    model = Store.default().load("digits-cnn")
    return probe_curve(model, x, y, sizes, n_classes=10, n_seeds=2, limit=40, control=True)


@pytest.fixture(scope="module")
def few_digits() -> Splits:
    from latentlab.data import load

    full = load("digits")
    return Splits(full.train[:320], full.valid[:80], full.test[:80])


def traces(figure: go.Figure, name: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if trace.name == name]


def test_each_point_stands_above_its_layer(curve: Curve) -> None:
    figure = probe_figure(curve, curve, Shown(selected=2, chance=0.9, model=0.03), LIGHT)
    (line,) = traces(figure, "the probes")
    np.testing.assert_allclose(line.y, curve.means())
    assert list(figure.layout.xaxis2.ticktext) == [reading.layer.name for reading in curve.readings]
    assert len(traces(figure, "before training")) == 1
    assert {"the input", "chance", "the model"} <= {note.text for note in figure.layout.annotations}
    boxes = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert {(box.x0, box.x1) for box in boxes} == {(1.58, 2.42)}


def test_nodes_share_one_scale_whatever_the_curve(curve: Curve) -> None:
    for look in (LIGHT, DARK):
        nodes = probe_figure(curve, None, Shown(), look).data[-1]
        np.testing.assert_allclose(nodes.marker.color, curve.means())
        assert (nodes.marker.cmin, nodes.marker.cmax) == (0, 1)
        assert [float(text) for text in nodes.text] == pytest.approx(100 * curve.means(), abs=0.5)


def test_kinks_are_marked_where_they_are(curve: Curve) -> None:
    kinks = curve.kinks()
    found = traces(probe_figure(curve, None, Shown(), LIGHT), "higher error than the layer before")
    assert ([*found[0].x] if found else []) == list(kinks)
    assert kinks


@pytest.mark.parametrize("measure", ["error", "cross-entropy", "top 3"])
@pytest.mark.parametrize("split", ["test", "valid", "train"])
@pytest.mark.parametrize("log", [False, True])
def test_every_number_can_be_drawn(curve: Curve, measure: str, split: str, log: bool) -> None:
    shown = Shown(measure, split, overlay=RESNET_50, log=log)  # type: ignore[arg-type]
    figure = probe_figure(curve, None, shown, LIGHT)
    (line,) = traces(figure, "the probes")
    expected = curve.means(measure, split)  # type: ignore[arg-type]
    np.testing.assert_allclose(line.y, np.maximum(expected, 1e-3) if log else expected)
    (overlay,) = traces(figure, "ResNet-50 on ImageNet (the source)")
    assert [*overlay.y] == [*RESNET_50.values()]


def test_a_deep_network_is_drawn_without_diodes(curve: Curve) -> None:
    deep = dataclasses.replace(curve, readings=curve.readings * 9)
    nodes = probe_figure(deep, None, Shown(), LIGHT).data[-1]
    assert nodes.textposition == "none"


def test_tables_are_drawn_with_their_counts() -> None:
    figure = confusion_figure(np.array([[3, 1], [0, 0]]), ("a", "b"), LIGHT)
    assert [[*row] for row in figure.data[0].text] == [["3", "1"], ["", ""]]
    assert np.array(figure.data[0].z).tolist() == [[0.75, 0.25], [0, 0]]
    weights = weights_figure(np.array([[1.0, -2.0]], np.float32), ("a",), LIGHT)
    assert (weights.data[0].zmin, weights.data[0].zmax) == (-2, 2)
    assert weights.layout.xaxis.dtick == 1  # there is no feature 1.5


def test_the_dead_segment_is_shaded() -> None:
    errors = np.array([0.1, np.nan, 0.8, 0.85, 0.1])
    found = {
        "with": Depths(600, errors, np.ones(4), 0.1, 0.9),
        "without": Depths(600, errors * 0, np.ones(4), 0.1, 0.9),
    }
    figure = depth_figure(found, LIGHT)
    (box,) = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert (box.x0, box.x1) == (2, 3)
    assert [*figure.data[0].x] == [0, 2, 3, 4]


def test_the_table_says_all_and_the_csv_says_the_same(curve: Curve) -> None:
    rows = probe_rows(curve)
    assert [row["layer"] for row in rows] == [reading.layer.name for reading in curve.readings]
    assert [row["test error"] for row in rows] == pytest.approx(curve.means().tolist())
    assert (rows[1]["kept"], rows[1]["of"], rows[1]["by"]) == (40, 1024, "subset")
    lines = probe_csv(curve).splitlines()
    assert len(lines) == 1 + len(rows)
    assert lines[0].split(",") == list(rows[0])


def test_the_name_of_a_layer_is_no_formula_in_the_csv(curve: Curve) -> None:
    names = ("=1+1", '@sum, "x"', "-conv", "+a\nb")
    layers = [
        dataclasses.replace(reading.layer, name=name) for reading, name in zip(curve.readings, names, strict=False)
    ]
    readings = [dataclasses.replace(one, layer=layer) for one, layer in zip(curve.readings, layers, strict=False)]
    table = list(csv.reader(io.StringIO(probe_csv(dataclasses.replace(curve, readings=tuple(readings))))))
    assert [row[0] for row in table[1:]] == [f"'{name}" for name in names]
    errors = [float(row[table[0].index("test error")]) for row in table[1:]]  # numbers stay as they are
    assert errors == pytest.approx(curve.means()[: len(names)].tolist())


def test_the_report_stands_alone_and_holds_its_settings(curve: Curve) -> None:
    text = probe_report("<b>A run</b>", {"seeds": "0, 1", "limit": 40}, curve, curve)
    assert html.escape("<b>A run</b>") in text
    assert "<b>A run</b>" not in text
    assert "<th>seeds</th><td>0, 1</td>" in text
    assert not re.search(r"(src|href)=|http", text)
    assert text.count("<polyline") == 2
    assert all(f"<td>{reading.layer.name}</td>" in text for reading in curve.readings)
