"""The dial turned: the same pictures redrawn, and the same dice painted, at every place of it. No Gradio."""

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.dial import redrawn, stops
from core.model import Mishap, noise
from demo.ink import settle
from demo.limits import whole
from demo.redraw import SEEDS, at_easel, card, collections, example, fresh, painter
from demo.show import uri

SHOWN = 6  # pictures in a row


class Turned(NamedTuple):
    """Six pictures all along the dial."""

    sheet: Tensor  # (C, (1 + stops) * S, 2 * SHOWN * S) in -1..1: pictures, then redraws and fresh ones
    bits: list[float]  # what a code of the six costs on average, stop by stop
    error: list[float]  # how far off the redraws are, as a share of full brightness


def offered() -> tuple[str, ...]:
    """The collections whose shipped model has a dial that was measured."""
    return tuple(name for name in collections() if "dial" in card(name))


def table(name: str) -> dict[str, Any]:
    """What was measured along a dial: core.dial.Turned as JSON; Mishap for a collection that has none."""
    if name not in offered():
        raise Mishap("There is no model with a dial for this collection.")
    return card(name)["dial"]


def turned(name: str, turn: int) -> Turned:
    """The turn-th six unseen pictures. The easel is taken anew for each stop, so that nobody else waits long."""
    x = pictures(name, turn)
    z = torch.randn(SHOWN, painter(name).config.latent, generator=noise(turn, 5))
    rows, bits, errors = [torch.cat((x, torch.full_like(x, -1)))], [], []
    for beta in stops():
        painted, cost, error = stop(x, z, beta.expand(SHOWN), name)
        rows.append(painted)
        bits.append(cost)
        errors.append(error**0.5)
    return Turned(torch.cat([torch.cat(list(row), 2) for row in rows], 1), bits, errors)


def pictures(name: str, turn: int) -> Tensor:
    """(SHOWN, C, S, S) in -1..1 that the model never saw; our own sketches where the collection is not at hand"""
    try:
        return fresh(name, SHOWN, start=SHOWN * turn % 600).x
    except Mishap:
        return torch.cat([settle(example(name, SHOWN * turn + i), name) for i in range(SHOWN)])


@at_easel
def stop(x: Tensor, z: Tensor, beta: Tensor, name: str) -> tuple[Tensor, float, float]:
    """x (n, C, S, S) redrawn and z (n, Z) painted (2n, C, S, S), mean bits, mean squared error per pixel"""
    vae = painter(name)
    again, bits, error = redrawn(vae, x, beta)
    return torch.cat((again, vae.decode(z, beta))), float(bits.mean()), float(error.mean())


def facts(name: str, turn: Any) -> dict[str, Any]:
    """All that the page needs to turn the dial by itself."""
    table(name)
    return _facts(name, whole(turn, 0, SEEDS, "The turn"))


@lru_cache(16)  # a class that opens the room together sees the same six pictures
def _facts(name: str, turn: int) -> dict[str, Any]:
    seen, measured = turned(name, turn), table(name)
    rows = [
        {"beta": beta, "bits": bits, "error": 100 * error**0.5, "far": far}
        for beta, bits, error, far in measured["rows"]
    ]
    own = [{"bits": bits, "error": 100 * error} for bits, error in zip(seen.bits, seen.error, strict=True)]
    yards = {"pca": 100 * measured["pca"] ** 0.5, "floor": measured["floor"]}
    side = seen.sheet.shape[2] // (2 * SHOWN)
    return {"sheet": uri(seen.sheet), "side": side, "channels": len(seen.sheet), "rows": rows, "own": own, **yards}
