"""Which storytellers a room offers."""

from collections.abc import Mapping

import gradio as gr

from core.borrow import BIGGER, here
from demo.telling import TELLER


def tellers(elem_id: str, words: Mapping[str, str]) -> gr.Radio:
    """The shipped storyteller, or a bigger one where the operator has brought its weights.

    Where none was brought, `words` may say so, and a room that has nothing to say of it shows no choice.
    """
    others = [(BIGGER[name], name) for name in BIGGER if here(name)]
    return gr.Radio(
        [(words["shipped"], TELLER), *others],
        value=TELLER,
        label=words["teller"],
        info=words["brought"] if others else words.get("not_brought"),
        visible=bool(others) or "not_brought" in words,
        interactive=True,
        elem_id=elem_id,
    )
