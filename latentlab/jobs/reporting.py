"""Reports of a training while it runs: curves, previews of a few examples, probes, baselines."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import safetensors.torch
import torch

from latentlab import device
from latentlab.analysis.latent.layer_usage import layer_usage, usage_row
from latentlab.analysis.preview import Preview, preview
from latentlab.analysis.probes.layer_curve import probe_curve
from latentlab.data import Splits, hide_labels, labelled_part
from latentlab.jobs.job import Job
from latentlab.jobs.queue import Status, write_status
from latentlab.knobs import from_dict
from latentlab.models import MODELS, Layered
from latentlab.runs import unit_kl
from latentlab.runs.store import Store
from latentlab.serialization import RunError, history_csv, read_history, read_tensors, write
from latentlab.training.baselines import baseline_errors
from latentlab.training.evaluation import EVAL_SEED
from latentlab.training.state import TrainState

STATUS_SECONDS = 0.5  # between two reports
LOOK_SHARE = 0.05  # of the time may go into looks: a large model is looked at less often
PROBED = (600, 300)  # training examples that probes are fitted to while training, and held-out ones they are tested on
PROBE_LIMIT = 128  # features of a layer that they are given
MEASURED = 1_000  # held-out examples of which it is measured what latent units carry,
MOST_ROWS = 200  # at so many epochs
MAX_FITTED = 4_000_000  # values of labelled examples that baselines are fitted to: ten seconds


class TrainingReports:
    """The reports of one training, in its run's folder; one that was resumed continues from its last preview."""

    def __init__(self, store: Store, job: Job, state: TrainState, splits: Splits) -> None:
        self.folder, self.state, self.splits, self.job = store.folder(job.id), state, splits, job
        self.last = last_preview(store, job.id)
        self.next = -math.inf  # when another look may be taken

    def show(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write the reports so far, and reconstructions of a few examples unless there is a recent preview."""
        write(self.folder / "history.csv", history_csv(history).encode())
        began = time.perf_counter()
        if began < self.next:
            return
        self.last = preview(self.state.model, self.splits.valid, self.last)
        parts = {name: value for name, value in dataclasses.asdict(self.last).items() if value is not None}
        arrays = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in parts.items()}
        write(self.folder / "preview.safetensors", safetensors.torch.save(arrays))
        ended = time.perf_counter()
        self.next = ended + (ended - began) / LOOK_SHARE

    def probe(self, epoch: float) -> None:
        """Add a row to `probes.csv`: the held-out error of a probe at each layer; none where there are no classes."""
        state, splits = self.state, self.splits
        parts = [part[:n] for part, n in zip((splits.train, splits.valid), PROBED, strict=True)]
        x, y = torch.cat([part.x for part in parts]).to(state.device), torch.cat([part.y for part in parts]).numpy()
        sizes = (len(parts[0]), 0, len(parts[1]))
        try:
            curve = probe_curve(state.model.eval(), x, y, sizes, n_classes=len(splits.train.classes), limit=PROBE_LIMIT)
        except ValueError:
            return
        before = [row for row in read_history(self.folder / "probes.csv") if row.get("epoch", math.inf) < epoch]
        errors = {reading.layer.name: float(reading.values()[0]) for reading in curve.readings}
        write(self.folder / "probes.csv", history_csv([*before, {"epoch": epoch, **errors}]).encode())

    def unit_kl(self, epoch: float) -> None:
        """Add a row to `unit_kl.csv`: what each unit of each latent layer carries; none of a model without layers."""
        model, every = self.state.model, math.ceil(self.state.config.epochs / MOST_ROWS)
        if not isinstance(model, Layered) or (epoch % every and epoch != self.state.config.epochs):
            return
        rng = device.generator(EVAL_SEED, self.state.device)
        x = self.splits.valid[:MEASURED].batch().x.to(self.state.device)
        row = {"epoch": epoch} | usage_row(layer_usage(lambda part: model.eval().unit_kl(part, rng), x))
        unit_kl.add(self.folder, row)

    def has_baselines(self) -> bool:
        """Whether `baselines` has something to do: the model learns to classify from few labels, and it wasn't yet."""
        kind, path = MODELS[self.job.model], self.folder / "baselines.csv"
        return "error" in kind.units and kind.labels != "unused" and self.state.config.labels > 0 and not path.exists()

    def baselines(self) -> None:
        """Write `baselines.csv`: held-out errors of classifiers of the same labelled examples.

        None where the examples are too many or too large to fit them quickly, or can't be fitted.
        """
        few, held = self.splits.train, labelled_part(self.splits.valid).batch()
        config = self.state.config
        hidden = dataclasses.asdict(from_dict(MODELS[self.job.model].Config, self.job.config)).get("hidden", 100)
        try:
            few = labelled_part(hide_labels(few, config.labels, config.seed, config.diverse_labels))
            if few.x.numel() > MAX_FITTED or not len(held.x):
                return
            x, y, *_ = few.batch()
            errors = baseline_errors(x, y, held.x, held.y, [hidden, hidden], config.seed)
        except ValueError:  # of data that the training refuses too, in its own words
            return
        write(self.folder / "baselines.csv", history_csv([errors]).encode())


def last_preview(store: Store, job_id: str) -> Preview | None:
    """Reconstructions of a few examples at its last report; None before the first."""
    try:
        tensors = read_tensors(store.folder(job_id) / "preview.safetensors")
        return Preview(**{name: tensor.numpy() for name, tensor in tensors.items()})
    except (RunError, TypeError):
        return None


class DownloadStatus:
    """A progress bar, as pooch wants it, that writes to a job's status."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.total, self.done, self.said = folder, 0, 0, 0.0

    def update(self, n_bytes: int) -> None:
        """Add so many bytes."""
        self.done += n_bytes
        if time.monotonic() - self.said > STATUS_SECONDS:
            self.said = time.monotonic()
            text = f"Downloading the data: {self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB."
            write_status(self.folder, Status("loading", message=text))

    def reset(self) -> None:
        """Start again."""
        self.done = 0

    def close(self) -> None:
        """Nothing is left to do."""
