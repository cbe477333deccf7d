"""The page Layers: what the layers carry is what the model says, and what one layer decides stays."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from latentlab import device
from latentlab.experiments import long_training
from latentlab.figures.latent.layers import layer_map
from latentlab.figures.theme import LIGHT
from latentlab.models import Layered
from latentlab.runs.store import Store
from latentlab.subjects import LatentOf, StoredRun
from pages.analogies import attribute_vectors
from pages.layers import measured
from pages.shared import cached
from pages.shared.layer_maps import layer_maps
from tests.conftest import numbers_in
from tests.pages.conftest import Open

LADDER, PLAIN = "digits-five-layers-lvae", "digits-five-layers"


def subject(store: Store, run_id: str) -> StoredRun:
    return StoredRun(store.read(run_id), store)


@pytest.mark.parametrize("run", [LADDER, PLAIN])
def test_the_layers_carry_what_the_model_says(opened: Open, app_store: Store, run: str) -> None:
    app = opened("layers", run=run)
    assert not app.exception
    table = app.dataframe[0].value
    model, x = app_store.load(run), app_store.examples(run).batch().x
    assert isinstance(model, Layered)
    rng = device.generator(7)
    with torch.no_grad():
        every = [model.unit_kl(x, rng) for _ in range(10)]
    for name, nats in zip(table["layer"], table["nats"], strict=True):
        known = np.mean([float(one[name].sum(1).mean()) for one in every])
        assert nats == pytest.approx(known, abs=0.05)
    used = [int(active.split()[0]) > 0 for active in table["active"]]
    assert used == ([True] * 5 if run == LADDER else [True] + [False] * 4)


def test_two_runs_have_the_same_colours(visited: Open) -> None:
    app = visited("layers", run=LADDER, beside=PLAIN)
    ends = {json.loads(chart.proto.spec)["layout"]["coloraxis"]["cmax"] for chart in app.get("plotly_chart")}
    assert len(app.get("plotly_chart")) == 2
    assert len(ends) == 1


def test_the_lower_the_layer_that_is_held_the_less_is_left_to_draw(app_store: Store) -> None:
    rows = measured.decided(subject(app_store, LADDER), 0, 30)
    assert [row.layer for row in rows] == ["z5", "z4", "z3", "z2", "z1"]
    assert rows[-1].std[0] == 0
    assert rows[1].std[0] > rows[2].std[0] > rows[3].std[0] > 0


def test_a_lower_layer_says_more_of_the_class(app_store: Store) -> None:
    read = [one.read.value for one in layer_maps(subject(app_store, LADDER)) if one.read is not None]
    assert len(read) == 5
    assert read == sorted(read, reverse=True)
    assert read[0] > 0.6


def test_each_tab_opens(visited: Open) -> None:
    for detail in ("Maps of the layers", "Side by side"):
        assert not visited("layers", detail=detail).exception
    rows = visited("layers", detail="Side by side").dataframe[1].value
    bounds = dict(zip(rows["run"], rows["bound of 200 draws"], strict=True))
    assert max(bounds, key=lambda name: bounds[name]).endswith("ladder VAE")
    assert [numbers_in(used)[0] for used in rows["layers used"]].count(1) == 1


def test_classes_are_named_at_their_middle() -> None:
    xy = np.array([[0, 0], [1, 0], [5, 5], [5, 7]], np.float32)
    found = layer_map(xy, np.array([0, 0, 1, 1]), ("a", "b"), LIGHT)
    assert [(one.x, one.y) for one in found.layout.annotations] == [(0.5, 0), (5, 6)]


@pytest.mark.parametrize(("run", "layer"), [(LADDER, "z1"), (LADDER, "z3"), (PLAIN, "z3")])
def test_a_layer_that_is_traversed_carries_as_much_as_here(app_store: Store, run: str, layer: str) -> None:
    whole = subject(app_store, run)
    known = next(one for one in measured.usage(whole) if one.name == layer)
    found = cached.dimensions(LatentOf(whole, layer))
    np.testing.assert_allclose(found.carries, np.maximum(known.units, 0), atol=0.02)
    assert found.active.any() == known.is_used


def test_analogies_move_along_a_layer(opened: Open, app_store: Store) -> None:
    app = opened("analogies", run=LADDER, latent="z3")
    assert not app.exception
    assert app.query_params["latent"] == "z3"
    of_layer = LatentOf(subject(app_store, LADDER), "z3")
    found = attribute_vectors.attribute(of_layer, ("8",), ("3",), "mean")
    codes, y = cached.standard_codes(of_layer).numpy(), cached.examples(of_layer).y.numpy()
    assert not isinstance(found, str)
    difference = codes[y == 8].mean(0) - codes[y == 3].mean(0)
    np.testing.assert_allclose(found.gap * found.direction, difference, atol=1e-4)


def test_the_long_training_stands_next_to_what_was_reported(opened: Open) -> None:
    app = opened("layers", run="mnist-five-layers-lvae", detail="Side by side")
    assert not app.exception
    (table,) = [one.value for one in app.dataframe if "test images" in one.value]
    (score,) = long_training.TABLE.read()
    bound, tight = (numbers_in(table[name][0]) for name in ("ELBO, nats", "bound of 5,000 draws"))
    assert [*bound, *tight] == pytest.approx(
        [score.bound, score.bound_error, score.weighted, score.weighted_error], abs=0.006
    )
    assert numbers_in(table["reported"][0]) == [-85.23, -82.12]
