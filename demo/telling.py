"""Stories as they are told: one for each visitor, all advancing together, a token at a time. No Gradio here."""

import asyncio
import copy
import math
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, NamedTuple

import torch

from core.borrow import BIGGER
from core.checkpoint import PAIRS, SHELF, Loaded
from core.decode import Decoder
from core.gpt import Guess
from core.model import Mishap, noise
from core.ngram import Ngram, read
from demo.company import Alone, Company
from demo.limits import cleaned, finite, one_of, whole
from demo.shelf import bigger, once, shelf
from demo.spelling import Speller, best, line, rounded

TELLER = "storyteller"
LONGEST = 4_000  # characters of a beginning
LENGTHS = (10, 400)  # tokens told at one go
WHOLE = 2_000  # tokens of a story in all
SEEDS = 999_999
PACE = 1 / 30  # seconds a token: faster than anyone reads, and the machine is free for the others
FRAME, BUSY = 0.05, 3  # seconds between two updates of a page; with more readers than so many, each gets fewer

READING: set[int] = set()  # the stories that are being told on a page now
OPENED: dict[str, "Story"] = {}  # beginning -> what was told for all visitors alike
TASKS: set[asyncio.Task[None]] = set()


class Knobs(NamedTuple):
    """How the dice are thrown."""

    temperature: float
    top_k: int
    top_p: float
    min_p: float = 0.0
    penalty: float = 1.0  # of repetition


class Wish(NamedTuple):
    """All that a story depends on."""

    beginning: str
    knobs: Knobs
    seed: int
    teller: str = TELLER  # or one of BIGGER


def wish(
    beginning: Any,
    temperature: Any,
    top_k: Any,
    top_p: Any,
    seed: Any,
    min_p: Any = 0.0,
    penalty: Any = 1.0,
    teller: Any = TELLER,
) -> Wish:
    """What a stranger asks for, checked; Mishap for what cannot be done."""
    dice = knobs(temperature, top_k, top_p, min_p, penalty)
    who = one_of(teller, (TELLER, *BIGGER), "The teller")
    return Wish(readable(beginning), dice, whole(seed, 0, SEEDS, "The seed"), who)


def knobs(temperature: Any, top_k: Any, top_p: Any, min_p: Any, penalty: Any) -> Knobs:
    """The same for the knobs alone."""
    return Knobs(
        finite(temperature, 0, 2, "The temperature"),
        whole(top_k, 0, 1_000, "Top-k"),
        finite(top_p, 0.05, 1, "Top-p"),
        finite(min_p, 0, 1, "Min-p"),
        finite(penalty, 1, 2, "The repetition penalty"),
    )


def readable(beginning: Any, longest: int = LONGEST) -> str:
    """A beginning without control characters and without marks that turn the direction of what follows them."""
    if not isinstance(beginning, str):
        raise Mishap("A beginning must be a text.")
    if len(beginning) > longest:
        raise Mishap(f"A beginning may have {longest:,} characters, and this one has {len(beginning):,}.")
    return cleaned(beginning)


@once
def company() -> Company:
    """The shipped storyteller made ready to tell, once for all."""
    return Company(Decoder(shelf(TELLER).model))


def begin(wish: Wish) -> "Story":
    """A story of which nothing is told yet, by the shipped storyteller unless another was asked for.

    The first one waits for the weights.
    """
    teller = loaded(wish.teller)
    return Story(teller, company() if wish.teller == TELLER else Alone(teller.model), wish)


def loaded(teller: str) -> Loaded:
    """The shipped storyteller, or one of BIGGER; Mishap where that one is not here."""
    return bigger(teller) if teller in BIGGER else shelf(TELLER)


class Story:
    """A beginning and what was told after it, with the log that the page shows (see parts/strip.py)."""

    def __init__(self, teller: Loaded, company: Company | Alone, wish: Wish):
        self.teller, self.company, self.wish = teller, company, wish
        self.end = teller.model.end
        self.ids = [self.end, *teller.tokenizer.encode(wish.beginning, add_special_tokens=False).ids]
        self.begun = len(self.ids)  # tokens of the beginning
        self.guesses: list[Guess] = []
        self.held: list[Guess] = []  # those that end within a character
        self.starts: list[int] = []  # with which guess each piece of the page begins
        self.spelt: list[str] = []  # the text of each piece
        self.speller = Speller(teller.tokenizer)
        self.pair_nats: float | None = None  # what the guesses' tokens cost by the table of pairs
        self.fork: int | None = None  # the piece with which it left another story
        self.first: Story | None = None  # the one that is told for all, of which this is a twin
        self.log = self.head()
        # from which token on the dice were thrown with which knobs
        self.threw: tuple[tuple[int, Knobs], ...] = ((0, wish.knobs),)
        self.want = 0  # tokens to be told next
        self.busy = False  # while it is being told on a page
        self.halt = ""  # "rest" when it is asked to stop, "gone" when another story takes its place

    def head(self) -> str:
        """The log's first line."""
        near = self.ids[: self.begun][-self.teller.model.config.context :]  # as far as the model looks back
        counts = {"ids": near, "known": self.begun, "fork": self.fork, "seed": self.wish.seed}
        counts |= {"teller": self.wish.teller, "context": self.teller.model.config.context}
        return line({"before": self.wish.beginning, "opening": self.first is not None, **counts})

    def add(self, guess: Guess) -> None:
        """One token more; the log gets it as soon as its characters are whole."""
        if not self.held:
            self.starts.append(len(self.guesses))
        self.ids.append(guess.token)
        self.guesses.append(guess)
        self.held.append(guess)
        text = self.speller.end() if guess.token == self.end else self.speller.spell(guess.token)
        if text is None:
            return
        self.spelt.append(text)
        chance = math.prod(held.chance for held in self.held)
        ids = [held.token for held in self.held]
        self.log += line([text, rounded(chance), best(self.teller.tokenizer, self.held[0].top, self.end), ids])
        self.held = []

    def mark(self, event: Any) -> None:
        """Tells the page that it goes on or rests, or what of it is copied; to say so twice changes nothing."""
        if not self.log.endswith(line(event)):
            self.log += line(event)

    def rewrite(self) -> None:
        """Writes the log anew, which need not be kept while nobody sees it."""
        told, self.guesses, self.held, self.starts, self.spelt = self.guesses, [], [], [], []
        self.ids, self.speller = self.ids[: self.begun], Speller(self.teller.tokenizer)
        self.log = self.head()
        for guess in told:
            self.add(guess)
        self.mark("rest")

    def text(self) -> str:
        """The beginning and all that was told, as text."""
        told = [guess.token for guess in self.guesses if guess.token != self.end]
        return self.wish.beginning + self.teller.tokenizer.decode(told)

    def twin(self) -> "Story":
        """The same story for another visitor."""
        twin = copy.copy(self)
        twin.first = self
        twin.catch_up(self)
        return twin

    def catch_up(self, other: "Story") -> None:
        """Takes over all that another has told so far."""
        self.ids, self.guesses, self.held = list(other.ids), list(other.guesses), list(other.held)
        self.starts, self.spelt = list(other.starts), list(other.spelt)
        self.speller, self.pair_nats = copy.copy(other.speller), other.pair_nats
        self.log = self.head() + other.log.split("\n", 1)[1]


async def tell(story: Story, length: int) -> AsyncGenerator[None, None]:
    """Adds up to `length` tokens to a story, until it ends or is asked to halt; comes up after each.

    It is the same story whoever else is told one: in company the logits differ by 2e-5 at most, so that a throw of the
    dice falls otherwise once in some hundred thousand tokens (measured, temperature .8 and top-p .95).
    """
    rng = noise(story.wish.seed, len(story.ids))
    begun = story.ids[-story.teller.model.config.context :]
    async with aclosing(story.company.tell(begun, rng, length, **story.wish.knobs._asdict())) as guesses:
        async for guess in guesses:
            if story.halt:
                break
            story.add(guess)
            yield
            if guess.token == story.end:
                break
    await reckon(story)


async def reckon(story: Story) -> None:
    """Finds the yardstick of all that was told. What others' tellers learnt from is not known, so they have none."""
    if story.wish.teller == TELLER:
        story.pair_nats = await asyncio.to_thread(pair_nats, story.ids[story.begun - 1 :])


async def tell_readers(story: Story, length: int) -> AsyncGenerator[None, None]:
    """The same for people who read along: not faster than they can see, and fewer updates where many read.

    The first token is shown at once: nobody looks longer at an empty page than need be.
    """
    due, shown = time.monotonic(), -math.inf
    READING.add(id(story))
    try:
        async with aclosing(tell(story, length)) as pieces:
            async for _ in pieces:
                if time.monotonic() - shown >= FRAME * max(1, len(READING) / BUSY):
                    shown = time.monotonic()
                    yield
                due = max(due + PACE, time.monotonic())
                await asyncio.sleep(due - time.monotonic())
    finally:
        READING.discard(id(story))


def pair_nats(ids: list[int]) -> float:
    """What ids[1:] cost, in nats, by the table of pairs."""
    return -float(pairs().along(torch.tensor(ids)).log().sum())


@once
def pairs() -> Ngram:
    """A bigram of the texts that the shipped storyteller learnt from."""
    return read(SHELF / TELLER / PAIRS)


async def opening(beginning: str, length: int) -> Story:
    """The story that stands on the page when it opens: told once, with seed 0, for all visitors of this process.

    Whoever comes first begins it; while it is busy it is still being told.
    """
    fresh = await asyncio.to_thread(begin, wish(beginning, 0.8, 0, 0.95, 0))
    story = OPENED.setdefault(beginning, fresh)
    if story is fresh:
        story.busy = True
        task = asyncio.create_task(tell_all(story, length))
        TASKS.add(task)  # a task that nobody holds may be lost
        task.add_done_callback(TASKS.discard)
    return story


async def tell_all(story: Story, length: int) -> None:
    try:
        async for _ in tell(story, length):
            pass
        story.mark("rest")
    finally:
        story.busy = False


class Figures(NamedTuple):
    """A story in numbers; each chance as the x in "1 in x", averaged over its tokens' surprise."""

    pieces: int
    first: int  # how many of them were the model's first choice
    own: float  # for the model that told it
    pair: float | None  # for a bigram of the same texts
    blind: int
    unread: float | None  # for the true token in stories that it never read, of pieces as long as this story's


def figures(story: Story) -> Figures:
    """What was told so far, in numbers; a story of no tokens counts as one of one certain token."""
    pieces = max(1, len(story.guesses))
    nats = -sum(math.log(max(guess.chance, 1e-12)) for guess in story.guesses)
    size = len(story.text().encode()) - len(story.wish.beginning.encode())
    measured = story.teller.card["numbers"].get("bits per byte, TinyStories")
    return Figures(
        len(story.guesses),
        sum(guess.token == guess.top[0][0] for guess in story.guesses),
        math.exp(nats / pieces),
        None if story.pair_nats is None else math.exp(story.pair_nats / pieces),
        story.teller.model.config.vocab,
        2 ** (measured["value"] * size / pieces) if measured else None,
    )
