"""One word, one meaning: what docs/glossary.md says of words holds in the code and in what a user reads."""

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from latentlab.models.abilities import ABILITIES

ROOT = Path(__file__).parent.parent
GLOSSARY = ROOT / "docs" / "glossary.md"


@dataclass(frozen=True)
class Word:
    """A word that is not used, in all its forms."""

    forms: tuple[str, ...]
    instead: str
    places: frozenset[str]  # "text", "names"
    phrases: tuple[str, ...]  # in which it has another meaning
    identifiers: tuple[str, ...]  # that may have it, "name" or "end of a path.py:name"

    def in_text(self, text: str) -> str | None:
        """The form that a text uses; None if it uses none."""
        if "text" not in self.places:
            return None
        text = " ".join(text.split())
        for phrase in self.phrases:
            text = re.sub(re.escape(phrase), " ", text, flags=re.IGNORECASE)
        found = self.expression.search(text)
        return found.group().lower() if found else None

    @functools.cached_property
    def expression(self) -> re.Pattern[str]:
        """Any of its forms, as whole words."""
        return re.compile(
            rf"(?<![\w-])(?:{'|'.join(map(re.escape, self.forms))})(?![\w-])",
            re.IGNORECASE,
        )

    def in_name(self, name: str, path: str = "") -> str | None:
        """The form that an identifier of a file has among its parts; None if it has none."""
        if "names" not in self.places or parts(name).isdisjoint(self.forms) or name in self.identifiers:
            return None
        if any(f"{path}:{name}".endswith(one) for one in self.identifiers if ":" in one):
            return None
        return next(form for form in self.forms if form in parts(name))


@functools.cache
def parts(name: str) -> frozenset[str]:
    """The words of an identifier, in small letters."""
    return frozenset(part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name))


def rows(section: str) -> list[list[str]]:
    """The cells of the tables in a section of the glossary, without their heads."""
    text = GLOSSARY.read_text().partition(f"## {section}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    heads = {i for i, row in enumerate(cells) if i + 1 < len(cells) and set(cells[i + 1][0]) <= set("-:")}
    return [row for i, row in enumerate(cells) if i not in heads and not set(row[0]) <= set("-:")]


@functools.cache
def words() -> tuple[Word, ...]:
    """The table "Words not used"; what is allowed is an identifier, one of a file, or else a phrase."""
    found = []
    for forms, instead, places, allowed in rows("Words not used"):
        listed = re.findall(r"`([^`]+)`", allowed)
        identifiers = tuple(one for one in listed if re.fullmatch(r"([\w/]+\.py:)?\w+", one))
        phrases = tuple(one for one in listed if one not in identifiers)
        split = tuple(form.strip() for form in forms.split(","))
        found.append(Word(split, instead, frozenset(places.split(", ")), phrases, identifiers))
    return tuple(found)


@functools.cache
def any_form() -> re.Pattern[str]:
    """What all texts that use one of the words contain."""
    return re.compile("|".join(re.escape(form) for word in words() for form in word.forms), re.IGNORECASE)


def texts(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, text) of docstrings, and of strings that hold a space; the keys of widgets are none."""
    keys = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "key"
        for part in ast.walk(keyword.value)
    }
    pieces = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    for node in ast.walk(tree):
        if id(node) in keys or id(node) in pieces:
            continue
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text.strip():
            yield node.lineno, text


def names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, name) of what a module defines: functions, classes, parameters, variables, fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def uses(source: str, name: str = "") -> list[str]:
    """Where a module uses a word that is not used, with what to write instead."""
    tree, found = ast.parse(source), []
    written = [(at, text) for at, text in texts(tree) if any_form().search(" ".join(text.split()))]
    defined = list(names(tree))
    for word in words():
        said = [(at, word.in_text(text)) for at, text in written]
        for at, form in [*said, *((at, word.in_name(one, name)) for at, one in defined)]:
            if form:
                found.append(f"{name}:{at}: {form} (use: {word.instead})")
    return found


@pytest.mark.slow
def test_no_module_uses_a_word_that_is_not_used() -> None:
    paths = [
        ROOT / "app.py",
        *sorted((ROOT / "latentlab").rglob("*.py")),
        *sorted((ROOT / "pages").rglob("*.py")),
    ]
    found = [use for path in paths for use in uses(path.read_text(), path.relative_to(ROOT).as_posix())]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        '"""What the judge says."""',
        'st.info("The chains walk …")',
        'st.info(f"{n} chains\\nwalk on.")',
        "def judge_toggle(): ...",
        "class OwnWalk: ...",
        "def f(spread): ...",
        "for lesson_told in []: pass",
        "self.bent = 1",
        'st.selectbox("Beside it", names)',
    ],
)
def test_a_word_is_found(source: str) -> None:
    assert len(uses(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'st.toggle("Classifier", key="judge")',  # the key of a widget is stored in addresses
        'st.toggle("Classifier", key=f"judge {run}")',
        'url_state.read("beside")',  # no space: a parameter of an address
        '"""A random walk through the prior."""',
        "class RandomWalk: ...",
        "train.moments",  # a use, not a definition
        '"""The Gaussian of the same moments."""',
        "spreadsheet = walkback = 1",  # other words
    ],
)
def test_another_meaning_is_allowed(source: str) -> None:
    assert uses(source) == []


def test_every_row_of_words_is_complete() -> None:
    found = words()
    assert len(found) > 10
    assert all(word.forms and word.instead and word.places <= {"text", "names"} and word.places for word in found)
    forms = [form for word in found for form in word.forms]
    assert len(forms) == len(set(forms))


SECTIONS = (
    "Data", "Models", "Objectives and bounds", "Latent spaces", "Maps", "Score and energy", "Sampling", "Probes",
    "Class-conditional and semi-supervised models", "Training", "Runs and jobs", "The app",
)  # fmt: skip


def test_every_ability_is_defined() -> None:
    terms = {term for section in SECTIONS for term, *_ in rows(section)}
    assert not [ability for ability in ABILITIES if ability not in terms]


def test_a_term_is_defined_once_and_by_a_sentence() -> None:
    table = [row for section in SECTIONS for row in rows(section)]
    assert all(len(row) == 4 and row[0] and row[1].endswith(".") for row in table)
    terms = [row[0].lower() for row in table]
    assert not {term for term in terms if terms.count(term) > 1}


def test_the_glossary_uses_its_own_words() -> None:
    prose = [(row[0], row[1]) for section in SECTIONS for row in rows(section)]
    assert not [(term, form) for term, text in prose for word in words() if (form := word.in_text(text))]
