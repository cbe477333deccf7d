"""A person plays against a classifier by keyboard: every answer stays in the browser until they stop."""

from __future__ import annotations

import re

import numpy as np
from playwright.sync_api import Page, expect

from latentlab.analysis.classification.human import human_score
from latentlab.subjects import find
from pages.classifier.attempt import MOST
from tests.browser.conftest import Server, count, resting
from tests.conftest import mentions

PLAYED = 12


def test_a_scripted_player_is_scored_exactly_and_a_reload_goes_on(server: Server, page: Page) -> None:
    data = find("digits-cnn").examples()
    y = data.y.numpy()[np.random.default_rng(0).permutation(len(data))[:MOST]]
    page.goto(server.url("classifier?run=digits-cnn&detail=Try+it&attempt=be+the+human"))
    quiz = page.locator(".quiz")
    start = quiz.get_by_role("button", name="Start", exact=True)
    resting(page, start)
    start.focus()
    page.keyboard.press("Enter")
    count(page)
    script = [str(k) for k in np.where(np.arange(PLAYED) % 3 == 0, (y[:PLAYED] + 1) % 10, y[:PLAYED])]
    for key in script[:6]:
        page.keyboard.press(key)
    page.keyboard.press("x")  # of no class
    page.keyboard.press("9")
    page.keyboard.press("Backspace")
    expect(quiz).to_have_attribute("data-at", "6")
    page.wait_for_timeout(300)
    assert page.evaluate("window.asked") == 0
    page.reload()
    expect(quiz).to_have_attribute("data-at", "6")
    resting(page, quiz)
    for key in script[6:9]:
        page.keyboard.press(key)
    for key in script[9:]:
        quiz.get_by_role("button", name=key, exact=True).click()
    expect(quiz).to_have_attribute("data-at", str(PLAYED))
    quiz.get_by_role("button", name=re.compile("Stop")).click()
    score = human_score([int(key) for key in script], y, y)
    said = page.get_by_test_id("stAlert").filter(has_text="You are right")
    expect(said).to_be_visible()
    assert mentions(said.inner_text(), f"{100 * score.human.value:.1f}", PLAYED, f"{100 * score.human.low:.1f}")
    matrix = page.locator(".js-plotly-plot").first
    box = resting(page, matrix.locator(".nsewdrag"))
    page.mouse.click(box["x"] + 0.45 * box["width"], box["y"] + 0.45 * box["height"])  # the fifth cell of the diagonal
    for name in ("It is", "predicted as"):
        expect(page.get_by_role("combobox", name=name, exact=True)).to_have_value("4")
