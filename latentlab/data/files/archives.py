"""The files in a folder or in a zip, listed and read without trust.

Nothing is written to disk and no link is followed. A whole archive is refused when what it claims to hold is more than
the limits below; a single file that can't be used is skipped, and `Skips` keeps why.
"""

from __future__ import annotations

import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from latentlab.data.dataset import DataError

MIB = 1 << 20
MAX_BYTES = 2048 * MIB  # uncompressed: of a zip, of an array, of a table
MAX_MEMBERS = 200_000  # files in a folder or a zip
MAX_DIRECTORY = 32 * MIB  # of a zip's list of members, which is read before they can be counted
MAX_FILE = 64 * MIB  # one image file
MAX_RATIO = 200  # uncompressed to compressed: bitmaps of strokes reach 30, a bomb 1000
FREE_BYTES = 64 * MIB  # what is smaller than this harms nobody, whatever its ratio
N_NAMES = 3  # files named in a sentence; the rest is counted
LONGEST_NAME = 60  # characters
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others inflate a block before it can be measured
UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError)
IGNORED = {"__MACOSX", "Thumbs.db", "desktop.ini"}  # what operating systems leave behind; hidden files too


def shown(name: str) -> str:
    """A file's name as it may stand in a sentence: printable, and not longer than a line."""
    clean = "".join(char if char.isprintable() else "?" for char in name)
    return clean if len(clean) <= LONGEST_NAME else f"{clean[: LONGEST_NAME - 21]}…{clean[-20:]}"


def listing(names: Sequence[str]) -> str:
    """The first few names and how many more there are: `a, b, c and 4 more`."""
    more = len(names) - N_NAMES
    return ", ".join(map(shown, names[:N_NAMES])) + (f" and {more} more" if more > 0 else "")


def counted(n: int, noun: str) -> str:
    """`1 image`, `2 images`, `1,797 images`."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


class Member(NamedTuple):
    """A file in a folder or in a zip."""

    name: str  # below the folder, with / between the parts
    size: int  # bytes, uncompressed
    read: Callable[[], bytes]  # raises one of UNREADABLE


class Skips:
    """The files that were left out, by reason."""

    def __init__(self) -> None:
        self._names: dict[str, list[str]] = {}

    def add(self, name: str, reason: str) -> None:
        """Leave out `name`; `reason` completes `skipped as …`."""
        self._names.setdefault(reason, []).append(name)

    def sentences(self) -> tuple[str, ...]:
        """One for every reason, with a count and the first names."""
        return tuple(f"{part[0].upper()}{part[1:]}." for part in self.parts())

    def parts(self) -> tuple[str, ...]:
        """The sentences without capital and full stop."""
        found = self._names.items()
        return tuple(f"{counted(len(names), 'file')} skipped as {why}: {listing(names)}" for why, names in found)


@contextmanager
def members(path: Path, skips: Skips) -> Iterator[list[Member]]:
    """The files of a folder or a zip in the order of their names; to be read inside the `with`.

    Raises:
        DataError: not a zip, or one that holds more than the limits.
    """
    if path.is_dir():
        yield sorted(_in_folder(path, skips), key=lambda member: member.name)
        return
    with open_zip(path) as archive:
        yield sorted(_in_zip(archive, skips), key=lambda member: member.name)


@contextmanager
def unpacked(path: Path, names: Sequence[str]) -> Iterator[list[Path]]:
    """Some files of a folder where they are; of a zip in a temporary folder, each by the last part of its name.

    Raises:
        DataError: as `members`, or one of them is damaged.
    """
    if path.is_dir():
        yield [path / name for name in names]
        return
    with TemporaryDirectory(prefix="latentlab-") as place, members(path, Skips()) as found:
        by_name, paths = {member.name: member for member in found}, list[Path]()
        for k, name in enumerate(names):
            paths.append(Path(place) / str(k) / name.rpartition("/")[2])
            paths[-1].parent.mkdir()
            try:
                paths[-1].write_bytes(by_name[name].read())
            except UNREADABLE as error:
                raise DataError(f"{shown(path.name)}: {shown(name)} is damaged.") from error
        yield paths


@contextmanager
def open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip whose directory claims no more than the limits.

    Raises:
        DataError: damaged, or too many members, bytes, or bytes for its size.
    """
    name = shown(path.name)
    with _Guarded(path) as stream:
        stream.limit = MAX_DIRECTORY
        try:
            archive = zipfile.ZipFile(stream)
        except _TooLongError as error:
            raise DataError(f"{name} holds more than {MAX_MEMBERS:,} files.") from error
        except (*UNREADABLE, LookupError) as error:
            raise DataError(f"{name} is not a zip file, or a damaged one.") from error
        stream.limit = MAX_BYTES
        with archive:
            infos = archive.infolist()
            if len(infos) > MAX_MEMBERS:
                raise DataError(f"{name} holds {len(infos):,} files; {MAX_MEMBERS:,} are the most.")
            check_inflated_size(name, sum(info.file_size for info in infos), path.stat().st_size)
            yield archive


def check_inflated_size(name: str, n_bytes: int, n_packed: int) -> None:
    """Refuse what would inflate to more than the limits.

    Raises:
        DataError: more than `MAX_BYTES`, or more than `MAX_RATIO` times what is packed.
    """
    if n_bytes > MAX_BYTES:
        raise DataError(f"{name} holds {n_bytes / MIB:,.0f} MiB; {MAX_BYTES / MIB:,.0f} MiB are the most.")
    if n_bytes > max(FREE_BYTES, MAX_RATIO * n_packed):
        raise DataError(f"{name} would inflate {n_bytes / n_packed:,.0f}-fold; {MAX_RATIO} is the most.")


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """The content of a member, never more than it claims to be: a request for everything makes `zipfile` inflate
    everything.
    """
    with archive.open(info) as stream:
        content = stream.read(info.file_size)
    if len(content) != info.file_size:
        raise EOFError
    return content


def unusable(info: zipfile.ZipInfo) -> str:
    """Why a member of a zip can't be used, to complete `skipped as …`; empty where it can."""
    if stat.S_ISLNK(info.external_attr >> 16):
        return "a symbolic link"
    if info.flag_bits & 1:
        return "encrypted"
    return "" if info.compress_type in METHODS else "packed in an unusual way"


def inside(name: str) -> str:
    """The name with / between its parts and without empty ones; empty where it leaves the folder or has no part.

    A backslash separates too: what is harmless in one system's name is a path in another's.
    """
    parts = name.replace("\\", "/").split("/")
    outside = parts[0] == "" or ".." in parts or re.match("[A-Za-z]:", name)
    return "" if outside else "/".join(part for part in parts if part not in ("", "."))


class _TooLongError(Exception):
    """A read of more than the limit."""


class _Guarded(io.FileIO):
    """A file that refuses to be read in larger pieces than `limit`: zipfile reads a directory of any size at once."""

    limit = MAX_DIRECTORY

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > self.limit:
            raise _TooLongError
        return super().read(size) or b""


def _is_ignored(name: str) -> bool:
    return any(part.startswith(".") or part in IGNORED for part in name.split("/"))


def _in_zip(archive: zipfile.ZipFile, skips: Skips) -> Iterator[Member]:
    known_names = set()
    for info in archive.infolist():
        name = inside(info.filename)
        if info.filename.endswith(("/", "\\")) or _is_ignored(name):  # is_dir() fails on an empty name
            continue
        why = (
            "outside the folder" if not name else "a second one of its name" if name in known_names else unusable(info)
        )
        if why:
            skips.add(info.filename, why)
            continue
        known_names.add(name)
        yield Member(name, info.file_size, lambda info=info: read_member(archive, info))  # type: ignore[misc]


def _in_folder(folder: Path, skips: Skips) -> Iterator[Member]:
    below, n_files = [""], 0
    while below:
        here = below.pop()
        try:
            entries = list(os.scandir(folder / here))
        except OSError:
            skips.add(here, "a folder that can't be opened")
            continue
        for entry in entries:
            name = f"{here}{entry.name}"
            if entry.name.startswith(".") or entry.name in IGNORED:
                continue
            n_files += 1
            if n_files > MAX_MEMBERS:
                raise DataError(f"{shown(folder.name)} holds more than {MAX_MEMBERS:,} files.")
            if entry.is_symlink():
                skips.add(name, "a symbolic link")
            elif entry.is_dir(follow_symlinks=False):
                below.append(f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield file_member(folder, name)
            else:  # a pipe would be waited for
                skips.add(name, "not a plain file")


def file_member(folder: Path, name: str) -> Member:
    """A file below a folder as a member of it; its size is read now."""
    path = folder / name

    def read() -> bytes:
        with path.open("rb") as stream:
            return stream.read(MAX_FILE)

    return Member(name, path.stat(follow_symlinks=False).st_size, read)
