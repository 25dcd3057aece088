"""Is it copying? The longest run of words of a text that also stands in the texts a model learnt from.

What is kept is an index, not the texts: a Bloom filter (Bloom 1970) over every second run of RUN words, case and
punctuation aside, its K places in M bits made of one 64-bit hash (Kirsch & Mitzenmacher 2006). A long run of a text is
found as a chain of hits two words apart. That is no proof: a filter takes some runs for known that are not, chains may
join two places, and a word or two at a run's ends stay unseen. How often it errs is measured against the texts
themselves, and stands beside the index; and what is usual for people's texts is measured with the same index.
"""

import json
import re
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import safetensors
import torch

from core.checkpoint import write_tensors
from core.model import Mishap

RUN, EVERY = 6, 2  # words of a run, and from how many one is kept
SHORTEST = 8  # words that are told of: of two chained hits few are due to chance
BITS, PLACES = 24_000_000, 6  # M and K
SIZES = (50, 100, 200, 400)  # words of the windows in which the longest run is looked for
LARGE = 2  # words: an error of more is counted
WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
MIX, MULTIPLY = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x9E3779B97F4A7C15)


class Found(NamedTuple):
    """A run of `words` words, text[begin:end]."""

    words: int
    begin: int
    end: int


@lru_cache(200_000)
def word_hash(word: str) -> int:
    return int.from_bytes(blake2b(word.encode(), digest_size=8).digest(), "little")


def hashes(text: str) -> np.ndarray:
    """The hash of each word (W,) uint64."""
    words = (word.lower().replace("’", "'") for word in WORD.findall(text))
    return np.array([word_hash(word) for word in words], np.uint64)


def runs(words: np.ndarray, length: int = RUN) -> np.ndarray:
    """(W,) word hashes -> the hash of each run of `length` words (W - length + 1,), none if there are fewer."""
    count = max(0, len(words) - length + 1)
    made = np.zeros(count, np.uint64)
    for k in range(length):
        made = further(made, words[k : k + count])
    return made


def further(made: np.ndarray, word: np.ndarray) -> np.ndarray:
    """Hashes of runs and of the word after each -> those of runs one word longer."""
    made = (made ^ (word * MIX)) * MULTIPLY
    return made ^ (made >> np.uint64(29))


class Index:
    """The filter (M / 8,) uint8, and what was measured of it."""

    def __init__(self, bits: np.ndarray, facts: dict[str, Any]):
        self.bits, self.facts = bits, facts

    def knows(self, made: np.ndarray) -> np.ndarray:
        """Hashes of runs (N,) -> whether each was met, (N,) bool; some are taken for met that were not."""
        at = places(made, 8 * len(self.bits))  # (K, N)
        return np.all((self.bits[at >> 3] >> (at & 7).astype(np.uint8)) & 1, axis=0)

    def chain(self, words: np.ndarray) -> tuple[int, int]:
        """Word hashes (W,) -> the longest chain: words in it, and with which it begins; 0 words for none."""
        hits, best = self.knows(runs(words)), (0, 0)
        for parity in range(EVERY):
            length = 0
            for k, hit in enumerate(hits[parity::EVERY].tolist()):
                length = (length + EVERY if length else RUN) if hit else 0
                best = max(best, (length, EVERY * k + parity + RUN - length))
        return best if best[0] >= SHORTEST else (0, 0)

    def longest(self, text: str) -> Found | None:
        """The longest run of a text, or None if none has SHORTEST words."""
        length, first = self.chain(hashes(text))
        if not length:
            return None
        spans = [match.span() for match in WORD.finditer(text)][first : first + length]
        return Found(length, spans[0][0], spans[-1][1])

    def usual(self, size: int) -> tuple[int, dict[str, float]]:
        """For a text of `size` words: the nearest size that was measured, and part -> the median longest run there."""
        sizes = {int(known): medians for known, medians in self.facts["usual"].items()}
        nearest = min(sizes, key=lambda known: abs(np.log(known / max(1, size))))
        return nearest, sizes[nearest]


def places(made: np.ndarray, bits: int) -> np.ndarray:
    """(N,) hashes -> the places of each in the filter (K, N) int64."""
    one, two = made % np.uint64(bits), (made >> np.uint64(32)) | np.uint64(1)
    steps = np.arange(PLACES, dtype=np.uint64)[:, None]
    return ((one + steps * two) % np.uint64(bits)).astype(np.int64)


def build(documents: Iterable[np.ndarray], bits: int = BITS) -> Index:
    """The index of documents, each given as its word hashes. Nothing is measured yet."""
    met = np.zeros(bits, bool)
    for words in documents:
        met[places(runs(words)[::EVERY], bits)] = True
    return Index(np.packbits(met, bitorder="little"), {})


def windows(documents: list[np.ndarray], size: int) -> list[np.ndarray]:
    """Each document cut into pieces of `size` words, what is left over dropped."""
    return [words[at : at + size] for words in documents for at in range(0, len(words) - size + 1, size)]


def exact(train: list[np.ndarray], texts: list[np.ndarray], most: int = 60) -> np.ndarray:
    """The true longest run of each text, up to `most` words, from sorted lists of all runs of each length; (N,)."""
    gap = np.zeros(1, np.uint64)  # no word: what reaches over the end of a document must meet nothing
    row = np.concatenate([part for words in train for part in (words, gap)])
    ends = np.concatenate(([0], np.cumsum(row == 0)))
    made, found = np.zeros(len(row), np.uint64), np.zeros(len(texts), int)
    for length in range(1, most + 1):
        made = further(made[: len(row) - length + 1], row[length - 1 :])
        if length < SHORTEST - LARGE - 1:
            continue
        met = np.sort(made[ends[length:] == ends[:-length]])
        for k in np.flatnonzero(found >= length - 1) if length > SHORTEST - LARGE - 1 else range(len(texts)):
            asked = runs(texts[k], length)
            at = np.searchsorted(met, asked).clip(max=len(met) - 1)
            found[k] = length if (met[at] == asked).any() else found[k]
        if not (found >= length).any():
            break
    return found


def measure(index: Index, train: list[np.ndarray], held: dict[str, list[np.ndarray]]) -> dict[str, Any]:
    """The facts of an index: what it was made of, how often it errs, and what is usual in texts nobody learnt from."""
    usual: dict[str, dict[str, float]] = {}
    for size in SIZES:
        medians = {
            part: float(np.median([index.chain(words)[0] for words in cut]))
            for part, documents in held.items()
            if len(cut := windows(documents, size)) >= 20
        }
        usual |= {str(size): medians} if medians else {}
    texts = [words for documents in held.values() for words in windows(documents, 100)[:400]]
    true, told = exact(train, texts), np.array([index.chain(words)[0] for words in texts])
    wrong = np.where(told > 0, np.abs(told - true) > LARGE, true >= SHORTEST + LARGE)
    return {
        "words": sum(map(len, train)),
        "run": RUN,
        "filled": round(float(np.unpackbits(index.bits).mean()), 4),
        "false hits": round(false_hits(index), 4),
        "wrong by more than two words": round(float(wrong.mean()), 4),
        "texts": len(texts),
        "usual": usual,
    }


def false_hits(index: Index, n: int = 200_000) -> float:
    """How often a run that was never met is taken for known."""
    return float(index.knows(np.random.default_rng(0).integers(0, 2**64, n, np.uint64)).mean())


def write(path: Path, index: Index) -> None:
    """Keeps an index with its facts, whole or not at all."""
    write_tensors(path, {"bits": torch.from_numpy(index.bits)}, {"facts": json.dumps(index.facts)})


def read(path: Path) -> Index | None:
    """An index that was kept; None where there is none, Mishap where it is damaged."""
    if not path.is_file():
        return None
    try:
        with safetensors.safe_open(path, "pt") as file:
            bits, facts = file.get_tensor("bits"), json.loads((file.metadata() or {})["facts"])
    except (OSError, ValueError, KeyError, RecursionError, safetensors.SafetensorError):
        raise Mishap(f"{path.name} cannot be read as an index of runs: it is damaged, or of another kind.") from None
    if bits.dtype != torch.uint8 or bits.dim() != 1 or not len(bits) or not isinstance(facts, dict):
        raise Mishap(f"{path.name} is no index of runs.")
    return Index(bits.numpy(), facts)
