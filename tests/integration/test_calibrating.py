"""From rendered pictures of boards to a calibration in the world of the sheet, and its errors."""

import json
import subprocess
import sys

import cv2
import numpy as np
import pytest

from mousegpt.io.calibration import load_calibration
from mousegpt.synthetic.board_pictures import render_boards
from mousegpt.synthetic.board_places import place_boards, present_boards
from mousegpt.synthetic.boards import draw_charuco, draw_marker_sheet
from mousegpt.synthetic.rig import build_rig

RIG = build_rig(layout={"front": -60.0, "side": 0.0, "top": None}, image_size=(640, 512))
BOARD = "charuco:8x5:1.6:1.2:DICT_4X4_50"
FLOOR = np.eye(3)[None], np.zeros((1, 3))


@pytest.fixture(scope="module")
def boards(tmp_path_factory):
    """Pictures of three cameras; 16 each."""
    folder = tmp_path_factory.mktemp("film") / "boards"
    board, sheet = draw_charuco(squares=(8, 5), px_per_cm=40), draw_marker_sheet(px_per_cm=40)
    among = place_boards(board, RIG, n=8)
    for number, (view, camera) in enumerate(RIG.cameras.items()):
        own = present_boards(board, camera, n=7)
        for name, shown, (R, t) in (
            ("own", board, own),
            ("shared", board, among),
            ("sheet", sheet, FLOOR),
        ):
            place = folder / name / view
            place.mkdir(parents=True)
            pictures = render_boards(shown, R, t, camera, n_samples=2, seed=number)
            for i, picture in enumerate(pictures):
                cv2.imwrite(str(place / f"{i:02d}.png"), picture)
    return folder


def calibrate(*arguments):
    command = [sys.executable, "-m", "mousegpt", "calibrate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_cameras_are_found_where_they_stand(boards, tmp_path):
    out = tmp_path / "rig.json"
    done = calibrate(out, "--boards", boards, "--board", BOARD, "--format", "all", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout[done.stdout.index("{") :])
    rows = {row["view"]: row for row in told["cameras"]}
    for file in ("rig.json", "rig.toml", "rig_opencv", "rig_easymocap", "rig_label3d.mat",
                 "rig_metashape.xml"):  # fmt: skip
        found = load_calibration(tmp_path / file)
        for view, truth in RIG.cameras.items():  # few small pictures: as far off as is told
            camera, row = found.cameras[view], rows[view]
            turn = np.arccos((np.trace(camera.R @ truth.R.T) - 1) / 2)
            assert 10 * np.linalg.norm(camera.center - truth.center) < 5 * row["center_sd_mm"]
            assert np.rad2deg(turn) < 5 * row["angle_sd_deg"]
    for row in rows.values():
        assert row["error_median_px"] < 0.3
        assert row["center_sd_mm"] < 5
    page = (tmp_path / "rig_report.html").read_text("utf-8")
    assert "own" in page and told["verdict"].split(":")[0] in page


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--board", "circles"), 1, "Expected a board such as"),
        (("--format", "excel"), 2, "--format: expected anipose"),
        (("--scale", "ruler"), 2, "--scale: expected boards or sheet"),
        (("--boards", "nowhere"), 1, "there is no nowhere"),
    ],
)
def test_wrong_use_is_one_sentence(options, status, words, tmp_path):
    done = calibrate(tmp_path / "rig.json", "--boards", tmp_path, *options)
    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert list(tmp_path.glob("rig.json")) == []
