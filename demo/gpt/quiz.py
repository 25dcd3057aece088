"""Guess the next word of a story, against the model, and against a table of pairs (bigram). No Gradio.

What comes next stays here until the visitor has answered. All three choose among the same four words: the true one,
the likeliest other of the model, that of the pairs, and as many more of the model's as are needed.
"""

import re
import secrets
from threading import Lock
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.data import data_folder
from core.data.text import RETOLD, encode, held_out, read_all, read_documents
from core.gpt import GPT
from core.model import Mishap, noise
from demo.limits import whole
from demo.shelf import once, shelf
from demo.spelling import name, rounded
from demo.telling import TELLER
from demo.telling import pairs as bigram
from demo.words import words

TEXTS = words("gpt.tell.quiz")
FOUR = 4  # words to choose from
SHOWN, EARLIEST = 70, 12  # tokens before the word that are shown at most, and that there are at least
KEPT = 1_000  # questions that nobody has answered
WORD = re.compile(" [A-Za-z]{2,}")


class Question(NamedTuple):
    """What the page must not know yet."""

    truth: int  # which of the four
    model: Tensor  # (FOUR,) what the model and the pairs give each
    pairs: Tensor


class Book(NamedTuple):
    """Stories nobody here has read, as one row of tokens with a 0 before each."""

    row: Tensor
    places: Tensor  # where a whole word stands
    usual: Tensor  # (V,) bool: tokens that are a whole word somewhere in it
    unread: bool  # else the storyteller told them itself


QUESTIONS: dict[str, Question] = {}
LOCK = Lock()


@once
def book() -> Book:
    """Held-out stories where the collection is on this machine, else those that the storyteller told."""
    teller = shelf(TELLER)
    unread = [document for document in read_all(data_folder(), "TinyStories") if held_out(document)]
    row = encode(teller.tokenizer, unread or read_documents(RETOLD)[:400]).long()
    names = [name(teller.tokenizer, token) if token else "" for token in range(teller.model.config.vocab)]
    begins = torch.tensor([bool(WORD.fullmatch(text)) for text in names])
    goes_on = torch.tensor([text[:1].isalpha() or text[:1] in "'’" for text in names])
    ends = torch.cat((~goes_on[row[1:]], torch.tensor([True])))
    words_whole = begins[row] & ends
    ends_of = row.new_zeros(len(names)).index_add_(0, row, words_whole.long())
    since = torch.arange(len(row)) - torch.where(row == 0, torch.arange(len(row)), 0).cummax(0).values
    return Book(row, (words_whole & (since >= EARLIEST)).nonzero()[:, 0], ends_of > 0, bool(unread))


def ask(asked: dict[str, Any]) -> dict[str, Any]:
    """A new question: its id, the text so far and four words; "old" is one that need not be kept."""
    teller, pages, rng = shelf(TELLER), book(), noise(secrets.randbits(60))
    at = int(pages.places[torch.randint(len(pages.places), (), generator=rng)])
    before, truth = context(pages.row, at, teller.model.config.context), int(pages.row[at])
    model, pairs = chances(teller.model, before)
    offered = options(truth, model.where(pages.usual, 0), pairs.where(pages.usual, 0))
    offered = [offered[i] for i in torch.randperm(FOUR, generator=rng).tolist()]
    key, old = secrets.token_urlsafe(9), asked.get("old")
    with LOCK:
        QUESTIONS.pop(old if isinstance(old, str) else "", None)
        while len(QUESTIONS) >= KEPT:
            del QUESTIONS[next(iter(QUESTIONS))]
        QUESTIONS[key] = Question(offered.index(truth), model[offered], pairs[offered])
    text = teller.tokenizer.decode([token for token in before[-SHOWN:] if token]).lstrip("\ufffd ")
    short = "… " if len(before) > SHOWN else ""
    return {
        "id": key,
        "text": short + text,
        "words": [name(teller.tokenizer, token).strip() for token in offered],
        "source": TEXTS["unread" if pages.unread else "retold"],
    }


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """{"id", "choice"} -> what it was, what the two rivals chose, and the chances they gave; once."""
    choice, key = whole(asked.get("choice"), 0, FOUR - 1, TEXTS["choice"]), asked.get("id")
    with LOCK:
        question = QUESTIONS.pop(key, None) if isinstance(key, str) else None
    if question is None:
        raise Mishap(TEXTS["gone"])
    return {
        "truth": question.truth,
        "choice": choice,
        "model": int(question.model.argmax()),
        "pairs": int(question.pairs.argmax()),
        "chances": [[rounded(float(share)) for share in both] for both in zip(question.model, question.pairs)],
    }


def context(row: Tensor, at: int, most: int) -> list[int]:
    """The tokens of a place's story before it, with the 0 that begins it if it is near enough."""
    before = row[max(0, at - most) : at]
    starts = (before == 0).nonzero()[:, 0]
    return before[int(starts[-1]) if len(starts) else 0 :].tolist()


@torch.inference_mode()
def chances(gpt: GPT, before: list[int]) -> tuple[Tensor, Tensor]:
    """What comes next, for the model and for the table of pairs: (V,) each."""
    return gpt(torch.tensor([before]))[0, -1].softmax(-1), bigram().after(before[-1]).float()


def options(truth: int, model: Tensor, pairs: Tensor) -> list[int]:
    """Four tokens: the true one, the best others of both rivals, and the model's next best."""
    offered = [truth]
    for ranking, wanted in ((model.topk(2), 2), (pairs.topk(3), 3), (model.topk(2 * FOUR), FOUR)):
        for token in ranking.indices.tolist():
            if token not in offered and len(offered) < wanted:
                offered.append(token)
    return offered
