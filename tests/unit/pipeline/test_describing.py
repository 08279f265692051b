"""What surrounds the calls: the chain for a model, keys, the pilot."""

import pytest

from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.core.query import FrameQuery
from mousegpt.pipeline.describing import adapt_overrides, adapt_steps, judge_pilot, make_key
from mousegpt.pipeline.ledger import Price, Progress
from mousegpt.pipeline.services import Service
from mousegpt.pipeline.steps import STEPS

PILOT = Progress(n_done=19, n_dead=1, n_calls=24, n_usable=19, spent=40_000, seconds=10.0)


def serve(**price):
    return Service(describer=None, account="lab", price=Price(**price), concurrency=8)


def test_the_grammar_needs_no_other_chain():
    assert adapt_steps(STEPS, "kinematic") == STEPS
    assert adapt_overrides({"a": {"b": 1}}, "kinematic") == {"a": {"b": 1}}


def test_a_model_sees_pictures_before_it_describes():
    names = [step.name for step in adapt_steps(STEPS, "lab")]
    assert sorted(names) == sorted(step.name for step in STEPS)
    assert names.index("speeds") < names.index("mosaics") < names.index("descriptions")
    for step in adapt_steps(STEPS, "lab"):
        assert all(names.index(need) < names.index(step.name) for need in step.needs)


def test_every_sampled_frame_is_pictured_unless_told_otherwise():
    assert adapt_overrides({}, "lab") == {"mosaics": {"max_frames": None}}
    given = {"mosaics": {"max_frames": 5}}
    assert adapt_overrides(given, "lab") == given


def test_a_key_is_of_contents_and_not_of_places():
    query = FrameQuery(recording="a", individual="m", frame=3, picture="x.jpg", picture_sha256="0")
    moved = query.model_copy(update={"recording": "b", "frame": 9, "picture": "y.jpg"})
    assert make_key("m", query) == make_key("m", moved)
    others = [
        make_key("another model", query),
        make_key("m", query.model_copy(update={"picture_sha256": "1"})),
        make_key("m", query.model_copy(update={"speeds": (1.0,) * 6})),
        make_key("m", query.model_copy(update={"moments_s": (-0.2, 0.0)})),
    ]
    assert len({make_key("m", query), *others}) == 5


def test_a_pilot_tells_time_and_cost():
    priced = {"usd_per_million_prompt_tokens": 1.0, "usd_per_million_reply_tokens": 1.0}
    told = judge_pilot(PILOT, 7200, serve(**priced))
    assert told == "after a pilot of 20 frames about 7,200 calls are left: 1.0 h and 14.40 USD"
    assert "not known" in judge_pilot(PILOT, 7200, serve())


def test_a_pilot_stops_what_would_be_too_dear():
    priced = {"usd_per_million_prompt_tokens": 1.0, "usd_per_million_reply_tokens": 1.0}
    with pytest.raises(ProjectError, match=r"14\.40 USD, but max_usd is 14"):
        judge_pilot(PILOT, 7200, serve(**priced, max_usd=14.0))


def test_a_pilot_stops_a_model_that_cannot_answer():
    poor = Progress(n_done=5, n_dead=15, n_calls=50, n_usable=5, seconds=1.0)
    with pytest.raises(BackendError, match="only 5 could be used"):
        judge_pilot(poor, 100, serve())
