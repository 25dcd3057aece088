"""Is it a copy? Of a picture, the nearest that a forger's game has met, and how usual that distance is. No Gradio."""

from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.data.collection import Few, Pictures
from core.measure import ENDLESS
from core.model import noise
from demo import shelf
from demo.show import uri
from demo.words import words

TRAINED, UNSEEN = 5000, 200  # training pictures drawn anew to be compared with; real ones that tell what is usual
KEPT = 12  # sets of training pictures at once


class Met(NamedTuple):
    """What a game has learnt from: a collection, and of one that is drawn anew for each step, which draws."""

    name: str
    few: int = 0  # pictures it learnt from, 0 for all
    seed: int = 0
    batch: int = 0
    steps: int = 0

    @staticmethod
    def by(data: Pictures, seed: int, batch: int, steps: int) -> "Met":
        """Of a training with that seed, after so many steps."""
        if isinstance(data, Few):
            return Met(data.card.name, data.n)
        return Met(data.card.name, 0, seed, batch, steps) if data.held("train") >= ENDLESS else Met(data.card.name)


def twins(x: Tensor, met: Met) -> list[dict[str, Any]]:
    """Of each picture of x (n, C, S, S): the training picture nearest to it dot for dot, and how usual that is."""
    trained, usual, faintest = archive(met)
    texts, said = words("gan.play"), []
    for one, distance, which in zip(x, *nearest_of(x.flatten(1), trained), strict=True):
        share = round(100 * float((usual > distance).float().mean()))
        kind = "empty" if float(one.std()) < faintest else "near"
        near = texts[kind].format(share=share, n=len(trained), unseen=UNSEEN)
        said.append({"twin": uri(floats(trained[which]).reshape(x.shape[1:])), "near": near})
    return said


@partial(shelf.once, most=KEPT)
def archive(met: Met) -> tuple[Tensor, Tensor, float]:
    """Training pictures (N, C S S) uint8, the distances (UNSEEN,) from unseen real pictures to the nearest, and the
    least contrast among these."""
    data = shelf.collection(met.name)
    if met.steps:  # some of those it really met, from its first step to its last
        count = min(met.steps, TRAINED // met.batch + 1)
        steps = torch.linspace(0, met.steps - 1, count).long().tolist()
        trained = torch.cat([levels(data.batch(met.batch, noise(met.seed, step, 0)).x) for step in steps])
    else:
        held = met.few or data.held("train")
        parts = [(at, min(1000, held - at)) for at in range(0, held, 1000)]
        trained = torch.cat([levels(data.fixed(n, "train", at).x) for at, n in parts])
    unseen = floats(levels(data.fixed(UNSEEN).x))
    return trained, nearest_of(unseen, trained)[0], float(unseen.std(1).min())


def nearest_of(x: Tensor, trained: Tensor) -> tuple[Tensor, Tensor]:
    """x (n, D), trained (N, D) uint8 -> (n,) the distance to the nearest, and (n,) which it is"""
    parts = [torch.cdist(x, floats(part)).min(1) for part in trained.split(5000)]
    distances, part = torch.stack([found.values for found in parts]).min(0)
    within = torch.stack([found.indices for found in parts])[part, torch.arange(len(x))]
    return distances, 5000 * part + within


def floats(dots: Tensor) -> Tensor:
    """uint8 -> -1..1"""
    return dots.float() / 127.5 - 1


def levels(x: Tensor) -> Tensor:
    """(n, C, S, S) in -1..1 -> (n, C S S) uint8, each picture's numbers in a row"""
    return ((x.clamp(-1, 1) + 1) * 127.5).round().byte().flatten(1)
