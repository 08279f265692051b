"""The verdict names the worst camera, and the numbers are those of the corners."""

from dataclasses import replace

import numpy as np
import pytest

from mousegpt.geometry.quality import count_shared, judge_fit, summarize_cameras
from mousegpt.geometry.rigging import calibrate_rig
from mousegpt.geometry.sheets import measure_sheet, move_cameras
from mousegpt.geometry.targets import MarkerSheet, Marks, Sighting
from mousegpt.geometry.variety import choose_varied

from .boards import RIG, SIZES, see_boards


@pytest.fixture(scope="module")
def fit():
    return calibrate_rig(see_boards(noise_px=0.01), SIZES)


def test_a_good_fit_is_called_good(fit):
    verdict = judge_fit(fit, summarize_cameras(fit))
    assert verdict.level == "good", verdict.sentence
    assert verdict.sentence.startswith("Good: 4 cameras see")


def test_shared_boards_are_counted(fit):
    shots = {v: {s.shot for s in see_boards() if s.view == v} for v in RIG.views}
    table = count_shared(fit)
    for one in RIG.views:
        for other in RIG.views:
            assert table.loc[one, other] == len(shots[one] & shots[other])


@pytest.mark.parametrize(
    ("column", "value", "level", "words"),
    [
        ("error_median_px", 0.5, "doubtful", "misses by 0.50 px"),
        ("error_median_px", 5.0, "bad", "misses by 5.00 px"),
        ("center_sd_mm", 1.0, "doubtful", "to 1.0 mm only"),
        ("focal_sd_percent", 2.0, "bad", "open by 2.0 %"),
        ("covered", 0.05, "bad", "in 5% of its image"),
        ("shared", 1, "doubtful", "shares 1 board"),
    ],
)
def test_a_fault_is_named_with_its_camera(fit, column, value, level, words):
    table = summarize_cameras(fit)
    table[column] = table[column].astype(float if column != "shared" else int)
    table.loc[1, column] = value
    verdict = judge_fit(fit, table)
    assert verdict.level == level
    assert f"camera '{RIG.views[1]}'" in verdict.sentence
    assert words in verdict.sentence


def test_a_sheet_of_another_size_is_doubted(fit):
    verdict = judge_fit(replace(fit, sheet_scale=1.006), summarize_cameras(fit))
    assert verdict.level == "doubtful"
    assert "+0.6 %" in verdict.sentence


def test_the_sheet_is_measured_in_the_unit_of_the_cameras():
    sheet, ids = MarkerSheet(), np.arange(8)
    large = move_cameras(RIG.cameras, (np.eye(3), np.zeros(3)), 1 / 1.02)
    seen = [
        Sighting(view, "sheet", sheet, Marks(ids, camera.project(sheet.points)))
        for view, camera in RIG.cameras.items()
    ]
    table = measure_sheet(large, seen, sheet)
    np.testing.assert_allclose(table["measured_cm"], 1.02 * table["expected_cm"], rtol=1e-6)


def test_moving_the_world_moves_nothing_in_the_pictures():
    place, scale = (RIG.cameras["top"].R, np.array([1.0, 2, 3])), 2.0
    points = np.array([[0.0, 0, 3], [4, -3, 1]])
    moved = move_cameras(RIG.cameras, place, scale)
    inside = (points - place[1]) @ place[0] / scale
    for view, camera in RIG.cameras.items():
        np.testing.assert_allclose(moved[view].project(inside), camera.project(points), atol=1e-8)


def test_the_boards_that_differ_most_are_kept_in_their_order():
    def put(i, x):
        pixels = np.array([[0.0, 0], [10, 0], [0, 10], [10, 10]]) + [x, 0]
        return Sighting("a", str(i), MarkerSheet(), Marks(np.arange(4), pixels))

    seen = [put(i, x) for i, x in enumerate([0, 1, 2, 300, 301, 600])]
    kept = choose_varied(seen, n=3)
    assert [s.shot for s in kept] == ["0", "3", "5"] or [s.shot for s in kept] == ["0", "4", "5"]
    assert choose_varied(seen, n=6) == seen
