"""A `run.json` is read back as it was written, or refused in one sentence, whatever is in it."""

from __future__ import annotations

import dataclasses
import json
import math
import random
from typing import Any

import pytest

from latentlab.data import Kind
from latentlab.models.semi_supervised.m2 import M2
from latentlab.models.vae.vae import VAE
from latentlab.runs.run import SCHEMA, Run, current_history, labels
from latentlab.runs.shipped import SHIPPED_RUNS
from latentlab.serialization import RunError
from tests.conftest import mentions, naming

RUN = Run(
    id="vae-digits-1",
    title="Ziffern — 数字",
    model="vae",
    dataset="digits",
    config={"z_dim": 2, "hidden": 8, "std": 0.1},
    train={"epochs": 1, "learning_rate": 0.001, "bf16": False},
    shape=(1, 8, 8),
    classes=tuple("0123456789"),
    steps=10,
    seconds=0.5,
    created="2026-01-02T03:04:05.678901+00:00",
    size=1234,
    data_kind=Kind.IMAGE,
    metrics={"loss": 1 / 3, "bound": -27.5, "kl": 3.0},
    note="By hand.",
)
HUGE = 10**400
NUMBERS = ("steps", "seconds", "size", "metrics.loss", "config.hidden", "config.std", "train.epochs", "train.clip")
HOSTILE: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 1.5, HUGE, -HUGE, math.nan, math.inf, -math.inf, 1e308),
    *("", "x" * 10_000, "two\nlines", "\0", "../x", "\ud800", "vae", [], {}, [[[]]], [1, 2], {"a": {"b": 1}}),
)


def edited(path: str, value: object) -> str:
    """The `run.json` of RUN with one value ("shape", "config.hidden") set to another."""
    values = json.loads(RUN.to_json())
    *parents, name = path.split(".")
    inside = values
    for parent in parents:
        inside = inside[parent]
    inside[name] = value
    return json.dumps(values)


def refused(text: str) -> str:
    """The sentence with which a `run.json` is refused."""
    with pytest.raises(RunError) as caught:
        Run.from_json(text)
    return sentence(caught.value)


def sentence(error: Exception) -> str:
    """The message of an error, which must be a sentence that a person can read."""
    text = str(error)
    assert text.endswith("."), text
    assert "\n" not in text
    assert len(text) <= 300
    assert not any(word in text for word in ("Error", "Traceback", "<class", " object at 0x")), text
    return text


def test_a_run_of_the_first_format_is_still_read() -> None:
    values = json.loads(RUN.to_json()) | {"schema": 1}
    for shape, kind in (([1, 8, 8], Kind.IMAGE), ([2], Kind.PLANE), ([10], Kind.VECTOR)):
        old = values | {"shape": shape}
        del old["data_kind"], old["columns"]
        run = Run.from_json(json.dumps(old))
        assert (run.data_kind, run.spec.kind, run.columns) == (kind, kind, ())
        assert json.loads(run.to_json())["schema"] == SCHEMA


@pytest.mark.parametrize("schema", [1, 2])
def test_knobs_of_an_older_format_have_the_names_of_today(schema: int) -> None:
    values = json.loads(RUN.to_json()) | {"schema": schema, "train": {"epochs": 3, "spread": True, "moments": True}}
    if schema == 1:
        del values["data_kind"], values["columns"]
    run = Run.from_json(json.dumps(values))
    assert run.train == {"epochs": 3, "diverse_labels": True, "snapshots": True}
    with pytest.raises(RunError, match=naming("spread")):  # of today's format it is a knob that nobody knows
        Run.from_json(json.dumps(values | {"schema": SCHEMA, "data_kind": "image", "columns": []}))


def old_run(model: str, **config: object) -> str:
    """The `run.json` of the third format of a model with classes: its bound was that on log p(x, y)."""
    values = json.loads(RUN.to_json()) | {"schema": 3, "model": model, "config": {"z_dim": 2, "hidden": 8, **config}}
    return json.dumps(values | {"metrics": {"loss": 30.0, "bound": -27.5, "bound_200": -24.0}})


def test_a_bound_of_an_older_format_is_that_of_the_quantity_it_was_of() -> None:
    assert Run.from_json(old_run("vae")).metrics == {"loss": 30.0, "bound": -27.5, "bound_200": -24.0}
    m2 = Run.from_json(old_run("m2", alpha=50.0))
    assert m2.metrics == {"loss": 30.0, "labelled bound": -27.5, "bound_200": -24.0}  # log p(x, y)
    cvae = Run.from_json(old_run("cvae"))
    assert cvae.metrics["conditional bound"] == pytest.approx(-27.5 + math.log(10))  # log p(x|y), of ten classes
    assert "bound" not in cvae.metrics
    for run in (m2, cvae):
        assert Run.from_json(run.to_json()) == run


def test_a_run_that_was_given_the_weight_of_its_labels_keeps_it() -> None:
    model = Run.from_json(old_run("m2", alpha=50.0)).build()
    assert isinstance(model, M2)
    assert model.alpha == 50.0


def test_a_history_of_an_older_format_has_the_terms_of_today() -> None:
    old = [{"step": 5.0, "bound": -30.0, "kl": 1.0}, {"step": 10.0, "bound": -28.0, "kl": 2.0, "valid_bound": -29.0}]
    m2, cvae, vae = (Run.from_json(old_run(model)) for model in ("m2", "cvae", "vae"))
    rows = current_history(old, m2)
    assert rows == [{"step": 5.0, "kl": 1.0}, {"step": 10.0, "kl": 2.0, "valid_labelled bound": -29.0}]
    rows = current_history(old, cvae)
    assert rows[1]["valid_conditional bound"] == pytest.approx(-29.0 + math.log(10))
    assert rows[0]["conditional bound"] == pytest.approx(-30.0 + math.log(10))
    assert current_history(old, vae) == old
    lvae = Run.from_json(old_run("lvae"))
    layers = {"kl z1": 3.0, "kl z2": 1.5, "valid_kl z1": 2.0, "valid_kl z2": 0.25}
    assert current_history([layers], lvae) == [layers | {"kl": 4.5, "valid_kl": 2.25}]
    again = Run.from_json(dataclasses.replace(lvae, metrics={"kl z1": 3.0, "kl z2": 1.5}).to_json())
    assert again.metrics["kl"] == 4.5
    new = [{"step": 5.0, "bound": -30.0, "labelled bound": -31.0}]
    assert current_history(new, m2) == new


def test_a_run_is_read_back_as_it_was_written() -> None:
    assert Run.from_json(RUN.to_json()) == RUN


def test_labels_tell_runs_of_one_title_apart() -> None:
    runs = [dataclasses.replace(RUN, id=f"vae-{end}", title=title) for end, title in
            (("0001", "Mine"), ("0002", "Mine"), ("0003", "Yours"), ("1-0002", "Mine"))]  # fmt: skip
    assert list(labels(runs).values()) == [
        "Mine · 0001",
        "Mine · 0002 (vae-0002)",
        "Yours",
        "Mine · 0002 (vae-1-0002)",
    ]


def test_a_run_builds_its_model() -> None:
    model = RUN.build()
    assert isinstance(model, VAE)
    assert (model.config.hidden, model.spec) == (8, RUN.spec)
    assert RUN.kind is VAE


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", ("JSON",)),
        ("{'id': 1}", ("JSON",)),
        (RUN.to_json()[:-1], ("JSON",)),
        ("9" * 5_000, ("JSON",)),
        ("[" * 100_000, ("JSON",)),
        ('{"a":' * 100_000, ("JSON",)),
        ("[" * 100_000 + "]" * 100_000, ("JSON",)),
        ("[]", ("JSON", "object")),
        ("null", ("JSON", "object")),
        ('"run"', ("JSON", "object")),
        ("{}", ("format",)),
        (edited("schema", SCHEMA + 1), (SCHEMA + 1, SCHEMA)),
        (edited("schema", 0), ("format",)),
        (edited("schema", True), ("format",)),
        (edited("schema", "1"), ("format",)),
        (edited("flavour", 1), ("flavour",)),
        (edited("model", "oracle"), ("oracle",)),
        (edited("config.hidden", 7), ("hidden", 8, 4096, 7)),
        (edited("config.hidden", 8.0), ("hidden", 8.0)),
        (edited("config.hidden", True), ("hidden", True)),
        (edited("config.depth", 3), ("depth", "hidden")),
        (edited("train.epochs", 0), ("epochs", 1, 10000, 0)),
        (edited("train.bf16", 1), ("bf16", "true", "false", 1)),
        (edited("steps", -1), ("steps",)),
        (edited("size", -1), ("size",)),
        (edited("seconds", -1.0), ("seconds",)),
        (edited("metrics.loss", "low"), ("metrics",)),
        (edited("metrics.loss", None), ("metrics",)),
        (edited("metrics.loss", True), ("metrics",)),
        (edited("created", "yesterday"), ("created",)),
        (edited("created", ""), ("created",)),
        (edited("created", "2026-13-01T00:00:00+00:00"), ("created",)),
        (edited("classes", [1, 2]), ("classes",)),
        (edited("shape", [1, -8, 8]), ("shape",)),
        (edited("shape", [0, 8, 8]), ("shape",)),
        (edited("shape", [1, 8.0, 8]), ("shape",)),
        (edited("shape", [True, 8, 8]), ("shape",)),
        (edited("shape", [1, 8, HUGE]), ("shape",)),
        (edited("shape", [[1], 8, 8]), ("shape",)),
    ],
)
def test_a_wrong_file_is_refused_with_its_reason(text: str, named: tuple[object, ...]) -> None:
    assert mentions(refused(text), *named)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Run)])
def test_a_missing_field_is_named(name: str) -> None:
    values = json.loads(RUN.to_json())
    del values[name]
    assert mentions(refused(json.dumps(values)), name)


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Run)])
def test_a_field_of_the_wrong_kind_is_named(name: str) -> None:
    right = type(json.loads(RUN.to_json())[name])
    kinds = (int, float) if right is float else (right,)
    pool: tuple[object, ...] = (None, True, 1, 1.5, "one", [], {})
    for value in (value for value in pool if type(value) not in kinds):
        assert mentions(refused(edited(name, value)), name)


@pytest.mark.parametrize("path", NUMBERS)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, HUGE, -HUGE], ids=["nan", "inf", "-inf", "huge", "-huge"]
)
def test_a_number_that_is_none_or_beyond_all_bounds_is_refused(path: str, value: float) -> None:
    refused(edited(path, value))


def test_a_field_that_is_there_twice_is_refused() -> None:
    refused(RUN.to_json().replace('"title"', '"id": "vae-digits-2", "title"'))


@pytest.mark.parametrize("path", ["schema", "model", "config.hidden", "config.likelihood", "created", "x" * 1_000])
def test_the_reason_stays_one_short_line_whatever_the_file_holds(path: str) -> None:
    values: tuple[object, ...] = ("x" * 10_000, "two\nlines", [[1] * 10_000])
    for value in values:
        refused(edited(path, value))


@pytest.mark.parametrize("seed", range(4))
def test_changed_bytes_give_a_run_or_a_reason(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(150):
        content = bytearray(RUN.to_json().encode())
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(content))
            match rng.randrange(4):
                case 0:
                    content[at] = rng.randrange(256)
                case 1:
                    del content[at : at + rng.randint(1, 20)]
                case 2:
                    content[at:at] = rng.choice([b'"', b"}", b",", b"[", b"-", b"9" * 30, b"e99", b"null", b"NaN"])
                case _:
                    content[at:at] = content[rng.randrange(len(content)) :][: rng.randint(1, 60)]
        _run_or_reason(content.decode("utf-8", "replace"))


@pytest.mark.parametrize("seed", range(4))
def test_changed_values_give_a_run_or_a_reason(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(150):
        values = json.loads(RUN.to_json())
        for _ in range(rng.randint(1, 2)):
            inside = rng.choice([part for part in (values, *values.values()) if isinstance(part, dict | list) and part])
            key = rng.choice(list(inside) if isinstance(inside, dict) else range(len(inside)))
            if rng.random() < 0.1:
                del inside[key]
            else:
                inside[key] = rng.choice(HOSTILE)
        _run_or_reason(json.dumps(values))


def _run_or_reason(text: str) -> None:
    """What is read can be written and read again, and shown; what isn't is refused in a sentence."""
    try:
        run = Run.from_json(text)
    except RunError as error:
        sentence(error)
        return
    assert Run.from_json(run.to_json()) == run
    assert all(math.isfinite(value) for value in (run.seconds, run.steps, run.size, *run.metrics.values()))


def test_a_number_of_a_whole_set_has_its_own_unit() -> None:
    run = SHIPPED_RUNS.read("digits-pixelcnn-classes")
    assert [run.unit(name) for name in ("log p(x)", "error", "per pixel")] == ["nats", "fraction", "bits"]
