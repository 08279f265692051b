"""The small model's file, its pictures, and that what it says depends on them alone."""

import zipfile

import cv2
import numpy as np
import pandas as pd
import pytest

from mousegpt.backends import nano
from mousegpt.backends.nano import NanoDescriber, choose_moments, split_grid
from mousegpt.core.errors import BackendError
from mousegpt.core.facts import SPEEDS, UNKNOWN
from mousegpt.core.query import FrameQuery
from mousegpt.core.tables import DESCRIPTION_TABLE
from mousegpt.description.parse import parse_reply
from mousegpt.description.telling import tell_states


def test_a_missing_model_is_named(tmp_path):
    with pytest.raises(BackendError, match="correct the path"):
        NanoDescriber(tmp_path / "nano.zip")


def test_an_installation_without_the_model_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(nano, "SHIPPED", tmp_path / "nano.zip")
    with pytest.raises(BackendError, match="this installation of mousegpt has none"):
        NanoDescriber()


def ask(speed, seed):
    """Return a question about a picture of blobs, whose nose moves so fast (cm/s)."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 16, 3), dtype=np.uint8)
    picture = cv2.resize(noise, (896, 448), interpolation=cv2.INTER_CUBIC)
    query = FrameQuery(
        recording="r", individual="mouse", frame=seed, picture="", picture_sha256="", n_views=2,
        speeds=(speed,) * len(SPEEDS), moments_s=(),
    )  # fmt: skip
    return query, cv2.imencode(".jpg", picture)[1].tobytes()


def test_what_the_shipped_model_says_does_not_depend_on_neighbours():
    asked = [ask(0.0, 0), ask(25.0, 1), ask(None, 2)]
    queries, pictures = zip(*asked, strict=True)
    describer = NanoDescriber(n_threads=1)
    together = describer.describe(queries, pictures)
    assert together == [describer.describe([q], [p])[0] for q, p in asked]
    assert together == NanoDescriber(batch_size=2, n_threads=1).describe(queries, pictures)
    parsed = [parse_reply(reply.text, finish_reason=reply.finish_reason) for reply in together]
    assert [each.status for each in parsed] == ["ok"] * 3
    assert len({reply.text for reply in together}) == 3


def test_the_shipped_model_heeds_speeds():
    queries, pictures = zip(ask(0.0, 0), ask(25.0, 0), strict=True)
    replies = NanoDescriber(n_threads=1).describe(queries, pictures)
    rest, run = (tell_states(tabulate(reply))["state_pace"].item() for reply in replies)
    assert rest == "still"
    assert run not in ("still", UNKNOWN)


def tabulate(reply):
    texts = parse_reply(reply.text, finish_reason=reply.finish_reason).description.model_dump()
    key = {"recording": "r", "individual": "mouse", "frame": 0, "time_s": 0.0, "status": "ok"}
    return pd.DataFrame([key | texts])[[*DESCRIPTION_TABLE.columns]]


def test_something_else_is_refused(tmp_path):
    path = tmp_path / "nano.zip"
    path.write_bytes(b"no archive")
    with pytest.raises(BackendError, match="something else"):
        NanoDescriber(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("about.json", "{}")
    with pytest.raises(BackendError, match="something else"):
        NanoDescriber(path)


@pytest.mark.parametrize(
    ("n_views", "n_moments", "rows"), [(1, 1, 1), (2, 1, 1), (2, 3, 3), (2, 4, 2), (1, 3, 1)]
)
def test_tiles_are_found_in_the_grid(n_views, n_moments, rows):
    columns = -(-n_moments // rows)
    grid = np.zeros((rows * 8, columns * n_views * 8, 3), dtype=np.uint8)
    for moment in range(n_moments):
        row, column = divmod(moment, columns)
        for view in range(n_views):
            left = (column * n_views + view) * 8
            grid[row * 8 : row * 8 + 8, left : left + 8] = 10 * moment + view
    tiles = split_grid(grid, n_views, n_moments)
    assert tiles.shape == (n_views, n_moments, 8, 8, 3)
    for view in range(n_views):
        assert tiles[view, :, 0, 0, 0].tolist() == [10 * m + view for m in range(n_moments)]


def test_moments_too_far_off_are_not_taken_for_neighbours():
    assert choose_moments([-1.0, 0.0, 1.0], [-0.1, 0.0, 0.1]) == [1, 1, 1]
    assert choose_moments([-0.12, 0.0, 0.12], [-0.1, 0.0, 0.1]) == [0, 1, 2]
