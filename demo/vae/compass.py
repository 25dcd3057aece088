"""The room where a visitor makes a direction out of examples, tests it, and keeps it as a slider."""

from html import escape
from typing import Any

import gradio as gr

from demo.limits import one_of
from demo.parts.border import border
from demo.parts.compass import compass, tags
from demo.parts.lesson import AT_ONCE, ON_THE_SPOT, Room, say
from demo.redraw import card, painter
from demo.show import signed
from demo.vae import needle
from demo.vae.gauge import gauge
from demo.vae.survey import named
from demo.words import words

TEXTS = words("vae.compass")
FIRST = "faces"  # where what is dragged along can be read off best
NOTHING = 0.5  # correlation below which a number is about nothing in particular
TELL = """(name, guess) => {
  const rose = document.querySelector('#vae-compass-view .rose');
  rose.dispatchEvent(new CustomEvent('rules', { detail: { name, guess } }));
  return guess;
}"""
ANEW = f"(name) => ({TELL})(name, null)"  # a guess is about one collection


def latents(name: str) -> str:
    """What the card says each number of the code is mostly about, and the scores, as HTML."""
    known = card(name)
    if "latents" not in known:
        return f"<p>{escape(TEXTS['no_factors'])}</p>"
    rows = (known["latents"][k] for k in painter(name).order.tolist())
    said = (
        TEXTS["latent" if abs(row["r"]) >= NOTHING else "latent_none"].format(
            i=i + 1, factor=row["factor"], r=signed(row["r"])
        )
        for i, row in enumerate(rows)
    )
    items = "".join(f"<li>{escape(one)}</li>" for one in said)
    return f"<ol>{items}</ol><p>{escape(TEXTS['held'])}</p>{told(known)}{scores(known['numbers'])}"


def told(known: dict[str, Any]) -> str:
    """Of which factors the painter was told while it learnt, and what its code was without, as HTML."""
    if "told" not in known:
        return ""
    now, before = known["numbers"]["factors on one latent"], known["told"]["before"]
    facts = {"now": now["value"], "of": now["yardsticks"]["in all"], "before": before}
    said = TEXTS["told"].format(factors=", ".join(known["told"]["factors"]), **facts)
    return f"<p>{escape(said)}</p>"


def scores(numbers: dict[str, Any]) -> str:
    """Each score, what it is, and what shuffled factors get, as HTML."""
    told = [
        TEXTS["score"].format(what=what, value=one["value"], chance=chance)
        for name, what in TEXTS["score_is"].items()
        if (one := numbers.get(name)) and (chance := one["yardsticks"]["shuffled factors"]) is not None
    ]
    items = "".join(f"<li>{escape(one)}</li>" for one in told)
    return f"<p>{escape(TEXTS['scores'])}</p><ul>{items}</ul>" if told else ""


class Compass:
    """The wall, the result and all else that comes of it right; controls left."""

    def __init__(self) -> None:
        offer, short = sorted(named(), key=lambda name: name != FIRST), words("vae.sketch")["short"]
        rules, bounds = {"name": offer[0], "guess": None}, {"kept": needle.KEPT, "turns": needle.TURNS}
        with Room("vae.compass") as room:
            self.room = room
            with room.do:
                choices = [(short.get(name, card(name)["data"]["title"]), name) for name in offer]
                name = gr.Radio(choices, value=offer[0], label=TEXTS["collection"], elem_id="vae-compass-collection")
            with room.see:
                tags(TEXTS, "vae-compass-wall")
            with room.under:
                answers = {"wall": self.wall, "build": self.build, "mix": needle.mix}
                self.view = compass(words("vae.map") | TEXTS, rules, bounds, "vae-compass-view", answers)
        room.lessons.focus(border(self.ready), name, None, **AT_ONCE)
        room.guess.input(None, [name, room.guess], room.guess, js=TELL, **ON_THE_SPOT)
        name.input(None, name, room.guess, js=ANEW, **ON_THE_SPOT)
        self.view.input(None, self.view, room.result, js="(seen) => seen.result", **ON_THE_SPOT)

    def ready(self, name: str) -> None:
        """The instrument is made, seconds of work for drawn pictures, while the person tags: once, for all visitors."""
        gauge(one_of(name, named(), TEXTS["collection"]))

    def wall(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Pictures to tag, and what is known of the code."""
        hung = needle.wall(asked)
        return hung | {"latents": latents(asked["name"])}

    def build(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The direction, with its sentence and what came of the guess; until there is one, what it does is not said."""
        built = needle.build(asked)
        guessed = self.room.judged(asked.get("guess"), built.pop("most"))
        told = say(built.pop("said"), built.pop("yard"), guessed)
        return built | {"result": told if guessed.judged else say(TEXTS["waiting"].format(n=needle.TESTED))}
