"""A session: what one view says wrongly, the others tell; what is labelled, they follow."""

import io

import numpy as np
import pytest
from labelled_rig import FIRST, N_FRAMES, SIZE, WRONG, make_rig, open_session, see_points
from PIL import Image

from mousegpt.core.errors import DataError
from mousegpt.core.labels import FrameLabels, Label
from mousegpt.core.skeleton import KEYPOINTS

KEYPOINT, FRAME, SHIFT = WRONG
RIG = make_rig()
FRONT, SECOND, THIRD = RIG.views
TRUTH = see_points(RIG)[:, FRAME - FIRST, KEYPOINTS.index(KEYPOINT)]


def make_labels(places, revision=0, **options):
    points = {
        view: {"mouse": {KEYPOINT: Label(x=float(x), y=float(y), **options)}}
        for view, (x, y) in places.items()
    }
    return FrameLabels(frame=FRAME, revision=revision, points=points)


@pytest.fixture
def session(tmp_path):
    with open_session(tmp_path) as opened:
        yield opened


def test_it_says_what_there_is(session):
    told = session.describe()
    assert [view["name"] for view in told["views"]] == list(RIG.views)
    assert told["frames"] == {"first": FIRST, "n": N_FRAMES}
    assert (told["views"][0]["width"], told["views"][0]["height"]) == SIZE
    assert told["triangulates"]
    assert told["obstacle"] == ""
    assert told["flag_px"] == pytest.approx(SIZE[0] / 200)


def test_the_wrong_prediction_has_the_whole_error(session):
    ghosts = session.load(FRAME)["ghosts"]
    x, y, error, from_labels = ghosts[FRONT]["mouse"][KEYPOINT]
    assert [x, y] == pytest.approx(TRUTH[0], abs=0.01)
    assert error == pytest.approx(SHIFT, abs=0.01)
    assert not from_labels
    assert ghosts[SECOND]["mouse"][KEYPOINT][2] < 0.01


def test_two_labels_move_the_ghost_of_the_third_view(session):
    moved = {FRONT: TRUTH[0], SECOND: TRUTH[1] + [0.0, 12.0]}
    answer = session.save(make_labels(moved))
    x, y, error, from_labels = answer["ghosts"][THIRD]["mouse"][KEYPOINT]
    assert from_labels
    place = np.array(answer["points"]["mouse"][KEYPOINT])
    assert [x, y] == pytest.approx(RIG.cameras[THIRD].project(place), abs=0.05)
    assert error == pytest.approx(np.hypot(*(TRUTH[2] - [x, y])), abs=0.01)
    assert error > 1


def test_one_label_is_not_enough_and_triangulated_ones_are_no_evidence(session):
    one = session.save(make_labels({FRONT: TRUTH[0]}))
    assert not one["ghosts"][THIRD]["mouse"][KEYPOINT][3]
    copied = make_labels({SECOND: TRUTH[1], THIRD: TRUTH[2]}, revision=1, origin="triangulated")
    assert not session.save(copied)["ghosts"][FRONT]["mouse"][KEYPOINT][3]


def test_labels_are_there_after_a_restart(tmp_path):
    labels = make_labels({FRONT: TRUTH[0]})
    with open_session(tmp_path) as first:
        first.save(labels)
    with open_session(tmp_path) as second:
        kept = FrameLabels.model_validate(second.load(FRAME)["labels"])
        assert kept.agrees_with(labels)
        assert second.list_labelled() == [{"frame": FRAME, "n": 1, "done": False}]


def test_suggestions_begin_with_the_frame_that_is_wrong(session):
    first = session.suggest(2)[0]
    assert first["frame"] == FRAME
    assert f"{KEYPOINT} in {FRONT} ({SHIFT:.0f} px)" in first["reason"]
    session.save(make_labels({FRONT: TRUTH[0]}))
    assert FRAME not in [row["frame"] for row in session.suggest(9)]


def test_pictures_are_those_of_the_frame(session):
    image = Image.open(io.BytesIO(session.picture(FRONT, FRAME)))
    assert image.size == SIZE
    x, y = np.round(TRUTH[0]).astype(int)
    assert np.asarray(image)[y, x].min() > 130  # a dot was drawn where the snout is


@pytest.mark.parametrize("frame", [0, FIRST + N_FRAMES])
def test_other_frames_do_not_exist(session, frame):
    for ask in (session.load, lambda f: session.picture(FRONT, f)):
        with pytest.raises(DataError, match="7 to 12"):
            ask(frame)


@pytest.mark.parametrize("place", [("x", "mouse", KEYPOINT), (FRONT, "x", KEYPOINT),
                                   (FRONT, "mouse", "x")])  # fmt: skip
def test_unknown_names_are_refused(session, place):
    view, individual, keypoint = place
    points = {view: {individual: {keypoint: Label(x=1.0, y=1.0)}}}
    with pytest.raises(DataError, match="'x'"):
        session.save(FrameLabels(frame=FRAME, points=points))


def test_a_single_view_says_that_it_stays_flat(tmp_path):
    with open_session(tmp_path, n_views=1) as session:
        assert "2-D" in session.describe()["obstacle"]
        answer = session.load(FRAME)
        assert answer["ghosts"] == {}
        assert len(answer["predicted"][FRONT]["mouse"]) == len(KEYPOINTS)
        assert session.suggest(3)


def test_without_predictions_and_cameras_all_24_can_be_labelled(tmp_path):
    with open_session(tmp_path, predicted=False, calibrated=False) as session:
        told = session.describe()
        assert told["keypoints"] == KEYPOINTS
        assert "calibration" in told["obstacle"]
        assert session.load(FRAME)["predicted"][FRONT]["mouse"] == {}
        session.save(make_labels({FRONT: TRUTH[0]}))
        assert len(session.suggest(4)) == 4
