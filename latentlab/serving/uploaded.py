"""Models in ONNX files that visitors of the app upload: what is taken, who opened which, and how each is closed.

The files are read by a process of their own, which has limited memory and ends when nobody used the model for long.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from latentlab import settings
from latentlab.serialization import check_writable
from latentlab.serving.examples import of_data_set
from latentlab.serving.file import served_as
from latentlab.serving.functions import ServingError
from latentlab.serving.onnx import given_by_files
from latentlab.serving.own_model import OwnModel
from latentlab.serving.process import ServingProcess

MODEL, NUMBERS = ".onnx", ".data"  # a model, and the numbers of one that lie beside it
MOST_FILES = 4
MOST_BYTES = 256 << 20  # of all files of a model
MOST_MEMORY = 4 << 30  # bytes of a process
MOST, MOST_OF_ONE = 8, 3  # open models, of all visitors and of one
PATIENCE = 300.0  # seconds to open one, with its data
UNUSED = 3600.0  # seconds after which one that nobody used is closed
LONGEST_TITLE = 40  # characters
LOADS = {  # how PyTorch reads a file of weights, without running code in it
    ".pt": "torch.load({name!r}, weights_only=True)",
    ".ckpt": "torch.load({name!r}, weights_only=True)['state_dict']",
    ".safetensors": "safetensors.torch.load_file({name!r})",
}
LOADS |= dict.fromkeys((".pth", ".pkl", ".pickle", ".bin"), LOADS[".pt"])


def check_files(names: Sequence[str], shape: Sequence[int]) -> None:
    """Whether uploaded files can be a model.

    Args:
        names: of the files.
        shape: of an example of the data.

    Raises:
        ServingError: what of them is not taken; its `details` are lines of Python that write ONNX, where that helps.
    """
    for name in names:
        suffix = Path(name).suffix.lower()
        if suffix == ".py":
            raise ServingError(
                f"{name} is code, which visitors of a page can't run here. Whoever runs the app can: "
                f"latentlab app --model {name}"
            )
        if suffix in LOADS:
            raise ServingError(
                f"{name} holds weights without their network, and may hold code. Write ONNX where the network is "
                "defined, as network with an encoder and a decoder; the last numbers are those of a code:",
                conversion(name, shape),
            )
        if suffix not in (MODEL, NUMBERS):
            raise ServingError(f"{name} is no ONNX model: {MODEL} files are taken, with their {NUMBERS} files.")
    if not any(Path(name).suffix.lower() == MODEL for name in names):
        raise ServingError(f"The {NUMBERS} files belong to a model: upload its {MODEL} file with them.")
    if len(names) > MOST_FILES or len(set(names)) < len(names):
        raise ServingError(f"These are {len(names)} files; at most {MOST_FILES} of different names are one model.")


def conversion(name: str, shape: Sequence[int]) -> str:
    """Three lines of Python that write the encoder and the decoder of a network as ONNX, from a file of weights."""
    load = LOADS[Path(name).suffix.lower()].format(name=name)
    write = "torch.onnx.export(network.{0}, torch.zeros{1}, '{0}.onnx', dynamo=False, input_names=['x'], {2})"
    rows = "dynamic_axes={'x': {0: 'n'}}"
    module = load.partition(".")[0] if load.startswith("safetensors") else ""
    first = f"import torch{', safetensors.torch' if module else ''}; network.load_state_dict({load}); network.eval()"
    return "\n".join([first, write.format("encoder", (1, *shape), rows), write.format("decoder", (1, 2), rows)])


def model(paths: Sequence[Path], dataset: str, title: str) -> OwnModel:
    """The model that uploaded files are; from now on this process can't have more than `MOST_MEMORY`.

    Raises:
        ServingError, DataError: they are none, or there is no such data set.
    """
    _limit_memory()
    found = of_data_set(dataset)
    models = [path for path in paths if path.suffix.lower() == MODEL]
    return served_as(given_by_files(models, found.examples, title[:LONGEST_TITLE]), found)


def _limit_memory() -> None:
    try:
        import resource  # Windows has none
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


@dataclass(eq=False)
class _Opened:
    owner: str
    process: ServingProcess


@dataclass(eq=False)
class UploadedModels:
    """The open ones of a server, by who opened them; threads may share it."""

    _opened: list[_Opened] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, owner: str, files: Mapping[str, bytes], dataset: str, title: str) -> ServingProcess:
        """Start to open files, for a visitor.

        Args:
            owner: the visitor.
            files: name -> content; `check_files` takes the names.
            dataset: its name.
            title: of the model.

        Raises:
            ServingError: the files are too large, or too many models are open.
            RunError: the app is for looking only.
        """
        check_writable()
        if sum(map(len, files.values())) > MOST_BYTES:
            raise ServingError(f"The files are more than {MOST_BYTES >> 20} MB together.")
        with self._lock:
            self._opened = [one for one in self._opened if one.process.is_running]
            if len(self._opened) >= MOST:
                raise ServingError(f"{MOST} models are open on this server, which is the most; try again later.")
            if sum(one.owner == owner for one in self._opened) >= MOST_OF_ONE:
                raise ServingError(f"You have {MOST_OF_ONE} models open, which is the most: close one of them.")
            folder = tempfile.TemporaryDirectory(prefix="latentlab-")
            paths = [Path(folder.name) / name for name in files]
            for path, content in zip(paths, files.values(), strict=True):
                path.write_bytes(content)
            arguments = [*map(str, paths), "--data", dataset, "--uploaded", title]
            process = ServingProcess(arguments, settings.ROOT, PATIENCE)
            process.opened.add_done_callback(lambda _: folder.cleanup())
            self._opened.append(_Opened(owner, process))
            return process

    def is_owner(self, owner: str, model_id: str) -> bool:
        """Whether a visitor opened a model."""
        return any(one.owner == owner for one in self._found(model_id))

    def is_here(self, model_id: str) -> bool:
        """Whether a model was opened here, by anyone."""
        return bool(self._found(model_id))

    def close(self, model_id: str) -> None:
        """Close a model that was opened here."""
        for one in self._found(model_id):
            one.process.stop()

    def _found(self, model_id: str) -> list[_Opened]:
        with self._lock:
            return [one for one in self._opened if one.process.is_running and one.process.id == model_id]
