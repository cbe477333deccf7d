"""Every page that offers a run or data opens on series."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentlab.data import Library
from latentlab.device import generator
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import Store
from tests.pages.conftest import Open


@pytest.fixture
def series(app_store: Store, tmp_path: Path) -> str:
    """The name of 60 series of 3 values at 40 times in two classes; a model of them is in the store."""
    x = np.random.default_rng(0).normal(size=(60, 40, 3)).astype(np.float32)
    np.savez(tmp_path / "waves.npz", x=x, y=np.arange(60) % 2)
    name = Library.default().add(tmp_path / "waves.npz")
    splits = Library.default().load(name)
    spec = splits.train.spec
    config = {"hidden": 16, "likelihood": "real-gaussian"}
    run = Run(
        "waves-vae", "Waves", VAE.name, name, config, {}, spec.shape, splits.train.classes, 1, 1.0,
        "2026-01-01T00:00:00+00:00", 0, spec.kind,
    )  # fmt: skip
    model = run.build()
    initialise(model, generator(0))
    app_store.save(run, model, [], splits.test)
    return name


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "of"), [("clusters", "run"), ("clusters", "data"), ("probes", "run"), ("traversal", "run")]
)
def test_a_page_opens_on_series(opened: Open, series: str, page: str, of: str) -> None:
    app = opened(page, run="waves-vae" if of == "run" else f"data:{series}")
    assert not app.exception
