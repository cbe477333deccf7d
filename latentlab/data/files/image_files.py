"""Image files of any size and kind, decoded to arrays of one size.

Pillow is given only formats that it decodes itself, and an image is measured by its header before a pixel is decoded.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MAX_BYTES, MAX_FILE, MIB, UNREADABLE, Member, Skips, counted, members, shown
from latentlab.data.files.options import MAX_SIDE, ReadOptions

Size = tuple[int, int]  # width, height

MAX_PIXELS = 64_000_000  # of one file; below the number from which Pillow warns
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
SUFFIXES = {".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
PAPER = 255  # what shows through transparent pixels: most drawings with transparency are dark on white
ORIENTATION = 0x0112  # the EXIF tag
BROKEN = "damaged or not an image"
# What Pillow's readers are known to raise on damaged files; a Warning where the caller has made them errors.
UNDECODABLE = (
    *UNREADABLE,
    SyntaxError,
    LookupError,
    ArithmeticError,
    TypeError,
    AttributeError,
    struct.error,
    zlib.error,
    MemoryError,
    Image.DecompressionBombError,
    Warning,
)


class Pictures(NamedTuple):
    """Decoded images."""

    x: NDArray[np.uint8]  # (N, 1 or 3, H, W), 0 is black
    kept: tuple[int, ...]  # which of the members they are
    notes: tuple[str, ...]  # what was done, a sentence each


class _Unusable(Exception):  # noqa: N818 never seen outside
    """Why an image is skipped; completes `skipped as …`."""


def read_folder(
    path: Path, options: ReadOptions, apart: Collection[str] = ()
) -> tuple[Pictures, list[str], tuple[str, ...]]:
    """The images of a folder or a zip: (images, their names, the classes they lie in, empty for none).

    The first folder below the top is the class; a single folder around all classes is looked through. Other files whose
    names are in `apart` aren't spoken of.

    Raises:
        DataError: a zip over the limits, or no image that can be read.
    """
    skips = Skips()
    with members(path, skips) as found:
        candidates = []
        for member in found:
            if PurePosixPath(member.name).suffix.lower() in SUFFIXES:
                candidates.append(member)
            elif member.name.rpartition("/")[2] not in apart:
                skips.add(member.name, "no image by its name")
        pictures = decode(path.name, candidates, skips, options.size)
    names = [candidates[k].name for k in pictures.kept]
    notes = (*pictures.notes, *skips.sentences())
    return pictures._replace(notes=notes), names, folder_classes(names)


def folder_classes(names: Sequence[str]) -> tuple[str, ...]:
    """The class of each image: the first folder of its name; empty for an image at the top.

    >>> folder_classes(["pets/cat/1.png", "pets/dog/old/2.png"])
    ('cat', 'dog')
    """
    parts = [name.split("/") for name in names]
    while all(len(part) > 2 for part in parts) and len({part[0] for part in parts}) == 1:
        parts = [part[1:] for part in parts]
    return tuple(part[0] if len(part) > 1 else "" for part in parts)


def decode(source: str, found: Sequence[Member], skips: Skips, max_side: int = MAX_SIDE) -> Pictures:
    """Decode image files to one size and one number of channels.

    The size is the commonest, or the median where no two agree, made smaller if a side exceeds `max_side`. The channels
    are one where red, green and blue agree in every pixel of every image, else three.

    Args:
        source: the name of the folder or the file, for the message.
        found: the files; those that can't be decoded are added to `skips`.
        skips: collects what is left out.
        max_side: the longest side, in pixels.

    Raises:
        DataError: none can be decoded, or together they would be too large.
    """
    sizes = {k: size for k, member in enumerate(found) if (size := _measure(member, skips))}
    if not sizes:
        why = "; ".join(skips.parts()) or "it is empty"
        raise DataError(f"{shown(source)} holds no image that can be read: {why}.")
    width, height = _common_size(list(sizes.values()), max_side)
    if len(sizes) * width * height * 3 > MAX_BYTES:
        raise DataError(
            f"{shown(source)} holds {len(sizes):,} images, which at {width} x {height} pixels are more than"
            f" {MAX_BYTES / MIB:,.0f} MiB; take fewer, or smaller ones."
        )
    pixels = np.empty((len(sizes), height, width, 3), np.uint8)
    kept, done = list[int](), Counter[str]()
    for k in sizes:
        try:
            pixels[len(kept)], what = _decode(found[k].read(), (width, height))
        except (_Unusable, *UNDECODABLE) as error:
            skips.add(found[k].name, str(error) if isinstance(error, _Unusable) else BROKEN)
            continue
        kept.append(k)
        done.update(what)
    if not kept:
        raise DataError(f"{shown(source)} holds no image that can be read: {'; '.join(skips.parts())}.")
    return Pictures(*_channels(pixels[: len(kept)], kept, done))


def _channels(
    pixels: NDArray[np.uint8], kept: list[int], done: Counter[str]
) -> tuple[NDArray[np.uint8], tuple[int, ...], tuple[str, ...]]:
    gray = [bool((one == one[..., :1]).all()) for one in pixels]
    x = pixels[..., :1] if all(gray) else pixels
    n, height, width, channels = x.shape
    notes = [f"{counted(n, 'image')} of {width} x {height} pixels, {'gray' if channels == 1 else 'in colour'}."]
    notes += [f"{counted(count, 'image')} {what}." for what, count in sorted(done.items())]
    if channels == 3 and any(gray):
        notes.append(f"{counted(sum(gray), 'gray image')} converted to three channels, as the others have colour.")
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)), tuple(kept), tuple(notes)


def _measure(member: Member, skips: Skips) -> Size | None:
    """Width and height as the image will be shown; None and a skip where it can't be used."""
    try:
        if member.size > MAX_FILE:
            raise _Unusable(f"larger than {MAX_FILE / MIB:,.0f} MiB")
        if member.size == 0:
            raise _Unusable("empty (0 bytes)")
        with _open(member.read()) as image:
            width, height = image.size
            return (height, width) if image.getexif().get(ORIENTATION, 1) >= 5 else (width, height)
    except (_Unusable, *UNDECODABLE) as error:
        skips.add(member.name, str(error) if isinstance(error, _Unusable) else BROKEN)
        return None


def _open(content: bytes) -> Image.Image:
    """The image, not yet decoded. Pillow's own limit stays as it is: it belongs to the whole process."""
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _Unusable(f"more than {MAX_PIXELS:,} pixels") from error
    if image.width * image.height > MAX_PIXELS:
        raise _Unusable(f"more than {MAX_PIXELS:,} pixels")
    return image


def _common_size(sizes: Sequence[Size], max_side: int) -> Size:
    """The commonest size (the smallest of equals), or the medians where no two agree; within `max_side`."""
    counts = Counter(sizes)
    size = min(counts, key=lambda one: (-counts[one], one[0] * one[1], one))
    if counts[size] == 1:
        size = (int(np.median([w for w, _ in sizes])), int(np.median([h for _, h in sizes])))
    scale = min(1.0, max_side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _decode(content: bytes, size: Size) -> tuple[NDArray[np.uint8], list[str]]:
    """Pixels (H, W, 3), and what was done to get them; each completes `3 images …`."""
    done = []
    with _open(content) as image:
        if getattr(image, "is_animated", False):
            done.append("animated: the first frame was taken")
        image.draft(None, (2 * size[0], 2 * size[1]))  # a JPEG is decoded at a fraction of its size, if it is large
        if image.getexif().get(ORIENTATION, 1) > 1:
            done.append("turned upright by the EXIF orientation")
        upright = ImageOps.exif_transpose(image)
    if upright.mode in ("I", "F"):
        raise _Unusable("32-bit pixels, whose black and white are unknown")
    if upright.mode.startswith("I;16"):  # convert() would cut off at 255
        done.append("converted from 16 to 8 bits")
        upright = _from_16_bits(np.asarray(upright))
    if upright.has_transparency_data:
        done.append("with transparency, laid over white")
        upright = _over_paper(upright)
    colour = upright.convert("RGB")
    if colour.size != size:
        done.append("resized, stretched where the proportions differ")
        colour = colour.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return np.asarray(colour), done


def _from_16_bits(values: NDArray[Any]) -> Image.Image:
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _over_paper(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, (PAPER, PAPER, PAPER, 255)), rgba)
