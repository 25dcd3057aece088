"""A wall to tag, and below the result what the direction does, and the sliders that a visitor keeps.

The page asks the server straight (demo/vae/needle.py): wall({"name", "turn"}) for pictures to tag, build({..., "with",
"without"}) for the direction and its test, mix({"name", "code", "sliders"}) for the picture that the kept sliders move.
What is kept stays in the visitor's browser. The event of what stands below is `input`: a result.
"""

from collections.abc import Callable, Mapping
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.border import answering
from demo.parts.sights import ASKING, KEPT

HERE = Path(__file__)
GIVEN = ("tagging", "counted", "auto_said", "with", "without", "neither", "one", "row", "forget", "full", "slider",
         "picture_of", "made", "numerals", "lost", "testing", "hanging")  # fmt: skip

WALL = """
<div class="rose tags">
<p class="how">{tagging}</p>
<ol class="wall"></ol>
<div class="acts"><p class="counted" aria-live="polite"></p>
<button type="button" class="auto">{auto}</button>
<button type="button" class="another">{another}</button>
<button type="button" class="build" disabled>{build}</button></div>
<p class="trouble" role="status"></p>
</div>
"""
PAGE = """
<div class="rose" data-words="{given}">
<div class="came" hidden>
<h4>{moved}</h4>
<div class="rows"></div>
<h4>{changed}</h4>
<ol class="changed"></ol>
<div class="save"><label>{name} <input type="text" maxlength="24" autocomplete="off"></label>
<button type="button" class="keep">{save}</button></div>
</div>
<p class="trouble" role="status"></p>
<div class="mine" hidden>
<h4>{kept}</h4>
<div class="easel"><span class="frame"><canvas class="dots" role="img" width="32" height="32"></canvas></span>
<ul class="sliders"></ul></div>
<button type="button" class="base">{base}</button>
</div>
<details><summary>{latents}</summary><div class="latents"></div></details>
<p class="key"></p>
</div>
"""
Answer = Callable[[dict[str, Any]], Any]


def tags(words: Mapping[str, Any], elem_id: str) -> gr.HTML:
    """The wall, and the buttons under it; what is laid out later brings it to life."""
    shown = {key: escape(words[key]) for key in ("tagging", "auto", "another", "build")}
    return gr.HTML(
        WALL.format(**shown), js_on_load=None, apply_default_css=False, elem_id=elem_id, elem_classes=["compass"]
    )


def compass(
    words: Mapping[str, Any],
    rules: Mapping[str, Any],
    bounds: Mapping[str, float],
    elem_id: str,
    answers: Mapping[str, Answer],
) -> gr.HTML:
    """What stands below the wall of the same room, under the given rules {"name", "guess"}; `words` are its texts,
    bounds {"kept", "turns"} those of the sliders, answers its server's functions by name. Each may raise Mishap."""
    shown = ("moved", "changed", "name", "save", "kept", "base", "latents")
    given = {key: words[key] for key in GIVEN} | {"rules": dict(rules), **bounds}
    return gr.HTML(
        {},
        html_template=PAGE.format(given=escape(dumps(given)), **{key: escape(words[key]) for key in shown}),
        js_on_load=ASKING + KEPT + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["compass"],
        server_functions=[answering(fn, name) for name, fn in answers.items()],
    )
