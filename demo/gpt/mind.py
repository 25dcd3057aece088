"""The room that looks into the storyteller: where its heads look, what each layer would guess, what a head is worth."""

import json
from typing import Any

import gradio as gr

from demo.gpt import looking
from demo.gpt.anatomy import ours
from demo.parts.lesson import ON_THE_SPOT, Room, say, text
from demo.parts.mind import mind, under
from demo.parts.teller import tellers
from demo.telling import TELLER
from demo.words import words

TEXTS = words("gpt.mind")
# What the controls say goes straight to the view, as an event of the page.
SEND = """(said) => document.querySelector('#gpt-mind-view .inside')
  .dispatchEvent(new CustomEvent('{event}', {{ detail: said }}))"""


class Mind:
    """A sentence left, the inside right; nothing passes through Gradio's queue."""

    def __init__(self) -> None:
        first = {"text": TEXTS["sentences"][0], "teller": TELLER, "guess": None}
        with Room("gpt.mind") as room:
            self.room = room
            with room.do:
                self.text = gr.Textbox(
                    first["text"],
                    label=TEXTS["text"],
                    info=TEXTS["text_note"].format(most=looking.MOST),
                    lines=2,
                    max_lines=6,
                    elem_id="gpt-mind-text",
                )
                self.read = gr.Button(TEXTS["read"], variant="primary", elem_id="gpt-mind-read")
                self.offer(TEXTS["sentences"])
                self.teller = tellers("gpt-mind-teller", TEXTS | {"shipped": words("gpt.tell")["shipped"]})
            with room.see:
                asked = {"look": looking.seen, "ahead": looking.ahead, "cut": self.cut, "blocks": looking.blocks}
                self.view = mind(TEXTS["view"], first, "gpt-mind-view", **asked)
            with room.under:
                under(TEXTS["view"], ours())
        gr.on([self.read.click, self.text.submit], None, self.text, None, js=SEND.format(event="text"), **ON_THE_SPOT)
        self.teller.input(None, self.teller, None, js=SEND.format(event="teller"), **ON_THE_SPOT)
        room.guess.input(None, room.guess, None, js=SEND.format(event="guess"), **ON_THE_SPOT)
        self.view.input(None, self.view, room.result, js="(seen) => seen.result", **ON_THE_SPOT)

    def offer(self, sentences: list[str]) -> None:
        """Sentences to look into, as buttons."""
        with gr.Column(elem_classes=["tell-examples"]):
            text("p", TEXTS["examples"])
            for sentence in sentences:
                said, send = json.dumps(sentence), SEND.format(event="text")
                fill = f"() => {{ ({send})({said}); return {said}; }}"
                gr.Button(sentence, size="sm").click(None, None, self.text, js=fill, **ON_THE_SPOT)

    def cut(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What changes without some heads, with the sentence ready for the page."""
        changed = looking.cut(asked)
        guessed = self.room.settled(asked.get("guess"), changed.pop("came"), "")
        return changed | {"result": say(changed.pop("said"), changed.pop("yard"), guessed)}
