"""The formats of saved files: written whole or not at all, read without trust."""

from __future__ import annotations

import csv
import io
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from latentlab import settings

MAX_TENSORS = 1 << 30  # bytes of a file, where nothing else says how large it may be
HEADER = 1 << 20  # bytes: more than the names and shapes of any model take
TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}")  # the name of a file or a folder that is being written


class RunError(ValueError):
    """A run that can't be read, changed or found; the message is one sentence for the user."""


def check_writable() -> None:
    """Runs and trainings may be changed.

    Raises:
        RunError: the app is for looking only.
    """
    if settings.is_read_only():
        raise RunError(settings.FOR_LOOKING)


def history_csv(rows: Sequence[Mapping[str, float]]) -> str:
    """The rows as CSV; a column for every name in any row, empty where a row lacks it."""
    out = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(out, list(columns), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def read_history(path: Path) -> list[dict[str, float]]:
    """The rows of a `history.csv`; what isn't a number is left out, a missing file is an empty history."""
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return [_numbers(row) for row in csv.DictReader(stream)]
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def read_tensors(path: Path, most: int | None = None) -> dict[str, Tensor]:
    """The tensors of a safetensors file; float16 and bfloat16 come back as float32.

    Args:
        path: of the file.
        most: bytes that it may have; `MAX_TENSORS` where nothing says how many they are.

    Raises:
        RunError: the file is missing, too large or damaged.
    """
    most = MAX_TENSORS if most is None else most
    try:
        if (n_bytes := path.stat().st_size) > most:
            raise RunError(f"{path.name} has {n_bytes:,} bytes; {most:,} are the most.")
        tensors = safetensors.torch.load_file(path)
    except (OSError, safetensors.SafetensorError) as error:
        raise RunError(f"{path.name} is missing or damaged.") from error
    half = (torch.float16, torch.bfloat16)
    return {name: value.float() if value.dtype in half else value for name, value in tensors.items()}


def read_metadata(path: Path) -> dict[str, str]:
    """The texts at the head of a safetensors file.

    Raises:
        RunError: the file is missing or damaged.
    """
    try:
        with safetensors.safe_open(path, "pt") as opened:
            return dict(opened.metadata() or {})
    except (OSError, safetensors.SafetensorError) as error:
        raise RunError(f"{path.name} is missing or damaged.") from error


def write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: next to it first, flushed to the disk, then renamed."""
    with _whole(path) as temporary:
        temporary.write_bytes(content)


def write_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write a safetensors file as `write` does, without a second copy of the tensors in memory."""
    with _whole(path) as temporary:
        try:
            safetensors.torch.save_file(dict(tensors), temporary)
        except safetensors.SafetensorError as error:
            raise OSError(f"{path.name} can't be written: {error}") from error


@contextmanager
def writing(what: str) -> Iterator[None]:
    """What is done inside, or by a function that this decorates, writes `what`.

    Raises:
        RunError: the disk is full or may not be written, or the app is for looking only.
    """
    check_writable()
    try:
        yield
    except OSError as error:
        raise RunError(f"{what} can't be written: {(error.strerror or str(error)).rstrip('.').lower()}.") from error


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """A file to write in place of `path`: flushed to the disk and renamed at the end, or removed."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield temporary
        with temporary.open("rb") as stream:
            os.fsync(stream.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _numbers(row: Mapping[str, str | None]) -> dict[str, float]:
    out = {}
    for name, text in row.items():
        try:
            out[name] = float(text or "")
        except (TypeError, ValueError):
            continue
    return {name: value for name, value in out.items() if isinstance(name, str) and math.isfinite(value)}
