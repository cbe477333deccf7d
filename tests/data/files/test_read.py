"""Every format comes back as it was written, and every kind of bad file is a sentence that names it."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
import pytest
import torch
from PIL import Image

from latentlab.data import UNLABELLED, DataError, Splits
from latentlab.data.files import archives
from latentlab.data.files.containers import parquet
from latentlab.data.files.images import decoded as image_files
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import open_path, read_path
from latentlab.data.files.tables import examples as tables
from tests.conftest import naming, numbers_in
from tests.data.files.conftest import (
    counted,
    encoded,
    in_file_order,
    noise,
    pets,
    refused,
    said,
    write_folder,
    write_zip,
)

# --- splits ----------------------------------------------------------------------------------------------------------


def test_splits_are_disjoint_complete_and_the_same_every_time(tmp_path: Path) -> None:
    path = tmp_path / "codes.npy"
    np.save(path, np.arange(100.0)[:, None] * [1, 2])
    splits = open_path(path)
    assert [len(part) for part in splits] == [80, 10, 10]
    values = [set(part.x[:, 0].tolist()) for part in splits]
    assert set.union(*values) == set(map(float, range(100)))
    assert sum(map(len, values)) == 100
    assert all(torch.equal(a.x, b.x) for a, b in zip(splits, open_path(path), strict=True))
    assert splits.train.name == "codes"
    assert splits.train.x.dtype == torch.float32
    assert splits.train.x[:, 0].tolist() != sorted(splits.train.x[:, 0].tolist())


def test_rows_lead_from_an_example_to_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    pd.DataFrame({"a": range(10, 60), "b": range(50), "word": [f"w{k}" for k in range(50)]}).to_csv(path, index=False)
    opened = read_path(path)
    for part, rows in zip(opened.splits, opened.rows, strict=True):
        assert opened.columns["word"][rows].tolist() == [f"w{int(k)}" for k in part.x[:, 1]]


def test_too_few_examples_say_what_became_of_the_others(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\nfoo,3\n4,nan\n5,inf\n")
    assert numbers_in(refused(path, "a", "b")) == [1, 3, 2]  # read, dropped, needed
    folder = tmp_path / "pets"
    folder.mkdir()
    Image.new("L", (4, 4)).save(folder / "good.png")
    (folder / "bad.png").write_bytes(b"no image")
    assert numbers_in(refused(folder, "bad.png")) == [1, 1, 2]


def test_one_example_is_refused_and_two_are_not_divided(tmp_path: Path) -> None:
    path = tmp_path / "codes.npy"
    np.save(path, np.ones((1, 3)))
    refused(path, 1, 2)
    np.save(path, np.arange(6.0).reshape(2, 3))
    opened = read_path(path)
    assert [len(part) for part in opened.splits] == [2, 2, 2]
    assert said(opened, 2, "train", "test")
    np.save(path, np.arange(30.0).reshape(10, 3))
    opened = read_path(path)
    assert [len(part) for part in opened.splits] == [6, 2, 2]
    assert not said(opened, "train", "test")


# --- folders and zips of images --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["folder", "zip", "zip, around"])
def test_images_come_back_with_the_classes_of_their_folders(tmp_path: Path, kind: str) -> None:
    files = pets()
    if kind == "folder":
        path = write_folder(tmp_path / "pets", files)
    else:
        around = "pets/" if "around" in kind else ""
        path = write_zip(tmp_path / "pets.zip", {around + name: content for name, content in files.items()})
    opened = read_path(path)
    x, y = in_file_order(opened)
    assert opened.splits.train.classes == ("cat", "dog")
    assert opened.splits.train.name == "pets"
    assert [name.rpartition("/")[2] for name in opened.columns["file"]] == [
        f"{k:02}.png" for k in [*range(1, 12, 2), *range(0, 12, 2)]
    ]
    assert y.tolist() == [0] * 6 + [1] * 6
    for pixels, k in zip(x, [*range(1, 12, 2), *range(0, 12, 2)], strict=True):
        assert np.array_equal(pixels, noise(5, 6, seed=k)[None])
    assert numbers_in(opened.summary[0]) == [12, 6, 5]  # images, width, height


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF", "PPM", "WEBP", "JPEG"])
def test_each_format_is_decoded(tmp_path: Path, kind: str) -> None:
    how = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    smooth = [np.add.outer(np.arange(16) * k, np.arange(8) * 9).astype(np.uint8) for k in (3, 5)]
    files = {f"{k}.{kind.lower()}": encoded(pixels, kind, **how) for k, pixels in enumerate(smooth)}
    opened = read_path(write_folder(tmp_path / "images", files))
    x, y = opened.splits.train.x.numpy(), opened.splits.train.y.numpy()
    tolerance = 3 if kind == "JPEG" else 0
    assert x.shape == (2, 1, 16, 8)
    assert np.abs(x[:, 0].astype(int) - np.stack(smooth)).max() <= tolerance
    assert y.tolist() == [UNLABELLED] * 2
    assert opened.splits.train.classes == ()
    assert said(opened, "sub-folders")  # where labels would come from


def test_colour_is_kept_and_makes_the_gray_ones_three_channels(tmp_path: Path) -> None:
    files = {"a.png": encoded(noise(4, 4, 3)), "b.png": encoded(noise(4, 4))}
    opened = read_path(write_folder(tmp_path / "images", files))
    x = opened.splits.train.x.numpy()
    assert np.array_equal(x[0], noise(4, 4, 3).transpose(2, 0, 1))
    assert np.array_equal(x[1], np.stack([noise(4, 4)] * 3))
    assert len(counted(opened, 1)) == 1


def test_other_sizes_become_the_commonest(tmp_path: Path) -> None:
    files = {
        f"{k}.png": encoded(np.full(shape, 10 * k, np.uint8)) for k, shape in enumerate([(4, 6), (4, 6), (20, 20)])
    }
    opened = read_path(write_folder(tmp_path / "images", files))
    assert opened.splits.train.x.shape == (3, 1, 4, 6)
    assert opened.splits.train.x.float().mean((1, 2, 3)).tolist() == [0, 10, 20]
    assert len(counted(opened, 1)) == 1


def test_without_a_common_size_the_medians_are_taken_within_the_limit(tmp_path: Path) -> None:
    folder = write_folder(
        tmp_path / "images",
        {f"{k}.png": encoded(noise(h, w)) for k, (w, h) in enumerate([(10, 8), (20, 10), (300, 9)])},
    )
    assert open_path(folder).train.shape == (1, 9, 20)
    assert read_path(folder, ReadOptions(size=10)).splits.train.shape == (1, 4, 10)
    with pytest.raises(DataError, match=naming(0)):
        ReadOptions(size=0)


def test_large_images_are_made_smaller_than_the_default(tmp_path: Path) -> None:
    half = np.zeros((200, 100), np.uint8)
    half[100:] = 255
    files = {"a.jpg": encoded(half, "JPEG"), "b.png": encoded(half)}
    x = open_path(write_folder(tmp_path / "images", files)).train.x.float()
    assert x.shape == (2, 1, 64, 32)
    assert bool((x[:, :, :28] < 5).all())
    assert bool((x[:, :, 36:] > 250).all())


def test_what_a_viewer_would_show_is_what_is_read(tmp_path: Path) -> None:
    clear = np.zeros((4, 4, 4), np.uint8)  # black, and fully transparent
    clear[0, 0] = (0, 0, 0, 255)
    palette = Image.fromarray(noise(4, 4)).quantize(4)
    palette_bytes = io.BytesIO()
    palette.save(palette_bytes, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise
    lying = np.zeros((4, 4), np.uint8)
    lying[0] = 255
    frames = [Image.fromarray(np.full((4, 4), value, np.uint8)) for value in (7, 200)]
    animated = io.BytesIO()
    frames[0].save(animated, "GIF", save_all=True, append_images=frames[1:])
    deep = np.zeros((4, 4), np.uint16)
    deep[0, :2] = (65535, 257 * 3)
    bits = io.BytesIO()
    Image.fromarray(lying).convert("1").save(bits, "PNG")
    files = {
        "a clear.png": encoded(clear),
        "b lying.png": encoded(lying, exif=exif),
        "c animated.gif": animated.getvalue(),
        "d deep.png": encoded(deep),  # type: ignore[arg-type]
        "e bits.png": bits.getvalue(),
        "f palette.png": palette_bytes.getvalue(),
    }
    opened = read_path(write_folder(tmp_path / "images", files))
    x = opened.splits.train.x[:, 0].numpy()
    assert x.shape == (6, 4, 4)
    assert x[0].ravel().tolist() == [0] + [255] * 15
    assert x[1].tolist() == [[0, 0, 0, 255]] * 4
    assert (x[2] == 7).all()
    assert x[3].ravel().tolist() == [255, 3] + [0] * 14
    assert np.array_equal(x[4], lying)
    assert np.array_equal(x[5], np.asarray(palette.convert("L")))
    assert len(counted(opened, 1)) == 4  # transparent, turned, animated, of 16 bits
    assert said(opened, 1, 16)


def test_the_common_size_is_that_of_upright_images(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8  # turn a quarter back
    files = {f"{k}.png": encoded(noise(4, 6, seed=k), exif=exif) for k in range(2)}
    opened = read_path(write_folder(tmp_path / "images", files))
    assert opened.splits.train.shape == (1, 6, 4)
    assert np.array_equal(opened.splits.train.x[1, 0].numpy(), np.rot90(noise(4, 6, seed=1)))
    assert len(counted(opened, 2)) == 1  # that they were turned; nothing was resized


def test_images_beside_sub_folders_have_no_label(tmp_path: Path) -> None:
    opened = read_path(write_folder(tmp_path / "pets", {**pets(), "loose.png": encoded(noise(5, 6, seed=99))}))
    _, y = in_file_order(opened)
    assert (y == UNLABELLED).sum() == 1
    assert len(counted(opened, 1)) == 1


def test_the_hidden_files_of_systems_are_not_spoken_of(tmp_path: Path) -> None:
    litter = {".DS_Store": b"x", "__MACOSX/dog/._00.png": b"x", "cat/Thumbs.db": b"x", "dog/.hidden.png": b"x"}
    for path in (write_folder(tmp_path / "pets", pets() | litter), write_zip(tmp_path / "pets.zip", pets() | litter)):
        opened = read_path(path)
        assert sum(map(len, opened.splits)) == 12
        assert not any(said(opened, name.rpartition("/")[2]) for name in litter)
        assert not counted(opened, len(litter))


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 60,000 x 60,000 pixels."""
    return huge(60_000)


def huge(side: int) -> bytes:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(10_000)))
        + chunk(b"IEND", b"")
    )


BAD_IMAGES: dict[str, tuple[bytes, tuple[object, ...]]] = {  # and the number that is the reason, where there is one
    "bomb.png": (bomb(), ("64,000,000",)),
    "warned.png": (huge(11_000), ("64,000,000",)),  # where Pillow warns
    "large.png": (huge(8_100), ("64,000,000",)),  # where Pillow says nothing
    "cut.jpg": (encoded(noise(40, 40, 3), "JPEG")[:-300], ()),
    "cut.png": (encoded(noise(40, 40))[:-300], ()),
    "text.png": (b"this is not an image", ()),
    "nothing.png": (b"", (0,)),
    "script.eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", ()),
    "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", ()),
    "other.png": (encoded(noise(5, 6), "PCX"), ()),  # Pillow could, but isn't asked to
    "notes.txt": (b"hello", ()),
}


@pytest.mark.parametrize("where", ["folder", "zip"])
@pytest.mark.parametrize("name", BAD_IMAGES)
def test_a_bad_image_is_skipped_and_the_good_ones_stay(tmp_path: Path, name: str, where: str) -> None:
    content, why = BAD_IMAGES[name]
    files = pets() | {f"cat/{name}": content}
    path = write_folder(tmp_path / "pets", files) if where == "folder" else write_zip(tmp_path / "pets.zip", files)
    before = Image.MAX_IMAGE_PIXELS
    opened = read_path(path)
    assert sum(map(len, opened.splits)) == 12
    assert opened.splits.train.shape == (1, 5, 6)
    assert said(opened, 1, *why, f"cat/{name}")
    assert before == Image.MAX_IMAGE_PIXELS


def test_nothing_but_bad_images_is_one_sentence(tmp_path: Path) -> None:
    files = {name: content for name, (content, _) in BAD_IMAGES.items()}
    message = refused(
        write_folder(tmp_path / "pets", files), "bomb.png, large.png, warned.png", "notes.txt", "script.eps"
    )
    assert sorted(numbers_in(message)) == [0, 1, 1, 1, 2, 3, 5, 64_000_000]  # counts, and the limits of two reasons
    (tmp_path / "none").mkdir()
    assert numbers_in(refused(tmp_path / "none")) == []


def test_many_skipped_are_counted_and_few_are_named(tmp_path: Path) -> None:
    files = pets() | {f"cat/bad{k}.png": b"x" for k in range(9)} | {"cat/" + "long" * 30 + "\n.png": b"x"}
    opened = read_path(write_folder(tmp_path / "pets", files))
    assert said(opened, 10, "cat/bad0.png, cat/bad1.png, cat/bad2.png", 7)
    assert archives.shown("a\nb\x1b" + "c" * 99 + ".png") == "a?b?" + "c" * 35 + "…" + "c" * 16 + ".png"


def test_an_image_file_over_the_limit_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MAX_FILE", 1000)
    opened = read_path(write_folder(tmp_path / "pets", pets() | {"cat/z.png": encoded(noise(60, 60))}))
    assert said(opened, 1, "cat/z.png")


def test_images_that_together_are_too_large_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image_files, "MAX_BYTES", 12 * 5 * 6 * 3 - 1)
    refused(write_folder(tmp_path / "pets", pets()), 12, 6, 5)


def test_links_and_pipes_in_a_folder_are_skipped(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "pets", pets())
    secret = write_folder(tmp_path / "secret", {"a.png": encoded(noise(5, 6, seed=50))})
    (folder / "cat" / "link.png").symlink_to(secret / "a.png")
    (folder / "linked").symlink_to(secret, target_is_directory=True)
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    os.mkfifo(folder / "cat" / "pipe.png")
    opened = read_path(folder)
    assert sum(map(len, opened.splits)) == 12
    assert opened.splits.train.classes == ("cat", "dog")
    assert said(opened, 3, "cat/link.png", "linked", "loop")
    assert said(opened, 1, "cat/pipe.png")


@pytest.mark.parametrize("where", ["folder", "zip"])
def test_too_many_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 12)
    path = (
        write_folder(tmp_path / "pets", pets(13)) if where == "folder" else write_zip(tmp_path / "pets.zip", pets(13))
    )
    refused(path, 12)


# --- zips ------------------------------------------------------------------------------------------------------------


def test_a_zip_whose_directory_is_too_long_to_be_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_zip(tmp_path / "pets.zip", pets())
    monkeypatch.setattr(archives, "MAX_DIRECTORY", 200)
    refused(path, "files")


def test_a_zip_bomb_is_refused_by_its_ratio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "bomb.zip", pets() | {f"cat/z{k}.png": bytes(1_000_000) for k in range(4)})
    assert sum(map(len, open_path(path))) == 12  # small as it is, it harms nobody
    monkeypatch.setattr(archives, "FREE_BYTES", 2_000_000)
    ratio, most = numbers_in(refused(path))
    assert most == archives.MAX_RATIO < ratio < 1_000


def test_a_zip_that_holds_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "bomb.zip", pets() | {"z.bin": noise(2_000_000).tobytes()})
    monkeypatch.setattr(archives, "MAX_BYTES", 2_000_000)
    assert numbers_in(refused(path, "MiB")) == [2, 2]  # held, allowed


def test_a_member_that_lies_about_its_size_is_not_inflated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_zip(tmp_path / "liar.zip", pets() | {"cat/z.png": bytes(50_000_000)})
    true, claimed = struct.pack("<I", 50_000_000), struct.pack("<I", 100)
    path.write_bytes(path.read_bytes().replace(true, claimed))
    asked = []
    inflate = zlib.decompressobj

    class Watched:
        def __init__(self, bits: int) -> None:
            self.inner = inflate(bits)

        def decompress(self, data: bytes, most: int) -> bytes:
            out = self.inner.decompress(data, most)
            asked.append(len(out))
            return out

        def __getattr__(self, name: str) -> Any:
            return getattr(self.inner, name)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    opened = read_path(path)
    assert said(opened, 1, "cat/z.png")
    assert max(asked) <= 4096


@pytest.mark.parametrize(
    "name", ["../out.png", "cat/../../out.png", "/out.png", "C:\\out.png", "c:out.png", "..\\out.png"]
)
def test_a_member_that_leaves_the_folder_is_skipped(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    path = write_zip(tmp_path / "in" / "pets.zip", pets() | {name: encoded(noise(5, 6, seed=70))})
    opened = read_path(path)
    assert sum(map(len, opened.splits)) == 12
    assert said(opened, 1, name)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["in", "pets.zip"]


def test_a_member_without_a_name_is_skipped(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "pets.zip", pets() | {"\1": b"x"})
    path.write_bytes(path.read_bytes().replace(b"\1x", b"\0x").replace(b"\1PK", b"\0PK"))
    opened = read_path(path)
    assert sum(map(len, opened.splits)) == 12
    assert len(counted(opened, 1)) == 1


def test_a_backslash_separates_folders(tmp_path: Path) -> None:
    files = {name.replace("/", "\\"): content for name, content in pets().items()}
    assert open_path(write_zip(tmp_path / "pets.zip", files)).train.classes == ("cat", "dog")


def test_links_encrypted_doubled_and_oddly_packed_members_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "pets.zip"
    image = encoded(noise(5, 6, seed=80))
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in pets().items():
            archive.writestr(name, content)
        link = zipfile.ZipInfo("cat/link.png")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        with pytest.warns(UserWarning, match=r"01\.png"):
            archive.writestr("cat/01.png", image)
        archive.writestr("cat/lzma.png", image, zipfile.ZIP_LZMA)
        archive.writestr("cat/locked.png", image)
    whole = bytearray(path.read_bytes())
    here, listed = (int(at.start()) for at in re.finditer(b"cat/locked.png", bytes(whole)))
    whole[here - 30 + 6] |= 1  # the flag in the member's own header, and in the directory's
    whole[listed - 46 + 8] |= 1
    path.write_bytes(whole)
    opened = read_path(path)
    x, _ = in_file_order(opened)
    assert len(x) == 12
    assert np.array_equal(x[0, 0], noise(5, 6, seed=1))  # the first of its name
    reasons = counted(opened, 1)  # a link, the second of its name, an unusual packing, encrypted: each for itself
    assert len(reasons) == 4
    for name in ("link", "01", "lzma", "locked"):
        assert said(opened, 1, f"cat/{name}.png")


@pytest.mark.parametrize("content", [b"PK\x03\x04 not really", b"text", bytes(100)])
@pytest.mark.parametrize("suffix", [".zip", ".npz"])
def test_what_is_no_zip_is_refused(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"pets{suffix}"
    path.write_bytes(content)
    refused(path, "zip")


# --- tables ----------------------------------------------------------------------------------------------------------


def table(n: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    words = [("pear", "apple", "fig")[k % 3] for k in range(n)]
    return pd.DataFrame(
        {"a": rng.normal(size=n), "b": np.arange(n) ** 2, "flag": np.arange(n) % 2 == 0, "label": words}
    )


def write_table(frame: pd.DataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_a_table_is_vectors_and_labels(tmp_path: Path, suffix: str) -> None:
    frame = table()
    opened = read_path(write_table(frame, tmp_path / f"fruit{suffix}"))
    x, y = in_file_order(opened)
    assert opened.features == ("a", "b", "flag")
    assert np.array_equal(x, frame[["a", "b", "flag"]].to_numpy(np.float32))
    assert opened.splits.train.classes == ("apple", "fig", "pear")
    assert y.tolist() == [(2, 0, 1)[k % 3] for k in range(20)]
    assert numbers_in(opened.summary[0]) == [20, 3]  # vectors, numbers in each
    assert said(opened, "column", "label")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_the_label_column_can_be_chosen(tmp_path: Path, suffix: str) -> None:
    path = write_table(table(), tmp_path / f"fruit{suffix}")
    opened = read_path(path, ReadOptions(label="flag"))
    assert opened.splits.train.classes == ("False", "True")
    assert opened.features == ("a", "b")
    assert opened.columns["label"].tolist() == table()["label"].tolist()
    assert said(opened, 1, "label")
    refused(path, "colour", "a, b, flag", 1, label="colour")
    assert read_path(path, ReadOptions(label="a")).splits.train.classes == ()  # it has fractions


def test_a_column_of_measurements_is_not_taken_for_the_label(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.arange(20) / 7, "y": np.arange(20) / 3})
    opened = read_path(write_table(frame, tmp_path / "points.csv"))
    assert opened.features == ("x", "y")
    assert opened.splits.train.classes == ()
    assert (in_file_order(opened)[1] == UNLABELLED).all()


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_rows_with_text_nan_and_infinity_are_dropped(tmp_path: Path, suffix: str) -> None:
    frame = table()
    frame["a"] = frame["a"].astype(object)
    frame["b"] = frame["b"].astype(float)
    frame.loc[2, "a"], frame.loc[4, "b"], frame.loc[6, "b"], frame.loc[8, "b"] = "oops", np.inf, np.nan, -1e300
    frame["a"] = frame["a"].astype(str)
    opened = read_path(write_table(frame, tmp_path / f"fruit{suffix}"))
    left = [k for k in range(20) if k not in (2, 4, 6, 8)]
    x, y = in_file_order(opened)
    assert np.allclose(x[:, 1], np.array(left) ** 2)
    assert y.tolist() == [(2, 0, 1)[k % 3] for k in left]
    assert said(opened, 4, "a, b")


def test_a_column_with_few_numbers_is_left_out_instead_of_most_rows(tmp_path: Path) -> None:
    frame = table()
    frame["sparse"] = [1.5, *[np.nan] * 19]
    frame["when"] = pd.date_range("2020-01-01", periods=20)
    for suffix in (".csv", ".parquet"):
        opened = read_path(write_table(frame, tmp_path / f"fruit{suffix}"))
        assert opened.features == ("a", "b", "flag")
        assert sum(map(len, opened.splits)) == 20
        assert said(opened, 1, "sparse")
        assert np.isnan(opened.columns["sparse"]).sum() == 19
        assert opened.columns["when"][1].startswith("2020-01-02")


def test_missing_labels_are_unlabelled(tmp_path: Path) -> None:
    frame = table().assign(label=[1, None, 0, -1] * 5)
    opened = read_path(write_table(frame, tmp_path / "fruit.csv"))
    assert opened.splits.train.classes == ("0", "1")
    assert in_file_order(opened)[1].tolist() == [1, -1, 0, -1] * 5
    assert len(counted(opened, 10)) == 1


def test_a_column_that_counts_the_rows_is_left_out(tmp_path: Path) -> None:
    table().to_csv(tmp_path / "fruit.csv")  # pandas writes its index
    opened = read_path(tmp_path / "fruit.csv")
    assert opened.features == ("a", "b", "flag")
    assert said(opened, "Unnamed: 0")


@pytest.mark.parametrize(
    "text", ["1,2\n3,4\n5,7\n", "1;2\n3;4\n5;7\n", "\ufeffa,b\r\n1,2\r\n3,4\r\n5,7\r\n", "a|b\n1|2\n3|4\n5|7"]
)
def test_separators_headers_and_byte_marks_are_noticed(tmp_path: Path, text: str) -> None:
    (tmp_path / "table.csv").write_text(text, encoding="utf-8")
    opened = read_path(tmp_path / "table.csv")
    assert opened.splits.train.x.tolist() == [[1, 2], [3, 4], [5, 7]]
    assert opened.features == (("1", "2") if text[0] == "1" else ("a", "b"))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"a,b\n", ("rows",)),
        (b"a,b\nx,y\nz,w\n", ("column",)),
        (b"a,b\n1,\n,1\n2,\n,2\n", ("row",)),
        (b"a,b\n1,2\n1,2,3\n", (2, 3)),  # fields expected; of line 3, which has 3
        (b"a,b\n1,2,3\n4,5,6\n", ("header",)),
        (b'a,b\n"1,2\n3,4\n', (1,)),  # the row where a quote opens
        (b"\xff\xfea\x00,\x00b\x00\n\x001\x00,\x002", ("UTF-8",)),  # half a character
        (b"\xef\xbb\xbfa,b\n1,\xff\n", ("UTF-8",)),
        (b"a,b\n1,\x00\n", ("UTF-8",)),
        (b"\n\n\n", ()),
        (b"a\n5\n", (1,)),
    ],
)
def test_a_damaged_csv_is_refused(tmp_path: Path, content: bytes, named: tuple[object, ...]) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    refused(path, *named)


def test_a_column_of_text_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_bytes(b"a,b\n1,x\n2,y\n1,z\n")
    assert read_path(tmp_path / "table.csv").features == ("a",)


def test_tables_over_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [write_table(table(), tmp_path / f"fruit{suffix}") for suffix in (".csv", ".parquet")]
    monkeypatch.setattr(parquet, "MAX_CELLS", 70)
    for path in paths:
        refused(path, "cells", 70)
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MAX_BYTES", 300)
    for path in paths:
        refused(path, "MiB")


def test_a_parquet_file_that_grows_while_it_is_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = pd.DataFrame({"a": range(2000), "text": ["long" * 100] * 2000})  # one entry of a dictionary, 2,000 times
    path = write_table(frame, tmp_path / "words.parquet")
    assert path.stat().st_size < 50_000
    monkeypatch.setattr(parquet, "MAX_BYTES", 400_000)
    refused(path, "MiB")


def test_long_words_that_many_rows_share_are_counted_before_they_are_written_out(tmp_path: Path) -> None:
    """40,000 rows of four texts of 200 kB: 8 GB in memory, from a file of less than a megabyte."""
    indices = pa.array(np.arange(40_000, dtype=np.int32) % 4)
    words = pa.DictionaryArray.from_arrays(indices, pa.array([letter * 200_000 for letter in "abcd"]))
    path = tmp_path / "words.parquet"
    pq.write_table(pa.table({"a": pa.array(range(40_000)), "text": words}), path)
    assert path.stat().st_size < 1 << 20
    pool, before = pa.proxy_memory_pool(pa.default_memory_pool()), pa.default_memory_pool()
    pa.set_memory_pool(pool)
    try:
        refused(path, "MiB")
    finally:
        pa.set_memory_pool(before)
    assert pool.max_memory() < 100 << 20


@pytest.mark.slow
def test_a_wide_parquet_file_is_read_and_one_that_is_wider_than_a_vector_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(0).normal(size=(12, 3_000)).astype(np.float32)
    frame = pd.DataFrame(x, columns=[f"c{k}" for k in range(3_000)])
    paths = [write_table(frame, tmp_path / f"wide{suffix}") for suffix in (".parquet", ".csv")]
    assert read_path(paths[0]).features == tuple(frame.columns)
    monkeypatch.setattr(parquet, "MAX_COLUMNS", 2_999)
    for path in paths:
        refused(path, "3,000", "2,999")


def test_text_numbers_dates_and_nothing_are_read_from_parquet_as_from_csv(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "a": [1.5, 2.5, 3.5, 4.5] * 5,
            "word": pd.Categorical(["apple", "pear", "apple", "pear"] * 5),
            "some": ["x", None, "y", "x"] * 5,
            "label": ["b", "a", "b", "a"] * 5,
        }
    )
    read = [read_path(write_table(frame, tmp_path / f"t{suffix}")) for suffix in (".parquet", ".csv")]
    assert read[0].features == read[1].features == ("a",)
    assert read[0].splits.train.classes == read[1].splits.train.classes == ("a", "b")
    for name in ("word", "some"):
        np.testing.assert_array_equal(read[0].columns[name], read[1].columns[name])


@pytest.mark.parametrize("content", [b"PAR1", b"text", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "table.parquet").write_bytes(content)
    refused(tmp_path / "table.parquet", "Parquet")


def test_parquet_text_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    path = write_table(pd.DataFrame({"a": range(20), "label": ["apple", "pear"] * 10}), tmp_path / "table.parquet")
    whole = path.read_bytes()
    assert b"pear" in whole
    path.write_bytes(whole.replace(b"pear", b"\xffear"))
    refused(path, "Parquet")


def test_nested_columns_that_are_no_lists_of_numbers_are_left_out(tmp_path: Path) -> None:
    nested = [{"b": 1}] * 5
    opened = read_path(write_table(pd.DataFrame({"a": range(5), "nested": nested}), tmp_path / "t.parquet"))
    assert opened.features == ("a",)
    assert said(opened, "nested")
    refused(write_table(pd.DataFrame({"nested": nested}), tmp_path / "n.parquet"), "column")


def test_a_column_of_image_paths_makes_the_images_the_data(tmp_path: Path) -> None:
    write_folder(tmp_path / "set" / "images", pets())
    write_folder(tmp_path / "outside", {"secret.png": encoded(noise(5, 6, seed=90))})
    (tmp_path / "set" / "linked").symlink_to(tmp_path / "outside", target_is_directory=True)
    good = [f"images/{name}" for name in sorted(pets())]
    bad = [
        "../outside/secret.png",
        str(tmp_path / "outside" / "secret.png"),
        "linked/secret.png",
        "none.png",
        "",
        "x" * 300,
    ]
    frame = pd.DataFrame({"path": good + bad, "size": range(18), "label": [name[7:10] for name in good] + ["cat"] * 6})
    for suffix in (".csv", ".parquet"):
        path = write_table(frame, tmp_path / "set" / f"table{suffix}")
        opened = read_path(path, ReadOptions(image="path"))
        x, y = in_file_order(opened)
        assert np.array_equal(x[0, 0], noise(5, 6, seed=1))
        assert len(x) == 12
        assert y.tolist() == [0] * 6 + [1] * 6
        assert opened.columns["size"].tolist() == list(range(12))
        assert said(opened, 2, bad[0])  # outside
        assert said(opened, 1, bad[2])  # a link
        assert said(opened, 2, bad[3])  # missing
        assert len(counted(opened, 1)) == 2  # and one without a path
    refused(path, "picture", image="picture")


# --- what is worth knowing -------------------------------------------------------------------------------------------


def test_constant_columns_duplicates_and_one_class_are_kept_and_said(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1.0, 2.0, 1.0, 3.0] * 5, "same": 7, "label": "only"})
    opened = read_path(write_table(frame, tmp_path / "table.csv"))
    assert opened.splits.train.shape == (2,)
    assert sum(map(len, opened.splits)) == 20
    assert opened.splits.train.classes == ("only",)
    assert len(counted(opened, 17)) == 1
    assert said(opened, 1, "same")
    assert said(opened, "only")


def test_what_is_not_there_empty_or_unknown_is_refused(tmp_path: Path) -> None:
    refused(tmp_path / "none.csv")
    for suffix in (".zip", ".npy", ".npz", ".csv", ".tsv", ".parquet", ".idx", ".png"):
        path = tmp_path / f"empty{suffix}"
        path.touch()
        refused(path, 0)
    (tmp_path / "one.png").write_bytes(encoded(noise(4, 4)))
    refused(tmp_path / "one.png", "folder")
    (tmp_path / "model.what").write_bytes(b"what")
    refused(tmp_path / "model.what", ".zip", ".npy", ".csv")
    os.mkfifo(tmp_path / "pipe.csv")
    refused(tmp_path / "pipe.csv")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    path = write_table(table(), tmp_path / "table.csv")
    path.chmod(0)
    refused(path, os.strerror(errno.EACCES))


def test_open_path_and_read_path_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_folder(tmp_path / "pets", pets())
    monkeypatch.chdir(path)
    splits = open_path(Path())
    assert isinstance(splits, Splits)
    assert splits.train.name == "pets"
    assert torch.equal(splits.test.x, read_path(path).splits.test.x)


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_the_columns_of_a_table_are_known_from_its_first_rows(tmp_path: Path, suffix: str) -> None:
    frame = pd.DataFrame({"a": range(20), "b, or c": ["x"] * 20, "label": range(20)})
    path = write_table(frame, tmp_path / f"table{suffix}")
    assert tuple(tables.columns_of(path, most=5).columns) == ("a", "b, or c", "label")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="table"):
        tables.columns_of(path, most=5)
