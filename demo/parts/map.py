"""A map of the code: pictures behind, points before them, a cross that paints where it stands, and walks.

The page asks the server straight (demo/vae/atlas.py): chart(rules) gives a map, cells(rules) all its places painted,
spot({...rules, "at"}) the exact picture of a place once the cross rests there, walk({...rules, "ends"}) the film from
one place to another (demo/vae/walk.py). The rules are what the room's controls said. Its event is `input`: a result.
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
LAYERS = ("pictures", "points", "holes")
GIVEN = ("at", "nearest", "dense", "hole", "pick", "first", "from", "to", "a_place", "play", "pause", "frame_said",
         "nothing", "key", "unseen", "made", "numerals", "lost", "drawing")  # fmt: skip

PAGE = """
<div class="chart" data-words="{given}">
<div class="views">
<div class="sheet" data-wait="{drawing}"><canvas class="wall" aria-hidden="true"></canvas>
<canvas class="over" tabindex="0" role="application" aria-label="{chart}"></canvas></div>
<div class="beside">
<figure class="here"><figcaption>{here}</figcaption>
<span class="frame"><canvas class="dots" role="img" width="32" height="32"></canvas></span></figure>
<p class="told" aria-live="polite"></p>
<div class="head"><p class="pick" aria-live="polite"></p><button type="button" class="two">{two}</button></div>
<div class="walk" hidden>
<div class="ends"><span class="frame"><canvas class="dots a" role="img" width="32" height="32"></canvas></span>
<span class="frame"><canvas class="dots now" role="img" width="32" height="32"></canvas></span>
<span class="frame"><canvas class="dots b" role="img" width="32" height="32"></canvas></span></div>
<p class="seen"></p>
<div class="reel"><button type="button" class="play">{play}</button>
<input type="range" min="0" step="1" aria-label="{frame}"></div>
</div>
</div>
</div>
<ol class="runs" aria-label="{runs}"></ol>
<div class="kinds" role="group" aria-label="{kinds}"></div>
<div class="layers" role="group" aria-label="{layers}">{boxes}
<span class="pair"><label>{across} <select class="across"></select></label>
<label>{up} <select class="up"></select></label></span></div>
<p class="key"></p>
<p class="trouble" role="status"></p>
</div>
"""
Answer = Callable[[dict[str, Any]], Any]


def chart(words: Mapping[str, Any], rules: Mapping[str, Any], elem_id: str, answers: Mapping[str, Answer]) -> gr.HTML:
    """The map under the given rules; `words` are its texts, answers its server's functions by name. Each may raise
    Mishap."""
    shown = ("chart", "drawing", "here", "kinds", "layers", "across", "up", "two", "play", "frame", "runs")
    boxes = "".join(
        f'<label><input type="checkbox" checked data-layer="{name}"> {escape(words[name])}</label>' for name in LAYERS
    )
    given = {key: words[key] for key in GIVEN} | {"rules": dict(rules)}
    return gr.HTML(
        {},
        html_template=PAGE.format(
            boxes=boxes, given=escape(dumps(given)), **{key: escape(words[key]) for key in shown}
        ),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["map"],
        server_functions=[answering(fn, name) for name, fn in answers.items()],
    )
