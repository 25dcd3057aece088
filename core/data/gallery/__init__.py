"""Collections drawn by programs of ours: always there, endless, labelled, captioned, with their true factors.

Every picture has a seed of its own and is the same, bit for bit, in whatever company and order it is drawn. Painters
are modules with a CARD, `paint(factors, y)` and `caption(row, y)`; see faces.py for the first.
"""

from typing import NamedTuple, Protocol

import torch
from torch import Tensor

from core.data.collection import Card, Pictures
from core.data.gallery import faces, landscapes, numerals, points, shapes
from core.data.gallery.brush import uniforms
from core.model import Batch, Mishap


class Painter(Protocol):
    """What draws a collection: a module, or for points an object."""

    @property
    def CARD(self) -> Card: ...

    def paint(self, factors: Tensor, y: Tensor, /) -> Tensor:
        """factors (B, F) in 0..1, y (B,) long -> x (B, ...)"""
        ...

    def caption(self, row: list[float], y: int, /) -> str:
        """One picture's factors and label -> words."""
        ...


CHUNK = 128  # pictures painted at once: the fastest here, few calls and yet little memory
PART = 2**40  # seeds in each part; training seeds come first, test seeds after

_ALL: tuple[Painter, ...] = (faces, landscapes, numerals, shapes, points.RING, points.GAUSSIANS, points.SPIRAL)
PAINTERS: dict[str, Painter] = {painter.CARD.name: painter for painter in _ALL}
GALLERY: dict[str, Card] = {name: painter.CARD for name, painter in PAINTERS.items()}


class Drawn(NamedTuple):
    """Pictures and what they were drawn from."""

    x: Tensor  # (B, C, S, S) in -1..1, or points (B, 2)
    y: Tensor  # (B,) long
    factors: Tensor  # (B, F) in 0..1, named by card.factors


class Gallery(Pictures):
    """One collection of drawn pictures."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self.card = painter.CARD

    def choose(self, seeds: Tensor) -> tuple[Tensor, Tensor]:
        """seeds (B,) long -> factors (B, F) in 0..1, y (B,)"""
        numbers = uniforms(seeds, len(self.card.factors) + 1)
        y = (numbers[:, 0] * max(1, len(self.card.labels))).long()
        return numbers[:, 1:], y

    def paint(self, factors: Tensor, y: Tensor) -> Tensor:
        """factors (B, F) in 0..1, y (B,) long -> x (B, C, S, S) in -1..1 (points: (B, 2))

        Mishap if a factor is out of range or not a number, or if there is no such label.
        """
        if not ((factors >= 0) & (factors <= 1)).all():
            raise Mishap("Each factor of a drawn picture is a number from 0 to 1.")
        if not ((y >= 0) & (y < max(1, len(self.card.labels)))).all():
            raise Mishap(f"The labels of {self.card.name} are numbered from 0 to {max(1, len(self.card.labels)) - 1}.")
        return torch.cat([self.painter.paint(f, k) for f, k in zip(factors.split(CHUNK), y.split(CHUNK), strict=True)])

    def draw(self, seeds: Tensor) -> Drawn:
        """seeds (B,) long -> the pictures they stand for."""
        factors, y = self.choose(seeds)
        return Drawn(self.paint(factors, y), y, factors)

    def captions(self, seeds: Tensor) -> list[str]:
        """What each picture shows, in words."""
        factors, y = self.choose(seeds)
        return [self.painter.caption(row, kind) for row, kind in zip(factors.tolist(), y.tolist(), strict=True)]

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        return self._batch(_start(split) + torch.randint(PART, (size,), generator=rng, device=rng.device).cpu())

    def fixed(self, n: int, split: str = "test", start: int = 0) -> Batch:
        if start < 0 or start + n > PART:
            raise Mishap(f"Each part of a drawn collection holds {PART:,} pictures, and these are not among them.")
        return self._batch(_start(split) + start + torch.arange(n))

    def factors(self, n: int, split: str = "test", start: int = 0) -> Tensor:
        """What the pictures of fixed(n, split, start) were drawn from, (n, F) in 0..1."""
        return self.choose(_start(split) + start + torch.arange(n))[0]

    def held(self, split: str = "test") -> int:
        return PART

    def _batch(self, seeds: Tensor) -> Batch:
        drawn = self.draw(seeds)
        return Batch(drawn.x, drawn.y if self.card.labels else None)


def _start(split: str) -> int:
    """The first seed of a part."""
    if split not in ("train", "test"):
        raise Mishap(f"A collection has a train and a test part, and {split!r} is neither.")
    return PART if split == "test" else 0


def open_gallery(name: str) -> Gallery:
    """The drawn collection of that name; Mishap if there is none."""
    if name not in PAINTERS:
        raise Mishap(f"There is no drawn collection called {name!r}; there are {', '.join(PAINTERS)}.")
    return Gallery(PAINTERS[name])
