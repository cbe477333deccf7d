"""A training outlives what happens to the browser, the server and the process that trains it."""

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from latentlab.jobs import queue
from latentlab.runs.store import Store
from latentlab.serialization import read_history
from tests.browser.conftest import PATIENCE, Server, settled, until

EPOCHS = 80


@pytest.fixture(scope="module")
def server(own_server: Server) -> Server:
    return own_server


def start(page: Page, server: Server, epochs: int) -> str:
    """Start a training of digits and return its id."""
    page.goto(server.url("train"))
    field = page.get_by_role("spinbutton", name="Epochs", exact=True)
    expect(field).to_be_visible()
    settled(page)
    field.fill(str(epochs))
    field.press("Enter")
    before = known(server)
    page.get_by_role("button", name="Start training", exact=True).click()
    until(page, lambda: known(server) - before)
    (job_id,) = known(server) - before
    return job_id


def known(server: Server) -> set[str]:
    """The ids of all trainings, done or not; the address of a page names one only until it is done."""
    return {path.parent.name for kind in ("job", "run") for path in server.runs.glob(f"[!.]*/{kind}.json")}


def steps(page: Page) -> int:
    """How many steps the page says were made."""
    text = page.get_by_text(re.compile(r"of [\d,]+ steps")).inner_text()
    return int(text.split()[0].replace(",", ""))


@contextmanager
def frozen(processes: list[int]) -> Iterator[None]:
    """Processes stand still meanwhile, so that what they do isn't done before it was looked at."""
    send(processes, signal.SIGSTOP)
    try:
        yield
    finally:
        send(processes, signal.SIGCONT)


def send(processes: list[int], what: signal.Signals) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, what)


def workers_of(server: Server) -> list[int]:
    """The worker, and one that waits behind it if it was slow to start: this server's runs are in their environment."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/cmdline", "rb") as command, open(f"/proc/{name}/environ", "rb") as environment:
                    ours = b"latentlab\0worker" in command.read() and str(server.runs).encode() in environment.read()
            except OSError:
                continue
            if ours:
                found.append(int(name))
    assert found, "No worker is running."
    return found


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for the worker in /proc")
def test_reload_kill_the_server_kill_the_worker_and_resume(server: Server, page: Page) -> None:
    job_id = start(page, server, EPOCHS)
    store, progress = Store(server.runs), page.get_by_text(re.compile("of 800 steps"))
    until(page, lambda: queue.status(store, job_id).step)
    workers = workers_of(server)
    with frozen(workers):
        expect(page).to_have_url(re.compile(f"job={job_id}"))
        expect(progress).to_be_visible()
        page.reload()
        expect(progress).to_be_visible()
        expect(page.get_by_alt_text("Held-out examples over their reconstructions")).to_be_visible()
        seen = steps(page)
        server.kill()
    until(page, lambda: queue.status(store, job_id).step > seen)  # it goes on without the server
    with frozen(workers):
        assert server.start()
        page.goto(server.url("train"))
        expect(progress).to_be_visible()
        assert steps(page) > seen
        send(workers, signal.SIGKILL)
    until(page, lambda: queue.status(store, job_id).state == "interrupted")
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.get_by_text("· 800 steps in")).to_be_visible(timeout=2 * PATIENCE)

    history = read_history(server.runs / job_id / "history.csv")
    assert [row["step"] for row in history] == sorted({row["step"] for row in history})
    assert history[-1]["step"] == 800
    assert Store(server.runs).load(job_id)


def test_two_visitors_train_at_once(server: Server, page: Page, context: BrowserContext) -> None:
    other = context.new_page()
    other.set_default_timeout(PATIENCE)
    first, second = start(page, server, 20), start(other, server, 20)
    for visitor, job_id in ((page, first), (other, second)):
        until(visitor, (server.runs / job_id / "run.json").exists)
        expect(visitor).to_have_url(re.compile(f"run={job_id}"))
        expect(visitor.get_by_text("· 200 steps in")).to_be_visible()
    runs = {run.id: run for run in Store(server.runs).runs()}
    assert runs[first].metrics == runs[second].metrics  # the same seed, undisturbed by the other
    other.close()


def test_make_help_lists_what_can_be_made() -> None:
    listed = subprocess.run(["make", "help"], capture_output=True, text=True, check=True).stdout
    assert {"app", "test", "checkpoints"} <= {line.split()[0] for line in listed.splitlines()}
