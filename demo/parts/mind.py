"""The inside of a storyteller: a text as buttons, a small picture of each head, and each layer's guess.

The page pulls, with {"text", "teller", "at", "off"} and what the answer needs besides (demo/gpt/looking.py): `look` for
what is seen from the chosen piece, `ahead` for one head without its mask, `cut` for what changes without the heads in
"off", `blocks` for the parts of another teller. The room tells it of another text with a DOM event, `text` (a text, or
{"text", "teller"}), of another teller with `teller`, and of the visitor's guess with `guess`.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.border import answering
from demo.parts.sights import ASKING

HERE = Path(__file__)
Answer = Callable[[dict[str, Any]], Any]

PAGE = """
<div class="inside" data-words="{given}">
<p class="try">{try}</p>
<div class="pieces" role="group" aria-label="{pieces}" dir="auto"></div>
<p class="trouble" role="status"></p>
<div class="tower">
<section class="heads"><h4></h4><div class="grid" role="radiogroup"></div><p class="key">{key}</p></section>
<section class="one"><h4></h4><p class="looks" aria-live="polite"></p>
<button type="button" class="off" aria-pressed="false">{switch_off}</button>
<p class="count"><span></span> <button type="button" class="all" hidden>{all_on}</button></p></section>
</div>
</div>
"""
UNDER = """
<div class="inside">
<section class="cut" hidden><h4></h4><p class="busy" role="status"></p>
<table><thead><tr><th scope="col">{next}</th><th scope="col">{intact}</th><th scope="col">{left}</th></tr></thead>
<tbody></tbody></table><p class="goes"></p><dl><dt>{intact}</dt><dd></dd><dt>{left}</dt><dd></dd></dl></section>
<section class="layers"><h4></h4><table><thead></thead><tbody></tbody></table><p class="open"></p></section>
<details class="ahead"><summary>{ahead}</summary><p class="said"></p>
<div class="two"><figure><canvas role="img" aria-label="{masked}"></canvas><figcaption>{masked}</figcaption></figure>
<figure><canvas role="img" aria-label="{free}"></canvas><figcaption>{free}</figcaption></figure></div>
<p class="key">{axes}</p><p>{ahead_why}</p></details>
<details class="blocks"><summary>{blocks}</summary>
<table><thead><tr><th scope="col">{part}</th><th scope="col">{shape}</th><th scope="col">{weights}</th></tr></thead>
<tbody>{parts}</tbody></table></details>
</div>
"""
PART = (
    '<tr><th scope="row">{title}<span class="does">{what}</span></th>'
    '<td class="figure">{shape}</td><td class="figure">{weights}</td></tr>'
)
SCRIPTED = [
    "beginning",
    "line",
    "space",
    "end",
    "looked",
    "ahead_piece",
    "heads",
    "grid",
    "layer",
    "head",
    "cell",
    "cell_off",
    "title",
    "most",
    "only",
    "itself",
    "switch_off",
    "switch_on",
    "off_now",
    "layers",
    "after",
    "word",
    "block",
    "answer",
    "guess",
    "truth",
    "open",
    "cut",
    "goes",
    "alike",
    "measuring",
    "lost",
]


def mind(words: Mapping[str, Any], first: Mapping[str, Any], elem_id: str, **answers: Answer) -> gr.HTML:
    """The inside at the first question {"text", "teller", "guess"}; `words` are its texts, `answers` what it pulls.

    Its event is `input`: another result sentence, or none any more.
    """
    given = {key: words[key] for key in SCRIPTED} | {"first": dict(first)}
    texts = plain(words)
    return gr.HTML(
        {},
        html_template=PAGE.format(**texts, given=escape(dumps(given))),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["mind"],
        server_functions=[answering(answer, name) for name, answer in answers.items()],
    )


def plain(words: Mapping[str, Any]) -> dict[str, str]:
    """The texts among them, for a page."""
    return {key: escape(text) for key, text in words.items() if isinstance(text, str)}


def under(words: Mapping[str, Any], parts: Sequence[Mapping[str, str]]) -> gr.HTML:
    """What `mind` of the same room fills under the result, and the table of a block's `parts`."""
    rows = "".join(PART.format(**{key: escape(text) for key, text in part.items()}) for part in parts)
    page = UNDER.format(**plain(words), parts=rows)
    return gr.HTML(page, js_on_load=None, apply_default_css=False, elem_classes=["mind"])
