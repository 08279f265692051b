"""The step that has descriptions rated by a judge model, and keeps what is good enough.

::

    [backends]
    judge = "lab"                # an endpoint, or transformers:FOLDER; none by default

It is a step only of projects that name a judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import pandas as pd

from mousegpt.core.chat import Reply
from mousegpt.core.description import ELEMENTS
from mousegpt.core.errors import ProjectError
from mousegpt.core.recording import Recording
from mousegpt.core.tables import KEY
from mousegpt.description.curation import curate_descriptions
from mousegpt.description.factcheck import check_descriptions
from mousegpt.description.rating import (
    ChatJudge,
    RatingQuery,
    judge_rating,
    tabulate_ratings,
    write_rating_question,
)
from mousegpt.pipeline.asking import Inquiry, ask_service, count_later, hash_call
from mousegpt.pipeline.chain import Job, Output, Step
from mousegpt.pipeline.curating import STEP
from mousegpt.pipeline.describing import gather_queries, read_shown
from mousegpt.pipeline.endpoints import read_endpoints
from mousegpt.pipeline.ledger import Task
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.recording_steps import need_videos
from mousegpt.pipeline.services import (
    ChatService,
    Terms,
    identify_describer,
    is_chat_model,
    load_chat_model,
)
from mousegpt.pipeline.settings import Overrides, merge_overrides
from mousegpt.prompts import load_prompt

NO_JUDGE: Final = "none"


@dataclass(frozen=True)
class JudgeService(Terms):
    """A judge and its terms."""

    judge: ChatJudge

    @property
    def name(self) -> str:
        """Identity of model and settings."""
        return self.judge.name


@dataclass(frozen=True)
class JudgeChoice:
    """The judge that a project's settings name, and the tables ``[endpoints.NAME]``."""

    project: Project
    name: str
    settings: Mapping[str, Any]

    @property
    def identity(self) -> str:
        """What makes its ratings differ from those of others: the model, and what it is asked."""
        if self.name == NO_JUDGE:
            return NO_JUDGE
        endpoints = read_endpoints(self.settings)
        who = identify_describer(self.project, self.name, endpoints)
        return f"{who} {load_prompt('rate_description').label}"

    def load(self) -> JudgeService:
        """Load it; an endpoint that was never checked is checked now."""
        chat: ChatService = load_chat_model(self.project, self.name, read_endpoints(self.settings))
        judge = ChatJudge(chat.model, **chat.settings)
        return JudgeService(chat.account, chat.price, chat.concurrency, judge)


def choose_judge(project: Project, name: str, settings: Mapping[str, Any]) -> JudgeChoice:
    """Return the judge of that name, or of the endpoint of that name.

    Raises
    ------
    ProjectError
        When there is none, or an endpoint's settings are wrong.
    """
    if name != NO_JUDGE and not is_chat_model(name) and name not in read_endpoints(settings):
        known = ", ".join([NO_JUDGE, "transformers:FOLDER", *settings])
        raise ProjectError(
            f"There is no judge '{name}'; there are {known}. Add [endpoints.{name}] with url and "
            "model to mousegpt.toml."
        )
    return JudgeChoice(project, name, settings)


def add_judge(steps: Sequence[Step], judge: str) -> tuple[Step, ...]:
    """Return the chain with the step of the judge, once all recordings are described."""
    if judge == NO_JUDGE:
        return tuple(steps)
    described = next(step for step in steps if step.name == "descriptions")

    def find_obstacle(recording: Recording) -> str | None:
        return need_videos(recording) or described.applies(recording)

    curation = Step(
        STEP,
        "recording",
        "Descriptions rated by a model; which are kept",
        make_curation,
        needs=("poses", "speeds", "posture", "mosaics", "descriptions"),
        functions=(curate_descriptions, tabulate_ratings),
        applies=find_obstacle,
        ports=("judge",),
    )
    place = next(i for i, step in enumerate(steps) if step.scope == "study")
    after = [
        replace(step, needs=(*step.needs, STEP)) if step.name == "report" else step
        for step in steps[place:]
    ]
    return (*steps[:place], curation, *after)


def picture_all(overrides: Overrides, judge: str) -> Overrides:
    """Have every sampled frame pictured when a model judges them, unless told otherwise."""
    if judge == NO_JUDGE:
        return overrides
    return merge_overrides({"mosaics": {"max_frames": None}}, overrides)


def make_curation(job: Job) -> Output:
    """Have the descriptions of a recording rated, compare them with the pose, and apply the rule.

    What was rated before is not asked again.
    """
    words, service = job.load("descriptions"), job.backends["judge"]
    queries = _gather_ratings(job, words)
    keys = [
        None if q is None else hash_call(service.name, write_rating_question(q), q.picture_sha256)
        for q in queries
    ]
    payloads = {k: q.model_dump_json() for k, q in zip(keys, queries, strict=True) if k and q}

    def call(tasks: Sequence[Task]) -> list[Reply]:
        asked = [RatingQuery.model_validate_json(task.payload) for task in tasks]
        pictures = [read_shown(job.project, query) for query in asked]
        return list(service.judge.rate(asked, pictures, attempt=tasks[0].n_unusable))

    name = f"{job.unit} rated by {service.account} ({service.name})"
    n_later = count_later(job, "descriptions", service, service.name)
    inquiry = Inquiry(name, service, call, judge_rating, service.judge.batch_size, n_later)
    found, spent = ask_service(job, inquiry, payloads)
    answers = [found[key] if key else None for key in keys]
    ratings = tabulate_ratings(
        words,
        [answer.reply if answer else None for answer in answers],
        [answer.reason if answer else "nothing to judge" for answer in answers],
    )
    claims = _check_words(words, job.load("posture"))
    table = curate_descriptions(words, ratings, claims, **job.options(curate_descriptions))
    models = sorted({answer.reply.model for answer in answers if answer and answer.reply})
    notes = {"kept": int(table["kept"].sum()), "models": models, "spent_usd": spent / 1e6}
    return Output(table, notes=notes, message=_summarize(table))


def _gather_ratings(job: Job, words: pd.DataFrame) -> list[RatingQuery | None]:
    """Return what is asked about each description; None without one, or without its picture."""
    asked = {
        (query.recording, query.individual, query.frame): query
        for query in gather_queries(job, job.load("mosaics"))
    }
    queries: list[RatingQuery | None] = []
    for row in words.to_dict("records"):
        query = asked.get(tuple(row[name] for name in KEY))
        if query is None or row["status"] != "ok":
            queries.append(None)
            continue
        said = {name: row[name] if isinstance(row[name], str) else "" for name in ELEMENTS}
        queries.append(RatingQuery.model_validate({**query.model_dump(), "description": said}))
    return queries


def _check_words(words: pd.DataFrame, posture: pd.DataFrame) -> pd.DataFrame:
    """Compare descriptions with the pose; no claims where there is none."""
    posed = not posture.empty and not words.merge(posture[list(KEY)], on=list(KEY)).empty
    return check_descriptions(words if posed else words.iloc[:0], posture)


def _summarize(curated: pd.DataFrame) -> str:
    """Say how many are kept, and what could not be rated."""
    told = f"{int(curated['kept'].sum()):,} of {len(curated):,} descriptions are kept"
    unrated = curated.loc[curated["reason"] == "not rated", "rating_status"].value_counts()
    if unrated.empty:
        return told
    named = ", ".join(f"{n} {str(status)[:60]}" for status, n in unrated.items())
    return (
        f"{told}; {int(unrated.sum()):,} have no rating ({named}): ask again with "
        "`mousegpt job retry-dead` and run again"
    )
