"""Tables of how often a token followed the few before it: what a language model must beat.

Witten & Bell 1991 (interpolated): a context trusts its own counts the more, the fewer kinds of tokens followed it, and
leaves the rest to the context that is one shorter; the shortest is the counts of single tokens, one added to each.

N tokens of a text to score.
"""

import torch
from torch import Tensor

from core.model import Mishap


def ngram_nats(train: Tensor, row: Tensor, vocab: int, order: int) -> float:
    """Sum of -log p over row (N,) but its first token, each guessed from at most `order` - 1 before it: with order 1,
    from how often it comes.

    train and row hold token ids (long) below `vocab`. Mishap where so many ids do not fit into one 64-bit number.
    """
    if vocab**order >= 2**63:
        raise Mishap(f"A table of {order} tokens of a vocabulary of {vocab:,} is too large.")
    single = train.bincount(minlength=vocab) + 1
    p = (single / single.sum())[row[1:]].double()
    for n in range(2, order + 1):
        if min(len(train), len(row)) < n:
            break
        grams, counts = packed(train, vocab, n).unique(return_counts=True)
        contexts, kinds = (grams // vocab).unique_consecutive(return_counts=True)
        totals = torch.zeros(len(contexts), dtype=torch.long)
        totals.index_add_(0, torch.searchsorted(contexts, grams // vocab), counts)
        wanted = packed(row, vocab, n)
        seen = looked_up(grams, counts, wanted)
        kind, total = (looked_up(contexts, held, wanted // vocab) for held in (kinds, totals))
        known = kind > 0
        p[n - 2 :] = torch.where(known, (seen + kind * p[n - 2 :]) / (total + kind).clamp(min=1), p[n - 2 :])
    return float(-p.log().sum())


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
