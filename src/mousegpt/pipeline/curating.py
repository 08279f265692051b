"""What the curation of a project says: read again, counted, and put into words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from mousegpt.core.description import ELEMENTS, FrameDescription
from mousegpt.core.errors import DataError
from mousegpt.core.tables import KEY
from mousegpt.description.agreement import Agreement, measure_agreement
from mousegpt.description.curation import hash_words, rate_by_rules
from mousegpt.description.factcheck import judge_claim, read_claims
from mousegpt.description.rating import RATING_TABLE, tabulate_rating
from mousegpt.io.tables import load_table
from mousegpt.pipeline.choices import DEFAULT_BACKENDS
from mousegpt.pipeline.drawings import encode_figure
from mousegpt.pipeline.pictures import get_figure
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.reporting import Figure
from mousegpt.pipeline.settings import load_overrides
from mousegpt.plots.ratings import plot_ratings

#: The step, and the table of what it found.
STEP = "curation"


def rate_words(words: pd.DataFrame, posture: pd.DataFrame) -> pd.DataFrame:
    """Rate descriptions without any model: by rules over the fact check of each frame.

    Returns
    -------
    pandas.DataFrame
        RATING_TABLE, a row for each description of a frame with a posture.
    """
    rows = ({str(k): v for k, v in row.items()} for row in posture.to_dict("records"))
    frames = {tuple(row[name] for name in KEY): row for row in rows}
    rated = []
    for row in words[words["status"] == "ok"].to_dict("records"):
        key = tuple(row[name] for name in KEY)
        if key in frames:
            description = FrameDescription(**{name: row[name] or "" for name in ELEMENTS})
            claims = [(c, judge_claim(c, frames[key])) for c in read_claims(description)]
            rating = rate_by_rules(description, claims)
            rated.append({**dict(zip(KEY, key, strict=True)), **tabulate_rating(rating)})
    return pd.DataFrame(rated, columns=[*RATING_TABLE.columns]).assign(rating_status="ok")


def load_curation(project: Project, words: pd.DataFrame) -> pd.DataFrame | None:
    """Return what the judge of a project says of some of its descriptions; None without a judge.

    Descriptions of recordings of which there is no picture are left out.

    Raises
    ------
    DataError
        When the judge has not seen some of these descriptions, or has seen others in their place.
    """
    names = [n for n in sorted(set(words["recording"])) if project.table("mosaics", n).is_file()]
    paths = {name: project.table(STEP, name) for name in names}
    found = [load_table(path) for path in paths.values() if path.is_file()]
    if not found and not _names_judge(project):
        return None
    shown = words[words["recording"].isin(names)]
    seen = shown[list(KEY)].assign(words_sha256=hash_words(shown))
    if found:
        curated = pd.concat(found, ignore_index=True)
        seen = seen.merge(curated, on=[*KEY, "words_sha256"], how="left", validate="one_to_one")
    unseen = sorted(set(seen.loc[seen["kept"].isna() if found else seen.index, "recording"]))
    if unseen:
        raise DataError(
            f"The judge has not seen the descriptions of {', '.join(unseen)} as they are now; run "
            "`mousegpt run --until curation`. To do without a judge, take it out of mousegpt.toml "
            f"and remove {project.table(STEP, names[0]).parent}."
        )
    return seen


def add_kept(project: Project, words: pd.DataFrame) -> pd.DataFrame:
    """Return the descriptions of a project with what its judge says of each; as they are without.

    Raises
    ------
    DataError
        As `load_curation` does.
    """
    curated = load_curation(project, words)
    if curated is None:
        return words
    said = curated[[*KEY, "kept"]]
    return words.merge(said, on=list(KEY), how="left", validate="one_to_one")


def count_reasons(curated: pd.DataFrame) -> list[dict[str, Any]]:
    """Return how many descriptions are kept, and why the others are not; the commonest first."""
    if curated.empty:
        return []
    named = curated["reason"].mask(curated["kept"], "kept").value_counts()
    return [
        {"verdict": str(reason), "descriptions": int(n), "share": f"{n / len(curated):.1%}"}
        for reason, n in named.items()
    ]


def tell_agreement(found: Agreement) -> Iterator[str]:
    """Put into sentences how far the judge and the fact checker agree."""
    if not found.n:
        return
    interval = f" ({found.low:.0%} to {found.high:.0%} over animals)" if found.low >= 0 else ""
    kappa = f", Cohen's kappa {found.kappa:.2f}" if np.isfinite(found.kappa) else ""
    yield (
        f"Judge and pose agree on {found.share:.0%}{interval} of the {found.n:,} descriptions that "
        f"both could judge{kappa}: {found.both_good:,} pass both, {found.both_object:,} neither, "
        f"the judge alone refuses {found.judge_objects:,}, the pose alone {found.pose_objects:,}."
    )
    if np.isfinite(found.ranked):
        yield (
            "A contradicted description is rated as less accurate than another in "
            f"{found.ranked:.0%} of all pairs (50 % is chance)."
        )


def tell_ratings(curated: pd.DataFrame) -> list[str]:
    """Say for the report what the ratings mean, and what they are worth."""
    if curated.empty:
        return []
    return [
        "A model that sees the picture rates accuracy, coherence and relevance from 0 to 10. Kept "
        "for teaching are descriptions that are rated well in all three and that the pose does not "
        "contradict; the analysis uses all of them.",
        *tell_agreement(measure_agreement(curated)),
    ]


def draw_ratings(curated: pd.DataFrame) -> list[Figure]:
    """Return the figure of the ratings for the report; nothing without ratings."""
    if curated.empty or curated["accuracy"].isna().all():
        return []
    caption = (
        "How often each rating was given, and which of these descriptions are kept. The last two "
        "lanes: accuracy of descriptions that the pose confirms, and of those that it contradicts."
    )
    svg = encode_figure(get_figure(plot_ratings(curated)))["svg"].decode()
    return [Figure("ratings", "Ratings", caption, svg, "ratings")]


def _names_judge(project: Project) -> bool:
    named = load_overrides(project.settings).get("backends", {})
    return bool(named.get("judge", DEFAULT_BACKENDS["judge"]) != DEFAULT_BACKENDS["judge"])
