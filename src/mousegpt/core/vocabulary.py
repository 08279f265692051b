"""The words a small language model knows: phrases and words of its domain, bytes for all else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final

from pydantic import Field

_PIECE: Final = re.compile(r" ?[A-Za-z]+|[\s\S]")
_LONGEST: Final = 4  # pieces of a phrase


@dataclass(frozen=True)
class Vocabulary:
    """Tokens by number.

    A token is a mark (``<end>``), which stands for something that is not text; a byte
    (``<0x41>``); or text, a space in front included.
    """

    tokens: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Number of each token."""
        return {token: number for number, token in enumerate(self.tokens)}

    @cached_property
    def _contents(self) -> list[bytes]:
        return [_spell(token) for token in self.tokens]

    def encode(self, text: str) -> list[int]:
        """Return tokens of a text: the longest phrase first, bytes where no word fits.

        Examples
        --------
        >>> words = learn_vocabulary(["the head is up"], marks=["<end>"])
        >>> words.decode(words.encode("the tail is up, 90°"))
        'the tail is up, 90°'
        """
        pieces = _PIECE.findall(text)
        found: list[int] = []
        place = 0
        while place < len(pieces):
            for size in range(_LONGEST, 0, -1):
                phrase = "".join(pieces[place : place + size])
                if phrase in self.numbers and not _is_mark(phrase):
                    found.append(self.numbers[phrase])
                    break
            else:
                size = 1
                found += [self.numbers[_name_byte(byte)] for byte in pieces[place].encode()]
            place += size
        return found

    def decode(self, numbers: Iterable[int]) -> str:
        """Return the text of tokens; marks have none."""
        return b"".join(self._contents[n] for n in numbers).decode(errors="replace")


def learn_vocabulary(
    texts: Sequence[str],
    *,
    marks: Sequence[str] = (),
    n_phrases: Annotated[int, Field(ge=0)] = 600,
) -> Vocabulary:
    """Collect the words of texts, and the phrases that would shorten them most.

    Parameters
    ----------
    marks
        Come first, then bytes, words and phrases.
    n_phrases
        Phrases of two to four words, by how many tokens each would save in the texts.
    """
    words: set[str] = set()
    phrases: Counter[str] = Counter()
    for text in texts:
        pieces = _PIECE.findall(text)
        words.update(piece for piece in pieces if len(piece.encode()) > 1)
        for size in range(2, _LONGEST + 1):
            runs = ("".join(pieces[i : i + size]) for i in range(len(pieces) - size + 1))
            phrases.update(run for run in runs if re.fullmatch(r"[A-Za-z ]+", run))
    savings = {phrase: (len(_PIECE.findall(phrase)) - 1) * n for phrase, n in phrases.items()}
    best = sorted(savings, key=lambda phrase: (-savings[phrase], phrase))[:n_phrases]
    taken = (*marks, *map(_name_byte, range(256)), *sorted(words), *sorted(best))
    return Vocabulary(tuple(dict.fromkeys(taken)))


def _name_byte(byte: int) -> str:
    return f"<0x{byte:02X}>"


def _is_mark(token: str) -> bool:
    return len(token) > 2 and token[0] == "<" and token[-1] == ">"


def _spell(token: str) -> bytes:
    if re.fullmatch(r"<0x[0-9A-F]{2}>", token):
        return bytes([int(token[3:5], 16)])
    return b"" if _is_mark(token) else token.encode()
