"""What is written for other programs is read back, by us and by their own readers."""

import numpy as np
import pytest

from mousegpt.core.poses import build_poses
from mousegpt.geometry.reprojection import project_poses
from mousegpt.io.calibration import load_calibration
from mousegpt.io.poses import load_poses
from mousegpt.io.poses.exporting import save_coco, save_deeplabcut, save_label3d, save_sleap
from mousegpt.io.poses.label3d import holds_label3d, load_label3d
from mousegpt.synthetic.rig import arrange_views, build_rig

FRAMES = np.array([4, 17, 230])
NAMES = ("Snout", "Hip", "TailBase")
PICTURES = [f"img{frame:06d}.png" for frame in FRAMES]


def make_labels(individuals=("mouse",)):
    """Two frames with all points; in the third one point is hidden and one missing."""
    rng = np.random.default_rng(0)
    position = rng.uniform(5, 300, (3, 2, 3, len(individuals))).round(2)
    confidence = np.ones((3, 3, len(individuals)))
    confidence[2, 1] = 0.5
    position[2, :, 2], confidence[2, 2] = np.nan, np.nan
    return build_poses(position, confidence, keypoints=NAMES, fps=1.0, unit="px",
                       individuals=individuals, frames=FRAMES)  # fmt: skip


def check(found, labels):
    np.testing.assert_array_equal(found["frame"], FRAMES)
    assert found["keypoint"].to_numpy().tolist() == list(NAMES)
    np.testing.assert_allclose(
        found["position"].to_numpy(), labels["position"].to_numpy(), rtol=1e-6
    )


@pytest.mark.parametrize("individuals", [("mouse",), ("a", "b")])
def test_coco_keeps_all(tmp_path, individuals):
    labels = make_labels(individuals)
    save_coco(labels, tmp_path / "a.json", pictures=PICTURES, size=(320, 256),
              bones=[("Snout", "Hip")])  # fmt: skip
    found = load_poses(tmp_path / "a.json", fps=1.0)
    check(found, labels)
    confidence = found["confidence"].to_numpy()
    np.testing.assert_array_equal(confidence[2, :, 0], [1, 0.5, 0])


@pytest.mark.parametrize("individuals", [("mouse",), ("a", "b")])
def test_deeplabcut_keeps_places(tmp_path, individuals):
    labels = make_labels(individuals)
    save_deeplabcut(labels, tmp_path / "a.csv", pictures=PICTURES, folder="top")
    check(load_poses(tmp_path / "a.csv", fps=1.0), labels)
    first = (tmp_path / "a.csv").read_text().splitlines()[3 + (len(individuals) > 1)]
    assert first.startswith("labeled-data,top,img000004.png,")


def test_deeplabcut_by_the_reader_of_sleap_io(tmp_path):
    import sleap_io

    labels = make_labels()
    folder = tmp_path / "labeled-data" / "top"
    folder.mkdir(parents=True)
    for name in PICTURES:
        (folder / name).touch()
    path = folder / "CollectedData_mousegpt.csv"
    save_deeplabcut(labels, path, pictures=PICTURES, folder="top")
    found = sleap_io.load_file(str(path))
    order = [NAMES.index(name) for name in found.skeletons[0].node_names]
    first = found.labeled_frames[0].instances[0].numpy()
    np.testing.assert_allclose(first, labels["position"].to_numpy()[0, :, order, 0])


@pytest.mark.parametrize("individuals", [("mouse",), ("a", "b")])
def test_sleap_keeps_places_and_what_is_visible(tmp_path, individuals):
    import sleap_io

    labels = make_labels(individuals)
    save_sleap(labels, tmp_path / "a.slp", video=tmp_path / "a.mp4", bones=[("Snout", "Hip")])
    found = load_poses(tmp_path / "a.slp", fps=1.0)
    known = found["position"].notnull().any(("space", "keypoint", "individual"))
    check(found.isel(time=known.to_numpy()), labels)
    stored = sleap_io.load_slp(str(tmp_path / "a.slp"), open_videos=False)
    points = stored.labeled_frames[2].instances[0].points
    assert points["visible"].tolist() == [True, False, False]
    hidden = labels["position"].to_numpy()[2, :, 1, 0]
    np.testing.assert_allclose(points["xy"][1], hidden)
    assert stored.skeletons[0].edge_names == [("Snout", "Hip")]


def test_label3d_holds_labels_cameras_and_space(tmp_path):
    rig = build_rig(layout=arrange_views(3), image_size=(320, 256), seed=3)
    points = np.random.default_rng(2).uniform(-3, 3, (3, 3, 3, 1))
    solid = build_poses(points, keypoints=NAMES, fps=1.0, unit="cm", frames=FRAMES)
    seen = project_poses(solid, rig)
    path = tmp_path / "a.mat"
    save_label3d(seen, solid, rig, path)
    assert holds_label3d(path)
    pixels = load_label3d(path)
    assert pixels["view"].to_numpy().tolist() == list(rig.views)
    np.testing.assert_allclose(pixels["position"].to_numpy(), seen["position"].to_numpy())
    np.testing.assert_array_equal(pixels["frame"], FRAMES)
    space = load_poses(path, fps=1.0)
    assert space.attrs["unit"] == "mm"
    np.testing.assert_allclose(space["position"].to_numpy(), 10 * points)
    cameras = load_calibration(path).cameras
    for name, camera in rig.cameras.items():
        np.testing.assert_allclose(cameras[name].R, camera.R)
        np.testing.assert_allclose(cameras[name].t, camera.t)


def test_the_same_labels_give_the_same_bytes(tmp_path):
    labels = make_labels()
    for name in ("a", "b"):
        save_coco(labels, tmp_path / f"{name}.json", pictures=PICTURES, size=(320, 256))
        save_deeplabcut(labels, tmp_path / f"{name}.csv", pictures=PICTURES, folder="top")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
