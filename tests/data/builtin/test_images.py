"""The files are verified and the download survives a bad server: tried against one on loopback."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch

from latentlab.data import DataError, Splits, is_local, load, spec_of
from latentlab.data.builtin import images
from latentlab.data.builtin.images import IDX_SETS, Idx, download, pooled, read_idx
from tests.conftest import SHARED_DATA, mentions, naming

PIXELS = np.random.default_rng(0).integers(0, 256, (50, 4, 4), dtype=np.uint8)
FILE = Idx("train-images-idx3-ubyte", (50, 4, 4))
CONTENT = FILE.header + PIXELS.tobytes()
needs_mnist = pytest.mark.skipif(
    not (SHARED_DATA / "mnist").is_dir(), reason="MNIST is not on this machine (../shared/data/mnist)"
)


class Server(ThreadingHTTPServer):
    """Serves one file in the ways given, one after another; the last way for ever."""

    def __init__(self, *ways: str) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.ways, self.asked, self.over = list(ways), 0, threading.Event()

    @property
    def mirror(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        way = self.server.ways[min(self.server.asked, len(self.server.ways) - 1)]
        self.server.asked += 1
        body = gzip.compress(CONTENT if way != "wrong" else b"<html>not here</html>")
        self.send_response(404 if way == "missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if way == "cut":
            body = body[: len(body) // 2]
        if way == "stall":
            self.wfile.write(body[:10])
            self.wfile.flush()
            self.server.over.wait(60)
            return
        for start in range(0, len(body), 100):
            self.wfile.write(body[start : start + 100])
            if way == "slow":
                time.sleep(0.02)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator[object]:
    servers: list[Server] = []

    def start(*ways: str) -> Server:
        server = Server(*ways)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.over.set()
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize("ways", [["well"], ["slow"], ["cut", "well"], ["wrong", "missing", "well"], ["stall", "well"]])
def test_download_ends_with_the_right_file(
    serve: type[Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ways: list[str]
) -> None:
    if "stall" in ways:  # else a machine that is slow to answer would be asked again
        monkeypatch.setattr(images, "TIMEOUT", (20.0, 1.0))
    server = serve(*ways)
    path = download(FILE, tmp_path, [server.mirror])
    assert server.asked == len(ways)
    assert torch.equal(read_idx(path, FILE), torch.from_numpy(PIXELS))
    assert [p.name for p in tmp_path.iterdir()] == ["train-images-idx3-ubyte.gz"]


def test_download_goes_to_the_next_mirror(serve: type[Server], tmp_path: Path) -> None:
    bad, good = serve("wrong"), serve("well")
    assert download(FILE, tmp_path, [bad.mirror, good.mirror]).exists()
    assert (bad.asked, good.asked) == (images.ATTEMPTS, 1)


def test_download_that_never_comes_leaves_nothing(serve: type[Server], tmp_path: Path) -> None:
    mirror = serve("wrong").mirror
    with pytest.raises(DataError, match=naming(FILE.name, mirror)):
        download(FILE, tmp_path, [mirror])
    assert list(tmp_path.iterdir()) == []


def test_download_reports_progress(serve: type[Server], tmp_path: Path) -> None:
    class Bar:
        total, done = 0, 0

        def update(self, n: int) -> None:
            self.done += n

        def reset(self) -> None:
            self.done = 0

        def close(self) -> None:
            pass

    bar = Bar()
    path = download(FILE, tmp_path, [serve("well").mirror], bar)
    assert bar.total == bar.done or bar.done == 0  # pooch resets the bar, then fills it
    assert bar.total == path.stat().st_size


@pytest.mark.parametrize("name", ["plain", "zipped.gz"])
def test_idx_is_read_zipped_or_not(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(CONTENT) if name.endswith(".gz") else CONTENT)
    assert torch.equal(read_idx(path, FILE), torch.from_numpy(PIXELS))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        CONTENT[:-1],
        CONTENT + b"x",
        b"\x00\x00\x0d" + CONTENT[3:],
        gzip.compress(CONTENT)[:-20],
        gzip.compress(bytes(10_000_000)),  # inflates to far more than the file may have
    ],
    ids=["empty", "short", "long", "floats", "cut gzip", "bomb"],
)
def test_a_damaged_idx_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_idx(path, FILE)


def test_a_changed_pixel_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    with pytest.raises(DataError, match=naming("file", "0" * 32)):
        read_idx(path, Idx(FILE.name, FILE.shape, "0" * 32))


def test_digits_are_scikit_learns(digits: Splits) -> None:
    from sklearn.datasets import load_digits

    pixels, labels = load_digits(return_X_y=True)
    ours = torch.cat([part.x for part in digits]).reshape(-1, 64).numpy()
    assert [len(part) for part in digits] == [1257, 180, 360]
    theirs = {(bytes(np.rint(row * 255 / 16).astype(np.uint8)), int(y)) for row, y in zip(pixels, labels, strict=True)}
    assert {(bytes(row), int(y)) for row, y in zip(ours, torch.cat([p.y for p in digits]), strict=True)} == theirs


@needs_mnist
def test_mnist_has_its_published_content() -> None:
    splits = load("mnist")
    assert [len(part) for part in splits] == [50_000, 10_000, 10_000]
    assert splits.train.shape == (1, 28, 28)
    assert splits.train.x.dtype == torch.uint8
    # the class counts of LeCun's page, and its first test digit
    counts = torch.bincount(torch.cat([splits.train.y, splits.valid.y]))
    assert counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert splits.test.y[:5].tolist() == [7, 2, 1, 0, 4]


@needs_mnist
@pytest.mark.slow
def test_the_smaller_mnist_is_what_another_library_makes_of_it() -> None:
    from PIL import Image

    small, large = load("mnist-14"), load("mnist")
    for part, whole in zip(small, large, strict=True):
        assert part.shape == spec_of("mnist-14").shape == (1, 14, 14)
        assert len(part) == 10_000
        assert torch.equal(part.y, whole.y[:10_000])
    for i in (0, 1, 9_999):
        theirs = Image.fromarray(large.test.x[i, 0].numpy()).reduce(2)
        apart = np.abs(np.asarray(theirs, np.int64) - small.test.x[i, 0].numpy())
        assert apart.max() <= 1  # it may round a half the other way


def test_a_pixel_of_a_smaller_image_is_the_rounded_mean_of_a_square() -> None:
    x = torch.from_numpy(PIXELS).unsqueeze(1)
    for side in (1, 2, 4):
        means = torch.nn.functional.avg_pool2d(x.double(), side)
        assert torch.equal(pooled(x, side), (means + 0.5).floor().to(torch.uint8))


def test_offline_and_not_cached_says_where_the_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LATENTLAB_DATA", str(tmp_path))
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda _: str(tmp_path / "cache"))
    spec = IDX_SETS["fashion-mnist"]
    offline = images.IdxSet(spec.files, spec.classes, ("http://127.0.0.1:9/",))
    monkeypatch.setitem(IDX_SETS, "fashion-mnist", offline)
    assert not is_local("fashion-mnist")
    with pytest.raises(DataError) as caught:
        load("fashion-mnist")
    assert mentions(str(caught.value), "IDX", "LATENTLAB_DATA")
    assert str(tmp_path) not in str(caught.value)  # a browser may be anyone's
    assert caught.value.place == tmp_path / "fashion-mnist"
    assert is_local("digits")


def test_of_an_unknown_name_the_nearest_known_ones_are_said() -> None:
    for wrong, near in (("cifar", ()), ("mnits", ("mnist",)), ("Fashion-MNIST", ("fashion-mnist",))):
        with pytest.raises(DataError, match=naming(f"'{wrong}'", *near)):
            load(wrong)
