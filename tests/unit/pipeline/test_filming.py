"""Moments of real recordings: the mouse, its keypoints and what its poses say, of one frame."""

import numpy as np
import pytest
from stickmouse.films import VIEWS, load_films, write_films
from stickmouse.session import make_session

from mousegpt.core.facts import SPEEDS, STATES, state_column
from mousegpt.core.moment import MOMENTS_S, TILE_MARGIN
from mousegpt.kinematics.posture import compute_posture
from mousegpt.pipeline.filming import film_moments

TILE = 96


@pytest.fixture(scope="module")
def posture(session):
    table = compute_posture(session.poses, rate_hz=20.0)
    return table.assign(recording="m")


@pytest.fixture(scope="module")
def moments(folder, posture):
    return list(film_moments(load_films(folder), posture, n_pairs=3, tile_px=TILE))


def test_every_frame_with_neighbours_is_filmed_by_every_pair(moments, posture):
    frames = [moment.frame for moment in moments]
    assert frames == sorted(frames)
    inner = [frame for frame in posture["frame"] if 1 <= frame <= 18]  # 0.05 s off at the ends
    assert frames == [frame for frame in inner for _ in range(3)]
    for moment in moments:
        assert moment.tiles.shape == (2, len(MOMENTS_S), TILE, TILE, 3)


def count_dark(moments, shift):
    """Return the share of keypoints, all moved by some pixels, that lie on the dark mouse."""
    dark = []
    for moment in moments:
        for tiles, points in zip(moment.tiles, moment.points, strict=True):
            x, y = np.round(points + shift).astype(int).T
            dark.append(tiles[1][y, x].max(axis=-1) < 150)
    return float(np.mean(dark))


def test_keypoints_lie_on_the_mouse(moments):
    for moment in moments:
        assert moment.visible.all()
        # within the box that the margin is left around
        assert (np.abs(moment.points - TILE / 2) <= TILE / 2 / TILE_MARGIN).all()
    there = count_dark(moments, (0, 0))
    assert there > 0.75
    assert there > max(count_dark(moments, shift) for shift in [(3, 0), (-3, 0), (0, 3), (0, -3)])


def test_the_middle_tile_is_the_frame_itself(moments):
    by_frame = {}
    for moment in moments:
        by_frame.setdefault(moment.frame, moment)
    for moment in by_frame.values():
        before, now, after = moment.tiles[0].astype(int)
        assert np.abs(before - now).max() > 50  # the mouse walks
        assert np.abs(after - now).max() > 50


def test_facts_and_speeds_are_those_of_the_frame(moments, posture):
    rows = posture.set_index("frame")
    for moment in moments:
        row = rows.loc[moment.frame]
        np.testing.assert_allclose(moment.speeds, row[list(SPEEDS)].astype(float))
        assert moment.states == {s.name: row[state_column(s.name)] for s in STATES}


def test_speeds_in_other_units_are_not_known(folder, posture):
    given = posture.assign(length_unit="body length")
    for moment in film_moments(load_films(folder), given, n_frames=2, tile_px=TILE):
        assert np.isnan(moment.speeds).all()


def test_frames_and_views_are_as_many_as_asked_for(folder, posture):
    def film(**options):
        return [m.frame for m in film_moments(load_films(folder), posture, tile_px=32, **options)]

    assert film(n_frames=3, n_pairs=1) == [1, 9, 18]
    assert film(n_frames=1, n_pairs=9) == [1] * 3  # three views make three pairs


def test_stretches_that_are_left_out_are_not_even_neighbours(folder, posture):
    options = {"learn_s": 0.425, "skip_s": 0.2, "n_pairs": 1, "tile_px": 32}
    filmed = [m.frame for m in film_moments(load_films(folder), posture, **options)]
    # at 20 frames/s 0 to 8, and 13 to 19 are learnt from; neighbours are two frames off
    assert filmed == [2, 3, 4, 5, 6, 15, 16, 17, 18]


def test_a_single_view_is_filmed_once(folder, posture):
    only = load_films(folder, videos={"side": folder / "side.mp4"})
    filmed = list(film_moments(only, posture, n_frames=4, n_pairs=2, tile_px=32))
    assert [len(moment.tiles) for moment in filmed] == [1] * 4


def test_another_seed_draws_other_pairs(folder, posture):
    def film(seed):
        return np.concatenate(
            [
                moment.tiles
                for moment in film_moments(
                    load_films(folder), posture, n_pairs=1, tile_px=32, seed=seed
                )
            ]
        )

    np.testing.assert_array_equal(film(0), film(0))
    assert not np.array_equal(film(0), film(1))


def test_films_too_slow_for_motion_give_no_moments(tmp_path):
    session = make_session([("walking", 2.0)], fps=5, seed=3)
    write_films(session, tmp_path)
    posture = compute_posture(session.poses, rate_hz=5.0).assign(recording="m")
    assert not list(film_moments(load_films(tmp_path), posture, tile_px=32))


def test_a_view_without_poses_is_left_out(folder, posture):
    contents = load_films(folder, calibration=None)
    assert set(contents.videos) == set(VIEWS)
    assert not list(film_moments(contents, posture, tile_px=32))
