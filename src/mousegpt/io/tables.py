"""Tables on disk: Parquet, the same bytes for the same content; ``skeleton.csv`` as text.

Text is stored as string, lists as list, a column of numpy vectors as fixed-size lists of float32.
The index is never stored. Every page carries a checksum, so that a damaged file is noticed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError
from mousegpt.core.skeleton_map import SkeletonMap
from mousegpt.io.atomic import write_atomically
from mousegpt.io.spreadsheet import read_sheet

_ROWS_PER_GROUP = 65_536


def save_table(
    table: pd.DataFrame, path: str | Path, metadata: Mapping[str, str] | None = None
) -> None:
    """Save a table as Parquet: complete or not at all, and byte-identical for equal content.

    Parameters
    ----------
    table
        Column names are unique texts. A column of one-dimensional float arrays (or None) becomes
        a vector column, in float32; categories become text.
    metadata
        Texts kept in the file's header, see `load_metadata`.

    Raises
    ------
    DataError
        When a column mixes types or the vectors of a column differ in length.
    """
    names = [str(name) for name in table.columns]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise DataError(f"A table has the column(s) {', '.join(repeated)} more than once.")
    arrays = [_to_arrow(table.iloc[:, i], name) for i, name in enumerate(names)]
    header = {key: metadata[key] for key in sorted(metadata)} if metadata else None
    arrow = pa.Table.from_arrays(arrays, names=names).replace_schema_metadata(header)

    def write(part: Path) -> None:
        pq.write_table(
            arrow,
            part,
            compression="zstd",
            compression_level=3,
            version="2.6",
            row_group_size=_ROWS_PER_GROUP,
            write_page_checksum=True,
        )

    write_atomically(path, write)


def load_table(path: str | Path, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Load a table, or some of its columns.

    Vectors come back as float32 arrays, lists as lists, both with None where missing; integers
    and flags with gaps as the nullable ``Int64`` and ``boolean``.

    Raises
    ------
    DataError
        When the file is missing, damaged or has no such column.
    """
    with _reading(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
        missing = [name for name in columns or () if name not in file.schema_arrow.names]
        if missing:
            raise DataError(f"The table {path} lacks the column(s) {', '.join(missing)}.")
        arrow = file.read(None if columns is None else list(columns))
    series = {name: _to_series(arrow[name]) for name in arrow.column_names}
    return pd.DataFrame(series, index=pd.RangeIndex(arrow.num_rows))


def load_metadata(path: str | Path) -> dict[str, str]:
    """Load the texts that were saved in the header of a table.

    Raises
    ------
    DataError
        When the file is missing or damaged.
    """
    with _reading(path):
        header = pq.read_schema(path).metadata or {}
    return {key.decode(): value.decode() for key, value in header.items()}


def load_skeleton_map(path: str | Path) -> SkeletonMap:
    """Load ``skeleton.csv``: columns ``source`` and ``keypoint`` (empty = not used).

    It may be edited in a spreadsheet program, as the manifest.

    Raises
    ------
    DataError
        When the file is missing or unreadable, a column is missing, a source repeats, or a
        keypoint is none of ours.
    """
    sheet = read_sheet(Path(path), {"source", "keypoint"}.__contains__)
    rows = [dict(zip(sheet.header, cells, strict=False)) for _, cells in sheet.rows]
    try:
        return SkeletonMap.from_table(pd.DataFrame(rows, columns=list(sheet.header), dtype="str"))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def save_skeleton_map(skeleton: SkeletonMap, path: str | Path) -> None:
    """Save a map of keypoints as ``skeleton.csv``."""
    write_atomically(path, skeleton.table().to_csv(index=False, lineterminator="\n").encode())


@contextmanager
def _reading(path: str | Path) -> Iterator[None]:
    """Turn what a missing or damaged Parquet file raises into one sentence."""
    if not Path(path).is_file():
        raise DataError(f"There is no table {path}; run the step that makes it.")
    try:
        yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise DataError(f"The table {path} is damaged; delete it and run again.") from error


def _to_arrow(column: pd.Series, name: str) -> pa.Array:
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    if isinstance(column.dtype, np.dtype) and column.dtype.kind == "f":
        return pa.array(column.to_numpy(), from_pandas=False)  # NaN stays NaN
    first = next((cell for cell in column if cell is not None), None)
    try:
        if isinstance(first, np.ndarray) and first.dtype.kind == "f":
            return _to_vectors(list(column))
        array = pa.array(column, from_pandas=True)
    except (pa.ArrowException, ValueError, TypeError) as error:
        raise DataError(f"The column '{name}' mixes types or lengths ({error}).") from error
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) else array


def _to_vectors(cells: list[FloatArray | None]) -> pa.Array:
    lengths = {cell.shape for cell in cells if cell is not None}
    if len(lengths) > 1:
        raise ValueError(f"vectors of the shapes {sorted(lengths)}")
    (length,) = lengths.pop()
    blank = np.zeros(length, np.float32)
    flat = np.concatenate([blank if cell is None else cell for cell in cells], dtype=np.float32)
    missing = np.array([cell is None for cell in cells])
    return pa.FixedSizeListArray.from_arrays(pa.array(flat), length, mask=pa.array(missing))


def _to_series(column: pa.ChunkedArray) -> pd.Series:
    kind = column.type
    if pa.types.is_fixed_size_list(kind):
        return pd.Series(
            [cell for chunk in column.chunks for cell in _to_cells(chunk)], dtype=object
        )
    if pa.types.is_list(kind):
        return pd.Series(column.to_pylist(), dtype=object)
    if column.null_count and pa.types.is_integer(kind):
        return pd.Series(column.to_pandas(types_mapper={kind: pd.Int64Dtype()}.get))
    if column.null_count and pa.types.is_boolean(kind):
        return pd.Series(column.to_pandas(types_mapper={kind: pd.BooleanDtype()}.get))
    return pd.Series(column.to_pandas())


def _to_cells(chunk: pa.FixedSizeListArray) -> list[FloatArray | None]:
    size = chunk.type.list_size
    flat = chunk.values.to_numpy(zero_copy_only=False)[
        chunk.offset * size : (chunk.offset + len(chunk)) * size
    ]
    known = chunk.is_valid().to_numpy(zero_copy_only=False)
    rows = flat.reshape(len(chunk), size)
    return [row if there else None for row, there in zip(rows, known, strict=True)]
