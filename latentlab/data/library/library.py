"""The library: data of the user's own that were read once and saved, each in a folder under its name.

    <root>/<name>/data.json, arrays.safetensors, text.json     see `format.py`
           .gone/<name>                                        the fingerprint of what had the name before
           .trash/<name>~<when>/                               a removed data set, see `trash.py`

A folder appears whole or not at all. A name means one content for ever: a run that was trained on removed data never
meets other data under their name, and the same data, added again, get their old name back.
"""

from __future__ import annotations

import itertools
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout
from torch import Tensor

from latentlab import settings
from latentlab.data.dataset import DataError, Kind, Splits
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import READ_OPTIONS, Opened, read_path
from latentlab.data.library.format import Card, read_card, read_files, to_files
from latentlab.data.library.scaling import Scale
from latentlab.serialization import write, write_tensors
from latentlab.trash import Trash

LONGEST_NAME = 40  # characters
PATIENCE = 60.0  # seconds that another process may take to write
_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{0,{LONGEST_NAME - 1}}}")


@dataclass(frozen=True)
class Library:
    """A folder of data sets."""

    root: Path
    reserved: tuple[str, ...] = ()  # names that other data sets have

    @classmethod
    def default(cls) -> Library:
        """The user's, beside their runs."""
        from latentlab.data import NAMES  # here, as the package imports this module

        return cls(settings.runs() / ".data", NAMES)

    def names(self) -> tuple[str, ...]:
        """What is kept, in the order of the alphabet, damaged or not."""
        try:
            found = [path.name for path in self.root.iterdir() if self._is_saved(path)]
        except OSError:
            return ()
        return tuple(sorted(found, key=str.lower))

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _NAME.fullmatch(name) is not None and self._is_saved(self.root / name)

    def card(self, name: str) -> Card:
        """What a saved data set is, without its arrays.

        Raises:
            DataError: there is none, or it is damaged.
        """
        try:
            return read_card(self._folder(name))
        except DataError as error:
            raise _about(name, error) from error

    def open(self, name: str) -> Opened:
        """A saved data set as it was opened, vectors in their own units; `Dataset.name` is its name here.

        Raises:
            DataError: there is none, or it is damaged.
        """
        return self._read(name)[0]

    def load(self, name: str) -> Splits:
        """The splits as a model sees them: vectors between 0 and 1.

        Raises:
            DataError: there is none, or it is damaged.
        """
        opened, scale = self._read(name)
        train = opened.splits.train
        if train.kind is Kind.IMAGE:
            return opened.splits
        if scale is None:
            return Splits(*(replace(part, scale=Scale.identity(train.shape)) for part in opened.splits))
        return Splits(*(replace(part, x=scale.to_unit(part.x), scale=scale) for part in opened.splits))

    def open_with_scale(self, name: str) -> tuple[Opened, Scale | None]:
        """What `open` and `scale` give, read once.

        Raises:
            DataError: there is none, or it is damaged.
        """
        return self._read(name)

    def scale(self, name: str) -> Scale | None:
        """The map between the two; None where they are the same.

        Raises:
            DataError: there is none, or it is damaged.
        """
        return self._read(name)[1]

    def add(self, path: Path, options: ReadOptions = READ_OPTIONS, *, name: str = "") -> str:
        """Read data of the user's own and save them; returns their name.

        Args:
            path: a folder or a file.
            options: as of `read_path`.
            name: preferred; the name of the file by default.

        Raises:
            DataError: they can't be read, or are more than can be kept.
        """
        return self.save(read_path(path, options), path.absolute().name, name)

    def save(self, opened: Opened, source: str, name: str = "") -> str:
        """Save what was read; returns its name. What is saved already keeps its name, and nothing is written.

        Args:
            opened: data and what was done to get them.
            source: the name of the file or the folder.
            name: preferred; the source's by default, with a number where other data have it.

        Raises:
            DataError: more than can be kept, or the folder can't be written.
        """
        card, tensors, texts = to_files(opened, source)
        try:
            with self._locked():
                chosen = self._free_name(_slug(name or opened.splits.train.name), card.fingerprint)
                if chosen not in self:
                    self._write(chosen, tensors, texts)
        except OSError as error:
            raise DataError(f"{card.source} can't be kept: {error.strerror or 'the folder is locked'}.") from error
        return chosen

    def remove(self, name: str) -> None:
        """Move a data set into the trash, where it stays for a while.

        Runs that were trained on it still open: they keep examples of their own.

        Raises:
            DataError: there is none, or it can't be removed.
        """
        folder = self._folder(name)
        try:
            fingerprint = read_card(folder).fingerprint
        except DataError:
            fingerprint = ""
        try:
            with self._locked():
                (self.root / ".gone").mkdir(exist_ok=True)
                write(self.root / ".gone" / name, fingerprint.encode())
                self.trash.put(name)
        except OSError as error:
            raise DataError(f"The data set {name} can't be removed: {error.strerror or 'it is in use'}.") from error

    def restore(self, name: str) -> None:
        """Bring a removed data set back.

        Raises:
            DataError: it isn't in the trash, there is one of its name again, or the disk forbids it.
        """
        try:
            with self._locked():
                self.trash.restore(name)
        except OSError as error:
            raise DataError(f"The data set {name[:80]!r} can't be brought back: {error.strerror}.") from error

    @property
    def trash(self) -> Trash:
        """The data sets that were removed."""
        return Trash(self.root)

    def _read(self, name: str) -> tuple[Opened, Scale | None]:
        try:
            return read_files(self._folder(name), name)
        except DataError as error:
            raise _about(name, error) from error

    def _folder(self, name: str) -> Path:
        if name not in self:
            raise DataError(f"There is no data set of your own called {name[:80]!r}.")
        return self.root / name

    def _is_saved(self, path: Path) -> bool:
        if not _NAME.fullmatch(path.name) or path.name.lower() in (name.lower() for name in self.reserved):
            return False
        return not path.is_symlink() and (path / "data.json").is_file()

    def _free_name(self, preferred: str, fingerprint: str) -> str:
        """The preferred name, or the first of name-2, name-3 … that is free or was that of the same content."""
        known = {path.name.lower(): path for path in (*self.root.glob(".gone/*"), *self.root.glob("[!.]*"))}
        reserved = {name.lower() for name in self.reserved}
        for k in itertools.count(1):
            end = "" if k == 1 else f"-{k}"
            name = preferred[: LONGEST_NAME - len(end)] + end
            path = known.get(name.lower())
            if name.lower() in reserved or (path is not None and _fingerprint(path) != fingerprint):
                continue
            break
        return name if path is None else path.name

    def _write(self, name: str, tensors: dict[str, Tensor], texts: dict[str, bytes]) -> None:
        temporary = self.root / f".{name}.{secrets.token_hex(4)}"
        try:
            temporary.mkdir()
            write_tensors(temporary / "arrays.safetensors", tensors)
            for file, content in texts.items():
                write(temporary / file, content)
            temporary.rename(self.root / name)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        if settings.is_read_only():
            raise DataError(settings.FOR_LOOKING)
        self.root.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.root / ".lock").acquire(timeout=PATIENCE):
                yield
        except Timeout as error:
            raise DataError("Another process is writing to your data sets; try again.") from error


def _slug(name: str) -> str:
    """A name made of letters, digits, - and _."""
    return re.sub(r"[^A-Za-z0-9_]+", "-", name).strip("-_")[:LONGEST_NAME].strip("-_") or "data"


def _fingerprint(path: Path) -> str:
    """Of a folder, or of what was removed; of what can't be read one that nothing has."""
    try:
        return read_card(path).fingerprint if path.is_dir() else path.read_text(encoding="utf-8")
    except (DataError, OSError, UnicodeDecodeError):
        return "?"


def _about(name: str, error: DataError) -> DataError:
    return DataError(f"The data set {name} can't be used: {error}")
