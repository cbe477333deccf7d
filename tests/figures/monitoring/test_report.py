"""The report of a period: nothing of the data becomes markup, and nothing is fetched."""

from __future__ import annotations

import re

import numpy as np
import pytest

from latentlab.analysis.monitoring.alarms import Rule, Watch
from latentlab.analysis.monitoring.period import Recorder, Sensor
from latentlab.analysis.stats import Proportion
from latentlab.figures.monitoring.panels import Panel
from latentlab.figures.monitoring.report import Report
from tests.html import Page

HOSTILE = '<script>alert("1")</script>&amp;'


def reported(n: int, kept: int = 5_000) -> str:
    """Of n readings of two sensors, the last ten of which are strange, in pieces of at most `kept`."""
    rng = np.random.default_rng(0)
    readings, scores = rng.normal(size=(n, 2)), rng.random(n)
    readings[: n // 2, 0], scores[: n // 2] = np.nan, np.nan
    scores[-10:] = 9.0
    names, watch = (HOSTILE, f"{HOSTILE} 2"), Watch(Rule(2.0))
    period = Recorder(names, 2.0, n_classes=1)
    for first in range(0, n, kept):
        rows = slice(first, first + kept)
        part = scores[rows]
        period.take(readings[rows], [HOSTILE] * len(part), part, np.zeros(len(part), np.int64))
        for alarm in watch.take(part):
            period.note(alarm, HOSTILE, [])
        period.remember(watch.open)
    for alarm in watch.close():
        period.note(alarm, HOSTILE, [Sensor(name, 1.0, None, None) for name in names])
    return Report(
        HOSTILE, period, Proportion(0.01, 0.0, 0.02), 100, HOSTILE, np.zeros_like, (HOSTILE,), (HOSTILE,),
        {HOSTILE: HOSTILE},
    ).html()  # fmt: skip


def test_text_of_the_data_is_text_and_nothing_is_fetched() -> None:
    html = reported(300)
    found = Page(html)
    assert "script" not in found.tags
    assert not re.search(r"(?:src|url)\s*[=(]|https?:|@import", html)
    assert set(found.links) == {"#at-290"}
    assert found.texts("h1") == [HOSTILE]
    assert f"{HOSTILE} 2" in found.texts("h4")
    assert found.count("rect", "alarm") == 3 + 2  # over the period the score and two sensors, and closely both


def test_a_long_period_stays_small() -> None:
    assert len(reported(200_000)) < 2 * len(reported(2_000)) < 1e6


def test_no_readings_are_said() -> None:
    period = Recorder(("a",), 1.0)
    found = Page(Report("t", period, None, 0, "nats", np.zeros_like).html())
    assert found.count("svg") == 0
    assert dict(found.rows())["Readings"] == ["0"]


@pytest.mark.parametrize("values", [[np.nan] * 3, [2.0] * 3, [1.0, np.nan, 3.0]])
def test_a_panel_draws_what_is_there(values: list[float]) -> None:
    y = np.array(values)
    found = Page(Panel("t", 0.0, 2.0, np.arange(3.0), {"read": y}, "alt").html())
    (path,) = found.attributes("path", "d")
    assert path.count("M") == sum(np.isfinite(y[k]) and (k == 0 or np.isnan(y[k - 1])) for k in range(3))
    assert "nan" not in path
