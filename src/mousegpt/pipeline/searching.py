"""Find frames by words in a project that has been run."""

from __future__ import annotations

import pandas as pd

from mousegpt.behavior.search import search_frames
from mousegpt.core.errors import ProjectError
from mousegpt.core.tables import KEY
from mousegpt.io.tables import load_table
from mousegpt.pipeline.project import STUDY, Project
from mousegpt.pipeline.running import build_engine


def search_project(
    project: Project, query: str, *, n_frames: int = 5, min_separation_s: float = 0.0
) -> pd.DataFrame:
    """Return the frames whose descriptions are nearest to a query, with what is said of them.

    Returns
    -------
    pandas.DataFrame
        Key columns, ``time_s``, ``similarity``, ``behavior`` (missing when not yet clustered) and
        ``description``.

    Raises
    ------
    ProjectError
        When no recording has been embedded.
    """
    engine = build_engine(project)
    units = [r.id for r in engine.recordings if project.table("embeddings", r.id).is_file()]
    if not units:
        raise ProjectError(f"{project.folder} has no embedded descriptions; run `mousegpt run`.")
    hits = search_frames(
        query,
        pd.concat([load_table(project.table("embeddings", u)) for u in units], ignore_index=True),
        engine.load_backend("embedder", lambda done, total: None),
        n_frames=n_frames,
        min_separation_s=min_separation_s,
    )
    said = pd.concat(
        [load_table(project.table("descriptions", u)) for u in units], ignore_index=True
    )
    said["description"] = said["overall"] + " " + said["head"] + " " + said["limb"]
    hits = hits.merge(said[[*KEY, "description"]], on=list(KEY), how="left")
    clustered = project.table("behaviors", STUDY)
    if not clustered.is_file():
        return hits.assign(behavior=None)
    behaviors = load_table(clustered)[[*KEY, "behavior"]]
    return hits.merge(behaviors, on=list(KEY), how="left")
