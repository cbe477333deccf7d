"""Lessons: a file each, whose steps are an address and a task. Ours ship; a teacher's lie in a folder of their own."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from latentlab import settings
from pages.navigation import PAGES, Page

OURS = Path(__file__).parents[1] / "lessons"
LARGEST = 100_000  # bytes of a file
MOST_STEPS = 24
LONGEST = 2_000  # characters of a text
PARTS = {"title": True, "about": True, "minutes": False, "steps": True}  # and whether it must be there
PARTS_OF_A_STEP = {"page": True, "view": False, "task": True, "answer": False}


class LessonError(ValueError):
    """A file isn't a lesson; the message says what is wrong with it."""


@dataclass(frozen=True)
class Step:
    """A place in the app and what to do there.

    Attributes:
        page: that it is on.
        view: what the address says of it there: parameters and their values.
        task: what to do, a sentence or two of Markdown.
        answer: what there is to be found, shown on request; empty for none.
    """

    page: Page
    view: Mapping[str, str]
    task: str
    answer: str = ""


@dataclass(frozen=True)
class Lesson:
    """Some steps in their order.

    Attributes:
        id: the name of its file.
        title: as visitors read it.
        about: what it is about, a sentence.
        minutes: how long it takes.
        steps: at least one.
    """

    id: str
    title: str
    about: str
    minutes: int
    steps: tuple[Step, ...]

    def at(self, step: int) -> dict[str, str]:
        """What the address says at a step, counted from 0: its view, and that it is part of this lesson."""
        return {**self.steps[step].view, "lesson": f"{self.id}.{step + 1}"}


def read_lesson(path: Path) -> Lesson:
    """The lesson in a TOML file.

    Raises:
        LessonError: it isn't one.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise LessonError(f"{path.name} has more than {LARGEST:,} bytes.")
        found = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise LessonError(f"{path.name} can't be read: {error.strerror or error}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise LessonError(f"{path.name} isn't TOML: {error}.") from error
    _check(found, PARTS, path.name)
    steps = found["steps"]
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise LessonError(f"{path.name} needs 1 to {MOST_STEPS} parts [[steps]].")
    minutes = found.get("minutes", len(steps))
    if not isinstance(minutes, int) or isinstance(minutes, bool) or not 1 <= minutes <= 1_000:
        raise LessonError(f"In {path.name}, minutes must be a whole number from 1 to 1000.")
    read = tuple(_step(step, f"Step {k} of {path.name}") for k, step in enumerate(steps, 1))
    return Lesson(path.stem, found["title"], found["about"], minutes, read)


def lessons() -> tuple[dict[str, Lesson], list[str]]:
    """All lessons by their ids, ours first in their order, and what is wrong with files that aren't lessons."""
    found: dict[str, Lesson] = {}
    wrong = []
    for path in _files():
        try:
            lesson = read_lesson(path)
            if path.stem in found:
                raise LessonError(f"{path.name} has the name of another lesson: give it one of its own.")
            found[path.stem] = lesson
        except LessonError as error:
            wrong.append(str(error))
    return found, wrong


def find_lesson(name: str) -> Lesson | None:
    """The lesson with an id; None if there is none, or its file isn't one."""
    path = next((path for path in _files() if path.stem == name), None)
    try:
        return None if path is None else read_lesson(path)
    except LessonError:
        return None


def _files() -> list[Path]:
    """Ours first, each folder's in the order of their names."""
    own = settings.lessons()
    return [*sorted(OURS.glob("*.toml")), *(sorted(own.glob("*.toml")) if own else ())]


def _step(found: object, where: str) -> Step:
    if not isinstance(found, dict):
        raise LessonError(f"{where} isn't a part [[steps]].")
    _check(found, PARTS_OF_A_STEP, where)
    page = next((page for page in PAGES if page.name == found["page"]), None)
    if page is None:
        known = ", ".join(page.name for page in PAGES)
        raise LessonError(f"{where} is on the page “{found['page']}”, which there isn't; there are {known}.")
    view = dict(parse_qsl(found.get("view", "").removeprefix("?"), keep_blank_values=True))
    if "lesson" in view:
        raise LessonError(f"The view of {where} must not name a lesson.")
    return Step(page, view, found["task"], found.get("answer", ""))


def _check(found: Mapping[str, Any], parts: Mapping[str, bool], where: str) -> None:
    """Raise for parts that are missing, unknown, or no text."""
    if missing := [name for name, needed in parts.items() if needed and name not in found]:
        raise LessonError(f"{where} lacks “{missing[0]}”.")
    if unknown := [name for name in found if name not in parts]:
        raise LessonError(f"{where} has “{unknown[0]}”; its parts are {', '.join(parts)}.")
    for name, value in found.items():
        if name not in ("steps", "minutes") and not (isinstance(value, str) and len(value) <= LONGEST):
            raise LessonError(f"{where}: “{name}” must be a text of at most {LONGEST:,} characters.")
