"""The page of probes: a true curve at once, the full one when it comes, and what a layer's probe says."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from streamlit.testing.v1 import AppTest

from latentlab.analysis.image_attributes import measured
from latentlab.analysis.probes import tasks
from latentlab.analysis.probes.attacked import ATTACKED, CLEAN, RANDOM, UnderAttack
from latentlab.analysis.probes.file_bytes import parsed_dump
from latentlab.analysis.probes.kernel_components import KernelErrors
from latentlab.analysis.probes.layer_curve import Curve, probe_curve
from latentlab.analysis.probes.verdict import of_probes, of_two_networks
from latentlab.analysis.probes.verdict import summary as curve_summary
from latentlab.data import Library, load
from latentlab.data.files.options import ReadOptions
from latentlab.experiments import auxiliary_head
from latentlab.experiments.deep_networks import STEPS, Depths, Training
from latentlab.runs.store import Store
from latentlab.subjects import find, with_model
from latentlab.subjects.data_only import DataOnly
from pages.navigation import PROBES
from pages.probes import curves, further
from pages.shared.selections import Group, _mark
from pages.shared.spaces import Source
from pages.shared.vectors import vectors_of
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, cancel, shows, waits_for, words

pytestmark = pytest.mark.usefixtures("kept_examples_only", "nothing_was_measured")

STORED = curves.stored


@pytest.fixture
def kept_examples_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where MNIST itself isn't on the machine."""
    monkeypatch.setattr(curves, "is_local", lambda name: name == "digits")


@pytest.fixture
def nothing_was_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a run that doesn't ship with its curves."""
    monkeypatch.setattr(curves, "stored", lambda *_: None)


def chart(app: AppTest, n: int = 0) -> dict[str, Any]:
    spec: dict[str, Any] = json.loads(app.get("plotly_chart")[n].proto.spec)
    return spec


def line(app: AppTest, name: str = "the probes") -> list[float]:
    (found,) = (trace for trace in chart(app)["data"] if trace.get("name") == name)
    return [float(value) for value in unpacked(found["y"])]


def unpacked(values: Any) -> Any:
    """Numbers as plotly sends them."""
    if not isinstance(values, dict):
        return np.array(values)
    shape = [int(n) for n in str(values.get("shape", "-1")).split(",")]
    return np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"]).reshape(shape)


def first(run_id: str, epoch: int | None = None, limit: int = curves.FIRST_LIMIT) -> Curve:
    store = Store.default()
    data = store.examples(run_id)
    n = len(data)
    sizes = (round(0.6 * n), round(0.2 * n), n - round(0.6 * n) - round(0.2 * n))
    model = store.load(run_id, epoch)
    return probe_curve(model, data.x, data.y.numpy(), sizes, n_classes=10, limit=limit)


@pytest.mark.slow
def test_a_first_look_is_there_at_once_and_the_full_one_when_it_comes(
    visited: Open, helper: dict[str, Future[Any]]
) -> None:
    app = visited("probes", run="digits-cnn")
    assert not app.exception
    assert waits_for(app, "probe")
    assert line(app) == pytest.approx(first("digits-cnn").means())
    assert line(app, "before training") == pytest.approx(first("digits-cnn", 0).means())
    keys = [key for key in helper if key.startswith("probe digits-cnn")]
    assert len(keys) == 2
    splits = load("digits")
    x, y = torch.cat([part.x for part in splits]), torch.cat([part.y for part in splits]).numpy()
    full = probe_curve(
        Store.default().load("digits-cnn"), x, y, (1257, 180, 360), n_classes=10, n_seeds=2, limit=32, control=True
    )
    for key in keys:
        helper[key].set_result(full)
    app.run()
    assert not waits_for(app, "probe")
    assert shows(app, "1,257", 360, 2)  # examples to fit and to test, seeds
    assert line(app) == pytest.approx(full.means())
    probe = full.readings[-1].probes[0]
    assert shows(app, "selectivity", f"{probe.selectivity:.2f}")
    alone = np.array([2 * reading.probes[0].score.std_error for reading in full.readings])
    k = int(np.abs(full.half_bands() - alone).argmax())  # where the seeds differ most
    assert f"{full.half_bands()[k]:.1%}" != f"{alone[k]:.1%}"
    app.selectbox(key="layer").select(full.readings[k].layer.name).run()
    assert shows(app, f"{full.means()[k]:.1%}", f"± {full.half_bands()[k]:.1%}")


def test_a_curve_that_ships_is_drawn_at_once_and_its_layer_closely_when_it_comes(
    opened: Open, helper: dict[str, Future[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curves, "stored", STORED)
    app = opened("probes", run="digits-cnn")
    assert not app.exception
    settings = tasks.Settings()
    shipped = [
        STORED(find("digits-cnn"), curves.Network(find("digits-cnn"), epoch), "class", settings) for epoch in (None, 0)
    ]
    assert line(app) == pytest.approx(shipped[0].curve.means())  # type: ignore[union-attr]
    assert line(app, "before training") == pytest.approx(shipped[1].curve.means())  # type: ignore[union-attr]
    assert shows(app, "1,257", 360, 3)  # examples to fit and to test, seeds
    assert not [key for key in helper if key.startswith("probe")]
    (key,) = (key for key in helper if key.startswith("layer logits"))
    assert len(app.get("plotly_chart")) == 1
    helper[key].set_result(first("digits-cnn"))
    app.run()
    assert not app.exception
    assert len(app.get("plotly_chart")) > 1  # what the probe confuses


def summary(app: AppTest, curve: Curve) -> str:
    """The caption that begins with how many examples were fitted and tested."""
    fit, _, test = curve.sizes
    (said,) = (one.value for one in app.caption if numbers_in(one.value)[:2] == [fit, test])
    return str(said)


def test_the_sentence_is_of_the_number_that_is_drawn(visited: Open) -> None:
    curve, before = first("digits-cnn"), first("digits-cnn", 0)
    app = visited("probes", run="digits-cnn", measure="cross-entropy", split="train")
    said = summary(app, curve)
    means, untrained = curve.means("cross-entropy", "train"), before.means("cross-entropy", "train")
    rises = int((np.diff(means) > 0).sum())
    assert rises != int((np.diff(curve.means()) > 0).sum())
    assert f"{rises} of {len(means) - 1}" in said
    assert mentions(said, f"{-np.diff(means).min():.3f} nats", f"{untrained.min():.3f} nats")
    after = numbers_in(said.partition(f"{rises} of {len(means) - 1}")[2])
    assert not float(after[0]).is_integer()  # the rank correlation: no number of layers beyond the bands, as one seed
    # says nothing of the spread of a cross-entropy
    app = visited("probes", run="digits-cnn")
    said = summary(app, curve)
    assert mentions(said, f"{-100 * np.diff(curve.means()).min():.1f}")
    band = curve.half_bands()
    beyond = int((np.diff(curve.means()) > np.hypot(band[1:], band[:-1])).sum())
    rises = int((np.diff(curve.means()) > 0).sum())
    assert numbers_in(said.partition(f"{rises} of {len(means) - 1}")[2])[0] == beyond


def test_a_flat_curve_has_no_rank_correlation_and_says_no_nan() -> None:
    curve = first("digits-cnn")
    one = curve.readings[0]
    layers = [dataclasses.replace(one.layer, name=f"layer {k}") for k in range(4)]
    flat = dataclasses.replace(curve, readings=tuple(dataclasses.replace(one, layer=layer) for layer in layers))
    for measure in ("error", "cross-entropy"):
        said = curve_summary(flat, flat, measure, "test")
        assert "nan" not in said
        assert mentions(said, 0, 3)
    assert "nan" not in of_probes("class", flat)


@pytest.mark.slow
def test_a_second_curve_is_the_one_that_its_own_page_shows(visited: Open, helper: dict[str, Future[Any]]) -> None:
    own = line(visited("probes", run="digits-vae", untrained="false"))
    app = visited("probes", run="digits-cnn", beside="digits-vae", untrained="false")
    assert not app.exception
    title, offered = find("digits-vae").title, app.selectbox(key="beside-digits-cnn").options
    assert set(offered) == {
        one.title for one in with_model(*PROBES.needs) if one.dataset == "digits" and one.id != "digits-cnn"
    }
    assert line(app, title) == pytest.approx(own)
    names = {title: [reading.layer.name for reading in first("digits-vae").readings]}
    names[find("digits-cnn").title] = [reading.layer.name for reading in first("digits-cnn").readings]
    axes = chart(app)["layout"]
    assert [axes["xaxis3"]["ticktext"], axes["xaxis2"]["ticktext"]] == list(names.values())
    (key,), (theirs,) = (
        [key for key in helper if key.startswith(f"probe {run}")] for run in ("digits-cnn", "digits-vae")
    )
    full = {title: first("digits-vae", limit=8), find("digits-cnn").title: first("digits-cnn", limit=8)}
    helper[key].set_result(full[find("digits-cnn").title])
    app.run()
    assert line(app, title) == pytest.approx(own)  # a quick curve is not drawn against a full one
    helper[theirs].set_result(full[title])
    app.run()
    for name, curve in full.items():
        assert line(app, name) == pytest.approx(curve.means())
    assert any(of_two_networks("class", dict(reversed(full.items()))) in one.value for one in app.markdown)


def test_the_verdict_comes_before_the_numbers(visited: Open) -> None:
    app, curve = visited("probes", run="digits-cnn"), first("digits-cnn")
    assert any(of_probes("class", curve) in one.value for one in app.markdown)


def test_a_moment_of_the_training_is_another_curve(visited: Open) -> None:
    app = visited("probes", run="digits-cnn", moment="epoch 2")
    assert app.select_slider(key="moment").options == [
        "untrained", "epoch 1", "epoch 2", "epoch 5", "epoch 10", "epoch 20", "end",
    ]  # fmt: skip
    assert app.select_slider(key="moment").value == "epoch 2"
    assert line(app) == pytest.approx(first("digits-cnn", 2).means())
    app.select_slider(key="moment").set_value("untrained").run()
    assert line(app) == pytest.approx(first("digits-cnn", 0).means())
    assert not [trace for trace in chart(app)["data"] if trace.get("name") == "before training"]


def test_the_code_of_an_autoencoder_is_looked_at_first(visited: Open) -> None:
    app = visited("probes", run="digits-vae")
    assert app.selectbox(key="layer").value == "latent"
    assert "**latent** · code 2" in words(app)


def test_a_code_can_be_steered_by_its_probe(visited: Open) -> None:
    app = visited("probes", run="digits-vae", ask="slant")
    assert not app.exception
    assert "**Steer**" in words(app)
    specs = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    (spec,) = [spec for spec in specs if "steered by" in str(spec)]
    names = spec["data"][0]["x"]
    assert len(names) == 6  # the measured attributes
    change = unpacked(spec["data"][0]["z"])
    slant = next(k for k, name in enumerate(names) if name.startswith("slant"))
    assert change[slant, slant] > 0.05  # steering towards a slant makes it likelier
    assert [link for link in app.get("page_link") if "pins=" in link.proto.query_string]  # both ends, on a page that
    # shows the way between them
    assert "**Steer**" not in words(visited("probes", run="digits-cnn"))


@pytest.mark.parametrize("target", [tasks.PARITY, "has a loop", "stroke thickness", "slant", tasks.NOISE])
def test_other_questions_have_their_own_classes_and_chance(visited: Open, target: str) -> None:
    app = visited("probes", run="digits-cnn", ask=target)
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="ask").value == target
    assert "the model" not in [note.get("text") for note in chart(app)["layout"]["annotations"]]
    assert "chance" in words(app)


@pytest.mark.parametrize("n", [0, 400, 2_000])
def test_thirds_are_thirds_of_the_examples_that_are_used(visited: Open, n: int) -> None:  # noqa: ARG001 a store
    """Of 400 to fit, 100 and 200 others are used; the shares of the test examples are thirds but for chance."""
    task = curves.probe_task(find("digits-cnn"), "slant", n)
    shares = np.bincount(task.y) / len(task.y)
    np.testing.assert_allclose(shares, 1 / 3, atol=2 / len(task.y))
    slant = measured(task.x.float().div(255).numpy(), "slant")
    np.testing.assert_array_equal(task.y, np.searchsorted(np.quantile(slant, [1 / 3, 2 / 3]), slant, side="right"))
    test = np.bincount(task.y[-task.sizes[2] :], minlength=3) / task.sizes[2]
    assert np.abs(test - 1 / 3).max() < 4 * np.sqrt(2 / 9 / task.sizes[2])


def test_the_examples_are_a_random_sample_of_their_split_and_always_the_same(visited: Open) -> None:  # noqa: ARG001
    run, whole = find("digits-cnn"), load("digits")
    task = curves.probe_task(run, "class", 400)
    assert task.sizes == (400, 100, 200)
    rows = [np.flatnonzero((whole.train.x == x).flatten(1).all(1))[0] for x in task.x[:400]]
    assert np.mean(rows) == pytest.approx((len(whole.train) - 1) / 2, abs=4 * len(whole.train) / np.sqrt(12 * 400))
    assert len(set(rows)) == 400
    again = curves.probe_task(run, "parity", 400)
    assert torch.equal(task.x, again.x)


def test_a_chosen_layer_is_looked_at_closely(visited: Open) -> None:
    app = visited("probes", run="digits-cnn", layer="conv1_pool")
    assert "**conv1_pool** · MaxPool2d 16×4×4" in words(app)
    assert shows(app, "128 of 256")
    assert app.image
    app.selectbox(key="layer").select("logits").run()
    assert "**logits** · Linear 10" in words(app)


def test_nonsense_in_the_address_falls_back(visited: Open) -> None:
    app = visited("probes", run="digits-cnn", ask="age", moment="epoch 3", layer="fc9", measure="x", n="7")
    assert not app.exception
    assert app.selectbox(key="ask").value == "class"
    assert app.select_slider(key="moment").value == "end"
    assert app.selectbox(key="layer").value == "logits"


def test_another_model_keeps_the_question_and_forgets_what_it_does_not_have(visited: Open) -> None:
    app = visited("probes", run="digits-cnn", ask="parity", moment="epoch 2", layer="conv1")
    app.selectbox(key="picked").select("mnist-vae-20d").run()
    assert not app.exception
    assert app.selectbox(key="ask").value == "parity"
    assert app.select_slider(key="moment").value == "end"
    assert app.selectbox(key="layer").value == "latent"


def test_the_table_of_all_layers_can_be_taken_along(visited: Open) -> None:
    app = visited("probes", run="digits-cnn", detail="All layers")
    assert not app.exception
    table = app.dataframe[0].value
    assert table["layer"].tolist()[:2] == ["input", "conv1"]
    assert table["test error"].tolist() == pytest.approx(first("digits-cnn").means().tolist(), abs=1e-6)
    assert len(app.get("download_button")) == 2


def test_the_lab_starts_by_its_button_and_shows_each_snapshot_as_it_comes(
    visited: Open, helper: dict[str, Future[Any]]
) -> None:
    app = visited("probes", run="digits-cnn", detail="Pathology lab")
    assert not [key for key in helper if key.startswith("lab")]
    app.button(key="lab").click().run()
    errors = np.concatenate([np.linspace(0.05, 0.8, 65), np.full(64, 0.1)])
    first, second = (Depths(STEPS[k], (1 - k) * errors, np.full(128, 1.4), (0.12, 0.31)[k], 0.9) for k in (0, 1))
    for skip in (True, False):
        helper[f"lab {skip} 0"].set_result(Training((first,)))
    app.run()
    assert not app.exception
    assert shows(app, 47, 64, "60%", "80%", "90%")  # layers, their least and largest error, and chance
    assert [key for key in helper if key.startswith("lab")] == [f"lab {skip} 1" for skip in (True, False)]
    for skip in (True, False):
        helper[f"lab {skip} 1"].set_result(Training((first, second)))
    app.run()
    assert not app.exception
    assert app.select_slider(key=f"step-{STEPS[1]}").value == STEPS[1]
    assert shows(app, "31.0%")
    assert not shows(app, 47, 64)
    app.select_slider(key=f"step-{STEPS[1]}").set_value(STEPS[0]).run()
    assert shows(app, "12.0%", 47, 64)


def test_the_lab_shows_what_ships_of_the_auxiliary_head(visited: Open) -> None:
    app = visited("probes", run="digits-cnn", detail="Pathology lab", **{"lab-of": "an auxiliary head"})
    assert not app.exception
    app.segmented_control(key="head-data").set_value("digits").run()
    scores = [one for one in auxiliary_head.TABLE.read() if one.data == "digits"]
    assert any(auxiliary_head.verdict(scores) in one.value for one in app.markdown)
    heads, *heats, graph = (chart(app, n) for n in range(1, len(app.get("plotly_chart"))))
    assert len(heats) == 2
    last = [one for one in scores if one.step == 1_000 and one.weight]
    assert unpacked(heads["data"][0]["y"])[-1] == pytest.approx(np.mean([one.main for one in last]))
    blocks = np.mean([[one.probe(block) for block in auxiliary_head.BLOCKS] for one in last], 0)
    assert unpacked(heats[0]["data"][0]["z"])[:, -1] == pytest.approx(blocks)
    assert unpacked(graph["data"][-1]["marker"]["color"])[:6] == pytest.approx(blocks)


def test_the_lab_writes_down_the_file_of_an_image(visited: Open) -> None:
    app = visited(
        "probes", run="digits-cnn", detail="Pathology lab", **{"lab-of": "the file of an image", "file-of": "7"}
    )
    assert not app.exception
    image = Image.open(io.BytesIO(parsed_dump(app.code[0].value)))
    kept = Store.default().examples("digits-cnn").x[7, 0]
    np.testing.assert_array_equal(np.asarray(image), kept)
    said = next(numbers_in(one.value) for one in app.markdown if mentions(one.value, "bytes", "bits"))
    assert said[0] < 15 < 60 < min(said[1:])  # of the pixels, and of the bytes, the bits and chance


def test_the_full_curve_can_be_cancelled_and_asked_for_again(visited: Open, helper: dict[str, Future[Any]]) -> None:
    app = visited("probes", run="digits-cnn")
    cancel(app, "probe")
    assert not [key for key in helper if key.startswith("probe")]
    assert not waits_for(app, "probe")
    app.button(key="measure-again").click().run()
    assert [key for key in helper if key.startswith("probe")]


def test_a_question_without_two_answers_is_a_sentence(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "parity", lambda y: 0 * y)
    app = opened("probes", run="digits-cnn", ask="parity")
    assert not app.exception
    assert [mentions(error.value, "classes", 0) for error in app.error] == [True]


def of_the_same_name(ids: NDArray[np.int64], n: int) -> NDArray[np.int64]:
    """A random selection of as many of n examples whose short mark is that of another one."""
    rng, wanted = np.random.default_rng(0), _mark(tuple(ids.tolist()))
    while True:
        found = np.sort(rng.permutation(n)[: len(ids)])
        if _mark(tuple(found.tolist())) == wanted:
            return found


@pytest.mark.slow
def test_a_selection_on_the_map_can_be_asked_for(visited: Open) -> None:
    """A selection that is a class is read off the layers as well as one class is from the rest; a random one is not.

    Not even if both have one size and one short mark, so that the page shows one name for both.
    """
    y = Store.default().examples("digits-cnn").y.numpy()
    zeros = np.flatnonzero(y == 0)
    shown: dict[str, list[float]] = {}
    names = set()
    for what, ids in (("class", zeros), ("random", of_the_same_name(zeros, len(y)))):
        app = visited("clusters", run="digits-cnn")
        app.segmented_control(key="examples digits-cnn").set_value(len(y)).run()
        picked = base64.b64encode(np.sort(ids).astype("<u4").tobytes()).decode()
        app.session_state["map"] = {"clicked": None, "selected": picked}
        app.run()
        app.button(key="group A").click().run()
        app.switch_page(PROBES.path).run()
        name = next(option for option in app.selectbox(key="ask").options if option.startswith("lasso A"))
        app.selectbox(key="ask").select(name).run()
        assert not app.exception
        names.add(name)
        shown[what] = line(app)
    assert len(names) == 1
    assert shown["class"][-1] < 0.03
    assert shown["random"][-1] > 0.05  # chance errs on a tenth: so many are selected


def test_vectors_without_a_model_are_probed_as_they_are(opened: Open, app_store: Store, tmp_path: Path) -> None:  # noqa: ARG001
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 300)
    np.savez(tmp_path / "told.npz", x=np.column_stack([y + 0.1 * rng.normal(size=300), rng.normal(size=(300, 3))]), y=y)
    name = Library.default().add(tmp_path / "told.npz")
    app = opened("probes", run=f"data:{name}")
    assert not app.exception
    error, frequent, selective = (float(metric.value.rstrip("%")) for metric in app.metric)
    assert error < 3
    assert 35 < frequent < 60
    assert selective > 25


def test_the_unit_of_a_column_does_not_count(opened: Open, app_store: Store, tmp_path: Path) -> None:  # noqa: ARG001
    """One column is a thousand times as large as those that tell the class."""
    wine = load_wine()
    lines = [",".join([*wine.feature_names, "class"])]
    lines += [",".join(map(str, [*row, f"wine {k}"])) for row, k in zip(wine.data, wine.target, strict=True)]
    (tmp_path / "wine.csv").write_text("\n".join(lines))
    app = opened("probes", run=f"data:{Library.default().add(tmp_path / 'wine.csv')}")
    error, frequent, *_ = (float(metric.value.rstrip("%")) for metric in app.metric)
    model, found = make_pipeline(StandardScaler(), LogisticRegression()), []
    for seed in range(10):
        order = np.random.default_rng(seed).permutation(178)
        fit, report = order[:107], order[142:]
        model.fit(wine.data[fit], wine.target[fit])
        found.append(100 * (1 - model.score(wine.data[report], wine.target[report])))
    assert error <= max(found) + 1e-6 < frequent


def own_table(folder: Path) -> str:
    """300 vectors whose first number tells the year and whose others tell the species; the other columns are noise."""
    rng = np.random.default_rng(0)
    year, species = rng.integers(1900, 2000, 300), rng.permutation(np.arange(300) % 12)
    x = np.column_stack([(year - 1950) / 30, 4 * np.eye(12)[species] + 0.1 * rng.normal(size=(300, 12))])
    np.save(folder / "vectors.npy", x)
    lines = ["plate,year,species,ringed,luck"]
    for k in range(300):
        lines.append(f"p{k},{year[k]},bird {species[k]},{'yes' if year[k] < 1950 else 'no'},{rng.random()}")
    (folder / "table.csv").write_text("\n".join(lines))
    return Library.default().add(folder / "vectors.npy", ReadOptions(table=folder / "table.csv", label=""))


def test_vectors_without_a_model_are_probed_for_any_column_that_repeats(
    opened: Open,
    app_store: Store,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    name = own_table(tmp_path)
    app = opened("probes", run=f"data:{name}")
    errors = {}
    for column in ("year", "species", "ringed", "luck"):
        app.selectbox(key=f"ask-{name}").select(f"column: {column}").run()
        assert not app.exception
        errors[column] = float(app.metric[0].value.rstrip("%"))
    assert errors["year"] < 12
    assert errors["species"] < 3
    assert errors["ringed"] < 12
    assert errors["luck"] > 45
    assert "column: plate" not in app.selectbox(key=f"ask-{name}").options


def test_a_column_of_words_is_a_target_in_every_layer(app_store: Store, tmp_path: Path) -> None:  # noqa: ARG001
    subject = DataOnly(own_table(tmp_path))
    assert {"column: year", "column: species", "column: ringed"} <= {*curves.targets(subject)}
    task = curves.probe_task(subject, "column: species", 100)
    assert sorted(task.names) == sorted(f"bird {k}" for k in range(12))
    assert np.array_equal(task.x[:, 1:].numpy().argmax(1), [int(task.names[k].split()[1]) for k in task.y])


def test_of_two_selections_of_one_name_each_is_probed(opened: Open, app_store: Store, tmp_path: Path) -> None:  # noqa: ARG001
    rng = np.random.default_rng(0)
    y = rng.permutation(np.arange(300) % 2)
    np.savez(tmp_path / "told.npz", x=np.column_stack([y + 0.1 * rng.normal(size=300), rng.normal(size=(300, 3))]), y=y)
    name = Library.default().add(tmp_path / "told.npz")
    order = vectors_of(name).data.y.numpy()
    app = opened("probes", run=f"data:{name}")
    errors = []
    for ids in (np.flatnonzero(order == 1), np.arange(0, 300, 2)):
        group = Group("lasso A (150 examples, ab12)", Source(name, n=300), tuple(ids.tolist()))
        app.session_state["groups"] = {"A": group}
        app.run()
        app.selectbox(key=f"ask-{name}").select(group.name).run()
        errors.append(float(app.metric[0].value.rstrip("%")))
    assert errors[0] < 3
    assert errors[1] > 30


@pytest.mark.parametrize(("former", "now"), [("position", "horizontal position"), ("height", "vertical position")])
def test_a_target_of_an_older_link_is_still_read(visited: Open, former: str, now: str) -> None:
    app = visited("probes", run="digits-vae", ask=former)
    assert not app.exception
    assert app.selectbox(key="ask").value == now


def test_further_questions_about_all_layers_are_answered_in_the_background(
    visited: Open, helper: dict[str, Future[Any]]
) -> None:
    address = {"run": "digits-cnn", "detail": "All layers"}
    app = visited("probes", **address, every=further.ATTACK)
    (key,) = (key for key in helper if key.startswith("attack digits-cnn"))
    layers, rng = ("input", "conv_1"), np.random.default_rng(0)
    helper[key].set_result(
        UnderAttack(
            layers, further.SIZES,
            {CLEAN: np.array([0.1, 0.01]), ATTACKED: np.array([[0.2, 0.3, 0.41, 0.5], [0.2, 0.4, 0.52, 0.6]]),
             RANDOM: np.full((2, 4), 0.11)},
            {CLEAN: np.array([0.02]), ATTACKED: np.array([0.3, 0.5, 0.63, 0.9]), RANDOM: np.full(4, 0.07)},
            rng.random((2, 1, 8, 8)).astype(np.float32), rng.random((4, 2, 1, 8, 8)).astype(np.float32),
        )
    )  # fmt: skip
    app = app.run()
    assert shows(app, "63%", "2%", "7%", "41%", "input")  # at the size that it opens with
    drawn = chart(app, 1)["data"]
    assert drawn[1]["x"] == [*layers, "the network"]
    app = app.select_slider(key="epsilon").set_value(0.3).run()
    assert shows(app, "90%", "50%")

    app = visited("probes", **address, every=further.KERNEL)
    for key in [key for key in helper if key.startswith("kernel digits-cnn")]:
        helper[key].set_result(KernelErrors(layers, (2, 64), np.array([[0.5, np.nan], [0.25, 0.125]])))
    app = app.run()
    assert [heat["text"] for heat in (chart(app, n)["data"][0] for n in (1, 2))] == [[["50%", ""], ["25%", "12%"]]] * 2

    app = visited("probes", **address, every=further.TRAINING)
    (key,) = (key for key in helper if key.startswith("svcca digits-cnn"))
    n = len(find("digits-cnn").snapshots)
    helper[key].set_result((layers, np.full((2, n), 0.5)))
    app = app.run()
    assert chart(app, 1)["data"][0]["x"][0] == "untrained"
    assert len(chart(app, 1)["data"][0]["x"]) == n
    for run, question in (("digits-vae", further.ATTACK), ("mnist-vae-20d", further.TRAINING)):
        app = visited("probes", run=run, detail="All layers", every=question)
        assert app.info
        assert not app.exception
