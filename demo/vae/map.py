"""The room where the code is a map: what lies where, and a walk from one drawing to another."""

from typing import Any

import gradio as gr

from demo.parts.lesson import ON_THE_SPOT, Room, say
from demo.parts.map import chart
from demo.redraw import card
from demo.vae import atlas, walk
from demo.vae.survey import COUPLES, mapped
from demo.words import words

TEXTS = words("vae.map")
# What the controls say goes straight to the map, as the rules of what it asks next.
TELL = """(name, way, guess) => {
  const chart = document.querySelector('#vae-map-view .chart');
  chart.dispatchEvent(new CustomEvent('rules', { detail: { name, way, guess } }));
  return guess;
}"""
ANEW = f"(name, way) => ({TELL})(name, way, null)"  # a guess is about one collection


def cells(asked: dict[str, Any]) -> dict[str, str]:
    return atlas.cells(atlas.question(asked))


class Map:
    """Controls left, the map right; it asks for itself, without Gradio's queue."""

    def __init__(self) -> None:
        offer, short = mapped(), words("vae.sketch")["short"]
        rules = {"name": offer[0], "way": atlas.WAYS[0], "guess": None}
        with Room("vae.map") as room:
            self.room = room
            with room.do:
                choices = [(short.get(name, card(name)["data"]["title"]), name) for name in offer]
                name = gr.Radio(choices, value=offer[0], label=TEXTS["collection"], elem_id="vae-map-collection")
                ways = [(TEXTS[way], way) for way in atlas.WAYS]
                way = gr.Radio(ways, value=atlas.WAYS[0], label=TEXTS["way"], elem_id="vae-map-way")
            with room.see:
                answers = {"chart": self.draw, "cells": cells, "spot": atlas.spot, "walk": self.walk}
                self.view = chart(TEXTS, rules, "vae-map-view", answers)
        told = [name, way, room.guess]
        gr.on([way.input, room.guess.input], None, told, room.guess, js=TELL, **ON_THE_SPOT)
        name.input(None, told[:2], room.guess, js=ANEW, **ON_THE_SPOT)
        self.view.input(None, self.view, room.result, js="(seen) => seen.result", **ON_THE_SPOT)

    def draw(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The map, with its sentence."""
        drawn = atlas.chart(atlas.question(asked))
        shares = {key: 100 * share for key, share in {**drawn["told"], "hole": drawn["hole"]}.items()}
        one = words("vae.one")[drawn["whose"]]
        yard = TEXTS["yard"].format(straight=TEXTS["straight"][asked["way"]], **shares)
        return drawn | {"result": say(TEXTS["said"].format(one=one, **shares), yard)}

    def walk(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The film, with its sentence and what came of the guess, once there is one."""
        film = walk.walk(asked)
        guessed = self.room.judged(asked.get("guess"), film.pop("most"))
        yard = film.pop("yard") if guessed.judged else TEXTS["waiting"].format(n=COUPLES)
        return film | {"result": say(film.pop("said"), yard, guessed)}
