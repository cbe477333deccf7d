"""`latentlab train`: train a model and save it as a run."""

from __future__ import annotations

import argparse
import os

from latentlab import data
from latentlab.cli.flags import add_knob
from latentlab.cli.output import summary
from latentlab.cli.training import train_job
from latentlab.cluster import check_answers
from latentlab.jobs import queue
from latentlab.knobs import knobs
from latentlab.models import MODELS
from latentlab.runs.store import Store
from latentlab.serialization import RunError
from latentlab.training.config import TrainConfig, training_knobs


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `train` takes: a model, a data set, and the knobs of both the model and its training."""
    models = parser.add_subparsers(required=True, metavar=" | ".join(MODELS))
    for name, model in MODELS.items():
        text = (model.__doc__ or "").partition("\n")[0]
        one = models.add_parser(name, help=text, description=text)
        one.set_defaults(command=run, model=name)
        one.add_argument("dataset", choices=data.names())
        one.add_argument("--title", help="a name for the run")
        one.add_argument("--json", action="store_true", help="print the run as JSON")
        text = "with --importance, workers are on the Ray cluster there, such as auto"
        one.add_argument("--address", help=text)
        text = "test examples that get the 200-sample bound at the end"
        one.add_argument("--bound_images", type=int, default=0, help=text)
        for knob in knobs(model.Config):
            add_knob(one, knob)
        group = one.add_argument_group("training")
        for knob in training_knobs(model):
            add_knob(group, knob)


def run(options: argparse.Namespace) -> int:
    """Train a model and save it as a run; Ctrl-C stops early and saves what was trained."""
    given = {name: value for name, value in vars(options).items() if value is not None}
    config = {k.name: given[k.name] for k in knobs(MODELS[options.model].Config) if k.name in given}
    training = {k.name: given[k.name] for k in knobs(TrainConfig) if k.name in given}
    if options.address is not None:
        if not training.get("importance"):
            raise RunError("An address says where importance is measured: it goes with --importance.")
        check_answers(options.address)
        training["engine"], os.environ["RAY_ADDRESS"] = "ray", options.address
    store = Store.default()
    job_id = queue.submit(store, options.model, options.dataset, config, training, options.title or "")
    trained = train_job(store, job_id, n_bound=options.bound_images)
    if options.json:
        print(trained.to_json())
    else:
        print(f"{trained.id}: {summary(trained)}")
    return 0
