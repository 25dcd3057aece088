"""What is taken down once and kept for everybody: the shipped models, and the collections of pictures."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, wraps
from threading import Lock
from typing import Any

import torch

from core import borrow
from core.checkpoint import SHELF, Loaded, load, names, read_card
from core.data import open_collection
from core.model import Mishap


@dataclass(eq=False)
class Turn:
    """Of one thing that is being made."""

    lock: Any = field(default_factory=Lock)
    waiting: int = 0


def once(make: Callable[..., Any], most: int | None = None) -> Callable[..., Any]:
    """A cache that makes each thing once: thirty who ask for it together wait for one, not for thirty, and who asks
    for another thing does not wait for them. With `most`, only so many are kept, the latest that were asked for."""
    made, turns, guard = lru_cache(most)(make), defaultdict[Any, Turn](Turn), Lock()

    @wraps(make)
    def get(*args: Any, **named: Any) -> Any:
        key = (args, tuple(sorted(named.items())))
        with guard:
            turn = turns[key]
            turn.waiting += 1
        try:
            with turn.lock:
                return made(*args, **named)
        finally:
            with guard:
                turn.waiting -= 1
                if not turn.waiting:  # of questions there may be no end
                    del turns[key]

    return get


@once
def shelf(name: str) -> Loaded:
    """The shipped checkpoint of that name; Mishap for any other, so that no visitor names a folder of ours."""
    card(name)
    with torch.inference_mode(False):  # whoever asks first: some will want slopes through these weights
        return load(name)


@once
def bigger(name: str) -> Loaded:
    """A teller of others that the operator has brought (core/borrow.py); Mishap for any that is not here."""
    return borrow.read(name)


@once
def card(name: str) -> dict[str, Any]:
    """Its card alone, which costs next to nothing: the page is laid out before any weights are read."""
    if name not in names():
        raise Mishap(f"There is no shipped model called {str(name)[:40]!r}.")
    return read_card(SHELF / name / "card.json")


@once
def collection(name: str, **options: Any) -> Any:
    """A collection that is on this machine, opened once; Mishap if it is not. Never for a visitor's own text."""
    return open_collection(name, **options)
