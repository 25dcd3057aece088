"""A few sketches of our own, told as the points a pen passes: what stands on the pad where no collection is at hand."""

from math import cos, pi, sin

import torch
from torch import Tensor

Line = list[tuple[float, float]]  # points from the left and from the top, the sketch's side being 1


def arc(x: float, y: float, wide: float, high: float, start: float = 0.0, end: float = 1.0) -> Line:
    """Part of an ellipse of half axes wide and high; start and end in turns, clockwise from the right."""
    turns = [start + (end - start) * i / 24 for i in range(25)]
    return [(x + wide * cos(2 * pi * t), y + high * sin(2 * pi * t)) for t in turns]


SKETCHES: dict[str, list[Line]] = {
    "house": [
        [(0.15, 0.45), (0.16, 0.9), (0.85, 0.9), (0.85, 0.44)],
        [(0.06, 0.48), (0.5, 0.1), (0.94, 0.47), (0.06, 0.48)],
        [(0.42, 0.9), (0.42, 0.64), (0.58, 0.64), (0.58, 0.9)],
    ],
    "cat": [
        arc(0.5, 0.56, 0.36, 0.34),
        [(0.18, 0.42), (0.17, 0.08), (0.38, 0.25)],
        [(0.62, 0.25), (0.83, 0.08), (0.82, 0.42)],
        *(arc(0.5 + side * 0.14, 0.5, 0.03, 0.03) for side in (-1, 1)),
        [(0.45, 0.62), (0.55, 0.62), (0.5, 0.67), (0.45, 0.62)],
        *([(0.5 + s * 0.1, 0.68), (0.5 + s * 0.46, 0.68 + d)] for s in (-1, 1) for d in (-0.06, 0.07)),
    ],
    "flower": [
        arc(0.5, 0.34, 0.09, 0.09),
        *(arc(0.5 + 0.19 * cos(a), 0.34 + 0.19 * sin(a), 0.11, 0.11) for a in (0, 1.26, 2.51, 3.77, 5.03)),
        [(0.5, 0.63), (0.49, 0.95)],
        [(0.49, 0.85), (0.62, 0.76), (0.68, 0.68)],
    ],
    "clock": [arc(0.5, 0.5, 0.44, 0.44), [(0.5, 0.22), (0.5, 0.5), (0.68, 0.6)]],
    "rainbow": [arc(0.5, 0.8, 0.46 - 0.12 * i, 0.6 - 0.14 * i, 0.5, 1.0) for i in range(3)],
    "book": [
        [(0.5, 0.28), (0.5, 0.86), (0.06, 0.78), (0.06, 0.2), (0.5, 0.28), (0.94, 0.2), (0.94, 0.78), (0.5, 0.86)],
        *([(0.14, y), (0.42, y + 0.05)] for y in (0.36, 0.5, 0.64)),
        *([(0.58, y + 0.05), (0.86, y)] for y in (0.36, 0.5, 0.64)),
    ],
    "banana": [
        [*arc(0.5, 0.16, 0.46, 0.66, 0.02, 0.48), *arc(0.5, 0.16, 0.3, 0.34, 0.48, 0.02), (0.957, 0.243)],
        [(0.957, 0.243), (0.98, 0.1)],
    ],
    "airplane": [
        [(0.05, 0.5), (0.12, 0.42), (0.8, 0.42), (0.95, 0.5), (0.8, 0.58), (0.12, 0.58), (0.05, 0.5)],
        [(0.42, 0.42), (0.6, 0.1), (0.68, 0.12), (0.6, 0.42)],
        [(0.42, 0.58), (0.6, 0.9), (0.68, 0.88), (0.6, 0.58)],
        [(0.12, 0.42), (0.06, 0.26), (0.14, 0.26), (0.24, 0.42)],
    ],
    "bird": [
        arc(0.3, 0.34, 0.15, 0.14),
        [(0.16, 0.3), (0.05, 0.36), (0.16, 0.4)],
        arc(0.54, 0.56, 0.3, 0.2),
        [(0.8, 0.48), (0.97, 0.34), (0.95, 0.58), (0.82, 0.6)],
        [(0.48, 0.76), (0.46, 0.94)],
        [(0.6, 0.76), (0.62, 0.94)],
    ],
    "dog": [
        arc(0.5, 0.52, 0.28, 0.36),
        [(0.3, 0.26), (0.12, 0.22), (0.08, 0.56), (0.2, 0.62), (0.25, 0.42)],
        [(0.7, 0.26), (0.88, 0.22), (0.92, 0.56), (0.8, 0.62), (0.75, 0.42)],
        *(arc(0.5 + side * 0.11, 0.42, 0.03, 0.03) for side in (-1, 1)),
        arc(0.5, 0.62, 0.08, 0.05),
        [(0.5, 0.67), (0.5, 0.75)],
        arc(0.5, 0.7, 0.12, 0.08, 0.05, 0.45),
    ],
}


def pen(lines: list[Line], side: int, width: float) -> Tensor:
    """lines -> (1, side, side) in 0..1, drawn with a round pen `width` dots wide"""
    place = torch.arange(side) + 0.5
    ink = torch.zeros(side, side)
    for line in lines:
        points = side * torch.tensor(line)  # (N, 2)
        from_, along = points[:-1, :, None, None], (points[1:] - points[:-1])[:, :, None, None]
        x, y = place[None, :] - from_[:, 0], place[:, None] - from_[:, 1]  # (N - 1, side, side) by broadcasting
        at = ((x * along[:, 0] + y * along[:, 1]) / along.square().sum(1).clamp(min=1e-6)).clamp(0, 1)
        away = ((x - at * along[:, 0]).square() + (y - at * along[:, 1]).square()).sqrt().amin(0)
        ink = torch.maximum(ink, (0.5 + width / 2 - away).clamp(0, 1))
    return ink[None]
