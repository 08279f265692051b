"""A study with known behaviours, and models that need no weights."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

from mousegpt.core.arrays import FloatArray


class WordEmbedder:
    """Embeds a text as the directions of its words; counts the texts it is asked for."""

    name = "words"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def embed(self, texts: Sequence[str]) -> FloatArray:
        self.asked += texts
        rows = np.zeros((len(texts), 64), np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().replace(".", "").split():
                rows[row] += _direct(word)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _direct(word: str) -> FloatArray:
    seed = int.from_bytes(sha256(word.encode()).digest()[:8], "little")
    return np.random.default_rng(seed).normal(size=64).astype(np.float32)


class ScriptedLabeler:
    """Names a cluster by its first one-word keyword and files every posture under one key."""

    name = "scripted"

    def __init__(self) -> None:
        self.sentences: list[str] = []

    def label_clusters(self, keywords: Sequence[Sequence[str]]) -> list[str]:
        return [next((word for word in words if " " not in word), "unnamed") for words in keywords]

    def name_posture(self, sentence: str, part: str, keys: Sequence[str]) -> tuple[str, str]:
        self.sentences.append(sentence)
        return f"new {part}", sentence.split()[1]


@pytest.fixture
def embedder() -> WordEmbedder:
    return WordEmbedder()


@pytest.fixture
def labeler() -> ScriptedLabeler:
    return ScriptedLabeler()


PLANTED = {
    "walking": ("The mouse walks forward across the floor.", "The paws step.", 60),
    "grooming": ("It strokes its own face.", "Both forepaws touch the snout.", 30),
    "rearing": ("An animal stands upright on two legs.", "Forepaws hang in the air.", 20),
}


@pytest.fixture
def study() -> tuple[pd.DataFrame, pd.Series]:
    """Descriptions of 110 frames in a fixed shuffle, and what each mouse does."""
    rows, truth = [], []
    for activity, (overall, limb, n) in PLANTED.items():
        for index in range(n):
            detail = ("left", "right", "level", "low")[index % 4]
            rows.append((overall, f"The head is {detail}.", limb, f"{activity}, head {detail}"))
            truth.append(activity)
    order = np.random.default_rng(0).permutation(len(rows))
    table = describe([rows[index] for index in order])
    return table, pd.Series([truth[index] for index in order])


def describe(rows: Sequence[tuple[str, str, str, str]]) -> pd.DataFrame:
    """Build a description table from (overall, head, limb, keywords)."""
    n = len(rows)
    overall, head, limb, keywords = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "recording": ["r1"] * n,
            "individual": ["mouse"] * n,
            "frame": np.arange(n) * 12,
            "time_s": np.arange(n) / 5,
            "status": ["ok"] * n,
            "overall": overall,
            "head": head,
            "limb": limb,
            "torso": ["The trunk is flat."] * n,
            "others": ["The wall is near."] * n,
            "keywords": keywords,
        }
    )
