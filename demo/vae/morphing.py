"""One drawing turned into another in three ways: straight through the code, around its middle, or by fading dots. No
Gradio.

The middle of a straight way is shorter than any code the painter has met (White 2016, arXiv:1609.04468); how much, and
what it costs, is measured here.
"""

from base64 import b64encode
from typing import Any, NamedTuple

import torch
from torch import Tensor

from demo.limits import one_of
from demo.redraw import card, look, unpack
from demo.shelf import once
from demo.show import animated, pixels
from demo.vae import ties
from demo.vae.atlas import tiled
from demo.vae.survey import COUPLES, couples, judged, named, painted, read, survey
from demo.vae.ways import around, straight
from demo.words import words

WAYS = ("straight", "around", "fade")
STEPS = 17  # pictures of each way, so that one is the middle
MIDDLE = STEPS // 2
KINDS = {"webp": "WEBP", "gif": "GIF"}
LARGER, PACE = 6, 70  # times larger when kept; milliseconds a picture
MEASURED: set[str] = set()  # the collections whose averages are known


class Morph(NamedTuple):
    """Three ways from one drawing to another."""

    ends: Tensor  # (2, C, S, S), the drawings as they were read
    ways: Tensor  # (3, STEPS, C, S, S)
    codes: Tensor  # (3, Z), the middles' codes; that of the fade as the reader reads it


def morphed(asked: dict[str, Any]) -> tuple[str, Morph]:
    """{"name", "a", "b"}, a and b dots of a pad -> the collection and the ways; Mishap for what is no drawing."""
    name = one_of(asked.get("name"), named(), words("vae.morph")["collection"])
    a, b = (look(unpack(asked.get(end), name), name) for end in "ab")
    codes = torch.cat([way(a.mean, b.mean, STEPS) for way in (straight, around)])
    fade = torch.lerp(a.x, b.x, torch.linspace(0, 1, STEPS)[:, None, None, None])
    middles = torch.stack((codes[MIDDLE], codes[STEPS + MIDDLE], read(fade[MIDDLE : MIDDLE + 1], name)[0][0]))
    ways = torch.cat((painted(codes, name), fade)).view(len(WAYS), STEPS, *a.x.shape)
    return name, Morph(torch.stack((a.x, b.x)), ways, middles)


class Said(NamedTuple):
    """What came out."""

    said: str
    yard: str  # what to hold it against
    most: str  # which of the guesses came, the visitor's own if it is level with the best


def morph(asked: dict[str, Any]) -> tuple[dict[str, Any], Said | None]:
    """The same for the page: sprites, what the judge calls each picture and how surely; and what came out, unless its
    yardstick is still to be measured: that takes seconds, the films a tenth of one."""
    name, made = morphed(asked)
    sure, kind = judged(made.ways.flatten(0, 1), name).max(1)
    films = {
        **{"film": tiled(made.ways.flatten(0, 1), STEPS), "ends": tiled(made.ends, 2, exact=True)},
        **{"side": made.ends.shape[-1], "channels": made.ends.shape[1], "steps": STEPS},
        "kinds": [card(name)["data"]["labels"][k] for k in kind.tolist()],
        "sure": [round(100 * share) for share in sure.tolist()],
    }
    middles = sure.view(len(WAYS), STEPS)[:, MIDDLE]
    return films, came(name, made, middles, asked.get("guess")) if name in MEASURED else None


def told(asked: dict[str, Any]) -> Said:
    """What came out, whatever it takes."""
    name, made = morphed(asked)
    return came(name, made, judged(made.ways[:, MIDDLE], name).max(1).values, asked.get("guess"))


def came(name: str, made: Morph, sure: Tensor, guess: Any) -> Said:
    """Of the three middles and how sure (3,) the judge is of them."""
    texts, usual, many = words("vae.morph"), averages(name), words("vae.many")[survey(name).whose]
    own = {way: 100 * share for way, share in zip(WAYS, sure.tolist(), strict=True)}
    mean = {way: 100 * share for way, share in zip(WAYS, usual.sure.tolist(), strict=True)}
    within = {f"{way}_inner": 100 * share for way, share in zip(WAYS, usual.inner.tolist(), strict=True)}
    shorter = 100 * float(shortness(made.codes[:1], survey(name).mean))
    return Said(
        texts["said"].format(shorter=shorter, many=many, **own),
        texts["yard"].format(n=COUPLES, many=many, doubt=100 * usual.doubt, drawn=100 * usual.drawn, **mean, **within),
        ties.came(guess, texts["guesses"], usual.level),
    )


def shortness(codes: Tensor, among: Tensor) -> Tensor:
    """codes (n, Z), among (N, Z) -> (n,): the share of those that are longer"""
    return (among.norm(dim=1) > codes.norm(dim=1)[:, None]).float().mean(1)


class Usual(NamedTuple):
    """The middles of many ways, between unseen drawings of different kinds."""

    sure: Tensor  # (3,) how sure the judge is, on the mean
    doubt: float  # two standard errors of the least certain of the three
    inner: Tensor  # (3,) the share of unseen codes that are longer
    drawn: float  # how sure it is of the drawings themselves
    level: list[int]  # the ways that are level with the surest


@once
def averages(name: str) -> Usual:
    seen = survey(name)
    a, b = couples(seen)
    fade = (seen.x[a] + seen.x[b]) / 2
    codes = [
        torch.stack([way(seen.mean[i], seen.mean[j], 3)[1] for i, j in zip(a, b, strict=True)])
        for way in (straight, around)
    ]
    middles = (*(painted(some, name) for some in codes), fade)
    sure = torch.stack([judged(some, name).max(1).values for some in middles])
    inner = torch.stack([shortness(some, seen.mean).mean() for some in (*codes, read(fade, name)[0])])
    drawn = judged(seen.x[torch.cat((a, b))], name).max(1).values.mean()
    MEASURED.add(name)
    return Usual(sure.mean(1), 2 * float(sure.std(1).max()) / len(a) ** 0.5, inner, float(drawn), ties.level(sure))


def film(asked: dict[str, Any]) -> dict[str, str]:
    """{"name", "a", "b", "way", "kind"} -> one way there and back again, as a file to keep"""
    texts = words("vae.morph")
    way = one_of(asked.get("way"), WAYS, texts["way"])
    kind = one_of(asked.get("kind"), KINDS, texts["kind"])
    name, made = morphed(asked)
    frames = [pixels(one) for one in made.ways[WAYS.index(way)]]
    file = animated([*frames, *frames[-2:0:-1]], LARGER, PACE, 1, KINDS[kind])
    return {"file": f"data:image/{kind};base64," + b64encode(file).decode(), "name": f"atelier-{name}-{way}.{kind}"}
