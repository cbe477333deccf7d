"""Components in plain JavaScript, each with its sources in a folder of its own; what they share: look, headers, ids."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentlab.figures.theme import MARK

_HERE = Path(__file__).parent

LOOK = f":host {{ --mark: {MARK}; }}\n" + (_HERE / "look.css").read_text(encoding="utf-8")  # JavaScript reads --mark


def sources(component: str, *names: str) -> str:
    """The text of some files of a component's folder, one after the other; of what all have where it is ""."""
    return "".join((_HERE / component / name).read_text(encoding="utf-8") + "\n" for name in names)


WIRE = sources("", "wire.js")  # unpacks what Python sends
TYPE = sources("", "type.js")  # says how large the page's type is
EXAMPLES = WIRE + TYPE + sources("", "examples.js")  # draws an example on a canvas


def listens() -> None:
    """For a component's `on_…_change`: it reports a value only if someone listens."""


def framed(head: dict[str, Any]) -> bytes:
    """The length of a JSON header (uint32, little-endian) and the header, padded so that numbers after it align."""
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 4)
    return len(text).to_bytes(4, "little") + text


def digest(*parts: bytes | NDArray[Any]) -> str:
    """A name for some bytes and for the content, the shape and the type of some arrays; no others have it."""
    found = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes):
            content, kind = part, "bytes"
        else:
            content, kind = np.ascontiguousarray(part).tobytes(), f"{part.dtype.str} {part.shape}"
        found.update(f"{kind} {len(content)};".encode())
        found.update(content)
    return found.hexdigest()
