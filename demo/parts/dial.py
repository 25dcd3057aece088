"""The dial: one slider, and under it the same pictures redrawn and the same dice painted at the place where it stands.

The value says what is on it, {"name", "turn"}: a collection and a number that counts through its pictures. Once it is
in sight the page asks the server for them at all places, turn({"name", "turn"}) -> demo/dialing.facts, and then turns
the dial from memory; at rest it sends its value and "place" with the event `input`.
"""

from collections.abc import Callable, Mapping
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.border import answering
from demo.parts.sights import ASKING

HERE = Path(__file__)

PAGE = """
<div class="turning" data-words="{given}">
<label class="turn"><span class="name">{dial}</span><input type="range" min="0" max="1" step="1" value="1">
<span class="ends"><span>{left}</span><span>{right}</span></span></label>
<p class="now" role="status">{wait}</p>
<div class="rows">{rows}</div>
<div class="charts"><figure class="cost"><figcaption>{cost}</figcaption><svg></svg></figure>
<figure class="far"><figcaption>{far}</figcaption><p>{unguessed}</p><svg></svg></figure></div>
</div>
"""
ROW = """
<figure class="{name}"><figcaption>{text}</figcaption>
<span class="frame"><canvas class="dots" role="img" aria-label="{text}"></canvas></span></figure>
"""


def dial(words: Mapping[str, Any], elem_id: str, name: str, turn: Callable[[dict[str, Any]], Any]) -> gr.HTML:
    """The dial of a collection; `words` are its texts, from demo/words. turn may raise Mishap."""
    rows = "".join(ROW.format(name=name, text=escape(words[name])) for name in ("reads", "again", "fresh"))
    given = {key: words[key] for key in ("now", "value", "pca", "floor", "bits", "place", "wait", "lost")}
    shown = {key: escape(words[key]) for key in ("dial", "left", "right", "wait", "cost", "far", "unguessed")}
    return gr.HTML(
        {"name": name, "turn": 0},
        html_template=PAGE.format(rows=rows, given=escape(dumps(given)), **shown),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["dial"],
        server_functions=[answering(turn, "turn")],
    )
