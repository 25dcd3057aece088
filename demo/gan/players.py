"""Who an exam is sat against: a forger as it stood at some step, and its critic. No Gradio.

Either a shipped forger at one of the ages that were kept, or that of a training on this page, by the link for its
watchers. Of a training a copy is taken while it rests between two slices; finding the copy's line is no work of the
training's. All who ask within a few seconds of learning share one copy.
"""

from copy import deepcopy
from functools import partial
from typing import NamedTuple

from core.checkpoint import ages
from core.data import is_here
from core.data.collection import Few, Pictures
from core.gan import GAN, Generator
from core.model import Mishap
from core.verdict import Line, measured
from demo import shelf
from demo.gan.critic import line
from demo.gan.forger import card, collections
from demo.gan.relatives import TRAINED, Met
from demo.runs import RUNS, Run
from demo.words import words

EACH = 32  # unseen pictures of each subject that a training's critic is held against: half of them to find its line
SHARED = 10.0  # seconds of learning within which one copy of a training is enough
LATEST = 8  # copies at once, of 2.5 MB (small) or 9 MB (medium)


class Players(NamedTuple):
    """A forger, and the critic that sits the exam beside the person."""

    forger: Generator
    gan: GAN  # whose critic it is
    line: Line  # of that critic
    data: Pictures
    met: Met  # what both have learnt from
    steps: int  # how long the forger had learnt
    free: int = 0  # the unseen pictures from here on had no part in finding the line
    guest: bool = False  # a training's of this page


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


def shipped(collection: str, steps: int) -> Players:
    """A shipped forger at one of its ages, and the critic of the master."""
    gan, told = shelf.shelf(f"gan-{collection}").model, card(collection)
    data, plan = shelf.collection(told["data"]["name"]), told["plan"]
    met = Met.by(data, plan["seed"], plan["batch"], plan["steps"])
    return Players(forger(collection, steps), gan, line(f"gan-{collection}"), data, met, steps)


def guests(link: str) -> Players:
    """Those of a training as it now stands; Mishap where there is none behind this link."""
    run = found(link)
    moment = f"{run.trainer.seconds // SHARED}" if run.seat else run.trainer.step  # at rest, the very last
    return copied(link, (run.id, moment))  # a run started over has the same link


def found(link: str) -> Run:
    run = RUNS.watched(link)
    if run is None or run.trainer.plan.family != "gan":
        raise Mishap(words("gan.play")["no_run"])
    return run


@partial(shelf.once, most=LATEST)
def copied(link: str, moment: object) -> Players:
    """A copy of a training's players, and the line of its critic: found on unseen pictures and fresh forgeries."""
    run = found(link)
    with run.lock:
        gan, steps, data = deepcopy(run.trainer.model), run.trainer.step, run.trainer.data
    if not all(weights.isfinite().all() for weights in gan.parameters()):
        raise Mishap(words("gan.play")["ran_away"])
    gan.generator = gan.average  # the other one only learns
    gan = gan.cpu().eval()
    met = Met.by(data, run.trainer.plan.seed, run.trainer.batch, max(1, min(steps, TRAINED // run.trainer.batch)))
    whole = data.whole if isinstance(data, Few) else data
    real = whole.fixed(min(EACH * max(1, len(whole.card.labels)), whole.held() // 2))
    found_line = measured(gan, real.x, gan.labels(real))
    return Players(gan.average, gan, found_line, whole, met, steps, len(real.x), True)


def rightly(line: Line) -> tuple[int, float]:
    """On how many unseen pictures a line was tried, with as many forgeries, and on what share of both it was right."""
    n = line.n.sum()
    return 2 * int(n), float(((line.takes + 1 - line.passes) * line.n).sum() / (2 * n))
