"""The whole chain in one table: from poses and pixels to words, behaviours and a report."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

from mousegpt.behavior.clustering import cluster_behaviors
from mousegpt.behavior.embedding import embed_descriptions
from mousegpt.behavior.examples import choose_examples
from mousegpt.behavior.layout import compute_layout
from mousegpt.behavior.novelty import find_novel_frames, write_novelty_report
from mousegpt.core.recording import Recording
from mousegpt.description.kinematic import describe_posture
from mousegpt.description.vlm import build_queries, tabulate_replies
from mousegpt.geometry.sides import can_resolve, resolve_sides
from mousegpt.geometry.sighting import locate_mouse
from mousegpt.geometry.triangulation import triangulate_poses
from mousegpt.kinematics.cleaning import clean_poses
from mousegpt.kinematics.floor import estimate_floor
from mousegpt.kinematics.posture import compute_posture
from mousegpt.kinematics.velocity import compute_speeds
from mousegpt.pipeline import recording_steps as one
from mousegpt.pipeline import seeing, showing
from mousegpt.pipeline import study_steps as study
from mousegpt.pipeline.chain import Step
from mousegpt.pipeline.choices import NETWORKS
from mousegpt.pipeline.describing import make_descriptions, need_model, need_nano, need_words
from mousegpt.pipeline.posing import estimate_views
from mousegpt.pipeline.project import Project
from mousegpt.plots.time import plot_ethogram
from mousegpt.stats.bouts import find_bouts
from mousegpt.stats.occurrence import compute_occurrence
from mousegpt.vision.moments import find_moments
from mousegpt.vision.sampling import choose_frames


def _list_pictures(project: Project, recording: Recording) -> tuple[Path, ...]:
    return (*recording.videos.values(), *one.list_pose_files(project, recording))


#: A model describes all sampled frames; ours sees motion in three moments, as it was taught.
_PICTURED: Final = partial(
    Step, "mosaics", "recording", "The mouse as a model sees it", showing.make_mosaics,
    needs=("poses2d",), functions=(choose_frames, find_moments), reads=_list_pictures,
)  # fmt: skip
_SHOWN_TO_MODELS: Final = (
    _PICTURED(applies=need_nano, defaults={"max_frames": None, "moments_s": (-0.1, 0.0, 0.1)}),
    _PICTURED(applies=need_model, defaults={"max_frames": None}),
)
_BY_MODELS: Final = Step(
    "descriptions", "recording", "Sentences and keywords by a model", make_descriptions,
    needs=("poses", "speeds", "mosaics"), functions=(build_queries, tabulate_replies),
    applies=need_model, ports=("describer",),
)  # fmt: skip

STEPS: Final[tuple[Step, ...]] = (
    Step("poses2d", "recording", "24 keypoints in the pictures of each view, by networks",
         seeing.make_poses2d, functions=(estimate_views, locate_mouse), given=seeing.GIVEN,
         reads=seeing.list_videos, applies=seeing.need_estimates, ports=NETWORKS),
    Step("poses", "recording", "24 keypoints, clean, to scale, on the floor", one.make_poses,
         needs=("poses2d",), functions=(can_resolve, resolve_sides, triangulate_poses, clean_poses,
                                       estimate_floor),
         reads=one.list_pose_files, applies=one.need_poses),
    Step("speeds", "recording", "Speeds of six body parts, every frame", one.make_speeds,
         needs=("poses",), functions=(compute_speeds,), applies=one.need_poses),
    Step("posture", "recording", "Posture facts and states of the sampled frames",
         one.make_posture, needs=("poses",), functions=(compute_posture,), given=("arena",),
         applies=one.need_poses),
    Step("mosaics", "recording", "The mouse in two perpendicular views", showing.make_mosaics,
         needs=("poses2d",), functions=(choose_frames, find_moments), reads=_list_pictures,
         applies=one.need_videos, variants=_SHOWN_TO_MODELS),
    Step("descriptions", "recording", "Sentences and keywords", one.make_descriptions,
         needs=("posture",), functions=(describe_posture,), applies=need_words,
         variants=(_BY_MODELS,)),
    Step("embeddings", "recording", "Descriptions as vectors", one.make_embeddings,
         needs=("descriptions",), functions=(embed_descriptions,), ports=("embedder",),
         applies=need_words),
    Step("keywords", "recording", "Info-cards", one.make_keywords,
         needs=("descriptions",), applies=need_words),
    Step("behaviors", "study", "Major behaviours (Algorithm 1)", study.make_behaviors,
         needs=("embeddings", "keywords"), functions=(cluster_behaviors,), ports=("labeler",),
         applies=need_words),
    Step("fine_postures", "study", "Fine-grained postures (Algorithm 2)",
         study.make_fine_postures, needs=("descriptions",), ports=("labeler",),
         applies=need_words),
    Step("novelty", "study", "Rare descriptions (Isolation Forest)", study.make_novelty,
         needs=("descriptions", "embeddings", "keywords", "behaviors"),
         functions=(find_novel_frames, write_novelty_report), applies=need_words),
    Step("layout", "study", "UMAP of the descriptions", study.make_layout,
         needs=("embeddings",), functions=(compute_layout,), applies=need_words),
    Step("proportions", "study", "Shares, bouts and occurrence over time",
         study.make_proportions, needs=("behaviors",),
         functions=(find_bouts, compute_occurrence), applies=need_words),
    Step("examples", "study", "Pictures of typical and of rare frames", study.make_examples,
         needs=("poses", "embeddings", "behaviors", "novelty"), functions=(choose_examples,),
         reads=_list_pictures, applies=need_words),
    # plot_ethogram stands for the room of all plots: the step has no options of its own.
    Step("figures", "study", "Figures as SVG, PDF and PNG", study.make_figures,
         needs=("poses", "speeds", "posture", "behaviors", "fine_postures", "novelty", "layout",
                "proportions", "examples"), functions=(plot_ethogram,), given=("looks", "ax"),
         applies=need_words),
    Step("report", "study", "The page that shows everything", study.make_report,
         needs=("poses2d", "poses", "posture", "descriptions", "embeddings", "mosaics",
                "behaviors", "fine_postures", "novelty", "layout", "proportions", "examples",
                "figures")),
)  # fmt: skip
