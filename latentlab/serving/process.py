"""A process that serves a model of the user's own: it is started, says when it can be called, and is ended."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from latentlab import settings
from latentlab.serving.functions import ServingError

GOODBYE = 5.0  # seconds in which it may end by itself


class ServingProcess:
    """`latentlab serve` as a child: it ends when `stop` is called, and with the process that started it.

    Attributes:
        opened: the id of the model as soon as it can be called, or a `ServingError` that says why it can't.
    """

    def __init__(self, arguments: Sequence[str], folder: Path | None = None, patience: float | None = None) -> None:
        """Start it.

        Args:
            arguments: of `latentlab serve`, with absolute paths.
            folder: that it runs in; that of this process if None.
            patience: seconds after which one that can't be called yet is ended; None for no limit.
        """
        self.opened: Future[str] = Future()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "latentlab", "serve", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env=settings.environment(),
        )
        threading.Thread(target=self._listen, args=(patience,), daemon=True).start()

    @property
    def id(self) -> str:
        """Of the model that can be called; empty where there is none."""
        return self.opened.result() if self.opened.done() and self.opened.exception() is None else ""

    @property
    def is_running(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it, at once if its model can't be called yet."""
        if not self.opened.done():
            self._process.kill()
        self._end()

    def _end(self) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(GOODBYE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _listen(self, patience: float | None) -> None:
        """Wait for the one line that it says."""
        assert self._process.stdout is not None
        late = threading.Timer(patience or threading.TIMEOUT_MAX, self._process.kill)
        late.daemon = True
        late.start()
        with self._process.stdout as stdout:
            line = stdout.readline()
        late.cancel()
        said = json.loads(line or "{}")
        if "id" in said:
            self.opened.set_result(said["id"])
        else:
            self._end()
            ended = "Its process ended before it could be called: it took too long, or too much memory."
            self.opened.set_exception(ServingError(said.get("error", ended)))
