"""`latentlab reproduce`: train again what ships, or run an experiment whose table ships."""

from __future__ import annotations

import argparse
import dataclasses
import shutil

import torch

from latentlab import data, settings
from latentlab.cli.experiments import DATA, EXPERIMENTS
from latentlab.cli.output import summary
from latentlab.cli.training import train_job
from latentlab.experiments import long_training, semi_supervised, shipped_probes
from latentlab.experiments.curvature import of_run as run_curvature
from latentlab.experiments.recipes import RECIPES
from latentlab.experiments.score_tables import as_text
from latentlab.jobs import queue
from latentlab.jobs.job import Job
from latentlab.runs.shipped import SHIPPED_RUNS
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
    text = "data sets of an experiment (default: those that take minutes; mnist may take hours)"
    parser.add_argument("--data", nargs="+", choices=sorted(DATA), help=text)
    text = "only these models of the semi-supervised benchmark (default: all); the scores of the others are kept"
    parser.add_argument("--models", nargs="+", choices=semi_supervised.ALL, default=semi_supervised.ALL, help=text)


def run(options: argparse.Namespace) -> int:
    """Train the runs that ship into `checkpoints/`, in half precision but where a score would show it.

    The name of an experiment runs it instead, prints its table and keeps its scores. With `--measure` runs are not
    trained: their numbers on test examples are measured again.
    """
    if settings.IS_INSTALLED:
        raise RunError("What ships is trained again in a copy of the repository; installed, it stays as it is.")
    store = SHIPPED_RUNS
    for name in options.ids:
        if name in EXPERIMENTS:
            EXPERIMENTS[name](options)
    chosen = [recipe for recipe in RECIPES if not options.ids or recipe.id in options.ids]
    for recipe in chosen:
        if options.measure:
            test = data.load(recipe.dataset).test
            store.remeasure(recipe.id, final_metrics(store.load(recipe.id), test, N_BOUND))
            print(f"{recipe.id}: {summary(store.read(recipe.id))}")
            _measure_more(store, recipe.id)
            continue
        fields = dataclasses.asdict(recipe)
        if (SHIPPED / recipe.id).is_dir():
            shutil.rmtree(SHIPPED / recipe.id)
        queue.enqueue(store, Job(**fields, submitted=queue.now()))
        dtype = torch.float32 if recipe.dataset in data.DENSITIES else torch.float16
        print(f"{recipe.id}: {summary(train_job(store, recipe.id, dtype, N_BOUND))}")
        _measure_more(store, recipe.id)
    return 0


def _measure_more(store: Store, run_id: str) -> None:
    """Measure what ships with a run, if anything does: curves of probes, tight bounds and what its layers carry."""
    for line in shipped_probes.make(store, run_id) if run_id in shipped_probes.RUNS else ():
        print(f"{run_id}: probes of {line}", flush=True)
    for line in run_curvature.make(store, run_id) if run_id in run_curvature.RUNS else ():
        print(f"{run_id}: {line}", flush=True)
    for score in long_training.measure(store, run_id) if run_id in long_training.RUNS else ():
        print(as_text(long_training.table_rows([score])), flush=True)
        long_training.TABLE.save([score])


def _known(text: str) -> str:
    if text not in {*EXPERIMENTS, *(recipe.id for recipe in RECIPES)}:
        raise argparse.ArgumentTypeError(f"there is no recipe called {text!r}")
    return text
