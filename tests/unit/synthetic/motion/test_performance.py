"""Every behaviour as an ethologist would check it: from keypoints alone."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from mousegpt.core.skeleton import BONES, KEYPOINTS
from mousegpt.synthetic.anatomy import BONES as ANATOMY
from mousegpt.synthetic.anatomy import N_TAIL, PAWS, Body, draw_body
from mousegpt.synthetic.arena import ARENAS, measure_wall_distance
from mousegpt.synthetic.behaviors import BEHAVIORS, ETHOGRAM, Bout
from mousegpt.synthetic.body import pose_figure, pose_skeleton
from mousegpt.synthetic.motion import act

FPS = 120
SHORT = {"head twitch": 0.08, "jumping": 0.34, "wet-dog shake": 0.5, "lying": 5.0}
#: pairs of neighbours with a joint between them: tail, neck, hip joint
JOINTED = {("TailBase", "TailMid"), ("TailMid", "TailEnd")}
JOINTED |= {(f"Ear{side}", "SpineF") for side in "LR"} | {("Hip", f"Knee{side}") for side in "LR"}
FORE = [KEYPOINTS.index(name) for name in PAWS[:2]]
HIND = [KEYPOINTS.index(name) for name in PAWS[2:]]


class Scene:
    """Three bouts of a behaviour, with stillness between."""

    def __init__(self, behavior, arena="paper", fps=FPS, seed=3, **manner):
        length = SHORT.get(behavior, 2.0)
        bout = Bout(behavior, length, **manner)
        script = [Bout("still", 0.6), *(3 * [bout, Bout("still", 0.6)])]
        duration = 0.6 + 3 * (length + 0.6) + (12 if ETHOGRAM[behavior].at_wall else 3)
        self.fps, self.arena, self.body = fps, ARENAS[arena], draw_body(seed=seed)
        self.played = act(script, self.body, self.arena, duration_s=duration, fps=fps, seed=seed)
        self.keypoints = pose_skeleton(self.played.stance, self.body)
        self.shows = np.array(self.played.labels) == behavior

    def at(self, name):
        return self.keypoints[:, KEYPOINTS.index(name)]

    def bouts(self):
        edges = np.flatnonzero(np.diff(np.r_[0, self.shows.astype(int), 0]))
        return [slice(a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]

    def cores(self):
        """The middle halves of the bouts."""
        quarter = [(b.stop - b.start) // 4 for b in self.bouts()]
        return [slice(b.start + q, b.stop - q) for b, q in zip(self.bouts(), quarter, strict=True)]

    def core(self, values):
        return np.concatenate([values[part] for part in self.cores()])

    def pitch(self):
        """Of the trunk, degrees."""
        along = self.at("SpineF") - self.at("Hip")
        return np.degrees(np.arcsin(along[:, 2] / np.linalg.norm(along, axis=1)))

    def progression(self):
        """Forward speed of the hip, cm/s."""
        yaw = self.played.stance.carriage.yaw
        velocity = np.gradient(self.at("Hip")[:, :2], axis=0) * self.fps
        return velocity[:, 0] * np.cos(yaw) + velocity[:, 1] * np.sin(yaw)


@cache
def scene(behavior, arena="paper", fps=FPS):
    return Scene(behavior, arena, fps)


def find_slides(keypoints, contacts):
    """How far each standing paw is from where its stance began, cm."""
    slides = []
    for paw, stands in zip([*FORE, *HIND], contacts.T, strict=True):
        edges = np.flatnonzero(np.diff(np.r_[0, stands.astype(int), 0]))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            track = keypoints[a:b, paw, :2]
            slides.append(np.linalg.norm(track - track[0], axis=1))
    return np.concatenate(slides)


def find_frequency(signal, fps, lowest_hz=3.0):
    """The strongest frequency above the lowest, Hz."""
    power = np.abs(np.fft.rfft((signal - signal.mean()) * np.hanning(len(signal)), 4096))
    hz = np.fft.rfftfreq(4096, 1 / fps)
    return hz[hz > lowest_hz][power[hz > lowest_hz].argmax()]


@pytest.mark.parametrize("behavior", BEHAVIORS)
class TestEveryBehavior:
    def test_it_is_played(self, behavior):
        found = scene(behavior)
        assert len(found.bouts()) >= (1 if behavior == "still" else 3)
        assert np.isfinite(found.keypoints).all()
        assert found.played.contacts.shape == (len(found.keypoints), 4)
        assert len(found.played.labels) == len(found.played.stance) == len(found.keypoints)

    def test_standing_paws_do_not_slide(self, behavior):
        found = scene(behavior)
        assert (find_slides(found.keypoints, found.played.contacts) < 0.2).mean() > 0.95

    def test_standing_paws_are_on_the_ground(self, behavior):
        found = scene(behavior)
        heights = found.keypoints[:, [*FORE, *HIND], 2][found.played.contacts]
        assert (heights < 0.2).mean() > 0.99

    def test_nothing_goes_through_the_floor(self, behavior):
        assert scene(behavior).keypoints[..., 2].min() > -0.05

    @pytest.mark.parametrize("arena", ["cylinder", "open_field"])
    def test_nothing_goes_through_the_wall(self, behavior, arena):
        found = scene(behavior, arena)
        assert measure_wall_distance(found.arena, found.keypoints[..., :2]).min() > 0

    def test_bones_keep_their_length(self, behavior):
        keypoints = scene(behavior).keypoints
        for a, b in set(BONES) - JOINTED:
            ends = keypoints[:, KEYPOINTS.index(a)] - keypoints[:, KEYPOINTS.index(b)]
            length = np.linalg.norm(ends, axis=1)
            assert np.ptp(length) < 0.01 * length.mean(), (a, b)

    def test_bones_of_the_tail_keep_their_length(self, behavior):
        found = scene(behavior)
        origins = pose_figure(found.played.stance, found.body).origins
        first = ANATOMY.index("tail_1")
        lengths = np.linalg.norm(np.diff(origins[:, first : first + N_TAIL], axis=1), axis=-1)
        assert np.ptp(lengths) < 1e-6

    def test_speed_and_acceleration_are_bounded(self, behavior):
        found = scene(behavior)
        velocity = np.gradient(found.keypoints, axis=0) * FPS
        acceleration = np.gradient(velocity, axis=0) * FPS
        fast = 2.0 if behavior in ("jumping", "head twitch", "wet-dog shake") else 1.0
        trunk = [KEYPOINTS.index(name) for name in ("SpineF", "SpineG", "Hip", "TailBase")]
        assert np.linalg.norm(velocity, axis=-1).max() < 165 * fast
        assert np.linalg.norm(velocity[:, trunk], axis=-1).max() < 75 * fast
        assert np.linalg.norm(acceleration[:, trunk], axis=-1).max() < 2000 * fast


def test_still_is_still():
    found = scene("still")
    assert np.abs(found.progression()).mean() < 1
    assert found.played.contacts.all(axis=1).mean() > 0.95


def test_a_crouched_mouse_is_short_and_low():
    found, still = scene("crouched"), scene("still")
    length = np.linalg.norm(found.at("Snout") - found.at("TailBase"), axis=1)
    assert 5.5 < np.median(found.core(length)) < 7.2
    assert found.core(found.at("Snout")[:, 2]).min() > 0.1
    assert np.median(found.core(found.at("Hip")[:, 2])) < np.median(still.at("Hip")[:, 2])


def test_a_lying_mouse_is_on_its_belly():
    found = scene("lying")
    assert found.core(found.at("Hip")[:, 2]).max() < 1.8
    assert found.core(found.at("SpineF")[:, 2]).max() < 2.6


def test_sniffing_bobs_the_snout_near_the_floor():
    found = scene("sniffing")
    assert np.median(found.core(found.at("Snout")[:, 2])) < 1.2
    part = found.cores()[0]
    ear_to_snout = (found.at("Snout") - found.at("EarL"))[part, 2]
    assert 5 < find_frequency(ear_to_snout, FPS, lowest_hz=4.0) < 8.5


def test_scanning_sweeps_the_head_to_both_sides():
    found = scene("head scanning")
    head_yaw = found.core(found.played.stance.carriage.head_yaw)
    assert np.degrees(head_yaw.min()) < -25
    assert np.degrees(head_yaw.max()) > 25


@pytest.mark.parametrize(("behavior", "low", "high"), [("walking", 4, 17), ("running", 12, 45)])
def test_gaits_have_their_pace(behavior, low, high):
    found = scene(behavior, "open_field")
    assert low < np.median(found.core(found.progression())) < high


def test_faster_strides_are_longer_and_more_frequent():
    rates = {}
    for behavior in ("walking", "running"):
        found = scene(behavior, "open_field")
        stands = found.played.contacts[:, 2]
        lifts = sum(int((np.diff(stands[part].astype(int)) < 0).sum()) for part in found.cores())
        seconds = found.core(stands).size / FPS
        distance = found.core(found.progression()).sum() / FPS
        rates[behavior] = lifts / seconds, distance / lifts, found.core(stands).mean()
    (slow, short, firm), (quick, long, loose) = rates["walking"], rates["running"]
    assert 2 < slow < 5 < quick < 9
    assert short < long
    assert loose < firm


def test_backing_goes_backwards():
    found = scene("backing")
    assert found.core(found.progression()).mean() < -1


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("behavior", "least_deg"), [("turning", 60), ("circling", 150)])
def test_turns_go_to_their_side(behavior, least_deg, side):
    found = Scene(behavior, "open_field", side=side)
    yaw = found.played.stance.carriage.yaw
    turned = [np.degrees(yaw[part.stop - 1] - yaw[part.start]) * side for part in found.bouts()]
    assert np.max(turned) > least_deg
    assert np.median(turned) > 0.6 * least_deg


def test_rearing_stands_on_the_hind_paws():
    found = scene("rearing")
    assert found.core(found.keypoints[:, FORE, 2]).min() > 3
    assert 45 < np.median(found.core(found.pitch())) < 80
    assert found.core(found.played.contacts[:, 2:]).all()
    assert not found.core(found.played.contacts[:, :2]).any()


def test_supported_rearing_has_a_forepaw_on_the_wall():
    found = scene("supported rearing")
    paws = found.core(found.keypoints[:, FORE])
    assert np.median(measure_wall_distance(found.arena, paws[..., :2]).min(axis=1)) < 0.7
    assert paws[..., 2].min() > 3
    assert np.median(found.core(found.pitch())) > 45


def test_wall_exploration_has_the_snout_near_the_wall():
    found = scene("wall exploration")
    snout = found.core(found.at("Snout"))
    assert np.median(measure_wall_distance(found.arena, snout[:, :2])) < 1.5


def test_face_grooming_strokes_the_snout():
    found = scene("face grooming")
    gaps = np.linalg.norm(found.keypoints[:, FORE] - found.at("Snout")[:, None], axis=-1)
    assert all(gaps[part].min() < 1.0 for part in found.cores())
    assert found.core(gaps).max() < 4
    part = found.cores()[0]
    assert 3.9 < find_frequency(found.keypoints[part, FORE[0], 2], FPS) < 7.2
    assert found.core(found.played.contacts[:, 2:]).all()


@pytest.mark.parametrize("side", [1, -1])
def test_body_grooming_turns_the_head_to_the_flank(side):
    found = Scene("body grooming", side=side)
    carriage = found.played.stance.carriage
    turned = np.degrees(found.core(carriage.bend + carriage.head_yaw)) * side
    assert np.median(turned) > 90
    loin = (found.at("SpineH") + found.at("Hip")) / 2
    assert np.median(found.core(np.linalg.norm(found.at("Snout") - loin, axis=1))) < 3.6


@pytest.mark.parametrize("side", [1, -1])
def test_scratching_is_fast_and_one_sided(side):
    found = Scene("scratching", fps=240, side=side)
    foot, ear = ("HindpawL", "EarL") if side == 1 else ("HindpawR", "EarR")
    part = found.cores()[0]
    assert 10 < find_frequency(found.at(foot)[part, 0], 240) < 20
    assert found.at(foot)[part, 2].min() > 1
    assert np.median(np.linalg.norm(found.at(foot) - found.at(ear), axis=1)[part]) < 1.8
    other = found.played.contacts[part, 3 if side == 1 else 2]
    assert other.all()


def test_a_head_twitch_is_short_and_fast():
    found = Scene("head twitch", fps=480)
    roll = np.degrees(found.played.stance.carriage.head_roll)
    for part in found.bouts():
        assert 0.06 <= (part.stop - part.start) / 480 <= 0.1
        assert np.ptp(roll[part]) > 20
        assert 70 < find_frequency(roll[part], 480, lowest_hz=20) < 100
    outside = ~found.shows
    assert np.abs(np.diff(roll)[outside[1:] & outside[:-1]]).max() < 0.5


def test_a_shake_rolls_head_and_trunk():
    found = Scene("wet-dog shake", fps=240)
    carriage = found.played.stance.carriage
    part = found.bouts()[0]
    assert 14 < find_frequency(carriage.roll[part], 240, lowest_hz=8) < 22
    assert np.degrees(np.ptp((carriage.roll + carriage.head_roll)[part])) > 40


def test_a_jump_is_a_parabola_without_contact():
    found = Scene("jumping", fps=480)
    for part in found.bouts():
        flies = np.flatnonzero(~found.played.contacts[part].any(axis=1)) + part.start
        air = flies[len(flies) // 5 : -len(flies) // 5]
        assert found.keypoints[air][:, [*FORE, *HIND], 2].min() > 0.2
        time = air / 480
        fall = np.polyfit(time, found.played.stance.carriage.lift[air], 2)
        assert 2 * fall[0] == pytest.approx(-981, rel=1e-6)
        assert np.ptp(found.at("Hip")[part, 2]) > 3


def test_stretch_attending_is_long_and_low():
    found, still = scene("stretch-attending"), scene("still")
    length = np.linalg.norm(found.at("Snout") - found.at("TailBase"), axis=1)
    usual = np.linalg.norm(still.at("Snout") - still.at("TailBase"), axis=1)
    assert np.median(found.core(length)) > 1.2 * np.median(usual)
    assert np.median(found.core(found.at("SpineF")[:, 2])) < 2.4


def test_digging_paws_take_turns():
    found = scene("digging")
    part = found.cores()[0]
    left, right = found.keypoints[part][:, FORE, 2].T
    assert np.corrcoef(left, right)[0, 1] < -0.2
    assert 5 < find_frequency(left, FPS, lowest_hz=4) < 9


def test_same_seed_same_bytes_other_seed_other_motion():
    script = [Bout(name, 0.5) for name in BEHAVIORS]

    def play(seed):
        played = act(script, Body(), ARENAS["paper"], duration_s=8, fps=60, seed=seed)
        return pose_skeleton(played.stance, Body()).tobytes(), played.contacts.tobytes()

    assert play(1) == play(1)
    assert play(1) != play(2)


def test_another_rate_samples_the_same_motion():
    script = [Bout(name, 1.0) for name in BEHAVIORS]
    slow, fast = (
        act(script, Body(), ARENAS["paper"], duration_s=20, fps=fps, seed=4) for fps in (60, 120)
    )
    assert slow.labels == fast.labels[::2]
    gap = pose_skeleton(slow.stance, Body()) - pose_skeleton(fast.stance, Body())[::2]
    distance = np.linalg.norm(gap, axis=-1)
    assert np.percentile(distance, 95) < 0.25
    assert np.median(distance) < 0.02


def test_manner_shows():
    def play(**manner):
        found = Scene("walking", "open_field", **manner)
        figure = pose_figure(found.played.stance, found.body)
        return found, figure

    usual, _ = play()
    quick, _ = play(vigor=1.5)
    assert np.median(quick.core(quick.progression())) > 1.2 * np.median(
        usual.core(usual.progression())
    )
    hunched, figure = play(hunch=24.0)
    assert np.degrees(
        np.mean(hunched.played.stance.carriage.arch - usual.played.stance.carriage.arch)
    ) == pytest.approx(8 * hunched.shows.mean(), abs=3)
    assert figure.girth.mean() > 1
    unsteady, _ = play(sway=1.0)
    assert np.std(unsteady.core(unsteady.played.stance.carriage.roll)) > 1.5 * np.std(
        usual.core(usual.played.stance.carriage.roll)
    )


def test_a_platform_without_walls_has_no_supported_rearing():
    table = replace(ARENAS["open_field"], wall="none")
    script = [Bout("supported rearing", 1.5)]
    played = act(script, Body(), table, duration_s=1.5, fps=60, seed=0)
    assert set(played.labels) == {"rearing"}


def test_a_script_too_short_ends_in_stillness():
    played = act([Bout("walking", 0.5)], Body(), ARENAS["paper"], duration_s=2, fps=60, seed=0)
    assert len(played.labels) == 120
    assert played.labels[-1] == "still"
