"""The page Classifier: its matrix, its cells and grids, each tab, the game, and what can't be shown is a sentence."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from latentlab.analysis.classification.preprocessing import offered
from latentlab.data import Kind
from latentlab.experiments import run_classifier
from latentlab.subjects import find
from pages.components.quiz import KEYS, checked, keys
from tests.conftest import mentions
from tests.pages.conftest import Open, shows, words


def figures(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(one.proto.spec) for one in app.get("plotly_chart")]


def html_of(app: AppTest) -> str:
    return "".join(str(one.proto.body) for one in app.get("html"))


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    """What a shipped classifier predicts, by a direct call."""
    run = find("digits-cnn")
    data, model = run.examples(), run.model()
    with torch.no_grad():
        log_probs = model.classify(data.batch().x).numpy()  # type: ignore[operator]
    y = data.y.numpy()
    return {"y": y, "log_probs": log_probs, "predicted": log_probs.argmax(1), "x": data.batch().x}


def test_the_verdict_the_matrix_and_the_cell_that_is_chosen(visited: Open, truth: dict[str, Any]) -> None:
    y, predicted = truth["y"], truth["predicted"]
    app = visited("classifier", run="digits-cnn")
    assert not app.exception
    wrong = predicted != y
    assert mentions(app.info[0].value, f"{100 * wrong.mean():.1f}", len(y))
    cells = figures(app)[0]["data"][0]
    texts = np.array(cells["text"])
    assert int(texts[texts != ""].astype(int).sum()) == len(y)
    assert texts[3, 3] == str(((y == 3) & (predicted == 3)).sum())
    true, said = (int(str(app.selectbox(key=name).value)) for name in ("true", "predicted"))
    counts = [((y == i) & (predicted == j)).sum() for i in range(10) for j in range(10) if i != j]
    assert ((y == true) & (predicted == said)).sum() == max(counts)
    assert f"{true} → {said}" in html_of(app)
    app.selectbox(key="true").select("3").run()
    app.selectbox(key="predicted").select("3").run()
    assert shows(app, ((y == 3) & (predicted == 3)).sum(), "3")
    app.selectbox(key="only").select("7").run()
    right = html_of(app).split("<figcaption")
    assert not app.exception
    assert any("7 → " in one for one in right) == bool((wrong & (y == 7)).any())


def test_accuracy_in_its_several_meanings(visited: Open, truth: dict[str, Any]) -> None:
    app = visited("classifier", run="digits-cnn", cells="errors only", similar="true")
    p, y = np.exp(truth["log_probs"]), truth["y"]
    first, each, source = (table.value for table in app.dataframe)
    one_hot = np.eye(10)[y]
    assert first["binary"].tolist() == [f"{((p > 0.5) == one_hot).mean():.4f}", "0.9000"]
    assert first["categorical"][0] == f"{(truth['predicted'] == y).mean():.4f}"
    sevens = y == 7
    assert each["examples"][7] == sevens.sum()
    assert each["recall"][7].startswith(f"{100 * (truth['predicted'][sevens] == 7).mean():.1f}%")
    assert each["precision"][7] == f"{100 * (y[truth['predicted'] == 7] == 7).mean():.1f}%"
    assert source.iloc[:, -1].tolist() == ["0.8810", "0.3385", "0.0144"]
    assert shows(app, "0.8571")
    matrix = figures(app)[0]["data"][0]
    assert all(matrix["text"][k][k] == "" for k in range(10))


def test_what_it_looks_at_and_changed_examples(
    visited: Open, truth: dict[str, Any], helper: dict[str, Future[Any]]
) -> None:
    app = visited("classifier", run="digits-cnn", detail="What it looks at")
    assert not app.exception
    index = app.number_input(key="example").value
    wrong = np.flatnonzero(truth["predicted"] != truth["y"])
    assert index == wrong[truth["log_probs"].max(1)[wrong].argmax()]
    assert "conv1 (16×8×8)" in app.selectbox(key="inner").options
    key = next(key for key in helper if key.startswith("preprocessed"))
    found = run_classifier.under_each(find("digits-cnn"), lambda _: None)
    helper[key].set_result(found)
    app.run()
    assert not app.exception
    dots = figures(app)[-1]["data"][0]
    assert len(dots["y"]) == len(offered(Kind.IMAGE))
    flipped = truth["x"].flip(-1)
    with torch.no_grad():
        again = find("digits-cnn").model().classify(flipped).argmax(1).numpy()  # type: ignore[operator]
    lost = ((again != truth["y"]) & (truth["predicted"] == truth["y"])).sum()
    assert shows(app, lost, (truth["predicted"] == truth["y"]).sum())


def test_all_test_examples_are_classified_in_the_background(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("classifier", run="digits-cnn", tested="all")
    (key,) = [key for key in helper if key.startswith("classified")]
    helper[key].set_result(run_classifier.of_test_set(find("digits-cnn"), lambda _: None))
    app.run()
    assert not app.exception
    assert mentions(app.info[0].value, 360)


def test_the_game_is_offered_and_a_drawing_is_classified(visited: Open) -> None:
    app = visited("classifier", run="mnist-cnn", detail="Try it", attempt="be the human")
    assert not app.exception
    assert app.get("bidi_component")
    assert shows(app, 194, 200)
    app = visited("classifier", run="moons-m2", detail="Try it")
    assert not app.exception
    assert "need images" in words(app)
    app = visited("classifier", run="moons-m2", detail="What it looks at")
    assert not app.exception
    cell = app.dataframe[0].value  # the worst one
    assert all(" → " in said for said in cell["predicted"])
    assert all("x1" in said for said in cell["example"])
    assert "needs images" in words(app)


def test_keys_are_the_names_of_the_classes_where_these_are_keys() -> None:
    assert keys([str(k) for k in range(10)]) == list("0123456789")
    assert keys(["cup", "moon"]) == ["1", "2"]
    assert keys(["a", "A"]) == ["1", "2"]
    assert keys(["x"] * 40)[:35] == list(KEYS)
    assert keys(["x"] * 40)[35:] == [""] * 5


@pytest.mark.parametrize("sent", [None, [], [0, 1, 2, 3], [3], [-1], [True], [0.0], ["0"], {"0": 1}])
def test_what_a_browser_sends_is_checked(sent: object) -> None:
    assert checked(sent, 3, 3) is None
    assert checked([2, 0], 3, 3) == (2, 0)
