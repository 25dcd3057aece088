"""Begin a story, watch it go on, take another piece and have it branch: the room of the Storyteller."""

import asyncio
import json
import math
import secrets
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import gradio as gr

from core.model import Mishap
from demo.branches import BRANCHES, Branch, Tree
from demo.gpt import ahead, quiz
from demo.gpt.copied import copied
from demo.gpt.tally import tally
from demo.limits import one_of, whole
from demo.parts.border import spoken
from demo.parts.knobs import KNOBS, knob, places, seed, slider
from demo.parts.lesson import Room, Told, house, say, text
from demo.parts.outline import outline
from demo.parts.quiz import quiz as quiz_fold
from demo.parts.strip import strip
from demo.parts.teller import tellers
from demo.shelf import card
from demo.telling import LENGTHS, TELLER, WHOLE, Story, Wish, begin, opening, reckon, tell_readers, wish
from demo.words import words

TEXTS = words("gpt.tell")
OPENING = (TEXTS["beginnings"][0], 120)  # its beginning and length
MANY = 64  # readers at once
WATCH = 0.15  # seconds between two looks at a story that is told for all
HOLD = "() => document.querySelector('#gpt-tell-strip .leaf').dispatchEvent(new Event('hold'))"
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}


def shown(tree: Tree, file: dict[str, str] | None = None) -> dict[str, Any]:
    """What the outline is given (see parts/outline.py)."""
    return {"rows": tree.outline(), "shown": tree.shown, "file": file}


class Tell:
    """The room where stories are told: begin, watch it go on, ask what else it might have said."""

    def __init__(self, tab: gr.Tab):
        self.tree = gr.State(None)
        with Room("gpt.tell") as self.room:
            with self.room.do:
                self.begin()
            with self.room.more:
                self.rare = [knob(name, "gpt-tell", TEXTS) for name in KNOBS if name != "temperature"]
                self.seed = seed("gpt-tell", TEXTS)
                self.teller = tellers("gpt-tell-teller", TEXTS)
            with self.room.see:
                self.page = strip(
                    TEXTS["strip"] | {"mind": words("gpt.mind")["title"]},
                    "gpt-tell-strip",
                    places("gpt-tell"),
                    ahead.weigh,
                    ahead.preview,
                )
            with self.room.under:
                note = TEXTS["tree"]["note"].format(blind=blind())
                self.outline = outline(TEXTS["tree"] | {"note": note}, "gpt-tell-outline")
                quiz_fold(TEXTS["quiz"], "gpt-tell-quiz", quiz.ask, quiz.answer)
        self.wire(tab)

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
        self.temperature = knob("temperature", "gpt-tell", TEXTS)
        self.length = slider("length", "gpt-tell", TEXTS, *LENGTHS, 160, 10)

    def wire(self, tab: gr.Tab) -> None:
        """What follows on what. A story is told in an event of its own, whose one output is the page: Gradio makes
        every other output of a stream anew at each of its updates."""
        top_k, top_p, *others = self.rare
        settings = [self.beginning, self.temperature, top_k, top_p, self.seed, *others, self.teller]
        wanted, kept = [self.tree, self.length, *settings], [self.page, self.room.result, self.outline]
        seen = [self.tree, self.seed, *kept, self.room.guess]
        calls: dict[str, Any] = {"concurrency_limit": MANY, "concurrency_id": "tell", **HIDDEN}
        many: dict[str, Any] = calls | {"trigger_mode": "multiple"}
        begun = [self.go.click(self.start, wanted, seen, **many)]
        for first, button in self.examples.items():
            filled = button.click(None, None, self.beginning, js=f"() => {json.dumps(first)}", **HIDDEN)
            begun.append(filled.then(self.start, wanted, seen, **many))
        begun.append(self.page.select(self.take, wanted, seen, **many))
        begun.append(self.on.click(self.go_on, wanted, self.page, **calls))
        begun.append(tab.select(self.open, self.tree, [self.tree, *kept], **calls))
        for one in begun:
            told = one.success(self.follow, self.tree, self.page, **many)
            told.success(self.sum_up, [self.tree, self.room.guess], kept, **many)
        self.stop.click(None, None, None, js=HOLD, **HIDDEN)
        self.stop.click(halt, self.tree, None, queue=False, **HIDDEN)
        self.outline.select(self.choose, self.tree, kept, concurrency_limit=MANY, trigger_mode="multiple", **HIDDEN)
        house().load(warm, queue=False, **HIDDEN)

    async def start(self, tree: Tree | None, pieces: Any, *asked: Any) -> dict:
        """A new story beside those before; the same wish again gets the next seed."""
        with spoken(self.start):
            tree, many = tree or Tree(), whole(pieces, *LENGTHS, TEXTS["length"])
            async with tree.turn:
                want = tree.again(wish(*asked))
                tree.room()
                tree.add(await asyncio.to_thread(begin, want))
            return self.grow(tree, many)

    async def take(self, chosen: gr.EventData, tree: Tree | None, pieces: Any, *asked: Any) -> dict:
        """Another piece in the place of one that stands; the story goes on from there as a branch."""
        with spoken(self.take):
            if tree is None or not tree.branches:
                raise Mishap(TEXTS["nothing"])
            many = whole(pieces, *LENGTHS, TEXTS["length"])
            async with tree.turn:
                tree.room()
                at = tree.where(whole(getattr(chosen, "at", None), 0, WHOLE, TEXTS["place"]))
                most = tree.story.teller.model.config.vocab - 1
                token = whole(getattr(chosen, "token", None), 0, most, TEXTS["ahead"]["piece"])
                story = await asyncio.to_thread(self.taken, tree, at, token, wish("", *asked[1:]))
                tree.add(story, tree.shown, at)
            return self.grow(tree, 0 if token == story.end else many)

    def taken(self, tree: Tree, at: int, token: int, wanted: Wish) -> Story:
        """The story that is shown as it would be with this token after `at` others, and with the knobs of now."""
        old = tree.story
        ids = old.ids[: old.begun + at]
        taken = ahead.guess(old.wish.teller, ids, token)
        want = tree.unused(old.wish._replace(knobs=wanted.knobs, seed=wanted.seed), [*ids, token])
        return tree.forked(at, taken, want)

    def grow(self, tree: Tree, many: int) -> dict:
        """Shows a new branch, of which so many tokens are to be told; a guess that was graded is spent."""
        story = tree.story
        story.want = many
        seen = {self.tree: tree, self.page: story.log, self.seed: story.wish.seed}
        seen |= {self.room.guess: None} if tree.spent() else {}
        return seen | {self.room.result: "", self.outline: shown(tree)}

    async def go_on(self, tree: Tree | None, pieces: Any, *asked: Any) -> Any:
        """The story that stands, from where it stands, with the knobs as they are now."""
        with spoken(self.go_on):
            if tree is None or not tree.branches:
                raise Mishap(TEXTS["nothing"])
            story, many = tree.story, whole(pieces, *LENGTHS, TEXTS["length"])
            if len(story.guesses) >= WHOLE:
                raise Mishap(TEXTS["whole"].format(pieces=len(story.guesses), most=WHOLE))
            knobs = wish("", *asked[1:]).knobs
            while story.halt and story.busy:  # it was asked to stop, and is about to
                await asyncio.sleep(0.02)
            if story.busy:
                return gr.skip()
            story.wish, story.halt, story.want = story.wish._replace(knobs=knobs), "", min(many, tree.left())
            story.threw = (*story.threw, (len(story.guesses), knobs))
            story.first = None  # from here on it is the visitor's own
            story.mark("go")
            return story.log

    async def follow(self, tree: Tree) -> AsyncIterator[Any]:
        """Sends the log of the story that is shown as it grows, if there is any of it to be told."""
        with spoken(self.follow):
            story = tree.story
            many, story.want = min(story.want, WHOLE - len(story.guesses)), 0
            if many and not story.busy:
                story.busy = True
                try:
                    async for _ in tell_readers(story, min(many, tree.left())):
                        if story.halt != "gone":
                            yield story.log
                except Mishap:
                    story.mark("rest")
                    yield story.log
                    raise
                finally:
                    story.busy = False
                story.mark("rest")
            async for _ in self.watch(story):
                yield story.log
            yield story.log if story is tree.story else gr.skip()  # a stream of nothing at all would empty the page

    async def sum_up(self, tree: Tree, guess: Any) -> Any:
        """What the story came to."""
        with spoken(self.sum_up):
            return gr.skip() if tree.story.busy else await self.summed(tree, tree.story, guess)

    async def summed(self, tree: Tree, story: Story, guess: Any = None) -> Any:
        """What is copied, the result and the outline, worked out where no page waits for it."""
        story.mark(await asyncio.to_thread(copied, story))
        # What came of the opening would give the guess away.
        sums = tally if story.first is None else lambda _: (TEXTS["waiting"], TEXTS["opening"], "")
        (said, yard, came), rows = await asyncio.to_thread(lambda: (sums(tree), shown(tree)))
        if story is not tree.story:
            return gr.skip()
        told = say(said, yard, self.told(tree.branches[tree.shown], guess, came)) if said else ""
        return {self.page: story.log, self.room.result: told, self.outline: rows}

    def told(self, branch: Branch, guess: Any, came: str) -> Told:
        """Of the guess, which counts as it stood when the branch was first told: a later one is known to be right."""
        if not came:
            return self.room.judged(guess, "")
        if branch.guess is None:
            branch.guess = guess or ""
        return self.room.judged(branch.guess, came)

    async def choose(self, chosen: gr.EventData, tree: Tree | None) -> dict:
        """Reads another branch, sets a bookmark, or makes a file of the tree."""
        with spoken(self.choose):
            if tree is None or not tree.branches:
                raise Mishap(TEXTS["nothing"])
            if (save := getattr(chosen, "save", None)) is not None:
                kind = one_of(save, ("text", "json"), TEXTS["tree"]["kind"])
                name, made = ("stories.txt", tree.as_text) if kind == "text" else ("stories.json", tree.as_json)
                whole_tree = await asyncio.to_thread(made)
                file = {"key": secrets.token_hex(4), "name": name, "text": whole_tree}
                return {self.outline: await asyncio.to_thread(shown, tree, file)}
            k = whole(getattr(chosen, "k", None), 0, min(BRANCHES, len(tree.branches)) - 1, TEXTS["tree"]["which"])
            if (star := getattr(chosen, "star", None)) is not None:
                async with tree.turn:
                    tree.branches[k].starred = star is True
                    return {self.outline: await asyncio.to_thread(shown, tree)}
            async with tree.turn:
                story = await tree.show(k)
                return await self.summed(tree, story)

    async def open(self, tree: Tree | None) -> Any:
        """The opening, unless a story stands here already; who comes early sees it being told."""
        with spoken(self.open):
            if tree is not None:
                return gr.skip()
            first = await opening(*OPENING)
            mine, tree = first.twin(), Tree()
            tree.add(mine)
            return {self.tree: tree, self.page: mine.log, self.outline: shown(tree)}

    async def watch(self, mine: Story) -> AsyncIterator[None]:
        """Reads along with a story that is being told for all."""
        if mine.first is None or not mine.busy:
            return
        while mine.busy and not mine.halt:
            await asyncio.sleep(WATCH)
            mine.catch_up(mine.first)
            mine.busy = mine.first.busy
            yield
        if mine.busy:
            await reckon(mine)
            mine.mark("rest")
            mine.busy = False


def blind() -> float:
    """Bits that each piece of the shipped storyteller costs who knows nothing."""
    return math.log2(card(TELLER)["config"]["vocab"])


def halt(tree: Tree | None) -> None:
    """Stops the story that is shown where it stands."""
    if tree is not None and tree.branches:
        tree.story.halt = "rest"


async def warm() -> None:
    """Has the opening told while the visitor still looks at the first tab; what is amiss is said when it is opened."""
    with suppress(Mishap):
        await opening(*OPENING)


def offer(beginnings: list[str]) -> dict[str, gr.Button]:
    """Beginnings to choose from: text -> its button."""
    with gr.Column(elem_classes=["tell-examples"]):
        text("p", TEXTS["examples"])
        return {first: gr.Button(f"{first} …", size="sm") for first in beginnings}
