"""Three films of one mouse, of which one shows something better: the others tell where to look."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from stickmouse.networks import MiddleEstimator

from mousegpt.core.calibration import Calibration
from mousegpt.io.video import write_video
from mousegpt.pipeline.chunks import KeptChunks
from mousegpt.pipeline.posing import estimate_views
from mousegpt.synthetic.rig import arrange_views, build_rig

N = 24
RIG = build_rig(layout=arrange_views(3), image_size=(320, 256), jitter=0, distortion=0, seed=3)
VIEWS = RIG.views[:3]
PATH = np.stack([np.linspace(-3, 3, N), np.linspace(2, -4, N), np.full(N, 2.0)], axis=1)
ODD, HIDDEN = slice(4, 8), slice(14, 17)  # when the first view shows another thing, or no mouse


class BlobDetector:
    """Proposes whatever is dark; the darker, the surer."""

    name, size_px = "blobs", 320

    def __init__(self):
        self.n_searched = 0

    def predict_boxes(self, squares):
        self.n_searched += len(squares)
        found = np.zeros((len(squares), 3, 5))
        for square, rows in zip(squares, found, strict=True):
            grey = square[..., 0]
            _, _, about, _ = cv2.connectedComponentsWithStats((grey < 100).astype(np.uint8))
            for row, (x, y, width, height, area) in zip(rows, about[1:], strict=False):
                if area > 30:
                    darkest = grey[y : y + height, x : x + width].min()
                    row[:] = [x, y, x + width - 1, y + height - 1, 0.9 - darkest / 100]
        return found


def film(folder):
    for place, view in enumerate(VIEWS):
        centers = RIG.cameras[view].project(PATH).round().astype(int)

        def draw(place=place, centers=centers):
            for i, (x, y) in enumerate(centers):
                image = np.full((256, 320, 3), 230, dtype=np.uint8)
                if place or not HIDDEN.start <= i < HIDDEN.stop:
                    image[y - 14 : y + 15, x - 14 : x + 15] = 40
                if not place and ODD.start <= i < ODD.stop:
                    image[5:35, 285:315] = 0
                yield image

        write_video(folder / f"{view}.mp4", draw(), 30.0, crf=5)
    return {view: folder / f"{view}.mp4" for view in VIEWS}


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    return film(tmp_path_factory.mktemp("films"))


def look(videos, rig=RIG, detector=None, **options):
    detector = detector or BlobDetector()
    return estimate_views(videos, detector, MiddleEstimator(), rig=rig, batch=5, **options)


def measure_misses(boxes):
    """How far the middles of boxes are from the mouse, px, shape (view, time)."""
    truth = np.stack([RIG.cameras[view].project(PATH) for view in VIEWS])
    return np.linalg.norm((boxes[:, :, 0, :2] + boxes[:, :, 0, 2:4]) / 2 - truth, axis=-1)


def test_views_tell_each_other_where_the_mouse_is(videos):
    alone = look(videos, agree=False, detect_every=1)
    misses = measure_misses(alone.boxes)
    assert alone.sighting is None
    assert (misses[0, ODD] > 50).all()
    assert np.isnan(misses[0, HIDDEN]).all()
    together = look(videos, detect_every=1)
    misses = measure_misses(together.boxes)
    assert together.sighting.views == VIEWS
    assert np.nanmax(np.delete(misses, np.r_[HIDDEN], axis=1)) < 2
    assert misses[0, HIDDEN].max() < 12
    expected = np.isnan(together.boxes[..., 0, 4])
    np.testing.assert_array_equal(np.argwhere(expected), [[0, i] for i in range(14, 17)])
    np.testing.assert_array_equal(together.boxes[1:], alone.boxes[1:])
    x, y = np.moveaxis(together.poses["position"].to_numpy()[0, ODD, :, 0, 0], 1, 0)
    at = RIG.cameras[VIEWS[0]].project(PATH[ODD])
    np.testing.assert_allclose(np.stack([x, y], axis=1), at, atol=2)


class Kept:
    def __init__(self):
        self.chunks = {}

    def get(self, view, frames, question=b""):
        return self.chunks.get((view, tuple(frames), question))

    def put(self, view, frames, found, question=b""):
        self.chunks[view, tuple(frames), question] = found


def test_workers_and_interruptions_change_nothing(videos):
    kept, detector = Kept(), BlobDetector()
    first = look(videos, detector=detector, kept=kept, workers=1)
    assert detector.n_searched < 3 * N  # each fourth picture of three views, and where it jumps
    for key in [*kept.chunks][-2:] + [*kept.chunks][:3]:  # of the second look, and of the first
        del kept.chunks[key]
    told = []
    again = look(videos, kept=kept, workers=3, report=lambda *how: told.append(how[:2]))
    np.testing.assert_array_equal(again.boxes, first.boxes)
    np.testing.assert_array_equal(again.poses["position"], first.poses["position"])
    assert told[-1][0] == told[-1][1] > 3 * N
    quiet = BlobDetector()
    look(videos, detector=quiet, kept=kept)
    assert quiet.n_searched == 0


def test_what_a_project_keeps_is_found_again(videos, tmp_path):
    identities = {view: view for view in videos}
    found = []
    for detector in (BlobDetector(), BlobDetector()):
        with KeptChunks(tmp_path / "finds.sqlite", identities) as kept:
            found.append(look(videos, detector=detector, kept=kept))
    assert detector.n_searched == 0
    np.testing.assert_array_equal(found[0].boxes, found[1].boxes)
    np.testing.assert_array_equal(found[0].poses["position"], found[1].poses["position"])


def exchange(rig):
    """Give each view the camera of another; one of them looks from above."""
    order = (VIEWS[2], "top", VIEWS[0])
    cameras = zip(VIEWS, order, strict=True)
    return Calibration({view: replace(rig.cameras[other], name=view) for view, other in cameras})


@pytest.mark.parametrize(
    ("rig", "options"),
    [(None, {}), (RIG.select(VIEWS[:2]), {}), (exchange(RIG), {}), (RIG, {"n_mice": 2})],
    ids=["no calibration", "two cameras", "wrong calibration", "two mice"],
)
def test_views_that_cannot_agree_are_searched_alone(videos, rig, options):
    alone = look(videos, rig=None, detect_every=1, **options)
    asked = look(videos, rig=rig, detect_every=1, **options)
    np.testing.assert_array_equal(asked.boxes, alone.boxes)
    np.testing.assert_array_equal(asked.poses["position"], alone.poses["position"])
    assert asked.sighting is None or asked.sighting.views == ()
