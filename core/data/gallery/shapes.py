"""Cut-paper shapes: what, which colour, how large, where."""

import torch
from torch import Tensor

from core.data.collection import Card
from core.data.gallery.brush import SIDE, Sheet, box, columns, cover, ellipse, grid, mix, ramp, swatches

FACTORS: tuple[str, ...] = ("colour", "size", "across", "down", "turn", "ground", "tone", "shadow")
LABELS = ("circle", "square", "triangle", "star", "heart", "cross", "moon", "ring")
COLOURS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink")
SIZES = ("small", "medium", "large")
ROWS, COLUMNS = ("top", "", "bottom"), ("left", "", "right")

CARD = Card(
    name="shapes",
    title="Cut-paper shapes",
    learns="images",
    licence="CC0 1.0 (drawn by this program)",
    source="Atelier, core/data/gallery/shapes.py",
    about="Eight shapes in eight colours, any size and place, each with a caption like 'a small red star, top left'.",
    channels=3,
    side=SIDE,
    labels=LABELS,
    factors=FACTORS,
)

INKS = swatches(0xD1393A, 0xEE7F2D, 0xF2C12E, 0x4E9F45, 0x1E9C98, 0x3263BD, 0x7A45A8, 0xEC7FAE)
PAPER = swatches(0xFBF4E4, 0xF3E6D8, 0xE9E6EE, 0xDDE8EF, 0xE3EDDD, 0xF6ECCB)
SLOPE, SHRINK = 0.45, 0.912  # how much a star's edges lean; makes their distance one
COS36, SIN36 = 0.80902, 0.58779


def paint(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 8) in 0..1, y (B,) the shape -> (B, 3, 32, 32) in -1..1"""
    f = dict(zip(FACTORS, columns(factors), strict=True))
    x, down = grid()
    u, v = (x - mix(-0.55, 0.55, f["across"])), (down - mix(-0.55, 0.55, f["down"]))
    light = 1 - (x * 0.05 + down * 0.05)
    sheet = Sheet(ramp(f["ground"], PAPER) * light[:, None].expand(len(y), 1, SIDE, SIDE))
    shade = f["shadow"] * 0.11
    sheet.paint.mul_(1 - (cover(figure(f, y, u - shade, v - shade), 3) * 0.28)[:, None])
    ink = INKS[(f["colour"].flatten() * len(COLOURS)).long().clamp(max=len(COLOURS) - 1)][:, :, None, None]
    toned = ink * mix(0.86, 1.1, f["tone"])[:, None] * (1.02 - 0.15 * v)[:, None]
    sheet.lay(toned.clamp(0, 1), cover(figure(f, y, u, v)))
    return sheet.done()


def figure(f: dict[str, Tensor], y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """The distance to the shape y at the origin of u (B, 1, S) and v (B, S, 1) -> (B, S, S)"""
    size, turn = mix(0.22, 0.52, f["size"]), (f["turn"] - 0.5) * 0.7
    cos, sin = 1 - turn * turn / 2, turn - turn * turn * turn / 6
    u, v = (u * cos + v * sin) / size, (v * cos - u * sin) / size
    d = torch.empty_like(u)
    for kind, shape in enumerate(SHAPES):
        who = (y == kind).nonzero()[:, 0]
        d[who] = shape(u[who], v[who])
    return d * size


def circle(u: Tensor, v: Tensor) -> Tensor:
    return ellipse(u, v, 1.0, 1.0)


def square(u: Tensor, v: Tensor) -> Tensor:
    return box(u, v, 0.86, 0.86, 0.1)


def triangle(u: Tensor, v: Tensor) -> Tensor:
    return torch.maximum(u.abs() * 0.87 - v * 0.5 - 0.5, v - 0.7)


def star(u: Tensor, v: Tensor) -> Tensor:
    """Five points; the plane is folded until one edge is left."""
    a, b = u.abs(), -v
    for nx, ny in ((COS36, -SIN36), (-COS36, -SIN36)):
        fold = (a * nx + b * ny).clamp_(min=0).mul_(2)
        a, b = a - fold * nx, b - fold * ny
    return (a.abs() + (b - 1.12) * SLOPE) * SHRINK


def heart(u: Tensor, v: Tensor) -> Tensor:
    """A square on its corner, a half circle on either upper edge."""
    a, b = u.abs(), v + 0.05
    shoulder = ((a - 0.42).square() + (b + 0.42).square()).sqrt_() - 0.594
    return torch.minimum(shoulder, (a + b.abs() - 0.84) * 0.7071)


def cross(u: Tensor, v: Tensor) -> Tensor:
    return torch.minimum(box(u, v, 0.34, 1.0, 0.08), box(u, v, 1.0, 0.34, 0.08))


def moon(u: Tensor, v: Tensor) -> Tensor:
    return torch.maximum(circle(u, v), 0.82 - ((u - 0.52).square() + (v + 0.12).square()).sqrt_())


def ring(u: Tensor, v: Tensor) -> Tensor:
    return (circle(u, v) + 0.24).abs_() - 0.24


SHAPES = (circle, square, triangle, star, heart, cross, moon, ring)


def caption(row: list[float], y: int) -> str:
    """One picture's factors and shape -> words."""
    f = dict(zip(FACTORS, row, strict=True))
    colour = COLOURS[int(f["colour"] * len(COLOURS))]
    size, across, down = (int(f[name] * 3) for name in ("size", "across", "down"))
    place = " ".join(word for word in (ROWS[down], COLUMNS[across]) if word)
    return f"a {SIZES[size]} {colour} {LABELS[y]}, {place or 'in the middle'}"
