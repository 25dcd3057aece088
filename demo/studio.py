"""The bench all tabs share: pick a collection and a size, start, watch, pause, go on, keep, bring back.

The page keeps a run's id in the browser, so that a reload finds it again; everything else stays here.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from core.families import FAMILIES
from core.model import Mishap
from demo import training
from demo.limits import whole
from demo.parts.border import border
from demo.parts.lesson import AT_ONCE, Room, house, outside, say, text
from demo.parts.post import in_sight
from demo.parts.rules import Rules
from demo.parts.watching import Watch
from demo.runs import RUNS, Run
from demo.words import words

EVERY = 0.4  # seconds between two looks
SIZES = ("small", "medium")
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
HIDDEN: dict[str, Any] = QUIET | {"queue": False}


class Bench:
    """One Train room: its controls, its view, and what the buttons do."""

    def __init__(self, family: str) -> None:
        self.family, self.texts = family, words("train")
        with outside():
            # A fixed secret, so that the browser can still read the id after the server was started anew.
            self.stored = gr.BrowserState("", storage_key=f"atelier-{family}-run", secret="an id is no treasure")
        self.watch = Watch(family, RUNS, training.draw)
        with Room(f"{family}.train") as room:
            self.room = room
            with room.do:
                self.choices()
                self.buttons()
                self.given = self.extra() or []
            with room.more:
                self.rarer()
            with room.see:
                self.view = gr.HTML(elem_id=f"{family}-train-view", elem_classes=["bench"], js_on_load=None)
            with room.under:
                self.charts = gr.HTML(elem_id=f"{family}-train-charts", elem_classes=["bench-charts"], js_on_load=None)
        self.wire()

    def name(self, part: str) -> str:
        return f"{self.family}-train-{part}"

    def choices(self) -> None:
        texts = self.texts
        offer = training.offered(self.family)
        self.data = gr.Dropdown(
            offer, value=offer[0][1], label=texts["collection"], elem_id=self.name("data"), filterable=False
        )
        sizes = [(texts[size], size) for size in SIZES]
        self.size = gr.Radio(sizes, value="small", label=texts["size"], elem_id=self.name("size"))
        self.other = text("p", texts["other"], "of-a-run other")
        self.text = gr.Textbox(
            label=texts["text"], info=texts["text_note"], lines=5, max_lines=9, visible=False, elem_id=self.name("text")
        )
        self.file = gr.UploadButton(
            texts["file"], file_types=[".txt"], visible=False, size="sm", elem_id=self.name("file")
        )
        self.fetch = gr.Button(texts["fetch"], visible=False, size="sm", elem_id=self.name("fetch"))

    def buttons(self) -> None:
        def button(verb: str, visible: bool, primary: bool = False) -> gr.Button:
            kind = "primary" if primary else "secondary"
            return gr.Button(self.texts[verb], variant=kind, visible=visible, elem_id=self.name(verb), min_width=90)

        with gr.Row(elem_classes=["verbs"]):
            self.start = button("start", True, True)
            self.pause = button("pause", False, True)
            self.on = button("on", False, True)
            self.once = button("once", False)
            self.over = button("over", False)
        self.rewind = gr.Slider(
            0, 1, 1, step=1, label=self.texts["rewind"], visible=False, buttons=[], elem_id=self.name("rewind")
        )
        self.verbs = [self.start, self.pause, self.on, self.once, self.over, self.rewind]

    def extra(self) -> list[Any] | None:
        """What a family's bench has beside; what of it `make` is told after all else."""

    def state(self, state: str, run: Run | None = None) -> list[Any]:
        """Which buttons stand there, new, running or resting, and the bar that goes back through a run at rest."""
        shown = {"new": "1....", "running": ".1...", "resting": "..111"}[state]
        last = len(run.past) - 1 if run and state == "resting" else 0
        bar = gr.update(visible=last > 0, maximum=max(1, last), value=max(1, last))
        return [*(gr.update(visible=mark == "1") for mark in shown), bar]

    def rarer(self) -> None:
        texts, batch = self.texts, FAMILIES[self.family].RECIPE["batch"]
        self.batch = gr.Number(batch, label=texts["batch"], elem_id=self.name("batch"))
        self.seed = gr.Number(0, label=texts["seed"], elem_id=self.name("seed"))
        self.rules = Rules(self.family, texts)
        given: dict[str, Any] = {"size": "sm", "elem_classes": ["of-a-run"]}
        self.film = gr.Button(texts["film"], visible=self.family != "gpt", elem_id=self.name("film"), **given)
        self.keep = gr.Button(texts["keep"], elem_id=self.name("keep"), **given)
        self.kept = gr.File(
            label=texts["keep_note"], file_count="multiple", visible=False, interactive=False, elem_id=self.name("kept")
        )
        self.bring = gr.UploadButton(
            texts["bring"],
            file_count="multiple",
            file_types=[".json", ".safetensors"],
            size="sm",
            elem_id=self.name("bring"),
        )

    def wire(self) -> None:
        """Start and Go on end in `drive`, which streams; the others answer at once."""
        shown = [self.view, self.room.result, *self.verbs, self.charts]
        settings = [self.data, self.size, self.text, self.batch, self.seed, self.stored, *self.rules.controls.values()]
        settings += self.given
        stream: dict[str, Any] = QUIET | {"concurrency_limit": None, "trigger_mode": "once"}
        begun = []
        for button in (self.start, self.over):
            made = button.click(border(self.make), settings, [self.stored, *shown], **stream)
            made.success(border(self.drive), [self.stored, self.room.guess], shown, **stream)
            made.success(None, None, None, js=in_sight(self.name("view")), **HIDDEN)
            begun.append(made.success)
        self.on.click(border(self.drive), [self.stored, self.room.guess], shown, **stream)
        self.room.guess.input(border(self.expect), [self.stored, self.room.guess], None, **AT_ONCE)
        self.pause.click(border(self.halt), self.stored, None, **HIDDEN)
        self.once.click(border(self.single), self.stored, shown, **QUIET)
        for button, files in ((self.keep, self.pack), (self.film, self.lapse)):
            button.click(border(files), self.stored, self.kept, **QUIET)
        self.rewind.input(border(self.back), [self.stored, self.rewind], self.view, **AT_ONCE)
        asked = [self.bring, self.text, self.stored]
        brought = self.bring.upload(border(self.unpack), asked, [self.stored, *shown], **QUIET)
        self.data.input(
            border(self.choose), [self.data, self.stored], [self.view, self.text, self.file, self.fetch], **AT_ONCE
        )
        self.file.upload(border(training.read_text), self.file, self.text, **HIDDEN)
        self.fetch.click(border(training.download), self.data, self.view, **QUIET)
        house().unload(leave)
        found = self.room.lessons.focus(border(self.arrive), [self.stored, self.data], shown, **QUIET)
        driving = [self.data, self.size, self.other, *self.verbs, *self.room.folds]
        self.watch.wire([self.view, self.room.result, self.charts], driving, self.room)
        begins = [self.room.guess, self.data, self.size, self.batch, self.seed]
        for event in (found, brought):
            event.then(border(self.begun), self.stored, begins, **HIDDEN)
        refused = [event.failure for event in self.rules.wire(self.changing, self.stored)]
        for come in (*begun, found.then, brought.then, *refused):  # the controls say what holds
            come(border(self.told), self.stored, [*self.rules.controls.values()], **HIDDEN)

    def shown(self, seen: training.Seen, state: str, sentence: str = "") -> list[Any]:
        """What all buttons answer with; a sentence takes the place of the result."""
        said = say(*((sentence, "") if sentence else seen.result), self.room.settled(seen.run.guess, *seen.run.came))
        return [seen.view, said, *self.state(state, seen.run), seen.charts]

    def make(self, data: str, size: str, text: str, batch: float, seed: float, old: str, *rules: Any) -> Iterator[Any]:
        """A new run under a new id; the old one is let go, once the new one stands."""
        if data == "own" and not (text or "").strip():
            raise Mishap(self.texts["no_text"])
        plan: dict[str, Any] = {
            "batch": whole(batch, 1, training.BATCHES[self.family], self.texts["batch"]),
            "seed": whole(seed, 0, 999_999, self.texts["seed"]),
        }
        options = self.rules.settings(rules)
        plan["lr"] = options.pop("lr")
        yield [gr.skip(), training.note(self.texts["loading"]), *[gr.skip()] * 8]
        try:
            run = training.begin(self.family, data, size, text, plan, options)
            training.inherit(run, RUNS.get(old) if RUNS.is_here(old) else None)
            RUNS.add(run, old=old)
        except Mishap:
            yield [gr.skip(), *self.find(old, data)]
            raise
        yield [run.id, *self.shown(training.see(run), "resting")]

    def drive(self, key: str, guess: str, request: gr.Request) -> Iterator[Any]:
        """Learns until paused, or driven from elsewhere; the last word puts the buttons right."""
        run = self.own(key)
        self.expect(key, guess)
        seat = f"{request.session_hash}/{time.monotonic_ns()}"
        try:
            for seen in RUNS.follow(run, seat, EVERY, training.see):
                yield self.shown(seen, "running")
        except Exception:
            yield [gr.skip(), gr.skip(), *self.state("resting", run), gr.skip()]
            raise
        if run.seat:
            yield [gr.skip(), say(self.texts["elsewhere"]), *self.state("resting", run), gr.skip()]
            return
        with run.lock:
            run.measured = 0.0  # what is left standing is measured where it stands
            seen = training.see(run)
        yield self.shown(seen, "resting")

    def own(self, key: str) -> Run:
        """The run of that id, if it is of this family."""
        run = RUNS.get(key)
        if run.trainer.plan.family != self.family:
            raise Mishap(self.texts["other_family"])
        return run

    def choose(self, data: str, key: str) -> list[Any]:
        """Shows what was chosen, unless a run is on view; offers to download what is missing."""
        try:
            self.own(key)
            view = gr.skip()
        except Mishap:
            view = training.sight(data)
        return [view, *[gr.update(visible=data == "own")] * 2, gr.update(visible=training.is_missing(data))]

    def changing(self, name: str) -> Callable[..., None]:
        """What a control does to the training on view, from its next step on; nothing where there is none."""

        def change(key: str, value: Any) -> None:
            if RUNS.is_here(key):
                run, told = self.own(key), {name: self.rules.read(name, value)}
                with run.lock:
                    training.change(run, told)

        return border(change)

    def told(self, key: str) -> Any:
        """The controls as the run on view has it."""
        here = RUNS.is_here(key)
        values = self.rules.of(self.own(key).trainer) if here else [gr.skip()] * len(self.rules.controls)
        return values if len(values) > 1 else values[0]  # Gradio takes one output as it is, not as a list

    def begun(self, key: str) -> list[Any]:
        """What its visitor expected of the run on view, and what it began with: Start over begins with the same."""
        if not RUNS.is_here(key):
            return [gr.skip()] * 5
        run, plan = self.own(key), self.own(key).trainer.plan
        offered = plan.data != "own" and plan.size in SIZES
        told = [plan.data, plan.size, run.trainer.batch, plan.seed] if offered else [gr.skip()] * 4
        return [run.guess or gr.skip(), *told]

    def expect(self, key: str, guess: str) -> None:
        """A guess counts until its time has come, whether the training has begun or not."""
        if RUNS.is_here(key) and not self.own(key).came[0]:
            self.own(key).guess = guess

    def halt(self, key: str) -> None:
        run = self.own(key)
        RUNS.rest(run, run.seat)

    def single(self, key: str) -> list[Any]:
        return self.shown(RUNS.once(self.own(key), training.see), "resting")

    def arrive(self, key: str, data: str, request: gr.Request) -> list[Any]:
        """The room was opened: to go on with something, or to watch."""
        return [gr.skip()] * 9 if self.watch.asked(request) else self.find(key, data)

    def find(self, key: str, data: str) -> list[Any]:
        """After a reload: the run, if it is still here; else what there is to learn from."""
        try:
            run = self.own(key)
        except Mishap:
            return [training.sight(data), gr.skip(), *self.state("new"), ""]
        with run.lock:
            seen = training.see(run)
        return self.shown(seen, "resting", self.texts["elsewhere" if run.seat else "found"])

    def pack(self, key: str) -> Iterator[gr.File]:
        """The run as it stands, as two files to take away; Gradio has copied them when it asks for more."""
        run = self.own(key)
        with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
            with run.lock:
                files = training.packed(run, Path(folder))
            yield gr.File(files, visible=True, label=self.texts["kept"].format(step=run.trainer.step))

    def back(self, key: str, i: float) -> str:
        """What a run at rest looked like earlier; the end of the bar is now."""
        return training.past(self.own(key), i)

    def lapse(self, key: str) -> Iterator[gr.File]:
        """The run's pictures one after the other, as a film to take away."""
        run = self.own(key)
        with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
            file = Path(folder, f"atelier-{self.family}.webp")
            file.write_bytes(training.film(run))
            yield gr.File([str(file)], visible=True, label=self.texts["filmed"].format(n=len(run.past)))

    def unpack(self, files: list[str], text: str, old: str) -> list[Any]:
        """A run made of two files that were kept; they may come from anybody. It takes the old one's place."""
        if RUNS.is_driven(old):
            raise Mishap(self.texts["pause_first"])
        run = training.unpacked(self.family, files, text)
        RUNS.add(run, old=old)
        return [run.id, *self.shown(training.see(run), "resting", self.texts["brought"].format(step=run.trainer.step))]


def leave(request: gr.Request) -> None:
    """A tab was closed: its trainings rest at once."""
    RUNS.leave(request.session_hash or "")
