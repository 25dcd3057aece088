"""Questions about what a teller thinks, answered one after the other. No Gradio."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore
from typing import Any

import torch

from core.borrow import BIGGER
from core.model import Mishap
from demo.company import BIG_TURNS
from demo.limits import one_of
from demo.telling import TELLER
from demo.words import words

QUEUE, BIG_QUEUE = 40, 8  # answers under way or waiting, of all visitors: by our storyteller, and by bigger ones

# One thread looks: who asks waits for those before, and the survey of all heads stands aside for everybody.
LOOKER = ThreadPoolExecutor(1, "looker", initializer=torch.set_num_threads, initargs=(1,))
SEATS, BIG_SEATS = BoundedSemaphore(QUEUE), BoundedSemaphore(BIG_QUEUE)


def who(asked: dict[str, Any]) -> str:
    """The teller that a page asks about; unless it says, the shipped one."""
    return one_of(asked.get("teller", TELLER), (TELLER, *BIGGER), "The teller")


def ask(answer: Callable[..., Any], teller: str, *given: Any) -> Any:
    """answer(teller, ...), worked out where bigger tellers, with their stories, hold up nobody who asks ours.

    Mishap where too many wait for it already.
    """
    turns, seats = (BIG_TURNS, BIG_SEATS) if teller in BIGGER else (LOOKER, SEATS)
    if not seats.acquire(blocking=False):
        raise Mishap(words("gpt.mind")["crowd"])
    try:
        return turns.submit(answer, teller, *given).result()
    finally:
        seats.release()
