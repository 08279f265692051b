"""Schemas of the tables: which columns must be there, of what kind, and what is the key.

The key ``(recording, individual, frame)`` is the only road back to the pixels: ``frame`` is the
index in the original video and never changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import pandas as pd

from mousegpt.core.errors import DataError
from mousegpt.core.facts import FACTS, SPEEDS, STATES, state_column

Kind = Literal["text", "integer", "number", "list", "vector", "flag"]

KEY: Final = ("recording", "individual", "frame")

_KEY_COLUMNS: Final[dict[str, Kind]] = {
    "recording": "text",
    "individual": "text",
    "frame": "integer",
    "time_s": "number",
}


@dataclass(frozen=True)
class TableSchema:
    """Columns of a table and its unique key."""

    name: str
    columns: dict[str, Kind]
    key: tuple[str, ...] = KEY


SPEED_TABLE: Final = TableSchema("speeds", _KEY_COLUMNS | {name: "number" for name in SPEEDS})

POSTURE_TABLE: Final = TableSchema(
    "posture",
    _KEY_COLUMNS
    | {"length_unit": "text"}
    | {name: "number" for name in SPEEDS}
    | {fact.name: "number" for fact in FACTS}
    | {f"{fact.name}_sd": "number" for fact in FACTS}
    | {state_column(state.name): "text" for state in STATES},
)

DESCRIPTION_TABLE: Final = TableSchema(
    "descriptions",
    _KEY_COLUMNS
    | {
        "status": "text",  # "ok", or why there is no description
        "overall": "text",
        "head": "text",
        "limb": "text",
        "torso": "text",
        "others": "text",
        "keywords": "text",
    },
)

EMBEDDING_TABLE: Final = TableSchema(
    "embeddings", _KEY_COLUMNS | {"text_sha256": "text", "embedding": "vector"}
)

KEYWORD_TABLE: Final = TableSchema("keywords", _KEY_COLUMNS | {"keywords": "list"})

BEHAVIOR_TABLE: Final = TableSchema(
    "behaviors",
    _KEY_COLUMNS | {"cluster": "integer", "behavior": "text"},  # -1 and NA = unassigned
)

POSTURE_KEY_TABLE: Final = TableSchema(
    "fine_postures", _KEY_COLUMNS | {"head": "list", "limb": "list", "torso": "list"}
)

NOVELTY_TABLE: Final = TableSchema("novelty", _KEY_COLUMNS | {"score": "number", "novel": "flag"})

LAYOUT_TABLE: Final = TableSchema("layout", _KEY_COLUMNS | {"x": "number", "y": "number"})


def validate_table(table: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """Return the table with the schema's columns first, or name every fault at once.

    Raises
    ------
    DataError
        When columns are missing or the key repeats.
    """
    missing = [name for name in schema.columns if name not in table.columns]
    if missing:
        raise DataError(
            f"The table '{schema.name}' lacks the column(s) {', '.join(missing)}; "
            f"it has {', '.join(map(str, table.columns))}."
        )
    repeated = int(table.duplicated(list(schema.key)).sum())
    if repeated:
        raise DataError(
            f"The table '{schema.name}' has {repeated} repeated key(s) ({', '.join(schema.key)})."
        )
    rest = [name for name in table.columns if name not in schema.columns]
    return table[[*schema.columns, *rest]]
