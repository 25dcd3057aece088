"""The bench all tabs share: pick a collection and a size, start, watch, pause, go on, keep, bring back.

The page keeps a run's id in the browser, so that a reload finds it again; everything else stays here.
"""

import math
import os
import tempfile
import time
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
import torch
from gradio.context import Context

from core import checkpoint
from core.data import COLLECTIONS, data_folder, open_collection
from core.data.fetch import fetch
from core.data.text import LARGEST
from core.families import FAMILIES, build
from core.model import Mishap
from core.train import Plan, Trainer, pick_device
from demo.parts.border import border
from demo.parts.lesson import Room, say
from demo.previews import PREVIEWS
from demo.runs import Run, Runs
from demo.shelf import shelf
from demo.show import curves
from demo.words import words

RUNS = Runs()
EVERY = 0.4  # seconds between two looks
PATIENT = 3.0  # seconds between two results, which cost more than a look
FIRST = {"gan": "faces", "vae": "faces", "gpt": "retold"}  # always there, so it stands first
VOCAB, MOST = 1024, 3_000_000  # of a storyteller trained on the page: a small table learns its words sooner
HIDDEN = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}


@lru_cache(maxsize=12)
def collection(name: str) -> Any:
    """A collection, opened once for everybody; a visitor's own text never comes here."""
    return (
        open_collection(name, vocab=VOCAB, most=MOST) if COLLECTIONS[name].learns == "text" else open_collection(name)
    )


def offered(family: str) -> list[tuple[str, str]]:
    """(title, name) of what this family can learn; the one to begin with first."""
    able = [c for c in COLLECTIONS.values() if c.learns in FAMILIES[family].LEARNS and c.learns != "points"]
    return [(c.title, c.name) for c in sorted(able, key=lambda c: c.name != FIRST[family])]


def begin(family: str, name: str, size: str, text: str, plan: dict[str, Any], options: dict[str, Any]) -> Run:
    """A new run at step 0; Mishap for anything that does not exist or is out of range."""
    if name not in COLLECTIONS or COLLECTIONS[name].learns not in FAMILIES[family].LEARNS:
        raise Mishap("This collection is not one that this family can learn.")
    agreed = Plan(family, name, size, options=options, **plan)
    data = open_collection("own", text=text, vocab=VOCAB) if name == "own" else collection(name)
    if COLLECTIONS[name].channels == 3 and family == "vae":
        options = options | {"likelihood": "gaussian"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(agreed.seed)
        model = build(family, size, data.facts(), options)
    return equip(Trainer(agreed, model, data, pick_device(os.environ.get("ATELIER_DEVICE", ""))))


def equip(trainer: Trainer) -> Run:
    """A run with its preview, measured by the collection's judge where one is shipped."""
    judge = f"judge-{trainer.plan.data}"
    known = shelf(judge).model if judge in checkpoint.names("judge") else None
    preview = PREVIEWS[trainer.plan.family](trainer.model.eval(), trainer.data, known)
    return Run(trainer, preview)


def see(run: Run) -> dict[str, Any]:
    """The run at rest as the page shows it; the result is measured anew every few seconds only."""
    run.trainer.model.eval()
    if time.monotonic() - run.measured > PATIENT or not run.sentence:
        run.sentence, run.measured = run.preview.sentence(run), time.monotonic()
        run.picture = run.preview.look(run)
    elif run.trainer.plan.family != "gpt":  # a picture costs little, eighty words do not
        run.picture = run.preview.look(run)
    return {"view": draw(run), "result": say(*run.sentence)}


def draw(run: Run) -> str:
    """Picture, meter and curves as HTML."""
    texts, now = words("train"), run.last
    state = "running" if run.seat else "done" if run.trainer.is_done() else "resting"
    meter = texts["meter"].format(
        step=run.trainer.step,
        seconds=run.trainer.seconds,
        examples=run.trainer.step * run.trainer.batch,
        state=texts[f"state_{state}"],
    )
    lines = {texts_for: run.curves[key] for key, texts_for in run.preview.curves.items() if key in run.curves}
    chart = curves(run.steps, lines) if now and len(run.steps) > 1 else ""
    return f'{run.picture}<p class="meter" data-step="{run.trainer.step}">{escape(meter)}</p>{chart}'


class Bench:
    """One Train room: its controls, its view, and what the buttons do."""

    def __init__(self, family: str) -> None:
        self.family, self.texts = family, words("train")
        self.stored = gr.BrowserState("", storage_key=f"atelier-{family}-run", secret="a run's id is secret enough")
        with Room(f"{family}.train") as room:
            self.room = room
            with room.do:
                self.choices()
                self.buttons()
            with room.more:
                self.rarer()
            with room.see:
                self.view = gr.HTML(self.hint(), elem_id=f"{family}-train-view", elem_classes=["bench"], js_on_load=None)
        self.wire()

    def hint(self) -> str:
        return f'<p class="meter" data-step="0">{escape(self.texts["empty"])}</p>'

    def name(self, part: str) -> str:
        return f"{self.family}-train-{part}"

    def choices(self) -> None:
        texts = self.texts
        offer = offered(self.family)
        self.data = gr.Dropdown(offer, value=offer[0][1], label=texts["collection"], elem_id=self.name("data"), filterable=False)
        self.size = gr.Radio(
            [(texts[size], size) for size in ("small", "medium")], value="small", label=texts["size"], elem_id=self.name("size")
        )
        text = self.family == "gpt"
        self.text = gr.Textbox(
            label=texts["text"], info=texts["text_note"], lines=5, max_lines=9, visible=False, interactive=True, elem_id=self.name("text")
        )
        self.file = gr.UploadButton(texts["file"], file_types=[".txt"], visible=False, size="sm", elem_id=self.name("file"))
        if text:
            self.data.input(lambda d: [gr.update(visible=d == "own")] * 2, self.data, [self.text, self.file], **HIDDEN)
            self.file.upload(border(read_text), self.file, self.text, **HIDDEN)

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
        self.verbs = [self.start, self.pause, self.on, self.once, self.over]

    def state(self, state: str) -> list[Any]:
        """Which buttons stand there: new, running, resting or done."""
        shown = {"new": "1....", "running": ".1...", "resting": "..111", "done": "....1"}[state]
        return [gr.update(visible=mark == "1") for mark in shown]

    def rarer(self) -> None:
        texts, kind = self.texts, FAMILIES[self.family]
        self.rate = gr.Number(kind.RECIPE["lr"], label=texts["rate"], elem_id=self.name("rate"))
        self.batch = gr.Number(kind.RECIPE["batch"], label=texts["batch"], precision=0, elem_id=self.name("batch"))
        self.seed = gr.Number(0, label=texts["seed"], precision=0, elem_id=self.name("seed"))
        self.option = {
            "gan": lambda: gr.Checkbox(True, label=texts["labels"], elem_id=self.name("labels")),
            "vae": lambda: gr.Slider(0, 16, 1, step=0.25, label=texts["beta"], elem_id=self.name("beta")),
            "gpt": lambda: gr.State(None),
        }[self.family]()
        self.keep = gr.Button(texts["keep"], size="sm", elem_id=self.name("keep"))
        self.kept = gr.File(label=texts["keep_note"], file_count="multiple", visible=False, interactive=False, elem_id=self.name("kept"))
        self.bring = gr.UploadButton(
            texts["bring"], file_count="multiple", file_types=[".json", ".safetensors"], size="sm", elem_id=self.name("bring")
        )
        self.fetch = gr.Button(texts["fetch"], size="sm", visible=self.family != "gpt", elem_id=self.name("fetch"))

    def wire(self) -> None:
        """Start and Go on end in `drive`, which streams; the others answer at once."""
        shown = [self.view, self.room.result, *self.verbs]
        settings = [self.data, self.size, self.text, self.rate, self.batch, self.seed, self.option]
        stream = {"show_progress": "hidden", "concurrency_limit": None, "api_visibility": "private", "trigger_mode": "once"}
        for button in (self.start, self.over):
            made = button.click(border(self.make), [*settings, self.stored], [self.stored, *shown], **stream)
            made.success(border(self.drive), [self.stored, self.room.guess], shown, **stream)
        self.on.click(border(self.drive), [self.stored, self.room.guess], shown, **stream)
        self.pause.click(border(self.halt), self.stored, None, **HIDDEN)
        self.once.click(border(self.single), self.stored, shown, show_progress="hidden", api_visibility="private")
        self.keep.click(border(self.pack), self.stored, [self.kept, self.room.result], show_progress="hidden", api_visibility="private")
        self.bring.upload(border(self.unpack), [self.bring, self.text], [self.stored, *shown], show_progress="hidden", api_visibility="private")
        self.fetch.click(border(self.load), self.data, self.view, show_progress="hidden", api_visibility="private")
        page = Context.root_block
        page.load(border(self.find), self.stored, shown, show_progress="hidden", api_visibility="private")

    def shown(self, seen: dict[str, Any], state: str) -> list[Any]:
        return [seen["view"], seen["result"], *self.state(state)]

    def make(self, data: str, size: str, text: str, rate: float, batch: float, seed: float, option: Any, old: str) -> Iterator[Any]:
        """A new run under a new id; the old one is let go."""
        yield ["", f'<p class="meter">{escape(self.texts["loading"])}</p>', "", *self.state("new")]
        if data == "own" and not (text or "").strip():
            raise Mishap(self.texts["no_text"])
        plan = {"lr": number(rate, "lr"), "batch": int(number(batch, "batch")), "seed": int(number(seed, "seed"))}
        options: dict[str, Any] = {}
        if self.family == "vae":
            options["beta"] = number(option, "beta")
        if self.family == "gan" and not option:
            options["classes"] = 0
        run = begin(self.family, data, size, text, plan, options)
        RUNS.drop(old)
        RUNS.add(run)
        yield [run.id, *self.shown(see(run), "resting")]

    def drive(self, key: str, guess: str, request: gr.Request) -> Iterator[Any]:
        """Learns until paused, driven from elsewhere, or done; the last word puts the buttons right."""
        run = self.own(key)
        seat = f"{request.session_hash}/{time.monotonic_ns()}"
        for seen in RUNS.follow(run, seat, EVERY, see):
            yield self.shown(seen, "running")
        if run.seat:
            yield [gr.skip(), say(self.texts["elsewhere"]), *self.state("resting")]
            return
        with run.lock:
            seen = see(run)
        seen["result"] = say(*(run.sentence or ("", "")), self.room.guessed(guess))
        yield self.shown(seen, "done" if run.trainer.is_done() else "resting")

    def own(self, key: str) -> Run:
        """The run of that id, if it is of this family."""
        run = RUNS.get(key)
        if run.trainer.plan.family != self.family:
            raise Mishap(self.texts["other_family"])
        return run

    def halt(self, key: str) -> None:
        run = self.own(key)
        RUNS.rest(run, run.seat)

    def single(self, key: str) -> list[Any]:
        run = self.own(key)
        return self.shown(RUNS.once(run, see), "resting")

    def find(self, key: str) -> list[Any]:
        """After a reload: the run, if it is still here; else the page as it was."""
        try:
            run = self.own(key)
        except Mishap:
            return [gr.skip()] * (2 + len(self.verbs))
        with run.lock:
            seen = see(run)
        seen["result"] = say(self.texts["elsewhere"] if run.seat else self.texts["found"])
        return self.shown(seen, "resting")

    def pack(self, key: str) -> list[Any]:
        """The run as it stands, as two files to take away."""
        run = self.own(key)
        folder = Path(tempfile.mkdtemp(prefix="atelier-"))
        with run.lock:
            card = checkpoint.describe(run.trainer, "trained on the page")
            checkpoint.save(folder, run.trainer.model, card, getattr(run.trainer.data, "tokenizer", None))
        files = [str(folder / "card.json"), str(folder / "model.safetensors")]
        return [gr.File(files, visible=True), say(self.texts["kept"].format(step=run.trainer.step))]

    def unpack(self, files: list[str], text: str) -> list[Any]:
        """A run made of two files that were kept; they may come from anybody."""
        by_ending = {Path(file).suffix: Path(file) for file in files or []}
        if set(by_ending) != {".json", ".safetensors"} or len(files) != 2:
            raise Mishap(self.texts["two_files"])
        loaded = checkpoint.bring(by_ending[".json"], by_ending[".safetensors"])
        if loaded.card["family"] != self.family:
            raise Mishap(self.texts["other_family"])
        run = equip(self.resumed(loaded, text))
        RUNS.add(run)
        seen = see(run)
        seen["result"] = say(self.texts["brought"].format(step=run.trainer.step))
        return [run.id, *self.shown(seen, "resting")]

    def resumed(self, loaded: checkpoint.Loaded, text: str) -> Trainer:
        """A trainer that goes on with a model; Mishap where its collection is not here or has other labels."""
        card = loaded.card
        name = card["data"].get("name")
        if name not in COLLECTIONS or COLLECTIONS[name].learns not in FAMILIES[self.family].LEARNS:
            raise Mishap("The collection this model learnt from is not known here, so it cannot go on.")
        if self.family == "gpt":
            data = open_collection(name, text=text, tokenizer=loaded.tokenizer, most=MOST)
        else:
            data = collection(name)
        return checkpoint.go_on(loaded, data, pick_device(os.environ.get("ATELIER_DEVICE", "")))

    def load(self, name: str) -> Iterator[str]:
        """Downloads a pack, saying how far it is."""
        for now in fetch(name, data_folder()):
            done, total = now.done / 1e6, max(now.done, now.total) / 1e6
            line = self.texts["fetching"].format(file=now.file, done=done, total=total)
            yield f'<p class="meter">{escape(line)}</p>'
        yield f'<p class="meter">{escape(self.texts["fetched"])}</p>'


def number(value: Any, name: str) -> float:
    """A finite number, or a Mishap: number boxes let anything through."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise Mishap(f"The {name} must be a plain number.")
    return value


def read_text(path: str) -> str:
    """An uploaded .txt as text; Mishap if it is too large or no text."""
    raw = Path(path).read_bytes()[: 4 * LARGEST + 1]
    if len(raw) > LARGEST or b"\0" in raw:
        raise Mishap(f"This file is not a plain text of at most {LARGEST // 1_000_000} MB.")
    return raw.decode("utf8", errors="replace")


def bench(family: str) -> Bench:
    """The Train room of a family, laid out where it is called."""
    return Bench(family)


def leave(request: gr.Request) -> None:
    """A tab was closed: its trainings rest at once."""
    RUNS.leave(request.session_hash or "")
