"""What surrounds the calls: the chain for a model, keys, the pilot."""

import pytest

from mousegpt.core.errors import BackendError, ProjectError
from mousegpt.core.query import FrameQuery
from mousegpt.core.recording import Recording
from mousegpt.pipeline.asking import judge_pilot
from mousegpt.pipeline.describing import make_key
from mousegpt.pipeline.endpoints import read_endpoints
from mousegpt.pipeline.ledger import Price, Progress
from mousegpt.pipeline.project import Project
from mousegpt.pipeline.services import Service, identify_describer
from mousegpt.pipeline.steps import STEPS

PILOT = Progress(n_done=19, n_dead=1, n_calls=24, n_usable=19, spent=40_000, seconds=10.0)


def serve(**price):
    return Service(describer=None, account="lab", price=Price(**price), concurrency=8)


def list_ways(recording):
    return {step.name: step.fit(recording) for step in STEPS if step.applies(recording) is None}


def test_the_grammar_needs_no_pictures():
    ways = list_ways(Recording(id="r", subject="r", poses={"": "p"}, describer="kinematic"))
    assert ways["descriptions"].needs == ("posture",)
    assert ways["descriptions"].ports == ()
    assert "mosaics" not in ways  # there is no video


def test_every_step_stands_after_all_that_it_needs():
    names = [step.name for step in STEPS]
    for step in STEPS:
        for way in step.ways:
            assert all(names.index(need) < names.index(step.name) for need in way.needs)


@pytest.mark.parametrize(
    ("describer", "moments"),
    [("nano", (-0.1, 0.0, 0.1)), ("nano:my.zip", (-0.1, 0.0, 0.1)), ("lab", ())],
)
def test_a_model_sees_all_sampled_frames_and_ours_three_moments(describer, moments):
    ways = list_ways(Recording(id="r", subject="r", videos={"a": "v"}, describer=describer))
    assert "mosaics" in ways["descriptions"].needs
    options = ways["mosaics"].resolve({})
    assert options["choose_frames"]["max_frames"] is None
    assert options["find_moments"]["moments_s"] == moments
    given = ways["mosaics"].resolve({"mosaics": {"max_frames": 5, "moments_s": [0.2]}})
    assert given["choose_frames"]["max_frames"] == 5
    assert given["find_moments"]["moments_s"] == (0.2,)


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
    judge_pilot(PILOT, 7200, serve(**priced, max_usd=15.0))
    with pytest.raises(ProjectError, match=r"max_usd is 15, and 0\.70 are spent"):
        judge_pilot(PILOT, 7200, serve(**priced, max_usd=15.0), used=700_000)


def test_a_pilot_stops_a_model_that_cannot_answer():
    poor = Progress(n_done=5, n_dead=15, n_calls=50, n_usable=5, seconds=1.0)
    with pytest.raises(BackendError, match="only 5 could be used"):
        judge_pilot(poor, 100, serve())


def test_a_local_model_is_known_by_its_bytes(tmp_path):
    project = Project(tmp_path)
    path = tmp_path / "model.zip"
    identities = set()
    for content in (b"one", b"another"):
        path.unlink(missing_ok=True)
        path.write_bytes(content)
        identities.add(identify_describer(project, "nano:model.zip", {}))
    assert len(identities) == 2


def test_where_a_model_is_served_does_not_count(tmp_path):
    settings = {"url": "http://a:1/v1", "model": "m"}
    endpoints = read_endpoints(
        {
            "here": settings,
            "there": settings | {"url": "http://b:2/v1", "concurrency": 3, "max_calls": 5},
            "warm": settings | {"temperature": 0.5},
        }
    )
    found = [identify_describer(Project(tmp_path), name, endpoints) for name in endpoints]
    assert found[0] == found[1] != found[2]


def test_a_setting_that_does_not_exist_is_named():
    with pytest.raises(ProjectError, match=r"endpoints\.lab\.prize.*usd_per_million"):
        read_endpoints({"lab": {"url": "http://a/v1", "model": "m", "prize": 3}})


def test_a_setting_that_is_missing_is_named():
    with pytest.raises(ProjectError, match=r"endpoints\.lab\.model: this setting is missing"):
        read_endpoints({"lab": {"url": "http://a/v1"}})


def test_a_cap_that_could_not_hold_is_refused():
    settings = {"url": "http://a/v1", "model": "m", "max_usd": 5.0}
    with pytest.raises(ProjectError, match=r"endpoints\.lab: max_usd caps nothing without"):
        read_endpoints({"lab": settings | {"usd_per_million_prompt_tokens": 1.0}})
