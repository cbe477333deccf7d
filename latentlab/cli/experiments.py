"""The experiments that `latentlab reproduce` runs by name: each prints its scores and saves them for the app."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from latentlab.data import class_names
from latentlab.experiments import (
    auxiliary_head,
    auxiliary_layers,
    cluster_aware,
    dependency,
    factor_grid,
    factors,
    families,
    generated,
    hierarchies,
    pixel_decoders,
    semi_supervised,
    sketches,
    sketches_printed,
    solids,
    sweep,
    transfer,
    transfer_source,
)
from latentlab.experiments.adversarial import infogan, infogan_images
from latentlab.experiments.adversarial import presets as adversarial_presets
from latentlab.experiments.adversarial import samples as adversarial_samples
from latentlab.experiments.curvature import race as curvature_race
from latentlab.experiments.curvature import tables as curvature_tables
from latentlab.experiments.curvature import training as curvature
from latentlab.experiments.importance import bomb as importance_bomb
from latentlab.experiments.importance import shortcuts as importance_shortcuts
from latentlab.experiments.importance import tables as importance_tables
from latentlab.experiments.importance import training as importance
from latentlab.experiments.monitoring import added_conditions, condition_results, next_month, recorded_anomalies
from latentlab.experiments.monitoring import conditions as condition_monitoring
from latentlab.experiments.score_tables import as_text
from latentlab.runs import lite0_file
from latentlab.serialization import RunError

Score = TypeVar("Score")

DATA = {
    *pixel_decoders.DATASETS,
    *semi_supervised.BENCHMARKS,
    *hierarchies.SETTINGS,
    *cluster_aware.SETTINGS,
    factors.DATA,
    solids.DATA,
    infogan.DATA,
    *infogan_images.SETTINGS,
    *adversarial_samples.SETTINGS,
    *curvature.SETTINGS,
    *generated.SETTINGS,
    sketches.DATASET,
    *condition_monitoring.DATA,
    recorded_anomalies.DATA,
}  # sets of which at least one experiment lets one choose


def _semi_supervised(options: argparse.Namespace) -> None:
    scores = []
    for dataset in options.data or ("moons", "digits"):
        benchmark = semi_supervised.BENCHMARKS[dataset]
        chosen = tuple(model for model in benchmark.models if model in options.models)
        found = semi_supervised.run_benchmark(dataset, range(options.seeds), replace(benchmark, models=chosen))
        scores += _printed(found, semi_supervised.table_rows)
    semi_supervised.TABLE.save(scores)


def _hierarchies(options: argparse.Namespace) -> None:
    for dataset in _of_these(options, hierarchies.SETTINGS, list(hierarchies.SETTINGS)):
        hierarchies.TABLE.save(_printed(hierarchies.run(dataset, range(options.seeds)), hierarchies.table_rows))


def _cluster_aware(options: argparse.Namespace) -> None:
    for dataset in _of_these(options, cluster_aware.SETTINGS, ["digits"]):
        cluster_aware.TABLE.save(_printed(cluster_aware.run(dataset, range(options.seeds)), cluster_aware.table_rows))


def _families(options: argparse.Namespace) -> None:  # noqa: ARG001 it has no data and no seeds to choose
    found = []
    for fitted in families.run():
        found.append(fitted)
        print(as_text(families.table_rows(families.scores_of(fitted))).splitlines()[1], flush=True)
    families.save(found)
    print(f"\n{as_text(families.table_rows(families.TABLE.read()))}\n", flush=True)


def _fame(options: argparse.Namespace) -> None:
    for dataset in _of_these(options, pixel_decoders.DATASETS, ["mnist-14"]):
        found = _printed(pixel_decoders.run(dataset, range(options.seeds)), pixel_decoders.table_rows)
        pixel_decoders.TABLE.save(found)


def _auxiliary_layers(options: argparse.Namespace) -> None:
    _of_these(options, [auxiliary_layers.DATA], [])
    auxiliary_layers.TABLE.save(_printed(auxiliary_layers.run(range(options.seeds)), auxiliary_layers.table_rows))


def _auxiliary_head(options: argparse.Namespace) -> None:
    known = list(auxiliary_head.SETTINGS)
    for dataset in _of_these(options, known, known):
        found = _printed(auxiliary_head.run(dataset, range(options.seeds)), auxiliary_head.table_rows)
        auxiliary_head.TABLE.save(found)


def _monitoring(options: argparse.Namespace) -> None:
    for dataset in _of_these(options, condition_monitoring.DATA, condition_monitoring.DATA):
        for seed in range(options.seeds):
            named = _printed(condition_monitoring.run(dataset, (seed,)), condition_results.table_rows)
            condition_monitoring.TABLE.save(named)
            added_conditions.TABLE.save(_printed(added_conditions.run(dataset, (seed,)), added_conditions.table_rows))
    next_month.TABLE.save(_printed(next_month.run(), next_month.table_rows))


def _recorded(options: argparse.Namespace) -> None:
    _of_these(options, [recorded_anomalies.DATA], [])
    recorded_anomalies.TABLE.save(_printed(recorded_anomalies.run(range(options.seeds)), recorded_anomalies.table_rows))


def _factors(options: argparse.Namespace) -> None:
    known = [factors.DATA, solids.DATA]
    for dataset in _of_these(options, known, known):
        if dataset == factors.DATA:
            factors.TABLE.save(_printed(factors.run(range(options.seeds)), factors.table_rows))
        else:
            solids.TABLE.save(_printed(solids.run(range(options.seeds)), solids.table_rows))


def _factor_grid(options: argparse.Namespace) -> None:
    _of_these(options, [factors.DATA], [])
    scores = []
    for seed in range(options.seeds):  # kept after each: a seed takes a quarter of an hour
        scores += _printed(factor_grid.run((seed,)), factor_grid.table_rows)
        factor_grid.TABLE.save(scores)


def _infogan(options: argparse.Namespace) -> None:
    known = [infogan.DATA, *infogan_images.SETTINGS]
    for dataset in _of_these(options, known, [infogan.DATA, "digits"]):
        if dataset == infogan.DATA:
            infogan.TABLE.save(_printed(infogan.run(range(options.seeds)), infogan.table_rows))
        else:
            found = _printed(infogan_images.run(dataset, range(options.seeds)), infogan_images.table_rows)
            infogan_images.TABLE.save(found)


def _gan(options: argparse.Namespace) -> None:
    for dataset in _of_these(options, adversarial_samples.SETTINGS, ["digits"]):
        found = _printed(adversarial_samples.run(dataset, range(options.seeds)), adversarial_samples.table_rows)
        adversarial_samples.TABLE.save(found)


def _presets(options: argparse.Namespace) -> None:
    _of_these(options, adversarial_presets.GAMES, [])
    games = [adversarial_presets.run(dataset, range(options.seeds)) for dataset in adversarial_presets.GAMES]
    adversarial_presets.TABLE.save(_printed(itertools.chain(*games), adversarial_presets.table_rows))


def _curvature(options: argparse.Namespace) -> None:
    seeds = range(options.seeds)
    chosen = _of_these(options, list(curvature.SETTINGS), ["digits"])
    for name in chosen:
        curvature_tables.PROGRESS.save(_printed(curvature.progress(name, seeds), curvature_tables.progress_rows))
    if "digits" in chosen:
        curvature_tables.SUBSETS.save(_printed(curvature.subsets(seeds), curvature_tables.subset_rows))
        curvature_tables.FOLLOWING.save(_printed(curvature.following(seeds), curvature_tables.follow_rows))
        curvature_tables.RACE.save(_printed(curvature_race.race(seeds), curvature_tables.race_rows))
    print(as_text(curvature_tables.claim_rows()), flush=True)


def _sweep(options: argparse.Namespace) -> None:
    _of_these(options, [sweep.DATASET], [])
    scores = sweep.run(range(options.seeds))
    print(as_text(sweep.table_rows(scores)), flush=True)
    sweep.TABLE.save(scores)


def _sketches(options: argparse.Namespace) -> None:
    _of_these(options, [sketches.DATASET], [])
    printed = _printed(sketches_printed.run(range(options.seeds)), sketches_printed.table_rows)
    sketches_printed.TABLE.save(printed)
    print(sketches_printed.summary(printed, class_names(sketches.DATASET)), flush=True)
    scores = list(sketches.run(range(options.seeds)))
    print(sketches.text(scores), flush=True)
    sketches.TABLE.save(scores)


def _transfer(options: argparse.Namespace) -> None:
    _of_these(options, [transfer.DATA], [])
    for trunk in transfer.TRUNKS:
        if transfer.is_here(trunk):
            transfer.TABLE.save(_printed(transfer.run(trunk, range(options.seeds)), transfer.table_rows))
        else:
            print(f"{trunk}: {lite0_file.MISSING}", flush=True)
    print(as_text(transfer_source.source_rows()), flush=True)


def _dependency(options: argparse.Namespace) -> None:
    _of_these(options, [], [])
    dependency.TABLE.save(_printed(dependency.run(range(options.seeds)), dependency.table_rows))


def _importance(options: argparse.Namespace) -> None:
    seeds, chosen = range(options.seeds), _of_these(options, ["digits", "mnist"], ["digits", "mnist"])
    names = [name for name, setting in importance.SETTINGS.items() if setting.data in chosen]
    found = [one for name in names for one in _printed(importance.run(name, seeds), importance_tables.progress_rows)]
    importance_tables.PROGRESS.save(found)
    if "digits" in chosen:
        importance_tables.BOMB.save(_printed(importance_bomb.run(seeds), importance_tables.bomb_rows))
        importance_tables.SHORTCUTS.save(_printed(importance_shortcuts.run(seeds), importance_tables.shortcut_rows))
        print(as_text(importance_tables.wrong_rows(found)), flush=True)
    if "mnist" in chosen:
        print(as_text(importance_tables.claim_rows(found)), flush=True)
        print(as_text(importance_tables.test_error_rows(found)), flush=True)


def _generated(options: argparse.Namespace) -> None:
    for dataset in _of_these(options, generated.SETTINGS, list(generated.SETTINGS)):
        generated.TABLE.save(_printed(generated.run(dataset, range(options.seeds)), generated.table_rows))
    print(as_text(generated.reported_rows(generated.TABLE.read())), flush=True)


EXPERIMENTS: dict[str, Callable[[argparse.Namespace], None]] = {  # each prints its scores and saves them for the app
    "semi-supervised": _semi_supervised,
    "hierarchies": _hierarchies,
    "cagem": _cluster_aware,
    "families": _families,
    "fame": _fame,
    "auxiliary-head": _auxiliary_head,
    "auxiliary-layers": _auxiliary_layers,
    "factors": _factors,
    "factors-grid": _factor_grid,
    "infogan": _infogan,
    "gan": _gan,
    "presets": _presets,
    "curvature": _curvature,
    "sweep": _sweep,
    "sketches": _sketches,
    "dependency": _dependency,
    "transfer": _transfer,
    "importance": _importance,
    "monitoring": _monitoring,
    "monitoring-recorded": _recorded,
    "judge": _generated,
}


def _of_these(options: argparse.Namespace, known: Collection[str], usual: Sequence[str]) -> Sequence[str]:
    """The data sets that were requested, or the usual ones.

    Raises:
        RunError: one of them isn't for this experiment.
    """
    if unknown := set(options.data or ()) - set(known):
        raise RunError(f"This experiment is made on {' and '.join(known)}, not on {min(unknown)}.")
    return options.data or usual


def _printed(found: Iterable[Score], rows: Callable[[Sequence[Score]], Sequence[Mapping[str, str]]]) -> list[Score]:
    """All scores, each printed when it is there, and the table of all of them at the end."""
    scores = []
    for score in found:
        scores.append(score)
        print(as_text(rows([score])).splitlines()[1], flush=True)
    print(f"\n{as_text(rows(scores))}\n", flush=True)
    return scores
