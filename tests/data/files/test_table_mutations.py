"""A damaged table is a sentence or an answer, never another error; LATENTLAB_MUTATIONS=2200 tries so many of each."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.feather as feather  # type: ignore[import-untyped]
import pytest

from latentlab.data import DataError
from latentlab.data.files.read import read_path

TIMES = int(os.environ.get("LATENTLAB_MUTATIONS", "20"))
RNG = np.random.default_rng(0)
N = 14
FRAME = pd.DataFrame(
    {
        "id": [f"u{k}" for k in range(N)],
        "a": RNG.normal(size=N).round(4),
        "b": RNG.integers(0, 99, N),
        "emb": [str(RNG.normal(size=3).round(3).tolist()) for _ in range(N)],
        "kind": [("Süß", "herb")[k % 2] for k in range(N)],
    }
)
EMBEDDED = FRAME.assign(emb=[[1.5, 2.5, k] for k in range(N)], kind=pd.Categorical(FRAME["kind"]))


def parquet() -> bytes:
    out = io.BytesIO()
    EMBEDDED.to_parquet(out)
    return out.getvalue()


def arrow(codec: str) -> bytes:
    out = io.BytesIO()
    feather.write_feather(pa.Table.from_pandas(EMBEDDED), out, compression=codec)
    return out.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "comma.csv": lambda: FRAME.to_csv(index=False).encode(),
    "euro.csv": lambda: FRAME.to_csv(index=False, sep=";", decimal=",").encode("cp1252"),
    "unicode.txt": lambda: FRAME.to_csv(index=False, sep="\t").encode("utf-16"),
    "words.txt": lambda: "".join(f"w{k} {k}.5 2 3.25\n" for k in range(N)).encode(),
    "zipped.csv.gz": lambda: gzip.compress(FRAME.to_csv(index=False).encode()),
    "lines.jsonl": lambda: EMBEDDED.to_json(orient="records", lines=True).encode(),
    "array.json": lambda: EMBEDDED.to_json(orient="records").encode(),
    "plain.parquet": parquet,
    "plain.feather": lambda: arrow("uncompressed"),
    "zstd.arrow": lambda: arrow("zstd"),
}


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    out = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        at = int(rng.integers(0, max(1, len(out))))
        match int(rng.integers(0, 4)):
            case 0:
                out[at : at + 1] = bytes([int(rng.integers(0, 256))])
            case 1:
                out[at : at + int(rng.integers(1, 40))] = b""
            case 2:
                out[at:at] = rng.integers(0, 256, int(rng.integers(1, 9)), np.uint8).tobytes()
            case _:
                out[at:at] = rng.choice([b"\n", b'"', b",", b";", b"1e999", b"[", b"\\", b"-", b"\r\n\r\n"])
    return bytes(out)


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_table_is_a_sentence_or_an_answer(tmp_path: Path, name: str) -> None:
    content, path = FILES[name](), tmp_path / name
    path.write_bytes(content)
    assert read_path(path).splits.train.x.ndim == 2
    rng = np.random.default_rng(1)
    messages = []
    for _ in range(TIMES):
        path.write_bytes(mutated(content, rng))
        try:
            read_path(path)
        except DataError as error:
            messages.append(str(error))
    assert not [message for message in messages if "\n" in message or not message.endswith(".")]


HOSTILE: dict[str, Callable[[], bytes]] = {
    "columns.csv": lambda: b",".join(b"%d" % k for k in range(1_000_000)) + b"\n" + b"1," * 999_999 + b"1\n",
    "line.csv": lambda: b"a,b\n" + b"x" * (20 << 20) + b",1\n",
    "deep.jsonl": lambda: b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
    "deep.json": lambda: b"[" * 100_000,
    "deep.csv": lambda: b"a,b\n" + b"[" * 100_000 + b",1\n2,3\n",
    "quotes.tsv": lambda: b'a\tb\n"1\t2\n3\t4\n',
    "long.json": lambda: b'[{"a": ["' + b"x" * (1 << 20) + b'", ' + b'"y", ' * 10_000 + b'"z"]}]',
    "infinite.csv": lambda: b"a,b\n" + b"1e999,2\n" * 9,
    "digits.csv": lambda: b"a,b\n" + b"1" * 5_000 + b",2\n3,4\n",
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_table_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(HOSTILE[name]())
    message = ""
    try:
        read_path(tmp_path / name)
    except DataError as error:
        message = str(error)
    assert len(message) < 500
