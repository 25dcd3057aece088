"""What a storyteller's heads are worth: the loss on held-out text without them. No Gradio.

Each head of our storyteller is measured alone, once for everybody, so that a visitor's can be held against them all.
"""

import logging
import math
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from statistics import median
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.data import data_folder
from core.data.text import RETOLD, held_out, read_all, read_documents
from core.lens import Head, nats, without
from demo.gpt.turns import LOOKER, ask
from demo.shelf import once
from demo.spelling import raw
from demo.telling import TELLER, loaded
from demo.words import words

TEXTS = words("gpt.mind")
STORIES, FEW = 12, 4  # of the held-out text, each from its beginning up to a whole context; fewer for a bigger teller
CONTEXT = 256  # tokens of a story at most
EDGES = (0.01, 0.05, 0.2)  # what counts as a little worse, in the order of the guesses

ALONE: dict[Head, list[float]] = {}  # head -> nats of each held-out story without it, as far as they are measured
BEGUN = Lock()  # taken by a survey, for good unless it breaks off

log = logging.getLogger("atelier")


class Held(NamedTuple):
    """Text that was kept from our storyteller's training."""

    name: str
    stories: list[Tensor]  # (T,) each
    size: int  # bytes of all tokens but each story's first


@once
def held(teller: str) -> Held:
    """Stories of TinyStories where they are on this machine, else of those in the house, as this teller reads them."""
    model, _, tokenizer = loaded(teller)
    most, end = min(CONTEXT, model.config.context), model.end
    real = read_all(data_folder(), "TinyStories")
    documents = [story for story in real or read_documents(RETOLD) if held_out(story)]
    documents = documents[: STORIES if teller == TELLER else FEW]
    rows = [[end, *tokenizer.encode(story, add_special_tokens=False).ids, end][: most + 1] for story in documents]
    size = sum(len(raw(tokenizer, token)) for row in rows for token in row[1:] if token != end)
    return Held("stories" if real else "retold", [torch.tensor(row) for row in rows], size)


@partial(once, most=500)
def loss(teller: str, off: frozenset[Head]) -> float:
    """Nats of the held-out text without these heads; a story at a time, so that others come in between."""
    return sum(ask(cost, teller, off, i) for i in range(len(held(teller).stories)))


def cost(teller: str, off: frozenset[Head], i: int) -> float:
    """Nats of one of these stories."""
    return nats(without(loaded(teller).model, off), [held(teller).stories[i]])


def verdict(teller: str, off: frozenset[Head]) -> dict[str, Any]:
    """What the loss became, in a sentence, with the intact model's beside it, and of ours what single heads cost."""
    text, config, known = held(teller), loaded(teller).model.config, teller == TELLER
    intact, left = loss(teller, frozenset()), loss(teller, off)
    if known and BEGUN.acquire(blocking=False):  # after what the visitor waits for
        survey()
    bits = 1 / math.log(2) / text.size
    tokens = sum(len(story) - 1 for story in text.stories)
    which = text.name if known else "bigger"
    facts = {"text": TEXTS["whose"][which], "rise": percent(left / intact - 1)}
    facts["which"] = TEXTS["one_head" if len(off) == 1 else "heads"].format(*(at + 1 for at in min(off)), n=len(off))
    said = TEXTS["said"].format(left=left * bits, intact=intact * bits, **facts)
    blind = TEXTS["blind"].format(blind=math.log(config.vocab) * tokens * bits)
    sample = TEXTS["sample"][which].format(stories=len(text.stories), tokens=tokens)
    heads, pending = config.layers * config.heads, known and bool(unmeasured())
    if not known:
        others = TEXTS["unsurveyed"].format(heads=heads)
    elif pending:
        others = TEXTS["pending"].format(heads=heads)
    else:
        rises = [sum(alone) / intact - 1 for alone in ALONE.values()]
        spread = {"low": percent(min(rises)), "middle": percent(median(rises)), "high": percent(max(rises))}
        others = TEXTS["spread"].format(heads=heads, **spread)
    came = TEXTS["guesses"][sum(left / intact - 1 >= edge for edge in EDGES)] if len(off) == 1 else ""
    return {"said": said, "yard": f"{blind} {others} {sample}", "came": came, "pending": pending}


def percent(share: float) -> str:
    """A change with its sign: +0.75 %, -0.01 %."""
    return f"{100 * share:+.2f} %".replace("-", "−")


# The survey of our storyteller's heads


def unmeasured() -> list[Head]:
    """Heads of which not all stories are measured yet."""
    config, stories = loaded(TELLER).model.config, len(held(TELLER).stories)
    every = [(layer, head) for layer in range(config.layers) for head in range(config.heads)]
    return [head for head in every if len(ALONE.get(head, ())) < stories]


def weigh(which: Head) -> None:
    """Measures one story more, which takes as long as a look."""
    done = ALONE.setdefault(which, [])
    done.append(cost(TELLER, frozenset({which}), len(done)))


def survey(last: Future[None] | None = None) -> None:
    """Measures each head alone, a story at a time, so that whoever asks meanwhile comes in between."""
    if last is not None and (fault := last.exception()):
        log.error("The survey of the heads broke off", exc_info=fault)
        BEGUN.release()  # whoever switches a head off next begins it again
        return
    if left := unmeasured():
        with suppress(RuntimeError):  # the page is being closed
            LOOKER.submit(weigh, left[0]).add_done_callback(survey)
