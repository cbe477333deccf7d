"""The page Analogies: what it draws and says, with a model that is class-conditional and with ones that aren't."""

import base64
import csv
import io
import json
import re
import xml.etree.ElementTree as ET
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PIL.GifImagePlugin import GifImageFile
from sklearn.linear_model import LogisticRegression
from streamlit.testing.v1 import AppTest

from latentlab import device
from latentlab.analysis.conditional.analogies import usage
from latentlab.analysis.handwriting import as_example, ink_side
from latentlab.analysis.image_attributes import measured
from latentlab.analysis.latent.attribute_vectors import attribute_vector
from latentlab.data import Dataset, Kind, Library, Splits, to_bytes
from latentlab.models import Classifies, Decodes, EncodesGiven, HasPrior, Spec
from latentlab.models.parts.priors import without_category
from latentlab.models.vae.cvae import CVAE
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from latentlab.subjects import StoredRun, find
from pages.analogies import sheet as sheets
from pages.analogies.attribute_vectors import N_BOOT
from pages.analogies.rows import Rows, codes_of
from pages.components import digest
from pages.components.brush import pack
from pages.components.row import checked
from pages.navigation import FEW_LABELS
from pages.shared import url_state
from pages.shared.classifier import classifier_run, independent_classifier_run
from pages.shared.selections import Group
from pages.shared.spaces import Source
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, shows, titled, words

SVG = "{http://www.w3.org/2000/svg}"


def drawings(app: AppTest) -> list[ET.Element]:
    """The sheets on the page."""
    found = []
    for image in app.image:
        address = image.proto.imgs[0].url
        if address.startswith("data:image/svg+xml"):
            found.append(ET.fromstring(base64.b64decode(address.partition(",")[2])))
    return found


def said(drawing: ET.Element) -> list[str]:
    return ["".join(element.itertext()) for element in drawing.iter(f"{SVG}text")]


def pictures(drawing: ET.Element) -> list[np.ndarray]:
    found = []
    for element in drawing.iter(f"{SVG}image"):
        content = base64.b64decode(element.attrib["href"].partition(",")[2])
        found.append(np.asarray(Image.open(io.BytesIO(content))))
    return found


def kept(store: Store, run_id: str, examples: Dataset, z_dim: int = 3, seed: int = 0, deaf: bool = False) -> Run:
    """Keep a model of digits that is class-conditional, with its first weights; a deaf one can't hear z."""
    model = CVAE(CVAE.Config(z_dim=z_dim, hidden=32), Spec((1, 8, 8), 10, Kind.IMAGE))
    initialise(model, device.generator(seed))
    with torch.no_grad():
        next(model.p_x.inputs.parameters()).mul_(0 if deaf else 4)  # those of z
    run = Run(
        run_id, f"Model {run_id}", "cvae", "digits", {"z_dim": z_dim, "hidden": 32}, {}, (1, 8, 8), examples.classes, 1,
        1.0, "2026-01-01T00:00:00+00:00", model.size, examples.kind,
    )  # fmt: skip
    store.save(run, model, [], examples)
    return run


@pytest.fixture
def told(app_store: Store, few_digits: Splits) -> CVAE:
    """A model that is class-conditional, kept as the run "told"."""
    kept(app_store, "told", few_digits.test)
    model = app_store.load("told")
    assert isinstance(model, CVAE)
    return model


def sources(app: AppTest) -> list[int]:
    """The test examples that the rows of the first sheet come from."""
    return [int(match[1]) for text in said(drawings(app)[0]) if (match := re.search(r"\(#(\d+)\)", text))]


def bent(app: AppTest) -> Any:
    """The control that says which row the sliders bend."""
    return next(one for one in app.selectbox if one.label == "Row to edit")


def test_each_row_is_the_style_of_its_source_in_every_class(opened: Open, told: CVAE, few_digits: Splits) -> None:
    app = opened("analogies", run="told", images="7,30,2")
    assert not app.exception
    assert sources(app) == [7, 30, 2]
    found = pictures(drawings(app)[0])
    with torch.no_grad():
        for row, i in enumerate((7, 30, 2)):
            x, y, *_ = few_digits.test.batch(slice(i, i + 1))
            z = told.encode(x, y)
            cells = [to_bytes(told.decode(z, torch.tensor([k])))[0, 0] for k in range(10)]
            np.testing.assert_allclose(found[2 * row].astype(int), np.hstack(cells), atol=1)
            np.testing.assert_array_equal(found[2 * row + 1], few_digits.test.x[i, 0])


@pytest.mark.slow
def test_the_page_opens_with_every_style_in_every_class(opened: Open, app_store: Store) -> None:  # noqa: ARG001
    app = opened("analogies")
    assert app.query_params["run"] == "mnist-cvae"
    assert said(drawings(app)[0]).count("0") == 1  # a column for each class
    app.session_state["chosen"] = "mnist-vae-2d"  # as on the page before
    app.session_state["picked_here"] = True
    assert app.run().query_params["run"] == "mnist-vae-2d"


def test_every_digit_is_among_the_first_sources_and_others_come_on_demand(opened: Open, told: CVAE) -> None:  # noqa: ARG001
    app = opened("analogies", run="told", rows="10")
    names = [text for text in said(drawings(app)[0]) if "(#" in text]
    assert {name.split()[1] for name in names} == set("0123456789")
    before = sources(app)
    app.button(key="others").click().run()
    assert sources(app) != before
    assert app.query_params["draw"] == "1"


def test_bending_a_row_moves_its_cells_and_no_others(opened: Open, told: CVAE) -> None:
    app = opened("analogies", run="told", images="7,30,2", live="false")
    before = pictures(drawings(app)[0])
    slider = next(one for one in app.slider if one.label.startswith("z"))
    axis = int(slider.label[1]) - 1
    slider.set_value(2.5).run()
    after = pictures(drawings(app)[0])
    same = [np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert same == [False, True, True, True, True, True]
    code = [float(v) for v in app.query_params["z"].split(",")]
    assert code[axis] == 2.5
    with torch.no_grad():
        cell = to_bytes(told.decode(torch.tensor([code]), torch.tensor([4])))[0, 0]
    np.testing.assert_allclose(after[0][:, 32:40].astype(int), cell, atol=2)
    linked = opened("analogies", run="told", images="7,30,2", z=app.query_params["z"])
    shown = pictures(drawings(linked)[0])[0].astype(int)  # of the numbers in the address
    np.testing.assert_allclose(shown, after[0].astype(int), atol=1)


def test_a_link_says_which_row_is_bent(opened: Open, told: CVAE) -> None:
    address = {"images": "7,30,2", "z": "1,-2,0.5"}
    app = opened("analogies", run="told", row="2", **address)
    assert bent(app).value == 1
    with torch.no_grad():
        cell = to_bytes(told.decode(torch.tensor([[1.0, -2.0, 0.5]]), torch.tensor([0])))[0, 0]
    np.testing.assert_allclose(pictures(drawings(app)[0])[2][:, :8].astype(int), cell, atol=1)
    assert app.query_params["row"] == "2"
    assert bent(opened("analogies", run="told", row="99", **address)).value == 0


def test_what_bent_a_row_is_forgotten_with_it(opened: Open, told: CVAE) -> None:
    app = opened("analogies", run="told", images="7,30,2", row="2", z="1,-2,0.5")
    app.segmented_control(key="styles").select("Prior").run()
    assert "z" not in app.query_params
    assert bent(app).options == [f"draw {i + 1}" for i in range(6)]
    assert bent(app).value == 1
    z = torch.randn(10, 3, generator=device.generator(0))[1:2]
    with torch.no_grad():
        cell = to_bytes(told.decode(z, torch.tensor([3])))[0, 0]
    np.testing.assert_allclose(pictures(drawings(app)[0])[1][:, 24:32].astype(int), cell, atol=1)
    app = opened("analogies", run="told", images="7,30,2", z="1,-2,0.5")
    app.multiselect(key="images-told").unselect(7).run()
    assert "z" not in app.query_params
    assert len(bent(app).options) == 2


def test_the_browser_is_sent_the_decoder_and_heard_when_it_lets_go(
    opened: Open, told: CVAE, few_digits: Splits
) -> None:
    app = opened("analogies", run="told", images="7,30,2")
    names = [component.proto.component_name for component in app.get("bidi_component")]
    assert {"latentlab.weights", "latentlab.row"} <= set(names)
    style = told.encode(few_digits.test[7:8].batch().x, few_digits.test.y[7:8])
    (code,) = codes_of(style)
    app.session_state[f"row-told-{digest(np.array(code))}"] = {"z": [1.5, -0.5, 0.25]}
    app.run()
    assert app.query_params["z"] == "1.5,-0.5,0.25"
    with torch.no_grad():
        cell = to_bytes(told.decode(torch.tensor([[1.5, -0.5, 0.25]]), torch.tensor([9])))[0, 0]
    np.testing.assert_allclose(pictures(drawings(app)[0])[0][:, 72:].astype(int), cell, atol=1)


@pytest.mark.parametrize("sent", [None, [1, 2], [1, 2, "x"], [1, 2, float("nan")], [1, 2, 9], {"z": 1}])
def test_what_a_browser_sends_is_checked(sent: object) -> None:
    assert checked(sent, 3, 3.0) is None
    assert checked([1, -2, 3], 3, 3.0) == (1.0, -2.0, 3.0)


def test_the_prior_has_styles_too_and_no_sources(opened: Open, told: CVAE) -> None:
    app = opened("analogies", run="told", styles="Prior")
    assert not app.exception
    z = torch.randn(10, 3, generator=device.generator(0))[:1]
    with torch.no_grad():
        cell = to_bytes(told.decode(z, torch.tensor([3])))[0, 0]
    found = pictures(drawings(app)[0])
    assert len(found) == 6
    np.testing.assert_allclose(found[0][:, 24:32].astype(int), cell, atol=1)


def test_the_judge_speaks_when_asked_and_its_control_is_beside(opened: Open, told: CVAE, few_digits: Splits) -> None:  # noqa: ARG001
    app = opened("analogies", run="told")
    assert not any("%" in text for text in said(drawings(app)[0]))
    app.toggle(key="judge").set_value(True).run()
    assert sum("%" in text for text in said(drawings(app)[0])) == 60
    crosses = sum("✗" in text for text in said(drawings(app)[0]))
    assert 0 < crosses < 60
    judge = Store.default().load("digits-cnn")
    assert isinstance(judge, Classifies)
    real = (judge.classify(few_digits.test.batch().x).argmax(1) == few_digits.test.y).float().mean()
    assert shows(app, f"{1 - crosses / 60:.0%}", f"{float(real):.1%}")  # of these cells, of real images


def test_no_model_that_generates_classifies_its_own_images(app_store: Store) -> None:
    run = find("digits-m2")
    assert run.has(Classifies)
    assert run.metrics["error"] <= app_store.read("digits-cnn").metrics["error"]
    assert classifier_run(run) == run
    found = independent_classifier_run(run)
    assert found is not None
    assert found.id == "digits-cnn"


def test_the_meters_say_what_the_decoder_uses(opened: Open, told: CVAE, few_digits: Splits) -> None:
    app = opened("analogies", run="told")
    x, y, *_ = few_digits.test.batch()
    with torch.no_grad():
        found = usage(lambda z, k: told.decode(z, k), told.encode(x, y)[:60], 10)
    assert found.verdict in words(app)
    assert shows(app, 60, 10)  # styles, classes


def test_a_decoder_without_weights_for_z_is_said_to_ignore_it(
    opened: Open, app_store: Store, few_digits: Splits
) -> None:
    kept(app_store, "deaf", few_digits.test, deaf=True)
    model, data = app_store.load("deaf"), few_digits.test.batch()
    assert isinstance(model, CVAE)
    with torch.no_grad():
        verdict = usage(lambda z, k: model.decode(z, k), model.encode(data.x, data.y)[:60], 10).verdict
    assert mentions(verdict, "z")
    assert not mentions(verdict, "y")
    assert verdict in words(opened("analogies", run="deaf"))
    assert verdict not in words(opened("analogies"))


def test_a_second_model_draws_the_same_rows(opened: Open, told: CVAE, app_store: Store, few_digits: Splits) -> None:  # noqa: ARG001
    kept(app_store, "other", few_digits.test, z_dim=2, seed=1)
    app = opened("analogies", run="told", beside="other", images="3,4,5")
    assert not app.exception
    first, second = drawings(app)
    assert said(first) == said(second)
    np.testing.assert_array_equal(pictures(first)[1], pictures(second)[1])
    assert "Model other" in words(app)


def test_the_styles_of_a_class_are_a_plane(opened: Open, told: CVAE) -> None:  # noqa: ARG001
    app = opened("analogies", run="told", detail="Style plane", of="3")
    assert not app.exception
    assert app.selectbox(key="of").value == "3"
    third = app.selectbox(key="up-told").options[2]
    app.selectbox(key="up-told").select(third).run()
    assert app.query_params["up"] == third
    linked = opened("analogies", **{name: app.query_params[name] for name in app.query_params})
    assert linked.selectbox(key="up-told").value == app.selectbox(key="up-told").value
    assert not app.info
    app.selectbox(key="up-told").select(app.selectbox(key="across-told").value).run()
    assert app.info


@pytest.mark.parametrize(
    "address",
    [{"images": "x,,-3,99999,5"}, {"draw": "-1"}, {"z": "nan,0,0"}, {"z": "1,2"}, {"beside": "../x"}, {"rows": "1e9"}],
)
def test_nonsense_in_the_link_is_ignored(opened: Open, told: CVAE, address: dict[str, str]) -> None:  # noqa: ARG001
    app = opened("analogies", run="told", **address)
    assert not app.exception
    assert drawings(app)


def test_the_table_of_a_sheet_has_a_line_for_each_cell(app_store: Store, told: CVAE) -> None:  # noqa: ARG001
    run = StoredRun(app_store.read("told"), app_store)
    rows = Rows(((0.5, -1.0, 2.0), (0.0, 0.0, 0.0)), ("one", "two"))
    head, *lines = sheets._csv(run, rows).splitlines()
    assert head == "row,class,z1,z2,z3,predicted class,probability"
    assert len(lines) == 20
    assert lines[13].startswith("two,3,0.0000,0.0000,0.0000,")
    with GifImageFile(io.BytesIO(sheets._film(run, rows))) as film:
        assert film.n_frames == 16


def test_names_with_commas_and_quotes_stay_one_cell(app_store: Store, few_digits: Splits) -> None:
    names = ('a "big", red one', "a\nline", *"23456789")
    run = StoredRun(kept(app_store, "named", replace(few_digits.test, classes=names)), app_store)
    rows = Rows(((0.5, -1.0, 2.0), (0.0, 0.0, 0.0)), ('x, "y"', "two"))
    table = list(csv.reader(io.StringIO(sheets._csv(run, rows))))
    assert [row[:2] for row in table[1:]] == [[row, name] for row in ('x, "y"', "two") for name in names]
    assert {len(row) for row in table} == {7}
    assert [float(cell) for cell in table[1][2:5]] == [0.5, -1.0, 2.0]


# --- models that aren't told the class -----------------------------------------------------------------------------


def groups(run_id: str) -> tuple[np.ndarray, np.ndarray]:
    """The codes of the eights and of the threes."""
    model, seen = Store.default().load(run_id), Store.default().examples(run_id)
    assert isinstance(model, VAE)
    with torch.no_grad():
        z = model.encode(seen.batch().x).numpy()
    return z[seen.y.numpy() == 8], z[seen.y.numpy() == 3]


def test_an_attribute_vector_comes_with_how_sure_it_is(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-20d", asked="How far to trust it")
    assert not app.exception
    found = attribute_vector(*groups("mnist-vae-20d"), "mean", N_BOOT)
    assert shows(app, f"{found.auc.value:.1%}", f"{found.shuffled.mean:.1%}")
    assert shows(app, f"{found.auc.low:.1%}", f"{found.auc.high:.1%}", f"{found.cone:.0f}°")
    table = app.dataframe[0].value
    assert table["AUC held out"][0] == pytest.approx(found.auc.value, abs=1e-6)
    assert list(table["direction"]) == ["Means", "Probe", "LDA"]
    assert table["angle to Means (°)"][0] == pytest.approx(0, abs=0.1)


def test_the_way_starts_at_the_example_and_ends_a_gap_further(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-2d", reach="1.0")
    model = Store.default().load("mnist-vae-2d")
    assert isinstance(model, VAE)
    a, b = groups("mnist-vae-2d")
    first = sources(app)[0]
    z = model.encode(Store.default().examples("mnist-vae-2d").batch(slice(first, first + 1)).x)
    row = pictures(drawings(app)[0])[0].astype(int)
    with torch.no_grad():
        ends = to_bytes(model.decode(torch.cat([z, z + torch.from_numpy(a.mean(0) - b.mean(0))])))[:, 0]
    np.testing.assert_allclose(row[:, :28], ends[0], atol=1)
    np.testing.assert_allclose(row[:, -28:], ends[1], atol=2)


def test_groups_that_have_no_direction_are_one_sentence(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-2d", a="3", b="3")
    assert not app.exception
    (info,) = app.info
    assert numbers_in(info.value) == []
    app.multiselect(key="group-a-mnist-vae-2d-[]").set_value([]).run()
    assert [mentions(info.value, 4, 0) for info in app.info] == [True]  # examples needed, and there


def test_thirds_of_the_slant_are_groups_with_a_direction_of_their_own(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-20d", a="slanted right", b="upright", reach="1.0")
    assert not app.exception
    assert [one.value for one in app.multiselect] == [["slanted right"], ["upright"]]
    assert (app.query_params["a"], app.query_params["b"]) == ("slanted right", "upright")
    model, data = Store.default().load("mnist-vae-20d"), Store.default().examples("mnist-vae-20d")
    assert isinstance(model, VAE)
    x = data.batch().x
    slant = measured(x.numpy(), "slant")
    low, high = np.quantile(slant, [1 / 3, 2 / 3])
    right, upright = slant >= high, (slant >= low) & (slant < high)
    assert slant[right].mean() > slant[upright].mean() + 0.1
    with torch.no_grad():
        z = model.encode(x).numpy()
    found = attribute_vector(z[right], z[upright], "mean", N_BOOT)
    assert shows(app, f"{found.auc.value:.1%}", f"{found.shuffled.mean:.1%}")
    assert shows(app, f"{found.auc.low:.1%}", f"{found.auc.high:.1%}", f"{found.cone:.0f}°")
    assert all(upright[i] for i in sources(app))
    rows = (np.stack(pictures(drawings(app)[0])[::2])[:, None] / 255).astype(np.float32)
    assert measured(rows[..., -28:], "slant").mean() > measured(rows[..., :28], "slant").mean() + 0.1


def test_another_model_takes_the_same_images_along_its_own_direction(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-2d", beside="mnist-vae-20d", direction="LDA", judge="true")
    assert not app.exception
    first, second = drawings(app)
    named = [[text for text in said(one) if "(#" in text] for one in (first, second)]
    assert named[0] == named[1]
    found = attribute_vector(*groups("mnist-vae-20d"), "lda", N_BOOT)
    assert shows(app, f"{found.auc.value:.1%}")


def test_what_was_selected_on_the_map_is_a_group(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-2d")
    run = find("mnist-vae-2d")
    lasso = Group("lasso A (40 examples, ab12)", Source("mnist", run), tuple(range(40)))
    app.session_state["groups"] = {"A": lasso}
    app.run()
    assert app.multiselect[0].value == [lasso.name]
    model = Store.default().load("mnist-vae-2d")
    assert isinstance(model, VAE)
    with torch.no_grad():
        z = model.encode(lasso.members().batch().x)
    found = attribute_vector(z.numpy(), groups("mnist-vae-2d")[1], "mean", N_BOOT)
    assert shows(app, lasso.name, 3, f"{found.auc.value:.1%}")


def test_a_link_brings_what_was_selected_on_the_map(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-2d")
    lasso = Group("lasso A (40 examples, 3a17)", Source("mnist", find("mnist-vae-2d")), (3, *range(9, 48)))
    app.session_state["groups"] = {"A": lasso}
    app.run()
    assert app.multiselect[0].value == [lasso.name]
    sheet = said(drawings(app)[0])
    again = visited("analogies", **{name: app.query_params[name] for name in app.query_params})
    assert again.session_state["groups"]["A"].ids == lasso.ids
    assert re.fullmatch(r"lasso A \(40 examples, \w{4}\)", again.multiselect[0].value[0])
    assert said(drawings(again)[0]) == sheet
    assert shows(again, 40, "A")
    again.multiselect[0].set_value(["8"]).run()
    assert "lasso-a" not in again.query_params


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["x", "x~0~mnist-vae-2d~mnist", "eJxjYAAAAAIAAQ==~0~mnist-vae-2d~mnist", "{}~0~digits-vae~digits",
             "{}~0~nobody~mnist", "{}~-1~mnist-vae-2d~mnist", "{}~9{}~mnist-vae-2d~mnist", "{}~5~~mnist"],
)  # fmt: skip
def test_a_selection_that_cannot_be_is_left_out(visited: Open, text: str) -> None:
    bits = base64.urlsafe_b64encode(zlib.compress(np.packbits(np.arange(500) < 9).tobytes())).decode()
    app = visited("analogies", run="mnist-vae-2d", **{"lasso-b": text.format(bits, "9" * 40)})
    assert not app.exception
    assert [mentions(warning.value, "“lasso-b”") for warning in app.warning] == [True]
    assert shows(app, 8, 3, "%")  # the groups that it would be without
    assert "lasso-b" not in app.query_params


def test_a_selection_too_large_for_a_link_is_said_to_be(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(url_state, "LONGEST", 20)
    app = opened("analogies", run="mnist-vae-2d")
    lasso = Group("lasso A (40 examples, ab12)", Source("mnist", find("mnist-vae-2d")), tuple(range(40)))
    app.session_state["groups"] = {"A": lasso}
    app.run()
    short = len(app.caption)
    assert "lasso-a" not in app.query_params
    monkeypatch.undo()
    app.run()
    assert "lasso-a" in app.query_params
    assert len(app.caption) == short - 1  # that it isn't in the link is said no more


def test_data_without_classes_can_still_be_combined(opened: Open, app_store: Store) -> None:
    run, model = app_store.read("digits-vae"), app_store.load("digits-vae")
    kept = app_store.examples("digits-vae")
    bare = replace(run, id="bare", classes=())
    built = bare.build()
    built.load_state_dict(model.state_dict())
    app_store.save(bare, built, [], replace(kept, y=torch.full_like(kept.y, -1), classes=()))
    app = opened("analogies", run="bare")
    assert not app.exception
    assert app.info
    assert shows(app, "A − B + C", "σ")


def equation(app: AppTest) -> list[np.ndarray]:
    """The pictures of A, B, C, the decoded A - B + C, and the nearest example."""
    (body,) = (one.proto.body for one in app.get("html") if "<figure" in one.proto.body)
    found = re.findall(r'src="data:image/png;base64,([^"]+)"', body)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(content)))).astype(int) for content in found]


def test_arithmetic_with_images_is_drawn_and_says_whether_its_result_is_real(visited: Open) -> None:
    model, data = Store.default().load("mnist-vae-20d"), Store.default().examples("mnist-vae-20d")
    assert isinstance(model, VAE)
    x, y = data.batch().x, data.y.tolist()
    with torch.no_grad():
        z = model.encode(x)
    app = visited("analogies", run="mnist-vae-20d", asked="A − B + C", abc="5,6,7")
    assert not app.exception
    other = next(i for i, k in enumerate(y) if k == y[6] and f"B-{i}" in {b.key for b in app.button} and i != 6)
    for a, b, c in ((5, 6, 7), (5, other, 7)):
        if b == other:
            app.button(key=f"B-{other}").click().run()
            assert app.query_params["abc"] == f"5,{other},7"
        code = (z[a] - z[b] + z[c])[None]
        far = torch.cdist(z, code)[:, 0].sort().values[:10].mean()
        assert shows(app, f"{float(far):.2f} σ")
        with torch.no_grad():
            made = to_bytes(model.decode(code))[0, 0]
        found = equation(app)
        np.testing.assert_allclose(found[3], made, atol=2)
        for picture, i in zip(found[:3], (a, b, c), strict=True):
            np.testing.assert_array_equal(picture, data.x[i, 0])


def test_the_first_equation_makes_a_4_lean_as_a_7_does(visited: Open) -> None:
    app = visited("analogies", run="mnist-vae-20d")
    a, b, c, made, _ = measured((np.stack(equation(app))[:, None] / 255).astype(np.float32), "slant")
    assert a > 0.4 > 0.2 > max(abs(b), abs(c))
    assert made > (b + c) / 2 + 0.2
    images = torch.from_numpy(np.stack(equation(app))[:4, None].astype(np.float32) / 255)
    judge = Store.default().load("mnist-cnn")
    assert isinstance(judge, Classifies)
    assert judge.classify(images).argmax(1).tolist() == [7, 7, 4, 4]


def test_vectors_without_a_model_are_added_and_told_apart(opened: Open, app_store: Store, tmp_path: Path) -> None:  # noqa: ARG001
    """Words of two traits: the one that has the other trait of A - B + C is the nearest."""
    rng = np.random.default_rng(0)
    traits = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]).repeat(20, 0)
    vectors = traits @ rng.normal(size=(2, 12)) + 0.02 * rng.normal(size=(80, 12))
    np.savez(tmp_path / "words.npz", x=vectors, y=2 * traits[:, 0] + traits[:, 1])
    name = Library.default().add(tmp_path / "words.npz")
    splits = Library.default().load(name)
    y = torch.cat([splits.test.y, splits.train.y, splits.valid.y]).numpy()
    app = opened("analogies", run=f"data:{name}")
    assert not app.exception
    rows = {trait: int(np.flatnonzero(y == trait)[0]) for trait in range(4)}
    for letter, trait in (("A", 3), ("B", 1), ("C", 0)):  # (1, 1) - (0, 1) + (0, 0) = (1, 0)
        app.number_input(key=f"example-{letter.lower()}-{name}").set_value(rows[trait])
    app.run()
    assert {title.split(", ")[1] for title in titled(app)[3:]} == {"2"}
    assert app.dataframe[0].value["AUC held out"][0] == pytest.approx(1, abs=1e-6)


def test_directions_of_wide_vectors_are_looked_for_in_components(
    opened: Open, app_store: Store, tmp_path: Path  # noqa: ARG001
) -> None:  # fmt: skip
    """Forty vectors lie in thirty-nine dimensions, so nothing is lost: the numbers are those of all two hundred."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    np.savez(tmp_path / "wide.npz", x=rng.normal(size=(40, 200)) + 0.1 * labels[:, None], y=labels)
    name = Library.default().add(tmp_path / "wide.npz")
    splits = Library.default().load(name)
    parts = (splits.test, splits.train, splits.valid)
    x, y = torch.cat([part.x for part in parts]), torch.cat([part.y for part in parts])
    app = opened("analogies", run=f"data:{name}")
    table = app.dataframe[0].value
    whole = attribute_vector(x[y == 0], x[y == 1], "mean", 2)
    probe = LogisticRegression(max_iter=1_000).fit(x, 1 - y).coef_[0]
    apart = np.degrees(np.arccos(whole.direction @ probe / np.linalg.norm(probe)))
    assert 0.5 < whole.auc.value < 1
    assert table["AUC held out"][0] == pytest.approx(whole.auc.value, abs=1e-6)
    assert table["angle to Probe (°)"][0] == pytest.approx(apart, abs=0.5)
    assert shows(app, 39, "100.0%")  # components, their share of the variance


@pytest.mark.parametrize(
    "address",
    [{"run": "moons-m2"}, {"run": "digits-m2", "detail": "Learning from few labels"},
     {"run": "mnist-cvae", "learning": "mnist-vae-2d"}],
)  # fmt: skip
def test_an_address_of_what_is_a_page_of_its_own_now_leads_there(visited: Open, address: dict[str, str]) -> None:
    app = visited("analogies", **address)
    assert not app.exception
    assert app.title[0].value == FEW_LABELS.title
    if "learning" in address:
        assert app.query_params["learning"] == address["learning"]
    else:
        assert app.query_params["run"] == address["run"]


def test_a_digit_drawn_by_hand_is_shown_in_its_style_as_every_class(opened: Open, app_store: Store) -> None:
    """A slanted stroke is read as a one; its row is what the model makes of that image as a one."""
    sheet = np.zeros((56, 56), bool)
    for k in range(36):
        sheet[10 + k, 36 - k // 3 : 41 - k // 3] = True
    app = opened("analogies", styles="Your hand", drawn=pack(sheet))
    assert not app.exception
    assert app.selectbox(key="drawn-as-1").value == 1
    x = as_example(sheet, ink_side(app_store.examples("mnist-cvae").batch().x), 28, 28)
    model = app_store.load("mnist-cvae")
    assert x is not None
    assert isinstance(model, EncodesGiven)
    with torch.no_grad():
        z = model.encode(x[None], torch.tensor([1]))
    (row,) = (c for c in app.get("bidi_component") if c.proto.component_name == "latentlab.row")
    np.testing.assert_allclose(json.loads(row.proto.json)["start"], z[0].numpy(), atol=1e-4)


def test_before_anything_is_drawn_the_mean_style_is_shown(visited: Open) -> None:
    app = visited("analogies", styles="Your hand")
    assert not app.exception
    assert drawings(app)


def test_the_category_of_a_code_takes_the_place_of_the_class(visited: Open) -> None:
    run = find("digits-infogan")
    model = run.model()
    assert isinstance(model, Decodes)
    assert isinstance(model, HasPrior)
    app = visited("analogies", run=run.id, styles="Prior", live="false", rows="3")
    assert not app.exception
    drawing = drawings(app)[0]
    assert {f"c{k + 1}" for k in range(10)} <= set(said(drawing))
    noise = without_category(model.prior).sample(10, device.generator(0))[:3]
    codes = torch.cat([torch.eye(10).repeat(3, 1), noise.repeat_interleave(10, 0)], 1)
    with torch.no_grad():
        expected = to_bytes(model.decode(codes))
    np.testing.assert_allclose(
        np.stack(pictures(drawing)).astype(int), [np.hstack([*row[:, 0]]) for row in np.split(expected, 3)], atol=1
    )
    app = visited("analogies", run=run.id, changes="a direction")
    assert not app.exception
    assert not any("c1" in said(one) for one in drawings(app))  # its classes are those of the data again
