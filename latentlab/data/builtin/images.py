"""Built-in image data sets: scikit-learn's digits, and the IDX files of MNIST and Fashion-MNIST.

Digits ship with scikit-learn and need no network. The others are looked for in `$LATENTLAB_DATA/<name>/`, then in
the user's cache folder, and are downloaded there if missing. What is read is verified: the uncompressed size always,
and the MD5 of the content where the data set's own is known. `mnist-14` is read from MNIST's files and made smaller,
so that a model of it is trained in a minute.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import platformdirs
import torch

from latentlab import settings
from latentlab.data.dataset import DataError, Dataset, Kind, Splits, held_out

SIDES = (28, 28)  # of the images of IDX files
ATTEMPTS = 3
TIMEOUT = (5.0, 20.0)  # seconds to connect, and between two bytes


@dataclass(frozen=True)
class Idx:
    """One IDX file: its name without .gz, the shape it must have, and the MD5 of its content where known."""

    name: str
    shape: tuple[int, ...]
    md5: str = ""

    @property
    def header(self) -> bytes:
        """Magic number (unsigned bytes, number of dimensions) and the dimensions, big-endian."""
        return struct.pack(f">HBB{len(self.shape)}I", 0, 8, len(self.shape), *self.shape)

    @property
    def n_bytes(self) -> int:
        """Size of the uncompressed file."""
        return len(self.header) + int(np.prod(self.shape))


@dataclass(frozen=True)
class IdxSet:
    """A data set of four IDX files: train images and labels, test images and labels.

    Attributes:
        files: in this order.
        classes: their names.
        mirrors: addresses that serve the files.
        n_valid: training images that are held out for validation.
        folder: name of the folder with the files; empty: that of the data set.
        pool: side of the squares of pixels whose mean is one pixel of the data set.
        n_train: training images that are taken of the others; 0: all.
    """

    files: tuple[Idx, Idx, Idx, Idx]
    classes: tuple[str, ...]
    mirrors: tuple[str, ...]
    n_valid: int = 10_000
    folder: str = ""
    pool: int = 1
    n_train: int = 0

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of its images."""
        height, width = self.files[0].shape[1:]
        return height // self.pool, width // self.pool


def _files(*md5: str) -> tuple[Idx, Idx, Idx, Idx]:
    return (
        Idx("train-images-idx3-ubyte", (60_000, *SIDES), md5[0]),
        Idx("train-labels-idx1-ubyte", (60_000,), md5[1]),
        Idx("t10k-images-idx3-ubyte", (10_000, *SIDES), md5[2]),
        Idx("t10k-labels-idx1-ubyte", (10_000,), md5[3]),
    )


IDX_SETS = {
    "mnist": IdxSet(
        _files(
            "6bbc9ace898e44ae57da46a324031adb",
            "a25bea736e30d166cdddb491f175f624",
            "2646ac647ad5339dbf082846283269ea",
            "27ae3e4e09519cfbb04c329615203637",
        ),
        tuple("0123456789"),
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
    ),
    "fashion-mnist": IdxSet(
        _files("", "", "", ""),
        ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Boot"),
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        ),
    ),
}
IDX_SETS["mnist-14"] = replace(IDX_SETS["mnist"], folder="mnist", pool=2, n_train=10_000)
NAMES = ("digits", *IDX_SETS)
ADVICE = "put the four IDX files into a folder mnist or fashion-mnist, in the folder that LATENTLAB_DATA names"


def folders(name: str) -> list[Path]:
    """Where the files of a data set are looked for, first to last; downloads go to the last."""
    root, own = settings.data(), (IDX_SETS[name].folder if name in IDX_SETS else "") or name
    cache = Path(platformdirs.user_cache_dir("latentlab")) / own
    return [root / own, cache] if root else [cache]


def is_local(name: str) -> bool:
    """Whether a data set can be loaded without a network."""
    return name not in IDX_SETS or all(_find(file, folders(name)) for file in IDX_SETS[name].files)


def load_digits() -> Splits:
    """The 1,797 8×8 digits of scikit-learn: 1,257 / 180 / 360 for training, validation and test."""
    from sklearn.datasets import load_digits as read  # imported here: a second of start-up

    pixels, labels = read(return_X_y=True)
    x = torch.from_numpy(np.rint(pixels.reshape(-1, 1, 8, 8) * (255 / 16)).astype(np.uint8))
    data = Dataset("digits", x, torch.from_numpy(labels.astype(np.int64)), tuple("0123456789"), Kind.IMAGE)
    rest, test = held_out(data, 360)
    train, valid = held_out(rest, 180)
    return Splits(train, valid, test)


def load_idx(name: str, progressbar: object = False) -> Splits:
    """MNIST or Fashion-MNIST: 50,000 / 10,000 / 10,000 images of (1, 28, 28); of `mnist-14` 10,000 of each part, of
    (1, 14, 14). Downloaded if need be.

    Args:
        name: a key of `IDX_SETS`.
        progressbar: passed to pooch: True for a bar in the terminal, or an object with tqdm's interface.

    Raises:
        DataError: not to be had offline, or the files aren't what they should be.
    """
    spec = IDX_SETS[name]
    images, labels, test_images, test_labels = (_read(name, file, progressbar) for file in spec.files)
    full = Dataset(name, images.unsqueeze(1), labels.long(), spec.classes, Kind.IMAGE)
    test = replace(full, x=test_images.unsqueeze(1), y=test_labels.long())
    train, valid = held_out(full, spec.n_valid)
    parts = train[: spec.n_train or len(train)], valid, test
    return Splits(*(replace(part, x=pooled(part.x, spec.pool)) for part in parts))


def pooled(images: torch.Tensor, side: int) -> torch.Tensor:
    """(N, C, H, W) uint8 -> (N, C, H / side, W / side) uint8: rounded means of squares of side × side pixels."""
    if side == 1:
        return images
    total = sum(images[:, :, i::side, j::side].int() for i in range(side) for j in range(side))
    return torch.as_tensor((2 * total + side**2) // (2 * side**2)).to(torch.uint8)


def download(file: Idx, folder: Path, mirrors: Sequence[str], progressbar: object = False) -> Path:
    """Fetch `<file>.gz` from the first mirror that serves the right content, and keep it in `folder`.

    A cut connection leaves nothing half-written and is tried again, `ATTEMPTS` times for each mirror.

    Raises:
        DataError: no mirror served it.
    """
    import pooch  # imported here: only a download needs it

    pooch.get_logger().setLevel("WARNING")
    reason = "there is no mirror"
    for mirror in [m for m in mirrors for _ in range(ATTEMPTS)]:
        fetch = pooch.HTTPDownloader(progressbar=progressbar, timeout=TIMEOUT)
        target = f"{file.name}.gz"
        try:
            path = Path(pooch.retrieve(mirror + target, None, fname=target + ".part", path=folder, downloader=fetch))
        except (OSError, ValueError) as error:  # requests' errors are OSErrors
            reason = f"{mirror} answered with {type(error).__name__}"
            continue
        try:
            read_idx(path, file)
        except DataError as error:
            reason = f"{mirror} served a wrong file ({error})"
            path.unlink()
            continue
        return path.replace(folder / target)
    raise DataError(f"{file.name} could not be downloaded: {reason}.")


def read_idx(path: Path, file: Idx) -> torch.Tensor:
    """Read and verify an IDX file of unsigned bytes, gzipped or not: uint8 of `file.shape`.

    Never reads more than the expected size, whatever a compressed file would inflate to.

    Raises:
        DataError: not this file: wrong size, header or checksum.
    """
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as stream:
            content = stream.read(file.n_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path.name} is damaged: {error}") from error
    if len(content) != file.n_bytes or not content.startswith(file.header):
        raise DataError(f"{path.name} is not an IDX file of {' x '.join(map(str, file.shape))} bytes")
    if file.md5 and hashlib.md5(content, usedforsecurity=False).hexdigest() != file.md5:
        raise DataError(f"{path.name} differs from the published file: its MD5 is not {file.md5}")
    pixels = np.frombuffer(content, np.uint8, offset=len(file.header)).reshape(file.shape)
    return torch.from_numpy(pixels.copy())


def _find(file: Idx, places: Sequence[Path]) -> Path | None:
    candidates = (place / (file.name + suffix) for place in places for suffix in ("", ".gz"))
    return next((path for path in candidates if path.is_file()), None)


def _read(name: str, file: Idx, progressbar: object) -> torch.Tensor:
    places = folders(name)
    path = _find(file, places)
    if path is None:
        try:
            path = download(file, places[-1], IDX_SETS[name].mirrors, progressbar)
        except DataError as error:
            raise DataError(
                f"{name} is not on this machine and could not be downloaded; {ADVICE}.", places[0]
            ) from error
    try:
        return read_idx(path, file)
    except DataError as error:
        raise DataError(f"{error}; delete that file and it will be downloaded again.", path) from error
