"""The page Adversarial training: what it draws is what the model gives, and V is held against what it hides."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import scipy.stats
import torch

from latentlab import device
from latentlab.analysis.latent.paths import Kind
from latentlab.experiments.adversarial.presets import GAMES, PRESETS, TABLE
from latentlab.models import Discriminates
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun
from pages.adversarial.category import categories_read
from pages.adversarial.images import between
from pages.adversarial.measured import arrows, category, in_the_plane, line, samples_of, value
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open
from tests.pages.test_probes import unpacked

KINDS: tuple[Kind, ...] = ("linear", "spherical")
LINE, RING, PLAIN = "gaussian-gan", "ring-infogan", "moons-gan"


def traces(app: Any, k: int = 0) -> dict[str, Any]:
    """The named traces of a figure."""
    spec = json.loads(app.get("plotly_chart")[k].proto.spec)
    return {trace["name"]: trace for trace in spec["data"] if trace.get("name")}


def test_on_a_line_both_densities_and_both_discriminators_are_drawn(opened: Open, app_store: Store) -> None:
    app = opened("adversarial")
    assert not app.exception
    drawn = traces(app)
    x = unpacked(drawn["data"]["x"])
    np.testing.assert_allclose(unpacked(drawn["data"]["y"]), scipy.stats.norm.pdf(x, 1, 0.5), atol=0.01)
    model = app_store.load(LINE)
    assert isinstance(model, Discriminates)
    with torch.no_grad():
        d = model.logits(torch.from_numpy(x.copy()).float()[:, None]).sigmoid().numpy()
    np.testing.assert_allclose(unpacked(drawn["D(x)"]["y"]), d, atol=1e-5)
    p, q = unpacked(drawn["data"]["y"]), unpacked(drawn["samples"]["y"])
    best = unpacked(drawn["D*(x), the best"]["y"])
    np.testing.assert_allclose(best[p > 0.05], (p / (p + q))[p > 0.05], atol=1e-4)


def test_a_snapshot_shows_a_narrow_generator_whose_value_is_near_its_end(opened: Open, app_store: Store) -> None:
    app = opened("adversarial", **{"game-snapshot": "1"})
    assert not app.exception
    said = app.info[0].value
    found = line(StoredRun(app_store.read(LINE), app_store), 1)
    assert found.value == pytest.approx(-math.log(4), abs=0.05)
    assert found.std_samples < 0.5 * found.std
    assert "Not converged" in said
    assert round(100 * found.std_samples / found.std) in numbers_in(said)


def test_the_run_that_ships_meets_the_numbers_of_the_source(app_store: Store) -> None:
    run = StoredRun(app_store.read(LINE), app_store)
    found = line(run, None)
    held = found.data > 0.05 * found.data.max()
    assert np.abs(found.learned - found.best)[held].mean() < 0.03
    assert found.wasserstein < 0.1
    assert found.std_samples == pytest.approx(found.std, rel=0.1)
    z, x = arrows(run, None) or (np.empty(0), np.empty(0))
    assert (np.diff(z) > 0).all()
    with torch.no_grad():
        drawn = app_store.load(LINE).sample(4_000, device.generator(3)).numpy()  # type: ignore[operator]
    assert np.quantile(drawn, [0.2, 0.8]) == pytest.approx(np.quantile(x, [0.2, 0.8]), abs=0.05)


def test_in_the_plane_each_category_has_a_mode_of_its_own(opened: Open, app_store: Store) -> None:
    app = opened("adversarial", run=RING)
    assert not app.exception
    assert {f"c = {k + 1}" for k in range(8)} <= traces(app).keys()
    assert mentions(app.info[0].value, "8", "category", "2.08")
    found = in_the_plane(StoredRun(app_store.read(RING), app_store), None)
    assert found.modes is not None
    assert found.categories is not None
    pairs = {(int(c), int(mode)) for c, mode in zip(found.categories, found.modes.nearest, strict=True)}
    assert len(pairs) == 8


def test_a_sheet_has_a_row_for_each_category_with_the_same_noise(app_store: Store) -> None:
    run = StoredRun(app_store.read(RING), app_store)
    x, categories = samples_of(run, None)
    assert categories is not None
    assert np.bincount(categories).tolist() == [10] * 8
    assert category(app_store.load(RING)) == slice(0, 8)
    assert len(x) == 80


@pytest.mark.parametrize("tab", ["Over the training", "Modes", "Category"])
def test_every_tab_of_the_plane_opens(opened: Open, tab: str) -> None:
    app = opened("adversarial", run=RING, detail=tab)
    assert not app.exception
    assert len(app.get("plotly_chart")) + len(app.dataframe) >= 2


def test_without_a_category_and_snapshots_it_opens_too(opened: Open) -> None:
    app = opened("adversarial", run=PLAIN)
    assert not app.exception
    assert mentions(app.info[0].value, "V is")


@pytest.mark.parametrize(
    ("run", "tab"),
    [
        ("digits-gan", "Over the training"),
        ("digits-gan", "Interpolation"),
        ("digits-gan", "Other families"),
        ("mnist-gan", "Other families"),
    ],
)
def test_of_images_it_shows_samples_and_what_lies_between_two(opened: Open, run: str, tab: str) -> None:
    app = opened("adversarial", run=run, detail=tab)
    assert not app.exception
    assert len(app.image) == (3 if tab == "Interpolation" else 1)
    assert mentions(app.info[0].value, "V is")


def test_the_value_of_images_is_that_of_the_snapshot(opened: Open, app_store: Store) -> None:
    run = StoredRun(app_store.read("digits-gan"), app_store)
    assert value(run, None) == pytest.approx(run.metrics["value"], abs=0.05)
    app = opened("adversarial", run="digits-gan", **{"game-snapshot": "1"})
    assert not app.exception
    assert round(value(run, 1), 2) in numbers_in(app.info[0].value)
    assert abs(value(run, 1) - value(run, None)) > 0.1


def test_a_path_has_the_ends_of_its_pair_by_both_ways(app_store: Store) -> None:
    run = StoredRun(app_store.read("digits-gan"), app_store)
    linear, spherical = (between(run, None, 1, kind) for kind in KINDS)
    assert linear is not None
    assert spherical is not None
    np.testing.assert_allclose(linear[[0, -1]], spherical[[0, -1]], atol=1e-5)
    assert np.abs(linear[5] - spherical[5]).max() > 0.01


@pytest.mark.parametrize(("m", "value"), [("0", -1.386294), ("1", -1.163451), ("2", -0.712633), ("4", -0.120854)])
def test_the_value_of_two_gaussians_is_that_of_the_source(opened: Open, m: str, value: float) -> None:
    app = opened("adversarial", detail="V at best", **{"best-mean": m})
    assert not app.exception
    (shown,) = (metric.value for metric in app.metric if metric.label.startswith("C"))
    assert float(shown) == pytest.approx(value, abs=1e-6)


@pytest.mark.parametrize(("run", "data"), [(LINE, "bumps"), (PLAIN, "gaussian-ring")])
def test_a_preset_is_captioned_by_what_was_measured(opened: Open, run: str, data: str) -> None:
    view = {"detail": "Train one here", "live-data": data, "live-preset": "mode collapse"}
    app = opened("adversarial", run=run, **view)
    assert not app.exception
    measured = [one for one in TABLE.read() if (one.dataset, one.preset) == (data, "mode collapse")]
    assert len(measured) == 3
    numbers = {one for caption in app.caption for one in numbers_in(caption.value)}
    assert {min(one.reached for one in measured), measured[0].modes} <= numbers
    assert len(app.dataframe[-1].value) == len(GAMES) * len(PRESETS)


@pytest.mark.parametrize("run", ["digits-infogan", "mnist-infogan"])
def test_of_an_infogan_of_images_the_categories_are_held_against_the_classes(
    opened: Open, app_store: Store, run: str
) -> None:
    app = opened("adversarial", run=run, detail="Category")
    assert not app.exception
    subject = StoredRun(app_store.read(run), app_store)
    use = categories_read(subject, None)
    assert use is not None
    assert use.counts.sum() == len(subject.examples())
    assert round(100 * use.matched) in numbers_in(next(one.value for one in app.markdown if "%" in one.value))
    drawn = json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]
    np.testing.assert_array_equal(unpacked(drawn["z"]), use.counts)
    codes, experiment = (frame.value for frame in app.dataframe)
    assert len(codes) == 2
    assert set(experiment["data"]) == {subject.dataset}


@pytest.mark.parametrize("page", ["traversal", "clusters", "analogies", "sampling"])
def test_an_infogan_of_images_is_looked_at_on_all_pages(opened: Open, page: str) -> None:
    app = opened(page, run="digits-infogan")
    assert not app.exception, app.exception
    assert not app.error
    assert app.selectbox(key="picked").value == "digits-infogan"


def test_of_the_control_a_sample_says_nothing_of_its_category(opened: Open, app_store: Store) -> None:
    app = opened("adversarial", run="ring-infogan-control")
    assert not app.exception
    assert app_store.read("ring-infogan-control").metrics["category information"] < 0.1
    assert round(app_store.read("ring-infogan-control").metrics["category information"], 2) in numbers_in(
        app.info[0].value
    )
