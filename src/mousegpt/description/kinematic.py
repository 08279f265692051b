"""The default describer: sentences from the states of a posture, without any model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import numpy as np
import pandas as pd

from mousegpt.core.description import FrameDescription
from mousegpt.core.errors import DataError
from mousegpt.core.facts import STATES, UNKNOWN, state_column
from mousegpt.core.tables import DESCRIPTION_TABLE, KEY, TableSchema, validate_table
from mousegpt.description.grammar import LEXICON, list_states, write_element
from mousegpt.description.keywords import list_keywords

_STATE_TABLE: Final = TableSchema(
    "posture",
    {name: DESCRIPTION_TABLE.columns[name] for name in (*KEY, "time_s")}
    | {state_column(state.name): "text" for state in STATES},
)

#: Status of a row whose states are all unknown.
NOTHING_KNOWN: Final = "no state is known"


def describe_states(states: Mapping[str, str], *, seed: int = 0) -> FrameDescription:
    """Describe one frame from its states.

    Parameters
    ----------
    states
        Value of each state of `core.facts.STATES`; a missing state counts as ``"unknown"``.
    seed
        Chooses among the phrasings.

    Examples
    --------
    >>> frame = describe_states({"activity": "rearing", "trunk_pitch": "upright"})
    >>> frame.torso
    'The trunk is in an upright position.'
    >>> frame.keywords
    'rearing, trunk upright'
    """
    elements = {element: write_element(element, states, seed=seed) for element in LEXICON}
    return FrameDescription(**elements, keywords=", ".join(list_keywords(states)))


def describe_posture(posture: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Describe every frame in full sentences, from its states alone.

    Parameters
    ----------
    posture
        POSTURE_TABLE; of its columns only the key, the time and the states are read.
    seed
        Chooses among the phrasings. Equal states get equal words; another seed, other words.

    Returns
    -------
    pandas.DataFrame
        DESCRIPTION_TABLE, one row for each row of ``posture``, in its order. ``status`` is "ok",
        or "no state is known".

    Raises
    ------
    DataError
        When columns are missing, keys repeat, or a state has a value it cannot have.

    Notes
    -----
    A state that is ``"unknown"`` is passed over in silence; an element of which nothing is known
    says so, always in the same words. `reading.read_states` turns the sentences back into states.

    Source: Methods 4.2 (the elements; facts only, no negative sentences, no numbers of speed).
    Departs from the paper: there a vision-language model writes the sentences.
    """
    posture = validate_table(posture, _STATE_TABLE)
    states = posture[[state_column(state.name) for state in STATES]]
    states.columns = pd.Index([state.name for state in STATES])
    _check_values(states)
    texts = {
        element: _map_distinct(
            states[[*list_states(element)]], partial(write_element, element, seed=seed)
        )
        for element in LEXICON
    }
    return posture[[*KEY, "time_s"]].assign(
        status=np.where((states == UNKNOWN).all(axis=1), NOTHING_KNOWN, "ok"),
        **texts,
        keywords=_join_keywords(states),
    )


def _check_values(states: pd.DataFrame) -> None:
    """Raise DataError unless every value is one that its state can have."""
    for state in STATES:
        found = set(states[state.name].unique()).difference({*state.values, UNKNOWN})
        if found:
            raise DataError(
                f"Expected '{state_column(state.name)}' to be one of "
                f"{', '.join([*state.values, UNKNOWN])}; "
                f"found {', '.join(sorted(map(str, found)))}."
            )


def _map_distinct(states: pd.DataFrame, write: Callable[[Mapping[str, str]], str]) -> list[str]:
    """Write each distinct row once, and hand the texts out to all rows."""
    rows = states.groupby([*states.columns], sort=False).ngroup()
    distinct = states.drop_duplicates().to_numpy(object)
    texts = [write(dict(zip(states.columns, row, strict=True))) for row in distinct]
    return [texts[row] for row in rows]


def _join_keywords(states: pd.DataFrame) -> list[str]:
    """List the keywords element by element, as whole frames seldom repeat."""
    columns = [
        _map_distinct(
            states[[state.name for state in STATES if state.part == element]],
            lambda row: ", ".join(list_keywords(row)),
        )
        for element in LEXICON
    ]
    return [", ".join(filter(None, row)) for row in zip(*columns, strict=True)]
