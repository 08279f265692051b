"""Labels go out and come back, and feed the training as they are."""

import numpy as np
import pytest
from labelled_rig import FIRST, SIZE, make_rig, open_session, see_points

from mousegpt.core.errors import DataError, UsageError
from mousegpt.core.labels import FrameLabels, Label
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.io.labels import LabelHeader, open_labels
from mousegpt.io.poses import save_poses
from mousegpt.pipeline.labelling.exchange import (
    FORMATS,
    collect_poses,
    export_labels,
    import_labels,
)

RIG = make_rig()
SEEN = see_points(RIG).round(2)
FRAMES = (FIRST, FIRST + 3)
HIDDEN = "KneeL"


@pytest.fixture
def session(tmp_path):
    with open_session(tmp_path) as opened:
        for frame in FRAMES:
            points = {
                view: {"mouse": {
                    name: Label(x=x, y=y, state="hidden" if name == HIDDEN else "visible")
                    for name, (x, y) in zip(KEYPOINTS, of_view[frame - FIRST].tolist(), strict=True)
                    if name != "TailEnd"
                } | {"TailEnd": Label(state="absent")}}
                for view, of_view in zip(RIG.views, SEEN, strict=True)
            }  # fmt: skip
            opened.save(FrameLabels(frame=frame, points=points, done=True))
        yield opened


def reopen(session, folder):
    material = session.material
    header = LabelHeader(
        recording=material.name,
        views=material.views,
        individuals=material.individuals,
        keypoints=material.keypoints,
    )
    return open_labels(folder, header)


@pytest.mark.parametrize("form", FORMATS)
def test_round_trip(session, tmp_path, form):
    files = export_labels(session, form, tmp_path / "out")
    with reopen(session, tmp_path / "again") as labels:
        for path in files:
            view = next((view for view in RIG.views if f"-{view}" in str(path)), "")
            import_labels(session.material, labels, path, view=view)
        found = collect_poses(session.material, labels.load_all())
    truth = collect_poses(session.material, session.labels.load_all())
    np.testing.assert_array_equal(found["frame"], FRAMES)
    np.testing.assert_allclose(found["position"], truth["position"], rtol=1e-6)
    if form == "coco":
        kept = found["confidence"].sel(keypoint=HIDDEN)
        np.testing.assert_array_equal(kept, np.full(kept.shape, 0.5))


@pytest.mark.parametrize("form", ["coco", "deeplabcut", "sleap"])
def test_training_takes_what_is_exported(session, tmp_path, form):
    from mousegpt.training.packing import pack_labels
    from mousegpt.training.samples import PackedSamples, list_packs

    view = RIG.views[1]
    path = next(path for path in export_labels(session, form, tmp_path) if f"-{view}" in str(path))
    n = pack_labels(path, session.material.footage[view].path, tmp_path / "packs")
    assert n == len(FRAMES)
    samples = PackedSamples(list_packs(tmp_path / "packs"))
    assert len(samples) == len(FRAMES)
    for sample, frame in zip((samples[0], samples[1]), FRAMES, strict=True):
        assert sample.image.shape == (SIZE[1], SIZE[0], 3)
        truth = SEEN[1, frame - FIRST, KEYPOINTS.index("Snout")]
        np.testing.assert_allclose(sample.keypoints[0, KEYPOINTS.index("Snout")], truth, atol=0.02)
        assert np.isnan(sample.keypoints[0, KEYPOINTS.index("TailEnd")]).all()


def test_what_is_labelled_already_stays(session, tmp_path):
    (path, *_) = export_labels(session, "coco", tmp_path / "out")
    before = session.labels.load(FIRST)
    done = import_labels(session.material, session.labels, path, view=RIG.views[0])
    assert (done.n_taken, done.n_kept, done.n_outside) == (0, 2 * 23, 0)
    assert session.labels.load(FIRST) == before


def test_labels_in_space_come_into_all_views(session, tmp_path):
    from labelled_rig import place_points

    from mousegpt.core.poses import build_poses

    solid = place_points()[[0]].transpose(0, 2, 1)[..., None]
    poses = build_poses(solid, keypoints=KEYPOINTS, fps=1.0, unit="cm", frames=np.array([FIRST]))
    save_poses(poses, tmp_path / "solid.nc")
    with reopen(session, tmp_path / "again") as labels:
        import_labels(session.material, labels, tmp_path / "solid.nc")
        found = collect_poses(session.material, labels.load_all())
    np.testing.assert_allclose(found["position"][:, 0, :, :, 0], SEEN[:, 0].swapaxes(1, 2),
                               atol=0.01)  # fmt: skip


def test_one_view_cannot_be_label3d(tmp_path):
    with open_session(tmp_path, n_views=1) as session:
        points = {RIG.views[0]: {"mouse": {"Snout": Label(x=1.0, y=2.0)}}}
        session.save(FrameLabels(frame=FIRST, points=points))
        with pytest.raises(DataError, match="3-D"):
            export_labels(session, "label3d", tmp_path)


def test_nothing_and_nonsense(tmp_path):
    with open_session(tmp_path) as session:
        with pytest.raises(DataError, match="found none"):
            export_labels(session, "coco", tmp_path)
        with pytest.raises(UsageError, match="coco, deeplabcut, sleap, label3d"):
            export_labels(session, "yolo", tmp_path)
