"""The lesson frame that every room shares.

with Room("gan.paint") as room:     hook, and the guess at the head of the controls
    with room.do: ...               controls: left, or on top on a phone
    with room.see: ...              what you see: right; room.result stands under it
    with room.more: ...             rarely used controls, folded away under the others
                                    at the end the frame adds: why, check yourself, what this toy is not
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from typing import Any, Self

import gradio as gr
from gradio.blocks import BlockContext
from gradio.context import Context

from demo.words import words

ON_THE_SPOT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
AT_ONCE: dict[str, Any] = ON_THE_SPOT | {"trigger_mode": "always_last"}  # and of several only the newest


class Room:
    """One screen, one thing to try. Its texts are demo/words [name]; its family is the first part of the name."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.id = name.replace(".", "-")
        self.words = words(name)
        self.page = words("page")
        self._more: gr.Accordion | None = None
        self.folds: list[gr.Accordion] = []

    def __enter__(self) -> Self:
        self._room = gr.Column(elem_id=self.id, elem_classes=["room", f"family-{self.name.split('.')[0]}"])
        self._room.__enter__()
        text("p", self.words["hook"], "hook")
        self._row = gr.Row(elem_classes=["desk"])
        with self._row:
            self._do = gr.Column(scale=5, min_width=280, elem_classes=["do"])
            self._right = gr.Column(scale=9, min_width=320, elem_classes=["right"])
        with self._right:
            self._see = gr.Column(elem_classes=["see"])
            self.result = gr.HTML(elem_id=f"{self.id}-result", elem_classes=["result"], js_on_load=None)
        with self.do:
            self.guess = self._guess()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        if kind is None:
            self._lessons()
        self._room.__exit__(kind, *rest)

    @property
    def do(self) -> AbstractContextManager[None]:
        """Where the controls stand."""
        return inside(self._row, self._do)

    @property
    def see(self) -> AbstractContextManager[None]:
        """Where the pictures, words and curves stand."""
        return inside(self._row, self._right, self._see)

    @property
    def under(self) -> AbstractContextManager[None]:
        """Under the result: what may be looked at later."""
        return inside(self._row, self._right)

    @property
    def more(self) -> AbstractContextManager[None]:
        """A fold under the controls."""
        if self._more is None:
            with self.do:
                self._more = gr.Accordion(self.page["more"], open=False, elem_classes=["more"])
                self.folds.append(self._more)
        return inside(self._row, self._do, self._more)

    def guessed(self, guess: Any, came: str = "") -> str:
        """What the person guessed, and whether it came so where that is known; empty for what was not offered."""
        if guess not in self.words["guesses"]:
            return ""
        kind = "guessed" if not came else "guessed_right" if guess == came else "guessed_wrong"
        return self.page[kind].format(guess=guess, came=came)

    def _guess(self) -> gr.Radio:
        return gr.Radio(
            self.words["guesses"],
            label=self.words["guess"],
            interactive=True,
            elem_id=f"{self.id}-guess",
            elem_classes=["guess"],
        )

    def _lessons(self) -> None:
        with gr.Row(elem_classes=["lessons"]):
            with gr.Column(min_width=240, elem_classes=["lesson"]):
                text("h3", self.page["why"])
                text("p", self.words["why"])
            with gr.Column(min_width=240, elem_classes=["lesson"]):
                text("h3", self.page["check"])
                self._check()
            with gr.Column(min_width=240, elem_classes=["lesson"]):
                text("h3", self.page["not"])
                text("p", self.words["not"])

    def _check(self) -> None:
        """The answers lie in the page: no call to the server for them."""
        check = gr.Radio(
            [(choice, i) for i, choice in enumerate(self.words["checks"])],
            label=self.words["check"],
            interactive=True,
            elem_id=f"{self.id}-check",
            elem_classes=["check"],
        )
        answer = gr.HTML(elem_id=f"{self.id}-answer", elem_classes=["answer"], js_on_load=None)
        answers = json.dumps([f'<p role="status">{escape(reply)}</p>' for reply in self.words["answers"]])
        check.input(None, check, answer, js=f"(i) => ({answers})[i]", **ON_THE_SPOT)


@contextmanager
def inside(*blocks: BlockContext) -> Iterator[None]:
    """Opens blocks one in the other, again if need be: what is made next is added to the last."""
    if not blocks:
        yield
        return
    with blocks[0], inside(*blocks[1:]):
        yield


def house() -> gr.Blocks:
    """The page that is being laid out, for what happens when it is opened or left."""
    if Context.root_block is None:
        raise RuntimeError("A tab is laid out inside a page.")
    return Context.root_block


@contextmanager
def outside() -> Iterator[None]:
    """Adds to the page itself: what a browser remembers is read at load only if it lies in no folded tab."""
    here, Context.block = Context.block, house()
    try:
        yield
    finally:
        Context.block = here


def text(tag: str, words: str, kind: str = "") -> gr.HTML:
    """A paragraph or heading that never changes."""
    return gr.HTML(f"<{tag}>{escape(words)}</{tag}>", elem_classes=["text", kind], js_on_load=None)


def say(sentence: str, yardstick: str = "", guessed: str = "") -> str:
    """The result under a picture: what came out, what to hold it against, and what the person had guessed."""
    lines = (("said", sentence), ("yard", yardstick), ("guessed", guessed))
    said = "".join(f'<p class="{kind}">{escape(line)}</p>' for kind, line in lines if line)
    return f'<div role="status">{said}</div>'
