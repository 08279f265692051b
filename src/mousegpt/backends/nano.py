"""MouseGPT-nano in onnxruntime: describes mosaics on this machine, in batches.

A model is one file (`mousegpt train nano` makes it). It first says a fact for each state, and those
that it doubts it leaves unsaid; then it writes the sentences that follow.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import cv2
import numpy as np
from pydantic import Field

from mousegpt.core.arrays import BoolArray, FloatArray, ImageArray, IntArray
from mousegpt.core.chat import CallError, Reply
from mousegpt.core.errors import BackendError
from mousegpt.core.query import FrameQuery, require_jpeg
from mousegpt.core.vocabulary import Vocabulary

#: The model that comes with mousegpt, trained by scripts/train_nano.sh.
SHIPPED: Final = Path(__file__).parent / "weights" / "nano.zip"

_UNIT: Final = "cm/s"  # of the speeds that it was taught with
_RESTLESS: Final = 0.5  # how far scores are shaken when an answer is asked for again
_OFF_MOMENT: Final = 0.5  # how far from its own time a neighbour may be, as a share of it


class NanoDescriber:
    """Describes moments from their pictures (port `Describer`).

    Parameters
    ----------
    path
        Of the model; the shipped one when left out.
    certainty
        A fact that is less likely than this is not said.
    batch_size
        Moments that are described at once. The description of one does not depend on the others.
    n_threads
        None takes all cores.

    Raises
    ------
    BackendError
        When the file is missing, or holds something else.
    """

    def __init__(
        self,
        path: str | Path | None = None,
        *,
        certainty: Annotated[float, Field(ge=0, lt=1)] = 0.4,
        batch_size: Annotated[int, Field(ge=1)] = 16,
        n_threads: Annotated[int | None, Field(ge=1)] = None,
    ) -> None:
        path = SHIPPED if path is None else Path(path)
        content = _read(path)
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                about = json.loads(archive.read("about.json"))
                graphs = {name: archive.read(f"{name}.onnx") for name in ("eyes", "words")}
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise BackendError(
                f"Expected a small model of mousegpt in {path}, found something else; make one "
                "with mousegpt train nano."
            ) from error
        self._about: dict[str, Any] = about
        self._vocabulary = Vocabulary(tuple(about["tokens"]))
        self._marks = {number: element for element, number in about["elements"].items()}
        self._certainty, self._batch_size = certainty, batch_size
        self._eyes, self._words = (
            _open_session(graphs[name], path, n_threads) for name in ("eyes", "words")
        )
        self._name = f"{about['name']}-{sha256(content).hexdigest()[:8]}"

    @property
    def name(self) -> str:
        """Name of the architecture, start of the checksum of the file, and certainty."""
        return f"{self._name} certainty={self._certainty:g}"

    @property
    def batch_size(self) -> int:
        """How many moments it describes at once."""
        return self._batch_size

    def describe(
        self, queries: Sequence[FrameQuery], pictures: Sequence[bytes], *, attempt: int = 0
    ) -> list[Reply]:
        """Describe moments from their JPEG pictures; a later attempt, in other words.

        Speeds are heeded when they are in cm/s.

        Raises
        ------
        CallError
            When a picture is missing or cannot be read.
        """
        replies: list[Reply] = []
        for start in range(0, len(queries), self._batch_size):
            part = slice(start, start + self._batch_size)
            given = [
                self._prepare(q, p) for q, p in zip(queries[part], pictures[part], strict=True)
            ]
            seeds = [[attempt, *sha256(picture).digest()[:8]] for picture in pictures[part]]
            noise = [np.random.default_rng(seed) for seed in seeds] if attempt else []
            batch = {name: np.stack(each) for name, each in _join(given).items()}
            replies += [self._reply(tokens) for tokens in self._speak(batch, noise)]
        return replies

    def _prepare(self, query: FrameQuery, picture: bytes) -> _Given:
        jpeg = np.frombuffer(require_jpeg(query, picture), dtype=np.uint8)
        pixels = cv2.imdecode(jpeg, cv2.IMREAD_COLOR)
        if pixels is None:
            raise CallError(f"The picture {query.picture} cannot be read; make it again.",
                            "impossible")  # fmt: skip
        image = np.ascontiguousarray(np.asarray(pixels, dtype=np.uint8)[..., ::-1])
        times: Sequence[float] = self._about["moments_s"]
        chosen = choose_moments(query.moments_s or (0.0,), times)
        tiles = split_grid(image, query.n_views, len(query.moments_s) or 1)[:, chosen]
        tiles = tiles[: self._about["n_views"]]
        size = self._about["tile_px"]
        full = np.zeros((self._about["n_views"], len(times), size, size, 3), dtype=np.uint8)
        for view, pictures in enumerate(tiles):
            full[view] = [_resize(tile, size) for tile in pictures]
        there = np.arange(len(full)) < len(tiles)
        known = [np.nan if s is None or query.speed_unit != _UNIT else s for s in query.speeds]
        moving = len(set(chosen)) > 1
        return _Given(
            full, there.astype(np.float32), np.array([moving], np.float32),
            np.array(known, np.float32),
        )  # fmt: skip

    def _speak(
        self, batch: Mapping[str, Any], noise: Sequence[np.random.Generator]
    ) -> list[list[int]]:
        """Return the likeliest tokens, one after the other, of each moment."""
        past = self._eyes.run(None, dict(batch))[0]
        n, end, facts = past.shape[2], self._about["end"], self._about["facts"]
        tokens = np.full((n, 1), self._about["begin"], dtype=np.int64)
        said: list[IntArray] = []
        silent: BoolArray = np.zeros(n, dtype=bool)
        for place in range(self._about["max_tokens"]):
            step = {"tokens": tokens, "place": np.array([place], dtype=np.int64), "past": past}
            scores, past = self._words.run(None, step)
            if place < len(facts):
                chosen = choose_facts(scores[:, facts[place]], self._certainty)
                tokens = np.array(facts[place], dtype=np.int64)[chosen][:, None]
            else:
                if noise:
                    scores = scores + _RESTLESS * np.stack([rng.gumbel(size=scores.shape[1])
                                                            for rng in noise])  # fmt: skip
                tokens = scores.argmax(axis=1)[:, None]
            said.append(tokens)
            silent |= tokens[:, 0] == end
            if silent.all():
                break
        rows = np.concatenate(said, axis=1).tolist()
        return [row[: row.index(end) + 1] if end in row else row for row in rows]

    def _reply(self, tokens: Sequence[int]) -> Reply:
        ended = tokens[-1] == self._about["end"]
        texts: dict[str, list[int]] = {}
        element = ""
        for token in tokens:
            element = self._marks.get(token, element)
            if element:
                texts.setdefault(element, []).append(token)
        written = {name: self._vocabulary.decode(found) for name, found in texts.items()}
        return Reply(
            json.dumps(written), finish_reason="stop" if ended else "length", model=self._name,
            n_reply_tokens=len(tokens),
        )  # fmt: skip


class _Given(NamedTuple):
    tiles: ImageArray
    views: FloatArray
    moving: FloatArray
    speeds: FloatArray


def choose_facts(scores: FloatArray, certainty: float) -> IntArray:
    """Return the number of the likeliest value; that of the unknown, the last, where in doubt.

    Examples
    --------
    >>> choose_facts(np.log([[0.9, 0.05, 0.05], [0.35, 0.34, 0.31]]), 0.5).tolist()
    [0, 2]
    """
    shares = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares = shares / shares.sum(axis=1, keepdims=True)
    doubtful = shares.max(axis=1) < certainty
    return np.asarray(np.where(doubtful, scores.shape[1] - 1, scores.argmax(axis=1)))


def choose_moments(there: Sequence[float], wanted: Sequence[float]) -> list[int]:
    """Return which of the moments of a grid stands for each that the model knows.

    Where one is missing, the moment itself stands for all: nothing is then known of motion.

    Examples
    --------
    >>> choose_moments([-0.2, -0.1, 0.0, 0.1], [-0.1, 0.0, 0.1])
    [1, 2, 3]
    >>> choose_moments([0.0], [-0.1, 0.0, 0.1])
    [0, 0, 0]
    """
    times = np.asarray(there, dtype=np.float64)
    chosen = [int(np.abs(times - time).argmin()) for time in wanted]
    near = [abs(times[i] - time) <= _OFF_MOMENT * abs(time) + 1e-3
            for i, time in zip(chosen, wanted, strict=True)]  # fmt: skip
    now = int(np.abs(times).argmin())
    return chosen if all(near) else [now] * len(wanted)


def split_grid(image: ImageArray, n_views: int, n_moments: int) -> ImageArray:
    """Split a picture into its square tiles, shape (view, moment, size, size, 3).

    The moments of a grid go row by row from the top left, each a mosaic of its views. Of the ways
    to lay out so many, that is taken whose tiles are closest to squares.

    Examples
    --------
    >>> split_grid(np.zeros((448, 896, 3), np.uint8), 2, 1).shape
    (2, 1, 448, 448, 3)
    >>> split_grid(np.zeros((200, 400, 3), np.uint8), 1, 2).shape
    (1, 2, 200, 200, 3)
    """
    height, width = image.shape[:2]
    layouts = [(rows, -(-n_moments // rows)) for rows in range(1, n_moments + 1)]
    rows, columns = min(
        layouts, key=lambda grid: abs(np.log(width * grid[0] / (n_views * grid[1] * height)))
    )
    tall, wide = height // rows, width // (columns * n_views)
    cut = image[: tall * rows, : wide * columns * n_views]
    tiles = cut.reshape(rows, tall, columns, n_views, wide, 3).transpose(3, 0, 2, 1, 4, 5)
    return np.asarray(tiles.reshape(n_views, rows * columns, tall, wide, 3)[:, :n_moments])


def _resize(tile: ImageArray, size: int) -> ImageArray:
    method = cv2.INTER_AREA if tile.shape[0] > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(tile, (size, size), interpolation=method), dtype=np.uint8)


def _join(given: Sequence[_Given]) -> dict[str, list[Any]]:
    return {name: [getattr(each, name) for each in given] for name in _Given._fields}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        remedy = (
            "this installation of mousegpt has none; train one with mousegpt train nano and name "
            "its file, or use another describer"
            if path == SHIPPED
            else "correct the path, or train one with mousegpt train nano"
        )
        raise BackendError(f"There is no small model {path}; {remedy}.") from error


def _open_session(content: bytes, path: Path, n_threads: int | None) -> Any:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = n_threads or 0, 1
    options.log_severity_level = 3
    try:
        return InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, one per fault
        raise BackendError(
            f"The model {path} cannot be read by onnxruntime ({error}); export it again."
        ) from error
