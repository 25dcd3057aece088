"""Faces from a storybook: seventeen factors and eight kinds of hair or hat."""

from typing import NamedTuple

import torch
from torch import Tensor

from core.data.collection import Card
from core.data.gallery.brush import Sheet, box, columns, cover, ellipse, grid, mix, ramp, smooth, swatches, tint

FACTORS = (
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
    """Who is painted: the named factors (B, 1, 1), the place of each pixel, and the colours (B, 3, 1, 1)."""

    f: dict[str, Tensor]
    away: Tensor  # (K, B, 1, 1) added to a place: 0 for the kind it is, far off the picture for all others
    wide: Tensor  # (B, 1, 1) half the face's width
    skin: Tensor
    hair: Tensor
    cloth: Tensor
    x: Tensor  # (1, 1, S) across the picture
    y: Tensor  # (1, S, 1) down the picture
    u: Tensor  # (B, S, S) across the head
    v: Tensor  # (B, S, S) down the head
    side: Tensor  # (B, S, S) |u|
    a: Tensor  # (B, S, S) across the features, which move when the head turns
    wave: Tensor  # (B, S, S) -1..1 and back some twelve times round the head: curls and spikes

    def rows(self, top: int, bottom: int) -> "Sitter":
        """The part of the places between two rows of pixels."""
        cut = {name: getattr(self, name)[:, top:bottom] for name in ("y", "u", "v", "side", "a", "wave")}
        return self._replace(**cut)

    def only(self, *kinds: int) -> Tensor:
        """What to add to v so that a shape is seen only on these kinds, (B, 1, 1)."""
        return self.away[list(kinds)].amin(0)


def paint(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 17) in 0..1, y (B,) the kind -> (B, 3, 32, 32) in -1..1"""
    who = seat(factors, y)
    sheet = Sheet(backdrop(who))
    for part, top, bottom in PARTS:
        part(sheet.rows(top, bottom), who.rows(top, bottom))
    return sheet.done()


def seat(factors: Tensor, y: Tensor) -> Sitter:
    f = dict(zip(FACTORS, columns(factors), strict=True))
    away = (y[None] != torch.arange(len(LABELS))[:, None]).float()[:, :, None, None] * 9
    x, down = grid()
    lean = (f["head tilt"] - 0.5) * 0.5  # radians, nearly; the head turns round the neck
    cos, sin = 1 - lean * lean / 2, lean - lean * lean * lean / 6
    low = down - 0.65
    u, v = x * cos + low * sin, low * cos - x * sin + 0.58
    a = u - (f["head turn"] - 0.5) * 0.26
    wide = mix(0.48, 0.62, f["face width"])
    wave = torch.atan2(u, 0.1 - v).mul_(1.9).frac_().abs_().mul_(2).sub_(1)
    skin, hair, cloth = ramp(f["skin tone"], SKIN), ramp(f["hair hue"], HAIR), ramp(f["clothes hue"], CLOTHES)
    return Sitter(f, away, wide, skin, hair, cloth, x, down, u, v, u.abs(), a, wave)


def backdrop(who: Sitter) -> Tensor:
    """A pastel wall, lighter where the light falls, (B, 3, S, S)."""
    lit = (mix(-0.9, 0.9, who.f["light"]) * who.x - who.y * 0.6) * 0.09 + 0.97
    return ramp(who.f["background hue"], GROUND) * lit[:, None]


def back_hair(sheet: Sheet, who: Sitter) -> None:
    """What hangs behind the head: a bob, tails, or a cloud of curls."""
    length = who.f["hair length"]
    low = mix(0.3, 0.95, length)
    straight = who.v + who.only(BOB, BEANIE, TOP_HAT, CROWN)
    fall = box(who.u, straight - (low - 0.45) / 2, who.wide + 0.12, (low + 0.45) / 2 + 0.1, 0.4)
    down = who.v - mix(0.1, 0.4, length) + who.only(PIGTAILS)
    tail = ellipse(who.side - who.wide - 0.17, down, 0.19, mix(0.22, 0.48, length))
    curly = who.v + who.only(CURLS) + 0.05
    curl = ellipse(who.u, curly, who.wide + mix(0.12, 0.3, length), mix(0.62, 0.8, length))
    curl.add_(who.wave.square().mul_(0.09)).sub_(0.09)
    sheet.lay(who.hair * 0.82, cover(torch.minimum(torch.minimum(fall, tail), curl)))


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
    ears = ellipse(who.side - who.wide, who.v - 0.14, 0.12, 0.15)
    sheet.lay(who.skin * 0.88, cover(ears))
    face = ellipse(who.u, who.v - 0.04, who.wide, 0.62)
    light = (mix(-0.16, 0.16, who.f["light"]) * who.x - who.y * 0.07 + 1)[:, None]
    sheet.lay(who.skin * light, cover(face))


def cheeks(sheet: Sheet, who: Sitter) -> None:
    """The blush, and a dab for the nose."""
    spots = torch.maximum(ellipse(who.a.abs() - 0.33, who.v - 0.27, 0.17, 0.13), who.side - who.wide * 0.88)
    sheet.lay(who.skin * BLUSH, cover(spots, 4).mul_(who.f["blush"]))
    nose = ellipse(who.a - (who.f["head turn"] - 0.5) * 0.1, who.v - 0.23, 0.08, 0.06)
    sheet.lay(who.skin * 0.8, cover(nose))


def beard(sheet: Sheet, who: Sitter) -> None:
    """From ear to ear, round the mouth, longer with the hair's length."""
    v = who.v + who.only(BEARD)
    jaw = ellipse(who.u, v - 0.15, who.wide + 0.03, mix(0.52, 0.78, who.f["hair length"]))
    top = (who.a * who.a).sub_(0.05).clamp_(0, 0.3).mul_(-0.9).sub_(v).add_(0.27)
    sheet.lay(who.hair, cover(torch.maximum(jaw, top)))


def mouth(sheet: Sheet, who: Sitter) -> None:
    """A bow that bends with the smile and opens downwards."""
    smile = who.f["smile"]
    across = (who.a / mix(0.15, 0.27, smile)).square_()
    bow = (1 - across).clamp_(min=-0.2)
    gape = bow.clamp(min=0).mul_(who.f["mouth openness"] * mix(0.04, 0.11, smile))
    off = who.v - 0.42 - mix(-0.09, 0.16, smile) * (bow - 0.5) - gape
    d = torch.maximum(off.abs() - gape - 0.032, (across - 1).mul_(0.15))
    sheet.lay(LIPS, cover(d))
    sheet.lay(TONGUE, cover(torch.maximum(d + 0.045, 0.035 - off)))


def eyes(sheet: Sheet, who: Sitter) -> None:
    """Lashes, whites, pupils that look about with a glint in them, and brows."""
    size, lid = mix(0.115, 0.165, who.f["eye size"]), mix(0.2, 1.2, who.f["eye openness"])
    x, y = who.a.abs() - mix(0.21, 0.29, who.f["eye spacing"]), who.v - 0.06
    tall = size * lid
    sheet.lay(INK, cover(ellipse(x, y + 0.035, size, tall + 0.015)))
    white = cover(ellipse(x, y, size, tall))
    sheet.lay(WHITE, white)
    look = x - who.a.sign() * ((who.f["gaze"] - 0.5) * size * 1.1)
    sheet.lay(INK, cover(ellipse(look, y, size * 0.66, size * 0.85)).mul_(white))
    slant = mix(-0.4, 0.3, who.f["brow angle"])
    brow = box(x, y + slant * x + (size * 1.15 + 0.12), size, 0.035)
    sheet.lay(who.hair * 0.7, cover(brow))


def front_hair(sheet: Sheet, who: Sitter) -> None:
    """What grows on top, down to a hairline of its kind's own shape."""
    length, u, v = who.f["hair length"], who.u, who.v
    top = ellipse(u, v, who.wide + 0.07, 0.64)
    bob = (v + (0.2 + who.only(BOB, BEANIE, TOP_HAT, CROWN))).sub_(u.square().mul_(0.5))
    tails = (v + (0.42 + who.only(PIGTAILS))).sub_(who.side * 0.75)
    curls = (v + (0.32 + who.only(CURLS))).sub_(who.wave.square().mul_(0.08))
    shape = torch.maximum(top, torch.minimum(torch.minimum(bob, tails), curls))
    spikes = top + 0.07 - mix(0.18, 0.5, length) * who.wave.abs()
    spiky = torch.maximum(spikes, v + (0.3 + who.only(SPIKY)) + u * 0.3)
    shine = smooth((v + 0.75).abs_().mul_(-4).add_(1)).mul_(0.3).add_(1)[:, None]
    sheet.lay(who.hair * shine, cover(torch.minimum(shape, spiky)))


def hats(sheet: Sheet, who: Sitter) -> None:
    """A beanie, a top hat or a crown, then what trims it in the colour of the clothes."""
    (cap, band), (tube, ribbon), (ring, jewel) = beanie(who), top_hat(who), crown(who)
    felt = torch.where(who.only(TOP_HAT)[:, None] == 0, FELT[:, None, None], who.cloth)
    stuff = torch.where(who.only(CROWN)[:, None] == 0, GOLD[:, None, None], felt)
    sheet.lay(stuff, cover(torch.minimum(torch.minimum(cap, tube), ring)))
    sheet.lay(who.cloth * 0.8, cover(torch.minimum(torch.minimum(band, ribbon), jewel)))
    sheet.lay(WHITE, cover(ellipse(who.u, who.v + (0.75 + who.only(BEANIE)), 0.14, 0.14)))


def beanie(who: Sitter) -> tuple[Tensor, Tensor]:
    """A knitted cap, its band."""
    v = who.v + (0.25 + who.only(BEANIE))
    return torch.maximum(ellipse(who.u, v, who.wide + 0.1, 0.48), v), box(who.u, v, who.wide + 0.12, 0.09, 0.08)


def top_hat(who: Sitter) -> tuple[Tensor, Tensor]:
    """A tall hat, its ribbon."""
    v = who.v + (0.33 + who.only(TOP_HAT))
    tube = box(who.u, v + 0.3, who.wide * 0.82 - 0.08 * v, 0.3)
    brim = box(who.u, v, who.wide + 0.22, 0.06, 0.05)
    return torch.minimum(tube, brim), torch.maximum(tube, (v + 0.15).abs_().sub_(0.075))


def crown(who: Sitter) -> tuple[Tensor, Tensor]:
    """Five points, a jewel."""
    v = who.v + (0.3 + who.only(CROWN))
    saw = (who.u / who.wide).mul_(2).frac_().abs_().mul_(2).sub_(1).abs_().mul_(0.3)
    ring = torch.maximum(who.side - who.wide * 0.97, -0.22 - v - saw)
    return torch.maximum(ring, v), ellipse(who.u, v + 0.14, 0.1, 0.1)


# Back to front, each with the rows of pixels it can reach: what it cannot is not computed.
PARTS = (
    (back_hair, 0, 32),
    (bust, 20, 32),
    (head, 4, 29),
    (cheeks, 15, 26),
    (beard, 12, 32),
    (mouth, 17, 28),
    (eyes, 9, 23),
    (front_hair, 0, 22),
    (hats, 0, 16),
)


def caption(row: list[float], y: int) -> str:
    """One picture's factors and kind -> words."""
    f = dict(zip(FACTORS, row, strict=True))
    mood = "sad" if f["smile"] < 1 / 3 else "calm" if f["smile"] < 2 / 3 else "smiling"
    eyes_ = "sleepy" if f["eye openness"] < 1 / 3 else "wide-eyed" if f["eye openness"] > 2 / 3 else "quiet"
    return f"a {mood}, {eyes_} face with {WORN[y]}"


WORN = ("a beard", "a bob", "curls", "spiky hair", "pigtails", "a beanie", "a top hat", "a crown")
