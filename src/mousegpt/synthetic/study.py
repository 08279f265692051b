"""Studies of synthetic mice: who is in which group, and what happens to whom.

The differences between groups were put in by hand (see `treatments`); they are never evidence about
drugs.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Final

import numpy as np
from pydantic import Field

from mousegpt.core.errors import DataError
from mousegpt.synthetic.behaviors import BEHAVIORS, Bout, draw_lengths
from mousegpt.synthetic.script import Animal, PlantedEvent, draw_animal, write_script
from mousegpt.synthetic.treatments import find_treatment


@dataclass(frozen=True)
class Design:
    """Which groups a study has: {treatment: number of mice}, and how long each is recorded.

    ``start_min``: minutes from the injection to the beginning of the recording.
    """

    groups: Mapping[str, int]
    duration_s: float = 1200.0
    start_min: float = 0.0


@dataclass(frozen=True)
class PlannedRecording:
    """One mouse in one session; ``id`` is the name of the recording."""

    id: str
    animal: Animal
    duration_s: float
    start_min: float
    seed: int


@dataclass(frozen=True)
class StudyPlan:
    """All recordings of a study; ``without`` are the behaviours that only planted events show."""

    recordings: tuple[PlannedRecording, ...]
    events: tuple[PlantedEvent, ...]
    without: tuple[str, ...]
    effect_size: float
    seed: int


#: the studies of the paper (group sizes of Methods 4.1), and one of a few minutes
DESIGNS: Final[Mapping[str, Design]] = MappingProxyType(
    {
        "drugs": Design(
            {
                "saline": 5,
                "LSD 0.2 mg/kg": 5,
                "LSD 2 mg/kg": 4,
                "MK-801 0.3 mg/kg": 5,
                "psilocybin 1 mg/kg": 4,
                "psilocybin 3 mg/kg": 6,
                "psilocybin 10 mg/kg": 2,
            }
        ),
        "depression": Design({"control": 8, "CRS": 16}),
        "demo": Design({"saline": 3, "MK-801 0.3 mg/kg": 3}, duration_s=30.0, start_min=20.0),
    }
)


def plan_study(
    design: str | Design,
    *,
    effect_size: Annotated[float, Field(ge=0)] = 1.0,
    planted: Mapping[str, int] = MappingProxyType({"jumping": 2}),
    only_planted: bool = True,
    seed: Annotated[int, Field(ge=0)] = 0,
) -> StudyPlan:
    """Plan a study: draw its animals and the times of its planted events.

    Parameters
    ----------
    design
        A `Design`, or the name of one of `DESIGNS`.
    effect_size
        Multiplies the effects of `treatments`: 0 is the null, where no group differs in
        distribution; no effect goes beyond 1.25 of the full one.
    planted
        {behaviour: number of recordings that show it once, at a drawn time}.
    only_planted
        Whether mice never show the planted behaviours of themselves.
    seed
        An animal depends on this seed, its group and its number in the group, not on the others.

    Raises
    ------
    DataError
        When the design, a treatment or a behaviour is not known, or more events are wanted than
        there are recordings.

    Notes
    -----
    Source: Methods 4.1 (group sizes, 20 min, recorded straight after the injection).

    Examples
    --------
    >>> len(plan_study("drugs").recordings), plan_study("demo").recordings[0].id
    (31, 'saline-1')
    """
    design = _find_design(design)
    recordings = tuple(
        _plan_recording(design, group, number, seed)
        for group, size in design.groups.items()
        for number in range(1, size + 1)
    )
    events = tuple(_plant_events(recordings, planted, seed))
    return StudyPlan(recordings, events, tuple(planted) * only_planted, effect_size, seed)


def script_recording(plan: StudyPlan, recording: PlannedRecording) -> list[Bout]:
    """Write the script of one recording of a plan, with its planted events."""
    return write_script(
        recording.animal,
        duration_s=recording.duration_s,
        start_min=recording.start_min,
        effect=plan.effect_size,
        events=[event for event in plan.events if event.recording == recording.id],
        without=plan.without,
        seed=recording.seed,
    )


def _plan_recording(design: Design, group: str, number: int, seed: int) -> PlannedRecording:
    entropy = np.random.SeedSequence((seed, zlib.crc32(group.encode()), number))
    own_seed = int(entropy.generate_state(1)[0])
    animal = draw_animal(find_treatment(group), seed=own_seed)
    # the id becomes the name of files and folders: no slash, no space
    stem = group.removesuffix(" mg/kg").replace(" ", "-")
    return PlannedRecording(
        f"{stem}-{number}", animal, design.duration_s, design.start_min, own_seed
    )


def _plant_events(
    recordings: Sequence[PlannedRecording], planted: Mapping[str, int], seed: int
) -> Iterator[PlantedEvent]:
    for name, n_recordings in planted.items():
        if name not in BEHAVIORS or not 0 <= n_recordings <= len(recordings):
            raise DataError(
                f"Up to {len(recordings)} recordings can show one of {', '.join(BEHAVIORS)}, "
                f"but {n_recordings} are to show {name!r}: change the planted events."
            )
        rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
        for i in sorted(rng.choice(len(recordings), n_recordings, replace=False)):
            start_s = rng.uniform(0.1, 0.8) * recordings[i].duration_s
            length_s = float(draw_lengths(name, 1, rng)[0])
            yield PlantedEvent(recordings[i].id, name, float(start_s), length_s)


def _find_design(design: str | Design) -> Design:
    if isinstance(design, Design):
        return design
    if design not in DESIGNS:
        raise DataError(
            f"A design is one of {', '.join(DESIGNS)} or a Design, but found {design!r}: "
            "pick one of them."
        )
    return DESIGNS[design]
