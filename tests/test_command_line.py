"""The command line: its flags are the knobs, its output can be parsed, and what goes wrong is one sentence."""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from latentlab import __main__ as command_line
from latentlab.__main__ import main
from latentlab.analysis.sweep import interval
from latentlab.cli import reproduce
from latentlab.data import DENSITIES, NAMES, Library, about, kind_of, load
from latentlab.data.builtin import images
from latentlab.experiments import semi_supervised
from latentlab.experiments.recipes import RECIPES, Recipe
from latentlab.experiments.semi_supervised import Benchmark, BenchmarkResult
from latentlab.jobs import queue
from latentlab.jobs.job import Job
from latentlab.jobs.worker import perform
from latentlab.knobs import from_dict, knobs
from latentlab.models import MODELS, Spec, abilities
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.settings import FIRST_DATA
from latentlab.training.config import TrainConfig, training_knobs
from latentlab.training.evaluation import final_metrics
from tests.conftest import ROOT, mentions, numbers_in
from tests.runs.test_run import sentence
from tests.runs.test_store import saved

pytestmark = pytest.mark.training

SHAPES: dict[str, tuple[int, ...]] = {name: (density.dim,) for name, density in DENSITIES.items()}
SHAPES |= {"digits": (1, 8, 8), "mnist": (1, 28, 28), "fashion-mnist": (1, 28, 28), "mnist-14": (1, 14, 14)}
SHAPES |= {"shapes": (1, 32, 32), "shapes-64": (1, 64, 64), "three-d": (1, 32, 32), "sketches": (1, 28, 28)}
SHAPES |= {"photovoltaic": (6,), "photovoltaic-random": (6,), "photovoltaic-normal": (6,)}
SHAPES |= {"photovoltaic-windows": (15, 6)}
SMALL = ["--epochs", "1", "--hidden", "16"]
TINY = (
    Recipe("tiny-vae", "Tiny", "vae", "digits", "A note.", {"hidden": 8}, {"epochs": 1}),
    Recipe("tiny-cnn", "Judge", "cnn", "digits", "Another.", {"hidden": 8, "width": 4}, {"epochs": 1}),
)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store that the command line uses: empty, and nothing ships."""
    monkeypatch.setenv("LATENTLAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("LATENTLAB_DEVICE", "cpu")
    for module in ("latentlab.runs.store", "latentlab.cli.reproduce"):
        monkeypatch.setattr(f"{module}.SHIPPED", tmp_path / "shipped")
    shipped = Store(tmp_path / "shipped", shipped=tmp_path / "none")
    monkeypatch.setattr("latentlab.cli.reproduce.SHIPPED_RUNS", shipped)
    store = Store(tmp_path / "runs", shipped=tmp_path / "shipped")
    monkeypatch.setattr(Store, "default", lambda: store)
    return store


def strict_json(text: str) -> Any:
    """Parse JSON as other programs do: no NaN, no Infinity."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is not JSON")

    return json.loads(text, parse_constant=refuse)


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands below this one."""
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices) if actions else {}


def trainers() -> dict[str, argparse.ArgumentParser]:
    return commands(commands(command_line.parser())["train"])


# flags


@pytest.mark.parametrize("model", MODELS)
def test_every_knob_has_a_flag_that_names_its_default(model: str) -> None:
    flags = {option: action for action in trainers()[model]._actions for option in action.option_strings}
    for knob in (*knobs(MODELS[model].Config), *training_knobs(MODELS[model])):
        action = flags[f"--{knob.name}"]
        assert (action.dest, action.default) == (knob.name, None)  # what isn't given is left to the knob
        assert f"default {knob.default}" in str(action.help)
        assert knob.help in str(action.help)
    assert trainers().keys() == MODELS.keys()


@pytest.mark.parametrize("config", [TrainConfig, *(model.Config for model in MODELS.values())])
def test_the_default_of_a_knob_is_the_default_of_its_field(config: type[Any]) -> None:
    assert from_dict(config, {}) == config() == from_dict(config, {knob.name: knob.default for knob in knobs(config)})


@pytest.mark.parametrize("model", MODELS)
def test_no_knob_takes_the_name_of_something_else(model: str) -> None:
    names = [knob.name for knob in (*knobs(MODELS[model].Config), *training_knobs(MODELS[model]))]
    assert len(names) == len(set(names))
    assert not set(names) & {"model", "dataset", "title", "json", "bound_images", "command", "help"}


def test_flags_become_the_knobs_of_the_job(mine: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "latentlab.cli.train.train_job", lambda store, job_id, **_: saved(store, job_id) and store.read(job_id)
    )
    flags = ["--z_dim", "3", "--likelihood", "gaussian", "--std", "0.2", "--bf16", "true", "--learning_rate", "1e-2"]
    assert main(["train", "vae", "digits", "--title", "My run", *flags]) == 0
    (path,) = mine.root.glob("*/job.json")
    job = json.loads(path.read_text())
    assert job["config"] == {"z_dim": 3, "likelihood": "gaussian", "std": 0.2}
    assert job["train"] == {"bf16": True, "learning_rate": 0.01}
    assert (job["model"], job["dataset"], job["title"]) == ("vae", "digits", "My run")


@pytest.mark.parametrize(
    ("flag", "text", "named"),  # what it may be, and what it was
    [
        ("--z_dim", "0", (1, 256, 0)),
        ("--z_dim", "two", ("'two'",)),
        ("--z_dim", "1" + "0" * 400, (1, 256)),
        ("--z_dim", "9" * 5_000, ()),
        ("--likelihood", "poisson", ("bernoulli", "gray-bernoulli", "'poisson'")),
        ("--learning_rate", "nan", ("nan",)),
        ("--learning_rate", "1e400", ("inf",)),
        ("--bf16", "maybe", ("true", "false", "'maybe'")),
        ("--epochs", "0", (1, 10000, 0)),
    ],
)
def test_a_flag_out_of_its_range_is_refused_in_our_words(
    mine: Store, capsys: pytest.CaptureFixture[str], flag: str, text: str, named: tuple[object, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["train", "vae", "digits", flag, text])
    assert ended.value.code == 2
    last = capsys.readouterr().err.strip().splitlines()[-1]  # argparse writes the usage before it
    assert mentions(last, flag.removeprefix("--"), *named)
    assert len(last) < 300
    assert not mine.root.exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["train", "oracle", "digits"],
        ["train", "vae", "cifar"],
        ["train", "cnn", "digits", "--z_dim", "2"],
        ["train", "vae", "digits", "--bound_images", "many"],
        ["reproduce", "nothing"],
    ],
    ids=" ".join,
)
def test_what_the_parser_does_not_know_ends_with_status_2(
    mine: Store, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error:" in capsys.readouterr().err
    assert not mine.root.exists()


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    top = commands(command_line.parser())
    assert top.keys() >= {"app", "train", "runs", "data", "reproduce"}
    for words in ([], *([name] for name in top), *(["train", name] for name in MODELS)):
        with pytest.raises(SystemExit) as ended:
            main([*words, "--help"])
        assert ended.value.code == 0
        assert "usage: latentlab" in capsys.readouterr().out


# train


def test_training_prints_the_run_that_it_keeps(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "vae", "digits", *SMALL, "--bound_images", "10", "--title", "Small", "--json"]) == 0
    out = capsys.readouterr().out
    strict_json(out)
    run = Run.from_json(out)
    assert run == mine.read(run.id)
    assert (run.title, run.config["hidden"], run.train["epochs"], run.steps) == ("Small", 16, 1, 10)
    assert all(math.isfinite(value) for value in run.metrics.values())
    assert "bound_200" in run.metrics
    assert [row.id for row in mine.rows()] == [run.id]


def test_training_says_in_words_what_came_of_it(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    assert main(["train", "ae", "digits", *SMALL]) == 0
    out = capsys.readouterr().out
    (run,) = mine.runs()
    assert out.startswith(run.id)
    assert mentions(out, 10, "squared error", f"{run.metrics['squared error']:.4g}")
    assert out.count("\n") == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_keeps_what_was_trained(tmp_path: Path) -> None:
    store = Store(tmp_path / "runs", shipped=tmp_path / "none")
    words = ["train", "vae", "digits", "--epochs", "5000", "--hidden", "16", "--json"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "latentlab", *words],
            cwd=ROOT,
            env=os.environ | {"LATENTLAB_RUNS": str(store.root), "LATENTLAB_DEVICE": "cpu"},
            stdout=subprocess.PIPE,
            stderr=log,
        )
    try:
        deadline = time.monotonic() + 60
        while not any(queue.status(store, job.id).step for job in queue.jobs(store)):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
    run = Run.from_json(out.decode())
    assert run == store.read(run.id)
    assert 0 < run.steps < 50_000
    assert [int(row["step"]) for row in store.history(run.id)][-1] == run.steps
    assert store.load(run.id).size == run.size
    assert queue.jobs(store) == []
    log_text = (tmp_path / "log").read_text()
    assert "Traceback" not in log_text
    assert [line for line in log_text.splitlines() if line.endswith(".")]  # a sentence among the lines of the bar


# runs, data, app


def test_runs_are_listed_as_json(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs", "--json"]) == 0
    assert strict_json(capsys.readouterr().out) == []
    for name in MODELS:
        saved(mine, name, model=name)
    (mine.root / "broken").mkdir()
    saved(Store(mine.shipped, shipped=mine.root / "none"), "with-it")
    assert main(["runs", "--json"]) == 0
    rows = strict_json(capsys.readouterr().out)
    assert [row["id"] for row in rows] == [row.id for row in mine.rows()]
    found = {row["id"]: row for row in rows}
    for name, model in MODELS.items():
        assert found[name]["abilities"] == list(abilities(model))
        assert (found[name]["reason"], found[name]["shipped"]) == ("", False)
        assert found[name]["metrics"] == dict(mine.read(name).metrics)
    (reason,) = (row.reason for row in mine.rows() if row.id == "broken")
    assert found["broken"] == {"id": "broken", "shipped": False, "reason": reason}
    assert found["with-it"]["shipped"] is True


def test_runs_are_listed_in_words(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    saved(mine, "good")
    (mine.root / "broken").mkdir()
    assert main(["runs"]) == 0
    good, broken = capsys.readouterr().out.splitlines()
    assert good.startswith("good ")
    assert good.endswith(f"[{', '.join(abilities(MODELS['vae']))}]")
    assert mentions(good, 10, "loss", 0.3333, "nats")
    (reason,) = (row.reason for row in mine.rows() if row.id == "broken")
    assert broken.split(maxsplit=1) == ["broken", reason]


def test_a_title_that_no_terminal_can_show_hides_no_run(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    saved(mine, "good")
    saved(mine, "odd", title="\ud800")
    assert main(["runs"]) == 0
    assert {line.split()[0] for line in capsys.readouterr().out.splitlines()} == {"good", "odd"}


def test_data_sets_are_listed(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    assert not mine.root.exists()
    assert main(["data", "--json"]) == 0
    local = strict_json(capsys.readouterr().out)
    assert tuple(local) == NAMES
    assert local["digits"] is True
    assert main(["data"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(NAMES)
    assert main(["data", "digits"]) == 0
    said, sizes = capsys.readouterr().out.splitlines()
    assert said == about("digits")
    assert numbers_in(sizes) == [1_257, 180, 360]
    assert mentions(sizes, "digits", "train", "valid", "test")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], str]]:
    """The commands that would have started the app, and the data they were to start with."""
    commands: list[tuple[list[str], str]] = []

    def call(words: list[str], env: dict[str, str]) -> int:
        commands.append((words, env.get(FIRST_DATA, "")))
        return 0

    monkeypatch.setattr(subprocess, "call", call)
    return commands


def test_the_app_is_streamlits(started: list[tuple[list[str], str]]) -> None:
    assert main(["app", "--port", "8600"]) == 0
    assert main(["app"]) == 0
    start = [sys.executable, str(ROOT / "app.py")]
    assert started == [([*start, "--server.port", "8600"], ""), (start, "")]


# what goes wrong


def test_data_that_cannot_be_had_are_one_sentence(
    mine: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "cache"))
    spec = images.IDX_SETS["fashion-mnist"]
    offline = images.IdxSet(spec.files, spec.classes, ("http://127.0.0.1:9/",))
    monkeypatch.setitem(images.IDX_SETS, "fashion-mnist", offline)
    assert main(["data", "fashion-mnist"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert mentions(sentence(ValueError(err.strip())), "IDX", tmp_path / "fashion-mnist")
    assert main(["train", "vae", "fashion-mnist"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert mentions(sentence(ValueError(err.strip().splitlines()[-1])), "IDX", tmp_path / "fashion-mnist")
    (row,) = mine.rows()
    assert mentions(row.reason, "Train")  # where it can be resumed
    assert queue.status(mine, row.id).state == "failed"


@pytest.mark.parametrize("flags", [["--address", "auto"], ["--importance", "--address", "nowhere"]])
def test_where_importance_is_measured_must_make_sense(
    mine: Store, capsys: pytest.CaptureFixture[str], flags: list[str]
) -> None:
    assert main(["train", "mlp", "digits", *flags]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not mine.runs()


def test_a_store_that_cannot_be_written_is_one_sentence(mine: Store, capsys: pytest.CaptureFixture[str]) -> None:
    mine.root.write_text("not a folder")
    assert main(["train", "vae", "digits", *SMALL]) == 1
    assert capsys.readouterr().err.strip().count("\n") == 0


@pytest.mark.parametrize(("name", "value"), [("LATENTLAB_DEVICE", "abacus"), ("LATENTLAB_THREADS", "many")])
def test_an_odd_environment_is_one_sentence(
    mine: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str
) -> None:
    assert mine.rows() == []
    monkeypatch.setenv(name, value)
    assert main(["train", "vae", "digits", *SMALL]) == 1
    last = capsys.readouterr().err.strip().splitlines()[-1]
    assert value in last
    assert "Traceback" not in last


# reproduce


def test_reproduce_makes_the_runs_that_ship(
    mine: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reproduce, "RECIPES", TINY)
    assert main(["reproduce"]) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["tiny-vae", "tiny-cnn"]
    assert [(row.id, row.shipped) for row in mine.rows()] == [("tiny-cnn", True), ("tiny-vae", True)]
    assert not mine.root.exists()
    for recipe in TINY:
        run = mine.read(recipe.id)
        assert (run.title, run.note, run.model, run.dataset) == (
            recipe.title,
            recipe.note,
            recipe.model,
            recipe.dataset,
        )
        assert run.config.items() >= recipe.config.items()
        assert ("bound_200" in run.metrics) == (recipe.model == "vae")
        kept = safetensors.torch.load_file(mine.shipped / recipe.id / "weights.safetensors")
        assert {value.dtype for value in kept.values()} == {torch.float16}
        assert mine.load(recipe.id).size == run.size
    first = mine.load("tiny-vae").state_dict()
    card = mine.read("tiny-vae")
    assert main(["reproduce", "tiny-vae"]) == 0
    again = mine.load("tiny-vae").state_dict()
    assert all(torch.equal(again[name], value) for name, value in first.items())
    assert mine.read("tiny-vae").metrics == card.metrics
    assert {path.name for path in mine.shipped.iterdir() if path.is_dir()} == {"tiny-vae", "tiny-cnn"}


def test_runs_are_measured_again_without_training(mine: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reproduce, "RECIPES", TINY)
    assert main(["reproduce"]) == 0
    shipped = Store(mine.shipped, shipped=mine.shipped / ".none")
    weights = {path: path.read_bytes() for path in mine.shipped.rglob("weights.safetensors")}
    shipped.remeasure("tiny-vae", {"bound": 0.0})
    assert main(["reproduce", "--measure", "tiny-vae"]) == 0
    found = final_metrics(mine.load("tiny-vae"), load("digits").test, reproduce.N_BOUND)
    assert mine.read("tiny-vae").metrics == found
    assert weights == {path: path.read_bytes() for path in mine.shipped.rglob("weights.safetensors")}
    with pytest.raises(RunError):
        mine.remeasure("tiny-vae", found)  # what ships is another store's


def scores_in(path: Path) -> list[tuple[str, str, float]]:
    return [(score.dataset, score.model, score.error) for score in semi_supervised.TABLE.at(path).read()]


def test_the_benchmark_runs_on_request_only_and_keeps_the_other_scores(
    mine: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "scores.csv"
    monkeypatch.setattr(semi_supervised, "TABLE", semi_supervised.TABLE.at(path))
    ran: list[tuple[str, int, tuple[str, ...]]] = []

    def run(dataset: str, seeds: range, benchmark: Benchmark) -> Iterator[BenchmarkResult]:
        ran.append((dataset, len(seeds), benchmark.models))
        for model in benchmark.models:
            yield BenchmarkResult(dataset, model, 0, 0.25)

    monkeypatch.setattr(semi_supervised, "run_benchmark", run)
    semi_supervised.TABLE.at(path).save([BenchmarkResult(dataset, "m2", 0, 0.5) for dataset in ("mnist", "moons")])
    all_models = semi_supervised.ALL
    assert main(["reproduce", "semi-supervised", "--seeds", "2"]) == 0
    assert ran == [("moons", 2, all_models), ("digits", 2, all_models)]
    assert "25.00" in capsys.readouterr().out
    new = [(dataset, model, 0.25) for dataset in ("moons", "digits") for model in all_models]
    assert scores_in(path) == [*new, ("mnist", "m2", 0.5)]
    assert main(["reproduce", "semi-supervised", "--data", "mnist", "--models", "avae", "--seeds", "1"]) == 0
    assert ran[2:] == [("mnist", 1, ("avae",))]
    assert scores_in(path) == [*new, ("mnist", "avae", 0.25), ("mnist", "m2", 0.5)]
    assert not mine.root.exists()
    assert not list(mine.shipped.glob("*"))


def test_recipes_have_ids_titles_and_notes_of_their_own(store: Store) -> None:
    for part in ([r.id for r in RECIPES], [r.title for r in RECIPES], [r.note for r in RECIPES]):
        assert len(set(part)) == len(RECIPES)
    for recipe in RECIPES:
        assert store.folder(recipe.id).name == recipe.id
        assert 0 < len(recipe.title) <= 80
        assert recipe.note.endswith(".")
        assert recipe.dataset in NAMES


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
def test_a_recipe_can_be_trained_on_its_data(recipe: Recipe) -> None:
    Job(**dataclasses.asdict(recipe), submitted=queue.now()).check()
    kind = MODELS[recipe.model]
    assert (
        kind(
            from_dict(kind.Config, recipe.config), Spec(SHAPES[recipe.dataset], 10, kind_of(SHAPES[recipe.dataset]))
        ).size
        > 0
    )


# data of one's own


def test_data_of_ones_own_are_summed_up(mine: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.savez(tmp_path / "mine.npz", x=np.zeros((12, 5, 5), np.uint8), y=np.arange(12) % 3)
    assert main(["data", str(tmp_path / "mine.npz")]) == 0
    assert "12" in capsys.readouterr().out
    assert not mine.root.exists()
    assert main(["data", str(tmp_path / "cifar")]) == 1
    assert "cifar" in capsys.readouterr().err


def own_table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f},{'xy'[k % 2]},{k % 3}" for k, (a, b) in enumerate(rng.normal(9, 5, (40, 2)))]
    (tmp_path / "own.csv").write_text("\n".join(["a,b,kind,label", *rows]))
    return tmp_path / "own.csv"


def test_the_app_starts_with_data_of_ones_own(
    mine: Store, tmp_path: Path, started: list[tuple[list[str], str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["app", "--data", str(own_table(tmp_path)), "--label", "kind"]) == 0
    *summary, last = capsys.readouterr().out.splitlines()
    assert numbers_in(summary[0]) == [40, 3]
    assert any(mentions(line, "kind") for line in summary)
    assert mentions(last, "own")
    assert [name for _, name in started] == ["own"]
    assert Library(mine.root / ".data").card("own").classes == ("x", "y")


def test_the_app_does_not_start_with_data_that_cannot_be_read(
    mine: Store, tmp_path: Path, started: list[tuple[list[str], str]], capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "void").mkdir()
    for words in (["none.csv"], [str(own_table(tmp_path)), "--label", "colour"], [str(tmp_path / "void")]):
        assert main(["app", "--data", *words]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        sentence(ValueError(err.strip()))
    assert not started
    assert not mine.root.exists()


def test_data_of_ones_own_are_kept_listed_trained_on_and_removed(
    mine: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", str(own_table(tmp_path)), "--keep"]) == 0
    summary = capsys.readouterr().out.splitlines()[:-1]
    assert main(["data", "own"]) == 0
    assert capsys.readouterr().out.splitlines() == summary
    assert main(["data", "--json"]) == 0
    assert tuple(strict_json(capsys.readouterr().out)) == (*NAMES, "own")
    assert main(["data"]) == 0
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.split()[0] == "own"
    assert mentions(line, 40, (2,), "own.csv")

    assert main(["train", "vae", "own", *SMALL]) == 0
    (run,) = mine.runs()
    assert (run.dataset, run.shape, run.classes) == ("own", (2,), ("0", "1", "2"))
    capsys.readouterr()
    assert main(["data", "--remove", "own"]) == 0
    assert mentions(capsys.readouterr().out, "own")
    assert "own" not in Library(mine.root / ".data")
    assert mine.load(run.id)
    for words in (["data", "--remove", "own"], ["data", "--remove", "../runs"], ["data", "--remove", "digits"]):
        assert main(words) == 1
        sentence(ValueError(capsys.readouterr().err.strip()))


def test_a_damaged_data_set_is_listed_with_the_reason(
    mine: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["data", str(own_table(tmp_path)), "--keep"]) == 0
    (mine.root / ".data" / "own" / "data.json").write_text("{")
    capsys.readouterr()
    assert main(["data"]) == 0
    assert mentions(capsys.readouterr().out.splitlines()[-1], "own", "data.json")
    for words in (["data", "own"], ["train", "vae", "own", *SMALL]):
        assert main(words) == 1
        sentence(ValueError(capsys.readouterr().err.strip().splitlines()[-1]))


# a sweep


def test_a_sweep_prints_the_best_setting_and_the_test_score_of_that_one_alone(
    mine: Store, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Here:
        def __init__(self, store: Store, n: int) -> None:
            self.store, self.n = store, n

        def tend(self, waiting: Sequence[str]) -> None:
            for run_id in waiting:
                list(perform(self.store, run_id))

        def close(self) -> None: ...

    monkeypatch.setattr("latentlab.cli.sweep.LocalWorkers", Here)
    monkeypatch.setattr("time.sleep", lambda _: None)
    command = ["sweep", "vae", "digits", "--z_dim", "1,4", "--seeds", "2", "--workers", "1", *SMALL]
    assert main([*command, "--json"]) == 0
    found = strict_json(capsys.readouterr().out)
    means = [np.mean(one["validation"]) for one in found["settings"]]
    assert found["best"] == int(np.argmax(means))
    runs = found["settings"][found["best"]]["runs"]
    assert found["test"] == [mine.read(run_id).metrics["bound"] for run_id in runs]
    assert main(command) == 0
    said = capsys.readouterr().out
    others = [mine.read(run_id).metrics["bound"] for run_id in found["settings"][1 - found["best"]]["runs"]]
    shown = [str(interval(one["validation"])) for one in found["settings"]]
    assert all(text in said for text in (*shown, str(interval(found["test"]))))
    assert str(interval(others)) not in said
    assert len(queue.jobs(mine)) == 0
    assert len(mine.runs()) == 4
    mine.delete(runs[0])
    monkeypatch.setattr(Here, "tend", lambda self, waiting: [queue.order(self.store, one, "pause") for one in waiting])
    assert main(command) == 1
    assert mentions(capsys.readouterr().err, "paused")


@pytest.mark.parametrize(
    ("flags", "status", "names"),
    [
        (["--z_dim", "2"], 1, ()),
        (["--z_dim", "2,3", "--seeds", "0"], 1, (0,)),
        (["--z_dim", "2,3", "--workers", "0"], 1, (0,)),
        (["--z_dim", "2,3", "--by", "kl"], 1, ("kl", "bound")),
        (["--z_dim", "2,x"], 2, ("z_dim", "x")),
        (["--z_dim", "2,"], 2, ("z_dim",)),
        (["--seed", "1"], 2, ("seed",)),
    ],
)
def test_what_is_wrong_with_a_sweep_is_one_sentence(
    mine: Store, capsys: pytest.CaptureFixture[str], flags: list[str], status: int, names: tuple[object, ...]
) -> None:
    try:
        left: object = main(["sweep", "vae", "digits", *flags])
    except SystemExit as of_argparse:
        left = of_argparse.code
    assert left == status
    assert mentions(capsys.readouterr().err.splitlines()[-1], *names)
    assert not mine.root.exists()
