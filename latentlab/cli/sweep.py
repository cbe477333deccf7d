"""`latentlab sweep`: train a grid of settings with several seeds, and say which is best."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import Any

import torch
from tqdm import tqdm

from latentlab import data
from latentlab.analysis.sweep import Comparison, compare, interval, verdict
from latentlab.cli.flags import add_knob
from latentlab.experiments.score_tables import MISSING, as_text
from latentlab.jobs import sweep as sweeps
from latentlab.jobs.ray_cluster import RayCluster
from latentlab.jobs.sweep import Sweep
from latentlab.jobs.sweep_engines import Engine, LocalWorkers, drive
from latentlab.jobs.sweep_results import Trained, chosen_measure, scores_on_test, trained
from latentlab.knobs import knobs
from latentlab.models import MODELS
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, training_knobs

BAR = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} [{elapsed}<{remaining}{postfix}]"


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `sweep` takes: a model, a data set, and lists of values of the knobs of both the model and its training."""
    models = parser.add_subparsers(required=True, metavar=" | ".join(MODELS))
    for name, model in MODELS.items():
        text = (model.__doc__ or "").partition("\n")[0]
        one = models.add_parser(name, help=text, description=text, allow_abbrev=False)
        one.set_defaults(command=run, model=name)
        one.add_argument("dataset", choices=data.names())
        one.add_argument("--seeds", type=int, default=3, help="trainings of each setting; default 3")
        text = "trainings at once on this machine; default: one for each GPU, else one"
        one.add_argument("--workers", type=int, default=max(1, torch.cuda.device_count()), help=text)
        text = "train on the Ray cluster there instead, such as auto; it has to see the folder of the runs"
        one.add_argument("--address", help=text)
        one.add_argument(
            "--by", help="what settings are compared by on held-out examples; default: what suits the model"
        )
        one.add_argument("--json", action="store_true", help="print the scores as JSON")
        for knob in knobs(model.Config):
            add_knob(one, knob, several=True)
        group = one.add_argument_group("training")
        for knob in training_knobs(model):
            if knob.name != "seed":
                add_knob(group, knob, several=True)


def run(options: argparse.Namespace) -> int:
    """Train a grid of settings with several seeds and compare them; the same command goes on where it was left.

    Ctrl-C pauses the trainings.
    """
    measure = chosen_measure(MODELS[options.model], options.by)
    if options.workers < 1:
        raise RunError(f"A sweep needs at least one worker, not {options.workers}.")
    store = Store.default()
    planned = _planned(options)
    engine = _engine(options, store)
    try:
        if not data.is_local(options.dataset):
            data.load(options.dataset, True)  # once, before several workers do
        sweep = sweeps.go_on(store, planned)
        _train(store, sweep, engine)
    finally:
        engine.close()
    found = trained(store, sweep, measure)
    compared = compare(found.scores, measure.higher_is_better)
    test = scores_on_test(store, sweep, compared.best, measure) if compared.best is not None else []
    if options.json:
        print(json.dumps(_as_json(sweep, found, compared, test), indent=2))
    else:
        _print(found, compared, test)
    return _report_unfinished(store, sweep)


def _planned(options: argparse.Namespace) -> Sweep:
    given = {name: value for name, value in vars(options).items() if value is not None}
    of_model = [knob.name for knob in knobs(MODELS[options.model].Config) if knob.name in given]
    of_training = [knob.name for knob in knobs(TrainConfig) if knob.name in given]
    grid = {name: given[name] for name in (*of_model, *of_training) if len(given[name]) > 1}
    config, train = ({n: given[n][0] for n in names if n not in grid} for names in (of_model, of_training))
    return sweeps.plan(options.model, options.dataset, grid, options.seeds, config, train)


def _engine(options: argparse.Namespace, store: Store) -> Engine:
    return RayCluster(store, options.address) if options.address else LocalWorkers(store, options.workers)


def _train(store: Store, sweep: Sweep, engine: Engine) -> None:
    """Train with a progress bar; Ctrl-C requests a pause."""
    bar = tqdm(total=len(sweep.runs), desc=sweep.id, unit="run", dynamic_ncols=True, bar_format=BAR)
    with bar:
        try:
            for now in drive(store, sweep, engine):
                bar.n = round(now.n * now.fraction, 2)
                more = f", {now.failed} stopped" if now.failed else ""
                bar.set_postfix_str(f"{now.done} done, {now.running} running, {now.waiting} waiting{more}")
        except KeyboardInterrupt:
            sweeps.pause(store, sweep)
            raise RunError("Paused; the same command goes on.") from None


def _rows(found: Trained, compared: Comparison) -> list[dict[str, str]]:
    """A row for each setting, the best first, those that lack a seed last."""
    order = [*compared.order.tolist(), *sorted(set(range(len(found.settings))) - set(compared.order.tolist()))]
    leads = dict(zip(compared.order.tolist(), compared.leads, strict=True))
    return [
        {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in found.settings[k].items()}
        | {
            f"validation {found.measure.term} {found.measure.unit}".strip(): str(compared.settings[k]) or MISSING,
            "behind the best": str(leads[k]) if k in leads and k != compared.best else MISSING,
            "seeds": f"{compared.settings[k].n} of {len(found.seeds)}",
        }
        for k in order
    ]


def _print(found: Trained, compared: Comparison, test: list[float]) -> None:
    print(as_text(_rows(found, compared)))
    names = [sweeps.said(setting) for setting in found.settings]
    print(verdict(compared, names, found.measure.unit))
    if compared.best is not None:
        print(f"Test {found.measure.term} of “{names[compared.best]}”, the only one: {interval(test)}")


def _as_json(sweep: Sweep, found: Trained, compared: Comparison, test: list[float]) -> dict[str, Any]:
    """What was found, for a program to read: a number that isn't there is null."""
    settings = [
        {
            "setting": setting,
            "validation": [None if math.isnan(score) else score for score in scores],
            "runs": list(sweep.runs[k * len(sweep.seeds) : (k + 1) * len(sweep.seeds)]),
        }
        for k, (setting, scores) in enumerate(zip(found.settings, found.scores.tolist(), strict=True))
    ]
    return {
        "sweep": sweep.id,
        **found.measure._asdict(),
        "seeds": list(sweep.seeds),
        "settings": settings,
        "best": compared.best,
        "is_clear": compared.is_clear,
        "tied": compared.tied,
        "test": test,
    }


def _report_unfinished(store: Store, sweep: Sweep) -> int:
    """Say what isn't done and why; returns the exit status."""
    left = {run_id: s for run_id, s in sweeps.statuses(store, sweep).items() if s is None or s.state != "done"}
    for run_id, status in left.items():
        state = f"{status.state}: {status.message}" if status else "deleted"
        print(f"{run_id} isn't done; {state}".removesuffix(": "), file=sys.stderr)
    return 1 if left else 0
