"""What a training leaves for a page to draw while it runs: its curves, its looks at a few examples, its probes."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping, Sequence

import numpy as np
import safetensors.torch
import torch

from latentlab import jobs
from latentlab.analysis.preview import preview
from latentlab.analysis.probe_curve import probe_curve
from latentlab.data import Splits
from latentlab.formats import history_csv, read_history, write
from latentlab.store import Store
from latentlab.training import TrainState

LOOK_SHARE = 0.05  # of the time may go into looks: a large model is looked at less often
PROBED = (600, 300)  # training examples that probes are fitted to while training, and held-out ones they are told on
PROBE_LIMIT = 128  # features of a layer that they are given


class Showing:
    """What one training shows, in its run's folder; one that was resumed takes up its last look."""

    def __init__(self, store: Store, job_id: str, state: TrainState, splits: Splits) -> None:
        self.folder, self.state, self.splits = store.folder(job_id), state, splits
        self.last = jobs.last_preview(store, job_id)
        self.next = -math.inf  # when another look may be taken

    def show(self, history: Sequence[Mapping[str, float]]) -> None:
        """Write the reports so far, and what the model makes of a few examples unless it was looked at just now."""
        write(self.folder / "history.csv", history_csv(history).encode())
        began = time.perf_counter()
        if began < self.next:
            return
        self.last = preview(self.state.model, self.splits.valid, self.last)
        seen = {name: value for name, value in dataclasses.asdict(self.last).items() if value is not None}
        arrays = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in seen.items()}
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
