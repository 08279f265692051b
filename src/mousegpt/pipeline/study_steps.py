"""The steps that compare recordings: load, call, hand over."""

from __future__ import annotations

import pandas as pd

from mousegpt.behavior.clustering import cluster_behaviors
from mousegpt.behavior.examples import choose_examples
from mousegpt.behavior.layout import compute_layout
from mousegpt.behavior.novelty import find_novel_frames, write_novelty_report
from mousegpt.behavior.postures import classify_postures, load_default_dictionary
from mousegpt.core.recording import Recording
from mousegpt.core.tables import KEY
from mousegpt.pipeline.engine import Job, Output
from mousegpt.pipeline.pictures import draw_frames, encode_jpeg, name_picture
from mousegpt.stats.bouts import find_bouts
from mousegpt.stats.occurrence import compute_occurrence
from mousegpt.stats.proportions import compute_proportions

_N_RARE = 12  # pictures of rare frames at most


def make_behaviors(job: Job) -> Output:
    """Cluster all descriptions of the study into major behaviours."""
    table, summary = cluster_behaviors(
        job.load("embeddings"),
        job.load("keywords"),
        job.backends["labeler"],
        **job.options(cluster_behaviors),
    )
    return Output(table, extra={"clusters": summary})


def make_fine_postures(job: Job) -> Output:
    """Tag every frame with the postures of head, limbs and torso."""
    start = load_default_dictionary()
    descriptions = job.load("descriptions")
    table, dictionary = classify_postures(descriptions, start, job.backends["labeler"])
    learnt = dictionary.model_dump_json(indent=1).encode()
    return Output(table, files={"tables/fine_postures/dictionary.json": learnt})


def make_novelty(job: Job) -> Output:
    """Flag the rarest descriptions and write about them."""
    table = find_novel_frames(job.load("embeddings"), **job.options(find_novel_frames))
    report = write_novelty_report(
        table,
        job.load("descriptions"),
        job.load("keywords"),
        job.load("behaviors"),
        **job.options(write_novelty_report),
    )
    return Output(table, files={"novelty.md": report.encode()})


def make_layout(job: Job) -> Output:
    """Lay all descriptions out in the plane."""
    return Output(compute_layout(job.load("embeddings"), **job.options(compute_layout)))


def make_proportions(job: Job) -> Output:
    """Count how often, how long and when each behaviour occurs."""
    behaviors = job.load("behaviors")
    return Output(
        compute_proportions(behaviors),
        extra={
            "bouts": find_bouts(behaviors, **job.options(find_bouts)),
            "occurrence": compute_occurrence(behaviors, **job.options(compute_occurrence)),
        },
    )


def add_groups(table: pd.DataFrame, recordings: tuple[Recording, ...]) -> pd.DataFrame:
    """Add each recording's subject and group."""
    facts = pd.DataFrame(
        [(r.id, r.subject, r.group) for r in recordings],
        columns=["recording", "subject", "group"],
    )
    return table.merge(facts, on="recording", how="left")


def make_examples(job: Job) -> Output:
    """Take pictures of the frames that the report shows: typical ones and rare ones."""
    typical = choose_examples(
        job.load("behaviors"), job.load("embeddings"), **job.options(choose_examples)
    )
    novelty = job.load("novelty")
    rare = novelty[novelty["novel"]].sort_values("score", ascending=False, kind="stable")
    wanted = pd.concat(
        [typical.assign(role="typical"), rare.head(_N_RARE).assign(role="rare")], ignore_index=True
    )[[*KEY, "time_s", "role", "behavior"]]
    files = {}
    for recording in job.recordings:
        mine = wanted[wanted["recording"] == recording.id]
        keys = list(dict.fromkeys(zip(mine["individual"], mine["frame"], strict=True)))
        for (individual, frame), image in draw_frames(job, recording, keys):
            files[name_picture(recording.id, individual, frame)] = encode_jpeg(image)
    wanted["file"] = [name_picture(*key) for key in wanted[list(KEY)].itertuples(index=False)]
    return Output(wanted, files=files)
