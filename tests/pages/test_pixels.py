"""The page Autoregressive decoding: what it says is what the model says."""

from __future__ import annotations

import base64
import json
import math

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from latentlab import device
from latentlab.analysis.pixels.drawing import dependence, grow
from latentlab.models import Autoregressive, Classifies, LogLikelihood
from latentlab.runs.store import Store
from tests.conftest import numbers_in
from tests.pages.conftest import Open


def sent(app: AppTest) -> dict[str, object]:
    every = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]
    (found,) = [one for one in every if "drawn" in one]
    return dict(found)


def test_the_verdict_is_what_the_examples_cost(opened: Open, app_store: Store) -> None:
    app, model = opened("pixels", run="digits-pixelcnn"), app_store.load("digits-pixelcnn")
    assert isinstance(model, LogLikelihood)
    x = model.binarise(app_store.examples("digits-pixelcnn")[:200].batch().x, device.generator(0))
    bits = -model.log_prob(x, 1, device.generator(0)) / math.log(2) / 64
    mean, error = numbers_in(app.info[0].value)[:2]
    assert mean == pytest.approx(float(bits.mean()), abs=6e-4)
    assert error == pytest.approx(float(bits.std() / math.sqrt(len(bits))), abs=6e-4)


def test_a_draw_is_sent_whole_and_another_class_is_another_draw(opened: Open, app_store: Store) -> None:
    model = app_store.load("digits-pixelcnn-classes")
    assert isinstance(model, Autoregressive)
    app = opened("pixels", run="digits-pixelcnn-classes", draw="3")
    data = sent(app)
    drawn = np.frombuffer(base64.b64decode(str(data["drawn"])), np.uint8)
    np.testing.assert_array_equal(drawn, np.round(grow(model, (1, 8, 8), 3).x.ravel() * 255).astype(np.uint8))
    app.selectbox(key="decoded-class").select("4").run()
    assert sent(app)["drawn"] != data["drawn"]


def test_what_a_pixel_depends_on_is_the_gradient(opened: Open, app_store: Store) -> None:
    app, model = opened("pixels", run="digits-pixelcnn", pixel="20"), app_store.load("digits-pixelcnn")
    assert isinstance(model, Autoregressive)
    found = dependence(model.log_levels, model.values, torch.from_numpy(grow(model, (1, 8, 8), 1).x), 19)
    (chart,) = app.get("plotly_chart")
    hidden = json.loads(chart.proto.spec)["layout"]["shapes"][0]
    assert (hidden["x0"], hidden["y0"]) == (3.5, 2.5)
    assert f"on {np.count_nonzero(found)} of the 19" in " ".join(text.value for text in app.markdown)


def test_the_bits_of_an_example_and_its_class(opened: Open, app_store: Store) -> None:
    app = opened("pixels", run="digits-pixelcnn-classes", detail="Bits of an example", **{"decoded-example": "5"})
    model = app_store.load("digits-pixelcnn-classes")
    assert isinstance(model, LogLikelihood)
    assert isinstance(model, Classifies)
    x = app_store.examples("digits-pixelcnn-classes")[5:6].batch().x
    with torch.no_grad():
        log_p, classes = float(model.log_prob(x, 1, device.generator(0))), model.classify(x)[0].exp()
    said = [text.value for text in app.markdown]
    (cost,) = [numbers_in(text) for text in said if text.startswith("This example")]
    assert cost[0] == pytest.approx(-log_p / math.log(2) / 64, abs=6e-4)
    assert cost[1] == pytest.approx(log_p, abs=0.006)
    (bayes,) = [numbers_in(text) for text in said if text.startswith("By Bayes")]
    assert bayes == pytest.approx([int(classes.argmax()), 100 * float(classes.max())], abs=0.06)


@pytest.mark.parametrize(("hidden", "later"), [("bottom half", 0), ("top half", 32), ("middle", 30)])
def test_only_what_comes_before_a_hidden_pixel_guides_it_and_the_page_says_so(
    opened: Open, hidden: str, later: int
) -> None:
    app = opened("pixels", run="digits-pixelcnn", detail="Fill in a hidden part", hidden=hidden)
    (said,) = [text.value for text in app.markdown if text.value.startswith("**All that") or "come after" in text.value]
    if later == 0:
        assert "exact" in said
    else:
        count, draws, ess = numbers_in(said)[:3]
        assert count == later
        assert 1 <= ess < draws


def test_a_link_to_no_pixel_opens_at_one(opened: Open) -> None:
    for pixel in ("0", "99999", "x"):
        app = opened("pixels", run="digits-pixelcnn", pixel=pixel)
        assert 0 <= int(str(sent(app)["pixel"])) < 64
