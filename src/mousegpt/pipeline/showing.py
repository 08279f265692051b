"""The step that shows the mouse: pictures of it at sampled frames, written as they are cut."""

from __future__ import annotations

import pandas as pd

from mousegpt.core.query import write_moments
from mousegpt.pipeline.chain import Job, Output
from mousegpt.pipeline.contents import load_contents
from mousegpt.pipeline.pictures import choose_views, encode_jpeg, name_picture, picture_frames
from mousegpt.vision.moments import find_moments
from mousegpt.vision.sampling import choose_frames

_COLUMNS = ("recording", "individual", "frame", "time_s", "views", "moments_s", "file")


def make_mosaics(job: Job) -> Output:
    """Cut the mouse out of two perpendicular views, at evenly spaced sampled frames.

    Each picture is written as soon as it is cut: those of an hour do not fit into memory.
    """
    contents = load_contents(job.recording, job.project.skeleton)
    views = choose_views(contents)
    fps, n_frames = contents.videos[views[0]].fps, contents.videos[views[0]].n_frames
    moments = job.options(find_moments)
    shown = {
        (individual, int(frame)): find_moments(int(frame), n_frames, fps, **moments)
        for frame in choose_frames(n_frames, fps, **job.options(choose_frames))
        for individual in contents.individuals or ("",)
    }
    rows = []
    for (individual, frame), image in picture_frames(contents, shown, views):
        times = [(other - frame) / fps for other in shown[individual, frame]]
        name = name_picture(job.unit, individual, frame, ".grid.jpg" if times[1:] else ".jpg")
        job.write(name, encode_jpeg(image))
        place = (job.unit, individual, frame, frame / fps)
        rows.append((*place, " + ".join(views), write_moments(times), name))
        job.report(len(rows), len(shown))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    return Output(table, written=tuple(table["file"]))
