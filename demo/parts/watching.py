"""A training seen by others: whoever opens its link sees what its own visitor sees, and drives nothing.

Watchers are shown what was last shown to the one who drives; nothing is computed for them.
"""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from core.model import Mishap
from demo.parts.border import border
from demo.parts.lesson import house, outside, say
from demo.parts.post import way
from demo.runs import Run, Runs
from demo.words import words

EVERY = 1.0  # seconds between two looks
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class Watch:
    """What a bench needs to be watched: the link's token, and a clock that runs only for watchers."""

    def __init__(self, family: str, runs: Runs) -> None:
        self.family, self.runs, self.texts = family, runs, words("train")
        with outside():
            self.token = gr.State("")
            self.clock = gr.Timer(EVERY, active=False)

    def run(self, token: Any) -> Run:
        """The run that a link shows; Mishap if it is not here or of another family."""
        run = self.runs.watched(token)
        if run is None or run.trainer.plan.family != self.family:
            raise Mishap(self.texts["not_watched"])
        return run

    def asked(self, request: gr.Request) -> str:
        """The token in the address that a page was opened with, if it is one for this family."""
        family, _, token = (request.query_params.get("watch") or "").partition(".")
        return token if family == self.family else ""

    def view(self, token: str, guessed: str) -> list[str]:
        """Picture, result and curves as they were last shown."""
        run = self.run(token)
        home = f'<a href="?">{escape(self.texts["watch_leave"])}</a>'
        told = f'<p class="watched">{escape(self.texts["watching"])} {home}</p>'
        if run.seen is None:
            return [told, "", ""]
        said, yard = run.seen.result
        return [run.seen.view + told, say(said, yard, guessed), run.seen.charts]

    def wire(self, outputs: list[Any], verbs: list[Any], guess: gr.Radio, guessed: Callable[[Any], str]) -> None:
        """outputs: view, result and curves; verbs: what a watcher is not shown."""

        def begin(request: gr.Request) -> list[Any]:
            token = self.asked(request)
            if not token:
                return [gr.skip()] * (2 + len(verbs))
            return [token, gr.Timer(active=True), *[gr.update(visible=False)] * len(verbs)]

        def look(token: str, guess: str) -> list[str]:
            return self.view(token, guessed(guess))

        opening = way(words(self.family)["title"], words(f"{self.family}.train")["title"])
        mine = f"new URLSearchParams(location.search).get('watch')?.startsWith('{self.family}.')"
        opened = house().load(border(begin), None, [self.token, self.clock, *verbs], **HIDDEN)
        opened.then(None, None, None, js=f"() => {mine} && ({opening})()")
        self.clock.tick(border(look), [self.token, guess], outputs, trigger_mode="once", **HIDDEN)
