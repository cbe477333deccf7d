"""`pip install`: the wheel has all that the app needs, and its command works away from the repository."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from latentlab.settings import ROOT

pytestmark = pytest.mark.slow
TRAVELS = ("app.py", "pages", "checkpoints", ".streamlit")
OPENED = """
import sys
from pathlib import Path
from streamlit.testing.v1 import AppTest
from latentlab import settings
sys.path.insert(0, str(settings.ROOT))
app = AppTest.from_file(str(settings.ROOT / "app.py"), default_timeout=120).run()
print(len(app.exception), len(app.image), len(app.dataframe[0].value))
"""


@dataclass
class Installed:
    """A virtual environment with nothing but the wheel, over the packages that the tests run on."""

    folder: Path
    elsewhere: Path

    @property
    def scripts(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def package(self) -> Path:
        return Path(sysconfig.get_path("purelib", vars={"base": str(self.folder)})) / "latentlab"

    @property
    def environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith(("LATENTLAB_", "PYTHON"))}
        folders = {"HOME": str(self.elsewhere), "XDG_DATA_HOME": str(self.elsewhere / "data")}
        return own | folders | {"PYTHONDONTWRITEBYTECODE": "1"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.scripts / words[0]), *words[1:]], cwd=self.elsewhere, env=self.environment, capture_output=True,
            text=True, timeout=300,
        )  # fmt: skip


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=300)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("away") / "für alle"
    made = Installed(folder / "Umgebung", folder / "elsewhere")
    made.elsewhere.mkdir(parents=True)
    venv.create(made.folder, with_pip=False)
    made.package.parent.joinpath("those-of-the-tests.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    python = str(made.scripts / "python")
    command = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--no-compile", str(wheel)], check=True, timeout=300)
    return made


def test_the_wheel_has_each_file_of_the_app(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", "-z", *TRAVELS], cwd=ROOT, capture_output=True, text=True, check=True)
    names = tracked.stdout.strip("\0").split("\0")
    assert len(names) > 100
    assert [file for file in names if f"latentlab/_app/{file}" not in inside] == []


def test_the_wheel_puts_one_package_into_an_environment_and_needs_what_the_requirements_say(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        tops = {name.partition("/")[0] for name in opened.namelist()}
        (metadata,) = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        lines = opened.read(metadata).decode().partition("\n\n")[0].splitlines()
    required = {line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist: ")}
    listed = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    assert tops == {"latentlab", metadata.partition("/")[0]}
    assert {line for line in required if "extra ==" not in line} == {line for line in listed if line[:1] not in "#"}


def test_the_command_finds_what_ships_from_anywhere(installed: Installed) -> None:
    found = json.loads(installed.run("latentlab", "runs", "--json").stdout)
    shipped = {path.parent.name for path in (ROOT / "checkpoints").glob("*/run.json")}
    assert {run["id"] for run in found if run["shipped"] and run["reason"] == ""} == shipped


def test_what_is_trained_goes_to_the_users_folder(installed: Installed) -> None:
    before = files(installed.package)
    assert installed.run("latentlab", "train", "ppca", "digits").returncode == 0
    (run,) = (installed.elsewhere / "data" / "latentlab" / "runs").glob("*/run.json")
    assert json.loads(run.read_text())["model"] == "ppca"
    assert installed.run("latentlab", "reproduce", "digits-vae", "--measure").returncode == 1
    assert files(installed.package) == before


def test_a_page_opens(installed: Installed) -> None:
    exceptions, pictures, rows = map(int, installed.run("python", "-c", OPENED).stdout.split())
    assert exceptions == 0
    assert pictures > 5
    assert rows >= len(list((ROOT / "checkpoints").glob("*/run.json")))


def test_the_command_starts_a_server(installed: Installed) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(installed.scripts / "latentlab"), "app", "--port", str(port)]
    before = files(installed.package)
    served = subprocess.Popen(command, cwd=installed.elsewhere, env=installed.environment)
    try:
        assert answer(f"http://localhost:{port}/_stcore/health") == b"ok"
        assert b"<title>" in answer(f"http://localhost:{port}/clusters")
    finally:
        served.terminate()
        served.wait(30)
    assert files(installed.package) == before


def files(folder: Path) -> dict[Path, tuple[int, int]]:
    """Each file below a folder with its size and when it was last written."""
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def answer(url: str) -> bytes:
    """What a server that is starting says, once it does."""
    until = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as response:
                content: bytes = response.read()
                return content
        except OSError:
            assert time.monotonic() < until
            time.sleep(0.2)
