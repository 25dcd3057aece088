"""Faces from a storybook: seventeen factors and eight kinds of hair or hat."""

from typing import NamedTuple

import torch
from torch import Tensor

from core.data.collection import Card
from core.data.gallery.brush import Sheet, box, columns, cover, ellipse, grid, mix, ramp, smooth, swatches, tint

FACTORS: tuple[str, ...] = (
    "smile",
    "mouth openness",
    "eye openness",
    "eye size",
    "eye spacing",
    "gaze",
    "brow angle",
    "face width",
    "head tilt",
    "head turn",
    "hair length",
    "hair hue",
    "skin tone",
    "blush",
    "clothes hue",
    "background hue",
    "light",
)
LABELS = ("beard", "bob", "curls", "spiky", "pigtails", "beanie", "top hat", "crown")
BEARD, BOB, CURLS, SPIKY, PIGTAILS, BEANIE, TOP_HAT, CROWN = range(8)

CARD = Card(
    name="faces",
    title="Storybook faces",
    learns="images",
    licence="CC0 1.0 (drawn by this program)",
    source="Atelier, core/data/gallery/faces.py",
    about="Small painted faces, each drawn from seventeen known factors and one of eight kinds of hair or hat.",
    channels=3,
    side=32,
    labels=LABELS,
    factors=FACTORS,
)

SKIN = swatches(0xFBE3D2, 0xF6CFB2, 0xE8B48C, 0xCC9163, 0xA46C45, 0x7A4B30, 0x5A3626)
HAIR = swatches(0x2B2430, 0x4A2F2A, 0x7A4526, 0xA9542B, 0xD98236, 0xEBC06A, 0xF3E3B5, 0xB9B6C0)
CLOTHES = swatches(0xC8553D, 0xE09F3E, 0x7C9A4E, 0x2F7F79, 0x3A6EA5, 0x6A4C93, 0xB5477A)
GROUND = swatches(0xF7D9B8, 0xF6C6B6, 0xEFC3D4, 0xD3C6EA, 0xB9D3F0, 0xB6E0DC, 0xC9E4B8, 0xF3E8B0)
INK, WHITE, GOLD, FELT = tint(0x2E2430), tint(0xFFFDF6), tint(0xF2B632), tint(0x35304A)
LIPS, TONGUE = tint(0x8C3038), tint(0xE8827C)
BLUSH = torch.tensor([1.07, 0.77, 0.75])[:, None, None]  # times the skin


class Sitter(NamedTuple):
    """Who is painted: the factors, the place of each pixel, and the colours."""

    factors: Tensor  # (B, F, 1, 1)
    wide: Tensor  # (B, 1, 1) half the face's width
    skin: Tensor  # (B, 3, 1, 1), as hair and cloth
    hair: Tensor
    cloth: Tensor
    u: Tensor  # (B, S, S) across the head
    v: Tensor  # (B, S, S) down the head
    a: Tensor  # (B, S, S) across the features, which move when the head turns
    wave: Tensor  # (B, S, S) -1..1 and back some twelve times round the head: curls and spikes
    x: Tensor  # (1, 1, S) across the picture
    y: Tensor  # (1, S, 1) down the picture

    def of(self, name: str) -> Tensor:
        """A factor by its name, (B, 1, 1)."""
        return self.factors[:, FACTORS.index(name)]

    def cut(self, first: int, last: int, top: int, bottom: int) -> "Sitter":
        """The sitters from first to last, and the part of the places between two rows of pixels."""
        own = [part[first:last] for part in self[:5]]
        planes = [part[first:last, top:bottom] for part in self[5:9]]
        return Sitter._make([*own, *planes, self.x, self.y[:, top:bottom]])


def paint(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 17) in 0..1, y (B,) the kind -> (B, 3, 32, 32) in -1..1"""
    order = RANK[y].argsort(stable=True)  # those who wear alike sit side by side, so that only they are given it
    seats = [0, *y.bincount(minlength=len(LABELS))[QUEUE].cumsum(0).tolist()]
    who = seat(factors[order])
    sheet = Sheet(backdrop(who))
    for part, kinds, top, bottom in PARTS:
        first, last = seats[kinds.start], seats[kinds.stop]
        if first < last:
            part(sheet.cut(first, last, top, bottom), who.cut(first, last, top, bottom))
    return torch.empty_like(sheet.paint).index_copy_(0, order, sheet.done())


def seat(factors: Tensor) -> Sitter:
    f = dict(zip(FACTORS, columns(factors), strict=True))
    x, down = grid()
    lean = (f["head tilt"] - 0.5) * 0.5  # radians, nearly; the head turns round the neck
    cos, sin = 1 - lean * lean / 2, lean - lean * lean * lean / 6
    low = down - 0.65
    u, v = x * cos + low * sin, low * cos - x * sin + 0.58
    a = u - (f["head turn"] - 0.5) * 0.26
    wave = torch.atan2(u, 0.1 - v).mul_(1.9).frac_().abs_().mul_(2).sub_(1)
    wide = mix(0.48, 0.62, f["face width"])
    skin, hair, cloth = ramp(f["skin tone"], SKIN), ramp(f["hair hue"], HAIR), ramp(f["clothes hue"], CLOTHES)
    return Sitter(factors[:, :, None, None], wide, skin, hair, cloth, u, v, a, wave, x, down)


def backdrop(who: Sitter) -> Tensor:
    """A pastel wall, lighter where the light falls, (B, 3, S, S)."""
    lit = (mix(-0.9, 0.9, who.of("light")) * who.x - who.y * 0.6) * 0.09 + 0.97
    return ramp(who.of("background hue"), GROUND) * lit[:, None]


def long_hair(sheet: Sheet, who: Sitter) -> None:
    low = mix(0.3, 0.95, who.of("hair length"))
    fall = box(who.u, who.v - (low - 0.45) / 2, who.wide + 0.12, (low + 0.45) / 2 + 0.1, 0.4)
    sheet.lay(who.hair * 0.82, cover(fall))


def tails(sheet: Sheet, who: Sitter) -> None:
    length = who.of("hair length")
    tail = ellipse(who.u.abs() - who.wide - 0.17, who.v - mix(0.1, 0.4, length), 0.19, mix(0.22, 0.48, length))
    sheet.lay(who.hair * 0.82, cover(tail))


def curly_cloud(sheet: Sheet, who: Sitter) -> None:
    length = who.of("hair length")
    cloud = ellipse(who.u, who.v + 0.05, who.wide + mix(0.12, 0.3, length), mix(0.62, 0.8, length))
    sheet.lay(who.hair * 0.82, cover(cloud + who.wave.square() * 0.09 - 0.09))


def bust(sheet: Sheet, who: Sitter) -> None:
    """Neck and shoulders, which do not tilt with the head."""
    neck = torch.maximum(who.x.abs() - who.wide * 0.4, 0.3 - who.y)
    sheet.lay(who.skin * 0.86, cover(neck))
    body = ellipse(who.x, who.y - 1.2, who.wide * 0.7 + 0.42, 0.5)
    sheet.lay(who.cloth, cover(body))
    collar = ellipse(who.x, who.y - 0.72, who.wide * 0.46, 0.13)
    sheet.lay(who.skin * 0.86, cover(collar))


def head(sheet: Sheet, who: Sitter) -> None:
    """Ears, face and the blush of the cheeks, lit from one side."""
    ears = ellipse(who.u.abs() - who.wide, who.v - 0.14, 0.12, 0.15)
    sheet.lay(who.skin * 0.88, cover(ears))
    face = ellipse(who.u, who.v - 0.04, who.wide, 0.62)
    light = (mix(-0.16, 0.16, who.of("light")) * who.x - who.y * 0.07 + 1)[:, None]
    sheet.lay(who.skin * light, cover(face))


def cheeks(sheet: Sheet, who: Sitter) -> None:
    """The blush, and a dab for the nose."""
    spots = torch.maximum(ellipse(who.a.abs() - 0.33, who.v - 0.27, 0.17, 0.13), who.u.abs() - who.wide * 0.88)
    sheet.lay(who.skin * BLUSH, cover(spots, 4).mul_(who.of("blush")))
    nose = ellipse(who.a - (who.of("head turn") - 0.5) * 0.1, who.v - 0.23, 0.08, 0.06)
    sheet.lay(who.skin * 0.8, cover(nose))


def beard(sheet: Sheet, who: Sitter) -> None:
    """From ear to ear, round the mouth, longer with the hair's length."""
    jaw = ellipse(who.u, who.v - 0.15, who.wide + 0.03, mix(0.52, 0.78, who.of("hair length")))
    top = (who.a * who.a).sub_(0.05).clamp_(0, 0.3).mul_(-0.9).sub_(who.v).add_(0.27)
    sheet.lay(who.hair, cover(torch.maximum(jaw, top)))


def mouth(sheet: Sheet, who: Sitter) -> None:
    """A bow that bends with the smile and opens downwards."""
    smile = who.of("smile")
    across = (who.a / mix(0.15, 0.27, smile)).square_()
    bow = (1 - across).clamp_(min=-0.2)
    gape = bow.clamp(min=0).mul_(who.of("mouth openness") * mix(0.04, 0.11, smile))
    off = who.v - 0.42 - mix(-0.09, 0.16, smile) * (bow - 0.5) - gape
    d = torch.maximum(off.abs() - gape - 0.032, (across - 1).mul_(0.15))
    sheet.lay(LIPS, cover(d))
    sheet.lay(TONGUE, cover(torch.maximum(d + 0.045, 0.035 - off)))


def eyes(sheet: Sheet, who: Sitter) -> None:
    """Lashes, whites, pupils that look about with a glint in them, and brows."""
    size, lid = mix(0.115, 0.165, who.of("eye size")), mix(0.2, 1.2, who.of("eye openness"))
    x, y = who.a.abs() - mix(0.21, 0.29, who.of("eye spacing")), who.v - 0.06
    tall = size * lid
    sheet.lay(INK, cover(ellipse(x, y + 0.035, size, tall + 0.015)))
    white = cover(ellipse(x, y, size, tall))
    sheet.lay(WHITE, white)
    look = x - who.a.sign() * ((who.of("gaze") - 0.5) * size * 1.1)
    sheet.lay(INK, cover(ellipse(look, y, size * 0.66, size * 0.85)).mul_(white))
    slant = mix(-0.55, 0.45, who.of("brow angle"))
    brow = box(x, y + slant * x + (size + 0.12), size, 0.042)
    sheet.lay(who.hair * 0.7, cover(brow))


def crop(sheet: Sheet, who: Sitter, hairline: Tensor, spikes: Tensor | float = 0.0) -> None:
    """The hair on top, down to where the hairline is 0, with a band of shine."""
    top = ellipse(who.u, who.v, who.wide + 0.07, 0.64) - spikes
    shine = smooth((who.v + 0.75).abs_().mul_(-4).add_(1)).mul_(0.3).add_(1)[:, None]
    sheet.lay(who.hair * shine, cover(torch.maximum(top, hairline)))


def fringe(sheet: Sheet, who: Sitter) -> None:
    crop(sheet, who, who.v + 0.27 - who.u.square() * 0.4)


def parting(sheet: Sheet, who: Sitter) -> None:
    crop(sheet, who, who.v + 0.42 - who.u.abs() * 0.75)


def curls(sheet: Sheet, who: Sitter) -> None:
    crop(sheet, who, who.v + 0.32 - who.wave.square() * 0.08)


def spikes(sheet: Sheet, who: Sitter) -> None:
    tall = mix(0.18, 0.5, who.of("hair length")) * who.wave.abs() - 0.07
    crop(sheet, who, who.v + 0.3 + who.u * 0.3, tall)


def beanie(sheet: Sheet, who: Sitter) -> None:
    """A knitted cap with a bobble, in the colour of the clothes."""
    v = who.v + 0.25
    sheet.lay(who.cloth, cover(torch.maximum(ellipse(who.u, v, who.wide + 0.1, 0.48), v)))
    sheet.lay(who.cloth * 0.8, cover(box(who.u, v, who.wide + 0.12, 0.09, 0.08)))
    sheet.lay(WHITE, cover(ellipse(who.u, v + 0.5, 0.14, 0.14)))


def top_hat(sheet: Sheet, who: Sitter) -> None:
    """A dark tall hat with a ribbon in the colour of the clothes."""
    v = who.v + 0.33
    tube = box(who.u, v + 0.3, who.wide * 0.82 - 0.08 * v, 0.3)
    brim = box(who.u, v, who.wide + 0.22, 0.06, 0.05)
    sheet.lay(FELT, cover(torch.minimum(tube, brim)))
    sheet.lay(who.cloth, cover(torch.maximum(tube, (v + 0.15).abs_() - 0.075)))


def crown(sheet: Sheet, who: Sitter) -> None:
    """Gold, with five points and a jewel in the colour of the clothes."""
    v = who.v + 0.3
    saw = (who.u / who.wide).mul_(2).frac_().abs_().mul_(2).sub_(1).abs_().mul_(0.3)
    ring = torch.maximum(who.u.abs() - who.wide * 0.97, -0.22 - v - saw)
    sheet.lay(GOLD, cover(torch.maximum(ring, v)))
    sheet.lay(who.cloth, cover(ellipse(who.u, v + 0.14, 0.1, 0.1)))


# The kinds in the order they are seated, and each kind's place in it.
QUEUE = torch.tensor([BEARD, SPIKY, CURLS, PIGTAILS, BOB, BEANIE, TOP_HAT, CROWN])
RANK = QUEUE.argsort()
ALL, BEARDS, SPIKES, CURLED, TAILED, STRAIGHT = range(8), range(1), range(1, 2), range(2, 3), range(3, 4), range(4, 8)

# Back to front: who has it (places in QUEUE), and the rows of pixels it can reach.
PARTS = (
    (long_hair, STRAIGHT, 0, 32),
    (tails, TAILED, 0, 32),
    (curly_cloud, CURLED, 0, 32),
    (bust, ALL, 20, 32),
    (head, ALL, 4, 29),
    (cheeks, ALL, 15, 26),
    (beard, BEARDS, 12, 32),
    (mouth, ALL, 17, 28),
    (eyes, ALL, 9, 23),
    (spikes, SPIKES, 0, 22),
    (curls, CURLED, 0, 22),
    (parting, TAILED, 0, 22),
    (fringe, STRAIGHT, 0, 22),
    (beanie, range(5, 6), 0, 16),
    (top_hat, range(6, 7), 0, 16),
    (crown, range(7, 8), 0, 16),
)


def caption(row: list[float], y: int) -> str:
    """One picture's factors and kind -> words."""
    f = dict(zip(FACTORS, row, strict=True))
    mood = "sad" if f["smile"] < 1 / 3 else "calm" if f["smile"] < 2 / 3 else "smiling"
    eyes_ = "sleepy" if f["eye openness"] < 1 / 3 else "wide-eyed" if f["eye openness"] > 2 / 3 else "quiet"
    return f"a {mood}, {eyes_} face with {WORN[y]}"


WORN = ("a beard", "a bob", "curls", "spiky hair", "pigtails", "a beanie", "a top hat", "a crown")
