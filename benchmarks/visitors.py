"""How one server bears a class: twelve visitors open pages and click at once.

    pip install -r tests/requirements.txt           # and Debian's chromium
    python -m benchmarks.visitors                   # a table for a bare page and one for the app, some minutes
    python -m benchmarks.visitors --visitors 4 --rounds 2 --seed 1

The app runs on a free port, the visitors in one headless Chromium on the same machine, so its load is in every number.
In each round every visitor opens `PAGES_A_ROUND` addresses, drawn by the seed, and clicks `CLICKS` of their options.
The first table is that of as many visitors of a bare Streamlit page, on the same machine in the same minutes: what no
page can do better.

*   Opening: from the request of an address until the script has drawn its page to the end.
*   Answer: from a click until the page that it changes is drawn; what the browser answers alone is left out, so a
    click that nothing follows within `ALONE` seconds.
*   Waiting: from the request of an address until nothing on the page waits for the background process any more; at most
    `PATIENCE` seconds, and those that took longer are counted.
*   Memory: of the server and of all processes that it started (each page of memory divided among those that share it).
*   Processor: seconds of the server and its processes for one opening, with its clicks; the browser's are not in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import tempfile
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, async_playwright
from playwright.async_api import Error as PageGone
from playwright.async_api import TimeoutError as TooLate

from benchmarks.serving import BARE, chromium_path, free_port, serving

ADDRESSES = (
    "",
    "traversal",
    "clusters",
    "clusters?method=UMAP",
    "analogies",
    "field",
    "field?behind=basins",
    "sampling",
    "sampling?target=mixture&detail=Side+by+side",
    "gsn",
    "probes?run=digits-cnn",
    "probes?run=digits-mlp",
    "train",
)
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu"]
PAGES_A_ROUND = 3
CLICKS = 2
PATIENCE = 60.0  # seconds
ALONE = 20.0
AFTER = 1.0  # seconds in which what a script has drawn comes to be on the screen
DRAWN = """() => document.querySelector("[data-testid=stMain] [data-testid=stElementContainer]")
  && document.querySelector("[data-testid=stApp]")?.dataset.testScriptState === "notRunning" """
WAITS = "() => !document.querySelector('[data-testid=stMain] [class*=st-key-cancel]')"
CLICK = """([pick, patience]) => {
  const app = document.querySelector("[data-testid=stApp]");
  if (!app) return null;
  const options = "[data-testid=stButtonGroup] button:not([aria-checked=true]), [data-testid=stCheckbox] input";
  const shown = [...document.querySelectorAll("[data-testid=stMain]")].flatMap((main) =>
    [...main.querySelectorAll(options)].filter((option) => option.offsetParent));
  if (!shown.length) return null;
  const began = performance.now();
  return new Promise((done) => {
    let ran = false;
    const seen = new MutationObserver((changes) => {
      ran ||= app.dataset.testScriptState === "running" || changes.some((change) => change.oldValue === "running");
      if (!ran || app.dataset.testScriptState !== "notRunning") return;
      seen.disconnect();
      done((performance.now() - began) / 1000);
    });
    seen.observe(app, { attributes: true, attributeFilter: ["data-test-script-state"], attributeOldValue: true });
    setTimeout(() => { seen.disconnect(); done(patience); }, patience * 1000);
    shown[pick % shown.length].click();
  });
}"""


@dataclass
class Times:
    """What visitors waited for, in seconds."""

    openings: list[float] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)


async def visit(browser: Browser, root: str, addresses: Sequence[str], rng: random.Random, times: Times) -> None:
    """One visitor's round: open pages, click on them, and wait for what they wait for."""
    context = await browser.new_context(viewport={"width": 1400, "height": 1000})
    page = await context.new_page()
    for address in addresses:
        began = time.monotonic()
        await within(page.goto(f"{root}/{address}", wait_until="commit", timeout=PATIENCE * 1000))
        await within(page.wait_for_function(DRAWN, timeout=PATIENCE * 1000))
        times.openings.append(time.monotonic() - began)
        if not await page.evaluate(WAITS):
            await within(page.wait_for_function(WAITS, timeout=PATIENCE * 1000))
            times.waiting.append(time.monotonic() - began)
        await asyncio.sleep(AFTER)
        for _ in range(CLICKS):
            try:
                answer = await page.evaluate(CLICK, [rng.randrange(1000), ALONE])
            except PageGone:  # the click led to another page
                break
            if answer is not None and answer < ALONE:
                times.answers.append(answer)
    await context.close()


async def within(answer: Awaitable[object]) -> None:
    """Wait for something, but no longer than its patience."""
    try:
        await answer
    except TooLate:
        return


async def measure(script: str, addresses: Sequence[str], n_visitors: int, n_rounds: int, seed: int) -> None:
    """Print a row for each round of visits to the pages of a script."""
    port = free_port()
    with serving(script, port) as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            for n in range(n_rounds):
                times, before = Times(), processor_seconds(processes(server))
                rngs = [random.Random(f"{seed} {n} {k}") for k in range(n_visitors)]
                visits = [
                    visit(browser, f"http://localhost:{port}", rng.sample(addresses, PAGES_A_ROUND), rng, times)
                    for rng in rngs
                ]
                await asyncio.gather(*visits)
                found = processes(server)
                spent = (processor_seconds(found) - before) / len(times.openings)
                kept = f"{len(found)}, {sum(map(memory, found)):.0f} | {spent:.2f}"
                print(f"| {n + 1} | {' | '.join(map(summary, vars(times).values()))} | {kept} |", flush=True)
            await browser.close()


def summary(values: Sequence[float]) -> str:
    """The number of times, their median, 95th percentile and largest, and how many were longer than the patience."""
    if not values:
        return "–"
    middle, high, most = np.quantile(values, (0.5, 0.95, 1))
    return f"{len(values)}: {middle:.1f}, {high:.1f}, {most:.1f}; {sum(value >= PATIENCE for value in values)}"


def processes(root: int) -> list[int]:
    """A process and all that it started, by Linux's /proc."""
    found = [root]
    for pid in found:
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, tasks.read_text().split())
    return found


def processor_seconds(pids: Sequence[int]) -> float:
    """What these processes have had of the processors, by Linux's /proc."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """The megabytes of a process, shared ones in proportion."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    found = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--visitors", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name, script, chosen, rounds in (
        ("bare Streamlit", BARE, ("", "?again", "?once_more"), 1),
        ("the app", "app.py", ADDRESSES, options.rounds),
    ):
        print(f"\n{options.visitors} visitors of {name}; times as number: median, 95th percentile, largest; too late\n")
        print("| round | openings, s | answers, s | waiting, s | processes, memory in MB | CPU s an opening |")
        print("|---|---|---|---|---|---|", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            bare = Path(folder) / "bare.py"
            bare.write_text(BARE)
            path = str(bare) if script == BARE else script
            asyncio.run(measure(path, chosen, options.visitors, rounds, options.seed))
