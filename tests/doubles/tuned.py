"""Descriptions, questions and pictures of made-up animals, for tests of fine-tuning."""

import hashlib

import cv2
import numpy as np
import pandas as pd

from mousegpt.core.query import FrameQuery
from mousegpt.training.records import write_records
from mousegpt.training.sft import select_examples
from mousegpt.training.split import split_subjects

WORDS = {
    "overall": "The mouse is walking slowly.",
    "head": 'The head is level, "straight" and 5° to the left.',
    "limb": "All paws are on the ground.",
    "torso": "The trunk is horizontal.",
    "others": "",
    "keywords": "walking, slow movement",
}


def write_pictures(folder, n_animals=6, n_frames=3):
    """Write pictures, each its own; return descriptions, questions, animals, groups."""
    queries, rows = [], []
    for animal in range(n_animals):
        recording = f"r{animal}"
        (folder / "frames" / recording).mkdir(parents=True)
        for frame in range(n_frames):
            name = f"frames/{recording}/{frame:06d}.jpg"
            image = np.full((448, 896, 3), 20 * animal + frame, np.uint8)
            image[: animal + 1, : frame + 1] = 255
            data = cv2.imencode(".jpg", image)[1].tobytes()
            (folder / name).write_bytes(data)
            queries.append(
                FrameQuery(
                    recording=recording, individual="", frame=frame, picture=name,
                    picture_sha256=hashlib.sha256(data).hexdigest(), speeds=(1.5,) * 6,
                )
            )  # fmt: skip
            key = {"recording": recording, "individual": "", "frame": frame, "time_s": frame / 5}
            rows.append(key | {"status": "ok"} | WORDS)
    subjects = {f"r{animal}": f"m{animal}" for animal in range(n_animals)}
    groups = {f"m{animal}": "ab"[animal % 2] for animal in range(n_animals)}
    return pd.DataFrame(rows), queries, subjects, groups


def write_all(folder, study, **changes):
    """Write the records of a study of `write_pictures` into ``folder/records``."""
    table, queries, subjects, groups = study
    selection = select_examples(table.assign(**changes), queries, subjects, groups)
    parts = split_subjects(groups)
    return write_records(selection, parts, folder / "records", pictures=folder)
