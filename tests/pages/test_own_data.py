"""The page of the user's own data: uploaded, previewed, given roles, saved, mapped, trained on, removed."""

from __future__ import annotations

import gzip
import io
import re
import struct
import tempfile
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from latentlab import settings
from latentlab.data import Library, load
from latentlab.data.files.options import Fit
from latentlab.data.files.tables.roles import Role
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from pages.navigation import PAGES
from pages.your_data.columns import ROLE
from pages.your_data.images import Channels
from tests.conftest import ROOT, mentions
from tests.data.files.conftest import encoded, noise
from tests.pages.conftest import Open, drawn, keys_of, path_of, shows, words

pytestmark = pytest.mark.usefixtures("no_worker")

KIND = "application/octet-stream"
Upload = Callable[..., AppTest]


@pytest.fixture
def library(app_store: Store) -> Library:
    return Library(app_store.root / ".data")


@pytest.fixture
def upload(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upload:
    """Open the page and upload files; whatever happens, none of them stays on the disk."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def open_and_upload(**files: bytes) -> AppTest:
        app = opened("your_data")
        app.file_uploader[0].set_value([(name, content, KIND) for name, content in files.items()]).run()
        assert not app.exception
        assert not list((tmp_path / "temporary").iterdir())
        return app

    return open_and_upload


def npz(n: int = 30, **others: Any) -> bytes:
    out = io.BytesIO()
    arrays: dict[str, Any] = {"x": noise(n, 9, 8), "y": np.arange(n) % 3}
    np.savez(out, **(arrays | others))
    return out.getvalue()


def npy(array: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


def csv(n: int = 30) -> bytes:
    rows = [f"{k},{k * k / 7},{'uv'[k % 2]},{k % 3}" for k in range(n)]
    return "\n".join(["a,b,kind,label", *rows]).encode()


def idx(values: np.ndarray[Any, np.dtype[np.uint8]]) -> bytes:
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


def keep(app: AppTest) -> AppTest:
    app.button(key="keep").click().run()
    assert not app.exception
    assert not app.error
    assert not app.warning
    return app


def roles_of(app: AppTest) -> dict[str, str]:
    """What the page says each listed column is for."""
    keys = [key for key in keys_of(app, "selectbox") if key and key.startswith(ROLE)]
    return {key.removeprefix(ROLE): str(app.selectbox(key=key).value) for key in keys}


def set_role(app: AppTest, column: str, role: Role) -> AppTest:
    """Choose another role in the list of the columns."""
    app.selectbox(key=f"{ROLE}{column}").set_value(role).run()
    assert not app.exception
    return app


def test_an_upload_is_looked_at_kept_chosen_and_trained_on(upload: Upload, library: Library, app_store: Store) -> None:
    app = upload(**{"my pets.npz": npz()})
    assert shows(app, 30, 8, 9)
    assert shows(app, 3, "0, 1, 2")
    assert library.names() == ()
    shown = Counter(re.findall(r"<figcaption[^>]*>(\w+)<", "".join(str(one.proto.body) for one in app.get("html"))))
    assert shown.keys() == {"0", "1", "2"}
    assert max(shown.values()) - min(shown.values()) <= 1
    keep(app)
    assert library.names() == ("my-pets",)
    assert library.card("my-pets").source == "my pets.npz"
    assert not any("figcaption" in str(one.proto.body) for one in app.get("html"))  # the look at the upload is gone
    assert shows(app, 30, "8 × 9", 3, "my pets.npz")
    links = [(link.proto.page, link.proto.query_string) for link in app.get("page_link")]
    assert links == 2 * [("clusters", "run=data%3Amy-pets"), ("train", "dataset=my-pets")]
    app.switch_page(path_of("clusters")).run()
    assert app.selectbox(key="picked").value == "data:my-pets"
    app.switch_page(path_of("train")).run()
    assert app.selectbox(key="dataset").value == "my-pets"
    assert app.number_input(key="vae-my-pets-epochs").value == 500
    app.number_input(key="vae-my-pets-epochs").set_value(1).run()
    app.number_input(key="vae-my-pets-hidden").set_value(8).run()
    app.button(key="train").click().run()
    list(perform(app_store, app.query_params["job"]))
    app.run()
    assert not app.exception
    assert app_store.runs()[0].dataset == "my-pets"


def test_it_is_still_there_after_a_reload(upload: Upload, opened: Open, library: Library) -> None:
    keep(upload(**{"pets.npz": npz()}))
    assert shows(opened("your_data"), "pets.npz")
    assert opened("train", dataset="pets").selectbox(key="dataset").value == "pets"
    assert library.names() == ("pets",)


def test_of_a_table_the_label_is_chosen(upload: Upload, library: Library) -> None:
    app = upload(**{"bees.csv": csv()})
    assert shows(app, 3, "0, 1, 2")
    assert app.selectbox(key="own-label").options[1:] == ["a", "b", "kind", "label"]
    assert app.selectbox(key="own-label").value == "label"
    names, *few = drawn(app)
    assert names == "a, b"
    assert len(few) == 6
    app.selectbox(key="own-label").select("kind").run()
    assert shows(app, 2, "u, v")
    assert not shows(app, 3, "0, 1, 2")
    assert roles_of(app) == {"a": "vector", "b": "vector", "kind": "label", "label": "colour by"}
    app.text_input(key="own-name").set_value("../Bees & more")  # sent with the button of its form
    keep(app)
    assert library.card("Bees-more").classes == ("u", "v")
    assert library.card("Bees-more").features == ("a", "b")
    assert library.card("Bees-more").columns == ("label",)


def test_a_table_without_a_label_asks_for_it_first_and_may_have_none(upload: Upload, library: Library) -> None:
    rows = [f"{k / 7},{k % 2},{'uvw'[k % 3]},{'pq'[k % 2]}" for k in range(30)]
    app = upload(**{"bees.csv": "\n".join(["a,b,kind,site", *rows]).encode()})
    preview = [element for element in app.main if getattr(element, "key", None) or element.type == "markdown"]
    after = [element.type for element in preview].index("file_uploader") + 1
    assert preview[after].key == "own-label"
    assert app.selectbox(key="own-label").value == ""
    app.selectbox(key="own-label").select("site").run()
    assert roles_of(app)["site"] == "label"
    app.selectbox(key="own-label").select("").run()
    assert roles_of(app)["site"] == "colour by"
    keep(app)
    assert library.card("bees").classes == ()


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.IMAGE, Role.SPLIT)])
def test_each_role_can_be_set_and_the_data_are_read_again(upload: Upload, library: Library, role: Role) -> None:
    app = upload(**{"bees.csv": csv()})
    set_role(app, "kind", role)
    assert roles_of(app) == {"a": "vector", "b": "vector", "label": "label", "kind": role.value} | (
        {"label": "colour by"} if role is Role.LABEL else {}
    )
    if role in (Role.VECTOR, Role.TIME):  # it holds words, and no dates
        assert mentions(app.error[0].value, "bees.csv")
        set_role(app, "kind", Role.COLOUR)
        assert not app.error
    keep(app)
    card = library.card("bees")
    assert card.features == ("a", "b")
    assert ("kind" in card.columns) == (role not in (Role.LABEL, Role.OUT))
    assert (card.id, card.title) == ("kind" * (role is Role.ID), "kind" * (role is Role.TITLE))
    assert card.classes == (("u", "v") if role is Role.LABEL else ("0", "1", "2"))


def test_readings_are_divided_in_time_and_joined_to_windows(upload: Upload, library: Library) -> None:
    rows = [f"2024-05-01 {k // 60:02}:{k % 60:02},{k}.5,{k % 7}.25" for k in range(240)]
    app = upload(**{"plant.csv": "\n".join(["when,flow,level", *rows]).encode()})
    assert roles_of(app)["when"] == "time"
    assert shows(app, 240, 2)
    app.number_input[0].set_value(5).run()
    assert shows(app, 5)
    of = next(key.removeprefix("rest-") for key in keys_of(app, "selectbox") if key and key.startswith("rest-"))
    assert app.selectbox(key=f"rest-{of}").options == ["no column", "flow", "level"]
    app.text_input(key=f"step-{of}").set_value("2 bananas").run()
    assert len(app.error) == 1
    app.text_input(key=f"step-{of}").set_value("2 min").run()
    app.selectbox(key=f"rest-{of}").select("flow").run()
    app.number_input(key=f"least-{of}").set_value(1e6).run()
    assert len(app.error) == 1  # no row is left, and what was chosen can be changed
    app.number_input(key=f"least-{of}").set_value(20).run()
    assert not app.error
    assert shows(app, 10, 120, "flow", 20)
    keep(app)
    train = library.load("plant").train
    assert train.shape == (5, 2)
    assert train.scale is not None
    flow = train.scale.back(train.x)[:, :, 0]
    assert np.allclose(np.diff(flow.numpy(), axis=1), 2, atol=1e-3)
    assert flow.min() > 20


def test_of_many_columns_those_of_the_vector_are_one_line(upload: Upload) -> None:
    names = [f"pixel{k}" for k in range(300)]
    rows = [",".join([*map(str, range(k, k + 300)), "uv"[k % 2], f"n{k}"]) for k in range(20)]
    app = upload(**{"wide.csv": "\n".join([",".join([*names, "kind", "note"]), *rows]).encode()})
    assert set(roles_of(app)) == {"kind", "note"}
    assert shows(app, 300, "pixel0", "pixel299")
    set_role(app, "note", Role.OUT)
    assert roles_of(app) == {"kind": "label", "note": "left out"}
    assert shows(app, 20, 300)


@pytest.mark.parametrize(("fit", "of_wide"), [(Fit.STRETCH, 1), (Fit.CROP, 1), (Fit.PAD, 0.5)])
def test_the_size_of_images_is_chosen_and_what_becomes_of_other_proportions(
    upload: Upload, fit: Fit, of_wide: float
) -> None:
    square, wide = (np.full((160, side), 255, np.uint8) for side in (160, 320))
    app = upload(**{f"{k}.png": encoded(image) for k, image in enumerate((square, square, wide))})
    assert shows(app, 3, 64)
    app.segmented_control[0].set_value(128).run()
    app.segmented_control[1].set_value(fit).run()
    assert shows(app, 3, 128)
    keep(app)
    images = load("images").train.x.numpy()  # so few are in every split
    assert images.shape == (3, 1, 128, 128)
    assert sorted(images.mean((1, 2, 3)) / 255) == pytest.approx([of_wide, 1, 1], abs=0.01)


def test_the_channels_of_images_are_chosen(upload: Upload) -> None:
    x = noise(3, 16, 14, 5)
    app = upload(**{"cells.npz": npz(3, x=x)})
    by_label = {one.label: one for one in app.segmented_control}
    app = by_label["Channels"].set_value(Channels.ONE).run()
    app = next(one for one in app.selectbox if one.label == "Channel").set_value(4).run()
    assert shows(app, 3, 5, 4)
    app = next(one for one in app.segmented_control if one.label == "Channels").set_value(Channels.THREE).run()
    app = next(one for one in app.selectbox if one.label == "Red").set_value(3).run()
    keep(app)
    splits, rows = load("cells"), Library.default().open("cells").rows
    assert np.array_equal(splits.train.x.numpy(), x.transpose(0, 3, 1, 2)[rows.train][:, [3, 1, 2]])
    assert not any(one.label == "Channels" for one in upload(**{"gray.npz": npz()}).segmented_control)


def test_what_is_said_of_a_file_is_not_said_of_the_next(upload: Upload) -> None:
    app = set_role(upload(**{"bees.csv": csv()}), "kind", Role.OUT)
    app.file_uploader[0].set_value([("wasps.csv", csv(), KIND)]).run()
    assert roles_of(app)["kind"] == "colour by"


def test_the_limits_are_said_beforehand_with_the_command_that_takes_more(opened: Open) -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
    assert shows(opened("your_data"), config["server"]["maxUploadSize"], 256, "latentlab app --data")


def test_the_first_page_leads_there_with_and_without_a_run(
    opened: Open, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leads(app: AppTest) -> bool:
        return "your_data" in [link.proto.page for link in app.get("page_link")]

    assert leads(opened("home"))
    assert leads(opened("train"))
    monkeypatch.setattr(Store, "default", classmethod(lambda _: store))
    assert leads(opened("home"))


def test_a_table_comes_with_its_images(upload: Upload, library: Library) -> None:
    files = {f"{k}.png": encoded(noise(5, 6, seed=k)) for k in range(4)}
    table = "\n".join(["file,label", *(f"{name},{'ab'[k % 2]}" for k, name in enumerate(files))])
    app = upload(**{"list.csv": table.encode()}, **files)
    assert roles_of(app) == {"file": "image", "label": "label"}
    assert shows(app, 4, 6, 5)
    keep(app)
    assert (library.card("list").shape, library.card("list").classes) == ((1, 5, 6), ("a", "b"))


def test_vectors_come_with_their_table(upload: Upload, library: Library) -> None:
    vectors = io.BytesIO()
    np.save(vectors, np.random.default_rng(0).normal(size=(12, 3)))
    table = "\n".join(["year,class", *(f"{2000 + k},{'ab'[k % 2]}" for k in range(12))])
    keep(upload(**{"embeddings.npy": vectors.getvalue(), "metadata.csv": table.encode()}))
    card = library.card("embeddings")
    assert (card.shape, card.classes, card.columns) == ((3,), ("a", "b"), ("year",))


@pytest.mark.parametrize("how", ["zip", "files"])
def test_files_that_belong_together_have_a_list_of_columns(upload: Upload, library: Library, how: str) -> None:
    vectors = "\n".join(",".join(map(str, row)) for row in np.random.default_rng(0).normal(size=(12, 3)))
    part = ["train"] * 8 + ["test"] * 4
    table = "\n".join(["year,split,class", *(f"{2000 + k},{part[k]},{'ab'[k % 2]}" for k in range(12))])
    files = {"vectors.csv": vectors.encode(), "metadata.csv": table.encode()}
    if how == "zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        files = {"both.zip": packed.getvalue()}
    app = upload(**files)
    assert roles_of(app) == {"year": "colour by", "split": "split", "class": "label"}
    set_role(app, "year", Role.OUT)
    set_role(app, "class", Role.COLOUR)
    keep(app)
    (name,) = library.names()
    card = library.card(name)
    assert (card.shape, card.classes, card.columns) == ((3,), (), ("class",))
    assert len(library.open(name).splits.test) == 4


def test_what_to_click_is_said_and_no_option_of_the_command(upload: Upload) -> None:
    rows = [f"{k / 7},{k / 3},{k / 9},{'uvw'[k % 3]},{'pq'[k % 2]}" for k in range(30)]
    app = upload(**{"bees.csv": "\n".join(["a,b,quality,kind,site", *rows]).encode()})
    assert not {"--label", "--vector"} & {*words(app).split()}
    assert shows(app, app.selectbox(key="own-label").label, "kind", "site")
    assert roles_of(app)["quality"] == "colour by"
    set_role(app, "quality", Role.VECTOR)
    assert shows(app, 30, 3)
    assert roles_of(app)["quality"] == "vector"


def test_files_of_drawings_are_a_class_each(upload: Upload, opened: Open, library: Library) -> None:
    app = upload(**{f"full_numpy_bitmap_{name}.npy": npy(noise(12, 784)) for name in ("ice_cream", "moon")})
    assert shows(app, "Google", "CC BY 4.0")
    assert not app.get("button_group")  # of sizes that they can't have
    keep(app)
    assert library.card("quick-draw").classes == ("ice cream", "moon")
    assert shows(opened("your_data", look="quick-draw"), "24", "Google", "CC BY 4.0")  # with its outline


def test_images_alone_are_a_folder(upload: Upload, library: Library) -> None:
    app = upload(**{f"C:\\pets\\{k}.png": encoded(noise(5, 6, seed=k)) for k in range(3)}, **{"bad.png": b"no"})
    assert shows(app, 1, "bad.png")
    keep(app)
    assert library.card("images").n == 3


def test_idx_images_find_their_labels(upload: Upload, library: Library) -> None:
    images, labels = idx(noise(12, 4, 4)), idx((np.arange(12) % 4).astype(np.uint8))
    app = upload(**{"train-labels-idx1-ubyte.gz": gzip.compress(labels), "train-images-idx3-ubyte": images})
    assert shows(app, "train-labels-idx1-ubyte.gz")
    keep(app)
    assert len(library.card("train-images-idx3-ubyte").classes) == 4


@pytest.mark.parametrize(
    ("files", "named"),
    [
        ({"a.csv": b""}, ("a.csv", 0)),
        ({"a.csv": b"\xff\xfe\x00"}, ("a.csv", "UTF-8")),
        ({"a.zip": b"PK"}, ("a.zip",)),
        ({"a.exe": b"MZ"}, ("a.exe", ".zip")),  # and what would be known
        ({"../../etc/passwd": b"root"}, ("passwd", ".zip")),
        ({"\0": b"x"}, (".zip",)),
        ({"x" * 300 + ".npy": b"x"}, ("NumPy",)),
        ({"a.npz": npz(x=np.zeros(30))}, ("a.npz", (30,))),
        ({"a.npz": npz(n=1)}, ("a.npz", 1, 2)),
        ({"a.npz": npz(), "b.npz": npz()}, ("files",)),
        ({"a.csv": csv(), "b.csv": csv()}, ("files",)),
        ({"a.png": b"no"}, ("a.png",)),
    ],
)
def test_what_cannot_be_read_is_a_sentence(
    upload: Upload, library: Library, files: dict[str, bytes], named: tuple[object, ...]
) -> None:
    app = upload(**files)
    (error,) = app.error
    assert mentions(error.value.replace("\\", ""), *named)
    assert error.value.endswith(".")
    assert not [button for button in app.button if button.key == "keep"]
    assert library.names() == ()


def test_too_much_at_once_is_refused(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.your_data.files.MAX_UPLOAD", 1 << 20)
    assert not upload(**{"a.npz": npz()}).error
    (error,) = upload(**{"a.npz": npz(20_000)}).error
    assert mentions(error.value, 1, "MB")


def test_what_cannot_be_kept_is_said(upload: Upload, library: Library) -> None:
    app = upload(**{"pets.npz": npz()})
    library.root.parent.mkdir(exist_ok=True)
    library.root.write_text("not a folder")
    app.button(key="keep").click().run()
    assert not app.exception
    assert mentions(app.error[0].value, "pets.npz")
    assert app.button(key="keep")


def test_names_of_anyone_are_not_markdown(upload: Upload) -> None:
    app = upload(**{"a.npz": npz(30, **{"**bold** :red[x]": np.zeros(3)})})
    assert r"\*\*bold\*\* \:red\[x\]" in words(app)


def test_a_data_set_is_removed_and_its_runs_stay(
    upload: Upload, library: Library, app_store: Store, opened: Open
) -> None:
    app = keep(upload(**{"pets.npz": npz()}))
    run_id = queue.submit(app_store, "vae", "pets", {"hidden": 8}, {"epochs": 1})
    list(perform(app_store, run_id))
    app.button(key="ask-data:pets").click().run()
    app.button(key="delete-data:pets").click().run()
    assert not app.exception
    assert library.names() == ()
    assert "ask-data:pets" not in keys_of(app, "button")
    app.switch_page(path_of("train")).run()
    assert app.selectbox(key="dataset").value == "digits"
    for page in ("clusters", "train"):
        shown = opened(page, run=run_id, dataset="pets")
        assert not shown.exception
        assert not shown.error
        assert shown.selectbox(key="picked").value == run_id


def test_a_training_whose_data_were_removed_can_be_discarded(library: Library, opened: Open, tmp_path: Path) -> None:
    store = Store(library.root.parent)
    (tmp_path / "pets.npz").write_bytes(npz())
    job_id = queue.submit(store, "vae", library.add(tmp_path / "pets.npz"), {}, {})
    library.remove("pets")
    with pytest.raises(ValueError, match="'pets'"):
        list(perform(store, job_id))
    app = opened("train", job=job_id)
    assert shows(app, "'pets'")
    app.button(key=f"ask-{job_id}").click().run()
    app.button(key=f"delete-{job_id}").click().run()
    assert queue.jobs(store) == []


def test_a_model_that_does_not_fit_is_a_sentence(upload: Upload, opened: Open, app_store: Store) -> None:
    keep(upload(**{"bees.csv": csv()}))
    app = opened("train", dataset="bees", model="m2")
    app.selectbox(key="m2-bees-likelihood").set_value("bernoulli").run()
    app.button(key="train").click().run()
    assert [mentions(error.value, "bernoulli", "real-gaussian") for error in app.error] == [True]
    assert queue.jobs(app_store) == []


def test_a_damaged_data_set_is_listed_with_the_reason(upload: Upload, opened: Open, library: Library) -> None:
    app = keep(upload(**{"pets.npz": npz()}))
    (library.root / "pets" / "data.json").write_text("{")
    app.run()
    assert not app.exception
    assert shows(app, "pets", "data.json")
    train = opened("train", dataset="pets").button(key="train").click().run()
    assert mentions(train.error[0].value, "data.json")
    app.button(key="ask-data:pets").click().run()
    app.button(key="delete-data:pets").click().run()
    assert library.names() == ()


def test_the_app_opens_with_the_data_that_it_was_started_with(
    library: Library, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pets.npz").write_bytes(npz())
    monkeypatch.setenv(settings.FIRST_DATA, library.add(tmp_path / "pets.npz"))
    app = opened("home")
    assert shows(app, "pets", 30, "8 × 9", 3)
    of_data = {page.name for page in PAGES if page.data}
    linked = {link.proto.page.rpartition("/")[2]: link.proto.query_string for link in app.get("page_link")}
    assert {name for name, query in linked.items() if query == "run=data%3Apets"} == of_data, linked
    assert opened("train").selectbox(key="dataset").value == "pets"
    assert opened("clusters", run="data:pets").selectbox(key="picked").value == "data:pets"
    library.remove("pets")
    assert not shows(opened("home"), "pets")
    assert opened("train").selectbox(key="dataset").value == "digits"


@pytest.mark.training
@pytest.mark.usefixtures("no_worker")
def test_train_shows_the_users_data_and_what_was_trained_on_them(
    library: Library, opened: Open, tmp_path: Path, app_store: Store
) -> None:
    (tmp_path / "pets.npz").write_bytes(npz())
    app = opened("train", dataset=library.add(tmp_path / "pets.npz"))
    assert app.selectbox(key="picked").value is None
    assert not app.get("plotly_chart")
    assert len(app.image) == 1
    assert shows(app, "pets", 30, "8 × 9", 3)
    app.number_input(key="vae-pets-epochs").set_value(1).run()
    app.button(key="train").click().run()
    job_id = app.query_params["job"]
    (option,) = [text for text in app.selectbox(key="picked").options if "pets" in text]
    list(perform(app_store, job_id))
    app.run()
    assert app.selectbox(key="picked").value == job_id
    assert option not in app.selectbox(key="picked").options  # it is finished now
    assert opened("train", run=job_id).selectbox(key="dataset").value == "pets"
    assert opened("train", dataset="pets").selectbox(key="picked").value == job_id


@pytest.mark.parametrize("name", ["none", "../../etc", ""])
def test_an_address_that_asks_for_other_data_gets_the_first(opened: Open, name: str) -> None:
    app = opened("train", dataset=name)
    assert not app.exception
    assert app.number_input(key="vae-digits-epochs")


def test_a_single_class_is_told_as_one(opened: Open, library: Library, tmp_path: Path) -> None:
    np.savez(tmp_path / "same.npz", x=np.arange(40.0).reshape(20, 2), y=np.zeros(20, int))
    library.add(tmp_path / "same.npz")
    assert shows(opened("your_data"), 20, 2, "same.npz")
    assert not shows(opened("your_data"), 20, 2, "same.npz", "classes")
