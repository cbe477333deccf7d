"""A knob is a dataclass field that a person may vary: its range and its help live next to it.

The training form, the command-line flags and the validation of a `run.json` are all read from here.

    @dataclass(frozen=True)
    class Config:
        z_dim: int = knob(2, 1, 256, help="dimensions of the latent space")

    knobs(Config)                       # -> (Knob(name="z_dim", ...),)
    from_dict(Config, {"z_dim": 0})     # -> KnobError: z_dim must be between 1 and 256, got 0.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

Value = bool | int | float | str
T = TypeVar("T")
MOST_NAMED = 12  # settings that a message names


class KnobError(ValueError):
    """A value that a knob can't take; the message is one sentence for the user."""


@dataclass(frozen=True)
class Knob:
    """One value that may be varied: an int or float in [low, high], a bool, one of `choices`, or a word."""

    default: Value
    low: float | None = None
    high: float | None = None
    log: bool = False
    choices: tuple[str, ...] = ()
    help: str = ""
    when: tuple[str, Value] | None = None  # matters only if that other knob has that value
    name: str = ""
    pattern: str = ""  # of a word that isn't one of few choices: what it has to match, as its default does

    @property
    def type(self) -> type[Value]:
        """The Python type of the value."""
        return type(self.default)

    def check(self, value: object) -> Value:
        """Return `value` in the knob's type.

        Raises:
            KnobError: wrong type, out of range, or not one of the choices.
        """
        if self.type is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value) if abs(value) <= 1e300 else math.inf
        if type(value) is not self.type or (isinstance(value, float) and not math.isfinite(value)):
            kind = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}[self.type]
            raise KnobError(f"{self.name} must be {kind}, got {reprlib.repr(value)}.")
        assert isinstance(value, bool | int | float | str)
        if self.choices and value not in self.choices:
            raise KnobError(f"{self.name} must be one of {', '.join(self.choices)}, got {reprlib.repr(value)}.")
        if self.pattern and isinstance(value, str) and not re.fullmatch(self.pattern, value):
            raise KnobError(f"{self.name} must be of the form {self.default}, got {reprlib.repr(value)}.")
        low, high = -math.inf if self.low is None else self.low, math.inf if self.high is None else self.high
        if isinstance(value, int | float) and not low <= value <= high:
            raise KnobError(f"{self.name} must be between {low:g} and {high:g}, got {_short(value)}.")
        return value

    def parse(self, text: str) -> Value:
        """Read the value from the text of a command-line flag or an address.

        Raises:
            KnobError: not a value of this knob.
        """
        try:
            if self.type is bool:
                return self.check({"true": True, "false": False}[text.lower()])
            return self.check(self.type(text))
        except (KeyError, ValueError) as error:
            if isinstance(error, KnobError):
                raise
            return self.check(text)  # of the wrong type: says so


def _short(value: object) -> str:
    """A value as a message shows it: on one line, and not much of it."""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return " ".join(text.split())[:40]


def _some(names: Sequence[str]) -> str:
    """Names, as many as a message can hold."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def knob(
    default: Value,
    low: float | None = None,
    high: float | None = None,
    *,
    log: bool = False,
    choices: Sequence[str] = (),
    help: str = "",
    when: tuple[str, Value] | None = None,
    pattern: str = "",
) -> Any:
    """Declare a dataclass field as a knob (any: the field has the type of its annotation)."""
    declared = Knob(default, low, high, log, tuple(choices), help, when, pattern=pattern)
    return dataclasses.field(default=default, metadata={"knob": declared})


_of_class: dict[type, tuple[Knob, ...]] = {}


def knobs(config: type) -> tuple[Knob, ...]:
    """The knobs of a config class, in the order of declaration."""
    if config not in _of_class:  # every run that is listed asks twice
        _of_class[config] = tuple(
            dataclasses.replace(field.metadata["knob"], name=field.name)
            for field in dataclasses.fields(config)
            if "knob" in field.metadata
        )
    return _of_class[config]


def from_dict(config: type[T], values: Mapping[str, object]) -> T:
    """Build a config from untrusted values; missing ones take their default.

    Raises:
        KnobError: an unknown name, or a value its knob can't take.
    """
    declared = {k.name: k for k in knobs(config)}
    unknown = sorted(set(values) - set(declared))
    if unknown:
        near = [close for name in unknown for close in difflib.get_close_matches(name, declared, 1, 0.75)]
        known = f"the nearest that there is: {' and '.join(near)}." if near else f"known are {_some(list(declared))}."
        raise KnobError(f"Unknown setting {', '.join(map(_short, unknown[:MOST_NAMED]))}; {known}")
    return config(**{name: declared[name].check(value) for name, value in values.items()})
