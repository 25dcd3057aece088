"""The critics of the shipped GANs: real pictures nobody trained on, and where each critic's line lies."""

import torch
from torch import Tensor

from core.measure import unseen
from core.model import Batch, Mishap, noise
from core.verdict import Line, from_card
from demo.shelf import card, collection, once, shelf

EACH = 64  # unseen pictures of each subject kept at hand


@once
def examples(name: str) -> Batch:
    """Unseen pictures of every subject of a shipped model; Mishap if its collection is not on this machine."""
    gan, card, _ = shelf(name)
    return unseen(gan, collection(card["data"]["name"]), EACH)


def reals(name: str, y: Tensor, seed: int) -> Tensor | None:
    """An unseen real picture (n, C, S, S) for each of the labels y (n,), drawn by lot; None if there are none here."""
    try:
        x, labels = examples(name)
    except Mishap:
        return None
    order = torch.randperm(len(labels), generator=noise(seed, 13))
    nth = [int((y[:i] == k).sum()) for i, k in enumerate(y)]  # how often a label has come before
    return x[[int(order[labels[order] == k][n]) for k, n in zip(y, nth, strict=True)]]


@once
def line(name: str) -> Line:
    """The line of a shipped critic, as its card has it: the same with the collection at hand and without."""
    return from_card(card(name).get("line"), max(1, card(name)["config"]["classes"]))
