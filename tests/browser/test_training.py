"""A training outlives what happens to the browser, the server and the process that trains it."""

import os
import re
import signal
import subprocess

import pytest
from playwright.sync_api import Browser, Page, expect

from latentlab.formats import read_history
from latentlab.store import Store
from tests.browser.conftest import PATIENCE, Server

EPOCHS = 400


def start(page: Page, server: Server, epochs: int) -> str:
    """Start a training of digits and return its id."""
    page.goto(server.url("train"))
    field = page.get_by_role("spinbutton", name="Epochs")
    field.fill(str(epochs))
    field.press("Enter")
    page.get_by_role("button", name="Start training").click()
    page.wait_for_function("() => new URLSearchParams(location.search).get('job') !== null")
    found = re.search(r"job=([\w-]+)", page.url)
    assert found
    return found.group(1)


def steps(page: Page) -> int:
    """How many steps the page says were made."""
    text = page.get_by_text(re.compile(r"of [\d,]+ steps")).inner_text()
    return int(text.split()[0].replace(",", ""))


def worker_of(server: Server) -> int:
    """The process id of the worker: it has this server's runs in its environment."""
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as command, open(f"/proc/{name}/environ", "rb") as environment:
                    ours = b"latentlab\0worker" in command.read() and str(server.runs).encode() in environment.read()
            except OSError:
                continue
            if ours:
                return int(name)
    raise AssertionError("No worker is running.")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for the worker in /proc")
def test_reload_kill_the_server_kill_the_worker_and_resume(server: Server, page: Page) -> None:
    job_id = start(page, server, EPOCHS)
    expect(page.get_by_text(re.compile("of 4,000 steps"))).to_be_visible()
    page.reload()
    expect(page.get_by_text(re.compile("of 4,000 steps"))).to_be_visible()
    expect(page.get_by_alt_text("Held-out examples over their reconstructions")).to_be_visible()
    seen = steps(page)

    server.kill()
    server.start()
    page.goto(server.url("train"))
    expect(page.get_by_text(re.compile("of 4,000 steps"))).to_be_visible()
    assert steps(page) >= seen

    os.kill(worker_of(server), signal.SIGKILL)
    expect(page.get_by_text("The process that trained it is gone.")).to_be_visible()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text(re.compile("4,000 steps in"))).to_be_visible(timeout=2 * PATIENCE)

    history = read_history(server.runs / job_id / "history.csv")
    assert [row["step"] for row in history] == sorted({row["step"] for row in history})
    assert history[-1]["step"] == 4_000
    assert Store(server.runs).load(job_id)


def test_two_visitors_train_at_once(server: Server, page: Page, browser: Browser) -> None:
    other = browser.new_page()
    other.set_default_timeout(PATIENCE)
    first, second = start(page, server, 20), start(other, server, 20)
    for visitor in (page, other):
        expect(visitor.get_by_text(re.compile("200 steps in"))).to_be_visible()
    runs = {run.id: run for run in Store(server.runs).runs()}
    assert runs[first].metrics == runs[second].metrics  # the same seed, undisturbed by the other
    other.close()


def test_make_help_lists_what_can_be_made() -> None:
    listed = subprocess.run(["make", "help"], capture_output=True, text=True, check=True).stdout
    assert {"app", "test", "checkpoints"} <= {line.split()[0] for line in listed.splitlines()}
