"""Pictures out of arrays: one stitched 8-bit PNG for any number of images, lossless, pixels kept square and sharp."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

GAP = 96  # gray level between two images: visible on black and on white

Bytes = NDArray[np.uint8]


def picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    """(C, H, W) of an example as it is drawn: an image as it is, a vector as rows of gray cells, nearly a square.

    The rows are full where they can be: a vector may be a flattened image.

    >>> picture_shape((784,)), picture_shape((6,)), picture_shape((13,))
    ((1, 28, 28), (1, 2, 3), (1, 4, 4))
    """
    if len(shape) == 3:
        return shape[0], shape[1], shape[2]
    n = math.prod(shape)
    rows = next(rows for rows in range(math.isqrt(n), 0, -1) if n % rows == 0)
    columns = n // rows if n <= 2 * rows**2 else math.isqrt(n - 1) + 1
    return 1, -(-n // columns), columns


def pictures(examples: Bytes, leading: int = 1) -> Bytes:
    """Examples behind `leading` dimensions as images (..., C, H, W); cells that a vector doesn't fill are `GAP`."""
    n, shape = examples.shape[:leading], picture_shape(examples.shape[leading:])
    if examples.shape[leading:] == shape:
        return examples
    flat = np.full((*n, math.prod(shape)), GAP, np.uint8)
    flat[..., : math.prod(examples.shape[leading:])] = examples.reshape(*n, -1)
    return flat.reshape(*n, *shape)


def stitch(images: Bytes, gap: int = 0) -> Bytes:
    """Lay images out on a sheet: (rows, columns, C, H, W) -> (height, width) gray or (height, width, 3).

    Raises:
        ValueError: the images have neither one nor three channels.
    """
    rows, columns, channels, height, width = images.shape
    if channels not in (1, 3):
        raise ValueError(f"An image has 1 or 3 channels, not {channels}.")
    sheet = np.full((rows, height + gap, columns, width + gap, channels), GAP, np.uint8)
    sheet[:, :height, :, :width] = images.transpose(0, 3, 1, 4, 2)
    flat = sheet.reshape(rows * (height + gap), columns * (width + gap), channels)
    flat = flat[: flat.shape[0] - gap, : flat.shape[1] - gap]
    return flat[..., 0] if channels == 1 else flat


def png(sheet: Bytes) -> bytes:
    """Encode a sheet losslessly."""
    out = io.BytesIO()
    Image.fromarray(sheet).save(out, "PNG", compress_level=1)
    return out.getvalue()


def gif(frames: Sequence[Bytes], seconds: float = 0.12) -> bytes:
    """Encode gray or colour frames of one size as an endless animation; gray levels are kept."""
    out = io.BytesIO()
    first, *rest = (Image.fromarray(frame) for frame in frames)
    first.save(out, "GIF", save_all=True, append_images=rest, duration=round(1_000 * seconds), loop=0, optimize=False)
    return out.getvalue()


def captioned(sheet: Bytes, captions: Sequence[str]) -> Bytes:
    """A gray or colour sheet under a white band in which each of its equally wide columns has a caption."""
    width = sheet.shape[1] / len(captions)
    size = min(32, max(10, round(width / 12)))
    band = Image.new("L", (sheet.shape[1], 2 * size), 255)
    pen, font = ImageDraw.Draw(band), ImageFont.load_default(size)
    for k, caption in enumerate(captions):
        pen.text(((k + 0.5) * width, size), caption, fill=0, font=font, anchor="mm")
    drawn = np.asarray(band)
    return np.concatenate([drawn if sheet.ndim == 2 else drawn[..., None].repeat(3, -1), sheet])


def enlarge(images: Bytes, scale: int) -> Bytes:
    """Each pixel of (..., H, W) as a square of `scale` pixels."""
    return images.repeat(scale, -2).repeat(scale, -1)


def sheet_png(images: Bytes, columns: int, gap: int = 2, scale: int = 1) -> bytes:
    """A sheet of (N, C, H, W) images, or of (N, D) vectors as `pictures`, in rows of `columns`, enlarged.

    The places after the last one are left gray.
    """
    n, images = len(images), pictures(images)
    rows = -(-n // columns)
    padded = np.full((rows * columns, *images.shape[1:]), GAP, np.uint8)
    padded[:n] = images
    large = enlarge(padded, scale)
    return png(stitch(large.reshape(rows, columns, *large.shape[1:]), gap))


def data_uri(content: bytes) -> str:
    """A PNG as an address that a figure or a table can show."""
    return "data:image/png;base64," + base64.b64encode(content).decode()
