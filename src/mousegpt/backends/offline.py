"""A labeler that needs no language model: an ethogram of regular expressions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

#: Name, rank and words of each activity. Keywords of a higher rank silence those of a lower one:
#: 2 names an activity, 1 is a posture that suggests it, 0 is stillness, which denies nothing
#: (one may groom while stationary).
ETHOGRAM: Final[tuple[tuple[str, int, str], ...]] = (
    ("jumping", 2, r"^(?:jump|leap|hop)"),
    ("scratching", 2, r"scratch"),
    ("head twitching", 2, r"head[ -](?:twitch|jerk)|twitch\w* (?:its |the )?head"),
    ("shaking", 2, r"wet[ -]dog|^(?:body |whole[ -]body )?shak"),
    (
        "body grooming",
        2,
        r"(?:body|flank|fur|tail|belly|genital)[ -](?:groom|lick)|"
        r"(?:groom|lick)\w* (?:of )?(?:its |the )?(?:fur of its )?(?:body|flank|back|belly|tail)",
    ),
    ("grooming", 2, r"groom|\b(?:lick|wash|clean|strok)\w*"),
    (
        "exploring the wall",
        2,
        r"\bwall[ -](?:explor|sniff|investigat)|"
        r"(?:explor|sniff|investigat)\w* (?:at |along )?the wall",
    ),
    (
        "supported rearing",
        2,
        r"\b(?:support|wall|assist|lean)\w*[ -]rear|\brear(?!.*away).*\b(?:wall|support)|"
        r"(?:stand|lean)(?!.*away).*\bwall",
    ),
    (
        "rearing",
        2,
        r"\brear(?:s|ed|ing)?\b(?! (?:paw|leg|limb|foot|feet))|two[ -]legged|bipedal|"
        r"(?:stand|stood|ris|upright).*\bhind (?:leg|limb|paw)|hind[ -]leg stand",
    ),
    ("stretch-attending", 2, r"stretch\w*[ -]attend|risk assess"),
    ("running", 2, r"\b(?:run|runs|running|gallop|dart|sprint)\w*\b"),
    ("backing", 2, r"\b(?:backing|retreat)|(?:walk|step)\w* backward|in reverse"),
    (
        "turning",
        2,
        r"^(?:(?:sharp|slow|rapid|slight|body|mouse)\w* )*(?:turn(?:s|ing)?|rotat\w*|pivot\w*)"
        r"(?: (?:left|right|around|body|in place))*$",
    ),
    ("circling", 2, r"\bcircl\w*|(?:in|tight) circles"),
    ("walking", 2, r"\b(?:walk|ambulat|locomot|forward mo)"),
    ("digging", 2, r"\bdig|\bburrow|forepaws? scrap"),
    ("sniffing", 2, r"sniff|smell|ground explor"),
    ("head scanning", 2, r"scan|looking around|head (?:sweep|swing)|sweep\w* head"),
    ("shifting posture", 2, r"shift\w* (?:posture|weight)|posture (?:shift|change)"),
    ("supported rearing", 1, r"(?:fore|front) ?paws?.*\bwall"),
    ("grooming", 1, r"(?:fore|front) ?paws? (?:at|on|close to|near) (?:the )?(?:face|mouth)"),
    ("lying", 0, r"^(?:lying|lies|laying|recumben|sleep|asleep)"),
    ("crouching", 0, r"^crouch"),
    (
        "still",
        0,
        r"^(?!.*\b(?:tail|head|paw|limb))(?:body |fully )?"
        r"(?:still|stationary|immobil|motionless|(?:at )?rest|freez)",
    ),
)
_PATTERNS: Final = tuple((name, rank, re.compile(words)) for name, rank, words in ETHOGRAM)

_FILLERS: Final = frozenset(
    re.findall(
        r"\w+",
        """a an and appears are as at be been being both by for from has have in indicating into is
        it its itself mouse of on or possibly s seems slightly suggesting that the their this to
        toward towards very which while with""",
    )
)
#: What is written in many ways, in one way.
_SYNONYMS: Final = (
    (re.compile(r"\b(?:front|fore)[ -]?(?:paw|foot|feet|leg|limb)s?\b"), "forepaw"),
    (re.compile(r"\b(?:rear|back|hind)[ -]?(?:paw|foot|feet|leg|limb)s?\b"), "hindpaw"),
    (re.compile(r"\bfloor\b"), "ground"),
)
_MAX_KEY_WORDS: Final = 3
_NEAR: Final = 0.67  # share of a key's words that a sentence must contain to be filed under it


class RuleLabeler:
    """Names behaviours and postures by rules; the same words always get the same name."""

    @property
    def name(self) -> str:
        """Identity of the rules."""
        return "rules-2"

    def label_clusters(self, keywords: Sequence[Sequence[str]]) -> list[str]:
        """Name each cluster by the activity its keywords speak for.

        Keywords count less the further down the list they stand. A cluster without any word of
        the ethogram is named by its first two keywords.

        Examples
        --------
        >>> RuleLabeler().label_clusters([["stationary", "licking paw"], ["tail raised"], []])
        ['grooming', 'tail raised', 'unnamed']
        """
        return [_label_cluster(words) for words in keywords]

    def name_posture(self, sentence: str, part: str, keys: Sequence[str]) -> tuple[str, str]:
        r"""File a sentence under the nearest key, else under a new one of its own words.

        Examples
        --------
        >>> RuleLabeler().name_posture("The ears are upright.", "head", ["head up"])
        ('ears upright', '\\bears\\b[^.]*\\bupright\\b')
        """
        clause = next((part for part in sentence.split(".") if _split_words(part)), sentence)
        words = _split_words(clause)
        if not words:
            return f"other {part}", re.escape(sentence)
        pattern = r"[^.]*".join(rf"\b{re.escape(word)}\b" for word in words)
        return _find_near_key(clause, keys) or " ".join(words[:_MAX_KEY_WORDS]), pattern


def _label_cluster(keywords: Sequence[str]) -> str:
    scores: defaultdict[tuple[int, str], float] = defaultdict(float)
    for place, keyword in enumerate(keywords):
        found = next(
            ((rank, name) for name, rank, words in _PATTERNS if words.search(keyword.lower())), None
        )
        if found:
            scores[found] += 1 / (1 + place)
    if scores:
        return max(scores, key=lambda entry: (entry[0], scores[entry], entry[1]))[1]
    return ", ".join(keywords[:2]) or "unnamed"


def _split_words(text: str) -> list[str]:
    words = re.findall(r"[a-z]+", text.lower())
    return list(dict.fromkeys(word for word in words if word not in _FILLERS))


def _find_near_key(text: str, keys: Sequence[str]) -> str | None:
    """Return the key most of whose words are said; the longer key wins a tie."""
    said = _split_stems(text)
    best, best_score = None, (_NEAR, 0.0)
    for key in keys:
        stems = _split_stems(key)
        score = (len(stems & said) / max(len(stems), 1), float(len(stems)))
        if score > best_score:
            best, best_score = key, score
    return best


def _split_stems(text: str) -> set[str]:
    """Cut common endings, so that "raised" meets "raising" and "paws" meets "paw"."""
    text = text.lower()
    for words, word in _SYNONYMS:
        text = words.sub(word, text)
    return {re.sub(r"(?<=...)(?:ing|ed|es|s|wards?)$", "", word) for word in _split_words(text)}
