"""`latentlab reproduce`: train again what ships, or run the benchmark of semi-supervised models."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from collections.abc import Sequence

import torch

from latentlab import data
from latentlab.cli.output import summary
from latentlab.cli.training import train_job
from latentlab.experiments import semi_supervised
from latentlab.experiments.recipes import RECIPES
from latentlab.jobs import queue
from latentlab.jobs.job import Job
from latentlab.runs.store import SHIPPED, Store

BENCHMARK = "semi-supervised"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `reproduce` takes."""
    text = "only these: " + ", ".join([*(recipe.id for recipe in RECIPES), BENCHMARK])
    parser.add_argument("ids", nargs="*", type=_known, help=text)
    n_seeds = len(semi_supervised.SEEDS)
    parser.add_argument("--seeds", type=int, default=n_seeds, help="trainings of each model in the benchmark")
    parser.add_argument("--mnist", action="store_true", help="the benchmark on MNIST too, which takes hours")


def run(options: argparse.Namespace) -> int:
    """Train the runs that ship into `checkpoints/`, in half precision but where a score would show it.

    `semi-supervised` runs the benchmark of semi-supervised models instead.
    """
    store = Store(SHIPPED, shipped=SHIPPED / ".none")
    if BENCHMARK in options.ids:
        _benchmark(["moons", "digits", *["mnist"] * options.mnist], options.seeds)
    chosen = [recipe for recipe in RECIPES if not options.ids or recipe.id in options.ids]
    for recipe in chosen:
        fields = dataclasses.asdict(recipe)
        if (SHIPPED / recipe.id).is_dir():
            shutil.rmtree(SHIPPED / recipe.id)
        queue.enqueue(store, Job(**fields, submitted=queue.now()))
        dtype = torch.float32 if recipe.dataset in data.DENSITIES else torch.float16
        print(f"{recipe.id}: {summary(train_job(store, recipe.id, dtype, 1_000))}")
    return 0


def _benchmark(datasets: Sequence[str], n_seeds: int) -> None:
    """Print the benchmark as it runs, its table at the end, and save the scores for the app."""
    kept = [score for score in semi_supervised.read() if score.dataset not in datasets]
    scores = []
    for dataset in datasets:
        for score in semi_supervised.run_benchmark(dataset, range(n_seeds)):
            scores.append(score)
            print(semi_supervised.table([score]).splitlines()[1], flush=True)
    print(f"\n{semi_supervised.table(scores)}")
    semi_supervised.save([*scores, *kept])


def _known(text: str) -> str:
    if text not in {BENCHMARK, *(recipe.id for recipe in RECIPES)}:
        raise argparse.ArgumentTypeError(f"there is no recipe called {text!r}")
    return text
