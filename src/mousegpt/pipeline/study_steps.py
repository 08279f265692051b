"""The steps that compare recordings: load, call, hand over."""

from __future__ import annotations

import pandas as pd

from mousegpt.behavior.clustering import cluster_behaviors
from mousegpt.behavior.examples import choose_examples
from mousegpt.behavior.layout import compute_layout
from mousegpt.behavior.novelty import find_novel_frames, write_novelty_report
from mousegpt.behavior.postures import classify_postures, load_default_dictionary
from mousegpt.core.recording import Arena
from mousegpt.core.tables import KEY
from mousegpt.pipeline.chain import Job, Output
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.figures import DRAWINGS, Study, add_groups
from mousegpt.pipeline.pictures import (
    draw_frames,
    encode_jpeg,
    get_figure,
    name_picture,
    read_picture,
)
from mousegpt.pipeline.report_content import gather_content
from mousegpt.pipeline.reporting import render_report
from mousegpt.stats.bouts import find_bouts
from mousegpt.stats.occurrence import compute_occurrence
from mousegpt.stats.proportions import compute_proportions

_N_RARE = (6, 12)  # pictures of rare frames at least, whether flagged or not, and at most


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


def make_examples(job: Job) -> Output:
    """Take pictures of the frames that the report shows: typical ones and rare ones."""
    typical = choose_examples(
        job.load("behaviors"), job.load("embeddings"), **job.options(choose_examples)
    )
    scored = job.load("novelty").dropna(subset="score")
    ranked = scored.sort_values("score", ascending=False, kind="stable")
    rare = ranked.head(min(max(int(scored["novel"].sum()), _N_RARE[0]), _N_RARE[1]))
    behaviors = job.load("behaviors")[[*KEY, "behavior"]]
    rare = rare.merge(behaviors, on=list(KEY)).assign(role="rare")
    wanted = pd.concat([typical.assign(role="typical"), rare], ignore_index=True)
    wanted = wanted[[*KEY, "time_s", "role", "behavior"]]
    files: dict[str, bytes] = {}
    for recording in job.recordings:
        mine = wanted[wanted["recording"] == recording.id]
        keys = list(dict.fromkeys(zip(mine["individual"], mine["frame"], strict=True)))
        for (individual, frame), image in draw_frames(job, recording, keys):
            files[name_picture(recording.id, individual, frame)] = encode_jpeg(image)
    wanted["file"] = [name_picture(*key) for key in wanted[list(KEY)].itertuples(index=False)]
    return Output(wanted, files=files)


def make_figures(job: Job) -> Output:
    """Draw every figure that the tables of the study allow, as SVG, PDF and PNG."""
    study = gather_study(job)
    rows: list[tuple[str, str, str]] = []
    files: dict[str, bytes] = {}
    fitting = [drawing for drawing in DRAWINGS if drawing.fits(study)]
    for drawing in fitting:
        encoded = encode_figure(get_figure(drawing.draw(study)))
        files |= {f"figures/{drawing.name}.{kind}": data for kind, data in encoded.items()}
        rows.append((drawing.name, drawing.title, drawing.caption))
        job.report(len(rows), len(fitting))
    return Output(pd.DataFrame(rows, columns=["name", "title", "caption"]), files=files)


def gather_study(job: Job) -> Study:
    """Load the tables that figures are drawn from."""
    recordings, behaviors = job.recordings, job.load("behaviors")
    examples = job.load("examples")
    first = examples[examples["role"] == "typical"].groupby("behavior", sort=True).head(1)
    posture = job.load("posture")
    if len(posture):
        posture = posture.merge(behaviors[[*KEY, "behavior"]], on=list(KEY))
        posture = add_groups(posture, recordings)
    return Study(
        recordings=recordings,
        behaviors=add_groups(behaviors, recordings),
        fine_postures=add_groups(job.load("fine_postures"), recordings),
        posture=posture,
        speeds=_load_speeds(job),
        layout=job.load("layout"),
        novelty=job.load("novelty"),
        proportions=add_groups(job.load("proportions"), recordings),
        occurrence=add_groups(job.load("proportions", "occurrence"), recordings),
        arenas={
            unit: Arena.model_validate(notes["arena"])
            for unit, notes in job.notes("poses").items()
            if notes["arena"]
        },
        thumbnails={
            (row["recording"], row["individual"], row["frame"]): read_picture(
                job.project.folder / row["file"]
            )
            for row in first.to_dict("records")
        },
    )


def _load_speeds(job: Job) -> pd.DataFrame:
    """Load the speeds of the first recording that has poses; an empty table without any."""
    units = job.members["speeds"][:1]
    return job.load_unit("speeds", units[0]) if units else pd.DataFrame()


def make_report(job: Job) -> Output:
    """Write the page that shows everything at a glance."""
    page = render_report(gather_content(job)).encode()
    table = pd.DataFrame({"file": ["report.html"]})
    return Output(table, files={"report.html": page})
