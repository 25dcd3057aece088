"""Stories told in company: whoever waits for a token gets it from the same step as all the others. No Gradio here."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import torch

from core.crowd import Crowd, Stream
from core.decode import Decoder
from core.gpt import GPT, Guess
from core.model import Mishap
from demo.words import words

AHEAD = 4  # tokens kept for a reader who is slower than the others: they need not wait, and little is told in vain

# One thread tells all stories, and its queue is first come, first served: what else it is asked for has its turn too.
TURNS = ThreadPoolExecutor(1, "teller", initializer=torch.set_num_threads, initargs=(1,))
# A bigger teller takes many times as long for a token: it has a thread of its own, so that nobody else waits for it.
BIG_TURNS = ThreadPoolExecutor(1, "bigger", initializer=torch.set_num_threads, initargs=(1,))
ALONE = 6  # stories told by bigger tellers at once: each holds tens of megabytes of keys and values


@dataclass(eq=False)
class Place:
    """Where one story is being told; the thread that tells finds it a seat."""

    prompt: Sequence[int]
    rng: torch.Generator
    knobs: dict[str, Any]
    left: int  # tokens that are still to be told
    stream: Stream | None = None
    told: deque[Guess] = field(default_factory=deque)  # and not yet taken


class Company:
    """All stories that one model is telling now."""

    turns = TURNS

    def __init__(self, decoder: Decoder):
        self.decoder, self.crowd = decoder, Crowd(decoder)
        self.places: list[Place] = []
        self.lock = Lock()
        self.next: Future[None] | None = None  # the step that waits for its turn

    async def tell(
        self, prompt: Sequence[int], rng: torch.Generator, length: int, **knobs: Any
    ) -> AsyncGenerator[Guess, None]:
        """The same story as Decoder.tell, whoever else is there; to close it is to leave."""
        place = Place(prompt, rng, knobs, length)
        self.places.append(place)
        try:
            for _ in range(length):
                while not place.told:
                    await asyncio.shield(asyncio.wrap_future(self.asked()))  # who leaves does not call the step off
                yield place.told.popleft()
        finally:
            self.places.remove(place)
            self.turns.submit(self.leave, place)

    def asked(self) -> Future[None]:
        """The next step that has not begun: all who ask before it begins ask for the same one."""
        with self.lock:
            if self.next is None:
                self.next = self.turns.submit(self.step)
            return self.next

    def step(self) -> None:
        """A token more for everyone who can hold one."""
        with self.lock:
            self.next = None
        places = [place for place in self.places if place.left and len(place.told) < AHEAD]
        for place in places:
            if place.stream is None:
                place.stream = self.crowd.join(place.prompt, place.rng, **place.knobs)
        for place, guess in zip(places, self.crowd.advance([place.stream for place in places if place.stream])):
            if guess:
                place.told.append(guess)
                place.left -= 1

    def leave(self, place: Place) -> None:
        if place.stream:
            self.crowd.leave(place.stream)


class Alone:
    """Stories of a model whose steps no crowd knows: one by one, a token each in turn, and only so many at once."""

    turns = BIG_TURNS
    telling = 0  # by all models of this kind; counted on the event loop alone

    def __init__(self, model: GPT):
        self.model = model

    async def tell(
        self, prompt: Sequence[int], rng: torch.Generator, length: int, **knobs: Any
    ) -> AsyncGenerator[Guess, None]:
        """The same as GPT.tell; Mishap where as many are being told as there is room for."""
        if Alone.telling >= ALONE:
            raise Mishap(words("gpt.tell")["many"].format(many=ALONE))
        guesses, loop = self.model.tell(list(prompt), rng, length, **knobs), asyncio.get_running_loop()
        Alone.telling += 1
        try:
            while (guess := await loop.run_in_executor(self.turns, next, guesses, None)) is not None:
                yield guess
        finally:
            Alone.telling -= 1
