"""The room where you look at paintings: choose, guess, and hear the critic."""

import json
import tempfile
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

from demo import redraw
from demo.gan import album, forger
from demo.gan.critic import line, reals
from demo.gan.forger import beliefs, card, collections, painted, subjects
from demo.gan.hanging import COUNT, hung
from demo.limits import whole
from demo.parts.border import border
from demo.parts.lesson import AT_ONCE, ON_THE_SPOT, Room, Told, house, say, text
from demo.parts.post import in_sight, post, way
from demo.parts.wall import view, wall
from demo.words import words

TEXTS = words("gan.paint")
ROW = 8  # real pictures beside the paintings
LATER: dict[str, Any] = {"show_progress": "minimal", "api_visibility": "private", "trigger_mode": "once"}


def result(collection: str, y: Tensor, chances: Tensor, guessed: Callable[[int], Told]) -> str:
    """What the critic took for real, beside what it takes of unseen real pictures."""
    found = line(f"gan-{collection}")
    real = round(float(found.takes[y].mean()) * len(y))
    n = int(found.n[y.unique()].sum())
    yard = TEXTS["yard"].format(count=len(y), real=real, n=n)
    took = int((chances > 0.5).sum())
    return say(TEXTS["took"].format(took=took, count=len(y)), yard, guessed(took))


def hang(
    collection: str, subject: str, bold: float, seed: int, guessed: Callable[[int], Told] | None
) -> tuple[str, str]:
    """The wall of paintings, and the result sentence; without a guess the critic keeps silent."""
    x, y = painted(collection, subject, seed, bold, COUNT)
    if guessed is None:
        return wall(hung(collection, x, y, None, TEXTS["painting"])), say(TEXTS["waiting"], TEXTS["waiting_note"])
    chances = beliefs(collection, x, y)
    return wall(hung(collection, x, y, chances, TEXTS["painting"])), result(collection, y, chances, guessed)


def beside(collection: str, subject: str, seed: int | None, guess: str | None) -> str:
    """The row of real pictures, where they are at hand; its subjects are those of the first paintings, and others hang
    beside other paintings."""
    y = forger.asked(collection, subject, ROW)
    x = reals(f"gan-{collection}", y, seed or 0)
    if x is None:
        return f'<p class="key">{TEXTS["absent"]}</p>'
    chances = None if guess is None else beliefs(collection, x, y)
    return f"<h4>{TEXTS['beside']}</h4>{wall(hung(collection, x, y, chances, TEXTS['picture']))}"


class Album:
    """Two painting numbers and three buttons, in the fold under the controls of Paint; what comes of them under it."""

    def __init__(self) -> None:
        said: dict[str, Any] = {"minimum": 1, "maximum": COUNT, "min_width": 100}
        with gr.Row():
            self.ends = [
                gr.Number(n, label=TEXTS[name], elem_id=f"gan-paint-{name}", **said)
                for n, name in ((1, "which"), (2, "into"))
            ]
        self.morph = gr.Button(TEXTS["morph"], size="sm", elem_id="gan-paint-morph")
        self.send = gr.Button(TEXTS["send"], size="sm", elem_id="gan-paint-send")
        self.sheet = gr.Button(TEXTS["sheet"], size="sm", elem_id="gan-paint-sheet")
        self.kept = gr.File(visible=False, interactive=False, label=TEXTS["sheet_note"], elem_id="gan-paint-kept")

    def wire(self, wall: list[Any], guess: gr.Radio, shown: gr.HTML) -> None:
        """wall: collection, subject, boldness and seed, which make the paintings what they are."""
        turned = self.morph.click(border(self.turn), [*wall, guess, *self.ends], shown, **LATER)
        turned.success(None, None, None, js=in_sight("gan-paint-between"))  # it hangs under all paintings
        self.sheet.click(border(self.keep), wall, self.kept, **LATER)
        sent = self.send.click(border(self.give), [*wall, self.ends[0]], post(), **LATER)
        sent.success(None, None, None, js=way(words("vae")["title"], words("vae.sketch")["title"]))

    def turn(self, collection: str, subject: str, bold: float, seed: int, guess: str | None, *ends: int) -> str:
        """The way from one painting to another; the critic says nothing of it before there is a guess."""
        x, y = album.morphed(collection, subject, seed, bold, *ends)
        chances = None if guess is None else beliefs(collection, x, y)
        alt = TEXTS["film"].format(first=ends[0], last=ends[1])
        moving = f'<img class="dots film" src="{album.film(x)}" alt="{escape(alt)}">'
        hanging = f"{wall(hung(collection, x, y, chances, TEXTS['between']))}{moving}"
        if chances is None:
            return hanging
        said = TEXTS["morphed"].format(took=int((chances > 0.5).sum()), count=len(x))
        return f'{hanging}<p class="key">{escape(said)} {escape(TEXTS["morph_yard"])}</p>'

    def keep(self, collection: str, subject: str, bold: float, seed: int) -> Iterator[Any]:
        """A picture file of 64 paintings; Gradio has copied it when it asks for more."""
        with tempfile.TemporaryDirectory(prefix="atelier-") as folder:
            file = Path(folder, f"atelier-{collection}.png")
            album.many(collection, subject, seed, bold).save(file)
            yield gr.File(str(file), visible=True)

    def give(self, collection: str, subject: str, bold: float, seed: int, which: int) -> tuple[str, Tensor]:
        """One painting (C, S, S) for the artist of the next tab."""
        return collection, album.one(collection, subject, seed, bold, which)


class Paint:
    """The room where you choose, guess, look, and hear the critic."""

    def __init__(self) -> None:
        with Room("gan.paint") as room:
            self.room = room
            with room.do:
                self.controls(collections())
            with room.more:
                self.seed = gr.Number(
                    7,
                    step=1,
                    label=TEXTS["seed"],
                    info=TEXTS["seed_note"],
                    maximum=forger.SEEDS,
                    elem_id="gan-paint-seed",
                )
                self.album = Album()
            with room.see:
                self.pictures = view("gan-paint-wall", TEXTS["near"])
            with room.under:
                self.between = view("gan-paint-between", TEXTS["near"])
                self.real = view("gan-paint-real", TEXTS["near"])
                text("p", TEXTS["key"], "key")
        self.wire()

    def controls(self, offer: tuple[str, ...]) -> None:
        choices = [(card(name)["data"]["title"], name) for name in offer]
        self.collection = gr.Radio(choices, value=offer[0], label=TEXTS["collection"], elem_id="gan-paint-collection")
        self.subject = gr.Dropdown(
            subjects(offer[0]),
            value=TEXTS["mix"],
            label=TEXTS["subject"],
            filterable=False,
            elem_id="gan-paint-subject",
        )
        self.bold = gr.Slider(
            0,
            forger.BOLDEST,
            1,
            step=0.05,
            label=TEXTS["bold"],
            info=TEXTS["bold_note"],
            buttons=[],
            elem_id="gan-paint-bold",
        )
        self.more = gr.Button(TEXTS["paint"], variant="primary", elem_id="gan-paint-go")

    def wire(self) -> None:
        """Paintings come first: real pictures may have to be read from a pack."""
        asked = [self.collection, self.subject, self.bold, self.seed, self.room.guess]
        shown = [self.pictures, self.room.result, self.between, self.album.kept]
        paintings = {"fn": border(self.show), "inputs": asked, "outputs": shown, **AT_ONCE}
        real = {
            "fn": border(beside),
            "inputs": [self.collection, self.subject, self.seed, self.room.guess],
            "outputs": self.real,
            **AT_ONCE,
        }

        gr.on([self.bold.input, self.seed.input], **paintings)
        self.subject.input(**paintings).then(**real)
        guessed = self.room.guess.input(**paintings)
        guessed.then(None, None, None, js=in_sight("gan-paint-wall"), **AT_ONCE)
        guessed.then(**real)
        more = self.more.click(border(self.again), self.seed, [self.seed, self.room.guess], **AT_ONCE)
        more.then(**paintings).then(**real)
        begins = [self.subject, self.room.guess, self.album.send]
        # the subject is of the collection before, until the server has found the others; a mix can be had of all
        self.collection.input(None, None, self.subject, js=f"() => {json.dumps(TEXTS['mix'])}", **ON_THE_SPOT)
        changed = self.collection.input(border(self.change), self.collection, begins, **AT_ONCE)
        changed.then(**paintings).then(**real)
        self.album.wire(asked[:4], self.room.guess, self.between)
        house().load(**paintings).then(**real)

    def show(self, collection: str, subject: str, bold: float, seed: int | None, guess: str | None) -> tuple[Any, ...]:
        if seed is None:  # the box is empty: the next number is being typed
            return (gr.skip(),) * 4

        def guessed(took: int) -> Told:
            return self.room.judged(guess, self.room.words["guesses"][max(0, took - 1) // 4])

        told = None if guess is None else guessed
        # a morph and a sheet were of other paintings
        return *hang(collection, subject, bold, seed, told), "", gr.File(None, visible=False)

    def again(self, seed: int) -> tuple[int, None]:
        """The next seed; there is a new guess to make before the critic speaks."""
        return (whole(seed, 0, forger.SEEDS, TEXTS["seed"]) + 1) % forger.SEEDS, None

    def change(self, collection: str) -> tuple[gr.Dropdown, None, Any]:
        """Its subjects; a guess about other pictures counts no more, and not all are known in Sketch and Redraw."""
        return (
            gr.Dropdown(subjects(collection), value=TEXTS["mix"]),
            None,
            gr.update(visible=collection in redraw.collections()),
        )
