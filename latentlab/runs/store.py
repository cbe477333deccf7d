"""The store of runs: a folder of the user's runs over a folder of those that ship.

    <root>/<run id>/run.json             what it is; written last, so a folder without it is unfinished
                    weights.safetensors  parameters (float32, or float16 in what ships)
                    weights-<epoch>.safetensors  snapshots: the same after an epoch, where the training saved some
                    history.csv          one row a report: step, epoch, terms, and valid_* at an epoch's end
                    probes.csv           one row an epoch: errors of probes by layer, where the training measured them
                    baselines.csv        one row: errors of "linear" and "mlp", fitted to the same few labels
    <root>/.trash/<run id>~<when>/       a deleted run, see `trash.py`
    <root>/examples-<data set>-<digest>.safetensors   a few hundred test examples, so that a page opens without the data
                    set: once for all runs of it (a run of the first format has examples.safetensors of its own)

Reading runs no code from the folder, and whatever is wrong is a sentence. More files: `measured.py`, `unit_kl.py`.
"""

from __future__ import annotations

import dataclasses
import os
import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from latentlab import settings
from latentlab.data import Dataset
from latentlab.models import Model
from latentlab.runs import checkpoint
from latentlab.runs import examples as stored_examples
from latentlab.runs.run import Run, checked_title, current_history, read_run
from latentlab.serialization import RunError, check_writable, history_csv, read_history, write, writing
from latentlab.trash import Deleted, Trash

SHIPPED = settings.ROOT / "checkpoints"
LEAST_FREE = 1 << 20  # bytes of a disk; with less it is full
MAX_JSON = 1 << 20
SNAPSHOT = re.compile(r"weights-([1-9][0-9]{0,5})\.safetensors")
LONGEST_ID = 64  # characters
_ID = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST_ID}}}")


@dataclass(frozen=True)
class Row:
    """A folder of the store as a list shows it: a run, or the reason why it isn't one."""

    id: str
    run: Run | None
    shipped: bool
    reason: str = ""


@dataclass(frozen=True)
class Store:
    """A folder of runs that may be written, over a folder of shipped ones that may not."""

    root: Path
    shipped: Path = SHIPPED

    @classmethod
    def default(cls) -> Store:
        """The user's runs, where `settings.runs` says."""
        return cls(settings.runs())

    @property
    def trash(self) -> Trash:
        """The runs that were deleted."""
        return Trash(self.root)

    def is_shipped(self, run_id: str) -> bool:
        """Whether the run came with LatentLab; such a run can't be renamed or deleted."""
        return self.folder(run_id).parent == self.shipped

    def folder(self, run_id: str) -> Path:
        """The folder of a run, existing or (in `root`) yet to be.

        Raises:
            RunError: not a possible id; so a path can't be smuggled in.
        """
        if not _ID.fullmatch(run_id):
            raise RunError(f"{run_id[:80]!r} is not the id of a run.")
        shipped = self.shipped / run_id
        return shipped if shipped.is_dir() else self.root / run_id

    def save(
        self,
        run: Run,
        model: Model,
        history: Sequence[Mapping[str, float]],
        examples: Dataset,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Write a run; `run.json` last, each file whole or not at all."""
        check_writable()
        if not _ID.fullmatch(run.id):
            raise RunError(f"{run.id[:80]!r} is not the id of a run.")
        folder = self.root / run.id
        folder.mkdir(parents=True, exist_ok=True)
        checkpoint.save(folder / "weights.safetensors", model, dtype)
        write(folder / "history.csv", history_csv(history).encode())
        run = dataclasses.replace(run, examples=stored_examples.save(self.root, examples))
        write(folder / "run.json", run.to_json().encode())

    def save_snapshot(self, run_id: str, model: Model, epoch: int, dtype: torch.dtype = torch.float32) -> None:
        """Write what the parameters are after an epoch of the training of a run, finished or not yet."""
        check_writable()
        checkpoint.save(self.folder(run_id) / f"weights-{epoch}.safetensors", model, dtype)

    def read(self, run_id: str) -> Run:
        """What a run is, without its parameters.

        Raises:
            RunError: there is none, it is unfinished, or its `run.json` can't be used.
        """
        try:
            return self._read(run_id, self.folder(run_id))
        except OSError as error:
            raise RunError("Its folder can't be read.") from error

    def _read(self, run_id: str, folder: Path) -> Run:
        if not folder.is_dir():
            raise RunError(f"There is no run called {run_id!r}.")
        path = folder / "run.json"
        if not path.is_file():
            if (folder / "job.json").is_file():
                raise RunError("It isn't finished; see the Train page.")
            raise RunError("It was interrupted before it was finished.")
        if path.stat().st_size > MAX_JSON:
            raise RunError("run.json is too large to be one.")
        try:
            run = read_run(path)
        except (OSError, UnicodeDecodeError) as error:
            raise RunError("run.json can't be read as text.") from error
        if run.id != run_id:
            raise RunError(f"run.json says it is of another run, {run.id[:80]!r}.")
        if not (folder / "weights.safetensors").is_file():
            raise RunError("Its weights are missing.")
        return run

    def snapshots(self, run_id: str) -> list[int]:
        """The epochs before the end whose parameters `load` can give, ascending; the first is 0, before training.

        Raises:
            RunError: as `folder`.
        """
        found = (SNAPSHOT.fullmatch(path.name) for path in self.folder(run_id).glob("weights-*"))
        return [0, *sorted(int(match[1]) for match in found if match)]

    def load(self, run_id: str, epoch: int | None = None) -> Model:
        """The model of a run, frozen, in float32 on the CPU.

        Args:
            run_id: which one.
            epoch: one of `snapshots`: 0 draws the parameters again from the run's seed; None is the end of training.

        Raises:
            RunError: as `read`, no such snapshot, or the weights are damaged, don't fit or aren't finite.
        """
        run = self.read(run_id)
        if epoch is not None and epoch not in self.snapshots(run_id):
            raise RunError(f"There is no snapshot after epoch {epoch}.")
        if epoch == 0:
            return checkpoint.untrained(run)
        name = "weights.safetensors" if epoch is None else f"weights-{epoch}.safetensors"
        return checkpoint.read(run, self.folder(run_id) / name)

    def examples(self, run_id: str) -> Dataset:
        """The test examples that are saved with a run.

        Raises:
            RunError: as `read`, or they are missing or damaged.
        """
        run = self.read(run_id)
        return stored_examples.read(run, self.folder(run_id))

    def history(self, run_id: str) -> list[dict[str, float]]:
        """The reports of the training, oldest first; empty if there are none."""
        rows = read_history(self.folder(run_id) / "history.csv")
        try:
            return current_history(rows, self.read(run_id))
        except RunError:  # it isn't finished
            return rows

    def probes(self, run_id: str) -> list[dict[str, float]]:
        """Errors of probes by layer after each "epoch", if the training measured them; empty if not."""
        return read_history(self.folder(run_id) / "probes.csv")

    def baselines(self, run_id: str) -> dict[str, float]:
        """Held-out errors of classifiers of the same few labels, "linear" and "mlp"; empty where all labels were used.

        They are fitted when the training starts, by `latentlab.training.baselines`.
        """
        return next(iter(read_history(self.folder(run_id) / "baselines.csv")), {})

    def obstacle(self) -> str:
        """Why no run can be written now: its folder may not be, or the disk is full; empty where neither is so."""
        if not self.root.is_dir():
            return ""
        if not os.access(self.root, os.W_OK):
            return "The folder of the runs can't be written, so nothing can be trained."
        if shutil.disk_usage(self.root).free < LEAST_FREE:
            return "The disk is full, so nothing can be trained; training goes on when there is space again."
        return ""

    def rows(self) -> list[Row]:
        """Every folder, the user's newest first, then what ships by name; damaged ones with the reason."""
        own = [p.name for p in self.root.iterdir() if _is_run(p)] if self.root.is_dir() else []
        shipped = sorted(p.name for p in self.shipped.iterdir() if _is_run(p)) if self.shipped.is_dir() else []
        rows = [self._row(run_id, False) for run_id in own if run_id not in shipped]
        rows.sort(key=lambda row: (row.run is not None, row.run.created if row.run else row.id), reverse=True)
        return rows + [self._row(run_id, True) for run_id in shipped]

    def runs(self, *any_of: type[Model]) -> list[Run]:
        """The readable runs whose model has at least one of the abilities (all runs if none is named)."""
        return [run for row in self.rows() if (run := row.run) and (not any_of or issubclass(run.kind, any_of))]

    @writing("The title")
    def rename(self, run_id: str, title: str) -> None:
        """Give a run another title; its id stays.

        Raises:
            RunError: it is shipped, can't be read, or it can't have that title, as `checked_title`.
        """
        if self.is_shipped(run_id):
            raise RunError("A run that ships with LatentLab can't be renamed.")
        run = dataclasses.replace(self.read(run_id), title=checked_title(title))
        write(self.folder(run_id) / "run.json", run.to_json().encode())

    def remeasure(self, run_id: str, metrics: Mapping[str, float]) -> None:
        """Replace the metrics of a run.

        Raises:
            RunError: it is shipped, can't be read, or the app is for looking only.
        """
        check_writable()
        if self.is_shipped(run_id):
            raise RunError("The numbers of a run that ships with LatentLab can't be changed.")
        run = dataclasses.replace(self.read(run_id), metrics=metrics)
        write(self.folder(run_id) / "run.json", run.to_json().encode())

    def delete(self, run_id: str) -> None:
        """Move a run and all its files into the trash, where they stay for a while.

        Raises:
            RunError: it is shipped, there is none, the disk forbids it, or the app is for looking only.
        """
        check_writable()
        folder = self.folder(run_id)
        if self.is_shipped(run_id):
            raise RunError("A run that ships with LatentLab can't be deleted.")
        if folder.is_symlink() or not folder.is_dir():
            raise RunError(f"There is no run called {run_id!r}.")
        try:
            self.trash.put(run_id)
        except OSError as error:
            raise RunError(f"It can't be deleted: {error.strerror}.") from error
        runs = [*(row.run for row in self.rows()), *(run for _, run in self.deleted())]
        stored_examples.forget(self.root, {run.examples for run in runs if run is not None})

    def restore(self, run_id: str) -> None:
        """Bring a deleted run back.

        Raises:
            RunError: it isn't in the trash, is there already, the disk forbids it, or the app is for looking only.
        """
        check_writable()
        try:
            self.trash.restore(run_id)
        except OSError as error:
            raise RunError(f"It can't be brought back: {error.strerror}.") from error

    def deleted(self) -> list[tuple[Deleted, Run | None]]:
        """What can be brought back, newest first, with the run that it is; None for one that was never finished."""
        return [(deleted, self._deleted(deleted)) for deleted in self.trash.contents()]

    def _deleted(self, deleted: Deleted) -> Run | None:
        try:
            return self._read(deleted.name, deleted.folder)
        except (OSError, RunError):
            return None

    def _row(self, run_id: str, shipped: bool) -> Row:
        try:
            return Row(run_id, self.read(run_id), shipped)
        except RunError as error:
            return Row(run_id, None, shipped, str(error))


def new_id(model: str, dataset: str) -> str:
    """An id that no other run has or will have: what, on what, when, and eight random letters."""
    unique = f"-{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
    return re.sub("[^A-Za-z0-9_-]", "-", f"{model}-{dataset}")[: LONGEST_ID - len(unique)] + unique


def _is_run(path: Path) -> bool:
    return path.is_dir() and _ID.fullmatch(path.name) is not None
