"""Every page with every kind of model that it offers: a run with each ability, and one that only decodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentlab import device
from latentlab.data import DENSITIES, Batch, Dataset, Kind, Spec
from latentlab.knobs import knob
from latentlab.models import MODELS, Decodes, Fits, HasPrior, Headline, Progress, Samples, abilities
from latentlab.models.base import family
from latentlab.models.parts.priors import Independent, OneHot, StandardNormal, Uniform
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import SHIPPED, Store
from latentlab.subjects import StoredRun
from pages.navigation import PAGES, Page
from pages.shared import cached
from tests.conftest import noise_images
from tests.pages.conftest import Open, keys_of
from tests.pages.test_every_page import NO_SUBJECT

pytestmark = pytest.mark.slow


def profiles() -> dict[tuple[object, ...], Run]:
    """Abilities and kind of data -> the smallest run that ships with them."""
    found: dict[tuple[object, ...], Run] = {}
    for run in sorted(Store(SHIPPED, SHIPPED / ".none").runs(), key=lambda run: run.size):
        found.setdefault((*abilities(run.kind), run.data_kind), run)
    return found


def is_offered(page: Page, run: Run) -> bool:
    able = page.name not in NO_SUBJECT and (not page.needs or issubclass(run.kind, page.needs))
    fits = run.data_kind == Kind.VECTOR or not page.vectors
    return able and fits and not (page.images and run.dataset in DENSITIES)


def covering(runs: list[Run]) -> list[Run]:
    """Few of some runs, so that each ability, kind of data and family of models that any of them has is there."""

    def features(run: Run) -> set[object]:
        return {*abilities(run.kind), run.data_kind, family(run.kind)}

    missing, found = set[object]().union(*map(features, runs)), list[Run]()
    while missing:
        found.append(max(runs, key=lambda run: len(features(run) & missing)))
        missing -= features(found[-1])
    return found


CASES = [
    pytest.param(page, run, id=f"{page.name}-{run.id}")
    for page in PAGES
    for run in covering([run for run in profiles().values() if is_offered(page, run)])
]


def test_the_four_shapes_of_model_are_among_them() -> None:
    shown = {run.model for run in profiles().values()}
    assert {"ppca", "gan", "pixelcnn", "lvae"} <= shown


@pytest.mark.parametrize(("page", "run"), CASES)
def test_a_page_opens_with_it(visited: Open, page: Page, run: Run) -> None:
    app = visited(page.name, run=run.id)
    assert not app.exception
    assert not app.error
    assert app.selectbox(key="picked").value == run.id


class Painter(Fits, Decodes, HasPrior, Samples):
    """Codes of three kinds side by side, an image for each, and no way back."""

    name = "painter"
    title = "Painter"
    units: ClassVar[dict[str, str]] = {"nothing": "nats"}
    headline = Headline("nothing")

    @dataclass(frozen=True)
    class Config:
        """Its knobs."""

        z_dim: int = knob(6, 6, 6, help="dimensions")

    def __init__(self, config: Config, spec: Spec) -> None:
        super().__init__()
        self.spec, self.z_dim = spec, config.z_dim
        self.p_x = nn.Sequential(nn.Linear(self.z_dim, 64), nn.Sigmoid(), nn.Unflatten(1, (1, 8, 8)))

    def fit(self, data: Dataset, rng: torch.Generator) -> Iterator[Progress]:  # noqa: ARG002
        yield Progress(1, 1, {"nothing": 0.0})

    def terms(self, batch: Batch) -> Mapping[str, Tensor]:
        return {"nothing": torch.zeros(len(batch.x))}

    def decode(self, z: Tensor) -> Tensor:
        out: Tensor = self.p_x(z)
        return out

    @property
    def prior(self) -> Independent:
        return Independent((OneHot(3), Uniform(2), StandardNormal(1)))

    def sample(self, n: int, rng: torch.Generator) -> Tensor:
        return self.decode(self.prior.sample(n, rng))


@pytest.fixture
def painter(app_store: Store, monkeypatch: pytest.MonkeyPatch) -> Run:
    """An untrained run of a model that decodes images and doesn't encode."""
    monkeypatch.setitem(MODELS, Painter.name, Painter)
    examples = noise_images(60)
    run = Run(
        "painted", "Painted", Painter.name, "digits", {}, {}, examples.shape, examples.classes, 1, 1.0,
        "2026-01-01T00:00:00+00:00", 448, Kind.IMAGE,
    )  # fmt: skip
    model = run.build()
    initialise(model, device.generator(0))
    app_store.save(run, model, [], examples)
    return run


@pytest.mark.parametrize(
    "page",
    [one for one in PAGES if one.name not in NO_SUBJECT and (not one.needs or issubclass(Painter, one.needs))],
    ids=str,
)
def test_a_model_that_only_decodes_is_one_like_any_other(opened: Open, painter: Run, page: Page) -> None:
    app = opened(page.name, run=painter.id)
    assert not app.exception
    assert app.selectbox(key="picked").value == painter.id


def test_its_slider_changes_the_picture(opened: Open, painter: Run) -> None:
    app = opened("traversal", run=painter.id, live="false")
    before = app.image[0].proto.imgs[0].url
    app.slider(key="z5").set_value(2.0).run()
    assert not app.exception
    assert app.image[0].proto.imgs[0].url != before


def test_its_code_has_a_control_of_each_kind(opened: Open, painter: Run, app_store: Store) -> None:
    """A category, two uniform numbers from -2 to 2, and one that is normal; each moves its own part of the code."""
    app = opened("traversal", run=painter.id, live="false")
    assert {key for key in keys_of(app, "slider") if str(key).startswith("z")} == {"z3", "z4", "z5"}
    assert (app.slider(key="z3").min, app.slider(key="z3").max) == (-2, 2)
    app.slider(key="z4").set_value(-1.5).run()
    app.button_group(key="category0").set_value(2).run()
    assert not app.exception
    where = cached.dimensions(StoredRun(painter, app_store))
    z = np.array([float(one) for one in str(app.query_params["z"]).split(",")])
    np.testing.assert_allclose(where.center + where.scale * z, [0, 0, 1, 0, -1.5, where.center[5]], atol=0.02)


def test_what_the_browser_is_given_of_a_code_of_several_kinds(painter: Run, app_store: Store) -> None:
    subject = StoredRun(painter, app_store)
    kinds, where = cached.kinds(subject), cached.dimensions(subject)
    assert [one.axes for one in kinds.categories] == [(0, 1, 2)]
    assert [axis for axis, _ in kinds.ends] == [3, 4]
    assert kinds.farthest <= cached.farthest(subject)
    np.testing.assert_allclose(where.scale[3:5], 1 / np.sqrt(3), rtol=0.05)
