"""The server of one model: a thread of the process that has the functions, which answers over loopback.

A file of its folder says where it is; whoever may read it may call. Calls are made one at a time.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latentlab import settings
from latentlab.remote.wire import HOST, MAX_ARRAYS, Arrays, Message, prepare, receive, send
from latentlab.serialization import write
from latentlab.serving.curvature import curvature_of
from latentlab.serving.functions import ServingError
from latentlab.serving.own_model import OwnModel

MAX_EXAMPLES = MAX_ARRAYS // 2  # bytes that are sent at once
Answer = tuple[dict[str, Any], Arrays]


class Server:
    """Serves a model until it is stopped; another one can take its place."""

    def __init__(self, model: OwnModel, folder: Path | None = None, *, is_uploaded: bool = False) -> None:
        self.folder = folder or settings.served()
        self.is_uploaded, self.used = is_uploaded, time.monotonic()  # when it was called last
        self.token = secrets.token_hex(16)
        self._one_at_a_time = threading.Lock()
        self._socket = socket.create_server((HOST, 0))
        self.port: int = self._socket.getsockname()[1]
        self.id = self._register(model.given.title)
        self.replace(model)
        threading.Thread(target=self._accept, daemon=True).start()

    def replace(self, model: OwnModel) -> None:
        """Serve another model from now on, under the same id."""
        with self._one_at_a_time:
            self.model, self.version = model, secrets.token_hex(6)

    def stop(self) -> None:
        """Serve no more."""
        with suppress(OSError):
            (self.folder / f"{self.id}.json").unlink(missing_ok=True)
        self._socket.close()

    def _register(self, title: str) -> str:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:40] or "model"
        k, name = 1, slug
        while (self.folder / f"{name}.json").exists():
            k += 1
            name = f"{slug}-{k}"
        path = self.folder / f"{name}.json"
        words = {"port": self.port, "token": self.token, "process": os.getpid()}
        write(path, json.dumps(words).encode())
        path.chmod(0o600)
        return name

    def _accept(self) -> None:
        while True:
            try:
                opened, _ = self._socket.accept()
            except OSError:  # it was stopped
                return
            threading.Thread(target=self._converse, args=(prepare(opened),), daemon=True).start()

    def _converse(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            token = receive(connection).words.get("token")
            if not isinstance(token, str) or not hmac.compare_digest(token.encode(), self.token.encode()):
                return
            while True:
                send(connection, *self._answer(receive(connection)))

    def _answer(self, message: Message) -> Answer:
        if message.words.get("call") == "describe":
            return self._described(), {}
        with self._one_at_a_time:
            self.used = time.monotonic()
            try:
                return self._called(message)
            except ServingError as error:
                return {"error": str(error), "details": error.details}, {}
            except (LookupError, TypeError, ValueError, RuntimeError) as error:
                return {"error": f"The model can't answer: {error}", "details": traceback.format_exc()}, {}

    def _called(self, message: Message) -> Answer:
        words, model = message.words, self.model
        arrays = {name: torch.from_numpy(array) for name, array in message.arrays.items()}
        if words["call"] == "examples":
            found = model.examples
            n = max(1, min(len(found), MAX_EXAMPLES // max(1, found.x[0].nbytes)))
            return {}, {"x": found.x[:n].numpy(), "y": found.y[:n].numpy()}
        if words["version"] != self.version:
            raise ServingError("The model was replaced by another one: load the page again.")
        if words["call"] == "program":
            return {}, {"value": np.frombuffer(model.program(arrays["center"], arrays["scale"]), np.uint8)}
        if words["call"] == "curvature":
            sizes, numbers = curvature_of(model, words["n"], words["k"], words["most"])
            return {"sizes": sizes}, numbers
        if words.get("gradient"):
            x, by = arrays.pop("x"), {name.removeprefix("by:"): one for name, one in arrays.items()}
            return {}, {"x": model.gradient(words["call"], x, by).numpy()}
        with torch.no_grad():
            if words.get("layers"):
                values, layers, outputs = model.observed(words["call"], arrays["x"], words["layers"])
                values |= {f"layer:{name}": one for name, one in outputs.items()}
                return {"layers": layers}, _plain(values)
            return {}, _plain(model.answer(words["call"], arrays, n=words.get("n", 0), seed=words.get("seed", 0)))

    def _described(self) -> dict[str, Any]:
        model, spec = self.model, self.model.examples.spec
        return {
            "version": self.version,
            "title": model.given.title,
            "dataset": model.examples.name,
            "shape": list(spec.shape),
            "kind": spec.kind.value,
            "names": list(spec.names),
            "classes": list(model.examples.classes),
            "abilities": model.abilities,
            "z_dim": model.z_dim,
            "sigma": model.given.sigma / (model.given.high - model.given.low),
            "derivative": model.derivative.value,
            "note": " ".join(model.notes),
            "uploaded": self.is_uploaded,
            "unused": time.monotonic() - self.used,
        }


def _plain(values: Mapping[str, torch.Tensor]) -> Arrays:
    return {name: value.detach().float().numpy() for name, value in values.items()}
