"""Calls to a model of the user's own that another process serves."""

from __future__ import annotations

import json
import queue
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from socket import AF_INET, SOCK_STREAM, socket
from typing import Any, NamedTuple

from latentlab.remote.wire import HOST, Arrays, Message, prepare, receive, send
from latentlab.serialization import RunError

PATIENCE = 600.0  # seconds for an answer
GREETING = 2.0  # seconds for the connection, and for what the process says of itself
IDLE = 8  # connections kept for the next calls
MAX_PLACE = 1 << 16  # bytes of the file that says where a server is


class RemoteError(RunError):
    """A call that failed; the message is one sentence for the user.

    Attributes:
        details: the traceback of the user's own function; empty where it wasn't called.
    """

    def __init__(self, message: str, details: str = "") -> None:
        super().__init__(message)
        self.details = details

    def __reduce__(self) -> tuple[type[RemoteError], tuple[str, str]]:
        return RemoteError, (str(self), self.details)


class Place(NamedTuple):
    """Where a server is."""

    port: int
    token: str

    @classmethod
    def read(cls, path: Path) -> Place | None:
        """What a server wrote of itself; None where that can't be read."""
        try:
            if path.stat().st_size > MAX_PLACE:
                return None
            values = json.loads(path.read_bytes())
            port, token = values["port"], values["token"]
        except (OSError, ValueError, TypeError, LookupError):
            return None
        return cls(port, token) if type(port) is int and 0 < port < 1 << 16 and type(token) is str else None


@dataclass(frozen=True)
class Client:
    """One server; threads may share it. Two clients of the same place are equal, and can be sent to other processes."""

    place: Place
    title: str = "The model"
    _idle: queue.LifoQueue[socket] = field(
        default_factory=lambda: queue.LifoQueue(IDLE), repr=False, compare=False, hash=False
    )

    def __reduce__(self) -> tuple[type[Client], tuple[Place, str]]:
        return Client, (self.place, self.title)

    def call(self, words: Mapping[str, Any], arrays: Arrays | None = None, patience: float = PATIENCE) -> Message:
        """Ask, and wait for the answer.

        Args:
            words: the question; `call` in it names what is called.
            arrays: that belong to it.
            patience: seconds to wait.

        Raises:
            RemoteError: the server is gone, is busy for too long, or the user's function failed.
        """
        answer, connection = None, None
        try:
            connection = self._connection()
            connection.settimeout(patience)
            send(connection, words, arrays)
            answer = receive(connection)
        except TimeoutError as error:
            raise RemoteError(f"{self.title} gave no answer within {patience:g} seconds.") from error
        except (OSError, EOFError) as error:
            raise RemoteError(
                f"{self.title} doesn't answer any more: its process or its notebook has ended."
            ) from error
        finally:
            if connection is not None:
                self._finish(connection, answer is not None)
        if "error" in answer.words:
            raise RemoteError(str(answer.words["error"]), str(answer.words.get("details", "")))
        return answer

    def __del__(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()

    def _connection(self) -> socket:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return self._connect()

    def _connect(self) -> socket:
        connection = prepare(socket(AF_INET, SOCK_STREAM))
        try:
            connection.settimeout(GREETING)
            connection.connect((HOST, self.place.port))
            send(connection, {"token": self.place.token})
        except OSError:
            connection.close()
            raise
        return connection

    def _finish(self, connection: socket, is_in_order: bool) -> None:
        """Keep a connection for the next call; one with an answer still under way is closed."""
        try:
            if is_in_order:
                self._idle.put_nowait(connection)
                return
        except queue.Full:
            pass
        connection.close()
