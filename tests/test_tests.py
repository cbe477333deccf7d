"""Tests check meaning, not wording: no sentence is written twice, once where it is said and once where it is tested."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

EQUAL = (ast.Eq, ast.NotEq)
PROSE = re.compile(r"\b[a-z']{2,} (?:a )?[a-z']{2,} (?:a )?[a-z']{2,}\b")  # three plain words in a row
LOOK = {"naming", "mentions", "shows", "get_by_text", "to_contain_text", "to_have_text"}  # for what they are given


def strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string in an expression; of an f-string, what is between its fields."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.lineno, part.value


def parameters(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """Name -> the values that a test is called with, of each `pytest.mark.parametrize` that writes them out."""
    found: dict[str, list[ast.expr]] = {}
    for call in function.decorator_list:
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith("parametrize") and len(call.args) > 1:
            given, rows = call.args[:2]
            names = [text for _, text in strings(given)]
            names = names[0].split(",") if len(names) == 1 else names
            for row in rows.elts if isinstance(rows, ast.List | ast.Tuple) else []:
                cells = row.args if isinstance(row, ast.Call) else row.elts if isinstance(row, ast.Tuple) else [row]
                for name, cell in zip(names, cells if len(names) > 1 else [row], strict=False):
                    found.setdefault(name.strip(), []).append(cell)
    return found


def looked_for(tree: ast.AST) -> Iterator[ast.expr]:
    """What a text is compared with: by `match=`, by `in` or `==`, or by a function that looks for it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield node.left
            yield from (part for op, part in zip(node.ops, node.comparators, strict=True) if isinstance(op, EQUAL))
        elif isinstance(node, ast.Call):
            yield from (keyword.value for keyword in node.keywords if keyword.arg == "match")
            if getattr(node.func, "attr", getattr(node.func, "id", "")) in LOOK:
                yield from node.args


def pinned(source: str) -> list[str]:
    """The sentences that a file of tests looks for, each with its line."""
    tree, found = ast.parse(source), dict[int, str]()
    scopes: list[tuple[ast.AST, dict[str, list[ast.expr]]]] = [(tree, {})]
    functions = [(node, parameters(node)) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    scopes += [(node, values) for node, values in functions if values]
    for scope, values in scopes:
        for wanted in looked_for(scope):
            inner = wanted.value if isinstance(wanted, ast.Starred) else wanted
            for part in (wanted, *(values.get(inner.id, []) if isinstance(inner, ast.Name) else [])):
                found |= {line: text for line, text in strings(part) if PROSE.search(text)}
    return [f"{line}: {text}" for line, text in sorted(found.items())]


@pytest.mark.slow
def test_no_test_pins_a_sentence() -> None:
    files = sorted((ROOT / "tests").rglob("*.py"))
    assert len(files) > 100
    found = {path.relative_to(ROOT).as_posix(): pinned(path.read_text("utf-8")) for path in files}
    assert {path: lines for path, lines in found.items() if lines} == {}


TABLE = "@pytest.mark.parametrize({names}, [{rows}])\ndef test(x, why):\n    {body}"
ROWS = '(1, "it is a sentence"), pytest.param(2, "short", id="three plain words")'


@pytest.mark.parametrize(
    "source",
    [
        'with pytest.raises(ValueError, match="no layer is called middle"): ...',
        'with pytest.raises(ValueError, match=rf"{name} has no layer called \\w+"): ...',
        'with pytest.warns(UserWarning, match=re.escape("this is a sentence")): ...',
        'assert "the chains mix slowly" in app.info[0].value',
        'assert "all of it is well" not in words(app)',
        'assert all(f"{n} of them are not finite" in text for text in texts(app))',
        'assert str(caught.value) == f"The width is {n} and must be positive."',
        'assert [error.value for error in app.error] == ["There is no such map here."]',
        'assert shows(app, "another model is chosen here")',
        'assert mentions(text, 3, "of them are lost")',
        'assert re.search(naming("the whole sentence is here"), text)',
        'expect(page.get_by_text(re.compile("it starts like this"))).to_be_visible()',
        'expect(page.locator(".told")).to_contain_text("of all pixels hidden")',
        TABLE.format(names='("x", "why")', rows=ROWS, body="with pytest.raises(ValueError, match=why): ..."),
        TABLE.format(names='"x, why"', rows=ROWS, body="assert why in str(found)"),
    ],
)
def test_a_pinned_sentence_is_noticed(source: str) -> None:
    assert len(pinned(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        'with pytest.raises(ValueError, match=r"width.*\\b3\\b"): ...',
        'with pytest.raises(ValueError, match=naming("n_neighbors", 2, 200)): ...',
        'raise ValueError("this is a sentence of a program")',
        'assert mentions(text, "images.npz", "8 × 8", 3, "nats")',
        'assert "arrays.safetensors" in error.value',
        'assert app.button(key="measure again in full")',
        'def test(app):\n    """A whole sentence is in words(app)."""',
        TABLE.format(names='("x", "why")', rows=ROWS, body="assert x in range(9)"),
        TABLE.format(names='("x", "why")', rows='(1, "width")', body="assert why in str(found)"),
    ],
)
def test_data_in_a_message_may_be_looked_for(source: str) -> None:
    assert pinned(source) == []
