"""The sealed exam: a person and the critic judge the same twenty pictures. No Gradio.

What is real stays here until the person hands in. Both kinds of picture go the same way to the page: the same size,
levels and encoding, the same labels told to both judges, and real ones that no training has seen.
"""

import secrets
from copy import deepcopy
from threading import Lock
from time import monotonic
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.checkpoint import ages
from core.data import is_here
from core.gan import Generator
from core.measure import ENDLESS
from core.model import Mishap, noise
from demo import shelf
from demo.gan.critic import line
from demo.gan.forger import card, collections
from demo.limits import one_of, whole
from demo.show import uri
from demo.words import words

COUNT, FEWEST, MOST = 20, 4, 16  # pictures of an exam; forgeries among them
KEPT, PATIENCE = 400, 3600.0  # exams at once; seconds until one is forgotten
TRAINED, UNSEEN = 5000, 200  # training pictures drawn anew to be compared with; real ones that tell what is usual


class Exam(NamedTuple):
    """What the page must not know yet."""

    collection: str
    steps: int  # how long the forger had learnt
    x: Tensor  # (COUNT, C, S, S) as the page shows it
    y: Tensor  # (COUNT,)
    forged: Tensor  # (COUNT,) bool
    begun: float


EXAMS: dict[str, Exam] = {}
LOCK = Lock()


def offered() -> list[str]:
    """Collections at hand whose forger was kept at as many ages as have a name; the master is one of them."""
    several = len(words("gan.play")["ages"]) - 1
    return [name for name in collections() if is_here(name) and len(card(name).get("ages", [])) == several]


def ages_of(collection: str) -> list[int]:
    """After how many steps the forger can be met, youngest first, the master last."""
    return [*card(collection)["ages"], card(collection)["step"]]


@shelf.once
def forger(collection: str, steps: int) -> Generator:
    """The forger as it was after so many steps."""
    master = shelf.shelf(f"gan-{collection}").model.average
    if steps == card(collection)["step"]:
        return master
    young = deepcopy(master)
    young.load_state_dict(ages(f"gan-{collection}")[steps])
    return young.eval()


def sit(asked: dict[str, Any]) -> dict[str, Any]:
    """A new exam: its id and the pictures with the subjects they are said to show."""
    collection = one_of(asked.get("collection"), offered(), words("gan.play")["collection"])
    age = whole(asked.get("age"), 0, len(ages_of(collection)) - 1, words("gan.play")["age"])
    exam = drawn_up(collection, ages_of(collection)[age], noise(secrets.randbits(60)))
    key = secrets.token_urlsafe(9)
    old = asked.get("old")
    with LOCK:
        EXAMS.pop(old if isinstance(old, str) else "", None)
        forget()
        EXAMS[key] = exam
    labels = card(collection)["data"]["labels"]
    return {"id": key, "pictures": [{"src": uri(x), "subject": labels[k]} for x, k in zip(exam.x, exam.y.tolist())]}


@torch.inference_mode()
def drawn_up(collection: str, steps: int, rng: torch.Generator) -> Exam:
    """COUNT pictures in an order that tells nothing, a random number of them forged."""
    gan, data = shelf.shelf(f"gan-{collection}").model, shelf.collection(card(collection)["data"]["name"])
    batch = data.batch(COUNT, rng, "test")
    count = int(torch.randint(FEWEST, MOST + 1, (), generator=rng))
    forged = torch.randperm(COUNT, generator=rng) < count
    fake = forger(collection, steps)(gan.latents(COUNT, rng), batch.y)
    x = torch.where(forged[:, None, None, None], fake, batch.x)
    return Exam(collection, steps, floats(levels(x)).reshape(x.shape), batch.y, forged, monotonic())


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
    texts, gan = words("gan.play"), shelf.shelf(f"gan-{exam.collection}").model
    chances = line(f"gan-{exam.collection}").chances(gan.judge(exam.x, exam.y), exam.y)
    you, critic = Score.of(marks, exam.forged), Score.of(chances <= 0.5, exam.forged)
    forged = int(exam.forged.sum())
    low, high = interval(you.right, COUNT)
    rows = zip(exam.forged.tolist(), (chances <= 0.5).tolist(), marks.tolist(), twins(exam), strict=True)
    return {
        "pictures": [{"forged": f, "critic": c, "you": m, **twin} for f, c, m, twin in rows],
        "right": you.right,
        "critic": critic.right,
        "said": texts["said"].format(right=you.right, count=COUNT, critic=critic.right, steps=exam.steps),
        "yard": texts["yard"].format(
            **{"hits": you.hits, "alarms": you.alarms, "forged": forged, "real": COUNT - forged, "half": COUNT // 2},
            **{"critic_hits": critic.hits, "critic_alarms": critic.alarms},
            **{"low": round(100 * low), "high": round(100 * high)},
        ),
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


def twins(exam: Exam) -> list[dict[str, Any]]:
    """Of each picture: the training picture nearest to it dot for dot, and how usual that distance is."""
    trained, usual = archive(exam.collection)
    texts, said = words("gan.play"), []
    for distance, which in zip(*nearest_of(exam.x.flatten(1), trained), strict=True):
        share = round(100 * float((usual > distance).float().mean()))
        twin = floats(trained[which]).reshape(exam.x.shape[1:])
        said.append({"twin": uri(twin), "near": texts["near"].format(share=share, n=len(trained))})
    return said


@shelf.once
def archive(collection: str) -> tuple[Tensor, Tensor]:
    """Training pictures (N, C S S) uint8, and the distances (UNSEEN,) from unseen real pictures to the nearest."""
    data = shelf.collection(card(collection)["data"]["name"])
    held, plan = data.held("train"), card(collection)["plan"]
    if held < ENDLESS:
        trained = torch.cat([levels(data.fixed(min(1000, held - at), "train", at).x) for at in range(0, held, 1000)])
    else:  # drawn anew for every step: some of those the forger really met, from its first step to its last
        met = torch.linspace(0, plan["steps"] - 1, TRAINED // plan["batch"] + 1).long().tolist()
        trained = torch.cat([levels(data.batch(plan["batch"], noise(plan["seed"], step, 0)).x) for step in met])
    return trained, nearest_of(floats(levels(data.fixed(UNSEEN).x)), trained)[0]


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
