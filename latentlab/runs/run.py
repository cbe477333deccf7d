"""What was trained: a run is everything about a model but its parameters, written as a schema-versioned JSON."""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
import reprlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from latentlab.data import Kind, Spec, kind_of
from latentlab.knobs import KnobError, from_dict
from latentlab.models import MODELS, Model, build
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, current_names

SCHEMA = 4
EXAMPLES = re.compile(r"examples-[A-Za-z0-9_-]{1,64}-[0-9a-f]{12}\.safetensors")
LONGEST_TITLE = 80  # characters
MOST = 10**15  # steps, seconds or parameters: beyond it a number is a mistake
_KINDS: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "title": (str,),
    "model": (str,),
    "dataset": (str,),
    "config": (dict,),
    "train": (dict,),
    "shape": (list,),
    "classes": (list,),
    "data_kind": (str,),
    "columns": (list,),
    "steps": (int,),
    "seconds": (int, float),
    "created": (str,),
    "size": (int,),
    "metrics": (dict,),
    "note": (str,),
    "examples": (str,),
}


@dataclass(frozen=True)
class Run:
    """What was trained: everything about a model but its parameters."""

    id: str
    title: str
    model: str  # a name in MODELS
    dataset: str
    config: Mapping[str, Any]  # the model's knobs
    train: Mapping[str, Any]  # the knobs of TrainConfig
    shape: tuple[int, ...]  # of one example
    classes: tuple[str, ...]
    steps: int
    seconds: float  # of training, on the clock
    created: str  # ISO 8601, UTC
    size: int  # trainable parameters
    data_kind: Kind
    columns: tuple[str, ...] = ()  # the names of a vector's columns; empty where they have none
    metrics: Mapping[str, float] = field(default_factory=dict)  # on the test split, in the model's units
    note: str = ""  # for shipped runs: what it is and how it was made
    examples: str = ""  # the file beside the run's folder with its test examples; empty: they lie in the folder

    @property
    def kind(self) -> type[Model]:
        """The model's class."""
        return MODELS[self.model]

    @property
    def spec(self) -> Spec:
        """What the model knows of the data."""
        return Spec(self.shape, len(self.classes), self.data_kind, self.columns)

    def unit(self, metric: str) -> str:
        """Of a metric: that of the model's term, or nats for what is computed from terms in nats."""
        units = {**self.kind.units, **self.kind.set_units}
        return units.get(metric, "nats" if "nats" in units.values() else "")

    def build(self) -> Model:
        """The model with its parameters not yet set."""
        return build(self.model, from_dict(self.kind.Config, self.config), self.spec)

    @classmethod
    def from_json(cls, text: str) -> Run:
        """Read and validate a `run.json`.

        Raises:
            RunError: not JSON, from a newer version, or a field is missing, unknown or of the wrong kind.
        """
        try:
            values = json.loads(text, object_pairs_hook=_once)
            written = json.dumps(values, ensure_ascii=False)
        except (ValueError, RecursionError) as error:
            raise RunError("run.json is not valid JSON.") from error
        if not is_text(written):
            raise RunError("run.json holds characters that aren't text in UTF-8.")
        if not isinstance(values, dict):
            raise RunError("run.json is not a JSON object.")
        schema = values.pop("schema", None)
        if type(schema) is int and schema > SCHEMA:
            raise RunError(f"It was written by a newer LatentLab (format {str(schema)[:20]}, this one reads {SCHEMA}).")
        if type(schema) is not int or schema < 1:
            raise RunError(f"run.json has no known format number (found {reprlib.repr(schema)}).")
        if schema < 2:
            values = _from_schema_1(values)
        if schema < 3:
            values |= {"train": current_names(values.get("train"))}
        if schema < 4:
            values = _from_schema_3(values)
        if wrong := sorted(set(values) ^ set(_KINDS)):
            raise RunError(f"run.json has missing or unknown fields: {_line(', '.join(wrong))}.")
        for name, kinds in _KINDS.items():
            if not isinstance(values[name], kinds) or isinstance(values[name], bool):
                raise RunError(f"The field {name} of run.json is not of the right kind.")
        return cls._checked(values)

    @classmethod
    def _checked(cls, values: dict[str, Any]) -> Run:
        if values["model"] not in MODELS:
            raise RunError(f"It is of a model this LatentLab doesn't know: {_line(values['model'])}.")
        limit = 1 << 16 if len(values["shape"]) == 1 else 4096  # numbers of a vector, or pixels of a side
        if not all(type(n) is int and 0 < n <= limit for n in values["shape"]):
            raise RunError("The field shape of run.json is not a list of positive whole numbers.")
        for name in ("classes", "columns"):
            if not all(isinstance(word, str) for word in values[name]):
                raise RunError(f"The field {name} of run.json is not a list of names.")
        if values["data_kind"] not in set(Kind):
            raise RunError(f"Its data are of a kind that this LatentLab doesn't know: {_line(values['data_kind'])}.")
        if not all(0 <= values[name] <= MOST for name in ("steps", "seconds", "size")):
            raise RunError("The steps, the seconds or the size of run.json can't be.")
        if not all(type(v) in (int, float) and abs(v) <= 1e300 for v in values["metrics"].values()):
            raise RunError("The metrics of run.json are not numbers.")
        if values["examples"] and not EXAMPLES.fullmatch(values["examples"]):
            raise RunError("The field examples of run.json is not the name of such a file.")
        try:
            datetime.fromisoformat(values["created"])
            from_dict(MODELS[values["model"]].Config, values["config"])
            from_dict(TrainConfig, values["train"])
        except KnobError as error:
            raise RunError(f"run.json has a setting that can't be: {error}") from error
        except ValueError as error:
            raise RunError("The field created of run.json is not a date.") from error
        lists = {name: tuple(values[name]) for name in ("shape", "classes", "columns")}
        metrics = _with_total_kl(values["metrics"], MODELS[values["model"]])
        return cls(**values | lists | {"data_kind": Kind(values["data_kind"]), "metrics": metrics})

    def to_json(self) -> str:
        """The content of `run.json`."""
        return json.dumps({"schema": SCHEMA, **dataclasses.asdict(self)}, indent=2)


def read_run(path: Path) -> Run:
    """The run of a `run.json`, which is parsed again only after it was written again; the caller may change its maps.

    Raises:
        OSError: it can't be read.
        UnicodeDecodeError: it isn't text in UTF-8.
        RunError: as `Run.from_json`.
    """
    now = path.stat()
    run = _parsed(path, now.st_mtime_ns, now.st_size, now.st_ino)
    return dataclasses.replace(run, config=dict(run.config), train=dict(run.train), metrics=dict(run.metrics))


@functools.lru_cache(1024)
def _parsed(path: Path, *_version: int) -> Run:
    return Run.from_json(path.read_text(encoding="utf-8"))


def checked_title(title: str) -> str:
    """A title with single spaces.

    Raises:
        RunError: it is empty, longer than `LONGEST_TITLE`, or holds what no file in UTF-8 can.
    """
    title = " ".join(title.split())
    if not 0 < len(title) <= LONGEST_TITLE:
        raise RunError(f"A title has between 1 and {LONGEST_TITLE} characters.")
    if not is_text(title):
        raise RunError("The title has characters that aren't text in UTF-8; type it again.")
    return title


class Titled(Protocol):
    """What has an id of its own, and a title that others may have too."""

    @property
    def id(self) -> str:
        """No other has it."""

    @property
    def title(self) -> str:
        """As a person reads it."""


def labels(runs: Sequence[Titled]) -> dict[str, str]:
    """A name for each run id that no other of the runs has: the title, with the end of the id where titles repeat."""
    count = Counter(run.title for run in runs)
    named = {run.id: run.title if count[run.title] == 1 else f"{run.title} · {run.id[-4:]}" for run in runs}
    again = Counter(named.values())
    return {run_id: name if again[name] == 1 else f"{name} ({run_id})" for run_id, name in named.items()}


def current_history(rows: Sequence[Mapping[str, float]], run: Run) -> list[dict[str, float]]:
    """The reports of a training, with the terms of a model that has classes by their present names.

    Once both bounds were called "bound": held out it was that on log p(x, y), in training a mixture, which is left out.
    """
    rows = [_with_total_kl(_with_total_kl(row, run.kind), run.kind, "valid_") for row in rows]
    if any({"labelled bound", "conditional bound"} & row.keys() for row in rows):
        return [dict(row) for row in rows]
    found = [_current_terms(row, run.kind, len(run.classes), "valid_") for row in rows]
    if "labelled bound" in run.kind.units:
        return [{name: value for name, value in row.items() if name != "bound"} for row in found]
    return [_current_terms(row, run.kind, len(run.classes)) for row in found]


def _from_schema_1(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a run of the first format: without the kind of data, names of columns and shared examples."""
    shape = values.get("shape")
    kind = kind_of(tuple(shape)) if isinstance(shape, list) else Kind.VECTOR
    return values | {"data_kind": kind.value, "columns": [], "examples": ""}


def _from_schema_3(values: dict[str, Any]) -> dict[str, Any]:
    """The fields of a run of the third format, whose metric "bound" was of several quantities."""
    kind, metrics, classes = MODELS.get(str(values.get("model"))), values.get("metrics"), values.get("classes")
    if kind is None or not isinstance(metrics, dict) or not isinstance(classes, list):
        return values
    return values | {"metrics": _current_terms(metrics, kind, len(classes))}


def _with_total_kl(values: Mapping[str, Any], kind: type[Model], prefix: str = "") -> dict[str, Any]:
    """With the sum of "kl z1", "kl z2" and so on, as a hierarchy once reported them, as "kl" of a model that has it."""
    name = f"{prefix}kl"
    layers = [value for term, value in values.items() if term.startswith(f"{name} z") and isinstance(value, float)]
    return dict(values) | ({name: sum(layers)} if layers and "kl" in kind.units and name not in values else {})


def _current_terms(values: Mapping[str, Any], kind: type[Model], n_classes: int, prefix: str = "") -> dict[str, Any]:
    """A bound on log p(x, y) that is stored as "bound" under the name of what the model has instead, if it has that.

    All classes are equally probable, so log p(x|y) = log p(x, y) + log of their number.
    """
    found, bound = dict(values), values.get(f"{prefix}bound")
    for name, constant in (("labelled bound", 0.0), ("conditional bound", math.log(max(n_classes, 1)))):
        if name in kind.units and isinstance(bound, int | float):
            del found[f"{prefix}bound"]
            found[f"{prefix}{name}"] = bound + constant
    return found


def is_text(text: str) -> bool:
    """Whether a file in UTF-8 can hold it: half a surrogate pair can be read, but never written or shown."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name is there twice")
    return values


def _line(text: str) -> str:
    """The start of a text, on one line."""
    return " ".join(text.split())[:200]
