"""What the page draws and measures given: nothing, a class, or a code of an example or of none."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from latentlab.models import AutoregressiveGiven, AutoregressiveGivenCode
from latentlab.subjects import Subject
from pages.shared.linked_choice import linked_choice
from pages.shared.text import plain
from pages.shared.visit import Slot

ANY = "any class"
ITS_OWN, OF_PRIOR = "of the test example", "drawn from the prior"
CLASS: Slot[str] = Slot("decoded-class")


@dataclass(frozen=True)
class Nothing:
    """p(x), of whatever class."""


@dataclass(frozen=True)
class OfClass:
    """p(x|y)."""

    y: int


@dataclass(frozen=True)
class CodeOf:
    """p(x|z) with one draw of the code of a test example."""

    example: int


@dataclass(frozen=True)
class CodeDrawn:
    """p(x|z) with a code that was drawn from the prior."""

    seed: int


Condition = Nothing | OfClass | CodeOf | CodeDrawn


def has_code(run: Subject) -> bool:
    """Whether all is given a code."""
    return run.has(AutoregressiveGivenCode)


def choose_condition(run: Subject, example: int, draw: int) -> Condition:
    """The control that says what is given; none where nothing can be."""
    if has_code(run):
        about = "The pixels are drawn given this code"
        code = linked_choice("Code", (ITS_OWN, OF_PRIOR), ITS_OWN, "code", help=about)
        return CodeOf(example) if code == ITS_OWN else CodeDrawn(draw)
    if not run.has(AutoregressiveGiven):
        return Nothing()
    options = [ANY, *(plain(name) for name in run.classes)]
    CLASS.settle(options)
    chosen = st.selectbox("Class", options, key=CLASS.name, bind="query-params")
    return OfClass(options.index(chosen) - 1) if chosen != ANY else Nothing()


def in_words(run: Subject, condition: Condition) -> str:
    """As the start of a sentence goes on: " given the class 3", or empty."""
    match condition:
        case OfClass(y):
            return f" given the class {plain(run.classes[y])}"
        case CodeOf():
            return " given its code"
        case CodeDrawn():
            return " given the drawn code"
        case _:
            return ""
