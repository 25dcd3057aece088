"""The exam sheet: twenty pictures to mark, and after handing in who was right about which.

The page pulls: `sit({...setup})` gives an id and pictures, `hand({id, marks})` the answers (demo/gan/exam.py). Tally
and streak stay in the browser and go nowhere.
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
TOLD = ("setting", "mark", "marked", "heard", "picture", "twin", "tally", "lost")
VERDICTS = ("forged", "real", "both", "you", "critic", "nobody")

PAGE = """
<div class="sheet" data-words="{given}">
<p class="about" hidden></p>
<ol></ol>
<div class="player">
<button type="button" class="hand">{hand}</button>
<button type="button" class="fresh">{fresh}</button>
<p class="marked" aria-live="polite"></p>
</div>
<div class="twin" hidden><figure><img class="dots mine" alt=""><figcaption></figcaption></figure>
<figure><img class="dots theirs" alt=""><figcaption>{twin}</figcaption></figure><p></p></div>
<p class="tally"></p>
<p class="trouble" role="status"></p>
</div>
"""


def exam(
    words: Mapping[str, Any],
    setup: Mapping[str, Any],
    elem_id: str,
    sit: Callable[[dict[str, Any]], Any],
    hand: Callable[[dict[str, Any]], Any],
) -> gr.HTML:
    """An exam of the given setup; `words` are its texts. Its event is `input`: handed in, with a result sentence."""
    given = {key: words[key] for key in TOLD + VERDICTS} | {"setup": dict(setup)}
    texts = {key: escape(words[key]) for key in ("hand", "fresh", "twin")}
    return gr.HTML(
        {},
        html_template=PAGE.format(given=escape(dumps(given)), **texts),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["exam"],
        server_functions=[answering(sit, "sit"), answering(hand, "hand")],
    )
