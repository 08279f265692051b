import numpy as np
import pytest

from mousegpt.core.recording import Arena
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.kinematics.anatomy import (
    choose_anatomy,
    measure_posture,
    measure_wall_distance,
    propagate_noise,
)

from .conftest import move, stand


def measure(body, **kwargs):
    points = body[None] if body.ndim == 2 else body
    return {k: v[0] for k, v in measure_posture(points, choose_anatomy(points), None).items()}


def turn(points, axis, degrees, about):
    """Turn points about a horizontal or vertical axis through ``about``."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    a = np.radians(degrees)
    matrix = np.eye(3) + np.sin(a) * cross + (1 - np.cos(a)) * cross @ cross
    return (points - about) @ matrix.T + about


def index(*names):
    return [KEYPOINTS.index(name) for name in names]


def test_a_standing_mouse_is_straight_and_level(mouse):
    facts = measure(mouse)
    for name in ("heading", "head_yaw", "tail_bend", "spine_bend_horizontal", "trunk_pitch"):
        assert facts[name] == pytest.approx(0, abs=1e-9), name
    assert facts["snout_height"] == 1.0
    assert facts["hip_height"] == 2.4
    assert facts["head_pitch"] == pytest.approx(np.degrees(np.arctan2(-1.0, 1.9)))
    assert facts["forepaw_left_face_distance"] == pytest.approx(np.sqrt(2.9**2 + 0.8**2 + 1))
    assert facts["spine_bend_vertical"] > 0  # the back is arched


@pytest.mark.parametrize("degrees", [-130, -45, 30, 170])
def test_heading_follows_the_body(mouse, degrees):
    turned = move(mouse, np.zeros(1), np.zeros(1), np.radians([degrees]))
    assert measure(turned)["heading"] == pytest.approx(degrees)


@pytest.mark.parametrize("degrees", [-30, 20, 80])
def test_pitch_of_a_tilted_mouse(mouse, degrees):
    tilted = turn(mouse, (0, -1, 0), degrees, mouse[KEYPOINTS.index("TailBase")])
    assert measure(tilted)["trunk_pitch"] == pytest.approx(degrees)


@pytest.mark.parametrize("pitch", [0, 60, 90, 100])
def test_an_upright_mouse_still_has_a_left_side(mouse, pitch):
    body = mouse.copy()
    head = index("Snout", "EarL", "EarR")
    body[head] = turn(body[head], (0, 0, 1), 30, body[index("EarL", "EarR")].mean(axis=0))
    tilted = turn(body, (0, -1, 0), pitch, mouse[KEYPOINTS.index("TailBase")])
    heading_45 = move(tilted, np.zeros(1), np.zeros(1), np.radians([45]))
    facts = measure(heading_45)
    assert facts["heading"] == pytest.approx(45)
    assert facts["trunk_pitch"] == pytest.approx(pitch)
    assert facts["head_yaw"] == pytest.approx(measure(body)["head_yaw"])
    assert facts["head_yaw"] > 20


def test_a_raised_head_and_a_bent_body_have_the_documented_signs(mouse):
    up = mouse.copy()
    up[index("Snout"), 2] += 3
    assert measure(up)["head_pitch"] > 20
    assert measure(up)["head_pitch_trunk"] > 20
    bent = mouse.copy()
    bent[index("SpineF"), 1] += 1  # to the left
    assert measure(bent)["spine_bend_horizontal"] > 15
    tail = mouse.copy()
    tail[index("TailEnd"), 1] += 6
    assert measure(tail)["tail_bend"] == pytest.approx(45)


def test_mirrored_mice_swap_left_and_right():
    rng = np.random.default_rng(4)
    odd = ("heading", "y", "head_yaw", "tail_bend", "spine_bend_horizontal")
    swap = [KEYPOINTS.index(n[:-1] + {"L": "R", "R": "L"}[n[-1]]) if n[-1] in "LR" and n[:-1] + "L"
            in KEYPOINTS else KEYPOINTS.index(n) for n in KEYPOINTS]  # fmt: skip
    for _ in range(20):
        body = stand() + rng.normal(0, 0.3, (24, 3))
        facts, mirrored = measure(body), measure((body * [1, -1, 1])[swap])
        for name, value in facts.items():
            other = name.replace("left", "#").replace("right", "left").replace("#", "right")
            assert mirrored[other] == pytest.approx(-value if name in odd else value, nan_ok=True)


def test_missing_keypoints_blank_only_what_needs_them(mouse):
    body = mouse.copy()
    body[index("Snout")] = np.nan
    points = np.stack([mouse, body])
    facts = measure_posture(points, choose_anatomy(points[:1]), None)
    unknown = {name for name, values in facts.items() if np.isfinite(values[0] - values[1])}
    assert {"heading", "trunk_pitch", "hip_height", "spine_bend_vertical"} <= unknown
    assert not {"snout_height", "head_yaw", "length", "forepaw_left_face_distance"} & unknown


def test_coarse_skeletons_use_what_they_have(mouse):
    body = mouse.copy()
    body[[n for n, k in enumerate(KEYPOINTS) if k not in ("Snout", "EarL", "EarR", "TailBase")]] = (
        np.nan
    )
    facts = measure(move(body, np.zeros(1), np.zeros(1), np.radians([70])))
    assert facts["heading"] == pytest.approx(70)
    assert facts["head_yaw"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(facts["spine_bend_horizontal"])


def test_distance_to_the_walls_of_a_box():
    box = Arena(shape="rectangle", width_cm=40, length_cm=20, center=(10.0, 0.0))
    points = np.array([[10.0, 0, 0], [28.0, 3, 0], [10, 12, 0]])
    assert measure_wall_distance(points, box).tolist() == [10, 2, -2]


def test_gradients_of_known_facts(mouse):
    points = mouse[None]
    anatomy = choose_anatomy(points)
    gains = propagate_noise(lambda p: measure_posture(p, anatomy, None), points, 1e-5)
    snout, rear, front = index("Snout", "TailBase", "SpineF")
    assert gains["snout_height"][0].sum() == pytest.approx(gains["snout_height"][0, snout])
    assert gains["snout_height"][0, snout] == pytest.approx(1)
    per_cm = np.degrees(1 / 5.0)  # the trunk is 5 cm long
    assert gains["trunk_pitch"][0, [rear, front]] == pytest.approx([per_cm, per_cm], rel=1e-3)
    assert gains["heading"][0, [rear, front]] == pytest.approx([per_cm, per_cm], rel=1e-3)
