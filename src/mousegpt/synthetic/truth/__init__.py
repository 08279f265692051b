"""What is true of a synthetic mouse: facts of every frame, and the states that describe it."""

from mousegpt.synthetic.truth.frames import build_truth, list_event_frames
from mousegpt.synthetic.truth.states import settle_states

__all__ = ["build_truth", "list_event_frames", "settle_states"]
