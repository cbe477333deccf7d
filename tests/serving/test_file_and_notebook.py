"""A model in a file and one in a script: the app starts on them, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from latentlab.__main__ import main
from latentlab.cli.output import found_in
from latentlab.data import Splits
from latentlab.models import Derivative
from latentlab.serving.file import from_files, from_names, from_package, packages, run_file
from latentlab.serving.functions import ServingError
from latentlab.subjects import served
from tests.conftest import ROOT, mentions, naming

EXAMPLE = ROOT / "docs" / "examples" / "my_model.py"


def test_the_example_of_the_documentation_opens_on_digits(digits: Splits) -> None:
    model = from_names(run_file(EXAMPLE), "my_model", "digits")
    assert {"encode", "decode"} <= set(model.abilities)
    assert model.examples.shape == digits.test.shape
    assert model.z_dim == 2


def test_the_density_of_the_documentation_can_be_sampled() -> None:
    model = from_names(run_file(EXAMPLE.with_name("my_density.py")), "my_density")
    assert model.abilities == ["log_prob", "sample"]
    assert model.derivative is Derivative.EXACT


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("import nothing_of_this_name", ("model.py", "ModuleNotFoundError")),
        ("def encode(x) return x", ("model.py", "SyntaxError")),
        ("z_dim = 3", ("encode", "decode")),
        ("1 / 0", ("ZeroDivisionError",)),
        ("raise SystemError('odd')", ("SystemError",)),
    ],
)
def test_a_file_that_cannot_be_used_is_a_sentence(tmp_path: Path, content: str, named: tuple[str, ...]) -> None:
    path = tmp_path / "model.py"
    path.write_text(content)
    with pytest.raises(ServingError, match=naming(*named)):
        from_names(run_file(path), "model", "digits")


def test_without_examples_the_way_to_give_some_is_named() -> None:
    with pytest.raises(ServingError, match=naming("--data", "data")):
        from_names({"encode": lambda x: x}, "m")


def test_a_file_may_bring_its_own_data() -> None:
    x = [[0.0, 1, 2], [3, 4, 5], [6, 7, 9]]
    model = from_names({"encode": lambda x: x[:, :2], "data": x, "labels": ["a", "b", "a"], "features": "pqr"}, "m")
    assert model.examples.names == ("p", "q", "r")
    assert model.examples.classes == ("a", "b")


@pytest.mark.slow
def test_serving_ends_with_whoever_started_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    command = [sys.executable, "-m", "latentlab", "serve", str(EXAMPLE), "--data", "digits"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        (found,) = served()
        assert found.id.endswith(said["id"])
        assert len(found.examples()) > 1_000
        assert mentions(found_in(found), found.title, "digits", "encode", "decode")  # what `latentlab app` prints
        process.stdin.close()
        assert process.wait(60) == 0
    assert served() == []


@pytest.mark.slow
def test_a_file_that_fails_ends_the_command_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(signal, "signal", lambda *_: None)  # the process of the tests ends as before
    (tmp_path / "model.py").write_text("def encode(x):\n    raise KeyError('lost')\n")
    assert main(["app", "--model", str(tmp_path / "model.py"), "--data", "digits"]) == 1
    assert "KeyError" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.slow
def test_a_script_explores_its_functions_and_stops(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        """
import numpy as np
import latentlab
from latentlab.subjects import served

x = np.random.default_rng(0).normal(size=(50, 4))
first = latentlab.explore(data=x, encode=lambda x: x[:, :2], decode=lambda z: np.repeat(z, 2, 1), title="One")
print(first.address, flush=True)
assert [one.title for one in served()] == ["One"]
again = latentlab.explore(data=x, encode=lambda x: x[:, 1:3], title="Two")
assert again is first
assert [one.title for one in served()] == ["Two"]
import urllib.request
print(urllib.request.urlopen(first.address + "/_stcore/health").read().decode(), flush=True)
first.stop()
assert not first.is_running and served() == []
"""
    )
    environment = os.environ | {"LATENTLAB_RUNS": str(tmp_path / "runs"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    address, health = done.stdout.split()
    assert health == "ok"
    with pytest.raises(OSError):  # noqa: PT011 nobody listens
        urllib.request.urlopen(address, timeout=2)


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.ckpt", "net.safetensors", "net.txt"])
def test_weights_alone_are_no_model_and_the_way_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x02}q\x00.")
    with pytest.raises(ServingError, match=naming(name)):
        from_files([tmp_path / name], "digits")


def test_the_model_of_an_installed_package_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toy_package.py").write_text("title = 'Toy'\ndef encode(x):\n    return x.flatten(1)[:, :2]\n")
    (tmp_path / "toy_package-1.0.dist-info").mkdir()
    (tmp_path / "toy_package-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
    points = "[latentlab.subjects]\ntoy = toy_package\n"
    (tmp_path / "toy_package-1.0.dist-info" / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert packages() == ("toy",)
    model = from_package("toy", "digits")
    assert model.given.title == "Toy"
    assert model.abilities == ["encode"]
    with pytest.raises(ServingError, match=naming("other")):
        from_package("other", "digits")
