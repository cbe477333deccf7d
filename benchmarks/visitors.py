"""How one server bears a class: twelve visitors open pages and click at once.

    pip install -r tests/requirements.txt           # and Debian's chromium
    python -m benchmarks.visitors                   # two tables, some minutes
    python -m benchmarks.visitors --visitors 4 --rounds 2 --seed 1

The app runs on a free port, the visitors in one headless Chromium on the same machine, so its load is in every number.
In each round every visitor opens `PAGES_A_ROUND` addresses, drawn by the seed, and clicks `CLICKS` of their options.

*   Opening: from the request of an address until the script has drawn its page to the end.
*   Answer: from a click until the page that it changes is drawn.
*   Waiting: from the request of an address until nothing on the page waits for the background process any more; at most
    `PATIENCE` seconds, and those that took longer are counted.
*   Memory: of the server and of all processes that it started (each page of memory divided among those that share it).
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, async_playwright
from playwright.async_api import Error as PageGone
from playwright.async_api import TimeoutError as TooLate

from benchmarks.serving import chromium_path, free_port, serving

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


async def visit(browser: Browser, root: str, rng: random.Random, times: Times) -> None:
    """One visitor's round: open pages, click on them, and wait for what they wait for."""
    context = await browser.new_context(viewport={"width": 1400, "height": 1000})
    page = await context.new_page()
    for address in rng.sample(ADDRESSES, PAGES_A_ROUND):
        began = time.monotonic()
        await within(page.goto(f"{root}/{address}", wait_until="commit", timeout=PATIENCE * 1000))
        await within(page.wait_for_function(DRAWN, timeout=PATIENCE * 1000))
        times.openings.append(time.monotonic() - began)
        if not await page.evaluate(WAITS):
            await within(page.wait_for_function(WAITS, timeout=PATIENCE * 1000))
            times.waiting.append(time.monotonic() - began)
        for _ in range(CLICKS):
            try:
                answer = await page.evaluate(CLICK, [rng.randrange(1000), PATIENCE])
            except PageGone:  # the click led to another page
                break
            if answer is not None:
                times.answers.append(answer)
    await context.close()


async def within(answer: Awaitable[object]) -> None:
    """Wait for something, but no longer than its patience."""
    try:
        await answer
    except TooLate:
        return


async def measure(n_visitors: int, n_rounds: int, seed: int, times: Times, rows: list[tuple[int, int, float]]) -> None:
    """Fill both tables."""
    port = free_port()
    with serving("app.py", port) as server:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium_path(), args=FLAGS)
            for n in range(n_rounds):
                rngs = [random.Random(f"{seed} {n} {k}") for k in range(n_visitors)]
                try:
                    await asyncio.gather(*(visit(browser, f"http://localhost:{port}", rng, times) for rng in rngs))
                finally:
                    found = processes(server)
                    rows.append((n + 1, len(found), sum(map(memory, found))))
            await browser.close()


def tables(times: Times, rows: list[tuple[int, int, float]]) -> None:
    """Print what was measured."""
    print("| seconds | number | median | 95th percentile | largest | not within patience |\n|---|---|---|---|---|---|")
    for name, values in vars(times).items():
        if values:
            middle, high, most = np.quantile(values, (0.5, 0.95, 1))
            late = sum(value >= PATIENCE for value in values)
            print(f"| {name} | {len(values)} | {middle:.1f} | {high:.1f} | {most:.1f} | {late} |")
    print("\n| after round | processes | memory, MB |\n|---|---|---|")
    for row in rows:
        print("| {} | {} | {:.0f} |".format(*row))


def processes(root: int) -> list[int]:
    """A process and all that it started, by Linux's /proc."""
    found = [root]
    for pid in found:
        for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, tasks.read_text().split())
    return found


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
    measured = Times()
    sizes: list[tuple[int, int, float]] = []
    try:
        asyncio.run(measure(options.visitors, options.rounds, options.seed, measured, sizes))
    finally:
        tables(measured, sizes)  # also of what was interrupted
