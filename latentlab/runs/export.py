"""A run as one zip, to be taken to another machine, and its way back into a store.

    README.md                       the card: what it is, on what data, its numbers, how to open it
    run.json, weights.safetensors, weights-<epoch>.safetensors, history.csv, probes.csv, unit_kl.csv,
    baselines.csv
                                    as in the run's folder, see `store.py`
    examples-<data set>-<digest>.safetensors   its test examples

A zip is not trusted: it holds these names and no others, sizes are checked before memory is allocated, and nothing
reaches the store that the store couldn't read.
"""

from __future__ import annotations

import dataclasses
import filecmp
import re
import secrets
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import torch

from latentlab.data import NAMES, DataError, Dataset, Library, spec_of
from latentlab.data.files.archives import MIB, UNREADABLE, open_zip, read_member, shown, unusable
from latentlab.runs import checkpoint, unit_kl
from latentlab.runs import examples as stored_examples
from latentlab.runs.card import card
from latentlab.runs.run import EXAMPLES, LONGEST_TITLE, Run, checked_title
from latentlab.runs.store import MAX_JSON, SNAPSHOT, Store, new_id
from latentlab.serialization import MAX_TENSORS, RunError, write, writing

CARD = "README.md"
OWN_EXAMPLES = "examples.safetensors"  # of a run of the first format
TABLES = ("history.csv", "probes.csv", unit_kl.FILE, "baselines.csv")
MAX_FILES = 64
MAX_TABLE = 16 * MIB
_NAME = re.compile(
    "|".join([CARD, r"run\.json", *TABLES, r"weights\.safetensors", SNAPSHOT.pattern, OWN_EXAMPLES, EXAMPLES.pattern])
)


@dataclass(frozen=True)
class Contents:
    """What a zip holds, once all of it was read: a run, its snapshots by epoch, and how many test examples."""

    run: Run
    snapshots: tuple[int, ...]
    n_examples: int
    known_as: str  # the id of the same run in the store; empty where it isn't there


def pack(store: Store, run_id: str, out: IO[bytes]) -> None:
    """Write a run as a zip; the same run gives the same bytes.

    Raises:
        RunError: there is none, or it is damaged.
    """
    run, folder = store.read(run_id), store.folder(run_id)
    snapshots, examples = store.snapshots(run_id)[1:], store.examples(run_id)
    store.load(run_id)
    text = {CARD: card(run, snapshots, len(examples)), "run.json": run.to_json()}
    names = ["weights.safetensors", *(f"weights-{epoch}.safetensors" for epoch in snapshots), *TABLES]
    files = {name: folder / name for name in names if (folder / name).is_file()}
    files[run.examples or OWN_EXAMPLES] = folder.parent / run.examples if run.examples else folder / OWN_EXAMPLES
    try:
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in text.items():
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
            for name, path in files.items():
                method = zipfile.ZIP_DEFLATED if name in TABLES else zipfile.ZIP_STORED
                archive.writestr(zipfile.ZipInfo(name), path.read_bytes(), method)
    except OSError as error:
        raise RunError(f"The run can't be exported: {error.strerror or 'a file of it is gone'}.") from error


@writing("What is in the file")
def look(store: Store, path: Path) -> Contents:
    """What a zip would bring into a store: all of it is checked, and nothing is kept.

    Raises:
        RunError: as `unpack`.
    """
    with tempfile.TemporaryDirectory(prefix="latentlab-") as folder:
        run, packed = _extracted(path, Path(folder))
        n_examples = len(packed.examples(run.id))
        return Contents(run, tuple(packed.snapshots(run.id)[1:]), n_examples, _same(store, run, packed))


@writing("The run")
def unpack(store: Store, path: Path) -> str:
    """Bring the run of a zip into a store; returns its id there, which is another where the store used its own before.

    A run that is there already is found again, and nothing is written. Data of someone's own that aren't here get a
    name that no other data have: a name stands for one content.

    Raises:
        RunError: no zip of a run, or of a damaged one; it can't be written, or the app is for looking only.
    """
    store.root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(f".{secrets.token_hex(4)}", ".import", store.root) as folder:  # see `TEMPORARY`
        run, packed = _extracted(path, Path(folder))
        if same := _same(store, run, packed):
            return same
        used = {deleted.name for deleted in store.trash.contents()}
        free = run.id not in used and not store.folder(run.id).exists()
        title, examples = checked_title(run.title[:LONGEST_TITLE]), packed.examples(run.id)
        name = stored_examples.save(store.root, examples)
        kept = dataclasses.replace(
            run,
            id=run.id if free else new_id(run.model, run.dataset),
            title=title,
            dataset=run.dataset if _is_here(store, run, examples) else f"{run.dataset}-{Path(name).stem[-6:]}",
            examples=name,
        )
        packed.folder(run.id).joinpath(OWN_EXAMPLES).unlink(missing_ok=True)
        write(packed.folder(run.id) / "run.json", kept.to_json().encode())
        packed.folder(run.id).rename(store.root / kept.id)
        return kept.id


def _extracted(path: Path, folder: Path) -> tuple[Run, Store]:
    """The run of a zip, and a store in an empty folder that holds it alone; all of it was read as a store reads it."""
    if not path.is_file():
        raise RunError(f"There is no file called {shown(path.name)}.")
    try:
        with open_zip(path) as archive:
            infos = _listed(archive.infolist())
            run = _run(_content(archive, infos.pop("run.json"), MAX_JSON))
            packed = Store(folder, folder / ".none")
            packed.folder(run.id).mkdir()
            for name, info in infos.items():
                if EXAMPLES.fullmatch(name) and name != run.examples:
                    raise RunError(f"It holds {shown(name)}, which is not of its run.")
                place = folder if name == run.examples else packed.folder(run.id)
                (place / name).write_bytes(_content(archive, info, _most(name, run)))
    except DataError as error:
        raise RunError(str(error)) from error
    write(packed.folder(run.id) / "run.json", run.to_json().encode())
    for epoch in (None, *packed.snapshots(run.id)[1:]):
        packed.load(run.id, epoch)
    packed.examples(run.id)
    return run, packed


def _listed(infos: Iterable[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Name -> member, of a zip that holds the files of a run and nothing else; without the card, which nobody reads."""
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        if not _NAME.fullmatch(name):
            raise RunError(f"It holds {shown(name)}, which is no file of a run.")
        if name in found or len(found) == MAX_FILES:
            raise RunError(f"It holds {shown(name)} twice." if name in found else f"It holds over {MAX_FILES} files.")
        if why := unusable(info):
            raise RunError(f"{shown(name)} in it is {why}.")
        found[name] = info
    if missing := {"run.json", "weights.safetensors"} - found.keys():
        raise RunError(f"It is not a run: {min(missing)} is missing.")
    found.pop(CARD, None)
    return found


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    name = shown(info.filename)
    if info.file_size > most:
        raise RunError(f"{name} in it has {info.file_size:,} bytes; {most:,} are the most.")
    try:
        return read_member(archive, info)
    except UNREADABLE as error:
        raise RunError(f"{name} in it is damaged.") from error


def _run(content: bytes) -> Run:
    try:
        return Run.from_json(content.decode())
    except UnicodeDecodeError as error:
        raise RunError("run.json can't be read as text.") from error


def _most(name: str, run: Run) -> int:
    """How many bytes a file of a run can have."""
    if name in TABLES:
        return MAX_TABLE
    return checkpoint.most_bytes(run) if name.startswith("weights") else MAX_TENSORS


def _is_here(store: Store, run: Run, examples: Dataset) -> bool:
    """Whether the data that the run was trained on are here under their name."""
    if run.dataset in NAMES:
        return spec_of(run.dataset) == run.spec
    try:
        here = stored_examples.few(Library(store.root / ".data").load(run.dataset).test)
    except DataError:
        return False
    return here.classes == run.classes and torch.equal(here.x, examples.x) and torch.equal(here.y, examples.y)


def _same(store: Store, run: Run, packed: Store) -> str:
    """The id of the run that was made at the same time and has the same parameters; empty where there is none."""
    weights = packed.folder(run.id) / "weights.safetensors"
    alike = [other.id for other in store.runs() if (other.model, other.created) == (run.model, run.created)]
    same = (i for i in alike if filecmp.cmp(store.folder(i) / "weights.safetensors", weights, shallow=False))
    return next(same, "")
