"""The latent mixer: what was read, what is redrawn, nine draws from the cloud, and a slider for each latent.

The value goes to the page only: what the model made of a drawing. While somebody draws or moves a slider, or shakes the
cloud, the page asks the server straight, without an event, and sends all that is needed: the server remembers nothing
about anybody.
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
FIRST = 8  # sliders that are not folded away
NINE = 9
GIVEN = ("again", "mixed", "way", "head", "rest", "slider", "named", "told", "lost", "none", "misses", "tells",
         "grows", "falls")  # fmt: skip

PAGE = """
<div class="given" data-words="{given}">
<div class="views">
<figure class="reads"><figcaption>{reads}</figcaption><span class="frame">{canvas}</span></figure>
<p class="way"></p>
<figure class="again"><figcaption aria-live="polite">{again}</figcaption>
<span class="frame">{canvas}<canvas class="errs" hidden></canvas></span></figure>
<p class="way">{or_so}</p>
<figure class="nine"><figcaption>{cloud}</figcaption><div class="grid">{nine}</div></figure>
</div>
<p class="misses" hidden><span class="scale" aria-hidden="true"></span> <span></span></p>
<div class="head"><h4></h4>
<button type="button" class="miss" aria-pressed="false">{miss}</button>
<button type="button" class="shake">{shake}</button>
<button type="button" class="reset">{reset}</button>
</div>
<ol class="first"></ol>
<details><summary></summary><ol class="rest"></ol></details>
<div class="own" hidden><p>{own}</p><ul></ul></div>
<p class="key">{key}</p>
<p class="trouble" role="status"></p>
</div>
"""
CANVAS = '<canvas class="dots" role="img" width="32" height="32"></canvas>'
DOTS = '<canvas class="dots" aria-hidden="true" width="32" height="32"></canvas>'
Answer = Callable[[dict[str, Any]], Any]
ONE = '<button type="button" class="frame" aria-label="{name}">' + DOTS + "</button>"


def mixer(words: Mapping[str, Any], elem_id: str, look: Answer, mix: Answer, ahead: Answer, shake: Answer) -> gr.HTML:
    """An empty mixer; `words` are its texts, from demo/words.

    look({"name", "dots"}) -> a new value, or {} where there is nothing to see; mix({"name", "code"}) -> {"dots"};
    ahead({"name", "code", "latents", "far"}) -> {"sheet"}, a picture with a row for each of the latents: what its
    slider would paint from -far to far; shake({"name", "code", "spread", "seed"}) -> {"codes", "dots"}; each may raise
    Mishap.
    """
    nine = "".join(ONE.format(name=escape(words["one"].format(i=i + 1))) for i in range(NINE))
    named = ("reads", "again", "or_so", "cloud", "miss", "shake", "reset", "key", "own")
    shown = {key: escape(words[key]) for key in named}
    given = {key: words[key] for key in GIVEN} | {"first": FIRST}
    asked = {"look": look, "mix": mix, "ahead": ahead, "shake": shake}
    return gr.HTML(
        {},
        html_template=PAGE.format(nine=nine, canvas=CANVAS, given=escape(dumps(given)), **shown),
        js_on_load=ASKING + KEPT + HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["mixer"],
        server_functions=[answering(fn, name) for name, fn in asked.items()],
    )
