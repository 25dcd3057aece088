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

from core.data import is_here
from core.data.gallery import Gallery
from core.gan import GAN
from core.model import Mishap, descend, noise
from demo import ink, redraw, shelf
from demo.gan.critic import examples, line
from demo.gan.forger import card, collections
from demo.limits import finite, one_of
from demo.runs import Turnstile
from demo.words import words

STEPS, RATE, HALF = 30, 1e-4, 32  # of the critic's lesson; pictures of each kind in a step
POOL = 1024  # pictures that real ones of your subject are taken from
PATCH, STRIDE = 6, 2  # dots hidden at a time, and between two places
PLAIN = 2.0  # as many log-odds for a patch make it fully red: from 50 to 88 %
LESS = 0.05  # a chance fallen by less than this is the same
STARTS, SEARCH = 16, 60  # of the forger's search for your picture
KEPT, PATIENCE = 40, 1800.0  # copies at once; seconds until one is forgotten
DESK = Turnstile()  # lessons and searches take seconds: one at a time, in the order of arrival
LOCK = Lock()


@dataclass
class Pupil:
    """A visitor's own copies of critics, by collection."""

    critics: dict[str, GAN] = field(default_factory=dict)
    lessons: dict[str, int] = field(default_factory=dict)
    touched: float = field(default_factory=monotonic)


PUPILS: dict[str, Pupil] = {}


class Verdict(NamedTuple):
    """What a critic says of one picture."""

    x: Tensor  # (C, S, S) as it was seen
    chance: float
    gave: Tensor  # (S, S) in 0..1: how much the critic would like it better if this place were smoothed


def possible() -> tuple[str, ...]:
    """Collections that can be forged on the pad and judged, where they are at hand."""
    return tuple(name for name in redraw.collections() if name in collections())


def offered() -> tuple[str, ...]:
    """Those at hand."""
    return tuple(name for name in possible() if is_here(name))


def subject(collection: str, name: Any) -> int:
    """The number of a label; Mishap if there is none such."""
    labels = card(one_of(collection, offered(), "The collection"))["data"]["labels"]
    return labels.index(one_of(name, labels, "The subject"))


def critic(key: Any, collection: str) -> tuple[GAN, int]:
    """The visitor's own copy and its lessons where there is one for this collection; else the shipped one, and 0."""
    pupil = PUPILS.get(key) if isinstance(key, str) else None
    if pupil and collection in pupil.critics:
        pupil.touched = monotonic()
        return pupil.critics[collection], pupil.lessons[collection]
    return shelf.shelf(f"gan-{collection}").model, 0


def odds(gan: GAN, collection: str, x: Tensor, y: Tensor) -> Tensor:
    """Log-odds (n,) that pictures x of labels y are real, by the shipped critic's line whoever judges."""
    known = line(f"gan-{collection}")
    return known.steep[y] * (gan.judge(x, y) - known.middle[y])


@torch.inference_mode()
def believed(gan: GAN, collection: str, x: Tensor, k: int) -> float:
    """The chance that x (1, C, S, S) is real."""
    y = torch.tensor([k])
    return float(line(f"gan-{collection}").chances(gan.judge(x, y), y))


@redraw.at_easel
def weigh(drawing: Tensor, collection: str, k: int, key: Any = None) -> Verdict:
    """drawing (C, side, side) in 0..1 as it lies on the pad, said to show label k; Mishap where there is no ink."""
    x, (gan, _) = ink.settle(drawing, collection), critic(key, collection)
    return Verdict(x[0], believed(gan, collection, x, k), clues(gan, collection, x, k))


@redraw.at_easel
def chance(drawing: Tensor, collection: str, k: int, key: Any = None) -> float:
    """The chance alone, without the clues, which cost most of the time."""
    return believed(critic(key, collection)[0], collection, ink.settle(drawing, collection), k)


def begun(collection: str, n: int) -> tuple[Tensor, int]:
    """A real picture to begin with, (C, side, side) in 0..1 as it lies on the pad, and its label; n counts through."""
    batch = redraw.unseen(collection).fixed(1, start=n % 1000)
    return redraw.example(collection, n), int(shelf.shelf(f"gan-{collection}").model.labels(batch))


def same(drawing: Tensor, laid: Tensor | None) -> bool:
    """Whether a drawing (C, side, side) is still, dot for dot, the one that was laid on the pad."""
    return laid is not None and laid.shape == drawing.shape and bool((drawing - laid).abs().max() < 1 / 128)


def made_from(collection: str, n: int) -> tuple[tuple[str, ...], list[float]]:
    """The names of a drawn collection's factors, and what picture n of `begun` was made from; both empty elsewhere."""
    data = shelf.collection(collection)
    if not isinstance(data, Gallery):
        return (), []
    return data.card.factors, data.factors(1, start=n % 1000)[0].tolist()


def made(collection: str, values: Any, k: int) -> Tensor:
    """What a drawn collection's own program paints from these factors in 0..1, for label k: (C, side, side) in 0..1 as
    it lies on the pad. Mishap where there are none, or not these."""
    data, texts = shelf.collection(collection), words("gan.forge")
    if not isinstance(data, Gallery):
        raise Mishap(texts["no_factors"])
    names = data.card.factors
    if not isinstance(values, list) or len(values) != len(names):
        raise Mishap(texts["bad_factors"].format(n=len(names)))
    row = [finite(value, 0, 1, name.capitalize()) for name, value in zip(names, values)]
    return redraw.laid(data.paint(torch.tensor([row]), torch.tensor([k])), collection)


def clues(gan: GAN, collection: str, x: Tensor, k: int) -> Tensor:
    """x (1, C, S, S) -> (S, S) in 0..1: how much more real it looks with that place smoothed; 1 for PLAIN log-odds.

    Zeiler & Fergus 2014 (arXiv:1311.2901), with the median of 5 x 5 dots for their grey square: it takes small things
    away and adds no edge. Of 23 small spots on real faces that cost a log-odd or more it points at 21; a blur, at 17.
    """
    side = x.shape[-1]
    around = F.pad(x, (2,) * 4, mode="replicate").unfold(2, 5, 1).unfold(3, 5, 1)  # (1, C, S, S, 5, 5)
    smooth = around.flatten(-2).median(-1).values
    corners = [(i, j) for i in range(0, side - PATCH + 1, STRIDE) for j in range(0, side - PATCH + 1, STRIDE)]
    hidden = torch.zeros(len(corners), 1, side, side)
    for n, (i, j) in enumerate(corners):
        hidden[n, :, i : i + PATCH, j : j + PATCH] = 1
    y = torch.full((len(corners),), k)
    gains = odds(gan, collection, torch.where(hidden > 0, smooth, x), y) - odds(gan, collection, x, y[:1])
    felt = (hidden * gains[:, None, None, None]).sum(0)[0] / hidden.sum(0)[0].clamp(min=1)
    return (felt / PLAIN).clamp(0, 1)


class Lesson(NamedTuple):
    """What a lesson changed."""

    key: str  # of the visitor's critics
    before: float  # the chance it gave the picture
    after: float
    takes: float  # the share of unseen real pictures of the subject it takes for real now
    usual: float  # and the shipped critic
    n: int  # of how many


def learn(drawing: Tensor, collection: str, k: int, key: Any = None) -> Lesson:
    """The visitor's own critic learns for STEPS steps that this picture is forged, and to leave its other opinions."""
    x, data = ink.settle(drawing, collection), shelf.collection(card(collection)["data"]["name"])
    with DESK:
        old, lessons = critic(key, collection)
        gan = deepcopy(old).requires_grad_(True).train()
        optimizer = torch.optim.Adam(gan.discriminator.parameters(), RATE)
        pool = data.batch(POOL, noise(secrets.randbits(60)))
        y = gan.labels(pool)
        mine = pool.x[y == k]
        for step in range(STEPS):
            teach(gan, old, collection, optimizer, x, k, pool.x, y, mine, noise(step, 2))
        gan.eval().requires_grad_(False)
        new = keep(key, collection, gan, lessons + 1)
        before, after = believed(old, collection, x, k), believed(gan, collection, x, k)
        (takes, n), (usual, _) = taken(gan, collection, k), taken(critic("", collection)[0], collection, k)
    return Lesson(new, before, after, takes, usual, n)


def came(lesson: Lesson) -> str:
    """Which of the guesses came true; "" where the critic was not fooled to begin with."""
    yes, no, less = words("gan.forge")["guesses"]
    if lesson.before <= 0.5:
        return ""
    return no if lesson.after <= 0.5 else less if lesson.after < lesson.before - LESS else yes


def teach(
    gan: GAN,
    old: GAN,
    collection: str,
    optimizer: Any,
    x: Tensor,
    k: int,
    pool: Tensor,
    y: Tensor,
    mine: Tensor,
    rng: torch.Generator,
) -> None:
    """One step: your picture, moved a little, is forged; real ones of its subject are real; all else stays as it was.

    The last part keeps a network from forgetting (Li & Hoiem 2016, arXiv:1606.09282).
    """
    some, others = (torch.randint(len(kind), (HALF,), generator=rng) for kind in (mine, pool))
    moves = torch.randint(-1, 2, (HALF, 2), generator=rng).tolist()
    yours = torch.cat([x.roll(move, (2, 3)) for move in moves])
    yours = yours + 0.02 * torch.randn(yours.shape, generator=rng)
    ks = torch.full((HALF,), k)
    with torch.no_grad():
        kept = torch.cat((pool[others], gan.paint(gan.latents(HALF, rng), y[others])))
        labels = y[others].repeat(2)
        was = odds(old, collection, kept, labels)
    told = F.softplus(odds(gan, collection, yours, ks)) + F.softplus(-odds(gan, collection, mine[some], ks))
    loss = told.mean() + F.smooth_l1_loss(odds(gan, collection, kept, labels), was)
    descend(loss, list(gan.discriminator.parameters()), (optimizer,))


@torch.inference_mode()
def taken(gan: GAN, collection: str, k: int) -> tuple[float, int]:
    """The share of unseen real pictures of label k it takes for real, and how many they are."""
    x, y = (part[1::2] for part in examples(f"gan-{collection}"))  # on the others the line was found
    return float((odds(gan, collection, x[y == k], y[y == k]) > 0).float().mean()), int((y == k).sum())


def keep(key: Any, collection: str, gan: GAN, lessons: int) -> str:
    """The id under which this visitor's critics are found, the new one among them."""
    with LOCK:
        forget()
        if not isinstance(key, str) or key not in PUPILS:
            key = secrets.token_urlsafe(9)
            PUPILS[key] = Pupil()
        PUPILS[key].critics[collection], PUPILS[key].lessons[collection] = gan, lessons
        PUPILS[key].touched = monotonic()
    return key


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
    return best, float(error.min()) ** 0.5, believed(gan, collection, best[None], k)
