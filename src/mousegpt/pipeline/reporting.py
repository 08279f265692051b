"""The report of a study: one page that needs no network, and figures as files.

Names of files and texts of describers come from outside. They reach the page only through the
template's escaping; drawings lose all that could act or load, and pictures must be data URLs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mousegpt.core.errors import DataError
from mousegpt.pipeline.drawings import prepare_svg

Value = str | int | float | None
Share = tuple[str, float]  # keypoint or state, share of frames from 0 to 1 (NaN = not applicable)
BlockKind = Literal["heading", "subheading", "list", "paragraph"]


@dataclass(frozen=True)
class Figure:
    """A drawing of the page; the caption says what is shown, in which unit, and of how many."""

    name: str
    title: str
    caption: str
    svg: str
    section: Literal["time", "postures", "ratings"] = "time"


@dataclass(frozen=True)
class Example:
    """A frame with its picture (a data URL, or "" for none) and what is said about it."""

    recording: str
    individual: str
    frame: int
    time_s: float
    behavior: str
    role: Literal["typical", "rare"]
    picture: str
    description: Mapping[str, str]
    score: float | None = None


@dataclass(frozen=True)
class KeypointSource:
    """How a keypoint of a file was read; ``keypoint`` is None where it is not used."""

    source: str
    keypoint: str | None
    guessed: bool


@dataclass(frozen=True)
class ProvenanceRow:
    """How the tables of one step were made."""

    step: str
    functions: str
    options: str
    backend: str
    versions: str


@dataclass(frozen=True)
class ReportContent:
    """All that the page tells; the caller computes it, the page only sets it.

    Attributes
    ----------
    findings
        Plain sentences.
    novelty_report, methods
        Paragraphs; of Markdown, only headings (``#``, ``##``) and lists (``-``) are understood.
    recordings
        A row per recording, column to value.
    known_keypoints, unknown_states
        By recording: share of frames in which a keypoint is known, a state is unknown.
    word_check
        A row per kind of clause, column to value: how often the words contradict the pose.
    ratings, rating_notes
        How many descriptions a judge keeps and why not the others, column to value; sentences.
    mosaics
        Captions and data URLs.
    """

    title: str
    version: str
    overview: Sequence[tuple[str, Value]] = ()
    findings: Sequence[str] = ()
    warnings: Sequence[str] = ()
    figures: Sequence[Figure] = ()
    examples: Sequence[Example] = ()
    novelty_report: str = ""
    recordings: Sequence[Mapping[str, Value]] = ()
    known_keypoints: Mapping[str, Sequence[Share]] | None = None
    unknown_states: Mapping[str, Sequence[Share]] | None = None
    word_check: Sequence[Mapping[str, Value]] = ()
    ratings: Sequence[Mapping[str, Value]] = ()
    rating_notes: Sequence[str] = ()
    mosaics: Sequence[tuple[str, str]] = ()
    skeletons: Mapping[str, Sequence[KeypointSource]] | None = None
    methods: str = ""
    provenance: Sequence[ProvenanceRow] = ()


@dataclass(frozen=True)
class Block:
    """A heading or paragraph (one line) or the items of a list."""

    kind: BlockKind
    lines: tuple[str, ...]


def render_report(content: ReportContent) -> str:
    """Write the page: HTML that holds its style, drawings and pictures, and loads nothing.

    Raises
    ------
    DataError
        When a picture is not a data URL, or a drawing is not SVG.
    """
    environment = Environment(
        loader=PackageLoader("mousegpt.pipeline"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "blocks": parse_blocks, "picture": _check_picture, "value": _format_value,
    }  # fmt: skip
    environment.tests["quantity"] = lambda value: isinstance(value, int | float)
    drawings = [
        (figure, Markup(prepare_svg(figure.svg, f"figure{number}-", figure.title)))
        for number, figure in enumerate(content.figures, start=1)
    ]
    return environment.get_template("report.html.j2").render(
        content=content,
        drawings=drawings,
        typical=_group_by_behavior(content.examples),
        rare=[example for example in content.examples if example.role == "rare"],
        known_keypoints=_tabulate(content.known_keypoints or {}),
        unknown_states=_tabulate(content.unknown_states or {}),
        skeletons=_join_equal(content.skeletons or {}),
    )


def parse_blocks(text: str) -> list[Block]:
    """Split a text into headings, lists and paragraphs.

    Examples
    --------
    >>> [block.kind for block in parse_blocks("# Rare frames" + 2 * chr(10) + "There are 3.")]
    ['heading', 'paragraph']
    """
    blocks: list[Block] = []
    for chunk in re.split(r"\n\s*\n|\n(?=#{1,2} )|(?<=\n)(?=#{1,2} )", text):
        head, _, rest = chunk.strip().partition("\n")
        if match := re.match(r"(#{1,2}) (.*)", head):
            kind: BlockKind = "heading" if match[1] == "#" else "subheading"
            blocks.append(Block(kind, (match[2],)))
            head, rest = rest, ""
        body = f"{head}\n{rest}".strip()
        if body.startswith("- "):
            items = re.split(r"\n(?=- )", body)
            blocks.append(Block("list", tuple(" ".join(item[2:].split()) for item in items)))
        elif body:
            blocks.append(Block("paragraph", (" ".join(body.split()),)))
    return blocks


def _check_picture(url: str) -> str:
    if not url.startswith("data:image/"):
        raise DataError(
            f"Expected a picture as a data URL, found '{url[:40]}'; "
            "encode the picture, since the report loads nothing."
        )
    return url


def _format_value(value: Value) -> str:
    """Write a number with what a reader needs of it; nothing known is a dash.

    >>> [_format_value(value) for value in (18000, 0.12345, float("nan"), "cm")]
    ['18,000', '0.123', '–', 'cm']
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else value


def _group_by_behavior(examples: Sequence[Example]) -> dict[str, list[Example]]:
    groups: dict[str, list[Example]] = {}
    for example in examples:
        if example.role == "typical":
            groups.setdefault(example.behavior, []).append(example)
    return groups


def _tabulate(
    shares: Mapping[str, Sequence[Share]],
) -> tuple[list[str], dict[str, list[float | None]]]:
    """Return the columns, in order of appearance, and the row of every recording."""
    columns = list(dict.fromkeys(name for row in shares.values() for name, _ in row))
    rows = {}
    for recording, row in shares.items():
        known = {name: share for name, share in row if not math.isnan(share)}
        rows[recording] = [known.get(name) for name in columns]
    return columns, rows


def _join_equal(
    skeletons: Mapping[str, Sequence[KeypointSource]],
) -> list[tuple[list[str], tuple[KeypointSource, ...]]]:
    """Join the recordings whose keypoints were read alike."""
    joined: dict[tuple[KeypointSource, ...], list[str]] = {}
    for recording, rows in skeletons.items():
        joined.setdefault(tuple(rows), []).append(recording)
    return [(recordings, rows) for rows, recordings in joined.items()]
