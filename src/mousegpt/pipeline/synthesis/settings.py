"""What a synthetic study is made of, and where its files lie.

Layout::

    study/
      recordings.csv      the manifest: the folder is a project, `mousegpt run` works on it
      synthesis.json      how it was made: settings, versions, animals, planted events
      poses/REC.parquet   keypoints with noise and gaps, as a laboratory measures them
      videos/REC_VIEW.mp4
      calibration/        the same cameras in every format
      boards/SET/VIEW/NN.png         calibration boards: before each camera (own), among all
      boards/VIEW.parquet            cameras (shared), the sheet of markers; and their corners
      truth/REC.poses.parquet        exact keypoints         truth/events.csv
      truth/REC.frames.parquet       behaviour, contacts and posture of every frame
      truth/REC.posture.parquet      facts and states, sampled    truth/REC.descriptions.parquet
      truth/REC_VIEW.pixels.parquet  boxes, masks, keypoints and their visibility in the picture
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

PART_FRAMES: Final = 240  # of a video: what a kill can cost


class SynthesisSettings(BaseModel):
    """Everything a synthetic study depends on; equal settings make equal studies.

    ``effect`` scales the differences between groups; 0 is the null. ``planted_jumps`` recordings
    show one jump each, and nobody jumps else. ``minutes`` None keeps the design's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    design: str = "drugs"
    minutes: float | None = Field(default=None, ge=0.04, le=24 * 60)
    fps: float = Field(default=60.0, ge=5, le=240)
    effect: float = Field(default=1.0, ge=0, le=1.5)
    planted_jumps: int = Field(default=2, ge=0)
    arena: str = "paper"
    rig: str = "paper"
    image_size: tuple[int, int] = (448, 448)
    coat: str = "black"
    infrared: bool = False
    variety: float = Field(default=0.0, ge=0, le=1)
    exposure_ms: float = Field(default=4.0, ge=0, le=50)
    crf: int = Field(default=20, ge=0, le=51)
    noise_cm: float = Field(default=0.03, ge=0, le=2)
    missing: float = Field(default=0.01, ge=0, lt=1)
    truth_rate_hz: float = Field(default=5.0, gt=0)
    seed: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class SynthesisFolder:
    """Paths of a synthetic study."""

    folder: Path

    @property
    def manifest(self) -> Path:
        """The table of recordings."""
        return self.folder / "recordings.csv"

    @property
    def record(self) -> Path:
        """How the study was made."""
        return self.folder / "synthesis.json"

    @property
    def calibration(self) -> Path:
        """The calibration that the manifest names."""
        return self.folder / "calibration" / "rig.json"

    @property
    def boards(self) -> Path:
        """Pictures of calibration boards: SET/VIEW/NN.png."""
        return self.folder / "boards"

    def corners(self, view: str) -> Path:
        """Return the path of the corners that the pictures of a view show."""
        return self.boards / f"{view}.parquet"

    def poses(self, recording: str) -> Path:
        """Measured poses of a recording."""
        return self.folder / "poses" / f"{recording}.parquet"

    def truth(self, recording: str, kind: str) -> Path:
        """Return the path of a truth table."""
        return self.folder / "truth" / f"{recording}.{kind}.parquet"

    def video(self, recording: str, view: str) -> Path:
        """Return the path of the video of a view."""
        return self.folder / "videos" / f"{recording}_{view}.mp4"

    def pixels(self, recording: str, view: str) -> Path:
        """Return the path of what the pixels of a view show."""
        return self.folder / "truth" / f"{recording}_{view}.pixels.parquet"

    def part(self, recording: str, view: str, number: int) -> Path:
        """Return the path of a part of a video; its table beside it is written last."""
        folder = self.folder / "videos" / "parts" / f"{recording}_{view}"
        return folder / f"{number:05d}.mp4"
