"""A model of the user's own on the pages: it is the subject, its numbers are shown, and what fails is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor

from latentlab.data import Splits
from latentlab.runs.store import Store
from latentlab.serving.examples import of_arrays
from latentlab.serving.given import Given
from latentlab.serving.own_model import OwnModel
from latentlab.serving.server import Server
from latentlab.subjects import OWN
from pages.home.own_models import uploaded_models
from pages.navigation import ANALOGIES, CLUSTERS, FEW_LABELS, HOME, PROBES, SAMPLING, SCORE_FIELD, TRAVERSAL, Page
from pages.shared.header import PICKED
from tests.pages.conftest import Open, keys_of, shows
from tests.serving.models import Classifier, ConvVAE, TupleVAE

pytestmark = pytest.mark.slow
Serve = Callable[..., Server]


@pytest.fixture
def serve(app_store: Store, digits: Splits) -> Iterator[Serve]:  # noqa: ARG001 it sets the app's store
    running: list[Server] = []

    def start(title: str, n: int = 120, **given: Any) -> Server:
        part = digits.test[:n]
        found = of_arrays(part.batch().x, part.y, digits.test.classes)
        running.append(Server(OwnModel(Given(title=title, **given), found.examples)))
        return running[-1]

    yield start
    for server in running:
        server.stop()


def subject(app: AppTest) -> str:
    """What the header says is chosen."""
    return str(app.selectbox(key=PICKED.name).value)


@pytest.mark.parametrize("page", [HOME, TRAVERSAL, CLUSTERS, ANALOGIES, SAMPLING, PROBES], ids=lambda page: page.name)
def test_a_vae_is_the_first_subject_of_each_page_that_can_show_it(serve: Serve, opened: Open, page: Page) -> None:
    theirs = ConvVAE()
    server = serve("Mine", encode=theirs.encode, decode=theirs.decode)
    app = opened(page.name)
    assert not app.exception
    assert not app.error
    assert subject(app) == f"{OWN}{server.id}"


def test_a_classifier_on_the_pages_that_can_show_it(serve: Serve, opened: Open) -> None:
    server = serve("Mine", classify=Classifier())
    for page, view in ((CLUSTERS, {}), (PROBES, {}), (FEW_LABELS, {}), (FEW_LABELS, {"detail": "Error"})):
        app = opened(page.name, **view)
        assert not app.exception
        assert not app.error
        assert subject(app) == f"{OWN}{server.id}"


def test_what_is_missing_for_a_page_is_named(serve: Serve, opened: Open) -> None:
    theirs = TupleVAE()
    server = serve("Mine", encode=theirs.encode, decode=theirs.decode)
    app = opened(SCORE_FIELD.name)
    assert subject(app) != f"{OWN}{server.id}"
    assert shows(app, "Mine", "denoise")


def test_a_function_that_fails_is_a_sentence_with_details(serve: Serve, opened: Open) -> None:
    def encode(x: Tensor) -> Tensor:
        if len(x) > 2:
            raise ArithmeticError("out of luck")
        return x.flatten(1)[:, :3]

    serve("Mine", encode=encode, decode=lambda z: torch.sigmoid(z.sum(1)).reshape(-1, 1, 1, 1).expand(-1, 1, 8, 8))
    app = opened(TRAVERSAL.name)
    assert not app.exception
    assert shows(app, "encode", "ArithmeticError")
    assert any("in encode" in one.value for one in app.code)


def test_a_server_that_ends_is_a_sentence_on_the_next_page(serve: Serve, opened: Open) -> None:
    theirs = TupleVAE()
    server = serve("Mine", encode=theirs.encode, decode=theirs.decode)
    app = opened(TRAVERSAL.name)
    server.stop()
    app.run()
    assert not app.exception
    assert subject(app) != f"{OWN}{server.id}"
    assert app.warning or app.info


def test_home_names_each_and_links_to_the_pages_that_can_show_it(serve: Serve, opened: Open) -> None:
    theirs = TupleVAE()
    vae = serve("My VAE", encode=theirs.encode, decode=theirs.decode)
    cnn = serve("My CNN", classify=Classifier())
    app = opened(HOME.name)
    assert shows(app, "My VAE")
    assert shows(app, "My CNN")
    links = [(link.proto.label, unquote(link.proto.query_string)) for link in app.get("page_link")]
    of = {one: {label for label, query in links if f"{OWN}{one}" in query} for one in (vae.id, cnn.id)}
    assert {"Traversal", "Clusters", "Probes"} <= of[vae.id]
    assert {"Clusters", "Probes"} <= of[cnn.id]
    assert not {"Traversal", "Score field"} & of[cnn.id]


def test_what_another_visitor_uploaded_can_be_opened_and_is_not_the_first(opened: Open, digits: Splits) -> None:
    theirs = ConvVAE()
    found = of_arrays(digits.test.batch(slice(120)).x, digits.test.y[:120], digits.test.classes)
    given = Given(title="Uploaded", encode=theirs.encode, decode=theirs.decode)
    server = Server(OwnModel(given, found.examples), is_uploaded=True)
    try:
        first = subject(opened(TRAVERSAL.name))
        assert first != f"{OWN}{server.id}"
        assert not shows(opened(SCORE_FIELD.name), "Uploaded")
        assert subject(opened(TRAVERSAL.name, run=f"{OWN}{server.id}")) == f"{OWN}{server.id}"
        app = opened(HOME.name)
        assert subject(app) == first
        assert shows(app, "Uploaded")
        assert f"close-{OWN}{server.id}" not in keys_of(app, "button")
    finally:
        server.stop()


def test_a_visitor_opens_files_and_closes_the_model(opened: Open, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from tests.serving.test_onnx import linear  # here, as it skips what imports it where onnx is missing

    weight = np.random.default_rng(0).normal(size=(64, 2))
    files = [
        linear(tmp_path / "a.onnx", ["n", 1, 8, 8], weight, flatten=True),
        linear(tmp_path / "b.onnx", ["n", 2], weight.T, out=[1, 8, 8]),
    ]
    app = opened(HOME.name)
    field = next(one for one in app.file_uploader if str(one.key).startswith("model-"))
    field.set_value([(path.name, path.read_bytes(), "") for path in files]).run()
    app.selectbox(key="model-data").set_value("digits").run()
    app.button(key="model-open").click().run()
    assert not app.exception
    (process,) = (one.process for one in uploaded_models()._opened)
    id_ = f"{OWN}{process.opened.result(120)}"
    app.run()
    assert subject(app) == id_
    links = {link.proto.label for link in app.get("page_link") if id_ in unquote(link.proto.query_string)}
    assert {"Traversal", "Clusters"} <= links
    app.button(key=f"close-{id_}").click().run()
    assert not app.exception
    assert not process.is_running
    assert subject(app) != id_
