"""The small doors through which models enter the house.

A back end is any object of the right shape; nothing needs to be inherited.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from mousegpt.core.arrays import FloatArray, ImageArray
from mousegpt.core.chat import Message, Reply
from mousegpt.core.query import FrameQuery


class Embedder(Protocol):
    """Turns texts into unit vectors.

    The vector of a text depends on that text alone, never on its neighbours in a batch, so that
    interrupted and uninterrupted runs agree to the last bit.
    """

    @property
    def name(self) -> str:
        """Identity of the model and its version; part of every cache key."""
        ...

    def embed(self, texts: Sequence[str]) -> FloatArray:
        """Return float32 rows of length one, shape ``(len(texts), dimension)``."""
        ...


class Labeler(Protocol):
    """Names behaviours and postures from words, as the paper's language model does."""

    @property
    def name(self) -> str:
        """Identity of the rules or the model; written into provenance."""
        ...

    def label_clusters(self, keywords: Sequence[Sequence[str]]) -> list[str]:
        """Name each cluster from its top keywords; equal names mean "merge these"."""
        ...

    def name_posture(self, sentence: str, part: str, keys: Sequence[str]) -> tuple[str, str]:
        """Return ``(key, pattern)``: an existing or new key, and a regular expression for it.

        The pattern matches ``sentence`` (ignoring case).
        """
        ...


class Detector(Protocol):
    """Proposes boxes in square pictures; `vision.detection` fits pictures and keeps the best."""

    @property
    def name(self) -> str:
        """Identity of the network and its weights; written into provenance."""
        ...

    @property
    def size_px(self) -> int:
        """Edge of the pictures it takes."""
        ...

    def predict_boxes(self, squares: ImageArray) -> FloatArray:
        """Return proposals, shape (n, proposal, 5): box in pixels and score, 0 to 1.

        ``squares`` are RGB, shape (n, size_px, size_px, 3).
        """
        ...


class PoseEstimator(Protocol):
    """Draws heat-maps of the 24 keypoints; `vision.pose2d` cuts mice out and reads the maps."""

    @property
    def name(self) -> str:
        """Identity of the network and its weights; written into provenance."""
        ...

    @property
    def size_px(self) -> int:
        """Edge of the crops it takes."""
        ...

    def predict_heatmaps(self, crops: ImageArray) -> FloatArray:
        """Return heat-maps, shape (n, 24, cells, cells); a sure keypoint has the height 1.

        ``crops`` are RGB, shape (n, size_px, size_px, 3).
        """
        ...


class ChatModel(Protocol):
    """Answers messages, which may hold pictures."""

    @property
    def name(self) -> str:
        """Identity of the model and its version; part of every key in the ledger."""
        ...

    def chat(
        self,
        messages: Sequence[Message],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> Reply:
        """Return one answer; ask the service once, without any retry.

        ``schema`` is the JSON schema the answer should have; a service that cannot be held to it
        may answer anything. Raises `CallError`, which says what the failure means.
        """
        ...


@runtime_checkable
class BatchChatModel(ChatModel, Protocol):
    """Answers several conversations at once, as a model on a machine of one's own does best."""

    @property
    def batch_size(self) -> int:
        """How many conversations it takes at once."""
        ...

    def chat_batch(
        self,
        conversations: Sequence[Sequence[Message]],
        *,
        schema: Mapping[str, Any] | None = None,
        max_tokens: int = 1024,
        temperature: float = 0.0,
        seed: int = 0,
    ) -> list[Reply]:
        """Return one answer to each conversation, in their order, as `chat` would."""
        ...


class Describer(Protocol):
    """Says in words what a frame shows; one reply for each query, in their order."""

    @property
    def name(self) -> str:
        """Identity of model, prompt and settings; part of every key in the ledger."""
        ...

    @property
    def batch_size(self) -> int:
        """How many queries it takes at once."""
        ...

    def describe(
        self, queries: Sequence[FrameQuery], pictures: Sequence[bytes], *, attempt: int = 0
    ) -> list[Reply]:
        """Return raw replies to the queries, whose JPEG pictures are given.

        ``attempt`` counts the replies to these queries that could not be used: a model that would
        repeat itself must answer otherwise. A reply depends on its own query, picture and attempt
        alone. Unknown speeds are no obstacle. Raises `CallError`; where a picture is missing or
        cannot be read, one that says that the call is impossible.
        """
        ...
