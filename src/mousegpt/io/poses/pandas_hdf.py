"""Tables that pandas wrote to HDF5, read with h5py and without unpickling anything.

pandas keeps the column names of a "table" in pickled attributes. Unpickling can run any code, so
only opcodes that build plain values are followed; the first other one ends the reading.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np

from mousegpt.core.arrays import FloatArray
from mousegpt.core.errors import DataError

#: A column of the table: one name, or one for each level of the header.
Column = tuple[str, ...]


def count_levels(path: Path) -> int:
    """Count the header rows of the table in an HDF5 file; 0 when pandas wrote none."""
    with h5py.File(path) as file:
        for group in file.values():
            kind = _as_text(group.attrs.get("pandas_type", ""))
            if kind.startswith("frame_table"):
                names = parse_literal_pickle(bytes(group["table"].attrs["values_block_0_kind"]))
                return len(_as_column(names[0]))
            if kind:
                return int(group.attrs.get("axis0_nlevels", 1))
    return 0


def read_pandas_hdf(path: Path) -> tuple[list[Column], FloatArray, list[Any]]:
    """Return columns, numbers of shape ``(rows, columns)``, and the label of each row.

    Raises
    ------
    DataError
        When the file holds no table, several tables, or names that only unpickling would tell.
    """
    with h5py.File(path) as file:
        groups = [g for g in file.values() if "pandas_type" in g.attrs]
        if len(groups) != 1:
            raise DataError(
                f"expected one pandas table in the file, found {len(groups)}; export it as csv."
            )
        kind = _as_text(groups[0].attrs["pandas_type"])
        read = _read_table if kind.startswith("frame_table") else _read_fixed
        return read(groups[0])


def _read_table(group: h5py.Group) -> tuple[list[Column], FloatArray, list[Any]]:
    table = group["table"]
    rows = table[:]
    columns: list[Column] = []
    blocks = []
    for field in table.dtype.names:
        if f"{field}_kind" not in table.attrs or field == "index":
            continue
        names = parse_literal_pickle(bytes(table.attrs[f"{field}_kind"]))
        columns += [_as_column(name) for name in names]
        blocks.append(np.asarray(rows[field], dtype=np.float64).reshape(len(rows), -1))
    labels = [_as_text(label) for label in rows["index"].tolist()]
    return columns, np.concatenate(blocks, axis=1), labels


def _read_fixed(group: h5py.Group) -> tuple[list[Column], FloatArray, list[Any]]:
    columns: list[Column] = []
    blocks = []
    for number in range(int(group.attrs["nblocks"])):
        columns += [_as_column(name) for name in _read_axis(group, f"block{number}_items")]
        values = np.asarray(group[f"block{number}_values"], dtype=np.float64)
        blocks.append(values)
    return columns, np.concatenate(blocks, axis=1), _read_axis(group, "axis1")


def _read_axis(group: h5py.Group, name: str) -> list[Any]:
    if name in group:
        return [_as_text(label) for label in group[name][:].tolist()]
    levels = []
    for level in range(int(group.attrs[f"{name}_nlevels"])):
        values = [_as_text(value) for value in group[f"{name}_level{level}"][:].tolist()]
        levels.append([values[code] for code in group[f"{name}_label{level}"][:]])
    return list(zip(*levels, strict=True))


def _as_text(value: Any) -> Any:
    return value.decode("utf-8") if isinstance(value, bytes) else value


def _as_column(name: Any) -> Column:
    return tuple(map(str, name)) if isinstance(name, tuple) else (str(name),)


_PUSHED: Final = (
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "STRING",
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "FLOAT", "BINFLOAT",
)  # fmt: skip
_CONSTANTS: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_TUPLE_SIZES: Final = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_MARK: Final = object()


def _pop_to_mark(stack: list[Any]) -> list[Any]:
    place = max(i for i, item in enumerate(stack) if item is _MARK)
    items = stack[place + 1 :]
    del stack[place:]
    return items


def parse_literal_pickle(content: bytes) -> Any:
    """Read lists, tuples, texts and numbers from a pickle without executing it.

    Raises
    ------
    DataError
        When the pickle holds anything else.

    Examples
    --------
    >>> import pickle
    >>> parse_literal_pickle(pickle.dumps([("scorer", "Nose", "x")], protocol=0))
    [('scorer', 'Nose', 'x')]
    """
    stack: list[Any] = []
    memo: dict[int, Any] = {}
    opcodes: Iterable[Any] = pickletools.genops(content)
    for opcode, argument, _ in opcodes:
        match opcode.name:
            case name if name in _PUSHED:
                stack.append(argument)
            case name if name in _CONSTANTS:
                stack.append(_CONSTANTS[name]())
            case name if name in _TUPLE_SIZES:
                items = stack[-_TUPLE_SIZES[name] :]
                stack[-len(items) :] = [tuple(items)]
            case "MARK":
                stack.append(_MARK)
            case "TUPLE":
                stack.append(tuple(_pop_to_mark(stack)))
            case "LIST":
                stack.append(_pop_to_mark(stack))
            case "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            case "APPENDS":
                items = _pop_to_mark(stack)
                stack[-1].extend(items)
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                memo[int(argument)] = stack[-1]
            case "MEMOIZE":
                memo[len(memo)] = stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                stack.append(memo[int(argument)])
            case "PROTO" | "FRAME" | "STOP":
                continue
            case name:
                raise DataError(
                    f"the names of the columns can only be had by unpickling ({name}), which may "
                    "run hidden code; export the table as csv."
                )
    return stack[-1]
