"""The frame of reference of the facts, at one door: the floor and the scale."""

from mousegpt.kinematics.floor import Floor, align_arena, align_to_floor, estimate_floor
from mousegpt.kinematics.scale import estimate_body_length, scale_arena, scale_poses

__all__ = [
    "Floor",
    "align_arena",
    "align_to_floor",
    "estimate_body_length",
    "estimate_floor",
    "scale_arena",
    "scale_poses",
]
