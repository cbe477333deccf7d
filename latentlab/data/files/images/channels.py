"""The channels of an image file: its bands, or the gray pages of a TIFF."""

from __future__ import annotations

from PIL import Image, ImageOps

from latentlab.data.files.axes import FEW


def n_pages(image: Image.Image) -> int:
    """How many channels the pages of a TIFF are, each gray and as large as the others; 1 of any other image."""
    n = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    if not 1 < n <= FEW:
        return 1
    size, are_channels = image.size, True
    for k in range(n):
        image.seek(k)
        are_channels &= image.size == size and image.mode != "P" and len(image.getbands()) == 1
    image.seek(0)
    return n if are_channels else 1


def channel(image: Image.Image, k: int, pages: int) -> Image.Image:
    """One channel, upright: a page of so many, or a band."""
    if pages > 1:
        image.seek(k)
        return ImageOps.exif_transpose(image)
    return in_colours(ImageOps.exif_transpose(image)).getchannel(k)


def in_colours(image: Image.Image) -> Image.Image:
    """With bands of colours, where it has a palette."""
    if image.mode != "P":
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")
