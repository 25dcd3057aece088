"""Guess the next word: a story up to a point, four words, and two rivals. The score stays in the browser.

The page pulls: `ask({"old"})` gives a question, `answer({"id", "choice"})` what it was (demo/gpt/quiz.py).
"""

from collections.abc import Callable, Mapping
from html import escape
from json import dumps
from pathlib import Path
from typing import Any

import gradio as gr

from demo.parts.border import answering
from demo.parts.sights import ASKING

PAGE = """
<details class="quiz" data-words="{given}">
<summary>{title}</summary>
<p class="key source"></p>
<p class="text" dir="auto"></p>
<div class="four" role="group" aria-label="{group}"></div>
<p class="verdict" role="status"></p>
<div class="foot"><button type="button" class="fresh">{fresh}</button><p class="tally"></p></div>
<p class="trouble" role="status"></p>
</details>
"""
Answer = Callable[[dict[str, Any]], Any]


def quiz(words: Mapping[str, str], elem_id: str, ask: Answer, answer: Answer) -> gr.HTML:
    """A fold that asks for its first question when it is opened; `words` are its texts.

    ask and answer may raise Mishap.
    """
    texts = {key: escape(words[key]) for key in ("title", "group", "fresh")}
    given = {key: words[key] for key in ("right", "wrong", "rivals", "chances", "tally", "lost")}
    return gr.HTML(
        {},
        html_template=PAGE.format(given=escape(dumps(given)), **texts),
        js_on_load=ASKING + Path(__file__).with_suffix(".js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id=elem_id,
        server_functions=[answering(ask, "ask"), answering(answer, "answer")],
    )
