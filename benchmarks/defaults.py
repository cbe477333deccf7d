"""What the default settings make of data of many kinds: is any dimension of the code lost, and are classes kept?

    python -m benchmarks.defaults [--only iris wine ...]

For each data set a VAE is trained with the settings that the form proposes. Printed: dimensions of which the mean of
the posterior varies (variance over examples above 0.01, Burda et al. 2016), and the k-NN purity of the codes beside
that of the standardised data: the share of the ten nearest examples that are of the same class, on test examples, or on
all where there are fewer than 300.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from pathlib import Path

import numpy as np
import sklearn.datasets
import torch
from numpy.typing import NDArray
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from latentlab import device
from latentlab.data import Library, Splits, load
from latentlab.knobs import from_dict
from latentlab.models import FIRST, MODELS, HasPosterior, suited
from latentlab.training.config import TrainConfig, model_config, suited_training
from latentlab.training.loop import start, train
from latentlab.training.state import TrainState

Floats = NDArray[np.float64]
ACTIVE = 0.01  # variance of the posterior's mean
NEIGHBOURS = 10
FEW = 300  # test examples; with fewer all examples are measured
STEPS = 1_500  # of the first training of data of one's own, as the form proposes


def clusters() -> tuple[Floats, NDArray[np.int64]]:
    """Thirty well-separated clusters in ten columns of real numbers."""
    rng = np.random.default_rng(1)
    y = np.repeat(np.arange(30), 40)
    return rng.normal(size=(30, 10))[y] * 4 + rng.normal(size=(1_200, 10)), y


def wide() -> tuple[Floats, NDArray[np.int64]]:
    """2,000 rows of 300 columns: eight groups in six hidden dimensions, and noise."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 8, 2_000)
    hidden = 2 * rng.normal(size=(8, 6))[y] + 0.5 * rng.normal(size=(2_000, 6))
    return np.tanh(0.3 * hidden @ rng.normal(size=(6, 300))) + 0.3 * rng.normal(size=(2_000, 300)), y


TABLES = {
    "iris": lambda: sklearn.datasets.load_iris(return_X_y=True),
    "wine": lambda: sklearn.datasets.load_wine(return_X_y=True),
    "breast cancer": lambda: sklearn.datasets.load_breast_cancer(return_X_y=True),
    "thirty clusters": clusters,
    "300 columns": wide,
}
BUILTIN = ("digits", "mnist", "moons")
PHOTOS = "600 colour images"
NAMES = (*TABLES, PHOTOS, *BUILTIN)


def read(name: str, folder: Path) -> Splits:
    """A data set as a user's file of it is read."""
    if name in BUILTIN:
        return load(name)
    path = folder / "table.csv"
    if name == PHOTOS:
        path = scenes(folder / "photos")
    else:
        x, y = TABLES[name]()
        with path.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([*(f"column {k}" for k in range(x.shape[1])), "label"])
            writer.writerows([*row.tolist(), f"class {k}"] for row, k in zip(x, y, strict=True))
    library = Library(folder / "library")
    return library.load(library.add(path))


def scenes(folder: Path) -> Path:
    """Three kinds of coloured scenes of 32 x 32 pixels: day, evening, and night, with a hill and a sun or a moon."""
    rng = np.random.default_rng(3)
    skies = {"day": (120, 180, 250), "evening": (240, 130, 70), "night": (20, 25, 60)}
    row, column = np.mgrid[:32, :32]
    for kind, sky in skies.items():
        (folder / kind).mkdir(parents=True)
        for k in range(200):
            pixels = np.broadcast_to(np.array(sky), (32, 32, 3)) * rng.uniform(0.8, 1.0) + 2.0 * (31 - row)[..., None]
            at, height = rng.uniform(4, 28, 2), rng.uniform(14, 26)
            pixels[(row - at[0] / 2) ** 2 + (column - at[1]) ** 2 < rng.uniform(4, 12)] = (250, 240, 200)
            hill = row > height + 4 * np.sin(column / rng.uniform(3, 8))
            pixels[hill] = np.array((40, 110, 50)) * rng.uniform(0.5, 1.2)
            pixels += rng.normal(0, 6, pixels.shape)
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / kind / f"{k}.png")
    return folder


def purity(x: Floats, y: NDArray[np.int64]) -> float:
    """The share of each example's nearest ones, in standardised coordinates, that are of its class."""
    x = (x - x.mean(0)) / np.maximum(x.std(0), 1e-9)
    near = NearestNeighbors(n_neighbors=NEIGHBOURS + 1).fit(x).kneighbors(x, return_distance=False)[:, 1:]
    return float((y[near] == y[:, None]).mean())


def epochs(name: str, n: int) -> int:
    """As the form proposes."""
    return {"digits": 200, "mnist": 20, "moons": 20}.get(name, min(500, max(20, STEPS * 128 // n)))


def measure(name: str, seed: int) -> str:
    """A row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        splits = read(name, Path(folder))
    began = time.process_time()
    fitting = suited_training(MODELS[FIRST], splits.train.spec)
    settings = from_dict(TrainConfig, {"epochs": epochs(name, len(splits.train)), "seed": seed, **fitting})
    chosen = suited(FIRST, splits.test)
    config = model_config(FIRST, chosen, splits.train, settings)
    state = TrainState(start(FIRST, config, splits.train.spec, settings), settings)
    for _ in train(state.model, splits, settings, state):
        pass
    parts = [splits.test] if len(splits.test) >= FEW else list(splits)
    batches = [part[:2_000].batch() for part in parts]
    x, y = torch.cat([batch.x for batch in batches]), torch.cat([batch.y for batch in batches]).numpy()
    model = state.model.eval()
    assert isinstance(model, HasPosterior)
    with torch.no_grad():
        codes = model.posterior(x).mean.double()
    active = int((codes.var(0) > ACTIVE).sum())
    found, raw = purity(codes.numpy(), y), purity(x.flatten(1).double().numpy(), y)
    said = " ".join(str(value) for value in chosen.values())
    numbers = (f"{found:.3f}", f"{raw:.3f}", f"{found - raw:+.3f}", f"{time.process_time() - began:.0f}")
    return "| " + " | ".join([name, said, f"{active} of {codes.shape[1]}", *numbers]) + " |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    device.limit_threads()
    print(f"{MODELS[FIRST].title}, default settings, seed {options.seed}\n")
    print("| data | settings that suit | active dimensions | purity of codes | of the data | difference | CPU s |")
    print("|---|---|---|--:|--:|--:|--:|")
    for name in options.only:
        print(measure(name, options.seed), flush=True)


if __name__ == "__main__":
    main()
