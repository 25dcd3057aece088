"""The token strip: a story whose every piece is a button, tinted by the chance the model gave it.

What goes to the page is a log in one string, a line of JSON an event. A longer log begins with the shorter one, so
Gradio sends only what is new, and the page only appends. First comes what stands before, then pieces and marks:

    {"before": "Once upon a time", "pace": 0}   plain text; milliseconds from piece to piece, 0 for at once
    ["fox", 0.03, [["dog", 0.2], ...]]          text, chance, the five likeliest; text "" is the end of a document
    "rest", "go"                                nothing more comes for now; more will come
"""

import json
from html import escape
from pathlib import Path

import gradio as gr

LEVELS = (0.5, 0.2, 0.05, 0.01)  # a chance below the first is a slight surprise, below the last a great one

PAGE = """
<div class="strip">
<div class="leaf" role="group" aria-label="{strip}" data-words="{words}" dir="auto"></div>
<div class="others" role="region" aria-label="{others}"><h4></h4><ol></ol></div>
<p class="legend"><span>{legend}</span>{swatches}</p>
<p class="heard" aria-live="polite"></p>
</div>
"""


def strip(words: dict[str, str], elem_id: str) -> gr.HTML:
    """An empty strip; its value is a log. `words` are its texts, from demo/words."""
    names = [f"{100 * level:.0f} %" for level in LEVELS]
    names = [words["or_more"].format(share=names[0]), *names[1:], words["rarer"]]
    swatches = "".join(f'<span class="tint-{i}">{escape(name)}</span>' for i, name in enumerate(names))
    given = escape(json.dumps({**words, "levels": LEVELS}))
    texts = {key: escape(words[key]) for key in ("strip", "others", "legend")}
    return gr.HTML(
        "",
        html_template=PAGE.format(words=given, swatches=swatches, **texts),
        js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
    )
