"""A row of the user's table is drawn by names and in the user's units on every page, and is so in every file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import streamlit as st
import torch

from latentlab.data import Dataset, Kind, Library, Splits
from latentlab.data.files.read import Opened
from latentlab.data.files.splitting import Rows
from latentlab.figures.theme import Theme
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.models import Conditional, Decodes
from latentlab.runs.store import Store
from latentlab.subjects import DataOnly, Subject, find
from pages.components.brush import pack
from pages.shared.masks import given
from pages.shared.spaces import CODE, INPUT, Source, load_space
from tests.pages.conftest import Open, drawn, of_images, shows, titled
from tests.pages.test_clusters import pick

pytestmark = pytest.mark.training

NAMES = ("weight (kg)", "<b>height</b> (m)", "=salary", "year")
N = 240
RNG = np.random.default_rng(0)
TABLE = np.round(RNG.normal([700, 175, 3e4, 2001], [90, 10, 9e3, 5], (N, 4))) / [10, 100, 1, 1]
KINDS = [f"<i>{'uvw'[k % 3]}</i>" for k in range(N)]


@pytest.fixture
def name(app_store: Store, tmp_path: Path) -> str:  # noqa: ARG001 it sets the library's folder
    """The table, saved."""
    rows = [[*(f"{v:.10g}" for v in row), kind] for row, kind in zip(TABLE, KINDS, strict=True)]
    with (tmp_path / "people.csv").open("w", newline="") as file:
        csv.writer(file).writerows([[*NAMES, "class"], *rows])
    return Library.default().add(tmp_path / "people.csv")


@pytest.fixture
def trained(app_store: Store, name: str) -> Callable[[str], Subject]:
    """A run of a model on it, after an epoch."""

    def train(model: str) -> Subject:
        job_id = queue.submit(
            app_store, model, name, {"hidden": 8} | ({"z_dim": 2} if "vae" in model else {}), {"epochs": 1}
        )
        list(perform(app_store, job_id))
        return find(job_id)

    return train


def numbers(said: str) -> list[float]:
    """Those of a row, after checking that each stands behind its name."""
    found = []
    for column in NAMES:
        assert column in said
        text = said.split(f"{column} ")[1].split(", ")[0]
        found.append(np.nan if text == "–" else float(text.replace(",", "")))
    return found


def own(x: torch.Tensor, name: str) -> np.ndarray:
    """(N, D) as models see them, in the user's units."""
    scale = Library.default().scale(name)
    assert scale is not None
    return scale.back(x).numpy()


def decoded(run: Subject, z: list[list[float]]) -> np.ndarray:
    """(N, D) what a run's model makes of codes, in the user's units."""
    model = run.model()
    assert isinstance(model, Decodes)
    with torch.no_grad():
        return own(model.decode(torch.tensor(z)), run.dataset)


def close(found: list[float], wanted: np.ndarray) -> bool:
    """To the digits that a picture has: three of the range of each column."""
    return bool((np.abs(np.array(found) - wanted) <= 0.006 * np.ptp(TABLE, 0)).all())


def test_the_place_of_a_traversal_is_in_the_users_units(opened: Open, trained: Callable[[str], Subject]) -> None:
    run = trained("vae")
    app = opened("traversal", run=run.id, live="false", z="1,-1")
    assert not app.exception, app.exception
    wanted = decoded(run, [[1.0, -1.0]])[0]
    assert close(numbers(drawn(app)[0]), wanted)


def test_the_first_look_at_a_table_is_in_the_users_units(opened: Open, name: str) -> None:
    app = opened("analogies", run=f"data:{name}")
    space = load_space(Source(name, None, INPUT, N))
    named = {space.examples.name(i): i for i in range(N)}
    assert titled(app)
    for title, one in zip(titled(app), _examples(drawn(app)), strict=True):
        row, kind = title.split(", ")
        assert close(numbers(one), own(space.data.x[named[row]][None], name)[0])
        assert kind in KINDS


def _examples(said: list[str]) -> list[str]:
    """Without the drawing of the names."""
    return [one for one in said if one != ", ".join(NAMES)]


SHOWN = [
    ("vae", "train", {}), ("vae", "traversal", {"live": "false", "detail": "Diagnosis", "question": "Is it a copy?"}),
    ("vae", "clusters", {"detail": "Classes"}), ("vae", "analogies", {"asked": "A − B + C"}), ("vae", "sampling", {}),
    ("vae", "probes", {}), ("dae", "train", {}), ("gsn", "gsn", {"from": "one example"}), ("gsn", "train", {}),
    ("dae", "score_field", {}), ("m2", "few_labels", {}),
    ("vae", "traversal", {"detail": "Paths", "live": "false"}),
    ("vae", "sampling", {"target": "posterior of an image"}),
]  # fmt: skip


@pytest.mark.parametrize(("model", "page", "view"), SHOWN)
def test_each_page_shows_a_row_with_its_names(
    opened: Open, trained: Callable[[str], Subject], model: str, page: str, view: dict[str, str]
) -> None:
    app = opened(page, run=trained(model).id, **view)
    assert not app.exception, app.exception
    said = _examples(drawn(app))
    assert said
    assert all(len(numbers(one)) == len(NAMES) for one in said)
    assert page == "train" or not of_images(app)  # whose form offers other data as well


@pytest.mark.parametrize(
    ("model", "page", "view"),
    [("vae", "traversal", {}), ("vae", "traversal", {"detail": "Paths"}), ("vae", "traversal", {"sheet": "Manifold"}),
     ("cvae", "analogies", {}), ("cvae", "analogies", {"detail": "Style plane"})],
)  # fmt: skip
def test_a_sheet_of_many_rows_says_which_columns_it_has(
    opened: Open, trained: Callable[[str], Subject], model: str, page: str, view: dict[str, str]
) -> None:
    app = opened(page, run=trained(model).id, **view)
    assert not app.exception, app.exception
    assert shows(app, *NAMES)
    assert not of_images(app)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_first_page_has_drawings_of_rows_in_the_colours_of_the_theme(
    opened: Open, trained: Callable[[str], Subject], monkeypatch: pytest.MonkeyPatch, theme: str
) -> None:
    pictures: list[object] = []
    original = st.image

    def image(content: Any, **how: Any) -> None:
        pictures.append(content)
        original(content, **how)

    monkeypatch.setattr(st, "image", image)
    run = trained("vae")
    app = opened("home", theme, run=run.id)
    assert not app.exception, app.exception
    rows = [one for one in pictures if isinstance(one, str)]
    assert len(rows) >= 4
    assert all(Theme.saved(theme).accent in one for one in rows)


@pytest.mark.parametrize("layer", [CODE, INPUT])
def test_a_selection_is_exported_as_the_user_had_it(trained: Callable[[str], Subject], layer: str) -> None:
    from pages.clusters.exports import csv_of, npz_of

    run = trained("vae")
    space = load_space(Source(run.dataset, run, layer, N))
    rows = Library.default().open(run.dataset).rows
    order = np.concatenate([rows.test, rows.train, rows.valid])  # of the examples, in the file
    ids = np.array([5, 0, 41])
    head, *lines = csv.reader(io.StringIO(csv_of(space, space.z[:, :2], ids)))
    at = [head.index(column if column != "=salary" else "'=salary") for column in NAMES]
    assert [[float(line[k]) for k in at] for line in lines] == TABLE[order[ids]].tolist()
    assert [line[head.index("class")] for line in lines] == [KINDS[k] for k in order[ids]]
    assert len(head) == len(set(head))
    kept = np.load(io.BytesIO(npz_of(space, space.z[:, :2], ids)))
    np.testing.assert_allclose(kept["x"], TABLE[order[ids]], rtol=1e-6)


def test_a_path_is_exported_in_the_users_units(trained: Callable[[str], Subject]) -> None:
    from pages.shared.example_view import columns_of
    from pages.traversal import paths

    run = trained("vae")
    found = paths._paths(run, (-1.0, 0.0), (1.0, 0.5))
    columns = columns_of(run)
    assert columns is not None
    head, *lines = csv.reader(io.StringIO(paths._csv(columns, found)))
    assert head[3:] == [column.replace("=", "'=") for column in NAMES]
    assert len(lines) == sum(len(path.examples) for path in found)
    ends = decoded(run, [[-1.0, 0.0], [1.0, 0.5]])
    numbers_of = [[float(cell) for cell in line[3:]] for line in (lines[0], lines[len(found[0].examples) - 1])]
    np.testing.assert_allclose(numbers_of, ends, atol=1e-5 * np.ptp(TABLE, 0).max(), rtol=1e-5)


def test_an_analogy_is_exported_in_the_users_units(opened: Open, trained: Callable[[str], Subject]) -> None:
    from pages.analogies import rows, sheet

    run = trained("cvae")
    assert not opened("analogies", run=run.id).exception
    chosen = rows.Rows(((0.5, -0.5), (0.0, 1.0)), ("one", "two"))
    head, *lines = csv.reader(io.StringIO(sheet._csv(run, chosen)))
    found = [[float(cell) for cell in line[-4:]] for line in lines]
    z = torch.tensor(chosen.codes).repeat_interleave(3, 0)
    model = run.model()
    assert isinstance(model, Conditional)
    with torch.no_grad():
        wanted = own(model.decode(z, torch.arange(3).repeat(2)), run.dataset)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert head[-4:] == [column.replace("=", "'=") for column in NAMES]


def test_quantiles_are_of_all_data_and_units_the_users_once_those_are_gone(
    name: str, trained: Callable[[str], Subject], opened: Open, app_store: Store
) -> None:
    from pages.shared.example_view import columns_of

    def are_of_the_table(subject: Subject) -> bool:
        columns = columns_of(subject)
        assert columns is not None
        assert columns.names == NAMES
        found = columns.back(columns.quantiles)
        return np.allclose(found[[0, 3, 6]], np.quantile(TABLE, [0, 0.5, 1], axis=0), rtol=1e-6)

    run = trained("vae")
    assert are_of_the_table(run)
    assert are_of_the_table(DataOnly(name))
    wanted = decoded(run, [[1.0, -1.0]])[0]
    test_rows = TABLE[Library.default().open(name).rows.test]
    Library.default().remove(name)
    st.cache_resource.clear()
    assert are_of_the_table(run)
    app = opened("traversal", run=run.id, live="false", z="1,-1")
    assert close(numbers(drawn(app)[0]), wanted)
    np.testing.assert_allclose(load_space(Source(name, run, CODE, 0)).examples.own, test_rows, rtol=1e-5)
    app = opened("clusters", run=run.id)
    said = len(app.caption)
    pick(app, clicked={"id": 4, "place": None})
    shown = app.dataframe[0].value
    np.testing.assert_allclose(shown[list(NAMES)], test_rows[shown["example"]], rtol=1e-5)
    (path,) = app_store.root.glob("examples-*")  # as before units were saved
    saved = safetensors.torch.load_file(path)
    safetensors.torch.save_file({key: saved[key] for key in "xy"}, path)
    st.cache_resource.clear()
    assert len(opened("clusters", run=run.id).caption) == said + 1


@pytest.mark.parametrize(("model", "page", "chosen"), [("vae", "sampling", "hidden"), ("gsn", "gsn", "missing")])
def test_columns_are_hidden_by_name(
    opened: Open, trained: Callable[[str], Subject], monkeypatch: pytest.MonkeyPatch, model: str, page: str, chosen: str
) -> None:
    masks: list[np.ndarray] = []
    original = given
    used = "pages.sampling.experiment" if page == "sampling" else "pages.gsn.chains"

    def noted(shape: tuple[int, ...], mask: str | None) -> torch.Tensor:
        masks.append(original(shape, mask).numpy())
        return original(shape, mask)

    monkeypatch.setattr(f"{used}.given", noted)
    run = trained(model)
    app = opened(page, run=run.id, **{chosen: "columns", "from": "one example"})
    control = app.multiselect(key=f"hidden-{run.id}")
    assert tuple(control.options) == NAMES
    assert masks[-1].tolist() == [True, True, False, False]
    control.set_value([NAMES[1]]).run()
    assert not app.exception, app.exception
    assert masks[-1].tolist() == [True, False, True, True]


SERIES = [
    ("train", {}), ("traversal", {"live": "false"}), ("sampling", {}), ("probes", {}),
    ("clusters", {"detail": "Classes"}),
    ("home", {}), ("analogies", {"asked": "A − B + C"}),
]  # fmt: skip


def test_a_series_is_shown_as_curves_with_their_names(opened: Open, app_store: Store) -> None:
    times, y = np.linspace(0, 6, 12), torch.arange(N) % 2
    x = np.stack([np.sin(times + RNG.random((N, 1))), 20 + RNG.random((N, 1)) * times], 2).astype(np.float32)
    data = Dataset("waves", torch.from_numpy(x), y, ("u", "v"), Kind.SEQUENCE, ("lead I (mV)", "<i>t</i> (C)"))
    parts = [slice(0, 160), slice(160, 200), slice(200, N)]
    splits, rows = Splits(*(data[part] for part in parts)), Rows(*(np.arange(N)[part] for part in parts))
    name = Library.default().save(Opened(splits, rows, (), {}, data.names), "waves.npz")
    job_id = queue.submit(app_store, "vae", name, {"hidden": 8, "z_dim": 2}, {"epochs": 1})
    list(perform(app_store, job_id))
    for page, view in [*SERIES, ("clusters", {"run": f"data:{name}"})]:
        app = opened(page, **{"run": job_id} | view)
        assert not app.exception, (page, app.exception)
        assert page in ("train", "home") or not of_images(app), page  # which offer other data as well
        for said in drawn(app):
            assert all(column in said for column in data.names)
    app = opened("sampling", run=job_id)
    assert app.slider(key=f"hidden-{job_id}").value == (7, 12)
    shown = given(data.shape, pack(np.arange(12)[:, None].repeat(2, 1) >= 6)).numpy()
    assert shown.tolist() == [[t < 6] * 2 for t in range(12)]
    low, high = (
        float(part) for part in drawn(opened("traversal", run=job_id, live="false"))[0].split(", ")[0].split()[3::2]
    )
    decoded_place = decoded(find(job_id), [[0.0, 0.0]])[0, :, 0]
    assert (low, high) == pytest.approx((decoded_place.min(), decoded_place.max()), abs=0.006)
