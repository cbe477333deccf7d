"""Image files of any size and kind, decoded to arrays of one size and one scale of intensities.

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

from latentlab.data.dataset import DataError, Kind
from latentlab.data.files.archives import MAX_BYTES, MAX_FILE, MIB, UNREADABLE, Member, Skips, counted, members, shown
from latentlab.data.files.arrays import Examples
from latentlab.data.files.axes import said_of_channels
from latentlab.data.files.foreign import no_image
from latentlab.data.files.images.channels import channel, in_colours, n_pages
from latentlab.data.files.images.folders import folders
from latentlab.data.files.images.intensities import to_bytes
from latentlab.data.files.options import Fit, ReadOptions

Size = tuple[int, int]  # width, height

MAX_PIXELS = 64_000_000  # of one file; below the number from which Pillow warns
FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
SUFFIXES = {".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"}
PAPER = 255  # what shows through transparent pixels: most drawings with transparency are dark on white
RESAMPLING = Image.Resampling.BICUBIC
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
    n_channels: int  # that each of the files has


class _Unusable(Exception):  # noqa: N818 never seen outside
    """Why an image is skipped; completes `skipped as …`."""


def read_folder(path: Path, options: ReadOptions, apart: Collection[str] = ()) -> Examples:
    """The images of a folder or a zip, with the classes and the parts that their folders are, see `folders`.

    Other files whose names are in `apart` aren't spoken of.

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
                skips.add(member.name, no_image(member.name))
        pictures = decode(path.name, candidates, skips, options)
    names = [candidates[k].name for k in pictures.kept]
    where = folders(names)
    classes: list[object] = list(where.classes)
    labels = np.array(classes, object) if any(where.classes) else None
    notes = (*pictures.notes, *skips.sentences(), *where.notes)
    split = None if where.split is None else np.array(where.split)
    return Examples(
        pictures.x, labels, {"file": np.array(names, object)}, (), notes, Kind.IMAGE, split, (), "file",
        n_channels=pictures.n_channels,
    )  # fmt: skip


def decode(source: str, found: Sequence[Member], skips: Skips, options: ReadOptions) -> Pictures:
    """Decode image files to one size and one number of channels.

    The size is the commonest, or the median where no two agree, made smaller if a side exceeds `size`. The channels
    are one where red, green and blue agree in every pixel of every image, else three.

    Args:
        source: the name of the folder or the file, for the message.
        found: the files; those that can't be decoded are added to `skips`.
        skips: collects what is left out.
        options: the longest side, what becomes of an image of other proportions, and which channels are taken.

    Raises:
        DataError: none can be decoded, or together they would be too large.
    """
    sizes = {k: size for k, member in enumerate(found) if (size := _measure(member, skips))}
    if not sizes:
        why = "; ".join(skips.parts()) or "it is empty"
        raise DataError(f"{shown(source)} holds no image that can be read: {why}.")
    width, height = _common_size(list(sizes.values()), options.size)
    if len(sizes) * width * height * 3 > MAX_BYTES:
        raise DataError(
            f"{shown(source)} holds {len(sizes):,} images, which at {width} x {height} pixels are more than"
            f" {MAX_BYTES / MIB:,.0f} MiB; take fewer, or smaller ones."
        )
    pixels = np.empty((len(sizes), height, width, 3), np.uint8)
    kept, done = list[int](), Counter[str]()
    deep: dict[int, NDArray[np.float32]] = {}  # (H, W, 1 or 3) of those with more than 8 bits, in their own numbers
    n_channels = set[int]()
    for k in sizes:
        try:
            image, what, n = _decode(found[k].read(), (width, height), options)
        except (_Unusable, *UNDECODABLE) as error:
            skips.add(found[k].name, str(error) if isinstance(error, _Unusable) else BROKEN)
            continue
        if image.dtype == np.float32:
            deep[len(kept)] = image
        else:
            pixels[len(kept)] = image
        kept.append(k)
        done.update(what)
        n_channels.add(n)
    if not kept:
        raise DataError(f"{shown(source)} holds no image that can be read: {'; '.join(skips.parts())}.")
    notes: tuple[str, ...] = ()
    if deep:
        pixels[list(deep)], notes = _as_bytes(deep)
    if options.channels:
        notes = (said_of_channels(options.channels, min(n_channels)), *notes)
    x, notes_of_channels = _channels(pixels[: len(kept)], done)
    return Pictures(x, tuple(kept), (*notes_of_channels, *notes), min(n_channels))


def _as_bytes(deep: dict[int, NDArray[np.float32]]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """(n, H, W, 1 or 3) of all images that have more than 8 bits, on one scale, and what was done."""
    x, notes = to_bytes(np.stack(list(deep.values())))
    first = f"{counted(len(x), 'image')} converted from 16 or more bits to 8, on one scale."
    return x, (first, *notes)


def _channels(pixels: NDArray[np.uint8], done: Counter[str]) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    gray = [bool((one == one[..., :1]).all()) for one in pixels]
    x = pixels[..., :1] if all(gray) else pixels
    n, height, width, channels = x.shape
    notes = [f"{counted(n, 'image')} of {width} x {height} pixels, {'gray' if channels == 1 else 'in colour'}."]
    notes += [f"{counted(count, 'image')} {what}." for what, count in sorted(done.items())]
    if channels == 3 and any(gray):
        notes.append(f"{counted(sum(gray), 'gray image')} converted to three channels, as the others have colour.")
    return np.ascontiguousarray(x.transpose(0, 3, 1, 2)), tuple(notes)


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


def _decode(content: bytes, size: Size, options: ReadOptions) -> tuple[NDArray[Any], list[str], int]:
    """Pixels (H, W, 1 or 3) as bytes, or as float32 of an image that has more than 8 bits in its own numbers.

    With what was done to get them, each of which completes `3 images …`, and how many channels the image has.
    """
    done = []
    with _open(content) as image:
        pages = n_pages(image)
        if pages == 1 and getattr(image, "is_animated", False):
            done.append("animated: the first frame was taken")
        image.draft(None, (2 * size[0], 2 * size[1]))  # a JPEG is decoded at a fraction of its size, if it is large
        if image.getexif().get(ORIENTATION, 1) > 1:
            done.append("turned upright by the EXIF orientation")
        n = pages if pages > 1 else len(in_colours(image).getbands())
        if any(k >= n for k in options.channels):
            raise _Unusable(f"having no channel {max(options.channels)}")
        if options.channels:
            parts = [channel(image, k, pages) for k in options.channels]
        else:
            parts = [ImageOps.exif_transpose(image)]
    if pages > 1 and not options.channels:
        done.append("of several pages: the first was taken, others can be chosen with --channels")
    if any(_is_deep(part) for part in parts):
        parts = [Image.fromarray(_finite(part)) for part in parts]
    elif options.channels:
        parts = [part.convert("L") for part in parts]
    elif parts[0].has_transparency_data:
        done.append("with transparency, laid over white")
        parts = [_over_paper(parts[0]).convert("RGB")]
    else:
        parts = [parts[0].convert("RGB")]
    fitted, what = zip(*(_fitted(part, size, options.fit) for part in parts), strict=True)
    return np.dstack([np.asarray(one) for one in fitted]), [*done, *what[0]], n


def _is_deep(image: Image.Image) -> bool:
    """Whether it has more than 8 bits, where convert() would cut off at 255."""
    return image.mode in ("I", "F") or image.mode.startswith("I;16")


def _finite(image: Image.Image) -> NDArray[np.float32]:
    values = np.asarray(image, np.float32)
    if not np.isfinite(values).all():
        raise _Unusable("NaN or infinity among its pixels")
    return values


def _fitted(image: Image.Image, size: Size, fit: Fit) -> tuple[Image.Image, list[str]]:
    """An upright image at a size, and what was done; other proportions are those that rounding doesn't explain."""
    if image.size == size:
        return image, []
    scale = max(size[0] / image.width, size[1] / image.height)
    inside = min(size[0] / image.width, size[1] / image.height)
    whole = round(image.width * inside), round(image.height * inside)
    differs = max(abs(whole[0] - size[0]), abs(whole[1] - size[1])) > 1
    if differs and fit is Fit.CROP:
        width, height = size[0] / scale, size[1] / scale
        left, top = (image.width - width) / 2, (image.height - height) / 2
        box = (left, top, left + width, top + height)
        cropped = "resized and cropped to the middle, as the proportions differ"
        return image.resize(size, RESAMPLING, box, 3.0), [cropped]
    if differs and fit is Fit.PAD:
        small = image.resize((max(1, whole[0]), max(1, whole[1])), RESAMPLING, reducing_gap=3.0)
        out = Image.new(image.mode, size)
        out.paste(small, ((size[0] - small.width) // 2, (size[1] - small.height) // 2))
        return out, ["resized and padded with black, as the proportions differ"]
    stretched = " and stretched, as the proportions differ" if differs else ""
    return image.resize(size, RESAMPLING, reducing_gap=3.0), [f"resized{stretched}"]


def _over_paper(image: Image.Image) -> Image.Image:
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, (PAPER, PAPER, PAPER, 255)), rgba)
