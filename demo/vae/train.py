"""The room of live training: the shared bench, and a pad whose drawing is redrawn while the model learns."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import gradio as gr

from core.data import COLLECTIONS
from core.model import Mishap
from demo import training
from demo.ink import is_empty
from demo.parts.border import border
from demo.parts.lesson import AT_ONCE, say, text
from demo.parts.pad import dots, pad, shown
from demo.parts.post import way
from demo.redraw import unpack
from demo.runs import RUNS
from demo.studio import HIDDEN, Bench
from demo.vae import guest
from demo.words import words

TEXTS = words("vae.train")


class Train(Bench):
    """A bench with a fold in which a visitor draws."""

    def __init__(self) -> None:
        super().__init__("vae")

    def extra(self) -> list[Any]:
        self.fold = gr.Accordion(TEXTS["own"], open=False, elem_id="vae-train-own", elem_classes=["more"])
        self.room.folds.append(self.fold)
        with self.fold:
            text("p", TEXTS["own_note"])
            self.pad = pad(words("vae.sketch"), "vae-train-pad")
        return [self.pad]

    def wire(self) -> None:
        super().wire()
        there, views = [self.stored, self.data, self.pad], [self.view, self.room.result, *self.verbs, self.charts]
        gr.on(
            [self.room.lessons.focus, self.data.input, self.stored.change],
            border(self.lay),
            there,
            self.pad,
            **AT_ONCE,
        )
        self.pad.input(border(self.hang), [self.stored, self.pad], views, **AT_ONCE)

    def receive(self, button: gr.Button, drawing: gr.HTML, name: gr.Radio) -> None:
        """A button of another room brings what is on its pad, and opens this room."""
        brought = button.click(
            border(self.bring_in),
            [drawing, name, self.stored],
            [self.data, self.fetch, self.pad, self.fold, self.view, self.room.result, *self.verbs, self.charts],
            **HIDDEN,
        )
        opening = way(words("vae")["title"], TEXTS["title"])
        brought.success(None, None, None, js=opening, **HIDDEN)

    def bring_in(self, drawing: Any, name: str, key: str) -> list[Any]:
        """A drawing made for a collection goes to the run on view, or lies ready for a new one. Mishap where it is
        empty, or where the run is of another kind."""
        x = unpack(dots(drawing), name)
        if is_empty(x):
            raise Mishap(words("vae.sketch")["empty"])
        laid, views = shown(x), [gr.skip()] * 9
        if not RUNS.is_here(key):
            data = guest.learnable(name)
            titles = {"missing": COLLECTIONS[name].title, "title": COLLECTIONS[data].title}
            said = say("" if data == name else TEXTS["instead"].format(**titles))
            given = [data, gr.update(visible=False), laid, gr.Accordion(open=True)]
            return [*given, training.sight(data), said, *views[2:]]
        if not guest.fits(dots(drawing), self.own(key).trainer.plan.data):
            raise Mishap(TEXTS["other_kind"])
        return [gr.skip(), gr.skip(), laid, gr.Accordion(open=True), *self.hang(key, drawing)]

    def make(
        self, data: str, size: str, text: str, batch: float, seed: float, old: str, *rules: Any
    ) -> Iterator[list[Any]]:
        """The same, with what is on the pad, if that is the collection's, among the pictures from the first step on."""
        *others, drawing = rules
        x = None
        with suppress(Mishap):  # it was said when it was drawn
            x = guest.drawn(dots(drawing), data)
        for told in super().make(data, size, text, batch, seed, old, *others):
            if RUNS.is_here(told[0]) and x is not None:
                run = self.own(told[0])
                guest.hang(run, x)
                told = [run.id, *self.shown(training.see(run), "resting")]
            yield told

    def lay(self, key: str, data: str, drawing: Any) -> Any:
        """The pad of the run on view, else of what was chosen; what is on it stays if it is of one kind with that."""
        name = self.own(key).trainer.plan.data if RUNS.is_here(key) else data
        if guest.fits(dots(drawing), name):
            return gr.skip()
        return shown(guest.blank(name))

    def hang(self, key: str, drawing: Any) -> list[Any]:
        """What is on the pad is shown by the run on view: at once if it rests, else with its next look."""
        nothing = [gr.skip()] * 9
        if not RUNS.is_here(key):
            return nothing
        run = self.own(key)
        guest.hang(run, guest.drawn(dots(drawing), run.trainer.plan.data))
        return nothing if run.seat else self.shown(training.see(run), "resting")
