"""The map page: what it sends, and what it says of what is picked."""

import base64
import io
import json
import re
from concurrent.futures import Future
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from scipy.stats import spearmanr
from sklearn.manifold import trustworthiness
from sklearn.metrics import silhouette_score
from streamlit.testing.v1 import AppTest

from latentlab import data, device
from latentlab.analysis.activations import activations
from latentlab.analysis.latent.density import log_density
from latentlab.analysis.latent.pca import pca
from latentlab.analysis.maps.clusters import cluster, purity
from latentlab.analysis.maps.colourings import Numbers
from latentlab.analysis.maps.procrustes import procrustes
from latentlab.analysis.maps.projection import Projection
from latentlab.analysis.maps.trustworthiness import overlap
from latentlab.analysis.maps.units import WIDE
from latentlab.data import Library
from latentlab.models import InfersLatents, LogLikelihood
from latentlab.models.classifiers.cnn import CNN
from latentlab.models.vae.vae import VAE
from latentlab.runs.store import Store
from latentlab.subjects import find
from pages.components import digest
from pages.components.scatter import FULL, Click, Picked, pack
from pages.shared import cached
from pages.shared.example_view import examples
from pages.shared.spaces import Source, load_space
from tests.conftest import mentions
from tests.pages.conftest import Open, keys_of, shows, url_of, words

pytestmark = pytest.mark.usefixtures("kept_examples_only")


@pytest.fixture
def kept_examples_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where MNIST itself isn't on the machine."""
    monkeypatch.setattr(data.images, "is_local", lambda _: False)


def sent(app: AppTest, name: str = "latentlab.scatter") -> tuple[dict[str, Any], bytes]:
    (component,) = (c for c in app.get("bidi_component") if c.proto.component_name == name)
    return unpacked(component)


def scatters(app: AppTest) -> list[Any]:
    return [c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.scatter"]


def unpacked(component: Any) -> tuple[dict[str, Any], bytes]:
    content = component.proto.bytes
    length = int.from_bytes(content[:4], "little")
    return json.loads(content[4 : 4 + length]), content[4 + length :]


def pick(app: AppTest, **view: object) -> AppTest:
    app.session_state["map"] = {"clicked": None, "selected": "", **view}
    return app.run()


def places(head: dict[str, Any], body: bytes) -> NDArray[np.float64]:
    share = np.frombuffer(body, "<u2", head["dim"] * head["n"]).reshape(head["n"], -1) / FULL
    return np.asarray(share * head["span"] + head["low"], np.float64)


def drawn_labels(head: dict[str, Any], body: bytes) -> NDArray[np.uint16]:
    return np.frombuffer(body[2 * head["dim"] * head["n"] :], "<u2", head["n"])


def codes(run_id: str) -> torch.Tensor:
    model = Store.default().load(run_id)
    assert isinstance(model, VAE)
    return model.encode(Store.default().examples(run_id).batch().x)


def test_the_map_shows_the_codes_along_their_principal_components(visited: Open) -> None:
    head, body = sent(visited("clusters", run="mnist-vae-20d"))
    scores = pca(codes("mnist-vae-20d"), 2).project(codes("mnist-vae-20d"))
    np.testing.assert_allclose(places(head, body), scores, atol=head["span"] / FULL)
    np.testing.assert_array_equal(drawn_labels(head, body), Store.default().examples("mnist-vae-20d").y)


def test_the_dimensions_themselves_make_a_map_too(visited: Open) -> None:
    app = visited("clusters", method="Directions")
    head, body = sent(app)
    places = np.frombuffer(body, "<u2", 2 * head["n"]).reshape(-1, 2) / FULL * head["span"] + head["low"]
    chosen = [app.selectbox(key=f"{side} Directions mnist mnist-vae-2d code").value for side in ("Across", "Up")]
    order = [int(str(name).removeprefix("z")) - 1 for name in chosen]
    np.testing.assert_allclose(places, codes("mnist-vae-2d").numpy()[:, order], atol=head["span"] / FULL)


def test_a_number_can_colour_the_points(visited: Open) -> None:
    app = visited("clusters")
    app.selectbox(key="colour").select("kl").run()
    head, body = sent(app)
    assert head["scale"]["name"] == "kl (nats)"
    assert len(body) == 7 * head["n"]


def test_what_the_map_wants_beyond_the_first_thumbnails_is_sent(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentlab.analysis.maps.examples.MOST_PIXELS", 100 * 28 * 28)
    app = opened("clusters")
    head, _ = sent(app, "latentlab.sprites")
    assert head["n"] == 100
    nothing, _ = sent(app, "latentlab.more")
    assert nothing["ids"] == []
    ids = [321, -1, 500, "7", 123]
    app.session_state["more-sprites"] = {"wanted": {"points": head["id"], "ids": ids}}
    head, content = sent(app.run(), "latentlab.more")
    assert head["ids"] == [321, 123]
    with Image.open(io.BytesIO(content)) as image:
        sheet = np.asarray(image)
    x = Store.default().examples("mnist-vae-2d").x.numpy()
    for k, i in enumerate(head["ids"]):
        np.testing.assert_array_equal(sheet[:28, 28 * k : 28 * k + 28], x[i, 0])


def played(app: AppTest) -> dict[str, Any]:
    (component,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.player")
    found: dict[str, Any] = json.loads(component.proto.json)
    return found


def test_the_player_stands_where_the_snapshot_does(visited: Open) -> None:
    app = visited("clusters", run="digits-vae")
    trained = sent(app)[0]["layout"]
    app.select_slider(key="epoch digits-vae").set_value("0").run()
    assert (played(app)["at"], played(app)["ready"]) == (0, True)
    assert sent(app)[0]["layout"] != trained


def test_the_thumbnails_are_the_examples(visited: Open) -> None:
    head, content = sent(visited("clusters"), "latentlab.sprites")
    with Image.open(io.BytesIO(content)) as image:
        sheet = np.asarray(image)
    x = Store.default().examples("mnist-vae-2d").x.numpy()
    row, column = divmod(123, head["columns"])
    np.testing.assert_array_equal(sheet[28 * row : 28 * row + 28, 28 * column : 28 * column + 28], x[123, 0])


def test_a_clicked_point_shows_its_true_neighbours(visited: Open) -> None:
    app = pick(visited("clusters"), clicked={"id": 7, "place": None})
    z = codes("mnist-vae-2d")
    far = torch.linalg.vector_norm(z - z[7], dim=1)
    table = app.dataframe[0].value
    np.testing.assert_allclose(table["distance (σ)"], far.sort().values[1:9], rtol=1e-5)
    assert table["example"].tolist() == far.argsort()[1:9].tolist()
    head, ringed = sent(app, "latentlab.rings")
    assert head["of"] == 7
    assert np.frombuffer(ringed, "<u4").tolist() == far.argsort()[1:9].tolist()
    judge, seen = Store.default().load("mnist-cnn"), Store.default().examples("mnist-vae-2d")
    assert isinstance(judge, CNN)
    told = int(judge.classify(seen.batch(slice(7, 8)).x).argmax())
    assert re.search(rf"\*\*{seen.classes[int(seen.y[7])]}\*\*\D+{seen.classes[told]} ·", words(app))


def test_an_empty_place_is_decoded(visited: Open) -> None:
    app = visited("clusters")
    layout = sent(app)[0]["layout"]
    app = pick(app, clicked={"id": None, "place": [0.5, -0.5], "layout": layout})
    assert shows(app, "0.50", "-0.50", "exact")
    assert app.image


def test_a_selection_is_counted_and_kept(visited: Open) -> None:
    ids = base64.b64encode(np.arange(40, dtype="<u4").tobytes()).decode()
    app = pick(visited("clusters"), selected=ids)
    y = Store.default().examples("mnist-vae-2d").y[:40].bincount()
    assert f"{int(y.argmax())}: {int(y.max())}" in words(app)


@pytest.mark.parametrize(
    "clicked", [None, 7, {"id": 500, "place": None}, {"id": -1}, {"id": None, "place": ["nan", 0]}]
)
@pytest.mark.parametrize("selected", [None, "!!", base64.b64encode(b"abc").decode()])
def test_what_a_browser_sends_is_checked(clicked: object, selected: object) -> None:
    picked = Picked.checked(clicked, selected, 500)
    assert picked.click is None
    assert len(picked.selected) == 0


def test_what_fits_is_taken() -> None:
    ids = base64.b64encode(np.array([3, 999, 3, 1], "<u4").tobytes()).decode()
    picked = Picked.checked({"id": 3, "place": None}, ids, 500)
    assert picked.click == Click(point=3)
    assert picked.selected.tolist() == [1, 3]


def test_points_are_packed_small_and_only_change_when_they_do() -> None:
    rng = np.random.default_rng(0)
    xy, y = rng.normal(size=(60_000, 2)), rng.integers(-1, 3, 60_000)
    colouring = Numbers("loss", rng.normal(size=60_000))
    look = ("p", "q", "r"), ("#000000",) * 3, colouring
    packed = pack("a", xy, y, *look)
    content = packed.content
    assert len(content) < 500_000
    assert packed == pack("a", xy, y, *look)
    moved = pack("a", xy + 1e-2 * rng.normal(size=xy.shape), y, *look)
    assert moved.content != content
    assert moved.layout != packed.layout
    head = json.loads(content[4 : 4 + int.from_bytes(content[:4], "little")])
    assert head["classes"] == ["p", "q", "r", "no class"]


def test_only_the_same_arrays_have_the_same_digest() -> None:
    a, b = np.arange(6), np.arange(6, 12)
    others = [
        digest(*parts)
        for parts in (
            (b,), (a.reshape(2, 3),), (a.astype(np.float64),), (a, b), (b, a), (np.append(a, b),), (a.tobytes(),),
            (a[:3], a[3:]), (), (b"ab", b"c"), (b"a", b"bc"), (b"abc",),
        )
    ]  # fmt: skip
    assert digest(a) not in others
    assert len(set(others)) == len(others)
    assert digest(a) == digest(np.arange(12)[:6]) == digest(np.arange(11, -1, -1)[11:5:-1])


def test_three_components_are_drawn_in_three_dimensions(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-20d", deep="true")
    assert not app.exception
    head, body = sent(app)
    z = codes("mnist-vae-20d")
    np.testing.assert_allclose(places(head, body), pca(z, 3).project(z), atol=head["span"] / FULL)
    np.testing.assert_array_equal(drawn_labels(head, body), Store.default().examples("mnist-vae-20d").y)
    ids = base64.b64encode(np.arange(40, dtype="<u4").tobytes()).decode()
    y = Store.default().examples("mnist-vae-20d").y[:40].bincount()
    assert f"{int(y.argmax())}: {int(y.max())}" in words(pick(app, selected=ids))
    beside = "beside mnist mnist-vae-20d"
    assert beside not in keys_of(app, "selectbox")  # another map can't lie beside this one
    assert beside in keys_of(visited("clusters", run="mnist-vae-20d"), "selectbox")


def test_umap_can_have_three_dimensions(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("clusters", run="mnist-vae-20d", method="UMAP", deep="true")
    (key,) = (key for key in helper if key.startswith("umap"))
    assert "('n_components', 3)" in key
    xyz = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    helper[key].set_result(Projection(xyz, "umap", 0, {}))
    head, body = sent(app.run())
    np.testing.assert_allclose(places(head, body), xyz, atol=head["span"] / FULL)


def test_a_map_in_three_dimensions_says_how_far_to_trust_it_too(visited: Open) -> None:
    table = visited("clusters", run="mnist-vae-20d", deep="true", detail="How far to trust it").dataframe[0].value
    z = codes("mnist-vae-20d").numpy()
    expected = trustworthiness(z, pca(z, 3).project(z), n_neighbors=15)
    assert table["this map"][0] == pytest.approx(expected, abs=1e-6)


def test_the_judges_class_can_colour_the_points(visited: Open) -> None:
    app = visited("clusters")
    app.selectbox(key="colour").select("predicted class").run()
    head, body = sent(app)
    said = drawn_labels(head, body)
    y = Store.default().examples("mnist-vae-2d").y.numpy()
    assert 0.98 < (said == y).mean() <= 1


def test_umap_is_shown_when_it_comes_and_the_components_until_then(
    visited: Open, helper: dict[str, Future[Any]]
) -> None:
    app = visited("clusters", run="mnist-vae-20d", method="UMAP")
    assert not app.exception
    assert shows(app, "UMAP", 500)
    waiting, _ = sent(app)
    assert not played(app)["ready"]
    (key,) = (key for key in helper if key.startswith("umap"))
    xy = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32)
    helper[key].set_result(Projection(xy, "umap", 0, {}))
    head, body = sent(app.run())
    np.testing.assert_allclose(places(head, body), xy, atol=head["span"] / FULL)
    assert head["layout"] != waiting["layout"]
    app = pick(app, clicked={"id": None, "place": xy[3].tolist(), "layout": head["layout"]})
    at = [f"{coordinate:.2f}" for coordinate in xy[3]]
    assert shows(app, *at)
    assert not shows(app, *at, "exact")


def test_umap_can_be_cancelled(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("clusters", method="UMAP")
    next(button for button in app.button if str(button.key).startswith("cancel ")).click().run()
    assert app.segmented_control(key="method").value == "PCA"
    assert not [key for key in helper if key.startswith("umap")]


def test_a_map_that_cannot_be_is_a_sentence(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("clusters", method="UMAP")
    (key,) = (key for key in helper if key.startswith("umap"))
    helper[key].set_exception(ValueError("All the same.\nmore"))
    app.run()
    (error,) = app.error
    assert mentions(error.value, "All the same.")
    assert not mentions(error.value, "more")


def test_a_map_says_how_far_to_trust_it(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-20d", detail="How far to trust it")
    assert not app.exception
    table = app.dataframe[0].value
    z = codes("mnist-vae-20d").numpy()
    expected = trustworthiness(z, pca(z, 2).project(z), n_neighbors=15)
    assert table["this map"][0] == pytest.approx(expected, abs=1e-6)
    assert 0.49 < table["no map at all"][0] < 0.51
    assert shows(app, 500, 15)  # examples, neighbours


def test_the_classes_are_measured_beside_shuffled_labels(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-20d", detail="Classes")
    assert not app.exception
    table = app.dataframe[0].value
    z, y = codes("mnist-vae-20d").numpy(), Store.default().examples("mnist-vae-20d").y.numpy()
    assert table["the classes"][0] == pytest.approx(silhouette_score(z, y), abs=1e-6)
    assert table["the classes"][1] > 5 * table["shuffled labels"][1]
    shares = purity(z, y, 15).shares - np.eye(10)
    a, b = np.unravel_index(shares.argmax(), shares.shape)
    assert shows(app, f"“{a}”", f"“{b}”", f"{shares[a, b]:.1%}", f"{shares[b, a]:.1%}")
    each = app.dataframe[1].value
    assert [str(k) for k in shares.argmax(1)] in [list(each[column]) for column in each]
    assert len(app.image) == 2


def test_the_neighbour_overlap_can_colour_the_points(visited: Open) -> None:
    app = visited("clusters", colour="kept neighbours")  # as older links call it
    assert app.selectbox(key="colour").value == "neighbour overlap"
    head, _ = sent(app)
    assert (head["scale"]["low"], head["scale"]["high"]) == (1, 1)  # two components hold all of two dimensions


def test_the_true_distance_from_a_clicked_point_can_colour_the_others(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-20d")
    app.selectbox(key="colour").select("distance from the click").run()
    head, body = sent(pick(app, clicked={"id": 42, "place": None}))
    z = codes("mnist-vae-20d").numpy()
    far = np.linalg.norm(z - z[42], axis=1)
    shown = np.frombuffer(body[6 * head["n"] :], np.uint8, head["n"])
    assert shown.argmin() == 42
    assert spearmanr(shown, far).statistic > 0.999


def test_any_layer_can_be_mapped(visited: Open) -> None:
    app = visited("clusters", run="digits-cnn")
    app.selectbox(key="layer digits-cnn").select("logits").run()
    model, data = Store.default().load("digits-cnn"), Store.default().examples("digits-cnn")
    assert isinstance(model, CNN)
    logits = activations(model, data.x, ["logits"], model.classify)["logits"]
    np.testing.assert_allclose(places(*sent(app)), pca(logits, 2).project(logits), atol=2e-2)
    app.selectbox(key="colour").select("predicted class").run()
    np.testing.assert_array_equal(drawn_labels(*sent(app)), logits.argmax(1))


def test_each_latent_variable_can_be_mapped(visited: Open) -> None:
    run = "mnist-sdgm-100"
    app = visited("clusters", run=run)
    model, data = Store.default().load(run), Store.default().examples(run)
    assert isinstance(model, InfersLatents)
    with torch.no_grad():
        inferred = model.infer(data.batch().x)
    for layer in model.layers:
        app.selectbox(key=f"layer {run}").select(layer.name).run()
        assert not app.exception
        z = inferred[layer.name].mean
        np.testing.assert_allclose(places(*sent(app)), pca(z, 2).project(z.numpy()), atol=2e-2)


def test_of_a_wide_layer_some_units_are_taken_and_that_is_said(visited: Open) -> None:
    app = visited("clusters", run="mnist-cnn")
    app.selectbox(key="layer mnist-cnn").select("conv1").run()
    assert not app.exception
    assert shows(app, f"{WIDE:,}", f"{32 * 28 * 28:,}")


def test_the_space_before_training_is_that_of_the_first_parameters(visited: Open) -> None:
    app = visited("clusters", run="digits-vae", method="Directions")
    app.select_slider(key="epoch digits-vae").set_value("0").run()
    untrained, x = Store.default().load("digits-vae", 0), Store.default().examples("digits-vae").batch().x
    trained = Store.default().load("digits-vae")
    assert isinstance(untrained, VAE)
    assert isinstance(trained, VAE)
    order = cached.dimensions(find("digits-vae"), 0).order
    target = trained.encode(x)[:, cached.dimensions(find("digits-vae")).order.copy()]
    expected = procrustes(target, untrained.encode(x)[:, order.copy()])
    head, body = sent(app)
    np.testing.assert_allclose(places(head, body), expected.xy, atol=5e-2)


def test_two_models_lie_beside_each_other_turned_alike(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-2d")
    app.selectbox(key="beside mnist mnist-vae-2d").select("mnist-vae-20d").run()
    assert not app.exception
    first, second = (unpacked(c) for c in scatters(app))
    assert first[0]["points"] == second[0]["points"]
    assert (first[0]["tells"], second[0]["tells"]) == (True, False)
    a, b = codes("mnist-vae-2d").numpy(), codes("mnist-vae-20d").numpy()
    turned = procrustes(pca(a, 2).project(a), pca(b, 2).project(b))
    np.testing.assert_allclose(places(*second), turned.xy, atol=2e-3)
    shared = overlap(a, b, 15).mean()
    assert shows(app, f"{shared:.0%}", 15)


def test_clusters_and_density_can_colour_the_points(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-20d")
    app.selectbox(key="colour").select("k-means cluster").run()
    z, y = codes("mnist-vae-20d").numpy(), Store.default().examples("mnist-vae-20d").y.numpy()
    np.testing.assert_array_equal(drawn_labels(*sent(app)), cluster(z, y, n_clusters=10).found)
    app.selectbox(key="colour").select("log density").run()
    head, body = sent(app)
    shown = np.frombuffer(body[6 * head["n"] :], np.uint8, head["n"])
    assert spearmanr(shown, log_density(z, 15)).statistic > 0.99


def test_a_place_of_a_map_that_was_is_forgotten(visited: Open) -> None:
    app = pick(visited("clusters"), clicked={"id": None, "place": [0.5, -0.5], "layout": "another"})
    assert not shows(app, "0.50", "-0.50")


@pytest.fixture
def own(app_store: Store, tmp_path: Path) -> str:  # noqa: ARG001 it sets where the shelf is
    """A table of vectors in the library, with a class, a number and words next to them."""
    rng = np.random.default_rng(0)
    coats = ("red", "blue")
    rows = [
        f"{a:.4f},{b:.4f},{c:.4f},{'pq'[k % 2]},{coats[k % 2]}" for k, (a, b, c) in enumerate(rng.normal(size=(60, 3)))
    ]
    (tmp_path / "pets.csv").write_text("\n".join(["weight,height,age,label,coat", *rows]))
    return Library.default().add(tmp_path / "pets.csv")


def test_the_users_own_vectors_make_a_map_without_a_model(opened: Open, own: str) -> None:
    app = opened("clusters", run=f"data:{own}", method="Directions")
    assert not app.exception
    splits = Library.default().open(own).splits
    x = np.concatenate([splits.test.x, splits.train.x, splits.valid.x])
    head, body = sent(app)
    order = x.var(0).argsort()[::-1]
    np.testing.assert_allclose(places(head, body), x[:, order[:2]], atol=head["span"] / FULL)
    assert app.selectbox(key=f"Across Directions {own}  input").value == ["weight", "height", "age"][order[0]]
    app.selectbox(key="colour").select("column: coat").run()
    assert sent(app)[0]["classes"] == ["blue", "red"]
    app = pick(app, clicked={"id": 3, "place": None})
    assert "coat: " in words(app)
    nearest = np.sort(np.linalg.norm(x - x[3], axis=1))[1:9]
    np.testing.assert_allclose(app.dataframe[0].value["distance"], nearest, rtol=1e-5)  # in the data


def test_the_address_keeps_what_is_mapped_and_how(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("clusters", run="digits-cnn")
    app.selectbox(key="layer digits-cnn").select("logits").run()
    app.select_slider(key="epoch digits-cnn").set_value("5").run()
    app.selectbox(key="Across PCA digits digits-cnn logits").select("PC3").run()
    app.selectbox(key="beside digits digits-cnn").select("trained").run()
    shown = [unpacked(one)[1] for one in scatters(app)]
    kept = {name: app.query_params[name] for name in app.query_params}
    assert kept == {"run": "digits-cnn", "mapped": "logits", "epoch": "5", "across": "PC3", "beside": "trained"}
    again = visited("clusters", **kept)
    assert [unpacked(one)[1] for one in scatters(again)] == shown
    app = visited("clusters", **kept | {"method": "UMAP", "UMAP-n_neighbors": "40", "UMAP-seed": "7"})
    assert any("('n_neighbors', 40)" in key and "('seed', 7)" in key for key in helper)


def test_what_a_link_asks_for_and_is_not_there_is_said(visited: Open) -> None:
    app = visited("clusters", run="digits-cnn", mapped="conv99", epoch="4")
    epoch, mapped = sorted(one.value for one in app.warning)
    assert mentions(mapped, "“mapped”", "“conv99”")
    assert mentions(epoch, "“epoch”", "“4”")
    assert not {"mapped", "epoch"} & app.query_params.keys()
    assert sent(app)[1] == sent(visited("clusters", run="digits-cnn"))[1]


def test_numbers_on_the_map_carry_their_units(visited: Open) -> None:
    app = visited("clusters", run="mnist-vae-20d", colour="kl")
    assert sent(app)[0]["scale"]["name"] == "kl (nats)"
    app.selectbox(key="colour").select("distance from the click").run()
    from_the_first = sent(app)[0]["scale"]["name"]  # nothing is clicked yet
    assert from_the_first.endswith("(σ)")
    ids = base64.b64encode(np.arange(40, dtype="<u4").tobytes()).decode()
    app = pick(app, clicked={"id": 42, "place": None}, selected=ids)
    assert sent(app)[0]["scale"]["name"].endswith("(σ)")
    assert sent(app)[0]["scale"]["name"] != from_the_first
    assert re.search(r"· loss \d+\.\d nats", words(app))
    assert re.search(r"\*\*Loss\*\* \d+\.\d ± \d+\.\d nats", words(app))
    app = pick(visited("clusters", run="digits-cnn", colour="error"), clicked={"id": 5, "place": None})
    assert re.search(r"· loss \d\.\d{3,}\S* nats", words(app))
    assert sent(app)[0]["scale"]["name"] == "error (fraction)"
    app.selectbox(key="colour").select("distance from the click").run()
    assert "(" not in sent(app)[0]["scale"]["name"]  # outputs of a layer have no unit
    classes = visited("clusters", run="mnist-vae-20d", detail="Classes")
    assert "RMS radius (σ)" in classes.dataframe[1].value


def test_a_model_that_is_fitted_has_its_log_likelihood_on_the_map(visited: Open) -> None:
    app = visited("clusters", run="mnist-ppca", colour="log-likelihood")
    assert "loss" not in app.selectbox(key="colour").options
    model, data = Store.default().load("mnist-ppca"), Store.default().examples("mnist-ppca")
    assert isinstance(model, LogLikelihood)
    log_p = model.log_prob(data.batch().x, 1, device.generator(0)).detach().numpy()
    head, body = sent(app)
    assert head["scale"]["name"] == "log-likelihood (nats)"
    shown = np.frombuffer(body[6 * head["n"] :], np.uint8, head["n"])
    assert spearmanr(shown, log_p).statistic > 0.999
    ids = base64.b64encode(np.arange(40, dtype="<u4").tobytes()).decode()
    app = pick(app, clicked={"id": 5, "place": None}, selected=ids)
    assert not app.exception
    assert f"log-likelihood {log_p[5]:.1f}" in words(app)
    assert shows(app, f"{log_p[:40].mean():.1f}", f"{log_p.mean():.1f}")  # of the selected, of all


def test_a_kept_selection_leads_to_the_pages_that_use_it(visited: Open) -> None:
    ids = base64.b64encode(np.arange(40, dtype="<u4").tobytes()).decode()
    app = pick(visited("clusters", run="mnist-vae-20d"), selected=ids)
    app.button(key="group A").click().run()
    (name,) = (group.name for group in app.session_state["groups"].values())
    links = {one.proto.page: parse_qs(one.proto.query_string) for one in app.get("page_link")}
    run = {"run": ["mnist-vae-20d"]}
    assert links == {url_of("analogies"): run, url_of("probes"): run | {"ask": [name]}}
    app = pick(visited("clusters", run="digits-cnn"), selected=ids)
    app.button(key="group A").click().run()
    assert [one.proto.page for one in app.get("page_link")] == [url_of("probes")]  # it can't decode


def test_where_a_class_has_fewer_examples_than_are_shown_nothing_is_in_their_place(
    app_store: Store,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[torch.Tensor] = []
    monkeypatch.setattr("pages.shared.example_view.show", lambda _drawn, x, *_: shown.append(x))
    space = load_space(Source("digits", n=50))
    examples(space, np.array([3, -1, 0]), 3, "three")
    (x,) = shown
    assert x[[0, 2]].equal(space.data[torch.tensor([3, 0])].batch().x)
    assert not x[1].any()
    assert space.data[:1].batch().x.any()
