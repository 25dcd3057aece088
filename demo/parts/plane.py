"""The plane on which two networks play: critic's map, real and forged points, arrows and the forger's net.

The page pulls. `begin(rules)` and `go(rules)` give frames (demo/gan/field.py); the rules are what the controls of the
room last said, plus what the visitor drew. A visitor can draw on the plane when the world is to be their own.
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
LAYERS = ("map", "arrows", "net")

PAGE = """
<div class="field" data-words="{given}">
<div class="player">
<button type="button" class="play">{play}</button>
<button type="button" class="step">{step}</button>
<button type="button" class="over">{over}</button>
<label class="pace">{pace} <select>{paces}</select></label>
</div>
<canvas tabindex="0" role="img" aria-label="{plane}"></canvas>
<p class="legend"><span class="real">{real}</span> <span class="fake">{fake}</span>
<span class="yes">{near}</span> <span class="no">{off}</span></p>
<div class="layers" role="group" aria-label="{layers}">{boxes}</div>
<p class="count" aria-live="off">&nbsp;</p>
<p class="trouble" role="status"></p>
</div>
"""


Answer = Callable[[dict[str, Any]], Any]


def plane(words: Mapping[str, Any], rules: Mapping[str, Any], elem_id: str, begin: Answer, go: Answer) -> gr.HTML:
    """The plane at step 0 under the given rules; `words` are its texts. Its event is `input`: a new result sentence."""
    shown = ("plane", "real", "fake", "near", "off", "play", "over", "pace", "layers")
    texts = {key: escape(words[key]) for key in shown}
    boxes = "".join(
        f'<label><input type="checkbox" checked data-layer="{name}"> {escape(words[name])}</label>' for name in LAYERS
    )
    paces = "".join(f'<option value="{name}">{escape(words[name])}</option>' for name in ("full", "slow"))
    given = {key: words[key] for key in ("play", "pause", "count", "draw", "lost")} | {"rules": dict(rules)}
    return gr.HTML(
        {},
        html_template=PAGE.format(
            boxes=boxes, paces=paces, step=escape(words["once"]), given=escape(dumps(given)), **texts
        ),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["plane"],
        server_functions=[answering(begin, "begin"), answering(go, "go")],
    )
