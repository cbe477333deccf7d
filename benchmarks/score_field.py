"""The numbers of the score field: `python -m benchmarks.score_field [seeds]` prints each beside the source's.

Trains the shipped recipes again with other seeds (about a minute each on one thread), holds them against the exact
score and the optimal denoiser, iterates a 61 × 61 lattice over [-0.6, 0.6]² 300 times as the source's Fig. 3.5 and 3.7
show, and times what a slider of the page has to redraw. Figures in brackets are the reference's own measurements of the
source's settings (Alain & Bengio 2014; the source prints none for Fig. 3.5 and 3.7).
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from latentlab import device
from latentlab.analysis.box import Box, around
from latentlab.analysis.score.denoiser import Denoiser
from latentlab.analysis.score.exact_1d import errors, source_log_density, source_score
from latentlab.analysis.score.field import agreement, lattice, score_field
from latentlab.analysis.score.fixed_points import basins
from latentlab.data import DENSITIES, load
from latentlab.experiments.recipes import RECIPES, Recipe
from latentlab.figures.score import field as draw
from latentlab.figures.theme import LIGHT
from latentlab.knobs import from_dict
from latentlab.models import MODELS, Denoises
from latentlab.training.config import TrainConfig
from latentlab.training.loop import start, train

N_DRAWS = 20_000
BOX = Box(-0.6, 0.6, -0.6, 0.6)
WANTED: tuple[tuple[str, dict[str, float], str], ...] = (
    ("mixture-dae", {}, "cosine >= 0.995, relative error <= 10 %"),
    ("spiral-dae", {}, "loss <= 1.10, cosine >= 0.98, 0 % off [1.09, 0.980, 0 %]"),
    ("spiral-dae", {"sigma": 0.03}, "loss <= 1.10, cosine >= 0.98, 0 % off [1.10, 0.989, 0 %]"),
    ("moons-dae-spurious", {}, "cosine >= 0.94, in some seeds up to 10 % off"),
    ("moons-dae-walkback", {}, "cosine >= 0.97, 0 % off"),
    ("curve-dae", {}, "[loss 1.03, cosine 0.9988, relative error 6.3 %]"),
)


def trained(recipe: Recipe, seed: int, changed: dict[str, float]) -> tuple[Denoises, float]:
    """The model of a recipe with another seed, and the seconds it took."""
    splits = load(recipe.dataset)
    config = from_dict(MODELS[recipe.model].Config, recipe.config | changed)
    how = replace(from_dict(TrainConfig, recipe.train), seed=seed)
    model = start(recipe.model, config, splits.train.spec, how)
    began = time.perf_counter()
    for _ in train(model, splits, how, report_every=10_000):
        pass
    assert isinstance(model, Denoises)
    return model.requires_grad_(False), time.perf_counter() - began


def measured(model: Denoises, dataset: str) -> tuple[float, float, float, float]:
    """Loss over the optimum's, median cosine, relative error, and the share of the lattice that ends off the data."""
    density, sigma, rng = DENSITIES[dataset], model.sigma, device.generator(100)
    clean = density.sample(N_DRAWS, rng)
    noisy = clean + sigma * torch.randn(clean.shape, generator=rng, dtype=torch.float64)
    r, best = model.denoise(noisy.float()).double(), density.denoise(noisy, sigma)
    found = agreement((r - noisy) / sigma**2, (best - noisy) / sigma**2)
    ratio = float((r - clean).square().sum() / (best - clean).square().sum())
    off = math.nan
    if density.dim == 2:
        data = load(dataset).test
        one = Denoiser(dataset, dataset, model.denoise, sigma, data, density, around(data.x))
        off, _, _ = one.off(basins(model.denoise, one.box))
    return ratio, found.median_cosine, found.relative_rms, off


def cpu(work: Callable[[], object], n: int = 10) -> float:
    """Milliseconds of this process's CPU for one call, after a first one."""
    work()
    began = time.process_time()
    for _ in range(n):
        work()
    return (time.process_time() - began) / n * 1e3


def redraw() -> None:
    """What a slider of the page has to do again."""
    spiral, sigma = DENSITIES["spiral"], 0.02

    def exact() -> object:
        field = score_field(lambda x: spiral.denoise(x, sigma), sigma, BOX, 30)  # as many arrows as the page draws
        log_p = spiral.blurred(sigma).log_prob(lattice(BOX, 48)).reshape(48, 48).numpy()  # as the page does
        figure = draw.plane(field, BOX, LIGHT, draw.PlaneLayer(np.exp(log_p - log_p.max()), "density"))
        draw.add_arrows(figure, field, LIGHT)
        return figure.to_json()

    model, _ = trained(next(r for r in RECIPES if r.id == "mixture-dae"), 0, {})
    print(f"64×64 field of a network: {cpu(lambda: score_field(model.denoise, 0.5, BOX, 64)):.1f} ms of CPU")
    print(f"an exact field of the spiral, its density, arrows and figure, as JSON: {cpu(exact):.1f} ms of CPU [50]")


def main(n_seeds: int) -> None:
    """Print every table."""
    device.limit_threads()
    print(f"{n_seeds} seeds, mean ± standard deviation; loss over the optimal denoiser's on {N_DRAWS:,} fresh draws\n")
    for run_id, changed, wanted in WANTED:
        recipe = next(r for r in RECIPES if r.id == run_id)
        rows, seconds = [], []
        for seed in range(n_seeds):
            model, took = trained(recipe, seed, changed)
            rows.append(measured(model, recipe.dataset))
            seconds.append(took)
        mean, std = np.mean(rows, 0), np.std(rows, 0)
        names = ("loss", "median cosine", "relative error", "off")
        text = ", ".join(
            f"{name} {m:.4f} ± {s:.4f}" for name, m, s in zip(names, mean, std, strict=True) if not np.isnan(m)
        )
        print(f"{run_id} σ = {changed.get('sigma', recipe.config['sigma'])}: {text}; {np.mean(seconds):.0f} s")
        print(f"    wanted: {wanted}", flush=True)
    print("\nσ, contracting - true, denoising - true, between (source's density, |x| <= 0.9)")
    table = errors(source_log_density, source_score, (1.0, 0.31, 0.16, 0.06, 0.03, 0.01))
    for row in zip(table.sigmas, table.contracting, table.denoising, table.between, strict=True):
        print("    " + "  ".join(f"{v:.4g}" for v in row))
    redraw()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
