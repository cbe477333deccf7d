"""The command line: `python -m latentlab app | train | runs | data | reproduce`. Flags come from the knobs."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from tqdm import tqdm

from latentlab import data, device
from latentlab.data.files.read import KNOWN, read_path
from latentlab.data.files.tables import LABELS
from latentlab.experiments import semi_supervised
from latentlab.experiments.recipes import RECIPES
from latentlab.jobs import queue
from latentlab.jobs.worker import perform, work
from latentlab.knobs import Knob, KnobError, knobs
from latentlab.models import MODELS, abilities
from latentlab.runs.run import Run
from latentlab.runs.store import SHIPPED, Store
from latentlab.serialization import RunError
from latentlab.settings import FIRST_DATA
from latentlab.training.loop import TrainConfig

LADDER = "semi-supervised"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status. What goes wrong is one sentence on stderr."""
    options = _parser().parse_args(arguments)
    try:
        device.limit_threads()
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except (ValueError, OSError, RuntimeError) as error:
        print(str(error).partition("\n")[0], file=sys.stderr)
        return 1


def app(options: argparse.Namespace) -> int:
    """Start the app in a browser; returns when it is stopped."""
    script = Path(__file__).parents[1] / "app.py"
    flags = ["--server.port", str(options.port)] if options.port else []
    environment = dict(os.environ)
    if options.data:
        environment[FIRST_DATA] = _keep(options.data, options.label, options.image)
    command = [sys.executable, "-m", "streamlit", "run", str(script), *flags]
    return subprocess.call(command, cwd=script.parent, env=environment)


def train(options: argparse.Namespace) -> int:
    """Train a model and keep it as a run; Ctrl-C stops early and keeps what was trained."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    config = {k.name: given[k.name] for k in knobs(MODELS[options.model].Config) if k.name in given}
    training = {k.name: given[k.name] for k in knobs(TrainConfig) if k.name in given}
    store = Store.default()
    job_id = queue.submit(store, options.model, options.dataset, config, training, options.title or "")
    run = _train(store, job_id, n_bound=options.bound_images)
    if options.json:
        print(run.to_json())
    else:
        print(f"{run.id}: {_numbers(run)}")
    return 0


def runs(options: argparse.Namespace) -> int:
    """List the runs, newest first; what can't be read is listed with the reason."""
    rows = Store.default().rows()
    if options.json:
        found = [{"id": r.id, "shipped": r.shipped, "reason": r.reason} | (_json(r.run) if r.run else {}) for r in rows]
        print(json.dumps(found, indent=2))
        return 0
    for row in rows:
        if row.run is None:
            print(f"{row.id:40} {row.reason}")
        else:
            can = " ".join(abilities(row.run.kind))
            print(f"{row.id:40} {row.run.title:28} {row.run.size:>9,} parameters  {_numbers(row.run)}  [{can}]")
    return 0


def datasets(options: argparse.Namespace) -> int:
    """List the data sets and where they are, fetch one, or say what is in data of your own and keep them."""
    if options.remove:
        data.Shelf.default().remove(options.remove)
        print(f"{options.remove} is removed; runs that were trained on it stay.")
    elif options.name in data.Shelf.default():
        print("\n".join(data.Shelf.default().card(options.name).summary))
    elif options.name in data.NAMES:
        splits = data.load(options.name, progressbar=True)
        print(f"{options.name}: " + ", ".join(f"{len(part):,} {name}" for name, part in splits._asdict().items()))
    elif options.name and options.keep:
        _keep(options.name, options.label, options.image)
    elif options.name:
        print("\n".join(read_path(Path(options.name), options.label, options.image).summary))
    elif options.json:
        print(json.dumps({name: data.is_local(name) for name in data.names()}))
    else:
        for name in data.names():
            print(f"{name:16} {_where(name)}")
    return 0


def reproduce(options: argparse.Namespace) -> int:
    """Train the runs that ship into `checkpoints/`, in half precision but where a score would show it.

    `semi-supervised` climbs the ladder of semi-supervised models instead.
    """
    store = Store(SHIPPED, shipped=SHIPPED / ".none")
    if LADDER in options.ids:
        _climb(["moons", "digits", *["mnist"] * options.mnist], options.seeds)
    chosen = [recipe for recipe in RECIPES if not options.ids or recipe.id in options.ids]
    for recipe in chosen:
        fields = dataclasses.asdict(recipe)
        if (SHIPPED / recipe.id).is_dir():
            store.delete(recipe.id)
        queue.enqueue(store, queue.Job(**fields, submitted=queue.now()))
        dtype = torch.float32 if recipe.dataset in data.DENSITIES else torch.float16
        print(f"{recipe.id}: {_numbers(_train(store, recipe.id, dtype, 1_000))}")
    return 0


def _climb(datasets: Sequence[str], n_seeds: int) -> None:
    """Print the ladder as it is climbed, its table at the end, and keep the scores for the app."""
    kept = [score for score in semi_supervised.read() if score.dataset not in datasets]
    scores = []
    for dataset in datasets:
        for score in semi_supervised.climb(dataset, range(n_seeds)):
            scores.append(score)
            print(semi_supervised.table([score]).splitlines()[1], flush=True)
    print(f"\n{semi_supervised.table(scores)}")
    semi_supervised.save([*scores, *kept])


def worker(options: argparse.Namespace) -> int:  # noqa: ARG001 every command has the same signature
    """Perform the queued trainings of the app."""
    work(Store.default())
    return 0


def _train(store: Store, job_id: str, dtype: torch.dtype = torch.float32, n_bound: int = 0) -> Run:
    """Perform a job with a progress bar; the first Ctrl-C asks it to stop and keep, a second one breaks off."""

    def stop(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, signal.default_int_handler)
        print("\nStopping; what was trained is kept.", file=sys.stderr)
        try:
            queue.order(store, job_id, "stop")
        except RunError:  # nothing was trained yet
            raise KeyboardInterrupt from None

    before = signal.signal(signal.SIGINT, stop)
    try:
        with tqdm(unit="step", desc=job_id, dynamic_ncols=True) as bar:
            for status in perform(store, job_id, progressbar=True, dtype=dtype, n_bound=n_bound):
                bar.total = status.n_steps
                bar.update(status.step - bar.n)
                bar.set_postfix_str(f"{status.images_per_second:,.0f} images/s", refresh=False)
    finally:
        signal.signal(signal.SIGINT, before)
    return store.read(job_id)


def _keep(path: str, label: str, image: str) -> str:
    """Put data of the user's own on the shelf, and say what they are and how they are called from now on."""
    shelf = data.Shelf.default()
    name = shelf.add(Path(path), label=label, image=image)
    print("\n".join((*shelf.card(name).summary, f"Kept as {name}: python -m latentlab train vae {name}")), flush=True)
    return name


def _where(name: str) -> str:
    if name in data.NAMES:
        return "on this machine" if data.is_local(name) else "would be downloaded"
    try:
        card = data.Shelf.default().card(name)
    except data.DataError as error:
        return str(error)
    return f"your own: {card.n:,} examples of shape {card.shape}, from {card.source}"


def _numbers(run: Run) -> str:
    units = {"loss": "nats" if "nats" in run.kind.units.values() else ""} | dict(run.kind.units)
    shown = [f"{name} {value:.4g} {units.get(name, 'nats')}".strip() for name, value in run.metrics.items()]
    return f"{run.steps:,} steps in {run.seconds:.0f} s; test " + ", ".join(shown)


def _json(run: Run) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(run.to_json())
    return values | {"abilities": abilities(run.kind)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("latentlab", description="A workbench for latent spaces.")
    commands = parser.add_subparsers(required=True, metavar="app | train | runs | data | reproduce")
    sub = _command(commands, "app", app)
    sub.add_argument("--port", type=int, help="the port to listen on")
    sub.add_argument("--data", metavar="PATH", help=f"keep data of your own and start with them: {KNOWN}")
    _columns(sub)
    sub = commands.add_parser("train", help="train a model", description=train.__doc__)
    models = sub.add_subparsers(required=True, metavar=" | ".join(MODELS))
    for name, model in MODELS.items():
        one = _command(models, name, train, (model.__doc__ or "").partition("\n")[0])
        one.set_defaults(model=name)
        one.add_argument("dataset", choices=data.names())
        one.add_argument("--title", help="a name for the run")
        one.add_argument("--json", action="store_true", help="print the run as JSON")
        text = "test images that get the 200-sample bound at the end"
        one.add_argument("--bound_images", type=int, default=0, help=text)
        for knob in knobs(model.Config):
            _flag(one, knob)
        group = one.add_argument_group("training")
        for knob in knobs(TrainConfig):
            _flag(group, knob)
    sub = _command(commands, "runs", runs)
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub = _command(commands, "data", datasets)
    text = f"one of {', '.join(data.names())}, downloaded if need be; or the path of data of your own: {KNOWN}"
    sub.add_argument("name", nargs="?", help=text)
    sub.add_argument("--keep", action="store_true", help="keep the data of your own, to be trained on by name")
    sub.add_argument("--remove", metavar="NAME", help="remove data of your own; runs that were trained on them stay")
    _columns(sub)
    sub.add_argument("--json", action="store_true", help="print JSON")
    sub = _command(commands, "reproduce", reproduce)
    text = "only these: " + ", ".join([*(recipe.id for recipe in RECIPES), LADDER])
    sub.add_argument("ids", nargs="*", type=_recipe, help=text)
    sub.add_argument(
        "--seeds", type=int, default=len(semi_supervised.SEEDS), help="trainings of each model on the ladder"
    )
    sub.add_argument("--mnist", action="store_true", help="the ladder on MNIST too, which takes hours")
    _command(commands, "worker", worker)
    return parser


def _command(
    commands: Any, name: str, function: Callable[[argparse.Namespace], int], text: str = ""
) -> argparse.ArgumentParser:
    text = text or (function.__doc__ or "").partition("\n")[0]
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    parser.set_defaults(command=function)
    return parser


def _columns(parser: argparse.ArgumentParser) -> None:
    """The flags that say what the columns of a table are."""
    text = f"of a table, the column with the label; else the first of {', '.join(LABELS)}"
    parser.add_argument("--label", default="", metavar="COLUMN", help=text)
    text = "of a table, the column with the paths of images, from the table's folder on"
    parser.add_argument("--image", default="", metavar="COLUMN", help=text)


def _recipe(text: str) -> str:
    if text not in {LADDER, *(recipe.id for recipe in RECIPES)}:
        raise argparse.ArgumentTypeError(f"there is no recipe called {text!r}")
    return text


def _flag(parser: Any, knob: Knob) -> None:
    """One flag for a knob: checked as the form and the run's file are."""

    def parse(text: str) -> object:
        try:
            return knob.parse(text)
        except KnobError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    bounds = f" ({knob.low:g} to {knob.high:g})" if knob.low is not None and knob.high is not None else ""
    parser.add_argument(
        f"--{knob.name}",
        type=parse,
        metavar="|".join(knob.choices) or knob.type.__name__,
        help=f"{knob.help}{bounds}; default {knob.default}",
    )


if __name__ == "__main__":
    sys.exit(main())
