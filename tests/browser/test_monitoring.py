"""The page Monitoring under a hand: the stream plays without the server, an alarm is clicked, a file is dropped."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import FilePayload, Page, expect

from latentlab.experiments.monitoring.streams import PlantDays
from tests.browser.conftest import Server, resting, settled
from tests.pages.test_monitoring import csv


def test_a_stream_plays_an_alarm_is_clicked_and_a_file_is_dropped(server: Server, page: Page) -> None:
    page.goto(server.url("monitoring?run=photovoltaic-vae&fault=open&day=75"))
    player = page.locator(".stream-player")
    stream = PlantDays().stream("open", 75, "mixed", 0.5)
    last = len(stream.readings) - 1
    expect(player).to_have_attribute("data-at", str(last))
    chart = resting(page, page.locator(".st-key-stream .js-plotly-plot"))
    player.locator(".speed").select_option("10")
    player.locator(".play").click()
    expect(page.locator(".st-key-stream .nsewdrag")).to_have_count(7)
    expect(player.locator(".play")).to_have_attribute("aria-pressed", "true")
    player.locator(".play").click()
    at = int(player.get_attribute("data-at") or -1)
    assert 0 <= at < last
    box = page.locator(".st-key-stream .js-plotly-plot").bounding_box()
    assert box is not None
    assert box["height"] == chart["height"]  # nothing jumps

    def covered() -> list[float]:
        """Where the covers of the panels begin, as a share of a panel's width."""
        found: list[float] = page.evaluate(
            """() => {
              const places = (found) =>
                [...document.querySelectorAll(`.st-key-stream ${found}`)].map((one) => one.getBoundingClientRect());
              const [areas, covers] = [places(".nsewdrag"), places(".svg-container > div[style*='none']")];
              return covers.slice(0, areas.length).map((one, k) => (one.left - areas[k].left) / areas[k].width);
            }"""
        )
        return found

    player.locator(".at").fill(str(last // 2))
    expect(player).to_have_attribute("data-at", str(last // 2))
    assert np.allclose(covered(), 0.5, atol=0.01)
    assert len(covered()) == 7
    player.locator(".at").fill(str(last))
    assert covered() == []
    settled(page)

    alarms = page.get_by_role("combobox", name="Alarm", exact=True)
    before = alarms.input_value()
    x, y = page.evaluate(
        """() => {
          const middle = (one) => [one.left + one.width / 2, one.top + one.height / 2];
          const places = (found) =>
            [...document.querySelectorAll(`.st-key-stream ${found}`)].map((one) => one.getBoundingClientRect());
          const [band] = places(".shapelayer path").filter((one) => one.width > 0 && one.height > 200).map(middle);
          const apart = ([x]) => Math.abs(x - band[0]);
          return places(".points path").map(middle).reduce((best, one) => (apart(one) < apart(best) ? one : best));
        }"""
    )
    page.mouse.click(x, y)
    expect(alarms).not_to_have_value(before)
    settled(page)

    page.get_by_role("radio", name="my own").click()
    rows = PlantDays().stream("open", 80, "clear", 0.5).readings[::4]
    file: FilePayload = {"name": "day.csv", "mimeType": "text/csv", "buffer": csv(rows)}
    page.set_input_files("input[type=file]", file)
    expect(page.get_by_text(f"day.csv: {len(rows)} readings.")).to_be_visible()
    expect(player).to_have_attribute("data-at", str(len(rows) - 1))
