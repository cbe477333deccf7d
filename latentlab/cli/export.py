"""`latentlab export`: write a run as one zip, to be taken to another machine, or what its model does as ONNX files."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from latentlab.export.onnx import onnx_files
from latentlab.runs.export import pack
from latentlab.runs.store import Store
from latentlab.serialization import write


def arguments(parser: argparse.ArgumentParser) -> None:
    """What `export` takes."""
    parser.add_argument("run", help="the id of a run, as `runs` lists it")
    text = "the zip to write, by default the id in this folder; with --onnx the folder, by default this one"
    parser.add_argument("path", nargs="?", type=Path, help=text)
    text = "instead, a file for each of encode, decode, classify and denoise, checked against the model"
    parser.add_argument("--onnx", action="store_true", help=text)


def run(options: argparse.Namespace) -> int:
    """Write a run as one zip: its parameters, snapshots, curves, test examples, and a card that says what it is."""
    if options.onnx:
        return _write_onnx(options.run, options.path or Path())
    packed = io.BytesIO()
    pack(Store.default(), options.run, packed)
    path = options.path or Path(f"{options.run}.zip")
    write(path, packed.getvalue())
    print(f"{path}: {path.stat().st_size:,} bytes")
    return 0


def _write_onnx(run_id: str, folder: Path) -> int:
    store = Store.default()
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in onnx_files(store.load(run_id), store.examples(run_id)).items():
        path = folder / f"{run_id}-{name}.onnx"
        write(path, content)
        print(f"{path}: {len(content):,} bytes")
    return 0
