"""What every family owes: a loss to minimise, samples to show, and one step of learning."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import AdamW, Optimizer


class Mishap(Exception):
    """Something a person can mend. Its one sentence is shown to them as it is."""


class Batch(NamedTuple):
    """What is learnt in one step."""

    x: Tensor  # (B, ...) pictures (B, C, S, S) in -1..1, points (B, 2), text (B, T) long
    y: Tensor | None = None  # (B,) labels, where there are any


def noise(seed: int, *steps: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator made anew from (seed, steps...), so that nothing random outlives a step.

    The numbers are mixed (splitmix64), so that (1, 2) and (2, 1) and neighbouring steps are unrelated.
    """
    mixed = 0
    for number in (seed, *steps):
        mixed = (mixed + number + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
    return torch.Generator(device).manual_seed(mixed >> 1)


_GLOBAL = threading.RLock()  # torch's own generator, which makes the first weights, is one for all threads


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's own generator set to a seed for a block, and put back after it; one block at a time, whoever asks."""
    with _GLOBAL, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class Model(nn.Module):
    """A family of generative models. A subclass writes `loss` and `sample`; most need nothing else."""

    Config: ClassVar[type]  # a frozen dataclass, all of it JSON
    PRESETS: ClassVar[dict[str, dict[str, Any]]]  # size -> what it sets in Config
    RECIPE: ClassVar[dict[str, Any]]  # lr and batch that are known to work
    LEARNS: ClassVar[tuple[str, ...]]  # of "images", "points", "text"

    config: Any

    def loss(self, batch: Batch, rng: torch.Generator) -> dict[str, Tensor]:
        """Scalars: "loss" is minimised, the others are drawn."""
        raise NotImplementedError

    def sample(self, n: int, rng: torch.Generator, **knobs: Any) -> Iterator[Tensor]:
        """Ever better drafts of n things; the last is the answer."""
        raise NotImplementedError

    def draw(self, data: Any, size: int, rng: torch.Generator) -> Batch:
        """Asks a collection for what one step learns from."""
        return data.batch(size, rng)

    def optimizers(self, lr: float) -> tuple[Optimizer, ...]:
        return (AdamW(self.parameters(), lr, betas=(0.9, 0.99), weight_decay=0.01),)

    def step(self, batch: Batch, rng: torch.Generator, optimizers: tuple[Optimizer, ...]) -> dict[str, Tensor]:
        """One step of learning; returns what to draw."""
        losses = self.loss(batch, rng)
        descend(losses["loss"], list(self.parameters()), optimizers)
        return losses


def descend(loss: Tensor, parameters: list[nn.Parameter], optimizers: tuple[Optimizer, ...], clip: float = 1.0) -> None:
    """Backward, clip the gradient's norm, step."""
    for optimizer in optimizers:
        optimizer.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(parameters, clip)
    for optimizer in optimizers:
        optimizer.step()
