"""What the tests of the readers share: files that are written, and what is said of them."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from latentlab.data import DataError
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import Opened, read_path
from tests.conftest import SHARED_DATA, mentions, naming

Bytes = NDArray[np.uint8]


class Trap:
    """Unpickling it leaves a trace."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.trace,)


def noise(*shape: int, seed: int = 0) -> Bytes:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def wide(*shape: int) -> Bytes:
    """Noise that has both ends of its range."""
    out = noise(*shape)
    out.flat[:2] = 0, 255
    return out


def encoded(pixels: Bytes, kind: str = "PNG", **how: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **how)
    return out.getvalue()


def pets(n: int = 12) -> dict[str, bytes]:
    """`n` gray 6 x 5 images in two classes."""
    return {f"{('dog', 'cat')[k % 2]}/{k:02}.png": encoded(noise(5, 6, seed=k)) for k in range(n)}


def write_folder(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_zip(path: Path, files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def in_file_order(opened: Opened) -> tuple[NDArray[Any], NDArray[Any]]:
    """x and y of all splits, in the order of the file."""
    order = np.argsort(np.concatenate(opened.rows))
    x, y = (torch.cat([getattr(part, name) for part in opened.splits]).numpy()[order] for name in "xy")
    return x, y


def said(opened: Opened, *parts: object) -> bool:
    """Whether one of the sentences about the data contains these names and numbers."""
    return any(mentions(sentence, *parts) for sentence in opened.summary)


def counted(opened: Opened, n: int) -> list[str]:
    """The sentences, after that of all examples, that begin with this count."""
    return [sentence for sentence in opened.summary[1:] if re.match(rf"{n}\b", sentence)]


def refused(path: Path, *parts: object, **how: Any) -> str:
    """The message of the refusal: it names the file and these parts, and is one sentence."""
    with pytest.raises(DataError, match=naming(*parts)) as caught:
        read_path(path, ReadOptions(**how))
    message = str(caught.value)
    assert message.startswith(path.name)
    assert message.endswith(".")
    assert "\n" not in message
    assert ". " not in message
    assert str(path.parent) not in message
    return message


def field(name: str) -> Path:
    """A file that people could bring, of those that are not kept with the code."""
    path = SHARED_DATA / "field" / name
    if not path.exists():
        pytest.skip(f"{path} is not there")
    return path
