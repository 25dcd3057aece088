"""What there is to see inside a storyteller, asked for by the page piece by piece. No Gradio.

The page sends all that an answer depends on, so nothing is remembered about anybody. Heads are switched off in modules
made for the one answer (core/lens.py); the shared weights are only read.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.data.text import LARGEST
from core.gpt import GPT
from core.lens import Head, attention, look, without
from core.model import Mishap, noise
from demo.gpt.anatomy import anatomy
from demo.gpt.turns import ask, who
from demo.gpt.worth import verdict
from demo.limits import whole
from demo.spelling import best, name, rounded
from demo.telling import loaded, readable
from demo.words import words

TEXTS = words("gpt.mind")
MOST, LETTERS = 64, 600  # tokens and characters of a text to look into
ON = 20  # tokens told with and without a head


class Question(NamedTuple):
    """What a page asks about, checked."""

    teller: str  # the shipped storyteller, or one of BIGGER
    ids: list[int]  # what begins a document, then the visitor's text
    at: int  # the chosen token
    off: frozenset[Head]


def question(asked: dict[str, Any]) -> Question:
    """What a stranger asks, checked; Mishap for what cannot be looked into. Unless chosen, `at` is the last token."""
    if len(text := readable(asked.get("text"), LARGEST)) > LETTERS:
        raise Mishap(TEXTS["long_text"].format(letters=len(text), most=LETTERS))
    if not text.strip():
        raise Mishap(TEXTS["no_text"])
    teller = who(asked)
    model, _, tokenizer = loaded(teller)
    ids = [model.end, *tokenizer.encode(text, add_special_tokens=False).ids]
    most, last, at = min(MOST, model.config.context - 1), len(ids) - 1, asked.get("at")
    if last > most:
        raise Mishap(TEXTS["many_pieces"].format(pieces=last, most=most))
    at = last if at is None else whole(at, 0, last, TEXTS["piece"])
    return Question(teller, ids, at, heads_off(asked.get("off", []), model.config))


def heads_off(asked: Any, config: GPT.Config) -> frozenset[Head]:
    """[[layer, head], ...] as a stranger sent it, both from 0."""
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


def seen(asked: dict[str, Any]) -> dict[str, Any]:
    """{"teller", "text", "at", "off"} -> the tokens, where each head looks from the chosen one, each layer's guess."""
    wanted = question(asked)
    return ask(seen_there, wanted.teller, wanted)


@torch.inference_mode()
def seen_there(teller: str, asked: Question) -> dict[str, Any]:
    gpt, _, tokenizer = loaded(teller)
    sight = look(gpt, torch.tensor(asked.ids), asked.off)
    weights = attention(sight.scores)[:, :, asked.at, : asked.at + 1]
    truth = asked.ids[asked.at + 1] if asked.at + 1 < len(asked.ids) else None
    layers = []  # the logit lens
    for chances in gpt.answer(sight.stream[:, asked.at]).softmax(-1):
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
    """{"teller", "text", "at", "off", "head"} -> its weights (T, T) with its causal mask and without, a sentence."""
    wanted = question(asked)
    return ask(seen_ahead, wanted.teller, wanted, one_head(asked.get("head"), loaded(wanted.teller).model.config))


@torch.inference_mode()
def seen_ahead(teller: str, asked: Question, which: Head) -> dict[str, Any]:
    gpt, _, tokenizer = loaded(teller)
    scores = look(gpt, torch.tensor(asked.ids), asked.off).scores[which]
    free = attention(scores, causal=False)
    later = free.triu(1).sum(1)
    facts = {"all": round(100 * float(later.mean())), "here": round(100 * float(later[asked.at]))}
    piece = "" if not asked.at else name(tokenizer, asked.ids[asked.at]).strip()
    said = TEXTS["ahead_said"].format(piece=piece or TEXTS["mark"], **facts)
    return {"masked": digits(attention(scores)), "free": digits(free), "said": said}


def digits(x: Tensor) -> Any:
    """Weights as lists, with the digits that can be seen."""
    return (x * 1000).round().int().tolist()


def cut(asked: dict[str, Any]) -> dict[str, Any]:
    """{"teller", "text", "at", "off"} -> what changes without these heads: the next token, the story, the loss."""
    wanted = question(asked)
    if not wanted.off:
        raise Mishap(TEXTS["none_off"])
    return ask(cut_there, wanted.teller, wanted) | verdict(wanted.teller, wanted.off)


@torch.inference_mode()
def cut_there(teller: str, asked: Question) -> dict[str, Any]:
    gpt, _, tokenizer = loaded(teller)
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
    }


def told(gpt: GPT, ids: list[int]) -> list[int]:
    """The likeliest next tokens, one after the other, up to the end of the story."""
    tokens = [guess.token for guess in gpt.tell(ids, noise(0), ON, temperature=0)]
    return tokens[: tokens.index(ids[0])] if ids[0] in tokens else tokens


def blocks(asked: dict[str, Any]) -> list[dict[str, str]]:
    """{"teller"} -> the parts of that model (demo/gpt/anatomy.py)."""
    return anatomy(loaded(who(asked)).model)
