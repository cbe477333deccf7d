"""Feather and Arrow files, whose compressed buffers are measured before they are inflated."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import Any

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import check_inflated_size
from latentlab.data.files.containers.parquet import as_table, check_cells
from latentlab.data.files.tables.columns import Table

RECORD_BATCH, DICTIONARY_BATCH = 3, 2  # kinds of messages in Arrow's format
HEADER, BUFFERS, COMPRESSION, DICTIONARY = 2, 2, 3, 1  # numbers of fields in its tables


def read_feather(name: str, content: bytes) -> Table:
    """The columns of a Feather (version 2) or Arrow file, or of an Arrow stream.

    Raises:
        DataError: damaged, too large, or without a column that can be read.
    """
    import pyarrow as pa  # type: ignore[import-untyped]

    if content.startswith(b"FEA1"):
        raise DataError(f"{name} is of Feather's first version, which is no longer read: save it again, as version 2.")
    is_file = content.startswith(b"ARROW1")
    try:
        claimed = sum(_claimed(message) for message in _messages(content, is_file))
        check_inflated_size(name, claimed, len(content))
        with (pa.ipc.open_file if is_file else pa.ipc.open_stream)(io.BytesIO(content)) as reader:
            schema = reader.schema
            table = reader.read_all()
        table.validate(full=True)  # indices and offsets that lead out of a buffer are followed without a check
        check_cells(name, table.num_rows, table.num_columns)
        if len(set(schema.names)) < len(schema):
            raise DataError(f"{name} has two columns of one name.")
        columns = [
            column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column for column in table
        ]
        return as_table(name, pa.table(columns, names=schema.names), schema.metadata)
    except (pa.ArrowException, OSError, ValueError, LookupError, struct.error) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name} is not a Feather or Arrow file, or a damaged one.") from error


def _messages(content: bytes, is_file: bool) -> Iterator[Any]:
    import pyarrow as pa

    reader = pa.ipc.MessageReader.open_stream(io.BytesIO(content[8:] if is_file else content))
    while True:
        try:
            yield reader.read_next_message()
        except (StopIteration, EOFError):
            return


def _claimed(message: Any) -> int:
    """The bytes that the buffers of a message say they hold: the first eight of a compressed one are its length."""
    head = message.metadata.to_pybytes()
    body = message.body
    table = _root(head)
    kind = _field(head, table, 1)
    if body is None or not kind or head[kind] not in (RECORD_BATCH, DICTIONARY_BATCH):
        return 0
    batch = _follow(head, _field(head, table, HEADER))
    if head[kind] == DICTIONARY_BATCH:
        batch = _follow(head, _field(head, batch, DICTIONARY))
    if not _field(head, batch, COMPRESSION):
        return len(body)
    vector = _follow(head, _field(head, batch, BUFFERS))
    (n,) = struct.unpack_from("<I", head, vector)
    total = 0
    for offset, length in struct.iter_unpack("<qq", head[vector + 4 : vector + 4 + 16 * n]):
        if length >= 8:
            (size,) = struct.unpack_from("<q", body.slice(offset, 8).to_pybytes())
            total += length if size < 0 else size
    return total


def _root(head: bytes) -> int:
    return int(struct.unpack_from("<I", head, 0)[0])


def _field(head: bytes, table: int, k: int) -> int:
    """Where the k-th field of a table lies in a flat buffer; 0 where it isn't there."""
    back, size = table - struct.unpack_from("<i", head, table)[0], 0
    (size,) = struct.unpack_from("<H", head, back)
    if 4 + 2 * k >= size:
        return 0
    (offset,) = struct.unpack_from("<H", head, back + 4 + 2 * k)
    return table + offset if offset else 0


def _follow(head: bytes, at: int) -> int:
    return at + int(struct.unpack_from("<I", head, at)[0])
