"""What the loop trains when it trains the small model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mousegpt.core.arrays import FloatArray, IntArray
from mousegpt.core.attributes import compare_attributes, count_claims
from mousegpt.core.facts import STATES, UNKNOWN
from mousegpt.description.attributes import read_claimed
from mousegpt.training.hrnet import compute_heatmap_loss
from mousegpt.training.nano.inputs import Item, Moments, NanoInputs
from mousegpt.training.nano.network import Nano, draw_heatmaps
from mousegpt.training.nano.recipe import NanoRecipe
from mousegpt.training.nano.wording import BEGIN, END, Wording

_VALUES: Final = [(*state.values, UNKNOWN) for state in STATES]
_N_FACTS: Final = len(STATES)
_UNKNOWN_WEIGHT: Final = 0.3  # of a fact that is not known


class NanoTask:
    """Train the small model (see `tasks.Task`)."""

    def __init__(self, recipe: NanoRecipe, sources: Sequence[Moments], wording: Wording) -> None:
        self._recipe, self._wording = recipe, wording
        self.network: nn.Module = Nano(recipe, len(wording.vocabulary))
        self.inputs = NanoInputs(sources, recipe, wording)

    def collate(self, items: Sequence[Item]) -> tuple[Tensor, ...]:
        """Join items; descriptions are filled up with the end mark, -1 in what is to be said."""
        begin, end = (self._wording.vocabulary.numbers[mark] for mark in (BEGIN, END))
        length = min(max(len(item.tokens) for item in items), self._recipe.max_tokens)
        given = np.full((len(items), length), end)
        wanted = np.full((len(items), length), -1)
        for row, item in enumerate(items):
            said = item.tokens[:length]
            wanted[row, : len(said)] = said
            given[row, 0], given[row, 1 : len(said)] = begin, said[:-1]
        stacked = [np.stack(each) for each in zip(*(item[:-1] for item in items), strict=True)]
        return tuple(map(torch.from_numpy, [*stacked, given, wanted]))

    def compute_loss(self, network: nn.Module, batch: tuple[Tensor, ...]) -> Tensor:
        """Return the weighted sum of the losses (see `NanoRecipe`)."""
        assert isinstance(network, Nano)
        tiles, views, moving, speeds, points, labels, given, wanted = batch
        recipe, weights = self._recipe, _weigh(labels)
        seen, heatmaps = network.see(tiles, views, moving, speeds)
        n = math.ceil(recipe.text_share * len(seen))
        whole = _compare(network.read(seen[:n], given[:n]), wanted[:n])
        brief = _compare(network.read(seen[n:], given[n:, :_N_FACTS]), wanted[n:, :_N_FACTS])
        facts = _average(torch.cat([whole[:, :_N_FACTS], brief]), weights)
        words = _average(whole[:, _N_FACTS:], (wanted[:n, _N_FACTS:] >= 0).float())
        guesses = [_compare(g, labels[:, i]) for i, g in enumerate(network.guess(seen))]
        at_once = _average(torch.stack(guesses, dim=1), weights)
        there = views.reshape(-1, 1)
        at = points.flatten(0, 1)
        maps = draw_heatmaps(at[..., :2], recipe.size_px) * (at[..., 2:] > 0).unsqueeze(-1)
        error = compute_heatmap_loss(heatmaps.float(), maps, at[..., 2] * there)
        return (
            facts + recipe.text_weight * words + recipe.heads_weight * at_once
            + recipe.points_weight * error
        )  # fmt: skip

    def measure(self, network: nn.Module, batch: tuple[Tensor, ...]) -> dict[str, FloatArray]:
        """Return the accuracy of the attributes in what is said, and what is said wrongly.

        Texts are generated and read back; ``attributes`` is 1 where an attribute is said rightly,
        ``hallucinated`` 1 for a claim that is not true.
        """
        assert isinstance(network, Nano)
        right: list[float] = []
        wrong: list[float] = []
        for tokens, labels in zip(self.speak(network, batch), batch[5].tolist(), strict=True):
            true = {s.name: v[i] for s, v, i in zip(STATES, _VALUES, labels, strict=True)}
            claimed = read_claimed(self._wording.read(tokens))
            right += [float(is_right) for is_right in compare_attributes(claimed, true).values()]
            n_wrong, n_said = count_claims(claimed, true)
            wrong += [1.0] * n_wrong + [0.0] * (n_said - n_wrong)
        return {"attributes": np.array(right), "hallucinated": np.array(wrong)}

    @torch.no_grad()
    def speak(self, network: Nano, batch: tuple[Tensor, ...]) -> list[list[int]]:
        """Return the likeliest tokens, one after the other, of each moment of a batch."""
        tiles, views, moving, speeds = batch[:4]
        numbers = self._wording.vocabulary.numbers
        past = network.remember(network.see(tiles, views, moving, speeds)[0])
        tokens = torch.full((len(tiles), 1), numbers[BEGIN], device=tiles.device)
        said: list[Tensor] = []
        for place in range(self._recipe.max_tokens):
            scores, past = network.speak(tokens, torch.tensor([place], device=tiles.device), past)
            if place < _N_FACTS:
                scores = _allow(scores, self._wording.facts[place])
            tokens = scores.argmax(dim=-1, keepdim=True)
            said.append(tokens)
            if bool((torch.cat(said, dim=1) == numbers[END]).any(dim=1).all()):
                break
        return _cut_at_end(torch.cat(said, dim=1).cpu().numpy(), numbers[END])


def _compare(scores: Tensor, wanted: Tensor) -> Tensor:
    """Return the cross-entropy of each token; 0 where nothing is wanted."""
    scores = scores.float().movedim(-1, 1)
    return functional.cross_entropy(scores, wanted, ignore_index=-1, reduction="none")


def _average(losses: Tensor, weights: Tensor) -> Tensor:
    return (losses * weights).sum() / weights.sum().clamp(min=1)


def _weigh(labels: Tensor) -> Tensor:
    last = torch.tensor([len(values) - 1 for values in _VALUES], device=labels.device)
    return 1 - (1 - _UNKNOWN_WEIGHT) * (labels == last).float()


def _allow(scores: Tensor, allowed: Sequence[int]) -> Tensor:
    kept = torch.full_like(scores, -torch.inf)
    kept[:, allowed] = scores[:, allowed]
    return kept


def _cut_at_end(tokens: IntArray, end: int) -> list[list[int]]:
    cut: list[list[int]] = []
    for row in tokens.tolist():
        cut.append(row[: row.index(end) + 1] if end in row else row)
    return cut
