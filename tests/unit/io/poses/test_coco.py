import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mousegpt.core.errors import DataError
from mousegpt.io.poses import load_poses


def write(path: Path, names: list[str], annotations: list[dict[str, Any]], **image: Any) -> Path:
    content = {
        "images": [{"id": 10 + n, "file_name": name, **image} for n, name in enumerate(names)],
        "annotations": annotations,
        "categories": [{"id": 1, "name": "mouse", "keypoints": ["nose", "tail"]}],
    }
    path.write_text(json.dumps(content))
    return path


def test_visibility(tmp_path: Path) -> None:
    annotations = [
        {"image_id": 11, "keypoints": [1, 2, 2, 9, 9, 0]},
        {"image_id": 10, "keypoints": [3, 4, 1, 5, 6, 2]},
        {"image_id": 10, "keypoints": []},
    ]
    poses = load_poses(write(tmp_path / "a.json", ["v/7.png", "v/3.png"], annotations), fps=5)
    assert poses["frame"].to_numpy().tolist() == [3, 7]
    nan = np.nan
    x = poses["position"].isel(space=0, individual=0).to_numpy()
    np.testing.assert_array_equal(x, [[1, nan], [3, 5]])
    confidence = poses["confidence"].isel(individual=0).to_numpy()
    np.testing.assert_array_equal(confidence, [[1, 0], [0.5, 1]])


def test_animals_by_order_and_by_track(tmp_path: Path) -> None:
    points = [[1, 1, 2, 1, 1, 2], [2, 2, 2, 2, 2, 2]]
    plain = [{"image_id": 10, "keypoints": p} for p in points]
    poses = load_poses(write(tmp_path / "a.json", ["0.png"], plain), fps=5)
    assert poses["individual"].to_numpy().tolist() == ["0", "1"]
    tracked = [{"image_id": 10, "track_id": 7 - n, "keypoints": p} for n, p in enumerate(points)]
    poses = load_poses(write(tmp_path / "b.json", ["0.png"], tracked), fps=5)
    assert poses["position"].sel(individual="7").isel(time=0).to_numpy().tolist() == [[1, 1]] * 2


def test_scores_and_order_of_images(tmp_path: Path) -> None:
    scored = [{"image_id": 10, "keypoints": [1, 2, 0.3, 3, 4, 0.9]}]
    poses = load_poses(write(tmp_path / "a.json", ["a.png", "b.png"], scored), fps=5)
    assert poses["frame"].to_numpy().tolist() == [0, 1]
    assert poses["confidence"].isel(time=0).squeeze().to_numpy().tolist() == [0.3, 0.9]


def test_faults(tmp_path: Path) -> None:
    twice = [{"image_id": 10, "track_id": 1, "keypoints": [1, 2, 2] * 2}] * 2
    with pytest.raises(DataError, match="two annotations of the animal '1'"):
        load_poses(write(tmp_path / "a.json", ["0.png"], twice), fps=5)
    path = tmp_path / "b.json"
    path.write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(DataError, match="keypoint names in 'categories'"):
        load_poses(path, fps=5)
    path.write_text('{"images": [')
    with pytest.raises(DataError, match="cut off or damaged"):
        load_poses(path, fps=5)
    path.write_text("[]")
    with pytest.raises(DataError, match="no pose format fits this json file"):
        load_poses(path, fps=5)
