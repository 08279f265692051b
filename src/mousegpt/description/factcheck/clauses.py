"""Clauses: a text in small pieces, each about one part of the mouse."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

#: Words for a part -> the one word that the lexicon knows it by; the first that fits counts.
NAMES: Final = [
    (re.compile(pattern), name)
    for pattern, name in (
        (r"[’`]", "'"),
        (r"\b(one|both|each|either|none) of (?:the|its) ", r"\1 "),
        (r"\ball fours\b", "quadrupedal stance"),
        (r"\b(?:counter|anti)-?clockwise\b", "to the left"),
        (r"\bclockwise\b", "to the right"),
        (r"\b(left|right)(?:wards?|-?hand)\b", r"\1"),
        (r"\btip of (?:the|its) tail\b|\btail[ -]?tip\b", "tail"),
        (r"\b(?:tail[ -]?base|base of (?:the|its) tail)\b", "tailbase"),
        (r"\b(?:fore|front)[- ]?(?:paw|limb|leg|foot)\b", "forepaw"),
        (r"\b(?:fore|front)[- ]?(?:paws|limbs|legs|feet)\b", "forepaws"),
        (r"\b(?:hind|rear|back)[- ]?(?:paw|limb|leg|foot)\b", "hindpaw"),
        (r"\b(?:hind|rear|back)[- ]?(?:paws|limbs|legs|feet)\b", "hindpaws"),
        (r"\b(?:all )?(?:of )?(?:its )?(?:four )?(?:paws|limbs|legs|feet)\b", "allpaws"),
        (r"\b(?:fore ?body|forequarters|upper body|front (?:part |half )?of (?:the|its) body)\b",
         "forebody"),
        (r"\b(?:chest|belly|abdomen|underside)\b", "chest"),
        (r"\b(?:hips?|haunch(?:es)?|rump|hind ?quarters|rear end|pelvis)\b", "hips"),
        (r"\b(?:snout|nose|muzzle)\b", "snout"),
        (r"\b(?:torso|trunk|body axis)\b", "trunk"),
        (r"\b(?:spine|(?:dorsal|back) (?:line|contour)|dorsum)\b", "spine"),
        (r"\b(the|its|a|an|arched|hunched|flat) back\b(?! and forth)", r"\1 spine"),
        (r"^back (?=\w+)(?!and)", "spine "),
        (r"\b(?:animal|rodent|subject|creature)\b", "mouse"),
        (r"\b(?:ground|substrate|bottom)\b", "floor"),
        (r"\bspeed of (?:the|its) (?:mouse|body)\b", "speed"),
        (r"\b(?:side|edge|border|rim|periphery|perimeter) of the (?:arena|enclosure|field)\b",
         "wall"),
        (r"\b(?:walls|corner|periphery|perimeter|edge)\b", "wall"),
        (r"\bcenter\b", "centre"),
        (r"\b(up and down|left and right|back and forth)\b", "to and fro"),
        (r"\b(cannot|can't)\b", "can not"),
        (r"n't\b", " not"),
    )
]  # fmt: skip

#: Part -> the words that name it, after the names were made one.
PARTS: Final[dict[str, str]] = {
    "head": r"head|snout|gaze",
    "forepaws": r"forepaws?",
    "hindpaws": r"hindpaws?",
    "allpaws": r"allpaws",
    "tail": r"tail",
    "trunk": r"trunk",
    "spine": r"spine",
    "hips": r"hips",
    "forebody": r"forebody|chest",
    "mouse": r"mouse|body|pace|speed|movement|motion|heading|course|locomotion",
    "other": r"ears?|eyes?|fur|coat|whiskers?|neck|shoulders?|toes?|digits?|elbows?|knees?|tailbase"
    r"|face|mouth|jaw|shadow|arena|camera|image|picture|lighting|background|hair|claws?|skin|view",
}
_NOUN: Final = re.compile(
    "|".join(rf"(?P<{part}>\b(?:{words})\b)" for part, words in PARTS.items())
)
_WHOLE: Final = ("mouse", "pronoun")
_PREPOSITION: Final = re.compile(
    r"\b(?:on|onto|upon|to|towards?|from|of|off|against|above|below|under|beneath|behind|beside|near|at|by"
    r"|around|between|across|over|along|into|in|with|than|like|as|from)\s+"
    r"(?:(?:its|the|his|her|a|an|both|one|two|left|right|rest|whole|other|own)\s+)*$"
)
_STOP: Final = re.compile(r"(?<!\d)[.](?!\d)|[.](?=\s|$)|[!?\n]")
_SPLIT: Final = re.compile(
    r"[,;]|:(?! (?:yes|no)\b)|[()\u2014]| - "
    r"|\b(?:and|while|whereas|but|although|though|because|so that|which|who|then|when|yet|since)\b"
    r"|\bas (?=(?:it|the|its|they)\b)"
    r"|\b(?=with (?:its |the |both |one |all |a )*(?:left |right )?"
    r"(?:head|snout|forepaws?|hindpaws?|allpaws|tail|trunk|spine|hips|chest|forebody|body)\b)"
)
_DEFAULT: Final = {"head": "head", "torso": "trunk"}


@dataclass(frozen=True)
class Clause:
    """A piece of a text and the part of the mouse that it is about.

    ``sides`` are the sides named beside the part: ``left``, ``right``, ``both``, ``one``.
    """

    element: str
    text: str
    part: str
    sides: str = ""
    is_denied: bool = False  # by a "no" behind it
    sentence: int = 0  # in its element


def normalize_text(text: str) -> str:
    """Put a text into the words of the lexicon.

    >>> normalize_text("The animal's front paws are off the ground.")
    "the mouse's forepaws are off the floor."
    """
    text = " ".join(text.lower().split())
    for pattern, name in NAMES:
        text = pattern.sub(name, text)
    return text


def split_clauses(element: str, text: str) -> list[Clause]:
    """Split a text into clauses, and find out what each is about.

    A clause without a noun goes on about the part before it; one at the beginning of a sentence,
    about the part that follows; "it" is the mouse or, in the elements of head and trunk, what the
    sentence before was about.

    Examples
    --------
    >>> text = "Held high, the head is tilted up, and the mouse lifts its left front paw."
    >>> [(clause.part, clause.sides) for clause in split_clauses("head", text)]
    [('head', ''), ('head', ''), ('forepaws', 'left')]
    """
    before = _DEFAULT.get(element, "mouse")
    clauses: list[Clause] = []
    sentences = filter(str.strip, _STOP.split(normalize_text(text)))
    for number, sentence in enumerate(sentences):
        if element == "keywords":
            before = "mouse"
        pieces = [piece.strip() for piece in _SPLIT.split(sentence) if piece and piece.strip()]
        found = _name_parts(pieces, before, element)
        clauses += [replace(clause, sentence=number) for clause in found]
        if found:
            before = found[-1].part if found[-1].part != "other" else before
    return clauses


def _name_parts(pieces: list[str], before: str, element: str) -> list[Clause]:
    named = [_find_part(piece) for piece in pieces]
    first = next((name for name in named if name[0] not in ("", "one")), ("", ""))
    is_list = element == "keywords"
    part, sides = ("mouse", "") if is_list else (first if first[0] else ("", ""))
    clauses = []
    for piece, (found, found_sides) in zip(pieces, named, strict=True):
        if found == "pronoun":
            found = "mouse" if element in ("overall", "others") else before
        if found == "one":
            found = before if not part or part == "mouse" else part
        if found:
            part, sides = found, found_sides
        elif is_list:
            part, sides = "mouse", ""
        if part == "pronoun" or not part:
            part = before
        denied = re.search(r":\s*no$", piece) is not None
        clauses.append(Clause(element, piece, part, sides, denied))
    return clauses


def _find_part(piece: str) -> tuple[str, str]:
    """Return the part a clause is about and the sides named; empty when it has no noun."""
    if one := re.search(r"\b(left|right|other) one\b", piece):
        return "one", one[1]
    nouns = [
        (match.lastgroup or "", match.start())
        for match in _NOUN.finditer(piece)
        if not _PREPOSITION.search(piece[: match.start()])
        or re.match(r"with\b", piece[: match.start()])
        or _is_owner(piece, match.end())
    ]
    if re.match(r"(?:it|they|he|she)\b", piece):
        nouns.insert(0, ("pronoun", 0))
    if not nouns:
        return "", ""
    part, at = nouns[0]
    owned = [n for n in nouns[1:] if n[0] not in ("mouse", "other") and _is_owned(piece, n[1])]
    if part in _WHOLE and owned:
        part, at = owned[0]
    elif _is_owner(piece, _end_of(piece, at)) and len(nouns) > 1:
        part, at = nouns[1]
    words = re.findall(r"\b(left|right|both|one|either)\b", piece[max(0, at - 24) : at])
    return part, " ".join(dict.fromkeys(words))


def _end_of(piece: str, at: int) -> int:
    match = _NOUN.match(piece, at)
    return match.end() if match else at


def _is_owner(piece: str, end: int) -> bool:
    return piece[end : end + 2] == "'s"


def _is_owned(piece: str, start: int) -> bool:
    owner = r"(?:its|their|his|her|the|both|one|left|right|all|a|whole)\s+$|'s\s+(?:\w+\s+)?$"
    return re.search(owner, piece[:start]) is not None
