"""The small model: an eye, a projector, and a decoder that speaks.

Before the words stands what was seen and measured: for each view a map of tokens and one of its
keypoints, and one token for each speed; every one of them attends to all of them. The words that
follow attend to these and to the words before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mousegpt.core.facts import SPEEDS, STATES
from mousegpt.core.moment import MOMENTS_S
from mousegpt.core.skeleton import KEYPOINTS
from mousegpt.training.efficient import LITE0, STEM, EfficientPoseNetwork
from mousegpt.training.hrnet import STRIDE, PoseNetwork, find_architecture
from mousegpt.training.nano.inputs import N_VIEWS
from mousegpt.training.nano.recipe import NanoRecipe
from mousegpt.training.recipes import EFFICIENT
from mousegpt.training.tasks import MEAN, SPREAD

_NOW: Final = MOMENTS_S.index(0.0)
_COARSEST: Final = 32  # pixels in a cell of the eye's last map
_SPEED_SCALE: Final = 5.0  # cm/s
_LIGHT: Final = (0.299, 0.587, 0.114)

Cache = Tensor  # keys and values of all layers, shape (layer, 2, n, head, place, channel)


class Eye(nn.Module):
    """Looks at one view: a map of features, and heat-maps of the keypoints.

    It is the pose network, so that its weights can be begun with, and sees two pictures more: how
    the light changes before and after the moment.
    """

    def __init__(self, architecture: str) -> None:
        super().__init__()
        self.pose = PoseNetwork(find_architecture(architecture))
        a = find_architecture(architecture)
        self.motion = nn.Conv2d(2, a.n_stem, 3, 2, 1, bias=False)
        nn.init.zeros_(self.motion.weight)
        widths = [a.width * 2**k for k in range(4)]
        self.descent = nn.ModuleList(
            nn.Sequential(nn.Conv2d(fine, coarse, 3, 2, 1, bias=False), nn.BatchNorm2d(coarse),
                          nn.ReLU(inplace=True))
            for fine, coarse in pairwise(widths)
        )  # fmt: skip
        self.n_features = widths[-1]

    def forward(self, colors: Tensor, changes: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (n, channel, size / 32, size / 32) and heat-maps (n, 24, size / 4, …)."""
        stem = self.pose.stem
        first = stem[0]
        assert isinstance(first, nn.Sequential)
        x = first[2](first[1](first[0](colors) + self.motion(changes)))
        branches = [stem[1:](x)]
        for fork, stage in zip(self.pose.forks, self.pose.stages, strict=True):
            branches = fork(branches)
            assert isinstance(stage, nn.ModuleList)
            for module in stage:
                before, branches = branches, module(branches)
        seen = branches[0]
        for step, coarse in zip(self.descent, before[1:], strict=True):
            seen = step(seen) + coarse
        return seen, self.pose.head(branches[0])


class EfficientEye(nn.Module):
    """Looks at one view, as `Eye` does, with the pose network that knows photographs."""

    def __init__(self) -> None:
        super().__init__()
        self.pose = EfficientPoseNetwork()
        self.motion = nn.Conv2d(2, STEM, 3, 2, 1, bias=False)
        nn.init.zeros_(self.motion.weight)
        self.n_features = LITE0[-1].n_out

    def forward(self, colors: Tensor, changes: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (n, channel, size / 32, size / 32) and heat-maps (n, 24, size / 4, …)."""
        stem = self.pose.encoder["stem"]
        assert isinstance(stem, nn.Sequential)
        seen = self.pose.encoder.see(stem[2](stem[1](stem[0](colors) + self.motion(changes))))
        return seen[-1], self.pose.decode(seen)


class Layer(nn.Module):
    """Attention and a perceptron, each behind a normalisation and added to what came in."""

    def __init__(self, width: int, n_heads: int) -> None:
        super().__init__()
        self.n_heads = n_heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.think = nn.Sequential(
            nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width)
        )

    def forward(
        self, x: Tensor, mask: Tensor | None, past: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return x, and keys and values, shape (2, n, head, place, channel).

        ``mask`` is 0 where a place may look, minus infinity elsewhere.
        """
        n, length, width = x.shape
        shape = (n, length, 3, self.n_heads, width // self.n_heads)
        asked = self.ask(self.before(x)).view(shape)
        query, keys, values = asked.permute(2, 0, 3, 1, 4).unbind(0)
        if past is not None:
            keys = torch.cat([past[0], keys], dim=2)
            values = torch.cat([past[1], values], dim=2)
        scores = query @ keys.transpose(-1, -2) / math.sqrt(width // self.n_heads)
        if mask is not None:
            scores = scores + mask
        heard = (scores.softmax(dim=-1) @ values).transpose(1, 2).reshape(n, length, width)
        x = x + self.join(heard)
        return x + self.think(self.between(x)), torch.stack([keys, values])


class Nano(nn.Module):
    """The small vision-language model.

    Parameters
    ----------
    n_words
        Tokens of its vocabulary.
    """

    def __init__(self, recipe: NanoRecipe, n_words: int) -> None:
        super().__init__()
        width = recipe.width
        efficient = recipe.network == EFFICIENT
        self.eye: Eye | EfficientEye = EfficientEye() if efficient else Eye(recipe.network)
        cells = (recipe.size_px // _COARSEST) ** 2
        self.project = nn.Sequential(
            nn.Linear(self.eye.n_features, width), nn.GELU(), nn.Linear(width, width)
        )
        self.point = nn.Sequential(
            nn.Linear(3 * len(KEYPOINTS), width), nn.GELU(), nn.Linear(width, width)
        )
        self.speed = nn.Sequential(
            nn.Linear(3, width // 4), nn.GELU(), nn.Linear(width // 4, width)
        )
        self.places = nn.Parameter(torch.randn(cells + 1, width) * 0.02)
        self.sides = nn.Parameter(torch.randn(N_VIEWS, width) * 0.02)
        self.blind = nn.Parameter(torch.randn(width) * 0.02)
        self.frozen = nn.Parameter(torch.randn(width) * 0.02)
        self.parts = nn.Parameter(torch.randn(len(SPEEDS), width) * 0.02)
        self.words = nn.Embedding(n_words, width)
        self.order = nn.Embedding(recipe.max_tokens, width)
        for table in (self.words, self.order):
            nn.init.normal_(table.weight, std=0.02)
        self.layers = nn.ModuleList(Layer(width, recipe.n_heads) for _ in range(recipe.n_layers))
        self.last = nn.LayerNorm(width)
        n_values = sum(len(state.values) + 1 for state in STATES)
        self.heads = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, n_values))

    def see(
        self, tiles: Tensor, views: Tensor, moving: Tensor, speeds: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return what stands before the words, shape (n, place, width), and the heat-maps.

        Parameters
        ----------
        tiles
            RGB, 0 to 255, shape (n, view, time, size, size, 3).
        views, moving, speeds
            Shapes (n, view), (n, 1) and (n, 6), as in `inputs.Item`.
        """
        n = tiles.shape[0]
        colors, changes = self._prepare(tiles, moving)
        features, heatmaps = self.eye(colors, changes)
        found = self.project(features.flatten(2).transpose(1, 2))
        points = self.point(locate_peaks(heatmaps)).unsqueeze(1)
        tokens = torch.cat([found, points], dim=1) + self.places
        tokens = tokens.view(n, N_VIEWS, -1, tokens.shape[-1])
        there = views.view(n, N_VIEWS, 1, 1)
        tokens = tokens * there + self.blind * (1 - there) + self.sides.view(1, N_VIEWS, 1, -1)
        tokens = tokens + (1 - moving).view(n, 1, 1, 1) * self.frozen
        known = 1 - torch.isnan(speeds).float()
        value = torch.nan_to_num(speeds) / _SPEED_SCALE
        grown = torch.sign(value) * torch.log1p(value.abs())
        told = torch.stack([known, torch.tanh(value / 4), grown], dim=-1)
        felt = self.speed(told * known.unsqueeze(-1)) + self.parts
        return torch.cat([tokens.flatten(1, 2), felt], dim=1), heatmaps

    def forward(
        self, tiles: Tensor, views: Tensor, moving: Tensor, speeds: Tensor, tokens: Tensor
    ) -> Tensor:
        """Return scores of the token after each of ``tokens`` (see `read`)."""
        return self.read(self.see(tiles, views, moving, speeds)[0], tokens)

    def read(self, seen: Tensor, tokens: Tensor) -> Tensor:
        """Return scores of the token after each, shape (n, length, word).

        ``tokens``: shape (n, length), the first of them the mark of the beginning.
        """
        length = tokens.shape[1]
        said = self.words(tokens) + self.order.weight[:length]
        x = torch.cat([seen, said], dim=1)
        mask = _mask_future(seen.shape[1], length, x.device)
        for layer in self.layers:
            x, _ = layer(x, mask)
        return self.score(x[:, seen.shape[1] :])

    def guess(self, seen: Tensor) -> Sequence[Tensor]:
        """Return scores of the values of each state, read off what was seen at once."""
        answer = self.heads(seen.mean(dim=1))
        return torch.split(answer, [len(state.values) + 1 for state in STATES], dim=-1)

    def remember(self, seen: Tensor) -> Cache:
        """Return the cache with which `speak` begins."""
        kept = []
        for layer in self.layers:
            seen, cache = layer(seen, None)
            kept.append(cache)
        return torch.stack(kept)

    def speak(self, tokens: Tensor, place: Tensor, past: Cache) -> tuple[Tensor, Cache]:
        """Return scores of the next token, shape (n, word), and the cache with one place more.

        ``tokens``: the last ones, shape (n, 1); ``place``: how many went before, shape (1,).
        """
        x = self.words(tokens) + self.order(place)
        kept = []
        for layer, cache in zip(self.layers, past.unbind(0), strict=True):
            x, cache = layer(x, None, cache)
            kept.append(cache)
        return self.score(x)[:, 0], torch.stack(kept)

    def score(self, x: Tensor) -> Tensor:
        """Return scores of all tokens."""
        return functional.linear(self.last(x), self.words.weight)

    def _prepare(self, tiles: Tensor, moving: Tensor) -> tuple[Tensor, Tensor]:
        """Return colours at the moment and changes of light around it, a row a view."""
        n, views, times, height, width, _ = tiles.shape
        pictures = tiles.float()
        now = pictures[:, :, _NOW]
        mean = torch.tensor(MEAN, device=tiles.device)
        spread = torch.tensor(SPREAD, device=tiles.device)
        colors = ((now - mean) / spread).flatten(0, 1).permute(0, 3, 1, 2)
        light = (pictures * torch.tensor(_LIGHT, device=tiles.device)).sum(-1) / SPREAD[1]
        others = [time for time in range(times) if time != _NOW]
        changes = light[:, :, others] - light[:, :, _NOW : _NOW + 1]
        changes = changes * moving.view(n, 1, 1, 1, 1)
        return colors, changes.view(n * views, len(others), height, width)


def locate_peaks(heatmaps: Tensor) -> Tensor:
    """Return place (-1 to 1) and height of each heat-map's peak, shape (n, 3 x keypoint).

    Nothing flows back through it: the heat-maps learn from keypoints alone.
    """
    maps = heatmaps.detach().float().clamp(min=0)
    rows, columns = maps.shape[-2:]
    weights = maps.square()
    total = weights.sum(dim=(2, 3)) + 1e-4
    x = torch.linspace(-1, 1, columns, device=maps.device)
    y = torch.linspace(-1, 1, rows, device=maps.device)
    across = (weights.sum(dim=2) * x).sum(-1) / total
    down = (weights.sum(dim=3) * y).sum(-1) / total
    return torch.cat([across, down, maps.amax(dim=(2, 3))], dim=1)


def draw_heatmaps(points: Tensor, size_px: int, *, sigma: float = 2.0) -> Tensor:
    """Draw a peak for each keypoint, shape (n, keypoint, size_px / 4, size_px / 4).

    ``points``: pixels, shape (n, keypoint, 2).
    """
    centers = (torch.arange(size_px // STRIDE, device=points.device) + 0.5) * STRIDE - 0.5
    across = torch.exp(-(((points[..., :1] - centers) / STRIDE) ** 2) / (2 * sigma**2))
    down = torch.exp(-(((points[..., 1:2] - centers) / STRIDE) ** 2) / (2 * sigma**2))
    return down.unsqueeze(-1) * across.unsqueeze(-2)


def _mask_future(n_seen: int, n_said: int, device: torch.device) -> Tensor:
    """Let what was seen look at all that was seen, and words at that and the words before."""
    size = n_seen + n_said
    mask = torch.full((size, size), -math.inf, device=device).triu(1)
    mask[:n_seen, :n_seen] = 0
    return mask
