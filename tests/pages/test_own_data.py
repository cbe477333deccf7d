"""Data of the user's own on the train page: uploaded, looked at, kept, chosen, trained on, removed."""

from __future__ import annotations

import gzip
import io
import struct
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from latentlab import settings
from latentlab.data import Library
from latentlab.jobs import queue
from latentlab.jobs.worker import perform
from latentlab.runs.store import Store
from tests.conftest import mentions
from tests.data.files.conftest import encoded, noise
from tests.pages.conftest import Open, drawn, keys_of, shows, words

pytestmark = pytest.mark.usefixtures("no_worker")

KIND = "application/octet-stream"
Upload = Callable[..., AppTest]


@pytest.fixture
def library(app_store: Store) -> Library:
    return Library(app_store.root / ".data")


@pytest.fixture
def upload(opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Upload:
    """Open the train page and upload files; whatever happens, none of them stays on the disk."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))

    def open_and_upload(**files: bytes) -> AppTest:
        app = opened("train")
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


def test_an_upload_is_looked_at_kept_chosen_and_trained_on(upload: Upload, library: Library, app_store: Store) -> None:
    app = upload(**{"my pets.npz": npz()})
    assert shows(app, 30, 8, 9)
    assert shows(app, 3, "0, 1, 2")
    assert library.names() == ()
    images = len(app.image)
    keep(app)
    assert library.names() == ("my-pets",)
    assert library.card("my-pets").source == "my pets.npz"
    assert app.selectbox(key="dataset").value == "my-pets"
    assert len(app.image) == images - 1  # the look at the upload is gone
    assert shows(app, 30, "8 × 9", 3, "my pets.npz")
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
    app = opened("train", dataset="pets")
    assert app.selectbox(key="dataset").value == "pets"
    assert shows(app, "pets.npz")
    assert library.names() == ("pets",)


def test_of_a_table_the_label_is_chosen(upload: Upload, library: Library) -> None:
    app = upload(**{"bees.csv": csv()})
    assert shows(app, 3, "0, 1, 2")
    assert app.selectbox(key="own-label").options[1:] == ["a", "b", "kind", "label"]
    names, *few = drawn(app)
    assert names == "a, b"
    assert len(few) == 6
    app.selectbox(key="own-label").select("kind").run()
    assert shows(app, 2, "u, v")
    assert not shows(app, 3, "0, 1, 2")
    app.text_input(key="own-name").set_value("../Bees & more").run()
    keep(app)
    assert library.card("Bees-more").classes == ("u", "v")
    assert library.card("Bees-more").features == ("a", "b", "label")


def test_a_table_comes_with_its_images(upload: Upload, library: Library) -> None:
    files = {f"{k}.png": encoded(noise(5, 6, seed=k)) for k in range(4)}
    table = "\n".join(["file,label", *(f"{name},{'ab'[k % 2]}" for k, name in enumerate(files))])
    app = upload(**{"list.csv": table.encode()}, **files)
    assert app.selectbox(key="own-image").options[1:] == ["file", "label"]
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
    assert app.number_input(key="vae-digits-epochs")
    assert library.names() == ()


def test_too_much_at_once_is_refused(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.shared.own_data.MAX_UPLOAD", 1 << 20)
    assert not upload(**{"a.npz": npz()}).error
    (error,) = upload(**{"a.npz": npz(20_000)}).error
    assert mentions(error.value, 1, "MiB")


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
    assert app.number_input(key="vae-digits-epochs")
    assert app.selectbox(key="dataset").value == "digits"
    assert "ask-data:pets" not in keys_of(app, "button")
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


def test_a_model_that_does_not_fit_is_a_sentence(upload: Upload, app_store: Store) -> None:
    app = keep(upload(**{"bees.csv": csv()}))
    app.segmented_control(key="vae-bees-network").set_value("conv").run()
    app.button(key="train").click().run()
    assert [mentions(error.value, "8×8", (2,)) for error in app.error] == [True]
    assert queue.jobs(app_store) == []


def test_a_damaged_data_set_is_listed_with_the_reason(upload: Upload, library: Library) -> None:
    app = keep(upload(**{"pets.npz": npz()}))
    (library.root / "pets" / "data.json").write_text("{")
    app.run()
    assert not app.exception
    assert shows(app, "pets", "data.json")
    app.button(key="train").click().run()
    assert mentions(app.error[0].value, "data.json")
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
    assert opened("train").selectbox(key="dataset").value == "pets"
    assert opened("clusters", run="data:pets").selectbox(key="picked").value == "data:pets"
    library.remove("pets")
    assert not shows(opened("home"), "pets")
    assert opened("train").selectbox(key="dataset").value == "digits"


@pytest.mark.parametrize("name", ["none", "../../etc", ""])
def test_an_address_that_asks_for_other_data_gets_the_first(opened: Open, name: str) -> None:
    app = opened("train", dataset=name)
    assert not app.exception
    assert app.number_input(key="vae-digits-epochs")


def test_a_single_class_is_told_as_one(opened: Open, library: Library, tmp_path: Path) -> None:
    np.savez(tmp_path / "same.npz", x=np.arange(40.0).reshape(20, 2), y=np.zeros(20, int))
    library.add(tmp_path / "same.npz")
    assert shows(opened("train"), 20, 2, "same.npz")
    assert not shows(opened("train"), 20, 2, "same.npz", "classes")
