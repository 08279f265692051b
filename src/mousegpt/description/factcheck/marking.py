"""Where the claims of a text stand in it: the text as it was written, cut at its clauses."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from mousegpt.description.factcheck.claims import Claim, read_clause
from mousegpt.description.factcheck.clauses import NAMES, split_clauses

#: What `normalize_text` does to a text in lower case.
_RULES: Final = [(re.compile(r"\s+"), " "), (re.compile(r"^ | $"), ""), *NAMES]

Span = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """A piece of a text with what it claims; nothing between two clauses."""

    text: str
    claims: tuple[Claim, ...] = ()


def mark_claims(element: str, text: str) -> list[Piece]:
    """Cut a text into pieces that together are the text, each with its claims.

    The claims are those of `read_element`, in their order.

    Examples
    --------
    >>> for piece in mark_claims("limb", "Front  paws rest; its Tail is up."):
    ...     print(repr(piece.text), [claim.says for claim in piece.claims])
    'Front  paws rest' ['']
    '; ' []
    'its Tail is up' ['tail_height: raised']
    '.' []
    """
    normal, spans = _trace_text(text)
    pieces: list[Piece] = []
    read = done = 0
    for clause in split_clauses(element, text):
        start = max(normal.find(clause.text, read), read)
        read = start + len(clause.text)
        begin, end = _join(spans[start:read]) or (done, done)
        pieces += [Piece(text[done:begin]), Piece(text[begin:end], read_clause(clause))]
        done = end
    pieces.append(Piece(text[done:]))
    return [piece for piece in pieces if piece.text or piece.claims]


def _trace_text(text: str) -> tuple[str, list[Span]]:
    """Return the text in the words of the lexicon, and where each letter of it comes from."""
    letters = [(small, (at, at + 1)) for at, letter in enumerate(text) for small in letter.lower()]
    normal, spans = "".join(small for small, _ in letters), [span for _, span in letters]
    for pattern, name in _RULES:
        parts, origins, done = list[str](), list[Span](), 0
        for match in pattern.finditer(normal):
            new = match.expand(name)
            whole = (spans[match.start()][0], spans[match.end() - 1][1])
            parts += [normal[done : match.start()], new]
            origins += spans[done : match.start()] + [whole] * len(new)
            done = match.end()
        normal, spans = "".join([*parts, normal[done:]]), origins + spans[done:]
    return normal, spans


def _join(spans: list[Span]) -> Span | None:
    return (spans[0][0], spans[-1][1]) if spans else None
