"""The sealed exam: a person and the critic judge the same twenty pictures. No Gradio.

What is real stays here until the person hands in. Both kinds of picture go the same way to the page: the same size,
levels and encoding, the same labels told to both judges, and real ones that no training has seen.
"""

import secrets
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.model import Mishap, noise
from demo.gan.players import Players, ages_of, guests, offered, rightly, shipped
from demo.gan.relatives import Met, floats, levels, twins
from demo.limits import one_of, whole
from demo.show import uri
from demo.words import words

COUNT, FEWEST, MOST = 20, 4, 16  # pictures of an exam; forgeries among them
KEPT, PATIENCE = 400, 3600.0  # exams at once; seconds until one is forgotten


class Exam(NamedTuple):
    """What the page must not know yet; of the players nothing is kept."""

    x: Tensor  # (COUNT, C, S, S) as the page shows it
    y: Tensor  # (COUNT,)
    forged: Tensor  # (COUNT,) bool
    critic: Tensor  # (COUNT,) bool: what the critic takes for forged
    steps: int  # how long the forger had learnt
    met: Met  # what it had learnt from
    tried: str  # where the critic's line is not on a card: how well it does on other pictures
    begun: float


EXAMS: dict[str, Exam] = {}
LOCK = Lock()


def sit(asked: dict[str, Any]) -> dict[str, Any]:
    """A new exam: its id, whose it is, and the pictures with the subjects they are said to show."""
    players = opponents(asked)
    exam = drawn_up(players, noise(secrets.randbits(60)))
    key = secrets.token_urlsafe(9)
    old = asked.get("old")
    with LOCK:
        EXAMS.pop(old if isinstance(old, str) else "", None)
        forget()
        EXAMS[key] = exam
    about, card = words("gan.play")["about"], players.data.card
    # of a forger that is told no subjects, none is named: nearly every forgery would be given away
    named = [card.labels[k] if players.gan.config.classes else card.title for k in exam.y.tolist()]
    return {
        "id": key,
        "about": about.format(title=card.title, step=exam.steps) if players.guest else "",
        "pictures": [{"src": uri(x), "subject": name} for x, name in zip(exam.x, named, strict=True)],
    }


def opponents(asked: dict[str, Any]) -> Players:
    """A shipped forger by its collection and age, or that of a training by its link in place of the age."""
    texts, age = words("gan.play"), asked.get("age")
    if isinstance(age, str):
        return guests(age)
    collection = one_of(asked.get("collection"), offered(), texts["collection"])
    return shipped(collection, ages_of(collection)[whole(age, 0, len(ages_of(collection)) - 1, texts["which"])])


@torch.inference_mode()
def drawn_up(players: Players, rng: torch.Generator) -> Exam:
    """COUNT pictures in an order that tells nothing, a random number of them forged."""
    gan, data = players.gan, players.data
    start = int(torch.randint(players.free, data.held() - COUNT + 1, (), generator=rng))
    batch = data.fixed(COUNT, "test", start)
    y = gan.labels(batch)
    count = int(torch.randint(FEWEST, MOST + 1, (), generator=rng))
    forged = torch.randperm(COUNT, generator=rng) < count
    fake = players.forger(gan.latents(COUNT, rng), y)
    x = torch.where(forged[:, None, None, None], fake, batch.x)
    x = floats(levels(x)).reshape(x.shape)
    critic = gan.judge(x, y) <= players.line.middle[y]
    tried = ""
    if players.guest:
        n, share = rightly(players.line)
        tried = words("gan.play")["tried"].format(n=n, share=round(100 * share))
    return Exam(x, y, forged, critic, players.steps, players.met, tried, monotonic())


def forget() -> None:
    """Lets go of exams nobody handed in, the oldest first."""
    late = monotonic() - PATIENCE
    for key in [key for key, exam in EXAMS.items() if exam.begun < late]:
        del EXAMS[key]
    while len(EXAMS) >= KEPT:
        del EXAMS[next(iter(EXAMS))]


def hand_in(asked: dict[str, Any]) -> dict[str, Any]:
    """The answers, and how both judges did; an exam can be handed in once."""
    texts, marks = words("gan.play"), asked.get("marks")
    if not isinstance(marks, list) or len(marks) != COUNT or not all(isinstance(mark, bool) for mark in marks):
        raise Mishap(texts["bad_marks"])
    if not any(marks):
        raise Mishap(texts["no_marks"])
    key = asked.get("id")
    with LOCK:
        exam = EXAMS.pop(key, None) if isinstance(key, str) else None
    if exam is None:
        raise Mishap(texts["no_exam"])
    try:
        return told(exam, torch.tensor(marks))
    except Exception:
        with LOCK:
            EXAMS[str(key)] = exam  # nothing is lost: it can be handed in again
        raise


@torch.inference_mode()
def told(exam: Exam, marks: Tensor) -> dict[str, Any]:
    """What the page may know after the exam."""
    texts = words("gan.play")
    you, critic = Score.of(marks, exam.forged), Score.of(exam.critic, exam.forged)
    forged = int(exam.forged.sum())
    low, high = interval(you.right, COUNT)
    rows = zip(exam.forged.tolist(), exam.critic.tolist(), marks.tolist(), twins(exam.x, exam.met), strict=True)
    yard = texts["yard"].format(
        **{"hits": you.hits, "alarms": you.alarms, "forged": forged, "real": COUNT - forged, "half": COUNT // 2},
        **{"critic_hits": critic.hits, "critic_alarms": critic.alarms},
        **{"low": round(100 * low), "high": round(100 * high)},
    )
    return {
        "pictures": [{"forged": f, "critic": c, "you": m, **twin} for f, c, m, twin in rows],
        "right": you.right,
        "critic": critic.right,
        "said": texts["said"].format(right=you.right, count=COUNT, critic=critic.right, steps=exam.steps),
        "yard": f"{yard} {exam.tried}".strip(),
    }


class Score(NamedTuple):
    """How a judge did."""

    hits: int  # forgeries that were marked
    alarms: int  # real pictures that were marked
    right: int  # of all

    @staticmethod
    def of(marks: Tensor, forged: Tensor) -> "Score":
        """marks, forged (COUNT,) bool"""
        hits, alarms = int((marks & forged).sum()), int((marks & ~forged).sum())
        return Score(hits, alarms, int((marks == forged).sum()))


def interval(right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval (1927) of a share: where the true one may well lie after n answers."""
    z, share = 1.96, right / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return middle - reach, middle + reach
