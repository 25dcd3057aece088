"""The room of fine-tuning: the storyteller goes on learning from your text, and you see what it wins and loses."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from core.model import Mishap
from demo import training, tuning
from demo.booklets import BOOKLETS, booklet
from demo.parts.border import border
from demo.parts.lesson import AT_ONCE, Room, outside, say, text
from demo.parts.post import in_sight
from demo.runs import RUNS, Run
from demo.studio import EVERY, HIDDEN, QUIET
from demo.words import words

TEXTS, SHARED = words("gpt.tune"), words("train")
VERBS = ("start", "stop", "on", "over")
SIGHT = in_sight("gpt-tune-view")


class Tune:
    """Text and verbs left; before and after, side by side, right."""

    def __init__(self) -> None:
        with outside():
            self.stored = gr.BrowserState("", storage_key="atelier-gpt-tune", secret="an id is no treasure")
        with Room("gpt.tune") as room:
            self.room = room
            with room.do:
                self.book()
            with room.more:
                self.rarer()
            with room.see:
                self.view = gr.HTML(elem_id="gpt-tune-view", elem_classes=["bench"], js_on_load=None)
            with room.under:
                self.charts = gr.HTML(elem_id="gpt-tune-charts", elem_classes=["bench-charts"], js_on_load=None)
        self.wire()

    def book(self) -> None:
        """What to learn from, and the verbs."""
        with gr.Column(elem_classes=["tell-examples"]):
            text("p", TEXTS["books"])
            self.books = {
                name: gr.Button(TEXTS[f"book_{name}"], size="sm", elem_id=f"gpt-tune-{name}") for name in BOOKLETS
            }
        self.text = gr.Textbox(
            label=TEXTS["text"], info=TEXTS["text_note"], lines=4, max_lines=7, elem_id="gpt-tune-text"
        )
        with gr.Column(elem_classes=["tell-examples"]):
            self.file = gr.UploadButton(TEXTS["file"], file_types=[".txt"], size="sm", elem_id="gpt-tune-file")
        self.beginning = gr.Textbox(
            TEXTS["beginning_first"], label=TEXTS["beginning"], lines=1, elem_id="gpt-tune-beginning"
        )
        with gr.Row(elem_classes=["verbs"]):
            self.verbs = {
                verb: gr.Button(
                    TEXTS[verb],
                    variant="secondary" if verb == "over" else "primary",
                    visible=verb == "start",
                    min_width=90,
                    elem_id=f"gpt-tune-{verb}",
                )
                for verb in VERBS
            }

    def rarer(self) -> None:
        self.seed = gr.Number(0, label=TEXTS["seed"], step=1, elem_id="gpt-tune-seed")
        text("p", TEXTS["keep_why"], "aside")
        self.keep = gr.Button(SHARED["keep"], size="sm", elem_id="gpt-tune-keep")
        self.kept = gr.File(
            label=SHARED["keep_note"],
            file_count="multiple",
            visible=False,
            interactive=False,
            elem_id="gpt-tune-kept",
        )
        self.bring = gr.UploadButton(
            SHARED["bring"],
            file_count="multiple",
            file_types=[".json", ".safetensors"],
            size="sm",
            elem_id="gpt-tune-bring",
        )

    def wire(self) -> None:
        """Start and One minute more end in `drive`, which streams; the others answer at once."""
        shown = [self.view, self.room.result, *self.verbs.values(), self.charts]
        asked = [self.text, self.beginning, self.seed, self.stored]
        stream: dict[str, Any] = QUIET | {"concurrency_limit": None, "trigger_mode": "once"}
        for name, button in self.books.items():
            button.click(border(booklet), gr.State(name), self.text, **HIDDEN)
        self.file.upload(border(training.read_text), self.file, self.text, **QUIET)
        for verb in ("start", "over"):
            made = self.verbs[verb].click(border(self.make), asked, [self.stored, *shown], **stream)
            made.success(border(self.drive), [self.stored, self.room.guess], shown, **stream)
            made.success(None, None, None, js=SIGHT, **HIDDEN)
        self.verbs["on"].click(border(self.drive), [self.stored, self.room.guess], shown, **stream)
        self.verbs["on"].click(None, None, None, js=SIGHT, **HIDDEN)
        self.room.guess.input(border(self.expect), [self.stored, self.room.guess], None, **AT_ONCE)
        self.verbs["stop"].click(border(self.halt), self.stored, None, **HIDDEN)
        self.keep.click(border(self.pack), self.stored, [self.kept, self.room.result], **QUIET)
        self.bring.upload(border(self.unpack), [self.bring, *asked], [self.stored, *shown], **QUIET)
        self.room.lessons.focus(border(self.arrive), self.stored, shown, **QUIET)

    def state(self, state: str) -> list[Any]:
        """Which verbs stand there."""
        here = {"new": ("start",), "running": ("stop",), "resting": ("on", "over")}[state]
        return [gr.update(visible=verb in here) for verb in VERBS]

    def shown(self, run: Run, state: str, sentence: str = "") -> list[Any]:
        """What all verbs answer with."""
        seen = run.seen or tuning.see(run)
        return [seen.view, self.said(run, sentence), *self.state(state), seen.charts]

    def said(self, run: Run, sentence: str = "") -> str:
        """What was won and lost, under a sentence if there is one; while it learns no guess is judged, or taken."""
        found, yard = (run.seen or tuning.see(run)).result
        told = self.room.settled(run.guess, *run.came)
        if run.seat:
            told = told._replace(line=self.room.guessed(run.guess).line)
        told = told._replace(judged=tuning.is_known(run))
        return say(sentence, f"{found} {yard}", told) if sentence else say(found, yard, told)

    def own(self, key: str) -> Run:
        """The run of that id, if it is a tuning."""
        run = RUNS.get(key)
        if not isinstance(run.preview, tuning.Tuning):
            raise Mishap(SHARED["other_family"])
        return run

    def make(self, written: str, beginning: str, seed: Any, old: str) -> Iterator[list[Any]]:
        """A new copy under a new id; the old one is let go, once the new one stands."""
        nothing = [gr.skip()] * (2 + len(VERBS))
        yield [gr.skip(), training.note(TEXTS["opening"]), *nothing]
        try:
            with tuning.making(RUNS):
                run = tuning.begin(written, beginning, seed)
                tuning.see(run)
                RUNS.add(run, tuning.COPIES, old)
        except Mishap:
            yield [gr.skip(), *self.arrive(old)]
            raise
        yield [run.id, *self.shown(run, "running")]

    def drive(self, key: str, guess: str, request: gr.Request) -> Iterator[list[Any]]:
        """Learns for a minute, or until stopped, or driven from elsewhere; the last word puts the verbs right."""
        run = self.own(key)
        self.expect(key, guess)
        seat, end = f"{request.session_hash}/{time.monotonic_ns()}", run.trainer.seconds + tuning.MINUTE
        try:
            for _ in RUNS.follow(run, seat, EVERY, tuning.see):
                yield self.shown(run, "running")
                if run.trainer.seconds >= end:
                    break
        except Exception:
            yield [gr.skip(), gr.skip(), *self.state("resting"), gr.skip()]
            raise
        RUNS.rest(run, seat)
        if run.seat:
            yield [gr.skip(), say(TEXTS["elsewhere"]), *self.state("resting"), gr.skip()]
            return
        with run.lock:
            run.measured = 0.0  # what is left standing is measured where it stands
            tuning.see(run)
        yield self.shown(run, "resting")

    def expect(self, key: str, guess: str) -> None:
        """A guess counts until the first thing was measured, whether the tuning has begun or not."""
        if RUNS.is_here(key) and not tuning.is_known(run := self.own(key)):
            run.guess = guess

    def halt(self, key: str) -> None:
        run = self.own(key)
        RUNS.rest(run, run.seat)

    def arrive(self, key: str) -> list[Any]:
        """The room was opened: the tuning, if it is still here."""
        try:
            run = self.own(key)
        except Mishap:
            return [training.note(TEXTS["empty"]), "", *self.state("new"), ""]
        with run.lock:
            tuning.see(run)
        return self.shown(run, "resting", TEXTS["elsewhere"] if run.seat else TEXTS["found"])

    def pack(self, key: str) -> Iterator[list[Any]]:
        """The copy as it stands, as two files to take away; Gradio has copied them when it asks for more."""
        run = self.own(key)
        with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
            with run.lock:
                files = training.packed(run, Path(folder))
            yield [gr.File(files, visible=True), self.said(run, SHARED["kept"].format(step=run.trainer.step))]

    def unpack(self, files: list[str], written: str, beginning: str, seed: Any, old: str) -> list[Any]:
        """A tuning made of two files that were kept, and of the text it learns from; it takes the old one's place."""
        if RUNS.is_driven(old):
            raise Mishap(SHARED["pause_first"])
        with tuning.making(RUNS):
            run = tuning.brought(files, written, beginning, seed)
            tuning.see(run)
            RUNS.add(run, tuning.COPIES, old)
        return [run.id, *self.shown(run, "resting", SHARED["brought"].format(step=run.trainer.step))]
