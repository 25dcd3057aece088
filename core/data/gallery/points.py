"""Points in the plane whose densities are known: the smallest worlds a generative model can learn."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import pi

import torch
from torch import Tensor

from core.data.collection import Card

SPREAD = 0.045  # standard deviation of every cloud, in a square of -1..1
MODES = ("east", "south-east", "south", "south-west", "west", "north-west", "north", "north-east")


@dataclass(frozen=True)
class Plane:
    """A painter of points: what faces.py is for faces, thrice."""

    CARD: Card
    paint: Callable[[Tensor, Tensor], Tensor]
    caption: Callable[[list[float], int], str]


def scatter(radius: Tensor, angle: Tensor) -> Tensor:
    """Two uniform numbers (B,) -> (B, 2) normal with standard deviation SPREAD (Box and Muller, 1958)."""
    length = (-2 * torch.log1p(-radius.clamp(max=1 - 2**-24))).sqrt() * SPREAD
    return length[:, None] * toward(angle)


def toward(turns: Tensor) -> Tensor:
    """turns (B,) -> (B, 2) on the unit circle, clockwise from the east for whoever draws y downwards."""
    return torch.stack([torch.cos(turns * (2 * pi)), torch.sin(turns * (2 * pi))], 1)


def ring(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 3) -> (B, 2) about a circle of radius 0.7"""
    along, radius, angle = factors.t().contiguous().unbind()
    return 0.7 * toward(along) + scatter(radius, angle)


def gaussians(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 2), y (B,) which of eight -> (B, 2)"""
    radius, angle = factors.t().contiguous().unbind()
    return 0.7 * toward(y / len(MODES)) + scatter(radius, angle)


def spiral(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 3) -> (B, 2) along two turns, evenly by length (nearly: the radius grows as a root)"""
    along, radius, angle = factors.t().contiguous().unbind()
    out = along.sqrt()
    return 0.8 * out[:, None] * toward(2 * out) + 0.6 * scatter(radius, angle)


def drawn(places: Tensor) -> Plane:
    """A world somebody drew, as points (N, 2) in -1..1: each of them blurred a little and equally likely."""

    def near(factors: Tensor, y: Tensor) -> Tensor:
        which, radius, angle = factors.t().contiguous().unbind()
        return places[(which * len(places)).long().clamp(max=len(places) - 1)] + scatter(radius, angle) / 2

    card = replace(CARD, name="points-drawn", title="Points you drew", licence="yours", source="drawn on the page")
    return Plane(card, near, lambda row, y: f"a point near the {int(row[0] * len(places)) + 1}. that was drawn")


CARD = Card(
    name="points-ring",
    title="A ring of points",
    learns="points",
    licence="CC0 1.0 (drawn by this program)",
    source="Atelier, core/data/gallery/points.py",
    about="Points about a circle.",
    factors=("along", "radius", "angle"),
)
RING = Plane(CARD, ring, lambda row, y: f"a point {row[0]:.0%} of the way round the ring")
GAUSSIANS = Plane(
    replace(
        CARD,
        name="points-gaussians",
        title="Eight clouds of points",
        about="Points in eight round clouds; the label says in which.",
        labels=MODES,
        factors=("radius", "angle"),
    ),
    gaussians,
    lambda row, y: f"a point in the {MODES[y]} cloud",
)
SPIRAL = Plane(
    replace(CARD, name="points-spiral", title="A spiral of points", about="Points along a spiral of two turns."),
    spiral,
    lambda row, y: f"a point {row[0]:.0%} of the way out along the spiral",
)
