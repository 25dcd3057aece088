"""The room where one drawing turns into another, in three ways."""

from typing import Any

import gradio as gr

from demo.limits import whole
from demo.parts.border import border
from demo.parts.lesson import AT_ONCE, ON_THE_SPOT, Room, say
from demo.parts.morph import turning
from demo.parts.pad import pad, shown
from demo.redraw import FIRST, SEEDS, card, example, sketch
from demo.vae import morphing
from demo.vae.survey import COUPLES, named
from demo.words import words

TEXTS = words("vae.morph")
TELL = """(guess) => {
  document.querySelector('#vae-morph-view .turning').dispatchEvent(new CustomEvent('guess', { detail: guess }));
}"""


def other(asked: dict[str, Any]) -> dict[str, Any]:
    """Another drawing for the far end {"name", "turn"}, from 1 on: odd examples, as the near end has even ones."""
    name = asked.get("name", "")
    n = whole(asked.get("turn"), 1, SEEDS // 2, TEXTS["number"])
    if (name, n) == (FIRST, 1):  # as with the near end: the room opens before a collection is read
        return {"dots": shown(sketch("cat", name))["dots"]}
    return {"dots": shown(example(name, 2 * n - 1))["dots"]}


class Morph:
    """Your drawing left, another or a second of yours right, and what lies between."""

    def __init__(self) -> None:
        offer, short = named(), words("vae.sketch")["short"]
        self.turn = gr.State(0)  # how many examples this visitor has seen
        with Room("vae.morph") as room:
            self.room = room
            with room.do:
                choices = [(short.get(name, card(name)["data"]["title"]), name) for name in offer]
                self.name = gr.Radio(choices, value=offer[0], label=TEXTS["collection"], elem_id="vae-morph-collection")
                self.pad = pad(words("vae.sketch"), "vae-morph-pad")
                self.another = gr.Button(TEXTS["another"], elem_id="vae-morph-another")
            with room.see:
                answers = {"morph": self.morph, "told": self.told, "other": other, "film": morphing.film}
                self.view = turning(TEXTS, morphing.WAYS, "vae-morph-view", answers)
        shows = [self.turn, self.pad, self.view]
        self.another.click(border(self.again), [self.name, self.turn], shows, **AT_ONCE)
        anew = [*shows, room.guess]  # a guess is about one collection
        self.name.input(border(self.change), [self.name, self.turn], anew, **AT_ONCE)
        room.lessons.focus(border(self.open), self.name, shows, **AT_ONCE)
        room.guess.input(None, room.guess, None, js=TELL, **ON_THE_SPOT)
        self.view.input(None, self.view, room.result, js="(seen) => seen.result", **ON_THE_SPOT)

    def open(self, name: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
        """The room opens with two drawings."""
        turn, laid, ends = self.again(name, -1)
        return turn, laid, ends | {"b": other({"name": name, "turn": 1})["dots"]}

    def change(self, name: str, turn: int) -> tuple[int, dict[str, Any], dict[str, Any], None]:
        """Two drawings of another collection."""
        return *self.open(name), None

    def again(self, name: str, turn: int) -> tuple[int, dict[str, Any], dict[str, Any]]:
        """The next example at the near end, an even one; what it is turned into stays."""
        laid = shown(example(name, 2 * (turn + 1) % SEEDS))
        return turn + 1, laid, {"name": name, "a": laid["dots"], "side": laid["side"]}

    def morph(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The films, with their sentence, or with what is being measured for it."""
        films, said = morphing.morph(asked)
        if asked.get("guess") not in TEXTS["guesses"]:  # the judge keeps silent until there is a guess
            return films | {"result": say(TEXTS["waiting"])}
        if said:
            return films | self.result(said, asked)
        return films | {"measuring": True, "result": say(TEXTS["measuring"].format(n=COUPLES))}

    def told(self, asked: dict[str, Any]) -> dict[str, str]:
        """The sentence alone."""
        return self.result(morphing.told(asked), asked)

    def result(self, said: morphing.Said, asked: dict[str, Any]) -> dict[str, str]:
        told = self.room.judged(asked.get("guess"), said.most)
        told = told._replace(line=f"{told.line} {TEXTS['by'].format(n=COUPLES)}")
        return {"result": say(said.said, said.yard, told)}
