"""How a room hands something to another: a box of the visitor's own, and the way to a room."""

from json import dumps

import gradio as gr

from demo.parts.lesson import house, outside

BOXES: dict[int, gr.State] = {}


def post() -> gr.State:
    """The page's one box: whoever changes it sends, whoever listens to its `change` receives. Empty: None."""
    key = house()._id
    if key not in BOXES:
        with outside():
            BOXES[key] = gr.State(None)
    return BOXES[key]


def way(*titles: str) -> str:
    """Opens tabs by their titles, the outermost first, and brings the page's head in sight: a handler's `js`."""
    return f"""async () => {{
        const named = (title) => [...document.querySelectorAll('[role=tab]')]
            .find((tab) => tab.textContent.trim() === title && tab.offsetParent);
        for (const title of {dumps(titles)}) {{
            for (let waits = 0; !named(title) && waits < 200; waits += 1) {{  // laid out after its family opens
                await new Promise((done) => setTimeout(done, 50));
            }}
            named(title)?.click();
            await new Promise((done) => setTimeout(done, 100));  // and what lies in it after that
        }}
        scrollTo({{ top: 0 }});
    }}"""


def in_sight(elem_id: str) -> str:
    """JavaScript that brings a view in sight: on a phone what comes lies far under the buttons."""
    return f"""() => {{
  const view = document.querySelector('#{elem_id}'), below = view.getBoundingClientRect().top > 0.8 * innerHeight;
  const behavior = matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth';
  if (below) view.scrollIntoView({{ behavior }});
}}"""
