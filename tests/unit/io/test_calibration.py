"""Each format is written by hand from the same three cameras, and must give them back."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest
import scipy.io

from mousegpt.core.calibration import Calibration, Camera
from mousegpt.core.errors import CalibrationError
from mousegpt.io.calibration import CALIBRATION_FORMATS, load_calibration, save_calibration

SIZE = (1280, 1024)


@pytest.fixture
def rig() -> Calibration:
    """Three cameras, 30 to 60 cm apart."""
    cameras = {}
    for i, name in enumerate(("left", "right", "top")):
        rotation = cv2.Rodrigues(np.array([0.3 * i, -0.5, 0.2]))[0]
        K = np.array([[900.0 + i, 0, 650.0], [0, 910.0, 500.0 + i], [0, 0, 1]])
        lens = np.array([-0.2, 0.05, 1e-3, -2e-3, 0.01])
        center = np.array([30.0 * i, 5.0, -40.0])
        cameras[name] = Camera(name, K, lens, rotation, -rotation @ center, SIZE)
    return Calibration(cameras, "test")


def assert_same(found: Calibration, expected: Calibration, *, names: bool = True) -> None:
    if names:
        assert found.views == expected.views
    for one, other in zip(found.cameras.values(), expected.cameras.values(), strict=True):
        for part in ("K", "distortion", "R", "t"):
            np.testing.assert_allclose(getattr(one, part), getattr(other, part), atol=1e-6)
        assert one.size in (other.size, (0, 0))


def write_toml(rig: Calibration, path: Path, unit_per_cm: float = 10, extra: str = "") -> Path:
    lines = ["# a comment\n"]
    for i, camera in enumerate(rig.cameras.values()):
        lines.append(
            f'[cam_{i}]\nname = "{camera.name}"\nsize = {list(camera.size)}\n'
            f"matrix = {camera.K.tolist()}\ndistortions = {camera.distortion.tolist()}\n"
            f"rotation = {cv2.Rodrigues(camera.R)[0].ravel().tolist()}\n"
            f"translation = {(camera.t * unit_per_cm).tolist()}\n{extra}\n"
        )
    path.write_text("".join(lines) + "[metadata]\nerror = 0.3\n")
    return path


def describe_label3d(camera: Camera) -> dict[str, np.ndarray]:
    k1, k2, p1, p2, k3 = camera.distortion
    return {
        "K": camera.K.T, "r": camera.R.T, "t": camera.t[None] * 10,
        "RDistort": np.array([[k1, k2, k3]]), "TDistort": np.array([[p1, p2]]),
    }  # fmt: skip


def write_storage(path: Path, **values: object) -> None:
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    for key, value in values.items():
        storage.write(key, value)
    storage.release()


def test_our_json_returns_the_same_numbers_to_the_last_bit(
    rig: Calibration, tmp_path: Path
) -> None:
    save_calibration(rig, tmp_path / "a.json")
    found = load_calibration(tmp_path / "a.json")
    assert found.views == rig.views
    for view, camera in found.cameras.items():
        for part in ("K", "distortion", "R", "t"):
            assert getattr(camera, part).tobytes() == getattr(rig.cameras[view], part).tobytes()
        assert camera.size == SIZE
    save_calibration(rig, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


@pytest.mark.parametrize(("unit", "per_cm"), [(None, 10), ("mm", 10), ("cm", 1), ("m", 0.01)])
def test_anipose_toml(rig: Calibration, unit: str | None, per_cm: float, tmp_path: Path) -> None:
    path = write_toml(rig, tmp_path / "calibration.toml", per_cm)
    assert_same(load_calibration(path, unit=unit), rig)


def test_the_wrong_unit_of_habit_is_noticed(rig: Calibration, tmp_path: Path) -> None:
    path = write_toml(rig, tmp_path / "metres.toml", 0.01)  # read as mm: 0.06 cm apart
    with pytest.raises(CalibrationError, match="give `unit`"):
        load_calibration(path)


def test_a_stated_unit_cannot_be_contradicted(rig: Calibration, tmp_path: Path) -> None:
    save_calibration(rig, tmp_path / "a.json")
    with pytest.raises(CalibrationError, match="unit is cm, but m was asked"):
        load_calibration(tmp_path / "a.json", unit="m")


def test_json_without_any_unit_asks_for_it(rig: Calibration, tmp_path: Path) -> None:
    save_calibration(rig, tmp_path / "a.json")
    content = json.loads((tmp_path / "a.json").read_text())
    del content["unit"]
    (tmp_path / "a.json").write_text(json.dumps(content))
    with pytest.raises(CalibrationError, match="does not say its unit"):
        load_calibration(tmp_path / "a.json")
    assert_same(load_calibration(tmp_path / "a.json", unit="cm"), rig)


def test_label3d_folder(rig: Calibration, tmp_path: Path) -> None:
    for i, camera in enumerate(rig.cameras.values()):
        scipy.io.savemat(tmp_path / f"cam{i + 1}_params.mat", describe_label3d(camera))
    found = load_calibration(tmp_path)
    assert found.views == ("cam1", "cam2", "cam3")
    assert_same(found, rig, names=False)


def test_dannce_mat_with_all_cameras(rig: Calibration, tmp_path: Path) -> None:
    params, names = np.empty((3, 1), object), np.empty((3, 1), object)
    for i, camera in enumerate(rig.cameras.values()):
        params[i, 0], names[i, 0] = describe_label3d(camera), camera.name
    scipy.io.savemat(tmp_path / "dannce.mat", {"params": params, "camnames": names})
    assert_same(load_calibration(tmp_path / "dannce.mat"), rig)


def test_dannce_mat_of_newer_matlab(rig: Calibration, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "dannce.mat", "w") as file:
        cells = file.create_dataset("params", (1, 3), h5py.ref_dtype)
        names = file.create_dataset("camnames", (1, 3), h5py.ref_dtype)
        for i, camera in enumerate(rig.cameras.values()):
            group = file.create_group(f"#refs#/p{i}")
            for key, value in describe_label3d(camera).items():
                group[key] = value.T  # MATLAB stores columns first
            file[f"#refs#/n{i}"] = np.array([[ord(c)] for c in camera.name], np.uint16)
            cells[0, i], names[0, i] = group.ref, file[f"#refs#/n{i}"].ref
    assert_same(load_calibration(tmp_path / "dannce.mat"), rig)


def test_easymocap_pair_as_folder_or_file(rig: Calibration, tmp_path: Path) -> None:
    intrinsics = cv2.FileStorage(str(tmp_path / "intri.yml"), cv2.FILE_STORAGE_WRITE)
    extrinsics = cv2.FileStorage(str(tmp_path / "extri.yml"), cv2.FILE_STORAGE_WRITE)
    for storage in (intrinsics, extrinsics):
        storage.startWriteStruct("names", cv2.FILE_NODE_SEQ)
        for name in rig.views:
            storage.write("", name)
        storage.endWriteStruct()
    for name, camera in rig.cameras.items():
        intrinsics.write(f"K_{name}", camera.K)
        intrinsics.write(f"dist_{name}", camera.distortion.reshape(5, 1))
        extrinsics.write(f"R_{name}", cv2.Rodrigues(camera.R)[0])
        extrinsics.write(f"T_{name}", camera.t.reshape(3, 1) / 100)
    intrinsics.release()
    extrinsics.release()
    for path in (tmp_path, tmp_path / "intri.yml", tmp_path / "extri.yml"):
        assert_same(load_calibration(path), rig)


def test_opencv_folder_with_one_file_per_camera(rig: Calibration, tmp_path: Path) -> None:
    for name, camera in rig.cameras.items():
        write_storage(
            tmp_path / f"{name}.yml", image_width=SIZE[0], image_height=SIZE[1],
            camera_matrix=camera.K, distortion_coefficients=camera.distortion.reshape(1, 5),
            R=camera.R, T=camera.t.reshape(3, 1) * 10,
        )  # fmt: skip
    found = load_calibration(tmp_path)
    assert_same(found, rig)
    assert found.cameras["top"].size == SIZE


def test_a_lone_opencv_camera_may_have_no_pose(rig: Calibration, tmp_path: Path) -> None:
    camera = rig.cameras["left"]
    values = {"camera_matrix": camera.K, "distortion_coefficients": camera.distortion}
    write_storage(tmp_path / "left.yml", **values)
    found = load_calibration(tmp_path / "left.yml").cameras["left"]
    np.testing.assert_array_equal(found.R, np.eye(3))
    write_storage(tmp_path / "right.yml", **values)
    with pytest.raises(CalibrationError, match="where its camera stands"):
        load_calibration(tmp_path)


def test_metashape_xml(rig: Calibration, tmp_path: Path) -> None:
    turn = cv2.Rodrigues(np.array([0.1, 0.2, 0.3]))[0]
    move, scale = np.array([0.5, -0.2, 0.1]), 2.5
    sensors, cameras = [], []
    for i, camera in enumerate(rig.cameras.values()):
        k1, k2, p1, p2, k3 = camera.distortion
        sensors.append(
            f'<sensor id="{i}" type="frame"><calibration type="frame" class="adjusted">'
            f'<resolution width="{SIZE[0]}" height="{SIZE[1]}"/><f>{camera.K[1, 1]}</f>'
            f"<b1>{camera.K[0, 0] - camera.K[1, 1]}</b1>"
            f"<cx>{camera.K[0, 2] + 0.5 - SIZE[0] / 2}</cx>"
            f"<cy>{camera.K[1, 2] + 0.5 - SIZE[1] / 2}</cy>"
            f"<k1>{k1}</k1><k2>{k2}</k2><k3>{k3}</k3><p1>{p2}</p1><p2>{p1}</p2>"
            "</calibration></sensor>"
        )
        pose = np.eye(4)
        pose[:3, :3] = turn.T @ camera.R.T
        pose[:3, 3] = turn.T @ (camera.center / 100 - move) / scale
        numbers = " ".join(repr(float(number)) for number in pose.ravel())
        cameras.append(
            f'<camera id="{i}" sensor_id="{i}" label="{camera.name}.jpg">'
            f"<transform>{numbers}</transform></camera>"
        )
    text = (
        '<?xml version="1.0"?><document><chunk><sensors>' + "".join(sensors)
        + '</sensors><cameras>' + "".join(cameras)
        + '<camera id="9" sensor_id="0" label="not aligned"/></cameras><transform>'
        + f"<rotation>{' '.join(repr(float(x)) for x in turn.ravel())}</rotation>"
        + f"<translation>{' '.join(map(str, move))}</translation><scale>{scale}</scale>"
        + "</transform></chunk></document>"
    )  # fmt: skip
    (tmp_path / "cameras.xml").write_text(text)
    assert_same(load_calibration(tmp_path / "cameras.xml"), rig)
    (tmp_path / "cameras.xml").write_text(text.replace(f"<scale>{scale}</scale>", ""))
    with pytest.raises(CalibrationError, match="does not say its unit"):
        load_calibration(tmp_path / "cameras.xml")


@pytest.mark.parametrize("form", [form.name for form in CALIBRATION_FORMATS])
def test_every_format_that_is_read_is_written(rig: Calibration, form: str, tmp_path: Path) -> None:
    skewed = np.array([[900.0, 0.7, 650.0], [0, 910.0, 500.0], [0, 0, 1]])
    cameras = {**rig.cameras, "top": replace(rig.cameras["top"], K=skewed)}
    expected = Calibration(cameras, "test")
    save_calibration(expected, tmp_path / "a", form=form)
    found = load_calibration(tmp_path / "a")
    assert found.source.startswith(form)
    assert_same(found, expected)
    points = np.random.default_rng(0).uniform(-10, 10, (50, 3))
    for view, camera in found.cameras.items():
        assert form == "Label3D mat" or camera.size == SIZE
        np.testing.assert_allclose(
            camera.project(points), expected.cameras[view].project(points), atol=1e-8
        )
    save_calibration(expected, tmp_path / "b", form=form)
    for one in [tmp_path / "a", *(tmp_path / "a").glob("*")]:
        other = tmp_path / "b" / one.relative_to(tmp_path / "a")
        assert one.is_dir() or one.read_bytes() == other.read_bytes()


def test_what_cannot_be_written_is_said(rig: Calibration, tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="no calibration format 'yaml'"):
        save_calibration(rig, tmp_path / "a", form="yaml")
    odd = Calibration({"links/ü": replace(rig.cameras["left"], name="links/ü")})
    for form in ("OpenCV yml", "EasyMocap yml"):
        with pytest.raises(CalibrationError, match="links/ü"):
            save_calibration(odd, tmp_path / "a", form=form)
    for form in ("Anipose toml", "Metashape xml", "Label3D mat"):
        save_calibration(odd, tmp_path / form, form=form)
        names = form != "Metashape xml"  # where a label is the path of a photo
        assert_same(load_calibration(tmp_path / form), odd, names=names)
    save_calibration(rig, tmp_path / "folder", form="OpenCV yml")
    save_calibration(rig, tmp_path / "folder", form="OpenCV yml")
    with pytest.raises(CalibrationError, match=r"found top.yml; choose a new folder"):
        save_calibration(rig.select(("left", "right")), tmp_path / "folder", form="OpenCV yml")


def test_lens_models_we_do_not_have_are_refused(rig: Calibration, tmp_path: Path) -> None:
    fisheye = write_toml(rig, tmp_path / "fisheye.toml", extra="fisheye = true")
    with pytest.raises(CalibrationError, match="fisheye"):
        load_calibration(fisheye)
    camera = rig.cameras["left"]
    write_storage(
        tmp_path / "left.yml", camera_matrix=camera.K, distortion_coefficients=np.full(8, 0.1)
    )
    with pytest.raises(CalibrationError, match="8 coefficients"):
        load_calibration(tmp_path / "left.yml")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "known format"),
        (b"time,x,y\n0,1,2\n", "known format"),
        (b'{"cameras": {"a": {"K": 3}}}', "cannot be read"),
        (b'{"cameras": {}}', "cannot be read"),
        (b"{", "cannot be read"),
        (b"[cam_0]\nname = ", "cannot be read"),
        (b"[metadata]\nerror = 1\n", "at least one camera"),
        (b"%YAML:1.0\n---\nfoo: 3\n", "cannot be read"),
        (b"<document>", "cannot be read"),
        (b"MATLAB 5.0 MAT-file", "cannot be read"),
        (b"\x89HDF\r\n\x1a\n", "cannot be read"),
    ],
)
def test_foreign_and_damaged_files_are_one_sentence(
    content: bytes, match: str, tmp_path: Path
) -> None:
    path = tmp_path / "calibration"
    path.write_bytes(content)
    with pytest.raises(CalibrationError, match=match):
        load_calibration(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CalibrationError, match="there is no"):
        load_calibration(tmp_path / "none.toml")


@pytest.mark.real
def test_real_rig_is_the_same_in_both_of_its_formats(shared_data: Path) -> None:
    folder = shared_data / "dannce_cylinder_5cam"
    json_rig = load_calibration(folder / "calibration.json")
    assert json_rig.views == ("CameraR", "CameraL", "CameraE", "CameraU", "CameraS")
    assert json_rig.cameras["CameraR"].size == (1328, 1048)
    assert_same(load_calibration(folder / "calibration_original_mat"), json_rig, names=False)
    distances = [np.linalg.norm(camera.center) for camera in json_rig.cameras.values()]
    assert 100 < min(distances) < max(distances) < 200  # cm, around a small cylinder


@pytest.mark.real
def test_real_anipose_toml(shared_data: Path) -> None:
    rig = load_calibration(shared_data / "sleap_8cam" / "calibration.toml")
    assert rig.views == ("back", "backL", "mid", "midL", "side", "sideL", "top", "topL")
