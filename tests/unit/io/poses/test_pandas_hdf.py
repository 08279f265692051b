import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mousegpt.core.errors import DataError
from mousegpt.io.poses.pandas_hdf import parse_literal_pickle

scalars = st.none() | st.text() | st.integers(-(2**31), 2**31 - 1) | st.floats(allow_nan=False)
plain = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner), max_leaves=12
)


@given(plain, st.integers(0, 5))
def test_plain_values_come_back(value: Any, protocol: int) -> None:
    assert parse_literal_pickle(pickle.dumps(value, protocol=protocol)) == value


@pytest.mark.parametrize("value", [print, Exception("x"), {1, 2}, object()])
def test_anything_else_is_refused(value: object) -> None:
    with pytest.raises(DataError, match="csv"):
        parse_literal_pickle(pickle.dumps(value))
