"""What the server sees in a drawing, shown while it is drawn.

The value goes to the page only: {"html", ...facts}. Whenever the room's pad has changed the page asks the server
straight, without an event, look({...facts, "dots"}), and shows the html that it answers.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.border import answering

HERE = Path(__file__)
ASKING, KEPT = (HERE.with_name(name).read_text(encoding="utf-8") for name in ("asking.js", "kept.js"))


def sights(lost: str, elem_id: str, look: Callable[[dict[str, Any]], dict[str, Any]]) -> gr.HTML:
    """An empty place; `lost` is said where the server does not answer. look may raise Mishap."""
    return gr.HTML(
        {},
        html_template=f'<div class="box"></div><p class="trouble" role="status" data-lost="{escape(lost)}"></p>',
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        server_functions=[answering(look, "look")],
    )
