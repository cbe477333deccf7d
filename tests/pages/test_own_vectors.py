"""Own vectors on the map: the user's numbers, a metric, the user's names; against NumPy, SciPy and pandas."""

from __future__ import annotations

import base64
import io
import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from streamlit.testing.v1 import AppTest

from latentlab.analysis.latent.pca import pca
from latentlab.analysis.maps.colourings import Numbers
from latentlab.analysis.neighbours import METRICS
from latentlab.data import Library, load
from latentlab.runs.store import Store
from pages.clusters.exports import csv_of, npz_of, parquet_of
from pages.clusters.layout import METHODS as LAYOUTS
from pages.components.scatter import FULL, pack
from pages.shared.spaces import Source, Space, load_space
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, drawn, keys_of, shows, titled
from tests.pages.test_clusters import drawn_labels, pick, places, sent, unpacked
from tests.pages.test_every_page import folded

N, D = 80, 5
SCALES = np.array([1e-3, 1.0, 50.0, 2e4, 3.0])  # of the five numbers: scaled to [0, 1] others are near


@pytest.fixture
def table(tmp_path: Path) -> pd.DataFrame:
    """A file of a user: an id, a title, five measurements, a class, words, a number, and a column of a name of ours."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, D)) * SCALES + SCALES
    made = pd.DataFrame(
        {
            "uuid": [f"u-{k:03d}" for k in rng.permutation(N)],
            "title": [f"=Record, {k}" for k in range(N)],
            **{f"m{k}": x[:, k].astype(np.float32) for k in range(D)},
            "label": [("otter", "heron", "newt")[k % 3] for k in range(N)],
            "class": [f"kind {k % 70}" for k in range(N)],
        }
    )
    made.to_csv(tmp_path / "records.csv", index=False)
    return made


def test_of_very_many_vectors_the_first_have_their_numbers_under_the_pointer(
    opened: Open, name: str, table: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.shared.sprites.MOST_NUMBERS", 7 * D + 2)
    app = opened("clusters", run=f"data:{name}")
    head, content = sent(app, "latentlab.sprites")
    assert head["n"] == 7
    assert head["names"] == table["title"][order_of(name)[:7]].tolist()
    x = load_space(Source(name, n=N)).data.x.numpy()
    np.testing.assert_array_equal(np.frombuffer(content, "<f4").reshape(7, D), x[:7])


def test_a_map_of_some_examples_says_of_how_many(opened: Open, name: str) -> None:
    def said(**query: str) -> bool:
        popovers = opened("clusters", run=f"data:{name}", **query).get("popover")
        return any(numbers_in(one.proto.popover.label)[:2] == [8, N] for one in popovers)

    assert said(examples="8")
    assert not said()


@pytest.fixture
def name(app_store: Store, table: pd.DataFrame, tmp_path: Path) -> str:
    """The name of that file in the library."""
    assert app_store
    assert len(table) == N
    return Library.default().add(tmp_path / "records.csv")


def own(table: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray(table[[f"m{k}" for k in range(D)]], np.float64)


def order_of(name: str) -> NDArray[np.int64]:
    """The rows of the file in the order of the map."""
    rows = Library.default().open(name).rows
    return np.concatenate([rows.test, rows.train, rows.valid])


def near(far: NDArray[np.float64], k: int = 8) -> NDArray[np.int64]:
    return far.argsort()[1 : k + 1]


def distances(x: NDArray[np.float64], row: int, metric: str) -> NDArray[np.float64]:
    if metric == "standardised":
        return np.asarray(cdist(x[[row]], x, "seuclidean", V=x.var(0))[0])
    return np.asarray(cdist(x[[row]], x, metric)[0])


@pytest.mark.parametrize("metric", [*METRICS, "standardised"])
def test_neighbours_are_those_among_the_rows_of_the_file(
    opened: Open, name: str, table: pd.DataFrame, metric: str
) -> None:
    app = pick(opened("clusters", run=f"data:{name}", metric=metric), clicked={"id": 4, "place": None})
    assert not app.exception
    row = order_of(name)[4]
    far = distances(own(table), row, metric)
    shown = app.dataframe[0].value
    assert shown["row"].tolist() == near(far).tolist()
    np.testing.assert_allclose(shown["distance"], np.sort(far)[1:9], rtol=1e-4, atol=1e-7)
    chosen = table.loc[near(far)]
    for column in ("uuid", "title", "m0", "m3"):
        assert shown[column].tolist() == chosen[column].tolist()
    assert shown["class"].tolist() == chosen["label"].tolist()
    assert shown["class (2)"].tolist() == chosen["class"].tolist()  # the user's own of that name
    assert shown.columns.is_unique


def test_models_take_scaled_numbers_and_maps_show_those_of_the_file(
    opened: Open, name: str, table: pd.DataFrame
) -> None:
    x = own(table)[order_of(name)]
    head, body = sent(opened("clusters", run=f"data:{name}", metric="euclidean"))
    np.testing.assert_allclose(places(head, body), pca(x, 2).project(x), atol=2 * head["span"] / FULL)
    assert float(load(name).train.x.max()) == 1


@pytest.mark.parametrize("metric", ["cosine", "correlation"])
def test_the_components_are_those_of_what_the_metric_compares(
    opened: Open, name: str, table: pd.DataFrame, metric: str
) -> None:
    x = own(table)[order_of(name)]
    x = x - x.mean(1, keepdims=True) if metric == "correlation" else x
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    app = opened("clusters", run=f"data:{name}", metric=metric)
    head, body = sent(app)
    np.testing.assert_allclose(places(head, body), pca(x, 2).project(x), atol=2 * head["span"] / FULL)
    assert app.query_params["metric"] == metric


@pytest.mark.parametrize("method", ["UMAP", "t-SNE"])
def test_the_map_is_laid_out_in_the_metric_of_the_neighbours(
    opened: Open, name: str, method: str, helper: dict[str, Future[Any]]
) -> None:
    app = opened("clusters", run=f"data:{name}", method=method, metric="cosine")
    assert not app.exception
    (request,) = (key for key in helper if key.startswith(LAYOUTS[method]))
    assert "('metric', 'cosine')" in request
    assert not [key for key in keys_of(app, "selectbox") if str(key).endswith("-metric")]  # it is chosen once


def test_a_table_in_which_one_column_hides_the_others_is_compared_standardised(
    opened: Open, name: str, table: pd.DataFrame
) -> None:
    app = opened("clusters", run=f"data:{name}", detail="Classes")
    assert "metric" not in app.query_params
    x = own(table)[order_of(name)]
    head, body = sent(app)
    scores = pca((x - x.mean(0)) / x.std(0), 2).project((x - x.mean(0)) / x.std(0))
    np.testing.assert_allclose(places(head, body), scores, atol=1e-3)
    assert shows(app, "m3", "%")
    verdict = f"{variance(x).max():.1%}"
    assert not any(mentions(one.value, verdict) for one in app.markdown)
    y, z = table["label"].to_numpy()[order_of(name)], x / x.std(0)
    for label in np.unique(y):  # the most typical of each class, by the name that the user gave it
        far = np.linalg.norm(z - z[y == label].mean(0), axis=1) + np.where(y == label, 0, np.inf)
        typical = table["uuid"][order_of(name)[far.argmin()]]
        assert any(mentions(title, typical) for title in titled(app))
    app.button(key="as-given").click().run()  # the way back
    assert app.query_params["metric"] == "euclidean"
    head, body = sent(app)
    np.testing.assert_allclose(places(head, body), pca(x, 2).project(x), atol=2 * head["span"] / FULL)
    assert any(mentions(one.value, "m3", verdict) for one in app.markdown)
    app.button(key="standardise").click().run()
    assert "metric" not in app.query_params
    app.selectbox(key="picked").set_value("digits-vae").run()  # whose codes are compared as they are
    assert app.session_state["metric"] == "euclidean"


def variance(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The share of each number."""
    return np.asarray(x.var(0) / x.var(0).sum())


def test_arithmetic_with_a_table_is_compared_as_its_map_is(opened: Open, name: str, table: pd.DataFrame) -> None:
    x = own(table)[order_of(name)]
    a, b, c = 5, 17, 30
    chosen = {f"example-{letter}-{name}": str(k) for letter, k in zip("abc", (a, b, c), strict=True)}
    z = x / x.std(0)
    far = np.linalg.norm(z - (z[a] - z[b] + z[c]), axis=1)
    nearest = np.delete(far, [a, b, c]).min()
    assert shows(opened("analogies", run=f"data:{name}", **chosen), f"{nearest:.2f}")


def test_vectors_of_which_one_number_hides_the_others_have_it_in_the_verdict(
    opened: Open, table: pd.DataFrame, app_store: Store, tmp_path: Path
) -> None:
    assert app_store
    np.savez(tmp_path / "embedded.npz", x=own(table).astype(np.float32), y=np.arange(N) % 3)
    app = opened("clusters", run=f"data:{Library.default().add(tmp_path / 'embedded.npz')}", detail="Classes")
    assert app.session_state["metric"] == "euclidean"
    assert any(mentions(one.value, f"{variance(own(table)).max():.1%}") for one in app.markdown)
    head, content = sent(app, "latentlab.sprites")  # no bars of numbers without names
    assert "drawn" not in head
    assert len(head["names"]) == N
    assert not content
    assert not drawn(pick(app, clicked={"id": 3, "place": None}))


def test_an_example_to_combine_is_found_by_the_users_words(opened: Open, name: str, table: pd.DataFrame) -> None:
    app = opened("analogies", run=f"data:{name}")
    app.text_input(key=f"example-a-{name}-words").set_value(table["uuid"][37].upper()).run()
    listed = app.dataframe[0].value
    assert listed["uuid"].tolist() == [table["uuid"][37]]
    assert listed["row"].tolist() == [37]
    place = order_of(name).tolist().index(37)
    chosen = opened("analogies", run=f"data:{name}", **{f"example-a-{name}": str(place)})
    assert shows(chosen, table["uuid"][37])


@pytest.fixture
def laid(name: str) -> tuple[Space, NDArray[np.float32]]:
    """The file's examples, and places for them."""
    space = load_space(Source(name, n=N, metric="cosine"))
    return space, np.random.default_rng(5).normal(size=(N, 2)).astype(np.float32)


@pytest.mark.parametrize("n", [N, 30])
def test_a_parquet_file_has_the_rows_of_the_user_and_their_neighbours(
    laid: tuple[Space, NDArray[np.float32]], table: pd.DataFrame, n: int
) -> None:
    space, xy = laid
    ids = np.random.default_rng(6).permutation(N)[:n]
    found = pd.read_parquet(io.BytesIO(parquet_of(space, xy, ids)))
    assert found.columns.is_unique
    rows = order_of(space.of.dataset)[ids]
    assert found["row"].tolist() == rows.tolist()
    expected = table.loc[rows].reset_index(drop=True)
    for column in ("uuid", "title", *(f"m{k}" for k in range(D))):
        assert found[column].tolist() == expected[column].tolist()
    assert found["class"].tolist() == expected["label"].tolist()
    assert found["class (2)"].tolist() == expected["class"].tolist()
    np.testing.assert_array_equal(found[["x", "y"]], xy[ids])
    far = cdist(own(expected), own(table), "cosine")
    for k, one in enumerate(zip(found["neighbour_ids"], found["neighbour_distances"], strict=True)):  # among all rows
        assert one[0].tolist() == table["uuid"][near(far[k], 15)].tolist()
        np.testing.assert_allclose(one[1], np.sort(far[k])[1:16], atol=1e-6)
    assert ("neighbors" in found) == (n == N)  # a viewer looks for them in the file
    for k, one in enumerate(found["neighbors"] if n == N else ()):
        assert found["uuid"][one["ids"]].tolist() == table["uuid"][near(far[k], 15)].tolist()
        np.testing.assert_allclose(one["distances"], np.sort(far[k])[1:16], atol=1e-6)
    codes, places = own(table)[order_of(space.of.dataset)], xy.astype(np.float64)
    kept = [
        len({*near(row, 15)} & {*near(other, 15)}) / 15
        for row, other in zip(cdist(codes, codes, "cosine"), cdist(places, places), strict=True)
    ]
    np.testing.assert_allclose(found["faithfulness"], np.array(kept)[ids], atol=1e-6)


def test_a_csv_file_is_read_back_equal_but_for_formulas(
    laid: tuple[Space, NDArray[np.float32]], table: pd.DataFrame
) -> None:
    space, xy = laid
    found = pd.read_csv(io.StringIO(csv_of(space, xy, np.arange(N))), dtype={"x": np.float32, "y": np.float32})
    expected = table.loc[order_of(space.of.dataset)]
    assert found.columns.is_unique
    assert found["title"].tolist() == ["'" + title for title in expected["title"]]
    for column in ("uuid", "m0", "m3"):
        assert found[column].astype(expected[column].dtype).tolist() == expected[column].tolist()
    np.testing.assert_array_equal(found[["x", "y"]], xy)


def test_arrays_are_read_back_equal_and_without_pickle(
    laid: tuple[Space, NDArray[np.float32]], table: pd.DataFrame
) -> None:
    space, xy = laid
    found = np.load(io.BytesIO(npz_of(space, xy, np.arange(N))), allow_pickle=False)
    expected = table.loc[order_of(space.of.dataset)]
    np.testing.assert_array_equal(found["x"], own(expected).astype(np.float32))
    np.testing.assert_array_equal(found["xy"], xy)
    for column in ("uuid", "title"):
        assert found[column].tolist() == expected[column].tolist()
    assert found["row"].tolist() == expected.index.tolist()
    assert [found["classes"][k] for k in found["y"]] == expected["label"].tolist()


def test_damaged_data_are_a_sentence_on_the_page(opened: Open, name: str) -> None:
    (Library.default().root / name / "arrays.safetensors").write_bytes(b"")
    app = opened("clusters", run=f"data:{name}")
    assert not app.exception
    assert mentions(app.error[0].value, name)
    assert not [node for node in folded(app.main) if node.type == "error"]


def levels(head: dict[str, Any], body: bytes) -> NDArray[np.uint8]:
    """The level of the colour of each point; 0 is none."""
    return np.frombuffer(body[6 * head["n"] :], np.uint8, head["n"])


def test_any_column_colours_the_points(opened: Open, name: str, table: pd.DataFrame) -> None:
    rows = order_of(name)
    head, body = sent(opened("clusters", run=f"data:{name}", colour="column: class"))  # of 70 words
    assert [head["classes"][k] for k in drawn_labels(head, body)] == table["class"][rows].tolist()
    head, body = sent(opened("clusters", run=f"data:{name}", colour="number: m3"))
    values = table["m3"].to_numpy(np.float64)[rows]
    low, high = np.percentile(values, [1, 99])
    assert (head["scale"]["low"], head["scale"]["high"]) == pytest.approx((low, high))
    share = ((values - low) / (high - low)).clip(0, 1)
    np.testing.assert_allclose(levels(head, body), 1 + 254 * share, atol=1)


def test_a_point_without_a_number_has_no_level() -> None:
    values = np.array([1.0, np.nan, 3.0, 2.0])
    xy, y = np.zeros((4, 2)), np.zeros(4, np.int64)
    packed = pack("a", xy, y, ("a",), ("#000000",), Numbers("height", values)).content
    length = 4 + int.from_bytes(packed[:4], "little")
    head = json.loads(packed[4:length])
    found = levels(head, packed[length:])
    assert found[1] == 0
    assert found[0] == 1 < found[3] < found[2] == 255
    assert head["scale"]["low"] == pytest.approx(1.02)


def picked(app: AppTest) -> tuple[dict[str, Any], list[int]]:
    """What the page picks on the map: how, and which points."""
    head, body = sent(app, "latentlab.pick")
    return head, np.frombuffer(body, "<u4").tolist()


def test_words_are_found_in_any_column_and_selected(opened: Open, name: str, table: pd.DataFrame) -> None:
    app = opened("clusters", run=f"data:{name}", find="heron kind")
    assert not app.exception
    rows = table.loc[order_of(name)].reset_index(drop=True)
    head, ids = picked(app)
    assert ids == rows.index[(rows["label"] == "heron") & rows["class"].str.contains("kind")].tolist()
    assert head["selects"]
    assert head["points"] == sent(app)[0]["points"]
    assert shows(app, len(ids), N)
    by_id = picked(opened("clusters", run=f"data:{name}", find=table["uuid"][12]))
    assert by_id[1] == [order_of(name).tolist().index(12)]


def test_the_example_that_is_called_so_is_listed_first_and_a_chosen_row_is_clicked(
    opened: Open, name: str, table: pd.DataFrame
) -> None:
    app = opened("clusters", run=f"data:{name}", find="=record, 7")
    found = picked(app)[1]
    assert len(found) > 5
    ids = base64.b64encode(np.sort(found).astype("<u4").tobytes()).decode()
    app = pick(app, selected=ids)
    listed = app.dataframe[0].value
    assert listed["title"][0] == table["title"][7]
    app.session_state[str(app.dataframe[0].key)] = {"selection": {"rows": [2]}}
    picks = [unpacked(one) for one in app.run().get("bidi_component") if one.proto.component_name == "latentlab.pick"]
    clicked = [np.frombuffer(body, "<u4").tolist() for head, body in picks if not head["selects"]]
    assert clicked == [[table.loc[order_of(name), "uuid"].tolist().index(listed["uuid"][2])]]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_least_typical_are_listed_by_the_names_of_the_user(
    opened: Open, name: str, table: pd.DataFrame, metric: str
) -> None:
    app = opened("clusters", run=f"data:{name}", outliers="true", metric=metric)
    assert not app.exception
    far = np.sort(cdist(own(table), own(table), metric), 1)[:, 1:16].mean(1)
    listed = app.dataframe[-1].value
    expected = far.argsort()[::-1][:20]
    assert listed["row"].tolist() == expected.tolist()
    assert listed["uuid"].tolist() == table["uuid"][expected].tolist()
    np.testing.assert_allclose(listed["mean distance"], far[expected], rtol=1e-4)
