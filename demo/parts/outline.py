"""The outline of a tree of stories: a row a branch, on one scale of pieces, so that one sees where each left another.

The value goes to the page only: {"rows": Tree.outline(), "shown": k, "file": {"key", "name", "text"} or none}. A file
is saved by the browser once for each key. Its event is `select`: {"k"} to read a branch, {"k", "star"} to bookmark it,
{"save": "text" or "json"} for a file.
"""

from collections.abc import Mapping
from html import escape
from json import dumps
from pathlib import Path

import gradio as gr

PAGE = """
<section class="outline" data-words="{given}" aria-label="{outline}">
<div class="head"><h4>{outline}</h4>
<button type="button" data-save="text">{save_text}</button>
<button type="button" data-save="json">{save_json}</button></div>
<ol></ol>
<p class="key">{note}</p>
</section>
"""


def outline(words: Mapping[str, str], elem_id: str) -> gr.HTML:
    """An empty outline; `words` are its texts, from demo/words."""
    texts = {key: escape(words[key]) for key in ("outline", "save_text", "save_json", "note")}
    given = escape(dumps({key: words[key] for key in ("star", "shown")}))
    return gr.HTML(
        {},
        html_template=PAGE.format(given=given, **texts),
        js_on_load=Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
    )
