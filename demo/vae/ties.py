"""Which of several answers came, where some are as good as equal: nearer to the best than twice the standard error of
their difference. No Gradio."""

from collections.abc import Sequence

import torch
from torch import Tensor


def level(each: Tensor) -> list[int]:
    """each (K, n), what n trials gave for each of K answers, the same trials for all -> those that are level with the
    best on the mean, the best first"""
    best = int(each.mean(1).argmax())
    apart = each[best] - each  # trial by trial: what all have in common cancels out
    near = apart.mean(1) <= 2 * apart.std(1) / each.shape[1] ** 0.5
    near[best] = False
    return [best, *near.nonzero().flatten().tolist()]


def came(guess: object, offered: Sequence[str], best: Sequence[int]) -> str:
    """The guess itself if it is among the best, else those in words."""
    texts = [offered[i] for i in best]
    return guess if isinstance(guess, str) and guess in texts else " or ".join(texts)


def counted(shares: Sequence[float], n: int) -> Tensor:
    """How often each of K answers came in n trials, of which each had one -> each (K, n)"""
    times = (n * torch.tensor(shares)).round().long()
    return torch.nn.functional.one_hot(torch.arange(len(shares)).repeat_interleave(times), len(shares)).T.float()
