"""Claims find their place in the text as it was written."""

import pytest

from mousegpt.description.factcheck.claims import read_element
from mousegpt.description.factcheck.clauses import normalize_text
from mousegpt.description.factcheck.marking import mark_claims

TEXTS = [
    "The mouse is rearing, and its front paws are off the ground.",
    "  Both of its\tfront paws rest;\nthe animal's tail-tip is up!  ",
    "Hind paws on ground: no. Still, still, and STILL - then it walks anticlockwise.",
    "arched back, head up, all fours on the floor",
    "Its back is arched (5.5 cm) while the muzzle doesn't move, with the head held low",
    "",
    "back arched",
    "…",
    "İt rears; the mouse is still.",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("element", ["overall", "head", "keywords"])
def test_pieces_are_the_text_and_claims_are_those_of_the_checker(element, text):
    pieces = mark_claims(element, text)
    assert "".join(piece.text for piece in pieces) == text
    assert [c for piece in pieces for c in piece.claims] == [*read_element(element, text)]


@pytest.mark.parametrize("text", TEXTS[:5])
def test_a_marked_piece_reads_as_its_clause(text):
    marked = [piece for piece in mark_claims("overall", text) if piece.claims]
    assert marked
    for piece in marked:
        assert piece.text == piece.text.strip()
        assert normalize_text(f"the mouse, {piece.text}").endswith(piece.claims[0].clause)


def test_words_said_twice_are_marked_twice():
    pieces = mark_claims("keywords", "rearing, Rearing")
    assert [piece.text for piece in pieces if piece.claims] == ["rearing", "Rearing"]
