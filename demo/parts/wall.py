"""A wall of pictures: pixel-sharp, with what is said of each underneath, and larger by click or Enter."""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import gradio as gr
from torch import Tensor

from demo.show import bar, uri


class Hung(NamedTuple):
    """One picture on the wall."""

    picture: Tensor  # (C, S, S) in -1..1
    alt: str  # a sentence for those who cannot see it
    title: str
    verdict: str = ""  # a word and a number, such as "forged 69 %"
    belief: float | None = None  # 0..1, drawn as a bar with a mark at one half


# The large view lies outside the value, so that a new wall does not close it.
FRAME = """
<div class="walls">${value}</div>
<dialog class="near" aria-label="{{near}}"><img class="dots" alt=""><p></p></dialog>
"""
NEAR = """
const near = element.querySelector('dialog'), large = near.querySelector('img'), said = near.querySelector('p');
element.addEventListener('click', (event) => {
  const hung = event.target.closest('.hung');
  if (hung) {
    const small = hung.querySelector('img');
    large.src = small.src; large.alt = small.alt; said.textContent = small.alt;
    near.showModal();
  } else if (event.target === near || event.target === large) near.close();
});
"""


def wall(pictures: Sequence[Hung]) -> str:
    """The pictures in rows, as HTML."""
    return f'<ul class="wall">{"".join(map(_hang, pictures))}</ul>'


def _hang(hung: Hung) -> str:
    told = "none" if hung.belief is None else "told"
    return (
        f'<li><button type="button" class="hung"><img class="dots" src="{uri(hung.picture)}" alt="{escape(hung.alt)}">'
        f'</button><p class="title">{escape(hung.title)}</p>'
        f'<div class="belief {told}">{bar(hung.belief or 0.0)}</div>'
        f'<p class="verdict">{escape(hung.verdict) or "&nbsp;"}</p></li>'
    )


def view(elem_id: str, near: str) -> gr.HTML:
    """The component whose value is made of walls; near names the large view for readers."""
    return gr.HTML("", html_template=FRAME, js_on_load=NEAR, near=near, elem_id=elem_id, elem_classes=["walls-of"])
