"""What might come next at a place of a story: the likeliest pieces, what the knobs make of their chances, and how the
story would go on after each. No Gradio.

The page sends all that is asked about; what is remembered here is a memory of sums, not of visitors.
"""

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from core.gpt import GPT, Guess, shaped, throw
from core.model import Mishap, noise
from demo.gpt.turns import ask, who
from demo.limits import whole
from demo.spelling import best, rounded
from demo.telling import SEEDS, Knobs, knobs, loaded
from demo.words import counted, words

TEXTS = words("gpt.tell.ahead")
ROWS = 7  # likeliest pieces that are offered
FURTHER = 10  # tokens of a preview
NEUTRAL = Knobs(1.0, 0, 1.0, 0.0, 1.0)  # as learnt
LATEST = 1_000_000  # no story has so many tokens


@lru_cache(256)
@torch.inference_mode()
def logits(teller: str, ids: tuple[int, ...]) -> Tensor:
    """(V,) what a teller makes of the tokens it looks back on."""
    return loaded(teller).model(torch.tensor([ids]))[0, -1].clone()


def guess(teller: str, ids: list[int], token: int) -> Guess:
    """A token that a visitor took, as if the teller had said it after ids."""
    return ask(guessed, teller, ids, token)


def guessed(teller: str, ids: list[int], token: int) -> Guess:
    chances = logits(teller, tuple(ids[-loaded(teller).model.config.context :])).softmax(-1)
    top = chances.topk(5)
    return Guess(token, float(chances[token]), list(zip(top.indices.tolist(), top.values.tolist())))


def weigh(asked: dict[str, Any]) -> dict[str, Any]:
    """{"teller", "ids", knobs, "written" or null} -> the likeliest pieces and the written one, and what each knob did.

    "rows": [text, chance as learnt, token, chance in the throw]; "cuts": sentences.
    """
    teller, ids, dice = who(asked), window(asked), dice_of(asked)
    said, last = ask(logits, teller, ids), loaded(teller).model.end
    chances, thrown = stage(said, ids, NEUTRAL, last), stage(said, ids, dice, last)
    offered = chances.topk(ROWS).indices.tolist()
    if (written := asked.get("written")) is not None:
        written = whole(written, 0, len(chances) - 1, TEXTS["piece"])
        offered += [written] if written not in offered else []
    thrown = thrown / thrown.sum()
    rows = best(loaded(teller).tokenizer, [(token, float(chances[token])) for token in offered], last)
    return {
        "rows": [[*row, rounded(float(thrown[row[2]]))] for row in rows],
        "cuts": cuts(said, ids, dice, last),
    }


def stage(said: Tensor, ids: tuple[int, ...], dice: Knobs, last: int = 0) -> Tensor:
    """(V,) the chances that these knobs leave, not of sum 1 where they cut; last ends a story."""
    return shaped(said[None], seen=torch.tensor([ids]), end=last, **dice._asdict())[0]


def cuts(said: Tensor, ids: tuple[int, ...], dice: Knobs, last: int = 0) -> list[str]:
    """A sentence for each knob that does anything here, in the order in which they are turned."""
    now, sentences = NEUTRAL, []
    before = stage(said, ids, now, last)
    for knob in ("penalty", "temperature", "top_k", "top_p", "min_p"):
        now = now._replace(**{knob: getattr(dice, knob)})
        if getattr(dice, knob) != getattr(NEUTRAL, knob):
            after = stage(said, ids, now, last)
            moved = knob in ("penalty", "temperature")
            share = float((after - before).abs().sum()) / 2 if moved else float(before.sum() - after.sum())
            sentences.append(TEXTS["moved" if moved else "cut"].format(knob=TEXTS[knob], share=percent(share)))
            before = after
    left = int((before > 0).sum())
    return [*sentences, counted(TEXTS["left"], left=left, all=len(before))]


def percent(share: float) -> str:
    """12 %, 0.4 %, under 0.1 %."""
    return TEXTS["little"] if share < 0.001 else f"{100 * share:.2g} %" if share < 0.0995 else f"{100 * share:.0f} %"


def preview(asked: dict[str, Any]) -> dict[str, Any]:
    """{"teller", "ids", knobs, "tokens", "seed", "known"} -> {"on"}: how the story would go on after each token.

    With the dice that would be thrown if it were taken: known is how many tokens the story has before it. That holds
    while the story fits the context; beyond it a preview looks back somewhat less far than the telling.
    """
    teller, ids, dice = who(asked), window(asked), dice_of(asked)
    vocab = loaded(teller).model.config.vocab
    tokens = asked.get("tokens")
    if not isinstance(tokens, list) or not 1 <= len(tokens) <= ROWS + 1:
        raise Mishap(TEXTS["bad_ids"])
    taken = tuple(whole(token, 0, vocab - 1, TEXTS["piece"]) for token in tokens)
    seed = whole(asked.get("seed"), 0, SEEDS, "The seed")
    known = whole(asked.get("known"), 1, LATEST, TEXTS["piece"])
    return {"on": ask(further, teller, ids, taken, dice, seed, known)}


@lru_cache(64)
def further(teller: str, ids: tuple[int, ...], taken: tuple[int, ...], dice: Knobs, seed: int, known: int) -> list[str]:
    """FURTHER tokens after each of the taken ones, spelt; "" after the end of a story."""
    last = loaded(teller).model.end
    rows = go_on(loaded(teller).model, list(ids), list(taken), noise(seed, known + 1), dice)
    told = [row[: row.index(last)] if last in row else row for row in rows]
    return ["" if token == last else spelt(loaded(teller), row) for token, row in zip(taken, told)]


def spelt(teller: Any, tokens: list[int]) -> str:
    """Tokens as text; half a character at either end is left out."""
    return teller.tokenizer.decode(tokens).strip("\ufffd")


@torch.inference_mode()
def go_on(gpt: GPT, ids: list[int], taken: list[int], rng: torch.Generator, dice: Knobs) -> list[list[int]]:
    """N taken tokens -> N rows of FURTHER more, all streams in one batch and with the same throws."""
    ids = ids[-(gpt.config.context - FURTHER) :]
    one, many = gpt.cache(), gpt.cache(len(taken))
    gpt(torch.tensor([ids]), one)
    many.store[:, :, :, :, : one.length] = one.store[:, :, :, :, : one.length]
    many.length = one.length
    rows = torch.cat((torch.tensor([ids]).expand(len(taken), -1), torch.tensor(taken)[:, None]), 1)
    for _ in range(FURTHER):
        chances = shaped(gpt(rows[:, -1:], many)[:, -1], seen=rows, end=gpt.end, **dice._asdict())
        rows = torch.cat((rows, throw(chances, torch.rand((1, 1), generator=rng).expand(len(rows), 1))), 1)
    return rows[:, len(ids) + 1 :].tolist()


def dice_of(asked: dict[str, Any]) -> Knobs:
    return knobs(*(asked.get(knob) for knob in Knobs._fields))


def window(asked: dict[str, Any]) -> tuple[int, ...]:
    """The tokens a page says it looks back on; Mishap if they are none."""
    ids, config = asked.get("ids"), loaded(who(asked)).model.config
    if not isinstance(ids, list) or not 1 <= len(ids) <= config.context:
        raise Mishap(TEXTS["bad_ids"])
    if not all(type(token) is int and 0 <= token < config.vocab for token in ids):
        raise Mishap(TEXTS["bad_ids"])
    return tuple(ids)
