"""The page Likelihood: the model's own bounds, ranked and compared."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.analysis.latent.integrated import integrated
from latentlab.models import LogLikelihood
from latentlab.runs.store import Store
from tests.conftest import numbers_in
from tests.pages.conftest import Open


def traces(app: object) -> list[dict[str, object]]:
    (chart,) = app.get("plotly_chart")  # type: ignore[attr-defined]
    found: list[dict[str, object]] = json.loads(chart.proto.spec)["data"]
    return found


def test_the_bounds_are_the_models_own_and_rise(opened: Open, app_store: Store) -> None:
    app = opened("likelihood", run="digits-lvae", examples="20", draws="100")
    (trace,) = traces(app)
    assert trace["x"] == [1, 10, 100]
    model = app_store.load("digits-lvae")
    assert isinstance(model, LogLikelihood)
    x = model.binarise(app_store.examples("digits-lvae")[:20].batch().x, device.generator(0))
    with torch.no_grad():
        best = model.log_prob(x, 100, device.generator(0)).double().numpy()
    shown = trace["y"]
    assert isinstance(shown, list)
    assert shown[-1] == pytest.approx(best.mean(), abs=1e-4)
    assert shown == sorted(shown)
    table = app.dataframe[0].value
    assert numbers_in(table["nats"].iloc[-1])[0] == pytest.approx(best.mean(), abs=0.006)
    assert float(table["bits"].iloc[-1]) == pytest.approx(-best.mean() / 64 / np.log(2), abs=6e-4)


def test_of_an_exact_model_one_number_is_said(opened: Open, app_store: Store) -> None:
    app = opened("likelihood", run="digits-pixelcnn", examples="50", beside="digits-lvae")
    model = app_store.load("digits-pixelcnn")
    assert isinstance(model, LogLikelihood)
    x = model.binarise(app_store.examples("digits-pixelcnn")[:50].batch().x, device.generator(0))
    with torch.no_grad():
        exact = model.log_prob(x, 1, device.generator(0)).mean().item()
    assert numbers_in(app.dataframe[0].value["nats"].iloc[0])[0] == pytest.approx(exact, abs=0.006)
    assert len(app.dataframe[0].value) == 1
    assert len(app.dataframe[1].value) > 1


def test_of_a_plane_of_codes_log_p_itself_is_drawn_above_the_bounds(
    helper: dict[str, Future[Any]], opened: Open, app_store: Store
) -> None:
    app = opened("likelihood", run="digits-vae", examples="20", draws="100")
    assert list(app.dataframe[0].value["draws"]) == ["1", "10", "100"]
    model = app_store.load("digits-vae")
    assert isinstance(model, LogLikelihood)
    x = model.binarise(app_store.examples("digits-vae")[:20].batch().x, device.generator(0))
    (key,) = helper
    helper[key].set_result(exact := integrated(model, x))
    app.run()
    assert app.dataframe[0].value["draws"].iloc[-1] == "exact"
    assert numbers_in(app.dataframe[0].value["nats"].iloc[-1])[0] == pytest.approx(exact.mean, abs=0.006)
    assert numbers_in(app.info[0].value)[0] == pytest.approx(exact.mean, abs=0.006)
    assert max(traces(app)[0]["y"]) < exact.mean + 0.05  # type: ignore[call-overload]
