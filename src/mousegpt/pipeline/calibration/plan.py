"""What is filmed for a calibration, and what is wanted from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from mousegpt.geometry.targets import Charuco, Checkerboard, MarkerSheet, Target
from mousegpt.pipeline.calibration.footage import BoardSet


@dataclass(frozen=True)
class BoardPlan:
    """What is filmed, and what is wanted from it.

    Parameters
    ----------
    own, shared
        The boards of the two sets.
    sheet
        The sheet of markers.
    lens
        A name of `mousegpt.geometry.intrinsics.LENS_MODELS`.
    scale_by
        Whose size is believed when boards and sheet differ.
    max_frames
        Frames of each video that are looked at.
    max_boards
        Pictures of each view and set that are used, those that differ most.
    """

    own: Checkerboard | Charuco = field(default_factory=Checkerboard)
    shared: Checkerboard | Charuco = field(default_factory=Checkerboard)
    sheet: MarkerSheet = field(default_factory=MarkerSheet)
    lens: str = "k1 k2 p1 p2 k3"
    scale_by: Literal["boards", "sheet"] = "boards"
    max_frames: Annotated[int, Field(gt=0)] = 150
    max_boards: Annotated[int, Field(gt=0)] = 40

    def find_target(self, board_set: BoardSet) -> Target:
        """Return what a set shows."""
        targets: dict[BoardSet, Target] = {
            "own": self.own,
            "shared": self.shared,
            "sheet": self.sheet,
        }
        return targets[board_set]
