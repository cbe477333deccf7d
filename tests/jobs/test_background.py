"""The background process answers once for a question, can be told to stop, and doesn't outlive who asked."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from latentlab.data import Batch, Dataset
from latentlab.jobs import background
from latentlab.jobs.background import GRACE, KEPT, Background, report
from tests.conftest import ROOT, noise_images

pytestmark = pytest.mark.slow  # each starts a process of its own

ORPHAN = """
import os, sys, time
from latentlab.jobs import background
from latentlab.jobs.background import Background
if __name__ == "__main__":
    helper = Background()
    print(helper.submit("pid", os.getpid).result(60), flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def helper() -> Iterator[Background]:
    """One for all tests that leave its process as it is; each asks under keys of its own."""
    found = Background()
    yield found
    found.close()


def test_a_question_is_answered_once_in_another_process(helper: Background) -> None:
    first = helper.submit("a", pow, 2, 10)
    assert helper.submit("a", pow, 3, 3) is first
    assert first.result(60) == 1024
    assert helper.submit("pid", os.getpid).result(60) != os.getpid()


def test_what_is_sent_stays_where_it_is(helper: Background) -> None:
    """To send a tensor moves it into shared memory, and frees what another thread computes with."""
    model, x, data = nn.Linear(3, 2).requires_grad_(False), torch.ones(4, 3), noise_images(5)
    assert torch.equal(helper.submit("model", partial(model.forward, x)).result(60), model(x))
    assert helper.submit("data", sizes, [data], {"all": (data, data.batch())}).result(60) == [5, 5]
    assert not any(one.is_shared() for one in (x, data.x, data.y, *model.parameters()))


def sizes(data: list[Dataset], parts: dict[str, tuple[Dataset, Batch]]) -> list[int]:
    return [len(data[0]), len(parts["all"][1].x)]


def test_what_is_forgotten_is_stopped_and_the_next_question_answered() -> None:
    helper = Background()
    helper.submit("b", time.sleep, 600)
    helper.forget("b")
    assert helper.submitted("b") is None
    assert helper.submit("c", pow, 5, 2).result(60) == 25
    helper.close()


def test_what_waited_behind_it_is_asked_again() -> None:
    helper = Background()
    helper.submit("long", time.sleep, 600)
    behind = helper.submit("behind", pow, 2, 3)
    helper.forget("long")
    for _ in range(100):
        if behind.done():
            break
        time.sleep(0.1)
    assert helper.submit("behind", pow, 2, 3).result(60) == 8
    helper.close()


def test_a_fault_is_told_to_who_asked(helper: Background) -> None:
    with pytest.raises(ZeroDivisionError):
        helper.submit("d", divmod, 1, 0).result(60)


def until(seen: Callable[[], object]) -> None:
    for _ in range(600):
        if seen():
            return
        time.sleep(0.1)
    raise AssertionError("It never came.")


def reports(shares: tuple[float, ...], let_go: Path) -> float:
    """In the background process: report each share, then wait for a file."""
    for share in shares:
        report(share)
    while not let_go.exists():
        time.sleep(0.02)
    return shares[-1]


def test_the_share_of_what_runs_is_known_and_of_nothing_else(tmp_path: Path) -> None:
    helper = Background()
    first = helper.submit("first", reports, (0.25, 0.5), tmp_path / "a")
    helper.submit("second", reports, (0.125,), tmp_path / "b")
    until(lambda: helper.progress("first") == 0.5)
    assert helper.progress("second") is None
    assert helper.progress("unknown") is None
    (tmp_path / "a").touch()
    assert first.result(60) == 0.5
    until(lambda: helper.progress("second") == 0.125)
    assert helper.progress("first") is None
    helper.forget("second")
    assert helper.progress("second") is None
    third = helper.submit("second", reports, (0.75,), tmp_path / "c")
    until(lambda: helper.progress("second") == 0.75)
    (tmp_path / "c").touch()
    assert third.result(60) == 0.75
    assert helper.progress("second") is None
    helper.close()


@pytest.mark.parametrize(
    ("told", "share"), [(0.25, 0.25), (-3.0, 0), (7.0, 1), (1.0, 1), (float("nan"), 0), (float("inf"), 1)]
)
def test_a_share_is_never_that_of_another_question(monkeypatch: pytest.MonkeyPatch, told: float, share: float) -> None:
    heard = SimpleNamespace(value=3.5)
    monkeypatch.setattr(background, "_position", heard)
    report(told)
    assert heard.value == pytest.approx(3 + share, abs=1e-5)
    assert int(heard.value) == 3


def test_nobody_listens_outside_the_helper() -> None:
    report(0.5)


def test_old_answers_are_let_go(helper: Background) -> None:
    for n in range(KEPT + 3):
        helper.submit(f"old {n}", abs, n).result(60)
    assert helper.submitted("old 0") is None
    assert helper.submitted(f"old {KEPT + 2}") is not None


def test_what_is_asked_for_again_stays(helper: Background) -> None:
    for n in range(KEPT + 3):
        helper.submit(str(n), abs, n).result(60)
        helper.submit("0", abs, 0)
    assert helper.submitted("0") is not None
    assert helper.submitted("1") is None


def test_what_cannot_be_sent_is_an_answer_too() -> None:
    helper = Background()
    assert isinstance(helper.submit("here", lambda: 1).exception(60), Exception)
    with pytest.raises(BrokenProcessPool):  # the function is known by a name that the process doesn't find
        helper.submit("there", Unknown()).result(60)
    assert helper.submit("e", pow, 2, 5).result(60) == 32
    helper.close()


class Unknown:
    """What can be pickled and not unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return divmod, (1, 0)

    def __call__(self) -> int:
        return 1


def test_what_ends_the_process_is_not_asked_again_until_it_is_forgotten() -> None:
    helper = Background()
    first = helper.submit("f", os._exit, 1)
    with pytest.raises(BrokenProcessPool):
        first.result(60)
    assert helper.submit("f", os._exit, 1) is first
    assert helper.submit("g", pow, 2, 6).result(60) == 64
    helper.forget("f")
    assert helper.submit("f", pow, 2, 7).result(60) == 128
    helper.close()


def test_that_no_process_can_be_started_is_an_answer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise OSError("Cannot allocate memory")

    helper = Background()
    with monkeypatch.context() as patch:
        patch.setattr(background, "ProcessPoolExecutor", refused)
        with pytest.raises(OSError, match="allocate"):
            helper.submit("h", pow, 2, 8).result(60)
    helper.forget("h")
    assert helper.submit("h", pow, 2, 8).result(60) == 256
    helper.close()


def test_who_cancels_what_only_waits_ends_nothing_else(helper: Background) -> None:
    runs = helper.submit("runs", slowly, 2 * GRACE, 7, owner="a")
    waits = helper.submit("waits", abs, -1, owner="b")
    until(lambda: helper.progress("runs") is not None)
    assert helper.is_waiting("waits")
    assert not helper.is_waiting("runs")
    helper.forget("waits", "b")
    assert waits.cancelled()
    assert runs.result(60) == 7


def test_a_question_of_two_is_cancelled_by_the_last() -> None:
    helper = Background()
    runs = helper.submit("runs", time.sleep, 600, owner="a")
    assert helper.submit("runs", time.sleep, 600, owner="b") is runs
    waits = helper.submit("waits", pow, 2, 3, owner="c")
    helper.submit("waits", pow, 2, 3, owner="d")
    until(lambda: helper.progress("runs") is not None)
    helper.forget("runs", "a")
    helper.forget("waits", "c")
    time.sleep(2 * GRACE)
    assert not runs.cancelled()
    helper.forget("runs", "b")
    assert runs.cancelled()
    assert waits.result(60) == 8
    helper.close()


def test_a_short_question_that_is_cancelled_costs_no_process(helper: Background) -> None:
    before = helper.submit("pid before", os.getpid).result(60)
    helper.submit("short", slowly, GRACE / 2, 1)
    until(lambda: helper.progress("short") is not None)
    helper.forget("short")
    assert helper.submit("pid after", os.getpid).result(60) == before


def slowly(seconds: float, answer: int) -> int:
    """In the background process: an answer that takes so long."""
    time.sleep(seconds)
    return answer


def logged(log: Path, name: str) -> str:
    """In the background process: note the order of the questions."""
    with log.open("a", encoding="utf-8") as stream:
        stream.write(f"{name}\n")
    return name


def test_each_visitor_has_a_turn_and_what_is_shown_comes_first(
    helper: Background, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "SHOWN", 0.2)
    log = tmp_path / "log"
    gate = helper.submit("gate", reports, (0.5,), tmp_path / "gate")
    until(lambda: helper.progress("gate") == 0.5)
    left = helper.submit("left", logged, log, "left", owner="one")  # of a page that a visitor looked at before
    time.sleep(0.3)
    asked = [helper.submit(f"a{n}", logged, log, f"a{n}", owner="one") for n in range(3)]
    asked += [helper.submit(f"b{n}", logged, log, f"b{n}", owner="two") for n in range(2)]
    (tmp_path / "gate").touch()
    assert gate.result(60) == 0.5
    for one in asked:
        one.result(60)
    left.result(60)
    assert log.read_text(encoding="utf-8").split() == ["a0", "b0", "a1", "b1", "a2", "left"]


def test_what_nobody_looks_at_any_more_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LOOKING", 0.5)
    helper = Background()
    runs, waits = (helper.submit(key, time.sleep, 600, owner="left") for key in ("runs", "waits"))
    shown, own = helper.submit("shown", abs, -5, owner="stays"), helper.submit("own", abs, -6)
    until(lambda: helper.submitted("shown", "stays") is not None and shown.done())
    assert shown.result() == 5
    assert own.result(60) == 6  # the app's own
    assert runs.cancelled()
    assert waits.cancelled()
    helper.close()


def test_no_more_wait_than_may(helper: Background, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "MOST", 5)
    helper.submit("first", reports, (0.5,), tmp_path / "gate")
    until(lambda: helper.progress("first") is not None)
    asked = [helper.submit(f"most {n}", abs, n, owner="most") for n in range(8)]
    assert [one.cancelled() for one in asked] == [False] * 5 + [True] * 3
    (tmp_path / "gate").touch()
    assert [one.result(60) for one in asked[:5]] == [0, 1, 2, 3, 4]
    assert helper.submit("most 7", abs, 7, owner="most").result(60) == 7


def test_twelve_threads_of_two_visitors_get_right_answers_of_one_process() -> None:
    helper, n_asked, most = Background(), 25, 0
    before = set(multiprocessing.active_children())

    def visit(n: int) -> list[int]:
        """Ask as one visitor what a thread of the other asks too; the second cancels every fifth question."""
        owner, answers = "ab"[n % 2], []
        for k in range(n_asked):
            key = f"{n // 2} {k}"
            asked = helper.submit(key, slowly, 0.01, k, owner=owner)
            if owner == "b" and k % 5 == 4:
                helper.forget(key, owner)
                continue
            assert helper.submitted(key, owner) is not None
            assert 0 <= (helper.progress(key) or 0) < 1
            assert helper.seconds(key) >= 0
            answers.append(asked.result(60))
        return answers

    with ThreadPoolExecutor(12) as threads:
        found = [threads.submit(visit, n) for n in range(12)]
        while not all(one.done() for one in found):
            most = max(most, len(set(multiprocessing.active_children()) - before))
            time.sleep(0.02)
    everything = list(range(n_asked))
    for n, one in enumerate(found):
        assert one.result() == [k for k in everything if n % 2 == 0 or k % 5 != 4]
    assert most == 1
    helper.close()


def test_first_questions_at_once_start_one_process() -> None:
    helper = Background()
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda n: helper.submit(f"pid {n}", os.getpid).result(60), range(8)))
    assert len(found) == 1
    helper.close()


def test_how_long_it_takes_is_counted_from_the_first_question(helper: Background) -> None:
    assert helper.seconds("i") == 0
    helper.submit("i", slowly, 0.2, 1)
    time.sleep(0.05)
    before = helper.seconds("i")
    helper.submit("i", slowly, 0.2, 1)
    assert 0.05 <= before <= helper.seconds("i") < 60
    helper.forget("i")
    assert helper.seconds("i") == 0


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="looks for the process in /proc")
def test_it_ends_when_who_asked_is_killed(tmp_path: os.PathLike[str]) -> None:
    script = os.path.join(tmp_path, "asks.py")
    with open(script, "w", encoding="utf-8") as stream:
        stream.write(ORPHAN)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    asking = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment)
    assert asking.stdout is not None
    helper = int(asking.stdout.readline())
    asking.send_signal(signal.SIGKILL)
    asking.wait()
    asking.stdout.close()
    for _ in range(300):
        if not os.path.isdir(f"/proc/{helper}"):
            return
        time.sleep(0.1)
    os.kill(helper, signal.SIGKILL)
    raise AssertionError("The helper outlived the process that asked.")
