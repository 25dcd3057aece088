"""You as the forger: what the critic makes of your drawing, what gave it away, and a critic that learns from you.

No Gradio. What is learnt from a visitor is learnt by that visitor's own copy of the critic and by nobody else's.
"""

import secrets
from copy import deepcopy
from dataclasses import dataclass, field
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from core.gan import GAN
from core.model import Mishap, descend, noise
from demo import ink, redraw, shelf
from demo.gan.critic import Line, examples, line, measured
from demo.gan.forger import card, collections
from demo.limits import one_of

STEPS, RATE, HALF = 30, 1e-3, 32  # of the critic's lesson; your pictures and the forger's in each step
POOL = 1024  # pictures that real ones of your subject are taken from
PATCH, STRIDE = 6, 2  # dots hidden at a time, and between two places
STARTS, SEARCH = 16, 60  # of the forger's search for your picture
KEPT, PATIENCE = 40, 1800.0  # copies at once; seconds until one is forgotten
DESK = Lock()  # lessons and searches take seconds: one at a time, in the order of arrival


@dataclass
class Pupil:
    """A visitor's own copy of the critic."""

    collection: str
    gan: GAN
    line: Line
    lessons: int = 0
    touched: float = field(default_factory=monotonic)


PUPILS: dict[str, Pupil] = {}


class Verdict(NamedTuple):
    """What a critic says of one picture."""

    x: Tensor  # (C, S, S) as it was seen
    chance: float
    gave: Tensor  # (S, S) in 0..1: how much the critic would like it better if this place were blurred


def offered() -> tuple[str, ...]:
    """Collections that can be forged on the pad and judged."""
    return tuple(name for name in redraw.collections() if name in collections())


def subject(collection: str, name: Any) -> int:
    """The number of a label; Mishap if there is none such."""
    labels = card(one_of(collection, offered(), "The collection"))["data"]["labels"]
    return labels.index(one_of(name, labels, "The subject"))


def critic(key: Any, collection: str) -> tuple[GAN, Line]:
    """The visitor's own copy where there is one for this collection, else the shipped one."""
    pupil = PUPILS.get(key) if isinstance(key, str) else None
    if pupil and pupil.collection == collection:
        pupil.touched = monotonic()
        return pupil.gan, pupil.line
    return shelf.shelf(f"gan-{collection}").model, line(f"gan-{collection}")


@torch.inference_mode()
def weigh(drawing: Tensor, collection: str, k: int, key: Any = None) -> Verdict:
    """drawing (C, side, side) in 0..1 as it lies on the pad, said to show label k; Mishap where there is no ink."""
    x = ink.settle(drawing, collection)
    gan, known = critic(key, collection)
    y = torch.tensor([k])
    return Verdict(x[0], float(known.chances(gan.judge(x, y), y)), clues(gan, x, k))


def begun(collection: str, n: int) -> tuple[Tensor, int]:
    """A real picture to begin with, (C, side, side) in 0..1 as it lies on the pad, and its label; n counts through."""
    drawing = redraw.example(collection, n)
    try:
        y = redraw.unseen(collection).fixed(1, start=n % 1000).y
    except Mishap:
        y = None
    return drawing, likeliest(drawing, collection) if y is None else int(y)


@torch.inference_mode()
def likeliest(drawing: Tensor, collection: str) -> int:
    """The label under which the shipped critic finds the drawing most real."""
    x, y = ink.settle(drawing, collection), torch.arange(len(card(collection)["data"]["labels"]))
    gan, known = critic("", collection)
    return int(known.chances(gan.judge(x.expand(len(y), -1, -1, -1), y), y).argmax())


def clues(gan: GAN, x: Tensor, k: int) -> Tensor:
    """x (1, C, S, S) -> (S, S) in 0..1: the critic's gain where a patch is blurred, averaged over patches (occlusion).

    Zeiler & Fergus 2014 (arXiv:1311.2901), with a blur for their grey square: it hides details and adds no edge.
    """
    side = x.shape[-1]
    blurred = F.avg_pool2d(F.pad(x, (4,) * 4, mode="replicate"), 9, 1)
    corners = [(i, j) for i in range(0, side - PATCH + 1, STRIDE) for j in range(0, side - PATCH + 1, STRIDE)]
    hidden = torch.zeros(len(corners), 1, side, side)
    for n, (i, j) in enumerate(corners):
        hidden[n, :, i : i + PATCH, j : j + PATCH] = 1
    gains = gan.judge(torch.where(hidden > 0, blurred, x), torch.full((len(corners),), k)) - gan.judge(
        x, torch.tensor([k])
    )
    felt = (hidden * gains[:, None, None, None]).sum(0)[0] / hidden.sum(0)[0].clamp(min=1)
    return felt.clamp(min=0) / felt.max().clamp(min=1e-6)


def learn(drawing: Tensor, collection: str, k: int, key: Any = None) -> tuple[str, float, float, float]:
    """The critic's copy learns for STEPS steps that this picture is forged.

    Returns the copy's id, the chance it gave the picture before and after, and the share of unseen real pictures of
    the subject that it still takes for real.
    """
    x, data = ink.settle(drawing, collection), shelf.collection(card(collection)["data"]["name"])
    before = weigh(drawing, collection, k, key).chance
    with DESK:
        gan = deepcopy(critic(key, collection)[0]).train()
        optimizers = gan.optimizers(RATE)
        pool = data.batch(POOL, noise(secrets.randbits(60)))
        mine = pool.x[gan.labels(pool) == k]
        for step in range(STEPS):
            teach(gan, optimizers, x, k, pool.x, gan.labels(pool), mine, noise(step, 2))
        gan.eval()
        pupil = Pupil(collection, gan, measured(gan, *examples(f"gan-{collection}")))
        old = PUPILS.pop(key, None) if isinstance(key, str) else None
        pupil.lessons = (old.lessons if old and old.collection == collection else 0) + 1
        new = secrets.token_urlsafe(9)
        forget()
        PUPILS[new] = pupil
    after = weigh(drawing, collection, k, new).chance
    return new, before, after, float(pupil.line.takes[k])


def teach(
    gan: GAN, optimizers: Any, x: Tensor, k: int, pool: Tensor, labels: Tensor, mine: Tensor, rng: torch.Generator
) -> None:
    """One step: real ones of the subject against your picture, moved a little; others against the forger's own work."""
    some = torch.randint(len(mine), (HALF,), generator=rng)
    others = torch.randint(len(pool), (HALF,), generator=rng)
    y = torch.cat((torch.full((HALF,), k), labels[others]))
    moves = torch.randint(-1, 2, (HALF, 2), generator=rng).tolist()
    yours = torch.cat([x.roll(move, (2, 3)) for move in moves])
    yours = yours + 0.02 * torch.randn(yours.shape, generator=rng)
    with torch.no_grad():
        forged = gan.paint(gan.latents(HALF, rng), y[HALF:])
    loss, slope, _ = gan.critic_loss(torch.cat((mine[some], pool[others])), torch.cat((yours, forged)), y, rng)
    descend(loss + slope, list(gan.discriminator.parameters()), optimizers[1:], clip=10.0)


def forget() -> None:
    """Lets go of copies that nobody asks any more, the one left alone for longest first."""
    late = monotonic() - PATIENCE
    for key in [key for key, pupil in PUPILS.items() if pupil.touched < late]:
        del PUPILS[key]
    while len(PUPILS) >= KEPT:
        del PUPILS[min(PUPILS, key=lambda key: PUPILS[key].touched)]


def imitate(drawing: Tensor, collection: str, k: int) -> tuple[Tensor, float, float]:
    """The nearest painting the forger can make: (C, S, S), how far off it is in 0..1, and the critic's chance for it.

    Looks for it from STARTS random places by following the slope of the error (Zhu et al. 2016, arXiv:1609.03552).
    """
    x = ink.settle(drawing, collection)
    gan = shelf.shelf(f"gan-{collection}").model
    with DESK:
        z = gan.latents(STARTS, noise(5)).requires_grad_()
        y = torch.full((STARTS,), k)
        optimizer = torch.optim.Adam([z], 0.1)
        for _ in range(SEARCH):
            error = (gan.paint(z, y) - x).square().flatten(1).mean(1)
            optimizer.zero_grad()
            (error.sum() + 1e-3 * z.square().sum() / z.shape[1]).backward(inputs=[z])
            optimizer.step()
    with torch.inference_mode():
        painted = gan.paint(z, y)
        error = ((painted - x) / 2).square().flatten(1).mean(1)
        best = painted[int(error.argmin())]
        chance = float(line(f"gan-{collection}").chances(gan.judge(best[None], y[:1]), y[:1]))
    return best, float(error.min()) ** 0.5, chance
