"""Unseen pictures with their codes, and what the judge calls a picture: Map, Morph and Compass measure with these.

N pictures, Z latents, K kinds. No Gradio.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from core.checkpoint import names
from core.model import Mishap, noise
from demo.redraw import at_easel, at_hand, card, collections, fresh, paint, painter, unseen
from demo.shelf import once, shelf

N = 1000  # pictures in a survey; the first half may be learnt from, the second is kept to measure with
FEWER = 500  # of what stands in for a collection: each is drawn anew in its manner, five seconds in all
COUPLES = 400  # pairs of unseen pictures, to walk between
CLEAR = {"faces": 0.85, "digits": 0.48, "doodles": 0.32}  # kinds told right from two numbers, as the Map measures it
AT_ONCE = 100  # through a network: others wait for the easel meanwhile


class Survey(NamedTuple):
    """Pictures nobody trained on, and where the reader puts them."""

    x: Tensor  # (N, C, S, S) in -1..1
    y: Tensor  # (N,) long
    mean: Tensor  # (N, Z)
    spread: Tensor  # (N, Z) standard deviations
    labels: list[str]  # K names
    whose: str  # "unseen", "numerals" in the place of digits, or "made" by the model where nothing is at hand


def named() -> tuple[str, ...]:
    """The collections whose kinds a shipped judge can tell."""
    return tuple(name for name in collections() if f"judge-{name}" in names("judge"))


def mapped() -> tuple[str, ...]:
    """The same in the order of the map: those whose drawings are on this machine before those it can only paint, and
    of these first those whose kinds lie clearest apart."""
    return tuple(sorted(named(), key=lambda name: (not at_hand(name), -CLEAR.get(name, 0))))


@once
def survey(name: str) -> Survey:
    """The same pictures for everybody; Mishap for a collection that is not ours."""
    painter(name)
    try:
        data = unseen(name)
        whose = "unseen" if data.card.name == name else data.card.name
        x, y = fresh(name, min(N, data.held() if whose == "unseen" else FEWER))
    except Mishap:  # what the model paints from the prior, called what the judge calls it
        x = painted(torch.randn(N, painter(name).config.latent, generator=noise(0, 7)), name)
        y, whose = judged(x, name).argmax(1), "made"
    assert y is not None, "the kinds of a collection with a judge are known"
    mean, spread = read(x, name)
    return Survey(x, y, mean, spread, card(name)["data"]["labels"], whose)


def couples(seen: Survey) -> tuple[Tensor, Tensor]:
    """Which pictures (COUPLES,) and (COUPLES,) make pairs of different kinds; the same pairs every time."""
    pairs = torch.randint(len(seen.y), (4 * COUPLES, 2), generator=noise(0, 3))
    a, b = pairs[seen.y[pairs[:, 0]] != seen.y[pairs[:, 1]]][:COUPLES].T
    return a, b


def read(x: Tensor, name: str) -> tuple[Tensor, Tensor]:
    """x (n, C, S, S) in -1..1 -> means (n, Z), standard deviations (n, Z)"""
    means, logvars = zip(*(_encode(some, name) for some in x.split(AT_ONCE)), strict=True)
    return torch.cat(means), (0.5 * torch.cat(logvars)).exp()


def painted(codes: Tensor, name: str) -> Tensor:
    """codes (n, Z) -> (n, C, S, S), a few at a time"""
    return torch.cat([paint(some, name) for some in codes.split(AT_ONCE)])


def judged(x: Tensor, name: str) -> Tensor:
    """x (n, C, S, S) -> the chances (n, K) that the judge of that collection gives to its kinds"""
    return torch.cat([_judge(some, name) for some in x.split(AT_ONCE)])


@at_easel
def _encode(x: Tensor, name: str) -> tuple[Tensor, Tensor]:
    return painter(name).encode(x)


@at_easel
def _judge(x: Tensor, name: str) -> Tensor:
    return shelf(f"judge-{name}").model.logits(x).softmax(1)
