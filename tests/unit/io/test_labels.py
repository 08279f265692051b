"""Labels on disk: nothing is lost, nothing is overwritten unseen."""

import itertools
import multiprocessing
import os
import signal
import time

import pytest

from mousegpt.core.errors import DataError, ProjectError
from mousegpt.core.labels import FrameLabels, Label
from mousegpt.io.labels import LabelHeader, StaleLabelsError, open_labels

HEADER = LabelHeader(recording="r", views=("a", "b"), individuals=("m",), keypoints=("Snout",))


def label(frame, x, revision=0):
    points = {"a": {"m": {"Snout": Label(x=x, y=2.5)}}}
    return FrameLabels(frame=frame, revision=revision, points=points)


def test_what_is_saved_is_found_by_the_next_session(tmp_path):
    with open_labels(tmp_path, HEADER) as labels:
        assert labels.load(3) == FrameLabels(frame=3)
        saved = labels.save(label(3, 1.25))
        assert saved.revision == 1
    with open_labels(tmp_path, HEADER) as labels:
        assert labels.list_frames() == [3]
        assert labels.load_all() == [saved]


def test_an_older_revision_changes_nothing(tmp_path):
    with open_labels(tmp_path, HEADER) as labels:
        labels.save(label(3, 1.0))
        newest = labels.save(label(3, 2.0, revision=1))
        with pytest.raises(StaleLabelsError, match="revision 2, not 1"):
            labels.save(label(3, 9.0, revision=1))
        assert labels.load(3) == newest


def test_saving_again_after_a_lost_answer_is_no_conflict(tmp_path):
    with open_labels(tmp_path, HEADER) as labels:
        first = labels.save(label(3, 1.0))
        assert labels.save(label(3, 1.0)) == first


def test_frames_without_labels_are_not_listed_as_labelled(tmp_path):
    with open_labels(tmp_path, HEADER) as labels:
        saved = labels.save(label(3, 1.0))
        labels.save(FrameLabels(frame=3, revision=saved.revision))
        assert labels.load_all() == []


def test_a_damaged_file_is_named_and_kept(tmp_path):
    path = tmp_path / "frame-000003.json"
    with open_labels(tmp_path, HEADER) as labels:
        path.write_text('{"frame": 3, "points": {"a"')
        with pytest.raises(DataError, match=r"frame-000003\.json"):
            labels.save(label(3, 1.0))
    assert path.read_text().endswith('{"a"')


@pytest.mark.parametrize(
    ("change", "word"),
    [({"recording": "other"}, "recording"), ({"views": ("a", "c")}, "views"),
     ({"keypoints": ("Nose",)}, "keypoints")],
)  # fmt: skip
def test_labels_of_something_else_are_refused(tmp_path, change, word):
    with open_labels(tmp_path, HEADER):
        pass
    with (
        pytest.raises(DataError, match=word),
        open_labels(tmp_path, HEADER.model_copy(update=change)),
    ):
        pass


def test_only_one_process_has_it_open(tmp_path):
    other = open_labels(tmp_path, HEADER)
    with open_labels(tmp_path, HEADER), pytest.raises(ProjectError, match="Another"):
        other.__enter__()


@pytest.mark.parametrize(
    "fields",
    [{"x": 1.0}, {"state": "absent", "x": 1.0, "y": 1.0}, {}, {"x": float("nan"), "y": 1.0},
     {"x": 1e9, "y": 0.0}, {"x": 1.0, "y": 1.0, "path": "/etc"}],
)  # fmt: skip
def test_labels_are_whole(fields):
    with pytest.raises(ValueError, match=r"label|number|Extra|less"):
        Label(**fields)


def _save_for_ever(folder, n_saved):
    with open_labels(folder, HEADER) as labels:
        for number in itertools.count():
            labels.save(label(3, float(number), revision=number))
            n_saved.value = number + 1


def test_a_killed_writer_leaves_whole_files(tmp_path):
    context = multiprocessing.get_context("spawn")
    n_saved = context.Value("i", 0)
    writer = context.Process(target=_save_for_ever, args=(tmp_path, n_saved))
    writer.start()
    end = time.monotonic() + 120
    while n_saved.value < 30 and time.monotonic() < end:
        time.sleep(0.01)
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    assert n_saved.value >= 30
    with open_labels(tmp_path, HEADER) as labels:  # the lock fell with its holder
        newest = labels.load(3)
    assert newest.points["a"]["m"]["Snout"].x >= n_saved.value - 1  # what was acknowledged
