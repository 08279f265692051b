"""What is said about one frame."""

from pydantic import BaseModel, ConfigDict, Field

ELEMENTS = ("overall", "head", "limb", "torso", "others", "keywords")


class FrameDescription(BaseModel):
    """Six elements in full sentences; keywords are comma-separated.

    Source: Methods 4.2 (the elements of the reply).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    overall: str = Field(description="Still or moving, how fast, and what the mouse is doing.")
    head: str = Field(description="Position, orientation and movement of the head.")
    limb: str = Field(description="Fore and hind paws and the tail: on the ground, in the air.")
    torso: str = Field(description="Curvature, stretch and pitch of the trunk.")
    others: str = Field(description="Place in the arena and anything else that the facts support.")
    keywords: str = Field(description="Comma-separated key terms.")
