"""The Dockerfile says what is so: it copies what exists and what the wheel needs, and starts a command that parses."""

from __future__ import annotations

import json
import re
import tomllib

from latentlab import __main__ as command_line
from tests.conftest import ROOT

LINES = re.sub(r"\\\n\s*", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8")).splitlines()
STEPS = [line.split(maxsplit=1) for line in LINES if line and not line.startswith("#")]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def given(word: str) -> list[str]:
    """What the steps of a kind say, in their order."""
    return [rest for kind, rest in STEPS if kind == word]


def copied() -> set[str]:
    return {path for rest in given("COPY") for path in rest.split()[:-1]}


def test_each_path_that_is_copied_exists_and_is_not_ignored() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == copied()
    assert [path for path in copied() if not (ROOT / path).exists()] == []


def test_what_the_wheel_is_made_of_is_copied() -> None:
    wheel = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]
    lists = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["requirements_txt"]["files"]
    made_of = {*wheel["packages"], *wheel["force-include"], *lists, PROJECT["project"]["readme"], "pyproject.toml"}
    assert copied() == made_of


def test_the_image_has_a_python_that_the_project_allows_and_the_pinned_torch() -> None:
    (image,) = given("FROM")
    found = re.fullmatch(r"python:3\.(\d+)-slim", image)
    assert found
    assert int(found[1]) >= int(PROJECT["project"]["requires-python"].removeprefix(">=3."))
    assert len(re.findall(r"^torch==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.M)) == 1


def test_it_runs_without_the_rights_of_root() -> None:
    (user,) = given("USER")
    assert user != "root"
    assert any(f"useradd --create-home --uid 1000 {user} " in rest for rest in given("RUN"))
    last_run = max(k for k, (kind, _) in enumerate(STEPS) if kind in ("RUN", "COPY"))
    assert [kind for kind, _ in STEPS].index("USER") > last_run


def test_the_command_is_one_of_ours_and_takes_options() -> None:
    (entry,) = given("ENTRYPOINT")
    command, *words = json.loads(entry)
    assert command in PROJECT["project"]["scripts"]
    options = command_line.parser().parse_args([*words, "--read-only"])
    assert options.read_only
    (port,), (volume,), (check,) = given("EXPOSE"), given("VOLUME"), given("HEALTHCHECK")
    assert options.port == int(port)
    assert f"127.0.0.1:{port}/_stcore/health" in check
    assert f"LATENTLAB_RUNS={volume} " in " ".join([*given("ENV"), ""])
