"""The drawing pad: our own canvas for mouse, pen, finger and keys.

Its value goes both ways. While somebody draws, the page hears a DOM event, `drawn`, whose detail is the dots: base64 of
side * side * channels bytes. Once the pen rests, the server gets {"dots", "of"} with the event `input`, and "brought":
true where a picture of the visitor's own has taken the place of what was there. The server sends the dots with "side",
"channels", "of", the collection for which the pad is laid, and "turn", a number that is new each time, and the pad
shows those dots instead of what was on it.
"""

import secrets
from base64 import b64encode
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr
from torch import Tensor

HERE = Path(__file__)
BRUSHES = ("thin", "middle", "thick")
# Out of the paintbox of the storybook faces.
PAINTS = (
    *("#2e2430", "#7a4526", "#d98236", "#ebc06a", "#fbe3d2", "#cc9163", "#7a4b30"),
    *("#c8553d", "#fffdf6", "#7c9a4e", "#b6e0dc", "#3a6ea5", "#6a4c93"),
)

PAGE = """
<div class="sheet">
<canvas tabindex="0" role="application" aria-label="{pad}" data-words="{given}"></canvas>
<span class="nib" aria-hidden="true"></span>
</div>
<div class="tools">
<div class="brushes" role="radiogroup" aria-label="{brush}">{brushes}</div>
<button type="button" class="rub" aria-pressed="false">{rub}</button>
<button type="button" class="undo">{undo}</button>
<button type="button" class="clear">{clear}</button>
<div class="paints" role="radiogroup" aria-label="{paint}" hidden>{paints}</div>
</div>
<button type="button" class="bring">{bring}</button>
<input type="file" accept="image/*" hidden>
<p class="hint" aria-live="polite">{hint}</p>
<p class="heard" aria-live="polite"></p>
"""


def pad(words: dict[str, Any], elem_id: str) -> gr.HTML:
    """An empty pad; `words` are its texts, from demo/words. Its event is `input`."""
    brushes = "".join(radio(f"brush {name}", words[name]) for name in BRUSHES)
    paints = "".join(radio("paint", name, colour) for name, colour in zip(words["paints"], PAINTS, strict=True))
    texts = {key: escape(words[key]) for key in ("pad", "brush", "rub", "undo", "clear", "paint", "hint", "bring")}
    given = escape(dumps({key: words[key] for key in ("down", "up", "hint", "no_picture")}))
    return gr.HTML(
        {},
        html_template=PAGE.format(brushes=brushes, paints=paints, given=given, **texts),
        js_on_load=HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["pad"],
    )


def radio(kind: str, name: str, colour: str = "") -> str:
    """One of several to choose from, as a button."""
    style = f' style="--paint: {colour}" data-paint="{colour}"' if colour else ""
    said = f'aria-label="{escape(name)}" title="{escape(name)}"'
    return f'<button type="button" role="radio" aria-checked="false" class="{kind}" {said}{style}></button>'


def shown(drawing: Tensor, of: str = "") -> dict[str, Any]:
    """A drawing (C, side, side) in 0..1 as the value that puts it on the pad; `of` which collection, if it counts."""
    dots = (drawing.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy().tobytes()
    size = {"side": drawing.shape[1], "channels": drawing.shape[0]}
    return {"dots": b64encode(dots).decode(), **size, "of": of, "turn": anew()}


def anew() -> int:
    """A number that no value had before: of two equal values a page takes the second for the first."""
    return secrets.randbits(48)


def is_late(value: Any, name: str) -> bool:
    """Whether this was not drawn for the collection that is chosen: a page knows the choice before its pad does."""
    return isinstance(value, dict) and value.get("of") != name


def dots(value: Any) -> Any:
    """What the page says is on the pad; still to be checked."""
    return value.get("dots") if isinstance(value, dict) else None
