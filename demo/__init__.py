"""The page: its tabs in order, its header, and how it is served."""

import os

# Gradio reads these when it starts: nothing is reported anywhere, and its book-keeping per event stays short.
# Torch's threads are told to sleep while they wait: spinning ones make a busy machine many times slower.
for name, value in {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_ANALYTICS_MAX_EVENTS": "200",
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000",
    "GRADIO_RUN_HISTORY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "OMP_NUM_THREADS": "1",
}.items():
    os.environ.setdefault(name, value)

import importlib
import inspect
from copy import deepcopy
from functools import partial
from typing import Any

import gradio as gr

from demo.parts import look
from demo.parts.lesson import RESTORED
from demo.words import words

# What stands in a number box or on a slider comes as the page sent it: Gradio's own look at its bounds leaves a
# traceback in the log, ours ends in a sentence. Of the class, for it makes a slider anew when its bounds change.
for numbers in (gr.Number, gr.Slider):
    numbers.preprocess = lambda _, payload: payload  # pyright: ignore[reportAttributeAccessIssue]

TABS = ("gan", "vae", "gpt", "measured")  # modules of this room, each with tab(); in the order of the lesson
MASTHEAD = '<header class="masthead"><h1>{name}</h1><p>{line}</p></header>'


def page() -> gr.Blocks:
    """The whole page, not yet served."""
    texts = words("page")
    with gr.Blocks(title=texts["name"], analytics_enabled=False, delete_cache=(600, 600)) as blocks:
        unseen = gr.HTML(visible=False, js_on_load=None)
        gr.HTML(MASTHEAD.format(**texts), js_on_load=None)
        with gr.Tabs(elem_id="house", overflow_behavior="wrap"):
            for tab in TABS:
                importlib.import_module(f"demo.{tab}").tab()
        blocks.load(None, None, None, js=RESTORED, queue=False, show_progress="hidden", api_visibility="private")
    calm(blocks, unseen)
    quicken(blocks)
    return blocks.queue(max_size=64, default_concurrency_limit=4)


def calm(blocks: gr.Blocks, unseen: gr.HTML) -> None:
    """Lets events without a sign of progress report theirs to a block that nobody sees.

    Else the browser keeps a status for each of their outputs, and at every event looks all of these up in the whole
    page: on ours that took longer than anything else that happened at an event.
    """
    for event in blocks.fns.values():
        if event.show_progress == "hidden":
            event.show_progress_on = [unseen]


def quicken(blocks: gr.Blocks) -> None:
    """Has worked out once what is the same for every visitor: what a block takes, and what scripts may send to it.

    Else this is worked out anew, for the whole page, when a visitor's first event comes, and all others wait meanwhile.
    """
    for block in blocks.blocks.values():
        first = type(block).__init__
        first.__signature__ = inspect.signature(first)  # what inspect looks at before all else
        for name in ("api_info", "api_info_as_input", "api_info_as_output", "example_inputs"):
            if not block.skip_api and hasattr(block, name):
                setattr(block, name, partial(deepcopy, getattr(block, name)()))


def serving() -> dict[str, Any]:
    """What `launch` is told, from app.py and from the tests alike."""
    return {
        "server_name": os.getenv("GRADIO_SERVER_NAME", "127.0.0.1"),
        "run_history": False,
        "ssr_mode": False,
        "footer_links": [],
        "max_file_size": "20mb",
        "max_threads": 128,  # each training on view holds one, and Pause must never wait for a free one
        "theme": look.theme(),
        "css": look.style(),
        "head": look.head(),
    }
