"""The page Generated images: pairs in their order, the table once it is computed, and what each kind of model lacks."""

from __future__ import annotations

import html
import json
import re
from concurrent.futures import Future
from typing import Any

import numpy as np
import torch
from streamlit.testing.v1 import AppTest

from latentlab.analysis.generated.images import BINARISED, DRAW, MEAN, PRIOR, REAL, generated
from latentlab.analysis.generated.overlap import overlap
from latentlab.analysis.generated.recognition import recognised
from latentlab.models import Classifies, Encodes
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun
from pages.generated.computed import WAYS, pairs
from pages.generated.pairs import GAP, side_by_side
from pages.generated.people import game
from tests.pages.conftest import Open, shows, words

RUN, BY = "digits-vae", "digits-cnn"


def captions(app: AppTest) -> list[list[str]]:
    """The lines under each pair."""
    found = [str(one.proto.body) for one in app.get("html")]
    return [html.unescape(one).split("\n") for page in found for one in re.findall(r"pre-line\">([^<]*)<", page)]


def answer(helper: dict[str, Future[Any]], app: AppTest) -> dict[str, Any]:
    """Do what the page asked of the background process, as it would; returns what is recognised, each way."""
    model, classifier = SHIPPED_RUNS.load(RUN), SHIPPED_RUNS.load(BY)
    x, y, *_ = SHIPPED_RUNS.examples(RUN).batch()
    made = generated(model, x, y)
    next(v for k, v in helper.items() if k.startswith("generated")).set_result(made)
    app.run()
    assert isinstance(classifier, Classifies)
    found: dict[str, Any] = {}
    for key, task in helper.items():
        if key.startswith("recognised"):
            way = next(name for name in sorted(WAYS, key=len, reverse=True) if key.endswith(name))
            found[way] = recognised(made.images, classifier.classify, WAYS[way])
            task.set_result(found[way])
    app.run()
    return found


def test_pairs_are_of_one_example_and_the_table_has_its_controls(helper: dict[str, Future[Any]], visited: Open) -> None:
    app = visited("generated", run=RUN, cut="true")
    assert not app.exception
    shown = captions(app)

    classes = SHIPPED_RUNS.read(RUN).classes
    n_of = {classes[k]: sum(lines[0] == classes[k] for lines in shown) for k in range(len(classes))}
    assert max(n_of.values()) - min(n_of.values()) <= 1  # of all classes
    for lines in shown:  # a mark that says right stands at the true class, and no other
        for line in lines[1:]:
            assert (line.split()[1] == "✓") == (line.split()[2] == lines[0])
    assert not app.dataframe
    found = answer(helper, app)
    assert not app.exception
    table = app.dataframe[0].value
    assert [name.removesuffix(" (control)") for name in table["images"]] == [REAL, BINARISED, MEAN, DRAW, PRIOR]
    cut = found["binarised at 0.5"]
    for name, text in zip(cut, table["recognised, %"], strict=True):
        share = cut[name].share
        assert text.split()[0] == ("–" if share is None else f"{100 * share.value:.1f}")
    plain = found["as they are"]
    assert shows(app, f"{plain[MEAN].share.value:.1%}", f"{plain[REAL].share.value:.1%}")
    lost = captions(visited("generated", run=RUN, which="only lost ones"))
    assert lost
    assert all("✓" in inputs and "✗" in outputs for _, inputs, outputs in lost)


def test_each_tab_is_shown(helper: dict[str, Future[Any]], visited: Open) -> None:
    app = visited("generated", run=RUN, detail="Plane", spacing="equally probable")
    assert not app.exception
    assert len(json.loads(app.get("plotly_chart")[0].proto.spec)["layout"]["images"]) == 1
    app = visited("generated", run=RUN, detail="Codes")
    model, (x, y, *_) = SHIPPED_RUNS.load(RUN), SHIPPED_RUNS.examples(RUN).batch()
    assert isinstance(model, Encodes)
    with torch.no_grad():
        found = overlap(model.encode(x).numpy(), y.numpy())
    next(v for k, v in helper.items() if k.startswith("overlap")).set_result(found)
    app.run()
    assert not app.exception
    assert shows(app, f"{found.spaces[0].probe.value:.0%}")
    app = visited("generated", run=RUN, detail="People and the source")
    assert not app.exception
    assert app.dataframe[0].value["source, %"].tolist() == ["68.5", "69.6", "50.2", "46.6"]
    assert shows(app, "1,911,553", "2,321,537")
    app = visited("generated", run=RUN, detail="People and the source", compare="your own eyes")
    assert not app.exception
    assert app.get("bidi_component")


def test_what_a_model_lacks_is_said(visited: Open) -> None:
    app = visited("generated", run="digits-pixelcnn", detail="Plane")
    assert not app.exception
    assert all(len(lines) == 1 for lines in captions(app))  # samples have no true class
    assert "plane" in words(app)
    app = visited("generated", run="digits-gan", detail="Codes")
    assert "codes" in words(app)
    app = visited("generated", run="shapes-vae")  # which has no class, or no classifier
    assert not app.exception
    assert not captions(app)
    assert len(app.info) == 1


def test_the_game_keeps_each_image_with_its_class(app_store: Store) -> None:
    run, by = (StoredRun(app_store.read(one), app_store) for one in (RUN, BY))
    order, found = game(run, by, MEAN)
    assert sorted(order) == list(range(100))
    assert found.y.tolist() == app_store.examples(RUN).y[torch.from_numpy(order)].tolist()
    expected = pairs(run, by, "as they are").found[MEAN]
    assert found.predicted.tolist() == expected.predicted[order].tolist()


def test_pair_i_is_of_both_ith_images() -> None:
    left, right = (np.random.default_rng(k).random((3, 1, 4, 5)).astype(np.float32) for k in (0, 1))
    both = side_by_side(left, right)
    np.testing.assert_array_equal(both[..., :5], left)
    np.testing.assert_array_equal(both[..., 5 + GAP :], right)
