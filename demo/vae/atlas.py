"""The code as a map: two directions of it, what lies where, and the way from one place to another. No Gradio.

A map is spanned by two orthonormal directions P (Z, 2). A picture stands where its mean code falls on them, z P. A
place a (2,) of the map stands for the code that has these two coordinates and is average in all others. Holes are where
the prior promises drawings and the data have none (Rosca et al. 2018, arXiv:1802.06847). G places, N pictures.
"""

from base64 import b64encode
from functools import lru_cache, partial
from io import BytesIO
from math import ceil
from typing import Any, NamedTuple

import torch
from PIL import Image
from torch import Tensor
from torch.nn.functional import one_hot

from core.measure import principal
from core.model import Mishap
from demo.limits import finite, one_of, whole
from demo.redraw import FARTHEST, alone, pack, painter
from demo.shelf import once
from demo.show import pixels
from demo.vae.survey import AT_ONCE, Survey, couples, judged, named, painted, survey
from demo.words import words

WAYS = ("apart", "wide", "pair")  # the kinds apart (LDA), the widest spread (PCA), any two numbers of the code
CELLS, HUNG = 27, 9  # places along a side that are painted beforehand, and those of them whose pictures hang
REACH = 3.0  # of the map at least, from the middle
RING = 2.448  # within it lie 95 % of a standard normal cloud of two numbers
THIN = 0.25  # of what the prior promises: what is less is a hole
SHOWN, NEAR, STEPS = 300, 15, 24  # points on the map; neighbours asked; pictures of a walk
SURE = 0.5  # below it the judge names nothing


class Plane(NamedTuple):
    """Two directions of the code and what is average in the others."""

    across: Tensor  # P (Z, 2), orthonormal
    rest: Tensor  # (Z,), orthogonal to both

    def places(self, codes: Tensor) -> Tensor:
        """codes (N, Z) -> (N, 2)"""
        return codes @ self.across

    def codes(self, places: Tensor) -> Tensor:
        """places (N, 2) -> (N, Z)"""
        return self.rest + places @ self.across.T


class Question(NamedTuple):
    """Which map the page asks for."""

    name: str
    way: str
    pair: tuple[int, int]


def question(asked: dict[str, Any]) -> Question:
    """What the page sends, checked; Mishap for what no control of ours says."""
    texts = words("vae.map")
    name, way = one_of(asked.get("name"), named(), texts["collection"]), one_of(asked.get("way"), WAYS, texts["way"])
    if way != "pair":
        return Question(name, way, (0, 0))
    sent, latent = asked.get("pair"), painter(name).config.latent
    if not isinstance(sent, list) or len(sent) != 2:
        raise Mishap(texts["no_pair"])
    first, second = (whole(number, 1, latent, texts["number"]) - 1 for number in sent)
    if first == second:
        raise Mishap(texts["one_number"])
    order = painter(name).order.tolist()
    return Question(name, way, (order[first], order[second]))


@lru_cache(64)
def plane(asked: Question) -> Plane:
    seen = survey(asked.name)
    half, y = learnt(seen)
    if asked.way == "pair":
        across = torch.eye(seen.mean.shape[1])[:, list(asked.pair)]
    else:
        across = steady(apart(half, y) if asked.way == "apart" else wide(half))
    middle = seen.mean.mean(0)
    return Plane(across, middle - across @ (across.T @ middle))


def learnt(seen: Survey) -> tuple[Tensor, Tensor]:
    """The half of a survey that may be learnt from: codes and kinds."""
    half = len(seen.y) // 2
    return seen.mean[:half], seen.y[:half]


def wide(codes: Tensor) -> Tensor:
    """codes (N, Z) -> (Z, 2), the two orthonormal directions in which they spread most"""
    return principal(codes, 2)[1]


def apart(codes: Tensor, y: Tensor) -> Tensor:
    """codes (N, Z), kinds y (N,) -> (Z, 2), orthonormal: the plane in which kinds differ most beside how much each
    varies in itself (Fisher's discriminant; Rao 1948)"""
    kinds = y.unique()
    centers = torch.stack([codes[y == k].mean(0) for k in kinds])
    which = torch.searchsorted(kinds, y)
    within = torch.cov((codes - centers[which]).T) + 1e-4 * torch.eye(codes.shape[1])
    between = torch.cov(centers[which].T)
    root = torch.linalg.cholesky(within)
    white = torch.linalg.solve_triangular(root, between, upper=False)
    white = torch.linalg.solve_triangular(root, white.T, upper=False)
    best = torch.linalg.eigh((white + white.T) / 2).eigenvectors[:, -2:].flip(1)
    return torch.linalg.qr(torch.linalg.solve_triangular(root.T, best, upper=True)).Q


def steady(across: Tensor) -> Tensor:
    """The same directions with their largest part positive, so that no map is its own mirror the next time."""
    return across * across.gather(0, across.abs().argmax(0, keepdim=True)).sign()


def density(places: Tensor, mean: Tensor, cov: Tensor) -> Tensor:
    """places (G, 2); clouds of means (N, 2) and covariances (N, 2, 2) -> (G,): the density of all clouds together
    (the aggregate posterior)"""
    away = places[:, None] - mean  # (G, N, 2)
    inverse, scale = torch.linalg.inv(cov), 2 * torch.pi * torch.linalg.det(cov).sqrt()
    square = torch.einsum("gni,nij,gnj->gn", away, inverse, away)
    return ((-square / 2).exp() / scale).mean(1)


def prior(places: Tensor) -> Tensor:
    """places (G, 2) -> (G,), the density of the common cloud"""
    return (-places.square().sum(1) / 2).exp() / (2 * torch.pi)


def thinness(places: Tensor, on: Plane, seen: Survey) -> Tensor:
    """places (G, 2) -> (G,): the data's density as a share of what the prior promises; beyond the ring, of what it
    promises at the ring"""
    cov = torch.einsum("zi,nz,zj->nij", on.across, seen.spread.square(), on.across)
    found = torch.cat([density(some, on.places(seen.mean), cov) for some in places.split(AT_ONCE)])
    return found / prior(places).clamp(min=float(prior(torch.tensor([[RING, 0.0]]))))


def holes(places: Tensor, share: Tensor) -> float:
    """How much of what the prior promises within the ring lies in holes, from the cells' shares (G,)"""
    promised = prior(places) * (places.norm(dim=1) <= RING)
    return float((promised * (share < THIN)).sum() / promised.sum())


def told(known: Tensor, y: Tensor, asked: Tensor, truth: Tensor) -> float:
    """How often the commonest kind y (N,) of the NEAR nearest among known (N, D) is that of asked (M, D), truth (M,)"""
    near = torch.cdist(asked, known).topk(min(NEAR, len(known)), largest=False).indices
    votes = one_hot(y[near], int(max(y.max(), truth.max())) + 1).sum(1)
    return float((votes.argmax(1) == truth).float().mean())


class Told(NamedTuple):
    """How well the kind of an unseen drawing is told from a few numbers."""

    here: float  # from its place on the map
    all: float  # from its whole code
    dots: float  # from two straight-line numbers, chosen in the same way; beside a pair, the main two
    chance: float  # by always saying the commonest kind


def tellable(asked: Question) -> Told:
    """Neighbours among one half of the survey name the other half."""
    seen, on = survey(asked.name), plane(asked)
    half = len(seen.y) // 2
    y, truth, flat = seen.y[:half], seen.y[half:], straight(asked.name)
    across = apart(flat[:half], y) if asked.way == "apart" else torch.eye(flat.shape[1])[:, :2]
    by = (on.places(seen.mean), seen.mean, flat @ across)
    here, whole_code, dots = (told(codes[:half], y, codes[half:], truth) for codes in by)
    return Told(here, whole_code, dots, float((truth == y.mode().values).float().mean()))


@once
def straight(name: str) -> Tensor:
    """(N, Z): the survey in as many straight-line numbers (PCA of the dots of its first half)"""
    seen = survey(name)
    center, directions = principal(seen.x[: len(seen.y) // 2], seen.mean.shape[1])
    return (seen.x.flatten(1) - center) @ directions


class Halfway(NamedTuple):
    """What the judge calls the middle of many walks between kinds: shares that sum to 1."""

    ends: float  # one of the two kinds
    third: float  # another
    none: float  # nothing it is sure of

    @staticmethod
    def of(chances: Tensor, ends: Tensor) -> "Halfway":
        """chances (n, K) of the middles, ends (n, 2) long"""
        sure, kind = chances.max(1)
        known = sure >= SURE
        either = (ends == kind[:, None]).any(1) & known
        return Halfway(*(float(part.float().mean()) for part in (either, known & ~either, ~known)))


@once
def halfway(name: str) -> tuple[Halfway, Halfway]:
    """Along the straight way through the code, and where one drawing is faded into the other."""
    seen = survey(name)
    a, b = couples(seen)
    ends = torch.stack((seen.y[a], seen.y[b]), 1)
    walked = painted((seen.mean[a] + seen.mean[b]) / 2, name)
    return Halfway.of(judged(walked, name), ends), Halfway.of(judged((seen.x[a] + seen.x[b]) / 2, name), ends)


@partial(once, most=64)
def chart(asked: Question) -> dict[str, Any]:
    """All the page needs to show a map; the last maps are kept for whoever asks next."""
    seen, on = survey(asked.name), plane(asked)
    half, points, far = len(seen.y) // 2, shown(asked), reach(asked)
    places = mesh(far)
    share = thinness(places, on, seen)
    return {
        **{"cells": CELLS, "reach": far, "ring": RING, "thin": THIN},
        **{"side": seen.x.shape[-1], "channels": seen.x.shape[1], "latent": seen.mean.shape[1]},
        "names": carried(asked.name),
        "wall": tiled(painted(on.codes(hung(places)), asked.name), HUNG),
        "share": [round(number, 2) for number in share.tolist()],
        "points": [[round(number, 3) for number in point] for point in points.tolist()],
        "kinds": seen.y[half:][:SHOWN].tolist(),
        **{"labels": seen.labels, "whose": seen.whose},
        **{"hole": holes(places, share), "told": tellable(asked)._asdict()},
    }


@partial(once, most=64)
def cells(asked: Question) -> dict[str, str]:
    """Every cell of the same map painted, so that the page follows a pointer from memory: eight times the work, and
    asked for when the map is in sight."""
    return {"wall": tiled(painted(plane(asked).codes(mesh(reach(asked))), asked.name), CELLS)}


def carried(name: str) -> list[str]:
    """What each number of the code carries alone, in the order of the sliders; "" for most"""
    rows = alone(name)
    return [rows[k].get("factor", "") for k in painter(name).order.tolist()]


def shown(asked: Question) -> Tensor:
    """(SHOWN, 2) where the drawings stand that nobody learnt from"""
    mean = survey(asked.name).mean
    return plane(asked).places(mean[len(mean) // 2 :])[:SHOWN]


def reach(asked: Question) -> float:
    """How far a map goes to each side, in whole halves: as far as nearly all its drawings."""
    return min(FARTHEST, max(REACH, ceil(2 * float(shown(asked).abs().flatten().quantile(0.99))) / 2))


def hung(places: Tensor) -> Tensor:
    """places (CELLS * CELLS, 2) -> (HUNG * HUNG, 2), the middle one of each square of them"""
    every = CELLS // HUNG
    return places.view(CELLS, CELLS, 2)[every // 2 :: every, every // 2 :: every].flatten(0, 1)


def mesh(reach: float) -> Tensor:
    """(CELLS * CELLS, 2) the middles of the map's cells, row by row from the top"""
    along = (torch.arange(CELLS) + 0.5) / CELLS * 2 * reach - reach
    y, x = torch.meshgrid(-along, along, indexing="ij")
    return torch.stack((x.flatten(), y.flatten()), 1)


def tiled(pictures: Tensor, wide: int, exact: bool = False) -> str:
    """(n, C, S, S) in -1..1 side by side in rows of `wide`, as a data URI; exact costs four times the bytes"""
    n, C, S, _ = pictures.shape
    sheet = pictures.view(n // wide, wide, C, S, S).permute(2, 0, 3, 1, 4).reshape(C, n // wide * S, wide * S)
    file = BytesIO()
    Image.fromarray(pixels(sheet).numpy()).save(file, "WEBP", quality=85, method=2, lossless=exact)
    return "data:image/webp;base64," + b64encode(file.getvalue()).decode()


def place(sent: Any) -> Tensor:
    """A place of the map that the page sends -> (1, 2)"""
    texts = words("vae.map")
    if not isinstance(sent, list) or len(sent) != 2:
        raise Mishap(texts["no_place"])
    return torch.tensor([[finite(number, -FARTHEST, FARTHEST, texts["place"]) for number in sent]])


def spot(asked: dict[str, Any]) -> dict[str, str]:
    """The picture of one place, exactly: {"name", "way", "pair", "at": [a, b]}"""
    which = question(asked)
    code = plane(which).codes(place(asked.get("at")))
    return {"dots": pack(painted(code, which.name)[0])}
