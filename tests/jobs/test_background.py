"""The background process answers once for a question, can be told to stop, and doesn't outlive who asked."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import SimpleNamespace

import pytest

from latentlab.jobs import background
from latentlab.jobs.background import KEPT, Background, report
from tests.conftest import ROOT

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


def test_a_question_is_answered_once_in_another_process() -> None:
    helper = Background()
    first = helper.submit("a", pow, 2, 10)
    assert helper.submit("a", pow, 3, 3) is first
    assert first.result(60) == 1024
    assert helper.submit("pid", os.getpid).result(60) != os.getpid()
    helper.close()


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


def test_a_fault_is_told_to_who_asked() -> None:
    helper = Background()
    with pytest.raises(ZeroDivisionError):
        helper.submit("d", divmod, 1, 0).result(60)
    helper.close()


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


def test_old_answers_are_let_go() -> None:
    helper = Background()
    for n in range(KEPT + 3):
        helper.submit(str(n), abs, n)
    assert helper.submitted("0") is None
    assert helper.submitted(str(KEPT + 2)) is not None
    helper.close()


def test_what_is_asked_for_again_stays() -> None:
    helper = Background()
    for n in range(KEPT + 3):
        helper.submit(str(n), abs, n)
        helper.submit("0", abs, 0)
    assert helper.submitted("0") is not None
    assert helper.submitted("1") is None
    helper.close()


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
            helper.submit("h", pow, 2, 8).result(0)
    helper.forget("h")
    assert helper.submit("h", pow, 2, 8).result(60) == 256
    helper.close()


def test_how_long_it_takes_is_counted_from_the_first_question() -> None:
    helper = Background()
    assert helper.seconds("i") == 0
    helper.submit("i", time.sleep, 600)
    time.sleep(0.05)
    before = helper.seconds("i")
    helper.submit("i", time.sleep, 600)
    assert 0.05 <= before <= helper.seconds("i") < 60
    helper.forget("i")
    assert helper.seconds("i") == 0
    helper.close()


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
