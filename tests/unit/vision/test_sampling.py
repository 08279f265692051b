"""Frames at an even rate."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mousegpt.vision.sampling import choose_frames


@given(
    n_frames=st.integers(0, 5000),
    fps=st.floats(1, 240),
    rate=st.floats(0.1, 300),
    most=st.none() | st.integers(1, 50),
)
def test_frames_are_increasing_inside_and_few(n_frames, fps, rate, most):
    frames = choose_frames(n_frames, fps, rate_hz=rate, max_frames=most)
    assert np.all(np.diff(frames) > 0)
    assert frames.size == 0 or (frames[0] == 0 and frames[-1] < n_frames)
    assert most is None or len(frames) <= most


def test_rate_above_the_video_takes_every_frame():
    assert choose_frames(5, 10.0, rate_hz=50.0).tolist() == [0, 1, 2, 3, 4]
