"""What every gallery painter holds in the hand: chance by counting, a palette, shapes by distance, and a sheet.

A shape is a signed distance d (B, S, S), in picture units and negative inside; a picture spans -1..1 in x (right) and y
(down). One pixel is PIXEL wide. After Inigo Quilez, "2D distance functions", 2020.
"""

from typing import Any

import torch
from torch import Tensor

SIDE = 32
PIXEL = 2 / SIDE


def uniforms(seeds: Tensor, count: int) -> Tensor:
    """seeds (B,) long -> (B, count) in 0..1, each number a hash of (seed, its place) alone (splitmix64)."""
    mixed = seeds[:, None] * 0x632BE59BD9B4E019 + torch.arange(1, count + 1) * -0x61C8864680B583EB
    mixed = (mixed ^ _shift(mixed, 30)) * -0x40A7B892E31B1A47
    mixed = (mixed ^ _shift(mixed, 27)) * -0x6B2FB644ECCEEE15
    return _shift(mixed ^ _shift(mixed, 31), 40).float() / 2**24


def _shift(x: Tensor, bits: int) -> Tensor:
    """Shifts right and fills with zeros, which torch does not do for signed numbers."""
    return (x >> bits) & ((1 << (64 - bits)) - 1)


def columns(factors: Tensor) -> tuple[Tensor, ...]:
    """factors (B, F) -> F tensors (B, 1, 1), ready to meet a plane."""
    return factors.t().contiguous()[:, :, None, None].unbind()


def grid() -> tuple[Tensor, Tensor]:
    """The pixels' centres: x (1, 1, S) rightwards, y (1, S, 1) downwards."""
    line = (torch.arange(SIDE) + 0.5) * PIXEL - 1
    return line[None, None, :], line[None, :, None]


def mix(a: Any, b: Any, t: Tensor | float) -> Tensor:
    """a at t = 0, b at t = 1; tensors or numbers, but not all numbers."""
    return a + (b - a) * t


def smooth(t: Tensor) -> Tensor:
    """Smoothstep of t clamped to 0..1; t is used up."""
    t = t.clamp_(0, 1)
    square = t * t
    return t.mul_(-2).add_(3).mul_(square)


def cover(d: Tensor, soft: float = 1.5) -> Tensor:
    """Distance -> how much of each pixel is covered, 0..1, smoothly over an edge `soft` pixels wide."""
    return smooth(d.mul(-1 / (soft * PIXEL)).add_(0.5))


def tint(code: int) -> Tensor:
    """0xRRGGBB -> (3,) in 0..1."""
    return torch.tensor([code >> 16, code >> 8 & 255, code & 255]) / 255


def swatches(*codes: int) -> Tensor:
    """Colours 0xRRGGBB -> (K, 3) in 0..1."""
    return torch.stack([tint(code) for code in codes])


def ramp(t: Tensor, stops: Tensor) -> Tensor:
    """t (B, 1, 1) in 0..1 along the colours stops (K, 3) -> (B, 3, 1, 1)."""
    place = t.flatten() * (len(stops) - 1)
    low = place.long().clamp(0, len(stops) - 2)
    return mix(stops[low], stops[low + 1], (place - low)[:, None])[:, :, None, None]


def ellipse(x: Tensor, y: Tensor, rx: Tensor | float, ry: Tensor | float) -> Tensor:
    """About the distance to an ellipse round the origin: exact on its edge, and for a circle."""
    least = torch.minimum(torch.as_tensor(rx), torch.as_tensor(ry))
    a, b = (x / rx).square_(), (y / ry).square_()
    return (a + b).sqrt_().sub_(1).mul_(least)


def box(x: Tensor, y: Tensor, rx: Tensor | float, ry: Tensor | float, corner: float = 0.0) -> Tensor:
    """A box of half sides rx and ry round the origin, its corners rounded."""
    a, b = x.abs().sub_(rx - corner), y.abs().sub_(ry - corner)
    if not corner:
        return torch.maximum(a, b)
    inner = torch.maximum(a, b).clamp_(max=0)
    return a.clamp_(min=0).square_().add_(b.clamp_(min=0).square_()).sqrt_().add_(inner).sub_(corner)


class Sheet:
    """A picture in the making, laid over from back to front."""

    def __init__(self, paint: Tensor) -> None:
        """paint (B, 3, S, S) in 0..1 is what is laid over; it is changed in place."""
        self.paint = paint

    def cut(self, first: int, last: int, top: int, bottom: int) -> "Sheet":
        """The pictures from first to last between two rows; what is laid there shows on the whole."""
        return Sheet(self.paint[first:last, :, top:bottom])

    def rows(self, top: int, bottom: int) -> "Sheet":
        """All pictures between two rows."""
        return self.cut(0, len(self.paint), top, bottom)

    def lay(self, colour: Tensor, covered: Tensor) -> None:
        """Lays a colour, (3,) or (B, 3, 1 or S, 1 or S), where `covered` (B, S, S) is 1."""
        self.paint.lerp_(colour.view(1, 3, 1, 1) if colour.dim() == 1 else colour, covered[:, None])

    def shade(self, light: Tensor) -> None:
        """Multiplies all by light (B, S, S)."""
        self.paint.mul_(light[:, None])

    def done(self) -> Tensor:
        """-> (B, 3, S, S) in -1..1"""
        return self.paint.mul_(2).sub_(1).clamp_(-1, 1)
