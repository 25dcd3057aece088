"""What a collection of pictures owes, and the card that says where it comes from."""

from dataclasses import dataclass

import torch

from core.model import Batch, Mishap


@dataclass(frozen=True)
class Card:
    """Name and licence of a collection, and the facts a model is built from."""

    name: str
    title: str
    learns: str  # "images" | "points" | "text"
    licence: str
    source: str  # the attribution, in one line
    about: str  # one plain sentence
    channels: int = 0
    side: int = 0
    labels: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()  # what a program that draws them was told; empty for real data


class Pictures:
    """Labelled pictures (or points), in a training and a test part that share none."""

    card: Card

    def facts(self) -> dict[str, int]:
        """What a model's Config takes from its data."""
        return {"channels": self.card.channels, "side": self.card.side, "classes": len(self.card.labels)}

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        """x (size, C, S, S) float in -1..1 (points: (size, 2)), y (size,) long, chosen by rng."""
        raise NotImplementedError

    def fixed(self, n: int, split: str = "test", start: int = 0) -> Batch:
        """The same n pictures every time; Mishap if the part holds fewer."""
        raise NotImplementedError

    def held(self, split: str = "test") -> int:
        """How many pictures a part holds."""
        raise NotImplementedError


class Few(Pictures):
    """A collection of which only the first n training pictures may be learnt from: too few, to see what happens."""

    def __init__(self, whole: Pictures, n: int) -> None:
        self.whole, self.n = whole, n
        self.card = whole.card
        self.known = whole.fixed(n, "train")

    def batch(self, size: int, rng: torch.Generator, split: str = "train") -> Batch:
        if split != "train":
            return self.whole.batch(size, rng, split)
        chosen = torch.randint(self.n, (size,), generator=rng, device=rng.device)
        return Batch(self.known.x[chosen], None if self.known.y is None else self.known.y[chosen])

    def fixed(self, n: int, split: str = "test", start: int = 0) -> Batch:
        if split == "train" and start + n > self.n:
            raise Mishap(f"Only {self.n} training pictures of this collection are in use.")
        return self.whole.fixed(n, split, start)

    def held(self, split: str = "test") -> int:
        return self.n if split == "train" else self.whole.held(split)
