"""Views are joined under the right names, and the reader is told what was exchanged."""

from types import SimpleNamespace

import numpy as np
import pytest

from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton_map import SkeletonMap
from mousegpt.pipeline.recording_steps import join_views
from mousegpt.synthetic.rig import arrange_views, build_rig

RIG = build_rig(layout=arrange_views(4), image_size=(640, 512), seed=3)
HEAD = {"Snout": (2, 0, 1.5), "SpineF": (0, 0, 2), "EarL": (0.8, 0.9, 3), "EarR": (0.8, -0.9, 3)}
N = 30


def join(views: tuple[str, ...], *, exchanged: int = 0, **options: object):
    """Join what views see of a head that turns, the ears of the first exchanged in some frames."""
    angle = np.linspace(0, 1, N)
    x, y, z = np.array(list(HEAD.values()), dtype=float).T
    cosine, sine = np.cos(angle)[:, None], np.sin(angle)[:, None]
    head = np.stack([x * cosine - y * sine, x * sine + y * cosine, z + 0 * cosine], axis=-1)
    seen = {}
    for view in views:
        pixels = RIG.cameras[view].project(head).transpose(0, 2, 1)[..., None]
        if view == views[0]:
            pixels[:exchanged] = pixels[:exchanged, :, [0, 1, 3, 2]]
        seen[view] = build_poses(pixels, keypoints=list(HEAD), fps=30.0, unit="px")
    contents = SimpleNamespace(
        views=seen, poses=seen, calibration=RIG, recording=SimpleNamespace(estimated=False)
    )
    job = SimpleNamespace(options=lambda f: options if f.__name__ == "can_resolve" else {})
    skeleton = SkeletonMap({name: name for name in HEAD})
    poses, source = join_views(contents, skeleton, job)  # type: ignore[arg-type]
    found = poses["position"].sel(keypoint=list(HEAD)).to_numpy()[..., 0]
    return np.abs(np.moveaxis(found, 1, -1) - head).max(), source


def test_exchanged_ears_are_put_right_and_told():
    error, source = join(RIG.views, exchanged=15)
    assert error < 0.01
    assert source.endswith("; left and right exchanged: 10.0 %")  # of five views in half the frames


def test_what_is_right_is_not_mentioned():
    error, source = join(RIG.views)
    assert error < 0.01 and "exchanged" not in source


@pytest.mark.parametrize(("n_views", "resolve"), [(3, None), (5, False)])
def test_few_views_or_the_option_leave_names_alone(n_views, resolve):
    _, source = join(RIG.views[:n_views], exchanged=15, resolve_sides=resolve)
    assert "exchanged" not in source
