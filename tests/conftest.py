"""What the tests share: where the data are, small data sets, and a store of their own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from latentlab import device
from latentlab.data import Dataset, Factors, Kind, Splits, load
from latentlab.models import MODELS, Trains
from latentlab.models.energy.gsn import GSN
from latentlab.models.vae.vae import VAE
from latentlab.nn.initialise import initialise
from latentlab.runs.run import Run
from latentlab.runs.store import SHIPPED, Store

ROOT = Path(__file__).parents[1]
SHARED_DATA = ROOT.parent / "shared" / "data"

if SHARED_DATA.is_dir():
    os.environ.setdefault("LATENTLAB_DATA", str(SHARED_DATA))
QUICK_DRAW = Path(os.environ.get("LATENTLAB_DATA", "")) / "quickdraw_test"  # 25 drawings of each of seven words
device.limit_threads()
SLOW = ("slow", "training", "pages", "browser", "cuda")
DRIVEN = ("pages", "browser")  # folders whose tests bear a mark of their own


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What opens pages or drives a browser is marked by where it lies; what bears no mark of the slow ones is fast."""
    for item in items:
        for name in DRIVEN:
            if ROOT / "tests" / name in item.path.parents:
                item.add_marker(name)
        if not any(item.get_closest_marker(mark) for mark in SLOW):
            item.add_marker(pytest.mark.fast)


@pytest.fixture(scope="session", autouse=True)
def what_ships_stays() -> Iterator[None]:
    """No test changes what ships: an experiment that is run here keeps its scores elsewhere."""
    before = shipped_files()
    yield
    assert shipped_files() == before


def shipped_files() -> dict[Path, tuple[int, int]]:
    """When each file that ships was written, and how large it is."""
    return {path: (found.st_mtime_ns, found.st_size) for path in SHIPPED.rglob("*") if (found := path.stat())}


@pytest.fixture(scope="session")
def digits() -> Splits:
    return load("digits")


@pytest.fixture(scope="session")
def few_digits(digits: Splits) -> Splits:
    """Enough to train on for a moment: 320 / 80 / 80 digits."""
    return Splits(digits.train[:320], digits.valid[:80], digits.test[:80])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store that nothing ships with."""
    return Store(tmp_path / "runs", shipped=tmp_path / "none")


def naming(*parts: object) -> str:
    """A pattern for a message that contains each of these names and numbers whole, in any order and any wording."""
    wholes = []
    for part in map(str, parts):
        before = r"(?<!\w)(?<!\d[.,])" if re.match(r"\w", part) else ""
        after = r"(?!\w)(?![.,]\d)" if re.search(r"\w$", part) else ""
        wholes.append(rf"(?s:(?=.*{before}{re.escape(part)}{after}))")
    return "^" + "".join(wholes)


def mentions(text: str, *parts: object) -> bool:
    """Whether a text contains each of these names and numbers whole."""
    return bool(re.search(naming(*parts), text))


def numbers_in(text: str) -> list[float]:
    """The numbers of a text, in their order: "1,024 of 5.5%" has 1024 and 5.5."""
    found: list[str] = re.findall(r"(?<![\w.])[-+−]?\d+(?:,\d{3})*(?:\.\d+)?", text)
    return [float(number.replace(",", "").replace("−", "-")) for number in found]


def noise_images(n: int, shape: tuple[int, ...] = (1, 8, 8), n_classes: int = 3, seed: int = 0) -> Dataset:
    """Random images with random labels."""
    rng = device.generator(seed)
    x = torch.randint(0, 256, (n, *shape), generator=rng, dtype=torch.uint8)
    y = torch.randint(0, n_classes, (n,), generator=rng)
    return Dataset("noise", x, y, tuple(str(k) for k in range(n_classes)), Kind.IMAGE)


def examples_for(model: str, n: int) -> Dataset:
    """Random examples of a kind that a model can learn, with random labels: images, or points where it can't."""
    images = noise_images(n)
    kind = MODELS[model]
    if issubclass(kind, Trains) and kind.needs_factors:
        return with_factors(images)
    if Kind.IMAGE in MODELS[model].kinds:
        return images
    x = torch.randn(n, 2, generator=device.generator(7))
    return Dataset("points", x, images.y, images.classes, Kind.PLANE)


def with_factors(data: Dataset) -> Dataset:
    """The same examples, as if a number and a word had made them."""
    k = torch.arange(len(data))
    return replace(
        data, factors=Factors(torch.stack([k % 4, k % 3], 1), ("x", "kind"), ((1, 2, 3, 4), ("a", "b", "c")))
    )


def save_coloured_run(store: Store, kind: type[VAE] | type[GSN]) -> Run:
    """An untrained model of coloured images that are 6 pixels high and 5 wide."""
    examples = noise_images(60, (3, 6, 5))
    config = {"hidden": 16}
    run = Run(
        f"coloured-{kind.name}", "Coloured", kind.name, "noise", config, {}, examples.shape, examples.classes, 1, 1.0,
        "2026-01-01T00:00:00+00:00", 0, Kind.IMAGE,
    )  # fmt: skip
    model = run.build()
    initialise(model, device.generator(0))
    store.save(run, model, [], examples)
    return run
