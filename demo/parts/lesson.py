"""The lesson frame that every room shares.

with Room("gan.paint") as room:     hook, and the guess at the head of the controls
    with room.do: ...               controls: left, or on top on a phone
    with room.see: ...              what you see: right; room.result stands under it
    with room.more: ...             rarely used controls, folded away under the others
                                    at the end the frame adds: why, check yourself, what this toy is not
room.lessons.focus(...)              happens once, when the room is first in sight: what it shows is worked out then,
                                    not when the page is opened
"""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from html import escape
from typing import Any, NamedTuple, Self

import gradio as gr
from gradio.blocks import BlockContext
from gradio.context import Context

from demo.words import words

ON_THE_SPOT: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
AT_ONCE: dict[str, Any] = ON_THE_SPOT | {"trigger_mode": "always_last"}  # and of several only the newest

LESSONS = """
<div class="lessons" data-closed="{closed}">
<section class="lesson"><h3>{why_title}</h3><p>{why}</p></section>
<section class="lesson"><h3>{check_title}</h3>
<fieldset id="{id}-check" class="check" data-answers="{answers}"><legend>{check}</legend>{choices}</fieldset>
<div id="{id}-answer" class="answer" role="status"></div></section>
<section class="lesson"><h3>{not_title}</h3><p>{not}</p></section>
</div>
"""
CHOICE = '<label><input type="radio" name="{id}-check" value="{i}"><span>{choice}</span></label>'
# What the browser remembers of its visitor can be read from the page's load on; rooms may be laid out before.
RESTORED = "() => { document.documentElement.dataset.restored = ''; dispatchEvent(new Event('restored')); }"
# A room that is first in sight says so, but not before that. The answers lie in the page, so no call asks for them.
# While a result says what came of the guess, no other is taken: it would be known to be right.
LIVELY = """
const sight = new IntersectionObserver(([{ isIntersecting }]) => {
  if (!isIntersecting) return;
  sight.disconnect();
  if ('restored' in document.documentElement.dataset) trigger('focus');
  else addEventListener('restored', () => trigger('focus'), { once: true });
}, { rootMargin: '20000px' });
sight.observe(element);
element.addEventListener('change', ({ target }) => {
  const told = document.createElement('p');
  told.textContent = JSON.parse(element.querySelector('.check').dataset.answers)[target.value];
  element.querySelector('.answer').replaceChildren(told);
});
const room = element.closest('.room'), note = document.createElement('p'), came = document.createElement('b');
note.className = 'closed';
note.append(came, element.querySelector('.lessons').dataset.closed);
function close() {
  const guess = room.querySelector('fieldset.guess'), judged = Boolean(room.querySelector('.result [data-judged]'));
  if (!guess || guess.disabled === judged) return;
  guess.disabled = judged;
  const said = judged ? room.querySelector('.result .guessed')?.textContent || '' : '';
  came.textContent = said.split(/(?<=\\.) /, 2).join(' ') + ' ';  // for phones, without how it was measured
  if (judged) guess.append(note); else note.remove();
}
new MutationObserver(close).observe(room, { childList: true, subtree: true, attributeFilter: ['data-judged'] });
"""


class Told(NamedTuple):
    """What is said of a person's guess; once it was judged, the room takes no other while that is on view."""

    line: str = ""
    judged: bool = False


NOTHING = Told()


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
        self.result = gr.HTML(elem_id=f"{self.id}-result", elem_classes=["result"], js_on_load=None, render=False)
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
    @contextmanager
    def see(self) -> Iterator[None]:
        """Where the pictures, words and curves stand; asked for once, and the result stands under them."""
        with inside(self._row, self._right):
            yield
            self.result.render()

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

    def guessed(self, guess: Any, came: str = "") -> Told:
        """What the person guessed, and whether it came so where that is known; empty for what was not offered."""
        if guess not in self.words["guesses"]:
            return Told()
        kind = "guessed" if not came else "guessed_right" if guess == came else "guessed_wrong"
        return Told(self.page[kind].format(guess=guess, came=came))

    def judged(self, guess: Any, came: str) -> Told:
        """The same where a guess must not be changed once it is known what came."""
        told = self.guessed(guess, came)
        return told._replace(judged=bool(came and told.line))

    def settled(self, guess: Any, came: str, measured: str) -> Told:
        """The same where what came is told to all, with how it was measured; from then on nobody's guess counts."""
        said = self.guessed(guess, came).line or (came and self.page["unguessed"].format(came=came))
        return Told(f"{said} {measured}".strip(), bool(came))

    def _guess(self) -> gr.Radio:
        return gr.Radio(
            self.words["guesses"],
            label=self.words["guess"],
            interactive=True,
            elem_id=f"{self.id}-guess",
            elem_classes=["guess"],
        )

    def _lessons(self) -> None:
        """One block of plain HTML: every block of a page, seen or not, costs the browser time at each event."""
        given = {key: escape(self.words[key]) for key in ("why", "check", "not")}
        given |= {f"{key}_title": escape(self.page[key]) for key in ("why", "check", "not")}
        choices = "".join(
            CHOICE.format(id=self.id, i=i, choice=escape(choice)) for i, choice in enumerate(self.words["checks"])
        )
        given |= {"answers": escape(json.dumps(self.words["answers"])), "closed": escape(self.page["closed"])}
        self.lessons = gr.HTML(
            LESSONS.format(id=self.id, choices=choices, **given),
            js_on_load=LIVELY,
            apply_default_css=False,
            elem_id=f"{self.id}-lessons",
        )


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


def say(sentence: str, yardstick: str = "", told: Told = NOTHING) -> str:
    """The result under a picture: what came out, what to hold it against, and what the person had guessed."""
    lines = (("said", sentence), ("yard", yardstick), ("guessed", told.line))
    said = "".join(f'<p class="{kind}">{escape(line)}</p>' for kind, line in lines if line)
    return f'<div role="status"{" data-judged" if told.judged else ""}>{said}</div>'
