"""What there is to see inside the storyteller, asked for by the page piece by piece. No Gradio.

The page sends all that an answer depends on, so nothing is remembered about anybody. Heads are switched off in modules
made for the one answer (core/lens.py); the shared weights are only read.
"""

import logging
import math
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache
from statistics import median
from threading import BoundedSemaphore, Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.data import data_folder
from core.data.text import END, LARGEST, RETOLD, held_out, read_all, read_documents
from core.gpt import GPT
from core.lens import Head, attention, lens, look, nats, parts, without
from core.model import Mishap, noise
from demo.limits import whole
from demo.shelf import card, once, shelf
from demo.spelling import best, name, raw, rounded
from demo.telling import TELLER, readable
from demo.words import words

TEXTS = words("gpt.mind")
MOST, LETTERS = 64, 600  # tokens and characters of a text to look into
STORIES = 12  # of the held-out text, each from its beginning up to a whole context
ON = 20  # tokens told with and without a head
QUEUE = 40  # answers under way or waiting, of all visitors
EDGES = (0.01, 0.05, 0.2)  # what counts as a little worse, in the order of the guesses

# One thread looks: who asks waits for those before, and the survey of all heads stands aside for everybody.
LOOKER = ThreadPoolExecutor(1, "looker", initializer=torch.set_num_threads, initargs=(1,))
SEATS = BoundedSemaphore(QUEUE)
ALONE: dict[Head, list[float]] = {}  # head -> nats of each held-out story without it, as far as they are measured
BEGUN = Lock()  # taken by a survey, for good unless it breaks off

log = logging.getLogger("atelier")


class Question(NamedTuple):
    """What a page asks about, checked."""

    ids: list[int]  # END, then the visitor's text
    at: int  # the chosen token
    off: frozenset[Head]


class Held(NamedTuple):
    """Text that was kept from training."""

    name: str
    stories: list[Tensor]  # (T,) each
    size: int  # bytes of all tokens but each story's first


def question(asked: dict[str, Any]) -> Question:
    """What a stranger asks, checked; Mishap for what cannot be looked into. Unless chosen, `at` is the last token."""
    if len(text := readable(asked.get("text"), LARGEST)) > LETTERS:
        raise Mishap(TEXTS["long_text"].format(letters=len(text), most=LETTERS))
    if not text.strip():
        raise Mishap(TEXTS["no_text"])
    tokenizer = shelf(TELLER).tokenizer
    ids = [tokenizer.token_to_id(END), *tokenizer.encode(text, add_special_tokens=False).ids]
    if len(ids) > MOST + 1:
        raise Mishap(TEXTS["many_pieces"].format(pieces=len(ids) - 1, most=MOST))
    last = len(ids) - 1
    at = asked.get("at")
    return Question(ids, last if at is None else whole(at, 0, last, TEXTS["piece"]), heads_off(asked.get("off", [])))


def heads_off(asked: Any) -> frozenset[Head]:
    """[[layer, head], ...] as a stranger sent it, both from 0."""
    config = shelf(TELLER).model.config
    if not isinstance(asked, list) or len(asked) > config.layers * config.heads:
        raise Mishap(TEXTS["bad_heads"])
    return frozenset(one_head(one, config) for one in asked)


def one_head(one: Any, config: GPT.Config) -> Head:
    if not isinstance(one, list) or len(one) != 2:
        raise Mishap(TEXTS["bad_heads"])
    return (
        whole(one[0], 0, config.layers - 1, TEXTS["layer"]),
        whole(one[1], 0, config.heads - 1, TEXTS["head"]),
    )


def in_turn(
    answer: Callable[..., Any], *given: Any, by: ThreadPoolExecutor = LOOKER, seats: BoundedSemaphore = SEATS
) -> Any:
    """An answer worked out by the one thread that looks; Mishap where too many wait for it already."""
    if not seats.acquire(blocking=False):
        raise Mishap(TEXTS["crowd"])
    try:
        return by.submit(answer, *given).result()
    finally:
        seats.release()


def seen(asked: dict[str, Any]) -> dict[str, Any]:
    """{"text", "at", "off"} -> the tokens, where each head looks from the chosen one, and each layer's guess there."""
    return in_turn(seen_there, question(asked))


@torch.inference_mode()
def seen_there(asked: Question) -> dict[str, Any]:
    gpt, _, tokenizer = shelf(TELLER)
    sight = look(gpt, torch.tensor(asked.ids), asked.off)
    weights = attention(sight.scores)[:, :, asked.at, : asked.at + 1]
    truth = asked.ids[asked.at + 1] if asked.at + 1 < len(asked.ids) else None
    layers = []
    for chances in lens(gpt, sight.stream[:, asked.at]).softmax(-1):
        top = chances.topk(3)
        guesses = best(tokenizer, list(zip(top.indices.tolist(), top.values.tolist())), asked.ids[0])
        layers.append({"top": guesses, "truth": None if truth is None else rounded(float(chances[truth]))})
    return {
        "pieces": ["", *(name(tokenizer, token) for token in asked.ids[1:])],
        "at": asked.at,
        "heads": digits(weights),
        "layers": layers,
    }


def ahead(asked: dict[str, Any]) -> dict[str, Any]:
    """{"text", "at", "off", "head"} -> one head's weights (T, T) with the causal mask and without, and a sentence."""
    return in_turn(seen_ahead, question(asked), one_head(asked.get("head"), shelf(TELLER).model.config))


@torch.inference_mode()
def seen_ahead(asked: Question, which: Head) -> dict[str, Any]:
    scores = look(shelf(TELLER).model, torch.tensor(asked.ids), asked.off).scores[which]
    free = attention(scores, causal=False)
    later = free.triu(1).sum(1)
    facts = {"all": round(100 * float(later.mean())), "here": round(100 * float(later[asked.at]))}
    piece = "" if not asked.at else name(shelf(TELLER).tokenizer, asked.ids[asked.at]).strip()
    said = TEXTS["ahead_said"].format(piece=piece or TEXTS["mark"], **facts)
    return {"masked": digits(attention(scores)), "free": digits(free), "said": said}


def digits(x: Tensor) -> Any:
    """Weights as lists, with the digits that can be seen."""
    return (x * 1000).round().int().tolist()


def cut(asked: dict[str, Any]) -> dict[str, Any]:
    """{"text", "at", "off"} -> what changes without these heads: the next token, the story, the loss."""
    wanted = question(asked)
    if not wanted.off:
        raise Mishap(TEXTS["none_off"])
    changed = in_turn(cut_there, wanted)
    if BEGUN.acquire(blocking=False):
        survey()
    return changed


@torch.inference_mode()
def cut_there(asked: Question) -> dict[str, Any]:
    gpt, _, tokenizer = shelf(TELLER)
    ids, lesser = asked.ids[: asked.at + 1], without(gpt, asked.off)
    chances = torch.stack([model(torch.tensor([ids]))[0, -1].softmax(-1) for model in (gpt, lesser)])  # (2, V)
    rows = sorted({*chances[0].topk(4).indices.tolist(), *chances[1].topk(4).indices.tolist()})
    rows.sort(key=lambda token: -float(chances[0, token]))
    spelt = [best(tokenizer, [(token, float(chances[i, token])) for token in rows], ids[0]) for i in (0, 1)]
    stories = [told(model, ids) for model in (gpt, lesser)]
    same = next((i for i, (a, b) in enumerate(zip(*stories)) if a != b), min(map(len, stories)))
    return {
        "after": name(tokenizer, ids[-1]) if asked.at else None,
        "next": [[piece, intact, left] for (piece, intact, _), (_, left, _) in zip(*spelt)],
        "same": tokenizer.decode(stories[0][:same]),
        "stories": [tokenizer.decode(story[same:]) for story in stories],
        **verdict(asked.off),
    }


def told(gpt: GPT, ids: list[int]) -> list[int]:
    """The likeliest next tokens, one after the other, up to the end of the story."""
    tokens = [guess.token for guess in gpt.tell(ids, noise(0), ON, temperature=0)]
    return tokens[: tokens.index(ids[0])] if ids[0] in tokens else tokens


# The loss on held-out text


@once
def held() -> Held:
    """Stories kept from training: of TinyStories where they are on this machine, else of those in the house."""
    tokenizer, most = shelf(TELLER).tokenizer, card(TELLER)["config"]["context"]
    real = read_all(data_folder(), "TinyStories")
    documents = [story for story in real or read_documents(RETOLD) if held_out(story)][:STORIES]
    rows = [[0, *tokenizer.encode(story, add_special_tokens=False).ids, 0][: most + 1] for story in documents]
    size = sum(len(raw(tokenizer, token)) for row in rows for token in row[1:] if token)
    return Held("stories" if real else "retold", [torch.tensor(row) for row in rows], size)


@lru_cache(maxsize=500)
def loss(off: frozenset[Head]) -> float:
    """Nats of the held-out text without these heads."""
    return nats(without(shelf(TELLER).model, off), held().stories)


def unmeasured() -> list[Head]:
    """Heads of which not all stories are measured yet."""
    config, stories = shelf(TELLER).model.config, len(held().stories)
    every = [(layer, head) for layer in range(config.layers) for head in range(config.heads)]
    return [head for head in every if len(ALONE.get(head, ())) < stories]


def weigh(which: Head) -> None:
    """Measures one story more, which takes as long as a look."""
    done = ALONE.setdefault(which, [])
    done.append(nats(without(shelf(TELLER).model, {which}), [held().stories[len(done)]]))


def survey(last: Future[None] | None = None) -> None:
    """Measures each head alone, a story at a time, so that whoever asks meanwhile comes in between."""
    if last is not None and (fault := last.exception()):
        log.error("The survey of the heads broke off", exc_info=fault)
        BEGUN.release()  # whoever switches a head off next begins it again
        return
    if left := unmeasured():
        with suppress(RuntimeError):  # the page is being closed
            LOOKER.submit(weigh, left[0]).add_done_callback(survey)


def verdict(off: frozenset[Head]) -> dict[str, Any]:
    """What the loss became, in a sentence, with the intact model's and those of the single heads beside it."""
    text, config = held(), shelf(TELLER).model.config
    intact, left = loss(frozenset()), loss(off)
    bits = 1 / math.log(2) / text.size
    tokens = sum(len(story) - 1 for story in text.stories)
    which = TEXTS["one_head" if len(off) == 1 else "heads"].format(*(at + 1 for at in min(off)), n=len(off))
    said = TEXTS["said"].format(which=which, left=left * bits, intact=intact * bits, rise=percent(left / intact - 1))
    yard = TEXTS["sample"][text.name].format(stories=len(text.stories), tokens=tokens)
    blind = math.log(config.vocab) * tokens * bits
    heads, pending = config.layers * config.heads, bool(unmeasured())
    if not pending:
        rises = [sum(alone) / intact - 1 for alone in ALONE.values()]
        spread = {"low": percent(min(rises)), "middle": percent(median(rises)), "high": percent(max(rises))}
        yard = f"{TEXTS['spread'].format(heads=heads, **spread)} {yard}"
    else:
        yard = f"{yard} {TEXTS['pending'].format(heads=heads)}"
    came = TEXTS["guesses"][sum(left / intact - 1 >= edge for edge in EDGES)] if len(off) == 1 else ""
    yard = f"{TEXTS['blind'].format(blind=blind)} {yard}"
    return {"said": said, "yard": yard, "came": came, "pending": pending}


def percent(share: float) -> str:
    """A change with its sign: +0.75 %, -0.01 %."""
    return f"{100 * share:+.2f} %".replace("-", "−")


# The parts of a block


def anatomy() -> list[dict[str, str]]:
    """The parts of this model by their names, with real shapes and numbers of weights."""
    config = GPT.Config(**card(TELLER)["config"])
    with torch.device("meta"):  # shapes alone: the page is laid out before any weights are read
        found = parts(GPT(config))
    facts = {"heads": config.heads, "each": config.width // config.heads, "layers": config.layers}
    facts |= {"width": config.width, "hidden": config.hidden, "context": config.context, "vocab": config.vocab}
    rows = []
    for key, (title, what) in TEXTS["parts"].items():
        shape, count = found.get(key, ((), 0))
        size = " × ".join(f"{side:,}" for side in shape) or "–"
        rows.append({"title": title, "what": what.format(**facts), "shape": size, "weights": f"{count:,}"})
    block = sum(count for key, (_, count) in found.items() if key != "embed")
    total = found["embed"][1] + config.layers * block
    return [
        *rows,
        {"title": TEXTS["all"].format(block=block, **facts), "what": "", "shape": "", "weights": f"{total:,}"},
    ]
