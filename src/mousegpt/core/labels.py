"""What a person says about the keypoints of one frame, in all its views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

State = Literal["visible", "hidden", "absent"]
Origin = Literal["hand", "accepted", "triangulated", "imported"]
Pixel = Annotated[float, Field(ge=-1e5, le=1e5, allow_inf_nan=False)]


class Label(BaseModel):
    """One keypoint in one view.

    ``hidden``: something is before it, its place is a guess. ``absent``: its place cannot be told,
    or is outside the picture; such a label has no coordinates. ``origin`` says who placed it:
    ``hand``; ``accepted`` is a prediction that a person found right; ``triangulated`` comes from
    the labels of other views.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    x: Pixel | None = None
    y: Pixel | None = None
    state: State = "visible"
    origin: Origin = "hand"

    @model_validator(mode="after")
    def _check_place(self) -> Self:
        places = [self.x is None, self.y is None]
        if any(places) != all(places) or all(places) != (self.state == "absent"):
            raise ValueError("a label has x and y, or is absent and has neither")
        return self


#: labels by view, individual and keypoint
Points = dict[str, dict[str, dict[str, Label]]]


class FrameLabels(BaseModel):
    """The labels of one frame.

    Parameters
    ----------
    frame
        Index in the original video.
    revision
        How often the frame was saved; who saves must know the newest.
    done
        Whether a person has been through all keypoints.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    frame: int = Field(ge=0)
    revision: int = Field(default=0, ge=0)
    done: bool = False
    points: Points = Field(default_factory=dict)

    def list_labels(self) -> Iterator[tuple[str, str, str, Label]]:
        """Yield view, individual, keypoint and label."""
        for view, individuals in self.points.items():
            for individual, keypoints in individuals.items():
                for keypoint, label in keypoints.items():
                    yield view, individual, keypoint, label

    @property
    def n_labels(self) -> int:
        """Number of labels, absent ones too."""
        return sum(1 for _ in self.list_labels())

    def agrees_with(self, other: FrameLabels) -> bool:
        """Whether both say the same, whatever their revisions."""
        return self.model_copy(update={"revision": other.revision}) == other
