"""The figures of a study: which tables each one draws, and what its caption says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mousegpt.core.arrays import ImageArray
from mousegpt.core.recording import Arena, Recording
from mousegpt.core.tables import KEY
from mousegpt.plots.embedding import plot_layout, plot_novelty
from mousegpt.plots.groups import plot_postures, plot_proportions
from mousegpt.plots.space import plot_positions
from mousegpt.plots.speeds import plot_speeds
from mousegpt.plots.style import Look, choose_group_looks, choose_looks
from mousegpt.plots.time import plot_ethogram, plot_fine_postures, plot_occurrence
from mousegpt.stats.proportions import compute_subtypes, summarize_groups

NO_GROUP: Final = "all animals"


@dataclass(frozen=True, eq=False)
class Study:
    """Tables of a whole study, joined with the groups of the manifest.

    ``speeds`` and ``fine_postures`` of single animals are taken from the first recording;
    ``posture`` and ``speeds`` are empty where no recording has poses.
    """

    recordings: tuple[Recording, ...]
    behaviors: pd.DataFrame
    fine_postures: pd.DataFrame
    posture: pd.DataFrame
    speeds: pd.DataFrame
    layout: pd.DataFrame
    novelty: pd.DataFrame
    proportions: pd.DataFrame
    occurrence: pd.DataFrame
    arenas: Mapping[str, Arena]
    thumbnails: Mapping[tuple[str, str, int], ImageArray]

    @property
    def looks(self) -> dict[str, Look]:
        """Colours of the behaviours, the same in every figure."""
        return choose_looks(self.behaviors["behavior"])

    @property
    def group_looks(self) -> dict[str, Look]:
        """Colours of the groups, the same in every figure."""
        return choose_group_looks(self.behaviors["group"])


@dataclass(frozen=True)
class Drawing:
    """A figure with its words."""

    name: str
    title: str
    caption: str
    draw: Callable[[Study], Axes]
    fits: Callable[[Study], bool] = lambda study: True


def add_groups(table: pd.DataFrame, recordings: tuple[Recording, ...]) -> pd.DataFrame:
    """Add each recording's subject and group, in the order of the manifest."""
    rows = [(r.id, r.subject, r.group or NO_GROUP, n) for n, r in enumerate(recordings)]
    facts = pd.DataFrame(rows, columns=["recording", "subject", "group", "order"])
    joined = table.merge(facts, on="recording", how="left")
    return joined.sort_values("order", kind="stable", ignore_index=True).drop(columns="order")


def _draw_positions(study: Study, unit: str) -> Axes:
    chosen = study.posture[study.posture["length_unit"] == unit]
    return plot_positions(chosen, arenas=study.arenas, looks=study.looks)


def _has_positions(study: Study, unit: str) -> bool:
    if study.posture.empty:
        return False
    chosen = study.posture[study.posture["length_unit"] == unit]
    return bool(chosen[["x", "y"]].notna().all(axis=1).any())


def _draw_proportions(study: Study) -> Axes:
    summary = summarize_groups(study.proportions, study.recordings)
    summary["group"] = summary["group"].replace("", NO_GROUP)
    return plot_proportions(study.proportions, summary, group_looks=study.group_looks)


def _choose_subject_of_postures(study: Study) -> str:
    """Return walking where mice walk (the paper's choice), else the commonest behaviour."""
    counts = study.behaviors["behavior"].value_counts()
    return "walking" if counts.get("walking", 0) >= 20 else str(counts.index[0])


def _draw_postures(study: Study) -> Axes:
    behavior = _choose_subject_of_postures(study)
    subtypes = compute_subtypes(study.fine_postures, study.behaviors, behavior=behavior)
    ax = plot_postures(add_groups(subtypes, study.recordings))
    ax.figure.suptitle(f"within {behavior}", fontsize=7)  # type: ignore[union-attr]
    return ax


def _has_postures(study: Study) -> bool:
    if study.behaviors["behavior"].notna().sum() == 0:
        return False
    behavior = _choose_subject_of_postures(study)
    return not compute_subtypes(study.fine_postures, study.behaviors, behavior=behavior).empty


def _select_first(table: pd.DataFrame) -> pd.DataFrame:
    first = table.iloc[0]
    mine = (table["recording"] == first["recording"]) & (table["individual"] == first["individual"])
    return table.iloc[np.flatnonzero(mine)]


def _draw_speeds(study: Study) -> Axes:
    return plot_speeds(
        _select_first(study.speeds), length_unit=str(study.posture["length_unit"].iloc[0])
    )


def _draw_layout(study: Study) -> Axes:
    return plot_layout(
        study.layout.merge(study.behaviors[[*KEY, "behavior"]], on=list(KEY), how="left"),
        thumbnails=study.thumbnails,
        looks=study.looks,
    )


def _is_laid_out(study: Study) -> bool:
    return bool(np.isfinite(study.layout[["x", "y"]].to_numpy(dtype=float)).any())


DRAWINGS: Final[tuple[Drawing, ...]] = (
    Drawing(
        "ethogram",
        "Ethogram",
        "The behaviour of every animal over time, a row each, in blocks by group. Light grey: "
        "described, but assigned to no behaviour. White: not described.",
        lambda study: plot_ethogram(study.behaviors, looks=study.looks),
    ),
    Drawing(
        "proportions",
        "Shares of behaviours",
        "Share of the described frames in each behaviour. A dot is an animal, the line the mean "
        "of its group, the bar the 95 % confidence interval of that mean (Student's t; none for "
        "a group of one animal, cut at 0 and 100 %). The animal is the unit; frames are not "
        "independent samples.",
        _draw_proportions,
    ),
    Drawing(
        "occurrence",
        "Behaviours over the session",
        "Share of each behaviour in successive windows of time. Dashed: mean of a group's "
        "recordings; solid: moving average of it. Each lane has its own scale.",
        lambda study: plot_occurrence(study.occurrence, group_looks=study.group_looks),
        lambda study: study.occurrence["window_start_s"].nunique() > 1,
    ),
    Drawing(
        "positions",
        "Where behaviours happen",
        "Position of the trunk's centre in each described frame, coloured by behaviour, one panel "
        "per group; the outline is the arena where it is known. Lengths in cm.",
        lambda study: _draw_positions(study, "cm"),
        lambda study: _has_positions(study, "cm"),
    ),
    Drawing(
        "positions_body_lengths",
        "Where behaviours happen (scale unknown)",
        "As above, for recordings without a known scale: lengths are in body lengths, snout to "
        "tail base.",
        lambda study: _draw_positions(study, "body length"),
        lambda study: _has_positions(study, "body length"),
    ),
    Drawing(
        "layout",
        "Map of the descriptions",
        "Every frame's description as a point; alike descriptions lie close (UMAP: only "
        "neighbourhoods mean anything, not distances or sizes). Pictures: typical frames.",
        _draw_layout,
        _is_laid_out,
    ),
    Drawing(
        "novelty",
        "Rare descriptions on the map",
        "The frames that the novelty score flags, numbered from the rarest.",
        lambda study: plot_novelty(study.layout, study.novelty),
        _is_laid_out,
    ),
    Drawing(
        "postures",
        "Fine postures within one behaviour",
        "Which postures of head, limbs and torso make up the behaviour named above the bars, "
        "averaged over the recordings of each group.",
        _draw_postures,
        _has_postures,
    ),
    Drawing(
        "fine_postures",
        "Fine postures over time",
        "Postures of head, limbs and torso of the first animal; several may hold at once. "
        "Percentages: share of the described frames.",
        lambda study: plot_fine_postures(_select_first(study.fine_postures)),
    ),
    Drawing(
        "speeds",
        "Speeds of body parts",
        "Speed of six body parts of the first animal in every frame; negative is backwards, "
        "against the direction to the head.",
        _draw_speeds,
        lambda study: not study.speeds.empty,
    ),
)
