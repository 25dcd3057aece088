"""Tables of how often a token followed the few before it: what a language model must beat.

Witten & Bell 1991 (interpolated): a context trusts its own counts the more, the fewer kinds of tokens followed it, and
leaves the rest to the context that is one shorter; the shortest is the counts of single tokens, one added to each.

N tokens of a text to score.
"""

from collections.abc import Sequence
from pathlib import Path

import safetensors
import torch
from torch import Tensor

from core.checkpoint import write_tensors
from core.model import Mishap

OFTEN, MOST = 3, 65_535  # a pair is kept on disk if it came so often, and counted no higher


class Ngram:
    """The table, ready to be asked.

    single (V,) is how often each token came; longer holds, for two tokens in a row, for three ..., those that came, as
    one number each (`packed`) and rising, and how often.
    """

    def __init__(self, single: Tensor, longer: Sequence[tuple[Tensor, Tensor]]):
        self.vocab, self.counts = len(single), single
        self.single = ((single + 1) / (single + 1).sum()).double()
        self.longer: list[tuple[Tensor, ...]] = []
        for grams, counts in longer:
            contexts, kinds = (grams // self.vocab).unique_consecutive(return_counts=True)
            totals = torch.zeros(len(contexts), dtype=torch.long)
            totals.index_add_(0, torch.searchsorted(contexts, grams // self.vocab), counts)
            self.longer.append((grams, counts, contexts, kinds, totals))

    def along(self, row: Tensor) -> Tensor:
        """row (N,) -> p (N - 1,) of each token but the first, after those before it"""
        p = self.single[row[1:]]
        for n in range(2, min(len(self.longer) + 1, len(row)) + 1):
            p[n - 2 :] = self.weighed(n, packed(row, self.vocab, n), p[n - 2 :])
        return p

    def after(self, token: int) -> Tensor:
        """p (V,) of what follows a token, with no more than that in sight"""
        return self.weighed(2, token * self.vocab + torch.arange(self.vocab), self.single)

    def weighed(self, n: int, wanted: Tensor, shorter: Tensor) -> Tensor:
        """p (N,) of wanted (N,), n tokens in a row each, from what the context that is one shorter gives them"""
        grams, counts, contexts, kinds, totals = self.longer[n - 2]
        seen = looked_up(grams, counts, wanted)
        kind, total = (looked_up(contexts, held, wanted // self.vocab) for held in (kinds, totals))
        return torch.where(kind > 0, (seen + kind * shorter) / (total + kind).clamp(min=1), shorter)


def counted(train: Tensor, vocab: int, order: int) -> Ngram:
    """The table of train (T,), token ids (long) below `vocab`. Mishap where `order` of them do not fit into 64 bits."""
    if vocab**order >= 2**63:
        raise Mishap(f"A table of {order} tokens of a vocabulary of {vocab:,} is too large.")
    longer = [packed(train, vocab, n).unique(return_counts=True) for n in range(2, min(order, len(train)) + 1)]
    return Ngram(train.bincount(minlength=vocab), longer)


def ngram_nats(train: Tensor, row: Tensor, vocab: int, order: int) -> float:
    """Sum of -log p over row (N,) but its first token, each guessed from at most `order` - 1 before it: with order 1,
    from how often it comes."""
    return -float(counted(train, vocab, order).along(row).log().sum())


def write(path: Path, table: Ngram) -> None:
    """Keeps what a table knows of pairs, but for rare ones."""
    grams, counts, *_ = table.longer[0]
    often = counts >= OFTEN
    pairs = {"pairs": grams[often].int(), "counts": counts[often].clamp(max=MOST).to(torch.uint16)}
    write_tensors(path, {"single": table.counts.int(), **pairs})


def read(path: Path) -> Ngram:
    """A bigram that was kept; Mishap where it is damaged."""
    try:
        with safetensors.safe_open(path, "pt") as file:
            single, grams, counts = (file.get_tensor(name).long() for name in ("single", "pairs", "counts"))
    except (OSError, safetensors.SafetensorError):
        raise Mishap(f"{path.name} cannot be read as a table of pairs: it is damaged, or of another kind.") from None
    if (
        not len(grams)
        or grams.shape != counts.shape
        or not (grams.diff() > 0).all()
        or not 0 <= int(grams[0]) <= int(grams[-1]) < len(single) ** 2
    ):
        raise Mishap(f"{path.name} is no table of pairs.")
    return Ngram(single, [(grams, counts)])


def packed(row: Tensor, vocab: int, n: int) -> Tensor:
    """row (N,) -> (N - n + 1,) each n tokens in a row as one number, the last the smallest part of it"""
    key = torch.zeros(len(row) - n + 1, dtype=torch.long)
    for i in range(n):
        key = key * vocab + row[i : len(row) - n + 1 + i]
    return key


def looked_up(keys: Tensor, values: Tensor, wanted: Tensor) -> Tensor:
    """The values of the wanted among sorted keys, 0 for those that are not there."""
    at = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    return torch.where(keys[at] == wanted, values[at], 0)
