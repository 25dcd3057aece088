"""Hand-like digits: a pen follows one of three ways to write each digit, slanted, warped and pressed.

A stroke is told by the points it passes (a point told twice is a corner) and drawn as 64 dots so close that they flow
into one line. Between the points runs a Catmull-Rom spline (Catmull and Rom, 1974).
"""

from functools import cache
from math import pi

import torch
from torch import Tensor

from core.data.collection import Card
from core.data.gallery.brush import PIXEL, SIDE, cover, grid, mix

FACTORS: tuple[str, ...] = (
    "style",
    "slant",
    "weight",
    "width",
    "height",
    "turn",
    "shift across",
    "shift down",
    "wobble across",
    "wobble down",
    "wobble place",
    "pressure",
    "taper",
)
LABELS = tuple("0123456789")

CARD = Card(
    name="numerals",
    title="Hand-like numerals",
    learns="images",
    licence="CC0 1.0 (drawn by this program)",
    source="Atelier, core/data/gallery/numerals.py",
    about="Digits as a hand might write them, three ways each, slanted, warped and pressed by thirteen known factors.",
    channels=1,
    side=SIDE,
    labels=LABELS,
    factors=FACTORS,
)

DOTS = 64
STYLES = 3
UNIT = 0.09  # a unit of the tables below, in picture units: digits reach from -7 to 7 downwards

# Three ways to write each digit: "x,y" of the points a stroke passes, strokes parted by a slash.
STROKES = (
    (
        "0.5,-7 -3.2,-4.5 -4,0 -2.5,5.5 0,7 3,5 4,0 3,-5 0.5,-7",
        "2.5,-6 -0.5,-7 -3.5,-3.5 -3.5,3 -0.5,7 3,4.5 3.8,-1 2,-5.5 -0.5,-6.8",
        "1,-6.5 -3,-5.5 -5,-0.5 -3.5,5.5 1,6.5 4.5,3 4.5,-2.5 2,-6 0,-6.5 -1.5,-5",
    ),
    (
        "0,-7 0,7",
        "-2.5,-4 0.5,-7 0.5,-7 0.5,7",
        "-2.5,-4 0.5,-7 0.5,-7 0.5,6.5/-3,7 3.5,7",
    ),
    (
        "-3.5,-4 -1.5,-6.7 1.5,-6.8 3.5,-4 2,0 -4,7 -4,7 4.2,6.8",
        "-3,-5 0,-7 3,-5 2.5,-1 -1.5,5 -3.5,6.8 -4,5 -2,4.6 1,6.5 4.5,6.5",
        "-4,-3 -3,-6 0.5,-7 3.8,-5 3,-1 -0.5,3.5 -4,6.5 -4,6.5 -0.5,6 4.5,7",
    ),
    (
        "-3.5,-5.5 0,-7 3.2,-4.8 2,-1.5 -1,-0.4 -1,-0.4 2.6,0.8 3.8,3.6 1.5,6.5 -1.5,7 -4,5",
        "-3.5,-6.5 3.5,-6.5 3.5,-6.5 -0.5,-1 -0.5,-1 3.2,0.6 3.8,4 1,7 -3.5,5.8",
        "-3,-5 -0.5,-7 2.4,-5.5 1.5,-2 -1,-0.2 -1.5,-0.6 0.5,-0.8 3.6,1.5 3.4,5 0,7 -4,6",
    ),
    (
        "-3,-6.5 -4,1 -4,1 4.5,0.8/2.2,-5 1.8,7",
        "1.5,-7 -4.5,2 -4.5,2 4.5,2/1.5,-7 1.5,7",
        "-3.2,-6 -3.6,-1.5 -1,0.4 3,-1/3.2,-6.5 3,0 2,7",
    ),
    (
        "-2.5,-6.8 -3,-0.8 -3,-0.8 0,-2 3.2,0 3.6,3.5 1,6.8 -3.8,5.8/-2.5,-6.8 3.8,-6.8",
        "3.5,-6.8 -2.2,-6.5 -2.2,-6.5 -3,-1 -3,-1 1,-1.6 3.8,1.8 2.5,5.8 -0.8,7 -4,5",
        "4,-6.5 0,-6.8 -2.8,-5 -2.5,-2 1,-0.5 3.6,2 2.5,5.8 -0.5,7 -4,5.5",
    ),
    (
        "2.5,-7 -1.5,-4 -3.7,1 -2.8,5.5 0.3,7 3.4,4.5 2.6,1.2 -0.5,0.4 -3.5,3",
        "0.5,-7 -2.8,-1 -3.5,4 -1,7 2.5,5.5 3,2.2 0.6,0.5 -2,2 -3,4.5",
        "3.5,-5.5 1,-7 -2.5,-4 -4,2 -2,6.6 1.8,6.4 3.8,3 1,-0.2 -2,1 -3.8,3.5",
    ),
    (
        "-4,-6.5 4,-6.5 4,-6.5 -0.5,7",
        "-4,-6.2 4,-6.8 4,-6.8 1,0 -1,7/-2,0.3 3.2,0",
        "-4,-4.5 -3.8,-6.6 -3.8,-6.6 0,-6 4,-6.8 4,-6.8 1,-1.5 0,7",
    ),
    (
        "2.8,-5.4 0,-7 -3,-5 -1.5,-1.8 2,1 3.4,4.2 0,7 -3.4,4.4 -1.8,1 1.8,-1.8 2.9,-4.6 2.2,-6",
        "0,-7 -2.8,-4 0,-0.8 2.8,-4 0,-7/0,-0.8 -3.6,3 0,7 3.6,3 0,-0.8",
        "3.5,-6 -0.5,-7 -3.2,-4.5 0,-1 3.5,3 1,7 -3,5.5 -2,1.5 1.5,-2 4,-6.5",
    ),
    (
        "3,-4.5 0,-7 -3.2,-4.5 -2,-1 1.2,-1 3,-4.5 3,-5.5 3,0 2.6,7",
        "3,-5 -0.3,-7 -3.2,-3.8 -1,-0.6 2,-2 3.2,-5.5 3.4,0 1.8,5.5 -2.8,6.6",
        "2.5,-6.2 -1.5,-6.5 -3,-3 -0.5,-1 2.5,-3.5 3,-6.5 1.8,0 0.5,7",
    ),
)


def spline(points: Tensor, each: int = 24) -> Tensor:
    """points (P, 2) -> ((P - 1) * each + 1, 2) on a smooth curve through them."""
    padded = torch.cat([points[:1], points, points[-1:]])
    a, b, c, d = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    t = (torch.arange(each) / each)[:, None]
    curve = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return torch.cat([curve.flatten(0, 1), points[-1:]])


def along(curves: list[Tensor]) -> Tensor:
    """Curves (., 2) -> (DOTS, 2) evenly along all of them, none in the gaps between."""
    starts, steps = torch.cat([c[:-1] for c in curves]), torch.cat([c.diff(dim=0) for c in curves])
    length = steps.norm(dim=1).cumsum(0)
    wanted = (torch.arange(DOTS) + 0.5) / DOTS * length[-1]
    at = torch.searchsorted(length, wanted).clamp(max=len(steps) - 1)
    return starts[at] + steps[at] / 2


@cache
def pen() -> Tensor:
    """The dots of every digit and style, (10, STYLES, DOTS, 2)."""

    def read(stroke: str) -> Tensor:
        return spline(torch.tensor([[float(n) for n in point.split(",")] for point in stroke.split()]))

    ways = [along([read(stroke) for stroke in way.split("/")]) for digit in STROKES for way in digit]
    return torch.stack(ways).view(10, STYLES, DOTS, 2) * UNIT


def paint(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 13) in 0..1, y (B,) the digit -> (B, 1, 32, 32) in -1..1, white on black"""
    f = dict(zip(FACTORS, factors.t().contiguous()[:, :, None].unbind(), strict=True))  # each (B, 1)
    style = (f["style"][:, 0] * STYLES).long().clamp(max=STYLES - 1)
    across, down = write(pen()[y, style], f)
    t = (torch.arange(DOTS) / DOTS)[None]
    press = 1 + (f["pressure"] - 0.5) * 0.5 * torch.sin((t * 2 + f["wobble place"]) * (2 * pi))
    press = press * (1 - (f["taper"] * 0.45) * (2 * t - 1).square())
    radius = mix(1.0, 2.2, f["weight"]) * PIXEL
    return cover(nearest(across, down, radius * press)[:, None], 1.8).mul_(2).sub_(1)


def write(dots: Tensor, f: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
    """dots (B, DOTS, 2) -> where the hand puts them, across and down, each (B, DOTS)"""
    x, y = dots.unbind(-1)
    place = f["wobble place"] * (2 * pi)
    x = x + (f["wobble across"] - 0.5) * 0.2 * torch.sin(y * 4 + place)
    y = y + (f["wobble down"] - 0.5) * 0.2 * torch.sin(x * 5 - place)
    x, y = x * mix(0.75, 1.15, f["width"]), y * mix(0.82, 1.08, f["height"])
    lean, turn = mix(0.25, -0.55, f["slant"]), (f["turn"] - 0.5) * 0.35
    x = x + lean * y
    x, y = x - turn * y, y + turn * x
    return x + (f["shift across"] - 0.5) * 0.2, y + (f["shift down"] - 0.5) * 0.2


def nearest(across: Tensor, down: Tensor, radius: Tensor) -> Tensor:
    """Dots and their radii (B, DOTS) -> about the distance to the ink, (B, S, S)"""
    x, y = grid()
    dx = ((x - across[:, :, None]) / radius[:, :, None]).square_()  # (B, DOTS, S)
    dy = ((y[:, :, 0, None] - down[:, None]) / radius[:, None]).square_()  # (B, S, DOTS)
    least, other = torch.full((2, len(across), SIDE, SIDE), 1e9).unbind()
    for dot in range(DOTS):
        torch.add(dx[:, dot, None], dy[:, :, dot, None], out=other)
        torch.minimum(least, other, out=least)
    return least.sqrt_().sub_(1).mul_(radius.mean(1)[:, None, None])


def caption(row: list[float], y: int) -> str:
    """One picture's factors and digit -> words."""
    f = dict(zip(FACTORS, row, strict=True))
    weight = "thin" if f["weight"] < 1 / 3 else "bold" if f["weight"] > 2 / 3 else "plain"
    lean = "leaning left" if f["slant"] < 0.2 else "leaning right" if f["slant"] > 0.6 else "upright"
    return f"a {weight} {y}, {lean}"
