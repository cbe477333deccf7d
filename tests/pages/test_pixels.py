"""The page Autoregressive decoding: what it says is what the model says."""

from __future__ import annotations

import base64
import json
import math
import re

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from latentlab import device
from latentlab.analysis.pixels.drawing import dependence, grow
from latentlab.models import Autoregressive, AutoregressiveGivenCode, Classifies, LogLikelihood
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun
from pages.pixels import computed
from pages.pixels.condition import CodeDrawn, CodeOf
from tests.conftest import mentions, numbers_in
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
    visited: Open, hidden: str, later: int
) -> None:
    app = visited("pixels", run="digits-pixelcnn", detail="Fill in a hidden part", hidden=hidden)
    (said,) = [text.value for text in app.markdown if text.value.startswith("**All that") or "come after" in text.value]
    if later == 0:
        assert "exact" in said
    else:
        count, draws, ess = numbers_in(said)[:3]
        assert count == later
        assert 1 <= ess < draws


def test_a_link_to_no_pixel_opens_at_one(visited: Open) -> None:
    for pixel in ("0", "99999", "x"):
        app = visited("pixels", run="digits-pixelcnn", pixel=pixel)
        assert 0 <= int(str(sent(app)["pixel"])) < 64


FAME = "mnist14-fame"


def model_and_codes(store: Store) -> tuple[AutoregressiveGivenCode, StoredRun]:
    model, subject = store.load(FAME), StoredRun(store.read(FAME), store)
    assert isinstance(model, AutoregressiveGivenCode)
    return model, subject


def test_given_a_code_an_image_and_its_code_cost_the_bound(opened: Open, app_store: Store) -> None:
    model, _ = model_and_codes(app_store)
    assert isinstance(model, LogLikelihood)
    x = model.binarise(app_store.examples(FAME)[:200].batch().x, device.generator(0))
    elbo = torch.stack([model.log_prob(x, 1, device.generator(seed)).mean() for seed in range(5)]).mean()
    per_pixel, _, pixels, _, _, code, both = numbers_in(opened("pixels", run=FAME).info[0].value)
    assert pixels == pytest.approx(196 * per_pixel, abs=0.16)
    assert both == pytest.approx(-float(elbo) / math.log(2), abs=1.0)
    assert both == pytest.approx(pixels + code, abs=0.11)
    assert 5 < code < pixels


def test_the_code_of_the_example_or_one_of_the_prior_is_drawn_from(opened: Open, app_store: Store) -> None:
    model, run = model_and_codes(app_store)
    app = opened("pixels", run=FAME, draw="2", **{"decoded-example": "7"})
    for condition in (CodeOf(7), CodeDrawn(2)):
        expected = grow(model.given_code(computed.code(run, condition)), (1, 14, 14), 2).x.ravel()
        drawn = np.frombuffer(base64.b64decode(str(sent(app)["drawn"])), np.uint8)
        np.testing.assert_array_equal(drawn, np.round(expected * 255).astype(np.uint8))
        app.segmented_control(key="code").select("drawn from the prior").run()
    assert not app.exception


def test_a_code_of_an_example_is_a_draw_of_its_posterior(app_store: Store) -> None:
    model, run = model_and_codes(app_store)
    near = model.log_conditionals_given
    x = torch.stack([computed.example(run, i) for i in range(20)])
    own = torch.stack([computed.code(run, CodeOf(i)) for i in range(20)])
    other = torch.stack([computed.code(run, CodeDrawn(i)) for i in range(20)])
    with torch.no_grad():
        assert float((near(x, own) - near(x, other)).flatten(1).sum(1).mean()) > 10  # nats
        assert float((near(x, own) - near(x, own.roll(1, 0))).flatten(1).sum(1).mean()) > 10


@pytest.mark.parametrize(("run", "reads"), [(FAME, True), (f"{FAME}-one-pass", False), ("mnist14-conv-lvae", False)])
def test_given_its_code_a_pixel_depends_on_others_in_fame_alone(opened: Open, run: str, reads: bool) -> None:
    app = opened("pixels", run=run, pixel="90")
    (said,) = [text.value for text in app.markdown if re.search(r"depends on (no|\d+)", text.value)]
    assert ("of the 89 pixels" in said) == reads
    assert mentions(said, "code", "alone") == (not reads)


def test_the_bits_of_an_example_given_its_code(opened: Open, app_store: Store) -> None:
    model, run = model_and_codes(app_store)
    app = opened("pixels", run=FAME, detail="Bits of an example", **{"decoded-example": "5"})
    with torch.no_grad():
        x = computed.example(run, 5)[None]
        log_p = float(model.log_conditionals_given(x, computed.code(run, CodeOf(5))[None]).sum())
    (cost,) = [numbers_in(text.value) for text in app.markdown if text.value.startswith("This example")]
    assert cost[:2] == pytest.approx([-log_p / math.log(2) / 196, log_p], abs=0.006)
    assert cost[2] == pytest.approx(computed.code_bits(run, 5), abs=0.06)


@pytest.mark.parametrize(("hidden", "later"), [("bottom half", 0), ("left half", 98)])
def test_a_hidden_part_is_filled_in_given_the_code(opened: Open, hidden: str, later: int) -> None:
    app = opened("pixels", run=FAME, detail="Fill in a hidden part", hidden=hidden)
    (said,) = [text.value for text in app.markdown if text.value.startswith("**All that") or "come after" in text.value]
    assert mentions(said, "exact", "code") if later == 0 else numbers_in(said)[0] == later
    assert not app.exception
