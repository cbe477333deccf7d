"""The page of variational families: what ships is shown at once, and a restart is kept if it is better."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from latentlab.experiments import families
from latentlab.experiments.families import AUXILIARY, Fitted, flow_name
from pages.families import fits
from pages.families.verdict import verdict
from pages.shared.background import Task, background, run_task
from tests.conftest import mentions
from tests.pages.conftest import Open, words


def said(app: AppTest) -> str:
    return app.info[0].value


def test_it_opens_with_a_verdict_and_four_densities(visited: Open) -> None:
    app = visited("families")
    assert not app.exception
    found = fits.shipped()
    assert f"{found[flow_name(16)].bounds.max():.2f}" in said(app)
    assert len(app.get("plotly_chart")) == 2


def test_the_densities_are_normalised_and_the_flow_is_nearer_to_the_truth_than_a_gaussian() -> None:
    area = (fits.BOX.x[1] - fits.BOX.x[0]) ** 2 / fits.SIDE**2
    found = {name: fits.density(one) for name, one in fits.shipped().items()}
    assert all(values.sum() * area == pytest.approx(1, abs=0.03) for values in [*found.values(), fits.truth()])
    apart = {name: 0.5 * np.abs(values - fits.truth()).sum() * area for name, values in found.items()}
    assert apart[flow_name(16)] < 0.1 < 0.5 < apart[families.GAUSSIAN]


def test_another_number_of_maps_is_fitted_and_a_restart_is_kept_if_it_is_better(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested: list[str] = []

    def answered(key: str, call: object) -> Task[Fitted]:  # noqa: ARG001 nothing is computed
        requested.append(key)
        name = key.removeprefix("family ").rpartition(" ")[0]
        like = fits.shipped()[AUXILIARY if name == AUXILIARY else flow_name(16)]
        better = replace(like, name=name, bounds=like.bounds + 0.01)
        return Task(key, background(), better if name == AUXILIARY else like)

    monkeypatch.setattr(fits, "run_task", answered)
    app = opened("families")
    assert not requested
    app.button(key="restart").click().run()
    assert requested == [f"family {AUXILIARY} 0"]
    best = fits.shipped()[AUXILIARY].bounds.max() + 0.01
    assert f"{best:.2f}" in said(app)
    app.select_slider(key="maps").set_value(32).run()
    assert f"family {flow_name(32)} 0" in requested
    assert not app.exception


def test_a_cancelled_fit_is_not_waited_for(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fits, "run_task", lambda key, _: run_task(key, partial(time.sleep, 60)))
    app = opened("families", maps="32")
    assert not app.exception
    assert "planar flow, K = 32" in words(app)
    (cancel,) = [button for button in app.button if button.label == "Cancel"]
    cancel.click().run()
    assert not [button for button in app.button if button.label == "Cancel"]


def test_the_verdict_tells_one_mode_from_both() -> None:
    one = Fitted("any", {}, np.array([1.0, 0.9]), np.array([1.18, 1.18]), np.array([1.0, 0.5]))
    both = replace(one, bounds=np.array([1.0, 1.8]))
    loose = replace(one, bounds=np.array([-2.0, -1.0]))
    assert mentions(verdict({"Gaussian": one}), "Gaussian", "1.00", "1.18")
    assert mentions(verdict({"Flow": both}), "Flow", "1 of 2", "1.80", "1.88")
    assert mentions(verdict({"Gaussian": loose}), "Gaussian", "-1.00")
    assert "1.18" not in verdict({"any": both}) + verdict({"any": loose})
