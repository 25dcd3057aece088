"""One drawing turned into another: three films side by side, their strips, and the way to keep one.

The value goes to the page only: {"name", "a", "b", "side"}, the dots of the two drawings and how many lie along a side;
without b it keeps the one it has, and while somebody draws on the room's pad it takes those for a. It asks the server
straight: morph({"name", "a", "b", ...}) for the films (demo/vae/morphing.py), told(the same) for their sentence where
that takes longer, other({"name", "turn"}) for another second drawing, film({..., "way", "kind"}) for a file. Its event
is `input`: a result.
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
GIVEN = ("seen", "turning", "play", "pause", "strip", "lost", "kept", "reads_a", "reads_b")
DOTS = '<span class="frame"><canvas class="dots {kind}" role="img" width="32" height="32"></canvas></span>'

PAGE = """
<div class="turning" data-words="{given}">
<div class="ends">
<figure>{a}<figcaption>{reads_a}</figcaption></figure>
<figure>{b}<figcaption>{reads_b}</figcaption></figure>
<div class="acts"><button type="button" class="other">{other}</button>
<button type="button" class="mine">{mine}</button></div>
</div>
<div class="ways">{ways}</div>
<div class="reel"><button type="button" class="play">{play}</button>
<input type="range" min="0" step="1" aria-label="{step}"></div>
<div class="keep"><span>{keep}</span> <select aria-label="{way}">{choices}</select>
<button type="button" data-kind="webp">WebP</button> <button type="button" data-kind="gif">GIF</button>
<span class="kept" role="status"></span></div>
<p class="trouble" role="status"></p>
</div>
"""
WAY = """<figure class="way"><figcaption>{title}</figcaption>{film}<p class="seen"></p>
<canvas class="strip" role="img"></canvas></figure>"""
Answer = Callable[[dict[str, Any]], Any]


def turning(words: Mapping[str, Any], ways: tuple[str, ...], elem_id: str, answers: Mapping[str, Answer]) -> gr.HTML:
    """Nothing yet; `words` are its texts, answers its server's functions by name. Each may raise Mishap."""
    shown = ("reads_a", "reads_b", "other", "mine", "play", "step", "keep", "way")
    films = "".join(WAY.format(title=escape(words[way]), film=DOTS.format(kind="moving")) for way in ways)
    choices = "".join(f'<option value="{way}">{escape(words[way])}</option>' for way in ways)
    given = escape(dumps({key: words[key] for key in GIVEN}))
    texts = {key: escape(words[key]) for key in shown}
    return gr.HTML(
        {},
        html_template=PAGE.format(
            given=given, a=DOTS.format(kind="a"), b=DOTS.format(kind="b"), ways=films, choices=choices, **texts
        ),
        js_on_load=ASKING + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["morph"],
        server_functions=[answering(fn, name) for name, fn in answers.items()],
    )
