"""`latentlab.explore`: the app on functions that stay where they are, in the process of a notebook or a script."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from torch import nn

from latentlab.remote.wire import HOST
from latentlab.serving.examples import of_arrays, of_data_set
from latentlab.serving.file import served_as
from latentlab.serving.functions import ServingError
from latentlab.serving.given import Given
from latentlab.serving.server import Server

START = 60.0  # seconds that the app may take until it answers


@dataclass
class Exploration:
    """A running app with a model of the user's own in it.

    Attributes:
        address: where a browser finds it.
    """

    address: str
    _server: Server = field(repr=False)
    _app: subprocess.Popen[bytes] = field(repr=False)

    @property
    def is_running(self) -> bool:
        """Whether the app is still there."""
        return self._app.poll() is None

    def stop(self) -> None:
        """Stop the app, and serve the functions no more."""
        self._server.stop()
        self._app.terminate()
        self._app.wait()

    def _repr_html_(self) -> str:
        return f'<a href="{self.address}" target="_blank">LatentLab: {self.address}</a>'


_running: list[Exploration] = []  # one at most: a second call replaces what it shows


def explore(
    *,
    data: Any,
    labels: Any = None,
    encode: Callable[..., Any] | None = None,
    decode: Callable[..., Any] | None = None,
    classify: Callable[..., Any] | None = None,
    denoise: Callable[..., Any] | None = None,
    log_prob: Callable[..., Any] | None = None,
    sample: Callable[..., Any] | None = None,
    network: nn.Module | None = None,
    z_dim: int = 0,
    classes: Sequence[str] = (),
    features: Sequence[str] = (),
    sigma: float = 0.1,
    prior: str = "",
    value_range: tuple[float, float] | None = None,
    title: str = "My model",
    port: int = 0,
) -> Exploration:
    """Look at a model in the app. A second call replaces the first one's functions; the address stays.

    The functions take what `data` holds, in batches: tensors, or NumPy's arrays if they fail on tensors. They are
    called from another thread of this process, one at a time; modules among them are in evaluation mode meanwhile.

    Args:
        data: images (N, height, width) or (N, channels, height, width), vectors (N, D), or the name of a data set.
        labels: (N,) numbers or words.
        encode: a batch -> codes, or a mean and a log variance, or a distribution.
        decode: codes -> a batch.
        classify: a batch -> logits, probabilities or log-probabilities.
        denoise: a noisy batch -> one without noise; a second argument, if there is one, is `sigma`.
        log_prob: a batch -> log p(x) of each, in nats, up to a constant.
        sample: a number -> so many examples.
        network: the module whose layers are probed, for functions that are neither modules nor methods of one.
        z_dim: numbers of a code; needed for `decode` without `encode`.
        classes: names of the classes, for labels that are indices.
        features: names of the numbers of a vector.
        sigma: standard deviation of the noise that `denoise` takes away, in the units of `data`.
        prior: "normal" if codes are N(0, I), "none" if not; by default "normal" where `encode` gives a distribution.
        value_range: black and white in the units of `data`; found by looking if None.
        title: what the app calls it.
        port: of the app; a free one if 0.

    Returns:
        A handle with the address and `stop()`.

    Raises:
        ValueError: a function or the data can't be used, in one sentence that names them.
        RuntimeError: the app doesn't start.
    """
    found = of_data_set(data) if isinstance(data, str) else of_arrays(data, labels, tuple(classes), tuple(features))
    low, high = value_range or (found.low, found.high)
    given = Given(
        encode, decode, classify, denoise, log_prob, sample, network, z_dim, tuple(map(str, classes)), sigma, prior,
        low, high, title,
    )  # fmt: skip
    model = served_as(given, found)
    if _running and _running[0].is_running:
        _running[0]._server.replace(model)
        return _running[0]
    for old in _running:
        old._server.stop()
    server = Server(model)
    _running[:] = [_start(server, port)]
    return _running[0]


def _start(server: Server, port: int) -> Exploration:
    port = port or _free_port()
    app = subprocess.Popen(
        [sys.executable, "-m", "latentlab", "app", "--port", str(port)], stdout=subprocess.DEVNULL, env=dict(os.environ)
    )
    address = f"http://localhost:{port}"
    end = time.monotonic() + START
    while time.monotonic() < end and app.poll() is None:
        try:
            with urlopen(f"{address}/_stcore/health", timeout=1):
                return Exploration(address, server, app)
        except (URLError, OSError):
            time.sleep(0.1)
    server.stop()
    app.terminate()
    raise ServingError(f"The app did not start on port {port} within {START:g} seconds.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
