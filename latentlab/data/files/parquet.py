"""Parquet files, measured by what they say of themselves before anything is decoded."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

from latentlab.data.dataset import DataError
from latentlab.data.files.archives import MAX_BYTES, MIB, check_inflated_size, shown

MAX_CELLS = 1 << 28
MAX_COLUMNS = 1 << 16  # as long as a vector may be
BATCH_ROWS = 8192


def check_cells(name: str, n_rows: int, n_columns: int) -> None:
    """Refuse a table of more cells, or of more columns, than can be read.

    Raises:
        DataError: it has more.
    """
    if n_columns > MAX_COLUMNS:
        raise DataError(f"{name} has {n_columns:,} columns; {MAX_COLUMNS:,} are the most.")
    if n_rows * n_columns > MAX_CELLS:
        raise DataError(f"{name} has {n_rows * n_columns:,} cells; {MAX_CELLS:,} are the most.")


def read_parquet(path: Path, n_batches: int | None = None) -> Any:
    """The plain columns of a Parquet file as a frame; those with lists or structures in them are left out.

    Text is read as the dictionary that the file holds, and its size counted from the lengths of the words, before it is
    written out: a few long texts that many rows share are small in the file only.

    Args:
        path: the file.
        n_batches: so many times `BATCH_ROWS` rows are read; all if None.

    Raises:
        DataError: damaged, too large, or without a plain column.
    """
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    name = shown(path.name)
    try:
        with pq.ParquetFile(path) as file:
            meta, schema = file.metadata, file.schema_arrow
        check_cells(name, meta.num_rows, meta.num_columns)
        claimed = sum(meta.row_group(k).total_byte_size for k in range(meta.num_row_groups))
        check_inflated_size(name, claimed, path.stat().st_size)
        fields = [field for field in schema if not pa.types.is_nested(field.type)]
        flat = [field.name for field in fields]
        if len(set(flat)) < len(flat):
            raise DataError(f"{name} has two columns of one name.")
        if not flat:
            raise DataError(f"{name} has no plain column.")
        texts = [field.name for field in fields if _is_text(field.type)]
        with pq.ParquetFile(path, read_dictionary=texts) as file:
            batches, n_bytes = [], 0
            for batch in itertools.islice(file.iter_batches(batch_size=BATCH_ROWS, columns=flat), n_batches):
                n_bytes += sum(_written_out(column) for column in batch.columns)
                if n_bytes > MAX_BYTES:
                    raise DataError(f"{name} holds more than {MAX_BYTES / MIB:,.0f} MiB.")
                batches.append(batch)
        if not batches:
            return pa.schema(fields).empty_table().to_pandas(ignore_metadata=True)
        columns = ([_plain(column) for column in batch.columns] for batch in batches)
        table = pa.Table.from_batches([pa.RecordBatch.from_arrays(each, names=flat) for each in columns])
        table.validate(full=True)  # text that isn't UTF-8 would fail later, where it is used
        return table.to_pandas(ignore_metadata=True)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name} is not a Parquet file, or a damaged one.") from error


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
