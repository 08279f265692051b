"""Sentences of the report: findings, warnings and methods, written from tables and options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pandas as pd

from mousegpt.core.facts import UNKNOWN, state_column
from mousegpt.core.recording import Recording
from mousegpt.pipeline.chain import Job
from mousegpt.pipeline.figures import NO_GROUP
from mousegpt.pipeline.provenance import load_provenance
from mousegpt.stats.proportions import UNASSIGNED, summarize_groups

_POOR_FLOOR: Final = 0.05  # r.m.s. distance of planted paws, in body lengths
_MANY_UNKNOWN: Final = 0.3
_MANY_WORDLESS: Final = 0.01


def write_findings(job: Job) -> list[str]:
    """Say what was seen; differences between groups are described, not tested."""
    proportions = job.load("proportions")
    summary = summarize_groups(proportions, job.recordings)
    means = summary.pivot(index="behavior", columns="group", values="mean")
    counts = summary.groupby("group")["n_animals"].max()
    overall = proportions.groupby("behavior")["share"].mean().drop(UNASSIGNED, errors="ignore")
    top = overall.sort_values(ascending=False, kind="stable").head(5)
    shares = ", ".join(f"{name} {share:.0%}" for name, share in top.items())
    findings = [f"The commonest behaviours, averaged over animals: {shares}."] if shares else []
    findings += _compare_groups(means.drop(index=UNASSIGNED, errors="ignore"), counts)
    bouts = job.load("proportions", "bouts")
    longest = bouts[bouts["behavior"] != UNASSIGNED].sort_values(
        "duration_s", ascending=False, kind="stable"
    )
    if len(longest):
        bout = longest.iloc[0]
        findings.append(
            f"The longest bout is {bout['duration_s']:.1f} s of {bout['behavior']}, in "
            f"{bout['recording']} from {bout['start_s']:.1f} s."
        )
    scored = job.load("novelty").dropna(subset="score")
    for rare in scored.nlargest(1, "score").to_dict("records"):
        findings.append(
            f"The rarest description is of {rare['recording']}, frame {rare['frame']} "
            f"({rare['time_s']:.1f} s)."
        )
    return findings


def _compare_groups(means: pd.DataFrame, counts: pd.Series[int]) -> list[str]:
    if means.shape[1] < 2 or means.empty:
        return []
    spread = (means.max(axis=1) - means.min(axis=1)).sort_values(ascending=False, kind="stable")
    sentences = []
    for behavior in spread.index[:3]:
        shares = ", ".join(
            f"{means.loc[behavior, group]:.0%} in {group or NO_GROUP} (n = {counts[group]})"
            for group in means.columns
        )
        sentences.append(f"Mean share of {behavior}: {shares}.")
    sentences.append("These are descriptions of the animals recorded; no test was made.")
    return sentences


def write_warnings(
    recordings: Sequence[Recording],
    notes: Mapping[str, Mapping[str, Any]],
    posture: pd.DataFrame,
    mosaics: pd.DataFrame,
    words: pd.DataFrame,
) -> list[str]:
    """Say what a reader must know before trusting the rest."""
    warnings = []
    if any("made_up" in recording.metadata for recording in recordings):
        warnings.append(
            "These mice are synthetic: a program moves them and their groups differ because they "
            "were made to. Nothing here is evidence about animals."
        )
    for recording in recordings:
        if not recording.describer:
            lacks = "video" if recording.id in notes else "poses"
            shown = "only pictures of it are shown" if len(mosaics) else "nothing is shown of it"
            warnings.append(f"{recording.id} has no {lacks}: it is not described, {shown}.")
        elif recording.unseen:
            warnings.append(
                f"Networks found no mouse in most frames of {recording.id}: it has no poses, and "
                "is described from pictures alone."
            )
    if any(not note["skeleton_given"] for note in notes.values()):
        warnings.append(
            "Keypoint names were matched by guess (see “How the keypoints were read”); write "
            "skeleton.csv to settle them."
        )
    if any(note["length_unit"] == "body length" for note in notes.values()):
        warnings.append(
            "Some recordings have no known scale: their lengths are in body lengths and their "
            "speeds in body lengths per second. Give px_per_cm in recordings.csv to get cm."
        )
    for name, note in notes.items():
        lengths = list(note["body_length"].values())
        if "floor_residual" in note and note["floor_residual"] > _POOR_FLOOR * min(lengths):
            warnings.append(
                f"The floor of {name} fits poorly (r.m.s. {note['floor_residual']:.2f} "
                f"{note['length_unit']}): heights are doubtful."
            )
    return warnings + _warn_wordless(words) + _warn_unknown(posture)


def _warn_wordless(words: pd.DataFrame) -> list[str]:
    """Say how many frames have no description, and why, where they are many."""
    wrong = words.loc[words["status"] != "ok", "status"]
    if len(wrong) <= _MANY_WORDLESS * len(words):
        return []
    named = ", ".join(f"{n:,} {str(status)[:60]}" for status, n in wrong.value_counts().items())
    return [
        f"{len(wrong):,} of {len(words):,} frames have no description ({named}): they belong to no "
        "behaviour."
    ]


def _warn_unknown(posture: pd.DataFrame) -> list[str]:
    if posture.empty:
        return []
    unknown = (posture[state_column("activity")] == UNKNOWN).groupby(posture["recording"]).mean()
    return [
        f"In {name} what the mouse does is unknown in {share:.0%} of the described frames: "
        "keypoints are missing, or the facts are too uncertain."
        for name, share in unknown.items()
        if share > _MANY_UNKNOWN
    ]


def write_methods(job: Job, notes: Mapping[str, Mapping[str, Any]]) -> str:
    """Write a methods text with the options and back ends that were used."""
    used, backends = _collect_options(job)
    poses = f"{_tell_networks(used, backends)}{_tell_poses(used, notes)} " if notes else ""
    return (
        f"{poses}{_tell_describer(job, used, backends)}{_tell_judge(used, backends)}\n\n"
        f"Descriptions were embedded with {backends['embedder']} and clustered "
        f"({used['behaviors.linkage']} linkage; {used['behaviors.n_clusters']} stable clusters "
        f"sought); clusters of the same meaning were merged by {backends['labeler']}. "
        f"Rare frames: {used['novelty.method'].replace('_', ' ')}, contamination "
        f"{used['novelty.contamination']:g}. Map: UMAP with {used['layout.n_neighbors']} "
        "neighbours. Behaviour over time is counted in windows of "
        f"{used['proportions.window_s']:g} s. Means and intervals are over animals.\n\n"
        "mousegpt follows MouseGPT (arXiv 2503.10212); docs/paper_map.md says where it departs."
    )


def _tell_poses(used: Mapping[str, Any], notes: Mapping[str, Mapping[str, Any]]) -> str:
    """Say what was done to the poses."""
    solid = [name for name, note in notes.items() if "floor_residual" in note]
    kinds = {"Three-dimensional": solid, "Two-dimensional": [n for n in notes if n not in solid]}
    space = " and ".join(kind for kind, names in kinds.items() if names).capitalize()
    floor = (
        " The floor was estimated as the plane on which most paws stand, and poses were turned "
        "onto it."
        if solid
        else ""
    )
    return (
        f"{space} poses were brought to 24 keypoints. "
        f"Points of a confidence below {used['poses.min_confidence']} were dropped, gaps of up "
        f"to {used['poses.max_gap_s']} s bridged, and positions smoothed "
        f"({used['poses.smoothing']}, {used['poses.smoothing_window_s']} s).{floor} "
        "Posture facts and their standard deviations were measured "
        f"{used['posture.rate_hz']:g} times per second; a state was claimed when "
        f"its probability reached {used['posture.certainty']}, and is unknown otherwise."
    )


def _tell_describer(job: Job, used: Mapping[str, Any], backends: Mapping[str, str]) -> str:
    """Say who wrote the sentences, from what."""
    grammar = "Sentences were written from the states by a deterministic grammar."
    if "describer" not in backends:
        return grammar
    grids = max(job.load("mosaics")["moments_s"], key=len)
    moments = f", each with moments {grids.replace(' ', ', ')} s around it" if grids else ""
    model = (
        f"Pictures of one or two views{moments}, {used['mosaics.rate_hz']:g} per second, were "
        f"described by the model {backends['describer']}, which was also told the speeds of six "
        "body parts where they are known; frames whose answer could not be read are left out."
    )
    if "descriptions.seed" not in used:  # of the grammar
        return model
    return f"{grammar} This holds where there are poses. Elsewhere: {model}"


def _tell_judge(used: Mapping[str, Any], backends: Mapping[str, str]) -> str:
    """Say who rated the sentences, and what was kept; nothing without a judge."""
    if "judge" not in backends:
        return ""
    return (
        f" Descriptions were rated by the model {backends['judge']} from the same pictures; those "
        f"of which all ratings reach {used['curation.min_rating']:g} and of which the pose "
        f"contradicts at most {used['curation.max_contradicted']} claims count as kept."
    )


def _tell_networks(used: Mapping[str, Any], backends: Mapping[str, str]) -> str:
    """Say which networks saw what; nothing where all poses came from files."""
    if "pose" not in backends:
        return ""
    every = used["poses2d.every"]
    frames = "every frame" if every == 1 else f"one of {every} frames"
    return (
        f"In recordings without poses, mice and keypoints were found in {frames} of each view by "
        f"the networks {backends['detector']} and {backends['pose']}. "
    )


def _collect_options(job: Job) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the options ("step.name") and the back ends by port."""
    options: dict[str, Any] = {}
    backends: dict[str, str] = {}
    for step, unit in ((step, unit) for step, units in job.members.items() for unit in units):
        record = load_provenance(job.project.provenance(step, unit))
        if record:
            backends |= record.backends
            for values in record.options.values():
                options |= {f"{step}.{name}": value for name, value in values.items()}
    return options, backends
