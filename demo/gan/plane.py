"""The room where the game is small enough to see whole: points in a plane, the critic's map, the forger's net."""

from typing import Any

import gradio as gr

from core.data import COLLECTIONS
from core.gan import LOSSES
from demo.gan import field
from demo.parts.lesson import ON_THE_SPOT, Room, say
from demo.parts.plane import plane
from demo.words import words

TEXTS = words("gan.plane")
FIRST = {
    "world": "points-gaussians",
    "loss": LOSSES[0],
    "rate": 0.001,
    "critic_pace": 1,
    "critic_steps": 1,
    "penalty": 0.1,
    "seed": 0,
    "guess": None,
}
# What the controls say goes straight to the plane, as the rules of the next frame.
TELL = """(...said) => {{
  const rules = Object.fromEntries({names}.map((name, i) => [name, said[i]]));
  document.querySelector('#gan-plane-view .field').dispatchEvent(new CustomEvent('rules', {{ detail: rules }}));
}}"""


class Plane:
    """Controls left, the plane right; after the first guess nothing passes through Gradio's queue."""

    def __init__(self) -> None:
        with Room("gan.plane") as room:
            self.room = room
            with room.do:
                worlds = [(COLLECTIONS[name].title, name) for name in field.WORLDS]
                self.world = gr.Radio(
                    [*worlds, (TEXTS["own"], field.OWN)],
                    value=FIRST["world"],
                    label=TEXTS["world"],
                    elem_id="gan-plane-world",
                )
            with room.more:
                self.rarer()
            with room.see:
                self.view = plane(TEXTS, FIRST, "gan-plane-view", self.answered(field.begin), self.answered(field.go))
        told = [getattr(self, name) for name in FIRST if name != "guess"] + [room.guess]
        for control in told:
            events = [control.submit, control.blur] if isinstance(control, gr.Number) else [control.input]
            gr.on(events, None, told, None, js=TELL.format(names=list(FIRST)), **ON_THE_SPOT)
        self.view.input(None, self.view, room.result, js="(seen) => seen.result", **ON_THE_SPOT)

    def rarer(self) -> None:
        losses = [(TEXTS[name], name) for name in LOSSES]
        self.loss = gr.Radio(losses, value=FIRST["loss"], label=TEXTS["loss"], elem_id="gan-plane-loss")
        self.rate = self.number("rate", step=0.0005)
        self.critic_pace = self.number("critic_pace")
        self.critic_steps = self.number("critic_steps", step=1)
        self.penalty = self.number("penalty", step=0.05)
        self.seed = self.number("seed", step=1)

    def number(self, name: str, **options: Any) -> gr.Number:
        return gr.Number(FIRST[name], label=TEXTS[name], elem_id=f"gan-plane-{name}", **options)

    def answered(self, play: Any) -> Any:
        """A frame whose sentence is ready for the page."""

        def answer(asked: dict[str, Any]) -> dict[str, Any]:
            frame = play(asked)
            told = self.room.settled(asked.get("guess"), *frame.pop("came"))
            return frame | {"result": say(frame.pop("said"), frame.pop("yard"), told)}

        return answer
