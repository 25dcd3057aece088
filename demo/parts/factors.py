"""What a drawn picture was made from, as sliders.

The value goes both ways. The server sends {"names", "set", "turn"}: what can be set, each at a number from 0 to 1, and
a number that is new each time; without names the part hides. When somebody moves a slider the server gets {"set"} with
the event `input`.
"""

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.pad import anew

HERE = Path(__file__)


def factors(title: str, elem_id: str) -> gr.HTML:
    """Hidden until there is something to set. Its event is `input`."""
    return gr.HTML(
        {},
        html_template=f"<details hidden><summary>{escape(title)}</summary><ul></ul></details>",
        js_on_load=HERE.with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        elem_classes=["factors"],
    )


def offered(names: tuple[str, ...], values: list[float]) -> dict[str, Any]:
    """The value that shows these sliders at these places."""
    return {"names": names, "set": values, "turn": anew()}


def settings(value: Any) -> Any:
    """Where the page says that the sliders stand; still to be checked."""
    return value.get("set") if isinstance(value, dict) else None
