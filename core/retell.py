"""Stories told by the storyteller itself, so that a visitor without the internet has stories to train on.

They are what the model says, unread and unchosen: each begins with one of a few beginnings and ends where the model
ends it, or at the last full stop before it runs too long.
"""

import gzip
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import torch
from tokenizers import Tokenizer

from core.data.text import END
from core.gpt import GPT
from core.model import noise

BEGINNINGS = (
    "Once upon a time, there was a little girl named",
    "Once upon a time, there was a little boy named",
    "Once upon a time, in a small house,",
    "Once upon a time there lived a king who",
    "One day, a little",
    "One day, a big",
    "There was once a poor man who",
    "Long ago, in a deep forest,",
    "Tom and his mom went to",
    "Lily and Ben were",
    "A small cat",
    "The old woman",
)
FOX = "Once upon a time, there was a little fox who"
UNCHOSEN = 20  # stories on a card, one for each seed from 0
TOGETHER, LONGEST = 24, 400  # stories told at once, tokens of one
KNOBS = {"temperature": 0.8, "top_p": 0.95}


def stories(model: GPT, tokenizer: Tokenizer, seed: int = 0) -> Iterator[str]:
    """Without end; round after round of TOGETHER stories that share a beginning."""
    round_ = 0
    while True:
        beginning = BEGINNINGS[round_ % len(BEGINNINGS)]
        prompt = torch.tensor([0, *tokenizer.encode(beginning).ids])
        *_, ids = model.sample(TOGETHER, noise(seed, round_), prompt=prompt, length=LONGEST, **KNOBS)
        for row in ids.tolist():
            told = row[1 : row.index(0, 1)] if 0 in row[1:] else row[1:]
            story = tokenizer.decode(told)
            yield story if 0 in row[1:] else story[: max(map(story.rfind, ".!?")) + 1]
        round_ += 1


def unchosen(model: GPT, tokenizer: Tokenizer, length: int = 150) -> list[str]:
    """How FOX goes on with each seed from 0 to UNCHOSEN - 1, for so many tokens or until the model ends it."""
    prompt, told = [0, *tokenizer.encode(FOX).ids], []
    with torch.inference_mode():
        for seed in range(UNCHOSEN):
            tokens = (guess.token for guess in model.tell(prompt, noise(seed), length, **KNOBS))
            told.append(FOX + tokenizer.decode(list(takewhile(bool, tokens))))
    return told


def write(path: Path, model: GPT, tokenizer: Tokenizer, size: int, seed: int = 0) -> Iterator[int]:
    """Writes about `size` bytes of stories to a .txt.gz; yields how many it has."""
    told: list[str] = []
    for story in stories(model, tokenizer, seed):
        told.append(story.strip())
        yield sum(len(s.encode()) for s in told)
        if sum(len(s.encode()) for s in told) >= size:
            break
    # without a time in it, the same stories are the same file
    path.write_bytes(gzip.compress(f"\n{END}\n".join(told).encode(), mtime=0))
