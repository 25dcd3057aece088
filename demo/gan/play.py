"""The room of the sealed exam: you and the critic mark the same twenty pictures."""

from typing import Any

import gradio as gr
from gradio.events import Dependency

from demo.gan import exam
from demo.gan.forger import card, collections, missing
from demo.parts.exam import exam as sheet
from demo.parts.lesson import AT_ONCE, ON_THE_SPOT, Room, say, text
from demo.parts.post import way
from demo.runs import Run
from demo.words import words

TEXTS = words("gan.play")
AGES = [(name, i) for i, name in enumerate(TEXTS["ages"])]
# What the controls say goes straight to the sheet, which asks for another exam.
TELL = """(collection, age, guess, anew) => document.querySelector('#gan-play-sheet .sheet')
  .dispatchEvent(new CustomEvent('setup', { detail: { collection, age, guess, anew } }))"""


class Play:
    """Controls left, the sheet right; nothing of an exam passes through Gradio's queue."""

    def __init__(self) -> None:
        offer = exam.offered()
        first = {"collection": offer[0], "age": len(exam.ages_of(offer[0])) - 1, "guess": None}
        with Room("gan.play") as room:
            self.room = room
            with room.do:
                self.age = gr.Radio(
                    AGES, value=first["age"], label=TEXTS["age"], info=TEXTS["age_note"], elem_id="gan-play-age"
                )
                self.age.preprocess = lambda payload: payload  # a training's own forger is offered to its page alone
                self.collection = gr.Radio(
                    [(card(name)["data"]["title"], name) for name in offer],
                    value=first["collection"],
                    label=TEXTS["collection"],
                    elem_id="gan-play-collection",
                )
                if absent := missing(collections()):
                    text("p", absent, "other")
            with room.see:
                self.sheet = sheet(TEXTS, first, "gan-play-sheet", exam.sit, self.handed)
        self.told = [self.collection, self.age, room.guess]
        for control in self.told:
            control.input(None, self.told, None, js=TELL, **ON_THE_SPOT)
        self.age.input(self.asks, self.age, self.collection, **AT_ONCE)
        self.sheet.input(None, self.sheet, room.result, js="(seen) => seen.result", **ON_THE_SPOT)

    @staticmethod
    def asks(age: Any) -> Any:
        """A shipped forger is one of several collections; a training of this page has its own."""
        return gr.update(visible=not isinstance(age, str))

    def meet(self, run: Run) -> list[Any]:
        """Age and collection, where the forger is that of a training."""
        return [gr.update(choices=[*AGES, (TEXTS["guest"], run.link)], value=run.link), self.asks(run.link)]

    def come(self, went: Dependency) -> None:
        """Once something else went well: opens this room, and asks for an exam as the controls now say."""
        opening = way(words("gan")["title"], TEXTS["title"])
        js = f"async (...told) => {{ await ({opening})(); ({TELL})(...told, true); }}"
        went.success(None, self.told, None, js=js, **ON_THE_SPOT)

    def handed(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answers, with the sentence ready for the page."""
        told, (mine, its, both) = exam.hand_in(asked), TEXTS["guesses"]
        came = both if told["right"] == told["critic"] else mine if told["right"] > told["critic"] else its
        guessed = self.room.settled(asked.get("guess"), came, "")
        return told | {"result": say(told.pop("said"), told.pop("yard"), guessed)}
