"""`latentlab reproduce`: train again what ships, or run an experiment whose table ships."""

from __future__ import annotations

import argparse
import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import replace

import torch

from latentlab import data, settings
from latentlab.cli.output import summary
from latentlab.cli.training import train_job
from latentlab.experiments import (
    cluster_aware,
    families,
    hierarchies,
    pixel_decoders,
    semi_supervised,
    shipped_probes,
)
from latentlab.experiments.recipes import RECIPES
from latentlab.jobs import queue
from latentlab.jobs.job import Job
from latentlab.runs.store import SHIPPED, Store
from latentlab.serialization import RunError
from latentlab.training.evaluation import final_metrics

N_BOUND = 1_000  # test examples that get the importance-weighted bound


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `reproduce` takes."""
    text = "only these: " + ", ".join([*(recipe.id for recipe in RECIPES), *EXPERIMENTS])
    parser.add_argument("ids", nargs="*", type=_known, help=text)
    parser.add_argument("--measure", action="store_true", help="measure the runs again, without training them")
    n_seeds = len(semi_supervised.SEEDS)
    parser.add_argument("--seeds", type=int, default=n_seeds, help="trainings of each model in an experiment")
    there = sorted(
        {pixel_decoders.DATASET, *semi_supervised.BENCHMARKS, *hierarchies.SETTINGS, *cluster_aware.SETTINGS}
    )
    text = "data sets of an experiment (default: those that take minutes; mnist may take hours)"
    parser.add_argument("--data", nargs="+", choices=there, help=text)
    text = "only these models of the semi-supervised benchmark (default: all); the scores of the others are kept"
    parser.add_argument("--models", nargs="+", choices=semi_supervised.ALL, default=semi_supervised.ALL, help=text)


def run(options: argparse.Namespace) -> int:
    """Train the runs that ship into `checkpoints/`, in half precision but where a score would show it.

    The name of an experiment runs it instead, prints its table and keeps its scores. With `--measure` runs are not
    trained: their numbers on test examples are measured again.
    """
    if settings.IS_INSTALLED:
        raise RunError("What ships is trained again in a copy of the repository; installed, it stays as it is.")
    store = Store(SHIPPED, shipped=SHIPPED / ".none")
    for name in options.ids:
        if name in EXPERIMENTS:
            EXPERIMENTS[name](options)
    chosen = [recipe for recipe in RECIPES if not options.ids or recipe.id in options.ids]
    for recipe in chosen:
        if options.measure:
            test = data.load(recipe.dataset).test
            store.remeasure(recipe.id, final_metrics(store.load(recipe.id), test, N_BOUND))
            print(f"{recipe.id}: {summary(store.read(recipe.id))}")
            _probe(store, recipe.id)
            continue
        fields = dataclasses.asdict(recipe)
        if (SHIPPED / recipe.id).is_dir():
            shutil.rmtree(SHIPPED / recipe.id)
        queue.enqueue(store, Job(**fields, submitted=queue.now()))
        dtype = torch.float32 if recipe.dataset in data.DENSITIES else torch.float16
        print(f"{recipe.id}: {summary(train_job(store, recipe.id, dtype, N_BOUND))}")
        _probe(store, recipe.id)
    return 0


def _probe(store: Store, run_id: str) -> None:
    """Measure the curves of probes that ship with a run, if any do."""
    for line in shipped_probes.make(store, run_id) if run_id in shipped_probes.RUNS else ():
        print(f"{run_id}: probes of {line}", flush=True)


def _semi_supervised(options: argparse.Namespace) -> None:
    """Print the benchmark as it runs, its table at the end, and save the scores for the app."""
    scores = []
    for dataset in options.data or ("moons", "digits"):
        benchmark = semi_supervised.BENCHMARKS[dataset]
        chosen = tuple(model for model in benchmark.models if model in options.models)
        for score in semi_supervised.run_benchmark(dataset, range(options.seeds), replace(benchmark, models=chosen)):
            scores.append(score)
            print(semi_supervised.table([score]).splitlines()[1], flush=True)
    print(f"\n{semi_supervised.table(scores)}")
    semi_supervised.save(semi_supervised.merged(scores))


def _hierarchies(options: argparse.Namespace) -> None:
    """Print the scores of hierarchies as they are measured, their table at the end, and save them for the app."""
    chosen = options.data or list(hierarchies.SETTINGS)
    if unknown := set(chosen) - set(hierarchies.SETTINGS):
        raise RunError(f"Hierarchies are compared on {' and '.join(hierarchies.SETTINGS)}, not on {min(unknown)}.")
    for dataset in chosen:
        scores = []
        for score in hierarchies.run(dataset, range(options.seeds)):
            scores.append(score)
            print(hierarchies.table([score]).splitlines()[1], flush=True)
        print(f"\n{hierarchies.table(scores)}\n", flush=True)
        hierarchies.save(scores)


def _cluster_aware(options: argparse.Namespace) -> None:
    """Print the scores of cluster-aware models as they are measured, their table at the end, and save them."""
    chosen = options.data or ["digits"]
    if unknown := set(chosen) - set(cluster_aware.SETTINGS):
        there = " and ".join(cluster_aware.SETTINGS)
        raise RunError(f"Cluster-aware models are compared on {there}, not on {min(unknown)}.")
    for dataset in chosen:
        scores = []
        for score in cluster_aware.run(dataset, range(options.seeds)):
            scores.append(score)
            print(cluster_aware.table([score]).splitlines()[1], flush=True)
        print(f"\n{cluster_aware.table(scores)}\n", flush=True)
        cluster_aware.save(scores)


def _families(options: argparse.Namespace) -> None:  # noqa: ARG001 it has no data and no seeds to choose
    """Print the scores of families of posteriors as they are fitted, their table at the end, and save all of it."""
    found = []
    for fitted in families.run():
        found.append(fitted)
        print(families.table(families.scores_of(fitted)).splitlines()[1], flush=True)
    families.save(found)
    print(f"\n{families.table(families.read())}\n", flush=True)


def _fame(options: argparse.Namespace) -> None:
    """Print the scores of three decoders as they are measured, their table at the end, and save them for the app."""
    if set(options.data or ()) - {pixel_decoders.DATASET}:
        raise RunError(f"These decoders are compared on {pixel_decoders.DATASET}.")
    scores = []
    for score in pixel_decoders.run(range(options.seeds)):
        scores.append(score)
        print(pixel_decoders.table([score]).splitlines()[1], flush=True)
    print(f"\n{pixel_decoders.table(scores)}")
    pixel_decoders.save(scores)


EXPERIMENTS: dict[str, Callable[[argparse.Namespace], None]] = {
    "semi-supervised": _semi_supervised,
    "hierarchies": _hierarchies,
    "cagem": _cluster_aware,
    "families": _families,
    "fame": _fame,
}


def _known(text: str) -> str:
    if text not in {*EXPERIMENTS, *(recipe.id for recipe in RECIPES)}:
        raise argparse.ArgumentTypeError(f"there is no recipe called {text!r}")
    return text
