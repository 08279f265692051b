import numpy as np
import pandas as pd
import pytest

from mousegpt.core.errors import DataError
from mousegpt.core.poses import build_poses
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.core.skeleton_map import SkeletonMap, apply_skeleton_map, guess_skeleton_map

SOURCES = {
    "deepof": (
        "Nose Left_ear Right_ear Spine_1 Center Spine_2 Left_fhip Right_fhip Left_bhip Right_bhip "
        "Tail_base Tail_1 Tail_2 Tail_tip",
        "Snout EarL EarR SpineF SpineG SpineH ShoulderL ShoulderR Hip Hip TailBase TailMid - "
        "TailEnd",
    ),
    "DLC open field": ("snout leftear rightear tailbase", "Snout EarL EarR TailBase"),
    "SuperAnimal": (
        "nose left_ear right_ear left_ear_tip right_ear_tip left_eye right_eye neck mid_back "
        "mouse_center mid_backend mid_backend2 mid_backend3 tail_base tail1 tail2 tail3 tail4 "
        "tail5 left_midside right_midside left_shoulder right_shoulder left_hip right_hip "
        "tail_end head_midpoint",
        "Snout EarL EarR - - - - SpineF - SpineG SpineH - - TailBase - - TailMid - - - - "
        "ShoulderL ShoulderR Hip Hip TailEnd -",
    ),
    "SLEAP": (
        "Nose Ear_R Ear_L TTI TailTip Head Trunk Tail_0 Tail_1 Tail_2 Shoulder_left "
        "Shoulder_right Haunch_left Haunch_right Neck",
        "Snout EarR EarL TailBase TailEnd - SpineG - TailMid - ShoulderL ShoulderR Hip Hip SpineF",
    ),
    "DANNCE 22": (
        "left_ear_tip right_ear_tip nose neck body_middle tail_root tail_middle tail_end left_paw "
        "left_paw_end left_elbow left_shoulder right_paw right_paw_end right_elbow right_shoulder "
        "left_foot left_knee left_hip right_foot right_knee right_hip",
        "EarL EarR Snout SpineF SpineG TailBase TailMid TailEnd WristL ForepawL ElbowL ShoulderL "
        "WristR ForepawR ElbowR ShoulderR HindpawL KneeL Hip HindpawR KneeR Hip",
    ),
    "DANNCE 16": (
        "EarL EarR Snout SpineF SpineM Tail_base_ Tail_mid_ Tail_end_ ForepawL ForelimbL ForepawR "
        "ForelimbR HindpawL HindlimbL HindpawR HindlimbR",
        "EarL EarR Snout SpineF SpineG TailBase TailMid TailEnd ForepawL ElbowL ForepawR ElbowR "
        "HindpawL KneeL HindpawR KneeR",
    ),
    "rat 23": (
        "Snout EarL EarR SpineF SpineM SpineL TailBase ShoulderL ElbowL WristL HandL HipL KneeL "
        "AnkleL FootL HipR",
        "Snout EarL EarR SpineF SpineG SpineH TailBase ShoulderL ElbowL WristL ForepawL Hip KneeL "
        "AnkleL HindpawL Hip",
    ),
    "JABS": (
        "NOSE LEFT_EAR RIGHT_EAR BASE_NECK LEFT_FRONT_PAW RIGHT_FRONT_PAW CENTER_SPINE "
        "LEFT_REAR_PAW RIGHT_REAR_PAW BASE_TAIL MID_TAIL TIP_TAIL",
        "Snout EarL EarR SpineF ForepawL ForepawR SpineG HindpawL HindpawR TailBase TailMid "
        "TailEnd",
    ),
    "CalMS21": (
        "nose left_ear right_ear neck left_hip right_hip tail_base",
        "Snout EarL EarR SpineF Hip Hip TailBase",
    ),
    "MABe": (
        "body_center hip_left hip_right lateral_left neck nose spine_1 spine_2 tail_base "
        "tail_middle_1 tail_midpoint tail_tip forepaw_left hindpaw_right",
        "SpineG Hip Hip - SpineF Snout - SpineH TailBase - TailMid TailEnd ForepawL HindpawR",
    ),
    "SimBA": ("Ear_left Nose Center Lat_left Tail_base", "EarL Snout SpineG - TailBase"),
    "five spine points": (
        "spine1 spine2 spine3 spine4 spine5 tail1 tail2",
        "SpineF SpineG - SpineH Hip TailBase TailMid",
    ),
    "Lightning Pose mirror": (
        "paw1LH_top paw2LF_top paw3RF_top paw4RH_top nose_top obs_top nose_bot paw1LH_bot",
        "HindpawL ForepawL ForepawR HindpawR Snout - - -",
    ),
    "camel": ("leftEar rightHindPaw LForepaw tailTip", "EarL HindpawR ForepawL TailEnd"),
    "dashes": ("ear-l hind-paw-r l-forepaw tail-tip", "EarL HindpawR ForepawL TailEnd"),
    "dots": ("ear.left R.hindpaw", "EarL HindpawR"),
    "ours, in small letters": ("spine_g spineh wrist_l", "SpineG SpineH WristL"),
    "a paw without an end": ("left_paw right_hand left_foot", "ForepawL ForepawR HindpawL"),
}


@pytest.mark.parametrize("source", SOURCES)
def test_guess(source: str) -> None:
    names, expected = (text.split() for text in SOURCES[source])
    guessed = guess_skeleton_map(names).targets
    assert guessed == {n: None if e == "-" else e for n, e in zip(names, expected, strict=True)}


def test_guess_with_blanks() -> None:
    mars = ["nose", "right ear", "left ear", "neck", "right side body", "left side body", "tail"]
    expected = ["Snout", "EarR", "EarL", "SpineF", None, None, "TailBase"]
    assert list(guess_skeleton_map(mars).targets.values()) == expected
    assert guess_skeleton_map(["Tail(base)", "Nose point"]).targets == {
        "Tail(base)": "TailBase",
        "Nose point": "Snout",
    }


def test_our_own_names_stay() -> None:
    assert guess_skeleton_map(KEYPOINTS).targets == {name: name for name in KEYPOINTS}
    for name in KEYPOINTS:
        assert guess_skeleton_map([name]).targets == {name: name}


def test_each_keypoint_has_one_source_unless_it_is_the_hip() -> None:
    for names, _ in SOURCES.values():
        skeleton_map = guess_skeleton_map(names.split())
        for keypoint in KEYPOINTS:
            assert len(skeleton_map.find_sources(keypoint)) <= (2 if keypoint == "Hip" else 1)


def test_one_hip_joint_is_not_the_hip() -> None:
    assert guess_skeleton_map(["left_hip"]).targets == {"left_hip": None}


def test_unknown_words_have_no_counterpart() -> None:
    names = ["left_eye", "whisker", "head", "p8_forelimb", "", "7"]
    assert set(guess_skeleton_map(names).targets.values()) == {None}


def test_the_guess_does_not_depend_on_the_order_of_other_names() -> None:
    names = SOURCES["SuperAnimal"][0].split()
    forward = dict(guess_skeleton_map(names).targets)
    assert dict(guess_skeleton_map(names[::-1]).targets) == forward


def test_unknown_target_is_refused() -> None:
    with pytest.raises(DataError, match="Whisker"):
        SkeletonMap({"a": "Whisker"})


def test_the_map_is_frozen() -> None:
    targets = {"nose": "Snout"}
    skeleton_map = SkeletonMap(targets)
    targets["nose"] = "Hip"
    assert skeleton_map.targets["nose"] == "Snout"
    with pytest.raises(TypeError):
        skeleton_map.targets["nose"] = "Hip"  # type: ignore[index]


def test_table_round_trip() -> None:
    skeleton_map = guess_skeleton_map(["nose", "left_eye"])
    table = skeleton_map.table()
    assert table.to_dict("list") == {"source": ["nose", "left_eye"], "keypoint": ["Snout", ""]}
    assert SkeletonMap.from_table(table) == skeleton_map
    with_gap = pd.DataFrame({"source": ["nose", "x"], "keypoint": ["Snout", None]})
    assert SkeletonMap.from_table(with_gap).targets == {"nose": "Snout", "x": None}


def test_bad_tables() -> None:
    with pytest.raises(DataError, match="keypoint"):
        SkeletonMap.from_table(pd.DataFrame({"source": ["nose"]}))
    with pytest.raises(DataError, match="twice"):
        SkeletonMap.from_table(pd.DataFrame({"source": ["a", "a"], "keypoint": ["Hip", "Hip"]}))


@pytest.mark.parametrize("views", [None, ["top", "side"]])
def test_apply(views: list[str] | None) -> None:
    position = np.arange(24.0).reshape(2, 2, 3, 2)  # time, space, keypoint, individual
    confidence = np.linspace(0, 1, 12).reshape(2, 3, 2)
    position[1, :, 1, 0] = np.nan
    if views:
        position, confidence = np.stack([position, -position]), np.stack([confidence] * 2)
    names = ["nose", "left_hip", "right_hip"]
    poses = build_poses(
        position,
        confidence,
        keypoints=names,
        fps=25,
        unit="mm",
        individuals=["a", "b"],
        views=views,
        frames=np.array([4, 9]),
    )
    poses["reprojection_error"] = poses["confidence"] * 2
    mapped = apply_skeleton_map(poses, guess_skeleton_map(names))
    assert tuple(mapped["keypoint"].to_numpy()) == KEYPOINTS
    assert mapped["position"].dims == poses["position"].dims
    assert mapped.attrs == poses.attrs
    assert mapped["frame"].to_numpy().tolist() == [4, 9]
    snout = mapped.sel(keypoint="Snout")
    np.testing.assert_array_equal(snout["position"], poses["position"].sel(keypoint="nose"))
    np.testing.assert_array_equal(snout["confidence"], poses["confidence"].sel(keypoint="nose"))
    hips = [poses.sel(keypoint=name) for name in names[1:]]
    hip = mapped.sel(keypoint="Hip")
    mean = (hips[0]["position"] + hips[1]["position"]) / 2  # NaN where one hip is unknown
    np.testing.assert_array_equal(hip["position"], mean)
    np.testing.assert_array_equal(hip["confidence"], hips[0]["confidence"])
    assert mapped.sel(keypoint="EarL")["position"].isnull().all()
    assert mapped["reprojection_error"].dims == poses["confidence"].dims


def test_apply_refuses_a_map_of_other_poses() -> None:
    poses = build_poses(np.zeros((1, 2, 1, 1)), keypoints=["nose"], fps=1, unit="px")
    with pytest.raises(DataError, match="tail"):
        apply_skeleton_map(poses, SkeletonMap({"tail": "TailBase"}))
    ignored = apply_skeleton_map(poses, SkeletonMap({"nose": "Snout", "tail": None}))
    assert ignored["position"].sel(keypoint="Snout").to_numpy().tolist() == [[[0.0], [0.0]]]
