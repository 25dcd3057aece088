"""Begin a story, watch it go on, ask what else it might have said: the room of the Storyteller."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import gradio as gr
from gradio.context import Context

from core.model import Mishap
from demo.limits import whole
from demo.parts.border import spoken, unread
from demo.parts.lesson import Room, say, text
from demo.parts.strip import strip
from demo.telling import (
    LENGTHS,
    SEEDS,
    WHOLE,
    Story,
    begin,
    figures,
    opening,
    reckon,
    tell_readers,
    wish,
)
from demo.words import words

TEXTS = words("gpt.tell")
OPENING, REVEAL = (TEXTS["beginnings"][0], 120), 30  # its beginning and length, and milliseconds from piece to piece
MANY = 64  # readers at once
WATCH = 0.15  # seconds between two looks at a story that is told for all
HOLD = "() => document.querySelector('#gpt-tell-strip .leaf').dispatchEvent(new Event('hold'))"
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def odds(x: float) -> str:
    """The x of "1 in x": 1.6, 6, 4,096."""
    return f"{x:.2g}" if x < 9.95 else f"{x:,.0f}"


def result(story: Story, guessed: str, note: str = "") -> str:
    """What the dice made of the first choices, and what the chances are to be held against."""
    found = figures(story)
    if not found.pieces:
        return ""
    said = TEXTS["said"].format(first=found.first, pieces=found.pieces, share=round(100 * found.first / found.pieces))
    yard = TEXTS["yard"].format(own=odds(found.own), pair=odds(found.pair), blind=odds(found.blind))
    unread = TEXTS["unread"].format(unread=odds(found.unread)) if found.unread else ""
    return say(said, " ".join(filter(None, (yard, unread, note))), guessed)


class Tell:
    """The room where stories are told: begin, watch it go on, ask what else it might have said."""

    def __init__(self, house: gr.Tab):
        self.story = gr.State(None)
        with Room("gpt.tell") as self.room:
            with self.room.do:
                self.begin()
            with self.room.more:
                self.top_k = slider("top_k", 0, 200, 0, 1)
                self.top_p = slider("top_p", 0.05, 1, 0.95, 0.05)
                self.seed = seed()
            with self.room.see:
                self.page = strip(TEXTS["strip"], "gpt-tell-strip")
        self.wire(house)

    def begin(self) -> None:
        """The controls that are always in sight."""
        self.beginning = gr.Textbox(
            TEXTS["beginnings"][0],
            label=TEXTS["beginning"],
            info=TEXTS["beginning_note"],
            lines=2,
            max_lines=8,
            elem_id="gpt-tell-beginning",
        )
        with gr.Row(elem_classes=["tell-verbs"]):
            self.go = gr.Button(TEXTS["tell"], variant="primary", min_width=90, elem_id="gpt-tell-go")
            self.stop = gr.Button(TEXTS["stop"], min_width=70, elem_id="gpt-tell-stop")
            self.on = gr.Button(TEXTS["on"], min_width=80, elem_id="gpt-tell-on")
        self.examples = offer(TEXTS["beginnings"][1:])
        self.temperature = slider("temperature", 0, 2, 0.8, 0.05)
        self.length = slider("length", *LENGTHS, 160, 10)

    def wire(self, house: gr.Tab) -> None:
        """What follows on what."""
        settings = [self.beginning, self.temperature, self.top_k, self.top_p, self.seed]
        wanted = [self.story, self.length, self.room.guess, *settings]
        seen = [self.story, self.page, self.seed, self.room.result]
        streams: dict[str, Any] = {"concurrency_limit": MANY, "concurrency_id": "tell", **HIDDEN}
        begins: dict[str, Any] = {"fn": self.start, "inputs": wanted, "outputs": seen, "trigger_mode": "multiple"}
        self.go.click(**begins, **streams)
        for first, button in self.examples.items():
            button.click(None, None, self.beginning, js=f"() => {json.dumps(first)}", **HIDDEN).then(
                **begins, **streams
            )
        self.on.click(self.go_on, wanted, seen, **streams)
        self.stop.click(None, None, None, js=HOLD, **HIDDEN)
        self.stop.click(halt, self.story, None, queue=False, **HIDDEN)
        opened = [self.story, self.page, self.room.result]
        house.select(self.open, self.story, opened, concurrency_limit=MANY, **HIDDEN)
        Context.root_block.load(warm, queue=False, **HIDDEN)  # type: ignore[union-attr]

    async def start(self, before: Story | None, pieces: Any, guess: Any, *asked: Any) -> AsyncIterator[dict]:
        """A new story in the place of the one before; the same wish again gets the next seed."""
        with spoken(self.start):
            want = wish(*asked)
            if before is not None and want == before.wish:
                want = want._replace(seed=(want.seed + 1) % (SEEDS + 1))
            story = await asyncio.to_thread(begin, want)
            if before is not None:
                before.halt = "gone"
            yield {self.story: story, self.page: story.log, self.seed: want.seed, self.room.result: ""}
            async for update in self.follow(story, pieces, guess):
                yield update

    async def go_on(self, story: Story | None, pieces: Any, guess: Any, *asked: Any) -> AsyncIterator[dict]:
        """The story that stands, from where it stands, with the knobs as they are now."""
        with spoken(self.go_on):
            if story is None:
                raise Mishap(TEXTS["nothing"])
            if len(story.guesses) >= WHOLE:
                raise Mishap(TEXTS["whole"].format(pieces=len(story.guesses), most=WHOLE))
            knobs = wish(*asked).knobs
            while story.halt and story.busy:  # it was asked to stop, and is about to
                await asyncio.sleep(0.02)
            if story.busy:
                yield {self.page: gr.skip()}
                return
            story.wish, story.halt = story.wish._replace(knobs=knobs), ""
            story.mark("go")
            async for update in self.follow(story, pieces, guess):
                yield update

    async def follow(self, story: Story, pieces: Any, guess: Any) -> AsyncIterator[dict]:
        """Sends the log as it grows, and the result at the end."""
        many = min(whole(pieces, *LENGTHS, TEXTS["length"]), WHOLE - len(story.guesses))
        story.busy = True
        try:
            async for _ in tell_readers(story, many):
                if story.halt != "gone":
                    yield {self.page: story.log}
            story.mark("rest")
            if story.halt != "gone":
                yield {self.page: story.log, self.room.result: result(story, self.room.guessed(guess))}
        finally:
            story.busy = False

    async def open(self, story: Story | None) -> AsyncIterator[dict]:
        """The opening, unless a story stands here already; who comes early sees it being told."""
        with spoken(self.open):
            if story is not None:
                yield {self.page: gr.skip()}  # a stream of nothing at all would empty its outputs
                return
            first = await opening(*OPENING)
            mine = first.twin(0 if first.busy else REVEAL)
            yield {self.story: mine, self.page: mine.log}
            async for update in self.watch(mine, first):
                yield update
            if mine.halt != "gone":
                yield {self.page: mine.log, self.room.result: result(mine, "", TEXTS["opening"])}

    async def watch(self, mine: Story, first: Story) -> AsyncIterator[dict]:
        """Reads along with a story that is being told for all."""
        while mine.busy and not mine.halt:
            await asyncio.sleep(WATCH)
            mine.catch_up(first, 0)
            mine.busy = first.busy
            yield {self.page: mine.log}
        if mine.busy:
            await reckon(mine)
            mine.mark("rest")
            mine.busy = False


def halt(story: Story | None) -> None:
    """Stops a story where it stands."""
    if story is not None:
        story.halt = "rest"


async def warm() -> None:
    """Has the opening told while the visitor still looks at the first tab; what is amiss is said when it is opened."""
    with suppress(Mishap):
        await opening(*OPENING)


def seed() -> gr.Number:
    return unread(
        gr.Number(
            0,
            label=TEXTS["seed"],
            info=TEXTS["seed_note"],
            step=1,
            elem_id="gpt-tell-seed",
        )
    )


def offer(beginnings: list[str]) -> dict[str, gr.Button]:
    """Beginnings to choose from: text -> its button."""
    with gr.Column(elem_classes=["tell-examples"]):
        text("p", TEXTS["examples"])
        return {first: gr.Button(f"{first} …", size="sm") for first in beginnings}


def slider(key: str, low: float, high: float, value: float, step: float) -> gr.Slider:
    return unread(
        gr.Slider(
            low,
            high,
            value,
            step=step,
            label=TEXTS[key],
            info=TEXTS.get(f"{key}_note"),
            buttons=[],
            elem_id=f"gpt-tell-{key.replace('_', '-')}",
        )
    )
