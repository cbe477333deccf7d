"""Which axis of an array is which, by its shape, its labels and its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentlab.data import DataError, Kind, Library
from latentlab.data.files.options import ReadOptions
from latentlab.data.files.read import read_path
from tests.conftest import mentions
from tests.data.files.conftest import field, in_file_order, noise, refused, said


def signed(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        (noise(8, 8, 500), noise(8, 8, 500).transpose(2, 0, 1)[:, None]),
        (noise(28, 20, 1965), noise(28, 20, 1965).transpose(2, 0, 1)[:, None]),
        (noise(8, 8, 3, 500), noise(8, 8, 3, 500).transpose(3, 2, 0, 1)),
        (noise(8, 8, 1, 500), noise(8, 8, 1, 500).transpose(3, 2, 0, 1)),
        (noise(500, 8, 8), noise(500, 8, 8)[:, None]),
        (noise(12, 12, 9), noise(12, 12, 9)[:, None]),
        (noise(30, 64, 48), noise(30, 64, 48)[:, None]),
    ],
)
def test_the_axis_of_the_examples_is_found(tmp_path: Path, x: NDArray[Any], wanted: NDArray[Any]) -> None:
    np.save(tmp_path / "a.npy", x)
    opened = read_path(tmp_path / "a.npy")
    assert np.array_equal(in_file_order(opened)[0], wanted)
    assert said(opened, x.shape) == (len(wanted) == x.shape[-1])


@pytest.mark.parametrize("shape", [(9, 9, 20), (20, 9, 9), (9, 20, 20), (5, 6, 3, 20), (3, 20)])
def test_the_labels_decide_which_axis_counts(tmp_path: Path, shape: tuple[int, ...]) -> None:
    x = noise(*shape)
    np.savez(tmp_path / "a.npz", x=x, y=np.arange(20)[None])
    found, y = in_file_order(read_path(tmp_path / "a.npz"))
    assert y.tolist() == list(range(20))
    axis = 0 if shape[0] == 20 else len(shape) - 1
    assert np.array_equal(found.reshape(20, -1).sum(1), np.moveaxis(x, axis, 0).reshape(20, -1).sum(1))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 13])
def test_any_number_of_channels_opens(tmp_path: Path, n: int, last: bool) -> None:
    x = noise(12, n, 32, 30)
    np.save(tmp_path / "a.npy", x.transpose(0, 2, 3, 1) if last else x)
    opened = read_path(tmp_path / "a.npy")
    found = in_file_order(opened)[0].astype(float)
    if n == 4:
        alpha = x[:, 3:] / 255.0
        assert np.abs(found - (x[:, :3] * alpha + 255 * (1 - alpha))).max() <= 0.51
    else:
        assert np.array_equal(found, x[:, {1: [0], 2: [0, 1, 0]}.get(n, [0, 1, 2])])
    assert said(opened, n, "channels") == (n not in (1, 3))


def test_shares_are_transparent_and_other_numbers_are_not(tmp_path: Path) -> None:
    x = noise(12, 4, 14, 12) / 255
    np.save(tmp_path / "a.npy", x)
    shares = x[:, :3] * x[:, 3:] + 1 - x[:, 3:]
    assert np.abs(in_file_order(read_path(tmp_path / "a.npy"))[0] - 255 * shares).max() <= 0.51
    np.save(tmp_path / "a.npy", 9.5 * x)
    assert read_path(tmp_path / "a.npy").splits.train.shape == (3, 14, 12)


@pytest.mark.parametrize("shape", [(6, 32, 32, 32), (6, 1, 16, 16, 16), (6, 20, 8, 8, 3)])
def test_volumes_and_films_say_what_to_do(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "a.npy", noise(*shape))
    refused(tmp_path / "a.npy", shape)


@pytest.mark.parametrize(
    ("x", "times", "values"),
    [
        (signed(20, 1, 140), 140, 1), (signed(20, 140, 1), 140, 1), (signed(20, 3, 50), 50, 3),
        (signed(20, 128, 9), 128, 9), (noise(20, 1, 140), 140, 1), (signed(20, 24, 7), 24, 7),
        (np.abs(signed(20, 100, 6)), 100, 6), (signed(20, 40, 100), 0, 0), (noise(20, 64, 8), 0, 0),
        (signed(20, 28, 28), 0, 0), (signed(20, 8, 8), 0, 0), (np.abs(signed(20, 12, 20)), 0, 0),
    ],
)  # fmt: skip
def test_series_are_no_pictures(tmp_path: Path, x: NDArray[Any], times: int, values: int) -> None:
    np.save(tmp_path / "a.npy", x)
    opened = read_path(tmp_path / "a.npy")
    found = in_file_order(opened)[0]
    if not times:
        assert opened.splits.train.kind is Kind.IMAGE
        return
    assert opened.splits.train.kind is Kind.SEQUENCE
    assert found.dtype == np.float32
    assert np.array_equal(found, x.astype(np.float32) if x.shape[1:] == (times, values) else x.transpose(0, 2, 1))


@pytest.mark.parametrize(
    ("name", "n", "shape"),
    [
        ("gray_hwn.npy", 500, (1, 8, 8)),
        ("svhn_like.npz", 500, (3, 8, 8)),
        ("rgba.npy", 40, (3, 32, 32)),
        ("two_channels.npy", 40, (3, 32, 32)),
        ("five_bands.npy", 10, (3, 32, 32)),
    ],
)
def test_what_people_bring(name: str, n: int, shape: tuple[int, ...]) -> None:
    opened = read_path(field(f"17_channels_and_order/{name}"))
    assert len(in_file_order(opened)[0]) == n
    assert opened.splits.train.shape == shape


@pytest.mark.parametrize("channels", [(0,), (1,), (1, 0, 1), (0, 0, 1)])
@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_chosen_channels_are_those_and_it_is_kept_with_the_data(
    tmp_path: Path, n: int, channels: tuple[int, ...]
) -> None:
    x, wanted = noise(12, 20, 18, n), [n - 1 - k for k in channels]
    np.save(tmp_path / "a.npy", x)
    np.savez(tmp_path / "b.npz", x=x)
    idx = np.array([12, 20, 18, n], ">i4").tobytes()
    (tmp_path / "c-idx4-ubyte").write_bytes(bytes([0, 0, 8, 4]) + idx + x.tobytes())
    for file in ("a.npy", "b.npz", "c-idx4-ubyte"):
        if min(wanted) < 0:
            with pytest.raises(DataError):
                read_path(tmp_path / file, ReadOptions(channels=(n,)))
            continue
        opened = read_path(tmp_path / file, ReadOptions(channels=tuple(wanted)))
        assert np.array_equal(in_file_order(opened)[0], x.transpose(0, 3, 1, 2)[:, wanted])
        assert opened.n_channels == n
        library = Library(tmp_path / "library")
        assert mentions(" ".join(library.card(library.save(opened, file)).summary), n, *wanted)


def test_channels_of_what_has_none_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", noise(20, 5))
    with pytest.raises(DataError):
        read_path(tmp_path / "a.npy", ReadOptions(channels=(0,)))
    for channels in ((0, 1), (-1,), (0, 1, 2, 3)):
        with pytest.raises(DataError):
            ReadOptions(channels=channels)
