"""Parquet and Feather files, measured by what they say of themselves before anything is decoded."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MAX_BYTES, MIB, check_inflated_size
from latentlab.data.files.arrays import Values
from latentlab.data.files.containers.arrow_columns import class_names, values
from latentlab.data.files.tables.columns import Table

MAX_CELLS = 1 << 28
MAX_COLUMNS = 1 << 16  # as long as a vector may be
BATCH_ROWS = 8192
BATCH_BYTES = 256 * MIB  # at most of a batch, if each of its cells were as long as the column


def check_cells(name: str, n_rows: int, n_columns: int) -> None:
    """Refuse a table of more cells, or of more columns, than can be read.

    Raises:
        DataError: it has more.
    """
    if n_columns > MAX_COLUMNS:
        raise DataError(f"{name} has {n_columns:,} columns; {MAX_COLUMNS:,} are the most.")
    if n_rows * n_columns > MAX_CELLS:
        raise DataError(f"{name} has {n_rows * n_columns:,} cells; {MAX_CELLS:,} are the most.")


def read_parquet(name: str, content: bytes, n_batches: int | None = None) -> Table:
    """The columns of a Parquet file; lists of numbers are vectors, and Hugging Face's images are their bytes.

    Text is read as the dictionary that the file holds, and its size counted from the lengths of the words, before it is
    written out: a few long texts that many rows share are small in the file only.

    Args:
        name: of the file, for messages.
        content: of the file.
        n_batches: so many batches of rows are read; all if None.

    Raises:
        DataError: damaged, too large, or without a column that can be read.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with pq.ParquetFile(io.BytesIO(content)) as file:
            meta, schema = file.metadata, file.schema_arrow
        _check(name, meta, len(schema), len(content))
        if len(set(schema.names)) < len(schema):
            raise DataError(f"{name} has two columns of one name.")
        texts = [field.name for field in schema if _is_text(field.type)]
        with pq.ParquetFile(io.BytesIO(content), read_dictionary=texts) as file:
            batches, n_bytes = [], 0
            for batch in itertools.islice(file.iter_batches(batch_size=_batch_rows(meta, schema)), n_batches):
                n_bytes += sum(_written_out(column) for column in batch.columns)
                if n_bytes > MAX_BYTES:
                    raise DataError(f"{name} holds more than {MAX_BYTES / MIB:,.0f} MiB.")
                batches.append(batch)
        columns = ([_plain(column) for column in batch.columns] for batch in batches)
        records = [pa.RecordBatch.from_arrays(each, names=schema.names) for each in columns]
        table = pa.Table.from_batches(records) if records else schema.empty_table()
        return as_table(name, table, schema.metadata)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{name} is not a Parquet file, or a damaged one.") from error


def as_table(name: str, table: Any, metadata: dict[bytes, bytes] | None) -> Table:
    """The columns of an Arrow table that can be read.

    Raises:
        DataError: none can be, or lists that were cut off.
    """
    table.validate(full=True)  # text that isn't UTF-8 would fail later, where it is used
    found = dict[str, Values | None]()
    for column in table.column_names:
        try:
            found[column] = values(column, table[column])
        except DataError as error:
            raise DataError(f"{name} can't be used: {error}.") from error
    return Table.usable(found, f"{name} has no column of plain values or of lists of numbers.", class_names(metadata))


def _check(name: str, meta: Any, n_columns: int, n_bytes: int) -> None:
    check_cells(name, meta.num_rows, n_columns)
    groups = [meta.row_group(k) for k in range(meta.num_row_groups)]
    check_inflated_size(name, sum(group.total_byte_size for group in groups), n_bytes)
    n_values = sum(group.column(k).num_values for group in groups for k in range(group.num_columns))
    if n_values > MAX_CELLS:
        raise DataError(f"{name} has {n_values:,} values; {MAX_CELLS:,} are the most.")


def _batch_rows(meta: Any, schema: Any) -> int:
    """So few rows that a batch is small, even if each holds as much as its column's piece of the file."""
    import pyarrow as pa

    if not any(pa.types.is_struct(field.type) for field in schema):
        return BATCH_ROWS  # text is read as a dictionary
    groups = [meta.row_group(k) for k in range(meta.num_row_groups)]
    pieces = [group.column(k).total_uncompressed_size for group in groups for k in range(group.num_columns)]
    return int(np.clip(BATCH_BYTES // max(1, max(pieces, default=1)), 1, BATCH_ROWS))


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_binary(plain))


def _written_out(column: Any) -> int:
    """The bytes of a column with each of its words written out."""
    import pyarrow as pa
    import pyarrow.compute as pc  # type: ignore[import-untyped]

    if not pa.types.is_dictionary(column.type) or not _is_text(column.type):
        return int(column.nbytes)
    lengths = pc.binary_length(column.dictionary).take(column.indices)
    return int(pc.sum(lengths.cast(pa.int64())).as_py() or 0) + int(column.nbytes)


def _plain(column: Any) -> Any:
    import pyarrow as pa

    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
