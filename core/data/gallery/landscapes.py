"""Painted shores: a sky for every hour, mountains, a sea that mirrors them, a hill with trees, a boat."""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor

from core.data.collection import Card
from core.data.gallery.brush import (
    PIXEL,
    SIDE,
    Sheet,
    columns,
    cover,
    ellipse,
    grid,
    mix,
    ramp,
    smooth,
    swatches,
    tint,
    uniforms,
)

FACTORS: tuple[str, ...] = (
    "hour",
    "sea level",
    "mountain height",
    "mountain place",
    "ruggedness",
    "snow",
    "shore height",
    "shore slope",
    "season",
    "trees",
    "tree place",
    "tree shape",
    "clouds",
    "cloud place",
    "boat place",
    "warmth",
)
LABELS = ("dawn", "day", "dusk", "night")

CARD = Card(
    name="landscapes",
    title="Painted shores",
    learns="images",
    licence="CC0 1.0 (drawn by this program)",
    source="Atelier, core/data/gallery/landscapes.py",
    about="Small painted shores at every hour of the day, from sixteen known factors.",
    channels=3,
    side=SIDE,
    labels=LABELS,
    factors=FACTORS,
)

# The sky overhead, the sky at the horizon, and the light on the land, from the end of one night to the end of the next.
ZENITH = swatches(0x1E2550, 0x5E6FB0, 0x6FA3D8, 0x3F8AD0, 0x4C94D4, 0x4B5FA8, 0x433A78, 0x141A42, 0x10173F, 0x1E2550)
HORIZON = swatches(0x5A4E80, 0xF7B8A0, 0xFBE3B8, 0xCDE8F2, 0xD9EAE6, 0xF9B36B, 0xE8676A, 0x4A3C72, 0x2F3B74, 0x5A4E80)
LIGHT = swatches(0x676A9C, 0xE8C0B4, 0xFFF0D6, 0xFFFFFF, 0xFFFBEA, 0xF6B888, 0xB8808E, 0x666BAA, 0x606CA8, 0x676A9C)
SEASON = swatches(0x8FBF5A, 0x5E9E4E, 0x7FA63E, 0xC9A23C, 0xC9743A, 0xD9DEE2)
SUN, MOON, SNOW, CLOUD = tint(0xFFF3B8), tint(0xF6F2DC), tint(0xF4F7FC), tint(0xFFFDF8)
ROCK, PINE, SAIL = tint(0x6F7896), tint(0x2F5E45), tint(0xFBF3E2)
WEAVE = uniforms(torch.arange(SIDE), SIDE)  # the canvas it is painted on


class Scene(NamedTuple):
    """What all parts of one picture share."""

    f: dict[str, Tensor]  # (B, 1, 1) each
    time: Tensor  # (B, 1, 1) 0..1 from the end of one night to the end of the next
    light: Tensor  # (B, 3, 1, 1) what the land's colours are multiplied by
    haze: Tensor  # (B, 3, 1, 1) the colour of the horizon
    level: Tensor  # (B, 1, 1) where the sea begins
    x: Tensor  # (1, 1, S)
    y: Tensor  # (1, S, 1)

    def rows(self, top: int, bottom: int) -> "Scene":
        """The part between two rows of pixels."""
        return self._replace(y=self.y[:, top:bottom])


def paint(factors: Tensor, y: Tensor) -> Tensor:
    """factors (B, 16) in 0..1, y (B,) the part of the day -> (B, 3, 32, 32) in -1..1

    The hour is counted within its part of the day: 0 is when dawn (day, dusk, night) begins, 1 when it ends.
    """
    at = scene(factors, y)
    sheet = Sheet(sky(at))
    for part, top, bottom in PARTS:
        part(sheet.rows(top, bottom), at.rows(top, bottom))
    sheet.shade(1 + (WEAVE - 0.5)[None] * 0.05)
    return sheet.done()


def scene(factors: Tensor, y: Tensor) -> Scene:
    f = dict(zip(FACTORS, columns(factors), strict=True))
    time = (y[:, None, None] + bend(f["hour"])) / len(LABELS)
    warm = torch.stack([f["warmth"], 0.5 + 0 * f["warmth"], 1 - f["warmth"]], 1) * 0.3 + 0.85
    x, y = grid()
    return Scene(f, time, ramp(time, LIGHT), ramp(time, HORIZON) * warm, mix(0.0, 0.45, f["sea level"]), x, y)


def bend(t: Tensor) -> Tensor:
    """An S from 0 to 1 that hurries away from both: few pictures lie on the border of two parts of the day."""
    return t + t * (1 - t) * (0.5 - t) * 1.5


def sky(at: Scene) -> Tensor:
    """From the zenith down to the horizon, (B, 3, S, S)."""
    t = smooth((at.y + 1) / (at.level + 1.1))[:, None]
    return mix(ramp(at.time, ZENITH), at.haze, t * t).expand(-1, -1, -1, SIDE).contiguous()


@cache
def starlight(count: int = 18) -> Tensor:
    """Points of light all over the upper sky, the same every night, (1, S, S)."""
    x, y = grid()
    across, down, bright = uniforms(torch.tensor([7]), count * 3).view(3, count, 1, 1)
    near_x, near_y = 1 - (x - across * 2 + 1).abs() / PIXEL, 1 - (y + 1 - down * 1.1).abs() / PIXEL
    shine = near_x.clamp(min=0) * near_y.clamp(min=0) * mix(0.4, 1.3, bright)
    return shine.sum(0, keepdim=True).clamp(max=1)


def stars(sheet: Sheet, at: Scene) -> None:
    dark = smooth((at.time - 0.72) * 12) * smooth((1.02 - at.time) * 14)
    sheet.lay(MOON, dark * starlight()[:, : at.y.shape[1]])


def sun(sheet: Sheet, at: Scene) -> None:
    """The sun by day, the moon by night, each on its arc, with a glow about it."""
    x, y = at.x - across(at), at.y - height(at)
    far = (x * x + y * y).sqrt_()
    night = (at.time > 0.745).float()
    glow = smooth(1 - far / mix(1.1, 0.55, night)).square_().mul_(mix(0.75, 0.3, night) * seen(at))
    sheet.lay(mix(at.haze * 0.5 + SUN[:, None, None] * 0.5, MOON[:, None, None], night[:, None]), glow)
    sheet.lay(mix(SUN[:, None, None], MOON[:, None, None], night[:, None]), cover(far - 0.15).mul_(seen(at)))
    bite = cover(((x - 0.1).square() + (y + 0.04).square()).sqrt_() - 0.13)
    sheet.lay(ramp(at.time, ZENITH) * 1.05, bite.mul_(night * seen(at)))


def seen(at: Scene) -> Tensor:
    """0 when the sun hands over to the moon, 1 before and after."""
    return smooth((at.time - 0.745).abs() * 20)


def arc(at: Scene) -> Tensor:
    """How far the sun or the moon is on its way, 0 when it rises and 1 when it sets."""
    day, night = (at.time - 0.04) / 0.66, (at.time - 0.7) / 0.34
    return torch.where(at.time > 0.745, night, day)


def across(at: Scene) -> Tensor:
    return mix(-0.75, 0.75, arc(at))


def height(at: Scene) -> Tensor:
    way = arc(at)
    return at.level - 4 * way * (1 - way) * 0.74 * (at.level + 1) - 0.06


def clouds(sheet: Sheet, at: Scene) -> None:
    """Two heaps with flat bases, lit by the horizon."""
    x, y = at.x - mix(-0.7, 0.7, at.f["cloud place"]), at.y + 0.55
    heap = torch.minimum(ellipse(x, y, 0.34, 0.13), ellipse(x - 0.12, y + 0.1, 0.17, 0.13))
    wisp = ellipse(x + 0.85, y - 0.22, 0.3, 0.08)
    heap = torch.minimum(torch.maximum(heap, y - 0.06), torch.minimum(wisp, ellipse(x - 1.0, y - 0.15, 0.36, 0.1)))
    puffs = cover(heap.add_(mix(0.1, -0.08, at.f["clouds"])), 2.5).mul_(at.f["clouds"].clamp(max=0.5) * 1.8)
    sheet.lay(at.haze * 0.35 + CLOUD[:, None, None] * at.light * 0.65, puffs)


def mountains(sheet: Sheet, at: Scene) -> None:
    """A far range in the haze, a nearer one with snow; both are lines along the picture."""
    rough, place = at.f["ruggedness"], at.f["mountain place"]
    rock = ROCK[:, None, None] * at.light
    far = at.level - mix(-0.1, 0.42, at.f["mountain height"]) * ridge(at.x * 0.9 + place * 1.7 + 0.3, rough)
    sheet.lay(mix(rock, at.haze, 0.62), cover(far - at.y))
    tall = mix(-0.08, 1.05, at.f["mountain height"]) * ridge(at.x * 0.6 + place * 1.3 + 0.1, rough)
    down = at.y - at.level + tall  # below the ridge
    sheet.lay(mix(rock, at.haze, 0.2), cover(-down))
    deep = tall * mix(-0.15, 0.6, at.f["snow"]) + 0.1 * (peak(at.x * 4 + place * 2) - 0.5)
    sheet.lay(mix(SNOW[:, None, None] * at.light, at.haze, 0.15), cover(torch.maximum(-down, down - deep)))


def ridge(x: Tensor, rough: Tensor) -> Tensor:
    """A mountain line, 0..1, of period 2: peaks, and smaller peaks upon them."""
    return peak(x) * mix(0.85, 0.6, rough) + (peak(x * 2.3 + 0.4) * 0.25 + peak(x * 5.1) * 0.2) * rough


def peak(x: Tensor) -> Tensor:
    """A triangle wave 0..1 of period 1."""
    return ((x - x.floor()) * 2 - 1).abs()


def sea(sheet: Sheet, at: Scene) -> None:
    """What is above, mirrored in ripples, a little darker, with the light's road upon it."""
    at, water = at.rows(SHORE, SIDE), sheet.rows(SHORE, SIDE)
    depth = at.y - at.level
    wet = cover(-depth, 1)
    ripple = torch.sin(at.y * 40 + torch.sin(at.x * 5 + at.y * 9) * 1.5)
    deep = mix(mirror(sheet, at), ramp(at.time, ZENITH), 0.28) * (0.92 + ripple * 0.045)[:, None]
    water.lay(deep, wet)
    road = (at.x - across(at)).abs() / (0.1 + depth.clamp(min=0) * 0.35)
    glitter = smooth(1.2 - road).mul_(smooth(ripple * 0.8 + 0.3)).mul_(wet).mul_(seen(at) * 0.55)
    water.lay(at.haze * 0.3 + SUN[:, None, None] * 0.7, glitter)


def mirror(sheet: Sheet, at: Scene) -> Tensor:
    """The rows of the sheet that the rows of `at` see in the water, (B, 3, rows, S)."""
    row = (at.level - (at.y - at.level) * 1.15 + 1).div(PIXEL).sub(0.5).clamp(0, SIDE - 1.001).flatten(1)
    low = row.long()
    who = torch.arange(len(row))[:, None]
    lines = sheet.paint.transpose(1, 2)  # (B, S, 3, S)
    return mix(lines[who, low], lines[who, low + 1], (row - low)[:, :, None, None]).transpose(1, 2)


def boat(sheet: Sheet, at: Scene) -> None:
    """A small sail on the water."""
    x, y = at.x - mix(-0.9, 0.9, at.f["boat place"]), at.y - at.level - 0.08
    hull = torch.maximum(y.abs() - 0.04, x.abs() + y - 0.13)
    sheet.lay(ROCK[:, None, None] * at.light * 0.6, cover(hull))
    sail = torch.maximum(torch.maximum(-0.05 - x, x * 0.87 - y * 0.5 - 0.19), y + 0.07)
    sheet.lay(mix(SAIL[:, None, None] * at.light, at.haze, 0.2), cover(sail))


def ground(at: Scene, x: Tensor) -> Tensor:
    """The top of the shore at x."""
    slope = at.f["shore slope"] - 0.5
    rise = 0.09 * torch.sin(x * 3 + slope * 9)
    return mix(1.0, 0.6, at.f["shore height"]) + x * slope * 0.7 + rise


def shore(sheet: Sheet, at: Scene) -> None:
    """The near land, in the colours of the season, lighter along its edge."""
    inside = ground(at, at.x) - at.y
    green = ramp(at.f["season"], SEASON) * at.light
    furrow = torch.sin(at.x * 4 - inside * 22) * 0.06
    sheet.lay(green * (1.06 + inside.clamp(-0.6, 0) * 0.7 + furrow)[:, None], cover(inside))


def trees(sheet: Sheet, at: Scene) -> None:
    """Five trees, from firs to round crowns, that grow out of the shore."""
    least = torch.full((len(at.level), at.y.shape[1], SIDE), 9.0)
    for place, size in ((-0.72, 1.0), (0.55, 0.85), (-0.38, 0.75), (0.85, 1.1), (0.1, 0.65)):
        foot = place + (at.f["tree place"] - 0.5) * 0.5
        tall = mix(0.14, 0.66, at.f["trees"]) * size
        half = girth((at.y - ground(at, foot)) / tall + 1, smooth(at.f["tree shape"] * 3 - 1)) * tall
        torch.minimum(least, (at.x - foot).abs() - half, out=least)
    leaf = mix(PINE[:, None, None], ramp(at.f["season"], SEASON) * 0.62, at.f["tree shape"][:, None])
    sheet.lay(leaf * at.light, cover(least))


def girth(t: Tensor, roundness: Tensor) -> Tensor:
    """Half a tree's width at t (B, S, 1), 0 at its top and 1 at its foot, as a part of its height."""
    fir = torch.where(t < 0.88, t * 0.33, -9.0)
    crown = torch.where(t < 0.88, 0.38 * (1 - (t / 0.44 - 1).square()).clamp(min=0).sqrt() - (-t).clamp(min=0), -9.0)
    trunk = torch.where((t > 0.7) & (t < 1.1), 0.05, -9.0)
    return torch.maximum(mix(fir, crown, roundness), trunk)


# Back to front, each with the rows of pixels it can reach. The sea begins at row SHORE or lower.
SHORE = 15
PARTS = (
    (stars, 0, 20),
    (sun, 0, 26),
    (clouds, 0, 15),
    (mountains, 0, 26),
    (sea, 0, SIDE),
    (boat, 8, 28),
    (shore, 16, SIDE),
    (trees, 8, SIDE),
)


def caption(row: list[float], y: int) -> str:
    """One picture's factors and label -> words."""
    f = dict(zip(FACTORS, row, strict=True))
    high = "high" if f["mountain height"] > 0.5 else "low"
    tall = "tall" if f["trees"] > 0.5 else "small"
    return f"a shore at {LABELS[y]}, {high} mountains, {tall} trees"
