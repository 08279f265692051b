"""One mouse (or several), one session, one or more synchronised views."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

LengthUnit = Literal["px", "mm", "cm", "m", "body length"]
ViewAngle = Literal["top", "bottom", "side"]


class Arena(BaseModel):
    """The floor the mouse walks on; lengths in cm, the centre in the units of the poses.

    A missing centre means the origin for 3-D poses and is unknown for 2-D poses.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shape: Literal["circle", "rectangle"]
    width_cm: float = Field(gt=0, description="Diameter of a circle, or the side along x.")
    length_cm: float | None = Field(default=None, gt=0, description="Side along y of a rectangle.")
    center: tuple[float, float] | None = None


class Recording(BaseModel):
    """A row of the manifest; paths are absolute.

    ``poses`` maps a view to its 2-D pose file; the key ``""`` stands for a file that covers
    the whole recording (3-D poses, the only view, or several views in one file).
    ``estimated``: the poses are not given, the chain makes that file from the videos; ``unseen``:
    and found no mouse in them. ``describer`` says who writes its descriptions; nobody when "".
    ``view_angle`` says from where a single camera looks; None when unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    id: str
    subject: str
    group: str = ""
    treatment: str = ""
    dose_mg_per_kg: float | None = None
    fps: float | None = Field(default=None, gt=0)
    videos: Mapping[str, Path] = Field(default_factory=dict)
    poses: Mapping[str, Path] = Field(default_factory=dict)
    estimated: bool = False
    unseen: bool = False
    describer: str = ""
    calibration: Path | None = None
    pose_unit: LengthUnit | None = None
    px_per_cm: float | None = Field(default=None, gt=0)
    view_angle: ViewAngle | None = None
    arena: Arena | None = None
    metadata: Mapping[str, str] = Field(default_factory=dict)
