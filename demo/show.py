"""Numbers made visible: tensors to PNG, lines to SVG. Pure: no Gradio, nothing of core."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from math import ceil, floor, isfinite, log10
from statistics import fmean

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from demo.words import counted

WIDE, HIGH = 440, 210  # of a curve, in its own units
LEFT, RIGHT, TOP, BOTTOM = 44, 96, 12, 26  # room for the numbers, the names, and the steps
FEW = 50  # one value in so many may lie beyond a curve's edges,
OUT = 4  # where it would take so many times the height of the others
ROUND = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)  # where a curve's scale may end, times a power of ten


def pixels(picture: Tensor) -> Tensor:
    """(C, S, S) in -1..1 -> (S, S) or (S, S, 3) uint8."""
    levels = ((picture.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).cpu()
    return levels[0] if len(levels) == 1 else levels.permute(1, 2, 0)


def png(picture: Tensor) -> bytes:
    """(C, S, S) in -1..1, one channel or three -> the bytes of a PNG, dot for dot."""
    file = BytesIO()
    Image.fromarray(pixels(picture).numpy()).save(file, "PNG")
    return file.getvalue()


def uri(picture: Tensor) -> str:
    """The same as a data URI: nothing to fetch, nothing left on the server's disk."""
    return "data:image/png;base64," + b64encode(png(picture)).decode()


def sheet(pictures: Sequence[Tensor], wide: int) -> Tensor:
    """Pictures (C, S, S) in -1..1 hung in rows of `wide` -> (H, W, 3) uint8, a white dot between them."""
    tiles = [F.pad(picture.float().expand(3, -1, -1), (0, 1, 0, 1), value=1.0) for picture in pictures]
    tiles += [torch.ones_like(tiles[0])] * (-len(tiles) % wide)
    return pixels(torch.cat([torch.cat(tiles[i : i + wide], 2) for i in range(0, len(tiles), wide)], 1))


def animated(sheets: Sequence[Tensor], larger: int = 3, pace: int = 300, rest: int = 5, kind: str = "WEBP") -> bytes:
    """Sheets (H, W[, 3]) uint8 one after the other as a lossless WebP: `pace` ms each, the last `rest` times that.

    As a "GIF" it has 256 colours, and whole hundredths of a second."""
    frames = [Image.fromarray(one.numpy()) for one in sheets]
    frames = [frame.resize((larger * frame.width, larger * frame.height), Image.Resampling.NEAREST) for frame in frames]
    file, times = BytesIO(), [pace] * (len(frames) - 1) + [rest * pace]
    more = {"lossless": True} if kind == "WEBP" else {"disposal": 1}
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=times, loop=0, **more)
    return file.getvalue()


def figure(picture: Tensor, alt: str) -> str:
    """An <img>, shown pixel-sharp by the page's own style; alt is what a blind person hears."""
    return f'<img class="dots" src="{uri(picture)}" alt="{escape(alt)}">'


def bar(share: float) -> str:
    """A share of 0..1 as a small bar; it only repeats a number that stands beside it, so readers skip it."""
    width = 100 * min(max(share, 0.0), 1.0)
    return (
        f'<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="6"/><rect class="fill" width="{width:.1f}" height="6"/></svg>'
    )


def curves(
    steps: Sequence[float], lines: Mapping[str, Sequence[float]], turns: Sequence[float] = (), turn: str = ""
) -> str:
    """Lines over steps as one SVG, each named at its end; values that are not finite are left out.

    steps (N,) rising; lines: name -> (N,) values. Colours are the page's: line-0, line-1, ... Where a few values would
    press all others flat, those run along the edge, which says how far they reach. At the steps `turns` stands an
    upright line: what `turn` says happened there.
    """
    finite = sorted(value for values in lines.values() for value in values if isfinite(value))
    if not finite:
        return ""
    low, high = _room(*_most(finite))
    drawn = [_line(i, steps, values, low, high) for i, values in enumerate(lines.values())]
    ends = _apart([_y(_last(values), low, high) for values in lines.values()])
    side = WIDE - RIGHT + 8
    names = [
        f'<text class="line-{i}" x="{side}" y="{y:.1f}">{escape(name)}'
        f'<tspan x="{side}" dy="1.15em">{_short(_last(values))}</tspan></text>'
        for i, ((name, values), y) in enumerate(zip(lines.items(), ends, strict=True))
    ]
    there = [_x(step, steps) for step in turns if steps[0] <= step <= steps[-1]]
    said = "; ".join(f"{name} {_short(_last(values))}" for name, values in lines.items())
    return (
        f'<svg class="curves" viewBox="0 0 {WIDE} {HIGH}" role="img" aria-label="{escape(said)}">'
        + _frame(steps, low, high)
        + _beyond(finite, low, high)
        + (_turns(there, turn) if there else "")
        + "".join(drawn + names)
        + "</svg>"
    )


def _turns(places: Sequence[float], what: str) -> str:
    """An upright line at each place; the last one says what they are."""
    lines = (f'<line class="turn" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HIGH - BOTTOM}"/>' for x in places)
    side, anchor = (3, "start") if places[-1] < WIDE / 2 else (-3, "end")
    label = f'<text class="tick" text-anchor="{anchor}" x="{places[-1] + side:.1f}" y="{TOP + 8}">{escape(what)}</text>'
    return "".join(lines) + label


def _most(values: Sequence[float]) -> tuple[float, float]:
    """What span is drawn of values, which rise: all, or where that would be OUT times the span of nearly all, less."""
    few = len(values) // FEW
    low, high = values[few], values[-1 - few]
    if not high > low or values[-1] - values[0] < OUT * (high - low):
        return values[0], values[-1]
    return max(values[0], low - (high - low)), min(values[-1], high + (high - low))


def _beyond(values: Sequence[float], low: float, high: float) -> str:
    """How far values, which rise, reach over the edges."""
    ends = ((values[-1], TOP + 12, "up", values[-1] > high), (values[0], HIGH - BOTTOM - 4, "down", values[0] < low))
    return "".join(
        f'<text class="tick" x="{LEFT + 4}" y="{y}">{way} to {tick(value)}</text>'
        for value, y, way, over in ends
        if over
    )


def _room(low: float, high: float) -> tuple[float, float]:
    """Round numbers under and over the lines; from zero where that costs little."""
    low = 0.0 if 0 <= low < 0.5 * high else low
    if low == 0 < high:
        scale = 10.0 ** floor(log10(high))
        return 0.0, next(scale * step for step in ROUND if scale * step >= high)
    grain = 10.0 ** floor(log10(high - low or 1)) / 2
    return (low if low == 0 else grain * floor(low / grain)), grain * max(floor(low / grain) + 1, ceil(high / grain))


def _x(step: float, steps: Sequence[float]) -> float:
    return LEFT + (WIDE - LEFT - RIGHT) * (step - steps[0]) / ((steps[-1] - steps[0]) or 1)


def _y(value: float, low: float, high: float) -> float:
    return HIGH - BOTTOM - (HIGH - TOP - BOTTOM) * (min(max(value, low), high) - low) / (high - low)


def _last(values: Sequence[float]) -> float:
    """The last value there is a number for; zero where there is none."""
    return next((value for value in reversed(values) if isfinite(value)), 0.0)


def _line(i: int, steps: Sequence[float], values: Sequence[float], low: float, high: float) -> str:
    points = (
        f"{_x(step, steps):.1f},{_y(value, low, high):.1f}"
        for step, value in zip(steps, values, strict=True)
        if isfinite(value)
    )
    return f'<polyline class="line-{i}" points="{" ".join(points)}"/>'


def _apart(ys: list[float], gap: float = 38) -> list[float]:
    """Moves heights apart in their order, so that names do not cover each other: a crowd spreads about its middle.

    The least squares that allow it (isotonic regression by pooling neighbours; Barlow et al. 1972).
    """
    order = sorted(range(len(ys)), key=ys.__getitem__)
    crowds: list[list[float]] = []
    for rank, i in enumerate(order):
        crowds.append([ys[i] - rank * gap])
        while len(crowds) > 1 and fmean(crowds[-2]) > fmean(crowds[-1]):
            crowds[-2:] = [crowds[-2] + crowds[-1]]
    last = max(TOP, HIGH - BOTTOM - (len(ys) - 1) * gap)  # where the first name may stand at most
    heights = [min(max(fmean(crowd), TOP), last) for crowd in crowds for _ in crowd]
    placed = {i: height + rank * gap for rank, (i, height) in enumerate(zip(order, heights))}
    return [placed[i] for i in range(len(ys))]


def _frame(steps: Sequence[float], low: float, high: float) -> str:
    """The ground line, three heights and the number of the last step."""
    heights = [low + share * (high - low) for share in (0.0, 0.5, 1.0)]
    rules = "".join(
        f'<line class="rule" x1="{LEFT}" x2="{WIDE - RIGHT}" y1="{_y(h, low, high):.1f}" y2="{_y(h, low, high):.1f}"/>'
        f'<text class="tick" text-anchor="end" x="{LEFT - 8}" y="{_y(h, low, high) + 4:.1f}">{tick(h)}</text>'
        for h in heights
    )
    foot = counted("{n:,.0f} {n:step/steps}", n=steps[-1])
    return rules + f'<text class="tick" text-anchor="end" x="{WIDE - RIGHT}" y="{HIGH - 6}">{foot}</text>'


def tick(height: float) -> str:
    """A height on the scale: 0, 0.5, 1.2, 12,000, 3 M."""
    if abs(height) >= 1e6:
        return f"{height / 1e6:,.0f} M"
    return f"{height:,.0f}" if abs(height) >= 999.5 else f"{height + 0.0:.3g}"  # no minus before a zero


def _short(value: float) -> str:
    """Two or three digits that count: 0.012, 1.23, 45.6, 789, 12,345, 3 M."""
    if value == 0 or abs(value) >= 100:
        return tick(value) if abs(value) >= 1e6 else f"{value:,.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.{2 if abs(value) < 10 else 1}f}"


def signed(number: float) -> str:
    """Two decimals, with a minus sign as wide as a plus."""
    return f"{number:.2f}".replace("-", "−")
