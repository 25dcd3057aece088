"""A visitor's drawing, brought to what a model has learnt to read.

A drawing on the pad may be small, thick and in a corner; a collection is always of one size, one weight of stroke and
well centred. So the ink is measured, not the canvas: phi, how far each place is from the centre line of the nearest
stroke, does not care how thick the brush was. To scale phi, and to ink what lies within half a pen's width of zero, is
to draw the sketch again at any size with any pen. What was filled in stays filled: deep inside it phi is below zero.
"""

from base64 import b64decode
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from core.model import Mishap

PAD = 112  # dots along a side of the grey pad: four for each dot of a 28 x 28 collection
SIDE = 32  # dots along a side of every picture that a model reads
FINE = 4  # fine dots along a side of such a dot: strokes are measured and drawn with these
GRID = SIDE * FINE
FAINTEST = 0.1  # of full brightness; less is dust, not ink
CUT = 0.5  # of the strongest ink: where a stroke ends
REACH = 20  # fine dots; no stroke is thicker than twice this, and nothing farther off matters
FAR = 1e6


@dataclass(frozen=True)
class Hand:
    """How a collection is drawn, in dots of its 32 x 32 pictures."""

    box: float  # the longer side of the ink
    pen: float  # the width of a stroke
    soft: float  # how slowly a stroke's edge fades
    centre: tuple[float, float]  # where the middle of the ink is: from the left, from the top
    by_mass: bool  # the middle is the centre of mass, not that of the box


HANDS = {
    # "fit in a 20x20 pixel box ... by computing the center of mass" (yann.lecun.com/exdb/mnist)
    "digits": Hand(box=20, pen=2.2, soft=1.4, centre=(16.5, 16.5), by_mass=True),
    # found by putting 320 training drawings through the pad: so they come back least changed, and with as much ink
    "doodles": Hand(box=24.75, pen=1.3, soft=0.5, centre=(17.0, 16.0), by_mass=False),
}


def parse(payload: object, side: int = PAD, channels: int = 1) -> Tensor:
    """What a pad sends, base64 of side * side * channels bytes -> (channels, side, side) in 0..1.

    Mishap for anything else: it may come from anywhere.
    """
    length = side * side * channels
    if not isinstance(payload, str) or len(payload) != 4 * ((length + 2) // 3):
        raise Mishap("That drawing did not arrive whole; please draw again.")
    try:
        dots = np.frombuffer(b64decode(payload, validate=True), np.uint8)
    except ValueError:
        dots = np.empty(0)
    if dots.size != length:
        raise Mishap("That drawing did not arrive whole; please draw again.")
    return torch.from_numpy(dots.astype(np.float32) / 255).reshape(side, side, channels).permute(2, 0, 1).contiguous()


def settle(drawing: Tensor, collection: str) -> Tensor:
    """drawing (C, H, W) in 0..1, ink bright -> (1, C, 32, 32) in -1..1, as this collection would have drawn it.

    Mishap for an empty drawing. A painting has no ink box: it is only brought to size.
    """
    if is_empty(drawing):
        raise Mishap("There is no ink on the pad yet: draw something first.")
    if collection not in HANDS:
        small = F.interpolate(drawing[None], (SIDE, SIDE), mode="area")
        return 2 * small.clamp(0, 1) - 1
    hand = HANDS[collection]
    on = enlarge(drawing.mean(0), hand.box)
    if not on.any():
        raise Mishap("That is too little ink to read: draw something larger.")
    phi, half = centre_lines(on)
    left, right, top, bottom = box(on)
    scale = (hand.box - hand.pen) * FINE / max(right - left - 2 * half, bottom - top - 2 * half, FINE)
    ink = draw(phi, scale, ((left + right) / 2, (top + bottom) / 2), hand)
    if hand.by_mass:
        x, y = centre_of_mass(ink)
        (x0, y0), by = hand.centre, FINE / scale
        ink = draw(phi, scale, ((left + right) / 2 + (x - x0) * by, (top + bottom) / 2 + (y - y0) * by), hand)
    return 2 * ink[None, None] - 1


def is_empty(drawing: Tensor) -> bool:
    """Whether it is all of one tone."""
    return bool(drawing.max() - drawing.min() < FAINTEST)


def enlarge(grey: Tensor, size: float) -> Tensor:
    """grey (H, W) -> (GRID, GRID) bool: the ink, its box in the middle and its longer side `size` dots."""
    grey = F.pad(grey, (1,) * 4)  # ink at the very edge of the pad ends there
    left, right, top, bottom = box(grey > FAINTEST)
    step = max(right - left, bottom - top) / (size * FINE)  # dots of the pad for one fine dot
    where = (torch.arange(GRID) + 0.5 - GRID / 2) * step
    found = pick(grey, where + (left + right) / 2, where + (top + bottom) / 2)
    return found > CUT * grey.max()


def box(on: Tensor) -> tuple[int, int, int, int]:
    """on (H, W) bool -> left, right, top, bottom edge of what is True"""
    columns, rows = on.any(0).nonzero(), on.any(1).nonzero()
    return int(columns[0]), int(columns[-1]) + 1, int(rows[0]), int(rows[-1]) + 1


def pick(field: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """field (H, W) read at columns x (W2,) and rows y (H2,) -> (H2, W2), smoothly; beyond its edge, as at the edge"""
    rows, columns = torch.meshgrid(2 * y / field.shape[0] - 1, 2 * x / field.shape[1] - 1, indexing="ij")
    grid = torch.stack((columns, rows), -1)[None]
    return F.grid_sample(field[None, None], grid, padding_mode="border", align_corners=False)[0, 0]


def centre_lines(on: Tensor) -> tuple[Tensor, float]:
    """on (G, G) bool -> phi (G, G), distance from the centre line of the nearest stroke, and half a stroke's width"""
    line, deep = skeleton(on), distance(~on)
    line = line if line.any() else deep == deep.max()  # thinning eats a square dot whole
    half = float(deep[line].median()) - 0.5
    edge = torch.where(on, 0.5 - deep, distance(on) - 0.5)
    return torch.minimum(edge + half, distance(line)), half


def draw(phi: Tensor, scale: float, middle: tuple[float, float], hand: Hand) -> Tensor:
    """phi (G, G) with its point `middle` brought to the hand's centre, and scaled -> (32, 32) in 0..1"""
    fine = (torch.arange(GRID) + 0.5) / scale
    x, y = (fine + m - c * FINE / scale for m, c in zip(middle, hand.centre, strict=True))
    away = scale * pick(phi, x, y) / FINE - hand.pen / 2  # dots
    return F.avg_pool2d((0.5 - away / hand.soft).clamp(0, 1)[None], FINE)[0]


def centre_of_mass(ink: Tensor) -> tuple[float, float]:
    """ink (S, S) -> x, y in dots from the left and the top edge"""
    along = torch.arange(len(ink)) + 0.5
    return float((ink.sum(0) * along).sum() / ink.sum()), float((ink.sum(1) * along).sum() / ink.sum())


def distance(to: Tensor) -> Tensor:
    """to (G, G) bool -> (G, G): how far each dot is from the nearest True one (Euclid), exact up to REACH"""
    square = torch.arange(-REACH, REACH + 1).square().float()
    away = torch.where(to, 0.0, FAR)
    for side in (0, 1):  # the nearest along each column, then of those along each row
        margin = (0, 0, REACH, REACH) if side == 0 else (REACH, REACH)
        away = (F.pad(away, margin, value=FAR).unfold(side, 2 * REACH + 1, 1) + square).amin(2)
    return away.clamp(max=REACH**2).sqrt()


def skeleton(on: Tensor) -> Tensor:
    """on (G, G) bool -> the centre lines, one dot wide (Zhang & Suen 1984, doi 10.1145/357994.358023)"""
    ink = np.pad(on.numpy(), 1).astype(np.uint8)
    inner = ink[1:-1, 1:-1]
    ring = [ink[1 + y : ink.shape[0] - 1 + y, 1 + x : ink.shape[1] - 1 + x] for y, x in AROUND]
    while True:
        before = int(inner.sum())
        for spare in spare_rings():
            code = sum(neighbour << i for i, neighbour in enumerate(ring))
            inner[spare[code]] = 0
        if int(inner.sum()) == before:
            return torch.from_numpy(inner.astype(bool))


AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))  # clockwise from above: p2 to p9


@cache
def spare_rings() -> tuple[np.ndarray, np.ndarray]:
    """For both halves of a pass: (256,) bool, whether a dot with these neighbours can go without breaking a line."""
    rings = (np.arange(256)[:, None] >> np.arange(8)) & 1  # (256, 8)
    turns = ((rings == 0) & (np.roll(rings, -1, 1) == 1)).sum(1)
    held = (rings.sum(1) >= 2) & (rings.sum(1) <= 6) & (turns == 1)
    up, right, down, left = rings[:, 0], rings[:, 2], rings[:, 4], rings[:, 6]
    first = held & (up * right * down == 0) & (right * down * left == 0)
    return first, held & (up * right * left == 0) & (up * down * left == 0)
