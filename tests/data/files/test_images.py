"""Image files: their folders, their sizes and their bits."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from latentlab.data import DataError
from latentlab.data.files.options import Fit, ReadOptions
from latentlab.data.files.read import read_path
from tests.data.files.conftest import encoded, in_file_order, noise, said, write_folder


def images(names: list[str]) -> dict[str, bytes]:
    return {name: encoded(noise(5, 6, seed=k)) for k, name in enumerate(names)}


def in_folders(folders: list[str], n: int = 6) -> list[str]:
    return [f"{folder}/{k}.png".lstrip("/") for folder in folders for k in range(n)]


@pytest.mark.parametrize(
    ("folders", "classes", "parts"),
    [
        (["cat", "dog"], ("cat", "dog"), 0),
        (["pets/cat", "pets/dog"], ("cat", "dog"), 0),
        (["train/cat", "train/dog", "val/cat", "val/dog", "test/dog"], ("cat", "dog"), 3),
        (["set/Training/cat", "set/Training/dog", "set/Testing/dog"], ("cat", "dog"), 2),
        (["cat/train", "cat/test", "dog/train", "dog/test"], ("cat", "dog"), 2),
        (["train", "valid", "test"], (), 3),
        (["train/a/cat", "train/b/cat", "test/a/dog"], ("a", "b"), 2),
        (["images"], (), 0),
        (["images/all"], (), 0),
        ([""], (), 0),
        (["train/cat", "other/dog"], ("other", "train"), 0),
        (["test/cat", "val/dog"], ("test", "val"), 0),
    ],
)
def test_folders_are_classes_or_parts(tmp_path: Path, folders: list[str], classes: tuple[str, ...], parts: int) -> None:
    names = in_folders(folders)
    opened = read_path(write_folder(tmp_path / "set", images(names)))
    assert opened.splits.train.classes == classes
    files = opened.columns["file"]
    if parts:
        for rows, words in zip(
            opened.rows, (("train", "Training"), ("val", "valid"), ("test", "Testing")), strict=True
        ):
            there = [any(f"{word}/" in files[row] for word in words) for row in rows]
            taken = [any(f"{word}/" in files[row] for word in ("train", "Training")) for row in rows]
            assert all(there) or (all(taken) and parts < 3)
    _, y = in_file_order(opened)
    if classes:
        assert all(f"{classes[k]}/" in name for k, name in zip(y, files, strict=True))


def test_deeper_folders_are_said(tmp_path: Path) -> None:
    names = in_folders(["cat/old", "cat/young", "dog/old"])
    opened = read_path(write_folder(tmp_path / "set", images(names)))
    assert opened.splits.train.classes == ("cat", "dog")
    assert said(opened, "cat/young")


def halves(width: int, height: int) -> NDArray[np.uint8]:
    """Black, with a white quarter in the middle of the longer side at each end."""
    out = np.full((height, width), 128, np.uint8)
    cut = max(width, height) // 8
    if width > height:
        out[:, :cut] = out[:, -cut:] = 255
    else:
        out[:cut] = out[-cut:] = 255
    return out


@pytest.mark.parametrize("fit", list(Fit))
def test_other_proportions_are_stretched_cropped_or_padded(tmp_path: Path, fit: Fit) -> None:
    files = {f"{k}.png": encoded(np.full((40, 40), 128, np.uint8)) for k in range(11)}
    files["wide.png"] = encoded(halves(160, 40))
    exif = Image.Exif()
    exif[0x0112] = 6
    files["wide turned.jpg"] = encoded(halves(40, 160), "JPEG", exif=exif, quality=95)
    opened = read_path(write_folder(tmp_path / "set", files), ReadOptions(fit=fit))
    x, _ = in_file_order(opened)
    assert x.shape == (13, 1, 40, 40)
    middle = x[-2:, 0, 20].astype(int)
    if fit is Fit.STRETCH:
        assert (np.abs(middle[:, :4] - 255) < 6).all()
        assert (np.abs(middle[:, 10:30] - 128) < 6).all()
    elif fit is Fit.CROP:
        assert (np.abs(x[-2:].astype(int) - 128) < 6).all()
    else:
        assert (x[-2:, 0, :14] == 0).all()
        assert (x[-2:, 0, 26:] == 0).all()
        assert (np.abs(middle[:, :3] - 255) < 6).all()
    assert said(opened, 2, "proportions")
    assert not said(opened, 13, "proportions")


def test_only_other_proportions_are_counted(tmp_path: Path) -> None:
    files = {f"{k}.png": encoded(noise(480, 640, seed=k)) for k in range(11)} | {"z.png": encoded(noise(640, 480))}
    opened = read_path(write_folder(tmp_path / "set", files))
    assert opened.splits.train.shape == (1, 48, 64)
    assert said(opened, 1, "proportions")
    assert said(opened, 12)
    assert not said(opened, 12, "proportions")


@pytest.mark.parametrize(("size", "shape"), [(16, (1, 12, 16)), (256, (1, 192, 256))])
def test_the_size_can_be_chosen(tmp_path: Path, size: int, shape: tuple[int, ...]) -> None:
    files = {f"{k}.png": encoded(noise(300, 400, seed=k)) for k in range(2)}
    assert read_path(write_folder(tmp_path / "set", files), ReadOptions(size=size)).splits.train.shape == shape


def deep(values: NDArray[np.generic], kind: str) -> bytes:
    out = io.BytesIO()
    Image.fromarray(values).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(("kind", "dtype"), [("PNG", "u2"), ("TIFF", "u2"), ("TIFF", "f4"), ("TIFF", "i4")])
@pytest.mark.parametrize("high", [4000, 65_000])
def test_all_deep_images_have_one_scale(tmp_path: Path, kind: str, dtype: str, high: int) -> None:
    x = np.random.default_rng(0).integers(0, high // 4, (12, 6, 5))
    x[3] *= 4
    x.flat[0], x[3, 0, 0] = 0, high
    files = {f"{k:02}.{kind.lower()}": deep(one.astype(dtype), kind) for k, one in enumerate(x)}
    opened = read_path(write_folder(tmp_path / "set", files))
    found = in_file_order(opened)[0][:, 0]
    assert np.abs(found - x * (255 / high)).max() <= 0.51
    assert said(opened, 12, 16)


def test_other_kinds_of_picture_say_what_to_do(tmp_path: Path) -> None:
    files = images(in_folders(["cat", "dog"])) | {"cat/phone.HEIC": b"x", "dog/scan.dcm": b"x", "cat/film.mp4": b"x"}
    files["dog/more.jfif"] = encoded(noise(5, 6), "JPEG")
    opened = read_path(write_folder(tmp_path / "set", files))
    assert len(in_file_order(opened)[0]) == 13
    assert said(opened, "cat/phone.HEIC", "JPEG")
    assert said(opened, "dog/scan.dcm", "pydicom")
    assert said(opened, "cat/film.mp4")


@pytest.mark.parametrize(
    ("mode", "n", "channels"), [("pages", 4, (2,)), ("pages", 4, (3, 0, 1)), ("LA", 2, (1,)), ("RGBA", 4, (3, 1, 3))]
)
def test_channels_of_a_tiff_are_its_bands_or_its_gray_pages(
    tmp_path: Path, mode: str, n: int, channels: tuple[int, ...]
) -> None:
    rng, high = np.random.default_rng(0), 65_535 if mode == "pages" else 255
    x = rng.integers(0, high, (12, 16, 18, n), np.uint16 if mode == "pages" else np.uint8)
    x[0, 0, 0], x[0, 0, 1] = 0, high
    for k, one in enumerate(x):
        pages = [Image.fromarray(one[..., c]) for c in range(n)] if mode == "pages" else [Image.fromarray(one)]
        pages[0].save(tmp_path / f"{k:02d}.tif", save_all=True, append_images=pages[1:])
    opened = read_path(tmp_path, ReadOptions(channels=channels))
    wanted = np.rint(x[..., list(channels)].astype(float) / high * 255).transpose(0, 3, 1, 2)
    assert np.array_equal(in_file_order(opened)[0], wanted)
    assert said(opened, n, *channels)
    assert opened.n_channels == read_path(tmp_path).n_channels == n
    with pytest.raises(DataError):
        read_path(tmp_path, ReadOptions(channels=(n,)))
