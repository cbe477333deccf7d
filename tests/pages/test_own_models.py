"""A model of the user's own on the pages: it is the subject, its numbers are shown, and what fails is a sentence."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import Tensor, nn
from torch.distributions import MultivariateNormal

from latentlab.analysis.probes.layer_curve import probe_curve
from latentlab.data import Splits
from latentlab.jobs.background import Background
from latentlab.models import Classifies
from latentlab.runs.store import Store
from latentlab.serving.examples import of_arrays
from latentlab.serving.given import Given
from latentlab.serving.own_model import OwnModel
from latentlab.serving.server import Server
from latentlab.subjects import OWN
from pages.home.own_models import uploaded_models
from pages.navigation import (
    ANALOGIES,
    CLASSIFIER,
    CLUSTERS,
    CURVATURE,
    FEW_LABELS,
    HOME,
    PROBES,
    SAMPLING,
    SCORE_FIELD,
    TRANSFER,
    TRAVERSAL,
    Page,
)
from pages.probes.curves import FIRST_LIMIT
from pages.shared.header import PICKED
from tests.conftest import mentions, numbers_in
from tests.pages.conftest import Open, keys_of, shows
from tests.serving.models import Classifier, ConvVAE, TupleVAE

pytestmark = pytest.mark.slow
Serve = Callable[..., Server]


@pytest.fixture
def serve(app_store: Store, digits: Splits) -> Iterator[Serve]:  # noqa: ARG001 it sets the app's store
    running: list[Server] = []

    def start(title: str, n: int = 120, data: Any = None, names: tuple[str, ...] = (), **given: Any) -> Server:
        part = digits.test[:n]
        found = of_arrays(part.batch().x, part.y, digits.test.classes)
        if data is not None:
            found = of_arrays(data, names=names)
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


def test_a_classifier_is_compared_with_a_run_on_the_examples_of_the_run(serve: Serve, opened: Open) -> None:
    class Local(Classifies):
        def __init__(self) -> None:
            super().__init__()
            self.theirs = theirs

        def classify(self, x: Tensor) -> Tensor:
            return torch.log_softmax(self.theirs(x), 1)

    theirs = Classifier()
    server = serve("Mine", classify=theirs)
    app = opened(PROBES.name, run="digits-cnn", beside=f"{OWN}{server.id}", untrained="false")
    assert not app.exception
    data, n = Store.default().examples("digits-cnn"), len(Store.default().examples("digits-cnn"))
    sizes = (round(0.6 * n), round(0.2 * n), n - round(0.6 * n) - round(0.2 * n))
    expected = probe_curve(Local().eval(), data.x, data.y.numpy(), sizes, n_classes=10, limit=FIRST_LIMIT)
    traces = json.loads(app.get("plotly_chart")[0].proto.spec)["data"]
    (found,) = (trace["y"] for trace in traces if trace.get("name") == "Mine")
    assert np.frombuffer(base64.b64decode(found["bdata"])) == pytest.approx(expected.means())


def test_the_curvature_of_a_classifier(serve: Serve, opened: Open, at_once: dict[str, Future[Any]]) -> None:
    serve("Mine", n=12, classify=nn.Sequential(nn.Flatten(), nn.Linear(64, 2), nn.Tanh(), nn.Linear(2, 10)))
    app = opened(CURVATURE.name, examples="100", pairs="3", detail="Spectrum per layer")
    assert not app.exception
    (found,) = (future.result() for key, future in at_once.items() if key.startswith("curvature"))
    numbers, named = (table.value for table in app.dataframe)
    assert numbers["value"].iloc[1] == pytest.approx(found.found.largest)
    assert dict(zip(named["layer"], named["parameters"], strict=True)) == {"1": 130, "3": 30}
    serve("Arrays", classify=lambda x: np.asarray(x).reshape(len(x), -1)[:, :10])
    app = opened(CURVATURE.name, run=f"{OWN}arrays")
    assert not app.exception
    assert not app.dataframe
    assert shows(app, "torch")


@pytest.mark.usefixtures("at_once")
def test_a_network_as_a_frozen_trunk(serve: Serve, opened: Open) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Linear(64, 40), nn.ReLU(), nn.Linear(40, 10))
    own = f"{OWN}{serve('Mine', classify=net).id}"
    arrays = f"{OWN}{serve('Arrays', classify=lambda x: np.asarray(x).reshape(len(x), -1)[:, :10]).id}"
    app = opened(TRANSFER.name)
    app.selectbox(key="trunk").set_value(own)
    app.selectbox(key="transfer-data").set_value("digits").run()
    app.button(key="transfer-own").click().run()
    assert not app.exception
    assert numbers_in(app.metric[0].value)[0] > 50  # of random features of ten digits, with seven labels of each
    assert shows(app, "40", "70")
    app.selectbox(key="trunk").set_value(arrays).run()
    app.button(key="transfer-own").click().run()
    assert not app.exception
    assert mentions(app.error[0].value, "Arrays", "torch.nn.Module")


MEAN, COVARIANCE = torch.tensor([2.0, -1.0]), torch.tensor([[1.0, 0.8], [0.8, 2.0]])


def gaussian() -> MultivariateNormal:
    return MultivariateNormal(MEAN, COVARIANCE)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, helper: dict[str, Future[Any]]) -> dict[str, Future[Any]]:
    """The background process answers at once; what it is given and gives is sent, as to a process."""

    def submit(self: Background, key: str, function: Any, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ARG001
        call = ForkingPickler.loads(ForkingPickler.dumps(function))
        future: Future[Any] = helper.setdefault(key, Future())
        if not future.done():
            try:
                future.set_result(ForkingPickler.loads(ForkingPickler.dumps(call())))
            except ValueError as error:
                future.set_exception(error)
        return future

    monkeypatch.setattr(Background, "submit", submit)
    return helper


@pytest.mark.parametrize("sampler", ["random walk", "HMC"])
def test_chains_on_a_log_density_have_its_moments(
    serve: Serve, opened: Open, at_once: dict[str, Future[Any]], sampler: str
) -> None:
    """The mean within 5 Monte Carlo standard errors; the standard deviations within 5 of theirs, by the ESS."""
    law = gaussian()
    server = serve("Mine", data=law.sample((200,)), log_prob=law.log_prob, sample=lambda n: law.sample((n,)))
    app = opened(SAMPLING.name, sampler=sampler, detail="Against the truth", **{"own-samples": "true"})
    assert not app.exception
    assert not app.error
    assert subject(app) == f"{OWN}{server.id}"
    assert {key.partition(" ")[0] for key in at_once} == {"chains", "samples"}
    assert shows(app, "discrepancy", 500)  # of the chains and the model's own samples
    table = opened(SAMPLING.name, sampler=sampler).dataframe[0].value
    assert (np.abs(table["mean"] - MEAN.numpy()) < 5 * table["MCSE"]).all()
    error = 1 / np.sqrt(2 * np.minimum(table["ESS, bulk"], table["ESS, tail"]))
    std = COVARIANCE.diagonal().sqrt().numpy()
    assert (np.abs(table["std"] / std - 1) < 5 * error).all()
    assert error.max() < 0.05


def test_chains_on_a_denoiser_of_points(serve: Serve, opened: Open, at_once: dict[str, Future[Any]]) -> None:
    serve("Mine", data=gaussian().sample((100,)), denoise=lambda x: 0.9 * x, sigma=0.3)
    app = opened(SAMPLING.name)
    assert not app.exception
    assert not app.error
    assert [key.partition(" ")[0] for key in at_once] == ["chains"]


def test_in_more_dimensions_and_without_torch(serve: Serve, opened: Open, at_once: dict[str, Future[Any]]) -> None:
    x = np.random.default_rng(0).normal(size=(100, 3))
    serve("Mine", data=x, names=("a", "b", "c"), log_prob=lambda x: -0.5 * np.square(np.asarray(x)).sum(1))
    app = opened(SAMPLING.name, detail="Against the truth")
    assert not app.exception
    assert at_once
    assert shows(app, 6)  # evaluations for a gradient
    assert app.get("plotly_chart")  # pairs of coordinates
    assert "HMC" in app.selectbox(key="sampler").options
    wide = np.random.default_rng(0).normal(size=(10, 300))
    serve("A wide one", data=wide, log_prob=lambda x: -0.5 * np.square(np.asarray(x)).sum(1))
    app = opened(SAMPLING.name, run=f"{OWN}a-wide-one", chains="10", steps="50")
    assert not app.exception
    assert list(app.selectbox(key="sampler").options) == ["random walk", "parallel tempering"]
    assert shows(app, 300)


@pytest.mark.usefixtures("at_once")
def test_a_density_that_fails_later_is_a_sentence(serve: Serve, opened: Open) -> None:
    law = gaussian()
    serve("Shaped", data=law.sample((50,)), log_prob=lambda x: law.log_prob(x) if len(x) < 90 else x)
    serve("Finite", data=law.sample((50,)), log_prob=lambda x: law.log_prob(x) * (1.0 if len(x) < 90 else np.nan))
    for model, named in (("shaped", ("log_prob", "(100, 2)")), ("finite", ())):
        app = opened(SAMPLING.name, run=f"{OWN}{model}")
        assert not app.exception
        assert len(app.error) == 1
        assert mentions(app.error[0].value, *named)


@pytest.mark.usefixtures("at_once")
def test_a_model_that_only_samples_is_shown_next_to_the_nearest_examples(
    serve: Serve, opened: Open, digits: Splits
) -> None:
    x = digits.test.batch(slice(120)).x
    for title, sample, share in (("Copies", lambda n: x[:n], 100), ("Noise", lambda n: torch.rand(n, 1, 8, 8), 0)):
        server = serve(title, sample=sample)
        app = opened(SAMPLING.name, run=f"{OWN}{server.id}")
        assert not app.exception
        assert not app.error
        assert subject(app) == f"{OWN}{server.id}"
        assert len(app.image) == 1
        assert [numbers_in(one.value)[0] for one in app.metric] == [share, 100 - share]
        assert bool(app.warning) is (title == "Copies")
    app.segmented_control(key="show").set_value("chains").run()
    assert shows(app, "Noise", "log_prob")


def test_what_is_missing_for_a_page_is_named(serve: Serve, opened: Open) -> None:
    theirs = TupleVAE()
    server = serve("Mine", encode=theirs.encode, decode=theirs.decode)
    app = opened(SCORE_FIELD.name)
    assert subject(app) != f"{OWN}{server.id}"
    assert shows(app, "Mine", "denoise")
    other = serve("Other", classify=Classifier())
    app.switch_page(CLUSTERS.path).run()
    app.selectbox(key="picked").select(f"{OWN}{other.id}").run()
    app.switch_page(SCORE_FIELD.path).run()
    for _ in range(2):  # it stays
        assert shows(app, "Other", "denoise")
        assert not shows(app, "Mine", "denoise")
        app.run()
    app.selectbox(key="picked").select("moons-dae").run()
    assert not shows(app, "Other", "denoise")


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


def components(app: AppTest) -> set[str]:
    return {str(one.proto.component_name) for one in app.get("bidi_component")}


def test_home_names_each_and_links_to_the_pages_that_can_show_it(serve: Serve, opened: Open) -> None:
    theirs = TupleVAE()
    vae = serve("My VAE", encode=theirs.encode, decode=theirs.decode)
    cnn = serve("My CNN", classify=Classifier())
    app = opened(HOME.name)
    assert shows(app, "My VAE")
    assert shows(app, "My CNN")
    assert "latentlab.hero" not in components(app)  # the plane that is pointed at is of the first run that ships
    links = [(link.proto.label, unquote(link.proto.query_string)) for link in app.get("page_link")]
    of = {one: {label for label, query in links if f"{OWN}{one}" in query} for one in (vae.id, cnn.id)}
    assert {"Traversal", "Clusters", "Probes"} <= of[vae.id]
    assert {"Clusters", "Probes"} <= of[cnn.id]
    assert not {"Traversal", "Score field"} & of[cnn.id]
    app.selectbox(key="picked").select("mnist-vae-2d").run()
    assert "latentlab.hero" in components(app)


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


def test_what_a_classifier_that_gives_logits_confuses(
    serve: Serve, opened: Open, at_once: dict[str, Future[Any]], digits: Splits
) -> None:
    theirs = Classifier().eval()
    serve("Mine", classify=theirs)
    for detail in ("Accuracy", "What it looks at", "Try it"):
        app = opened(CLASSIFIER.name, detail=detail)
        assert not app.exception
        assert not app.error
    part = digits.test[:120]
    with torch.no_grad():
        wrong = (theirs(part.batch().x).argmax(1) != part.y).float().mean()
    assert mentions(app.info[0].value, f"{100 * wrong:.1f}", 120)
    assert any(key.startswith("preprocessed") for key in at_once)
    serve("Two", classify=lambda x: x.reshape(2, 64)[:, :10])  # which fits two examples alone
    app = opened(CLASSIFIER.name, run=f"{OWN}two")
    assert not app.exception
    assert ["classify" in error.value for error in app.error] == [True]
