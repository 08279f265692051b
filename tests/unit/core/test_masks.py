import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from mousegpt.core.masks import decode_mask, encode_mask


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_a_mask_survives(mask):
    counts = encode_mask(mask)
    assert counts.sum() == mask.size
    height, width = mask.shape
    assert np.array_equal(decode_mask(counts, (width, height)), mask)


@pytest.mark.parametrize("value", [False, True])
def test_counts_begin_with_background(value):
    counts = encode_mask(np.full((3, 2), value)).tolist()
    assert counts == ([0, 6] if value else [6])


@given(st.integers(1, 9), st.integers(1, 9))
def test_runs_go_down_the_columns(width, height):
    mask = np.zeros((height, width), bool)
    mask[:, 0] = True
    assert encode_mask(mask).tolist()[:2] == [0, height]
