"""One class, one look: each figure of points, and what the scatter of the app is sent, give a class the same symbol."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from latentlab.analysis.box import Box
from latentlab.analysis.conditional.decision_surface import Decision
from latentlab.analysis.conditional.posterior import posterior
from latentlab.analysis.score.field import score_field
from latentlab.data import UNLABELLED
from latentlab.figures.conditional.decision_surface import decision_surface, latent_space
from latentlab.figures.conditional.posterior import posterior_panels
from latentlab.figures.score.field import add_points, plane
from latentlab.figures.theme import DARK, LIGHT, Theme, symbol
from pages.components.scatter import pack

N = 24  # classes: more than there are colours and symbols together
CLASSES = [f"class {k}" for k in range(N)]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(3 * N, 3)).astype(np.float32)
Y = np.repeat(np.arange(N), 3)
SOME = np.where(np.arange(3 * N) % 3 == 0, UNLABELLED, Y)  # a label that is missing

Looks = dict[str, tuple[str, str]]  # name of a class -> symbol and colour


def looks(figure: go.Figure) -> Looks:
    found = [trace for trace in figure.data if trace.type.startswith("scatter") and trace.name]
    return {trace.name: (trace.marker.symbol, trace.marker.color) for trace in found}


def surface(look: Theme) -> Looks:
    grid = np.linspace(-1, 1, 3).astype(np.float32)
    found = Decision(grid, grid, np.full((3, 3, N), 1 / N, np.float32))
    return looks(decision_surface(found, X[:, :2], Y, X[:1, :2], Y[:1], CLASSES, look))


def codes(look: Theme) -> Looks:
    return looks(latent_space(X[:, :2], SOME, CLASSES, ("z1", "z2"), look))


def weighted_draws(look: Theme) -> Looks:
    z = np.repeat(X[:40, None], N, 1)
    found = posterior(z, np.zeros((40, N)), np.full((1, N), -np.log(N)))
    first, _ = posterior_panels(found, (0, 1), X, CLASSES, look).values()
    return looks(first)


def points_of_a_field(look: Theme) -> Looks:
    box = Box(-3.0, 3.0, -3.0, 3.0)
    figure = plane(score_field(lambda x: 0 * x, 1.0, box, 3), box, look)
    add_points(figure, X[:, :2], Y, CLASSES, look)
    return looks(figure)


def scatter(look: Theme) -> Looks:
    content = pack("a", X[:, :2], SOME, CLASSES, look.classes).content
    head = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    return dict(zip(head["classes"], zip(head["symbols"], head["colours"], strict=True), strict=True))


FIGURES = [surface, codes, weighted_draws, points_of_a_field, scatter]


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("figure", FIGURES)
def test_a_class_looks_the_same_everywhere(figure: Any, look: Theme) -> None:
    found = figure(look)
    assert {name: found[name] for name in CLASSES} == {
        name: (symbol(k), look.classes[k % 10]) for k, name in enumerate(CLASSES)
    }


@pytest.mark.parametrize("figure", [codes, scatter])
def test_what_has_no_class_has_a_symbol_of_its_own(figure: Any) -> None:
    others = {name: look for name, (look, _) in figure(LIGHT).items() if name not in CLASSES}
    assert list(others.values()) == [symbol(UNLABELLED)]
    assert symbol(UNLABELLED) not in {symbol(k) for k in range(N)}


def test_twenty_classes_can_be_told_apart_by_colour_and_symbol() -> None:
    assert len({(symbol(k), LIGHT.colour(k)) for k in range(20)}) == 20
