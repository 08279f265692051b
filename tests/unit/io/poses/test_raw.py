import pytest

from mousegpt.io.poses.raw import group_names


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        ("B_Nose B_Tail W_Nose W_Tail", {"B": [0, 1], "W": [2, 3]}),
        ("B_Nose B_Tail W_Tail W_Nose", {"B": [0, 1], "W": [3, 2]}),
        ("m1-nose m2-nose m1-left-ear m2-left-ear", {"m1": [0, 2], "m2": [1, 3]}),
        ("mouse_1_a mouse_1_b mouse_2_a mouse_2_b", {"mouse_1": [0, 1], "mouse_2": [2, 3]}),
        ("Ear_1 Nose_1 Hip_1 Ear_2 Nose_2 Hip_2", {"1": [0, 1, 2], "2": [3, 4, 5]}),
        ("left_ear left_hip right_ear right_hip", None),
        ("l_ear l_hip r_ear r_hip", None),
        ("ear_l ear_r hip_l hip_r", None),
        ("front_left_paw front_right_paw hind_left_paw hind_right_paw", None),
        ("tail_base tail_tip nose_base nose_tip", None),
        ("B_Nose B_Tail W_Nose", None),
        ("B_Nose B_Tail W_Nose W_Tail corner", None),
        ("B_Nose W_Nose", None),
        ("Tail_1 Tail_2 Spine_1 Spine_2", None),
        ("nose tail", None),
    ],
)
def test_group_names(names: str, groups: dict[str, list[int]] | None) -> None:
    assert group_names(names.split()) == groups
