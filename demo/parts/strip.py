"""The token strip: a story whose every piece is a button, tinted by the chance the model gave it.

What goes to the page is a log in one string, a line of JSON an event. A longer log begins with the shorter one, so
Gradio sends only what is new, and the page only appends. First comes what stands before, then pieces and marks:

    {"before": "Once upon a time",              plain text
     "opening": false, "fork": null,            whether it was told once for all; the piece with which a branch begins
     "ids": [0, 412, ...], "known": 7,          the last tokens of that text, and how many it has
     "seed": 0,
     "teller": "storyteller", "context": 256}   who tells, and on how many tokens it looks back
    ["fox", 0.03, [["dog", 0.2, 511], ...], [87]]
                                                text, chance, the five likeliest, its tokens; "" ends a document
    "rest", "go"                                nothing more comes for now; more will come
    {"run": [first, last] or null, "said": "..."}
                                                the pieces with a line above them, as copied, and what is said of it

For a chosen piece the page asks the server straight what else might stand there, as the room's knobs are at that
moment (demo/gpt/ahead.py). Its event is `select`: {"at": piece, "token": id} is to stand there in a new branch.
"""

import json
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.border import answering
from demo.parts.sights import ASKING

HERE = Path(__file__)
LEVELS = (0.5, 0.2, 0.05, 0.01)  # a chance below the first is a slight surprise, below the last a great one

PAGE = """
<div class="strip">
<div class="leaf" role="group" aria-label="{strip}" data-words="{words}" dir="auto"></div>
<div class="others" role="region" aria-label="{others}"><h4></h4><ol></ol>
<p class="cuts"></p><p class="trouble" role="status"></p>
<button type="button" class="inside" hidden>{inside}</button></div>
<p class="legend"><span>{legend}</span>{swatches}</p>
<p class="copying"></p>
<p class="heard" aria-live="polite"></p>
</div>
"""


Answer = Callable[[dict[str, Any]], Any]


def strip(
    words: dict[str, str],
    elem_id: str,
    knobs: Mapping[str, tuple[str, float]],
    weigh: Answer,
    preview: Answer,
) -> gr.HTML:
    """An empty strip; its value is a log. `words` are its texts, from demo/words.

    knobs: name -> (elem_id, value at first), in the same room.
    weigh({"teller", "ids", "written", knobs}) -> {"rows", "cuts"}; preview({"teller", "ids", "tokens", "known", knobs})
    -> {"on"}.
    """
    names = [f"{100 * level:.0f} %" for level in LEVELS]
    swatches = "".join(
        f'<span class="tint-{i}">{escape(name)}</span>' for i, name in enumerate([*names, words["rarer"]])
    )
    given = escape(json.dumps({**words, "levels": LEVELS, "knobs": knobs}))
    texts = {key: escape(words[key]) for key in ("strip", "others", "legend", "inside")}
    return gr.HTML(
        "",
        html_template=PAGE.format(words=given, swatches=swatches, **texts),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        server_functions=[answering(weigh, "weigh"), answering(preview, "preview")],
    )
