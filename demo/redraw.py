"""The reader and the painter at work: a drawing to a code, codes to pictures. No Gradio."""

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache, wraps
from math import log
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.checkpoint import names
from core.data import is_here
from core.data.collection import Pictures
from core.factors import WHOLE
from core.measure import pca_redraw, principal
from core.model import Batch, Mishap, noise
from core.unusual import cost, dearer
from core.vae import VAE, kl
from demo import ink
from demo.limits import finite, one_of, whole
from demo.picture import read
from demo.shelf import card as its_card
from demo.shelf import collection, shelf
from demo.show import pixels, uri
from demo.sketches import SKETCHES, pen

FIRST = "doodles"
STAND_INS = {"digits": "numerals"}  # what is drawn here, for what may not be on this machine
RIVALS: dict[str, tuple[Tensor, Tensor]] = {}  # collection -> what core.measure.principal found
TRAINED: dict[str, Tensor] = {}  # collection -> training pictures (N, C, S, S), N = KNOWN
KNOWN = 4000
LEARNING = Lock()  # whoever opens the page together waits for one, not for thirty
FARTHEST = 6.0  # a latent seldom lies beyond 3
STOPS = 25  # places on a slider that are painted ahead
SEEDS = 999_999
COLOUR_PAD = 64  # dots along a side of the pad for paintings: two for each of the picture's
BRUSH = 6  # dots of the pad
CRISP = 4  # how much steeper the edges of an enlarged drawing are made
EASEL = ThreadPoolExecutor(1, "easel", initializer=torch.set_num_threads, initargs=(1,))
# One thread for all: small networks gain nothing from several, and its queue is first come, first served.


class Seen(NamedTuple):
    """What the model made of one drawing."""

    x: Tensor  # (C, S, S) in -1..1, the drawing as it was read
    again: Tensor  # (C, S, S), the redraw from the mean code
    mean: Tensor  # (Z,)
    spread: Tensor  # (Z,) standard deviations
    bits: Tensor  # (Z,) what each number tells


def at_easel(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Runs fn in the one thread that holds the brush; never to be called from that thread."""

    @wraps(fn)
    def waiting(*args: Any, **named: Any) -> Any:
        return EASEL.submit(torch.inference_mode()(fn), *args, **named).result()

    return waiting


@cache
def collections() -> tuple[str, ...]:
    """What the shipped models can redraw, the one to begin with first."""
    return tuple(sorted((name.removeprefix("vae-") for name in names("vae")), key=lambda name: (name != FIRST, name)))


def painter(name: str) -> VAE:
    """The shipped model for a collection; Mishap if there is none."""
    return shelf("vae-" + one_of(name, collections(), "The collection")).model


def card(name: str) -> dict[str, Any]:
    """The card of that model."""
    return its_card("vae-" + one_of(name, collections(), "The collection"))


def alone(name: str) -> list[dict[str, Any]]:
    """Of each latent the factor that it carries alone, and its correlation with it; {} for one that carries none."""
    rows = card(name).get("latents") or [{"r": 0}] * painter(name).config.latent
    return [row if abs(row["r"]) >= WHOLE else {} for row in rows]


def pad_of(name: str) -> tuple[int, int]:
    """Dots along a side of the pad for a collection, and its channels."""
    return pad_for(painter(name).config.channels)


def pad_for(channels: int) -> tuple[int, int]:
    """The same for pictures of so many channels."""
    return (COLOUR_PAD if channels == 3 else ink.PAD), channels


def unpack(dots: Any, name: str) -> Tensor:
    """What a pad sent -> (C, side, side) in 0..1"""
    side, channels = pad_of(name)
    return ink.parse(dots, side, channels)


def pack(picture: Tensor) -> str:
    """(C, S, S) in -1..1 -> its bytes, row by row and colour by colour, in base64"""
    return base64.b64encode(pixels(picture).numpy().tobytes()).decode()


def example(name: str, n: int) -> Tensor:
    """A drawing nobody trained on, (C, side, side) in 0..1 as it lies on the pad; n counts through them for ever."""
    if n == 0 and name == FIRST:  # the page opens with it, and need not wait for a collection to be read
        return sketch("house", name)
    try:
        x = unseen(name).fixed(1, start=whole(n, 0, SEEDS, "The example") % 1000).x
    except Mishap:
        return sketch(list(SKETCHES)[n % len(SKETCHES)], name)
    return laid(x, name)


def sketch(which: str, name: str) -> Tensor:
    """One of our own, (C, side, side) in 0..1, on the pad of a collection"""
    return pen(SKETCHES[which], pad_of(name)[0], BRUSH)


def laid(x: Tensor, name: str) -> Tensor:
    """A picture (1, C, S, S) in -1..1 of a collection as it lies on the pad, (C, side, side) in 0..1"""
    side, channels = pad_of(name)
    if channels == 3:
        return torch.nn.functional.interpolate((x + 1) / 2, (side, side))[0]
    light = (x[:, :, 2:-2, 2:-2] + 1) / 2  # without the margin that packs are given
    light = torch.nn.functional.interpolate(light, (side, side), mode="bilinear", align_corners=False)[0]
    return ((light - ink.CUT) * CRISP + ink.CUT).clamp(0, 1)


def unseen(name: str) -> Pictures:
    """The collection that a model learnt from, or what stands in for it. Mishap if neither is at hand."""
    try:
        return collection(name)
    except Mishap:
        if name not in STAND_INS:
            raise
        return collection(STAND_INS[name])


def fresh(name: str, n: int, start: int = 0) -> Batch:
    """n pictures that the model never saw; what stands in for the collection as that would have drawn it. Mishap if
    neither is at hand."""
    data = unseen(name)
    batch = data.fixed(n, start=start)
    if data.card.name == name:
        return batch
    return Batch(torch.cat([ink.settle(laid(x[None], name), name) for x in batch.x]), batch.y)


def at_hand(name: str) -> bool:
    """Whether there are unseen pictures of it on this machine; nothing is read."""
    return any(is_here(one) for one in (name, STAND_INS.get(name, name)))


@at_easel
def look(drawing: Tensor, name: str) -> Seen:
    """drawing (C, side, side) in 0..1; Mishap if it is empty"""
    model = painter(name)
    x = ink.settle(drawing, name)
    mean, logvar = model.encode(x)
    return Seen(x[0], model.decode(mean)[0], mean[0], (0.5 * logvar[0]).exp(), kl(mean, logvar)[0] / log(2))


@at_easel
def paint(codes: Tensor, name: str) -> Tensor:
    """codes (n, Z) -> (n, C, S, S)"""
    return painter(name).decode(codes)


def sweep(base: Tensor, latents: list[int], far: float, name: str) -> Tensor:
    """All that the sliders of some latents would paint from -far to far, the code base (Z,) standing still otherwise:
    (C, n S, STOPS S)

    One latent at a time, so that nobody else at the easel waits for all of them.
    """
    rows = []
    for k in latents:
        codes = base.repeat(STOPS, 1)
        codes[:, k] = torch.linspace(-far, far, STOPS)
        rows.append(torch.cat(list(paint(codes, name)), 2))
    return torch.cat(rows, 1)


def cloud(mean: Tensor, spread: Tensor, n: int, seed: int) -> Tensor:
    """n codes (n, Z) drawn from normal clouds with these means (Z,) and spreads (Z,)"""
    return mean + spread * torch.randn(n, len(mean), generator=noise(seed))


def code(numbers: Any, name: str, low: float = -FARTHEST, what: str = "A number of the code") -> Tensor:
    """A code that a stranger sent -> (Z,); Mishap for a wrong length, or for what is no number in range."""
    latent = painter(name).config.latent
    if not isinstance(numbers, (list, tuple)) or len(numbers) != latent:
        raise Mishap(f"This model's code has {latent} numbers, no more and no fewer.")
    return torch.tensor([finite(number, low, FARTHEST, what) for number in numbers])


def off(x: Tensor, y: Tensor) -> float:
    """Root mean square difference of two pictures in -1..1, as a share of full brightness"""
    return float(((x - y) / 2).square().mean().sqrt())


def learn_rival(name: str) -> None:
    """Finds the best straight-line code (PCA) with as many numbers, if the collection is at hand: a second, once."""
    with LEARNING:
        if name in RIVALS:
            return
        with suppress(Mishap):
            TRAINED[name] = collection(name).fixed(KNOWN, "train").x
            RIVALS[name] = principal(TRAINED[name][:2000], painter(name).config.latent)


def rival(x: Tensor, name: str) -> float | None:
    """How far off PCA redraws x (C, S, S); None while that is not known"""
    return off(x, pca_redraw(x[None], *RIVALS[name])[0].clamp(-1, 1)) if name in RIVALS else None


@at_easel
def nearest(x: Tensor, name: str) -> Tensor | None:
    """The training picture nearest to x (C, S, S), dot by dot; None while none are at hand"""
    if name not in TRAINED:
        return None
    apart = [(some - x).flatten(1).norm(dim=1) for some in TRAINED[name].split(250)]  # all at once take much room
    return TRAINED[name][torch.cat(apart).argmin()]


@at_easel
def unusual(x: Tensor, name: str) -> int | None:
    """Of a hundred pictures that the model never saw, how many cost it less than x (C, S, S); None if not measured"""
    costs = card(name).get("costs")
    return dearer(float(cost(painter(name), x[None])), costs) if costs else None


def redraw(picture: str, collection: str = FIRST) -> tuple[list[float], list[float], str]:
    """Reads a drawing into a code and draws it again: the code's means, its spreads, and the redraw as a PNG data URI.

    Parameters:
        picture: a PNG or JPEG as a data URI or in base64, at most 3 MB; a drawing may be light on dark or dark on light
        collection: what the model learnt from: "doodles", "digits" or "faces"
    """
    side, channels = pad_of(collection)
    drawing = (read(picture, {"channels": channels, "side": side}) + 1) / 2
    if channels == 1:
        drawing = light_ink(drawing)
    seen = look(drawing, collection)
    return [round(m, 4) for m in seen.mean.tolist()], [round(s, 4) for s in seen.spread.tolist()], uri(seen.again)


def light_ink(drawing: Tensor) -> Tensor:
    """drawing (1, H, W) in 0..1, its ground made dark: the ground is what most of the edge shows"""
    edge = torch.cat((drawing[0, 0], drawing[0, -1], drawing[0, :, 0], drawing[0, :, -1]))
    return 1 - drawing if edge.median() > 0.5 else drawing
