"""The page in a real browser: drag, triangulate, see the ghost move, reload, find it again."""

import pytest
from chromium import find_chromium, open_page, serving
from labelled_rig import WRONG, open_session

from mousegpt.ui.label.app import build_app

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_chromium() is None, reason="no Chromium is installed"),
]
KEYPOINT, FRAME, _ = WRONG


def locate(page, view, *, ghost=False):
    return page.evaluate(f"window.locate({view}, '{KEYPOINT}', {'true' if ghost else 'false'})")


def label_by_drag(page, view, dx, dy):
    """Drag the keypoint of a view and wait until it lies on the disk."""
    page.evaluate("document.getElementById('status').className = '', 1")
    at = locate(page, view)
    page.drag((at["x"], at["y"]), (at["x"] + dx, at["y"] + dy))
    page.wait("document.getElementById('status').className === 'saved'")


def test_drag_triangulate_reload(tmp_path):
    with (
        open_session(tmp_path / "study") as session,
        serving(build_app(session)) as url,
        open_page(find_chromium(), tmp_path / "profile") as page,
    ):
        page.open(f"{url}#{FRAME}")
        page.wait("document.body.dataset.ready")
        wrong = locate(page, 0)
        assert wrong["flagged"]
        assert wrong["state"] == "predicted"
        label_by_drag(page, 0, -20, 5)
        label_by_drag(page, 1, 6, 0)
        page.evaluate("document.getElementById('triangulate').click(), 1")
        before = page.wait(f"window.locate(2, '{KEYPOINT}', true)")
        label_by_drag(page, 1, 0, 25)
        after = locate(page, 2, ghost=True)
        assert abs(after["picture"][1] - before["picture"][1]) > 1
        moved = locate(page, 0)

        page.evaluate("document.getElementById('undo').click(), 1")
        page.wait(f"window.locate(2, '{KEYPOINT}', true).picture[1] !== {after['picture'][1]}")
        again = locate(page, 2, ghost=True)
        assert again["picture"] == pytest.approx(before["picture"], abs=0.02)
        page.evaluate("document.getElementById('redo').click(), 1")
        page.wait(f"window.locate(2, '{KEYPOINT}', true).picture[1] === {after['picture'][1]}")

        page.evaluate("document.getElementById('take').click(), 1")
        page.wait(f"window.locate(2, '{KEYPOINT}').state === 'visible'")
        page.wait("document.getElementById('status').className === 'saved'")
        page.evaluate("document.body.dataset.ready = '', location.reload(), 1")
        page.wait("document.body.dataset.ready")
        assert locate(page, 0)["picture"] == moved["picture"]
        assert locate(page, 0)["state"] == "visible"
        assert page.errors == []
    with open_session(tmp_path / "study") as session:
        (labels,) = session.labels.load_all()
        origins = {view: label.origin for view, _, _, label in labels.list_labels()}
        assert sorted(origins.values()) == ["hand", "hand", "triangulated"]
