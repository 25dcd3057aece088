"""A training seen by others: whoever opens its link sees what its own visitor sees, and drives nothing.

Watchers are shown what was last shown to the one who drives; nothing is computed for them.
"""

from collections.abc import Callable
from html import escape
from typing import Any

import gradio as gr

from demo.parts.border import border
from demo.parts.lesson import Room, house, outside, say
from demo.parts.post import way
from demo.runs import Run, Runs
from demo.words import words

EVERY = 1.0  # seconds between two looks
HIDDEN: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


class Watch:
    """What a bench needs to be watched: the link's token, and a clock that runs only for watchers."""

    def __init__(self, family: str, runs: Runs, draw: Callable[[Run], str]) -> None:
        self.family, self.runs, self.draw, self.texts = family, runs, draw, words("train")
        with outside():
            self.token = gr.State("")
            self.clock = gr.Timer(EVERY, active=False)

    def run(self, token: str) -> Run | None:
        """The run that a link shows, if it is here and of this family."""
        run = self.runs.watched(token)
        return run if run and run.trainer.plan.family == self.family else None

    def asked(self, request: gr.Request) -> str:
        """The token in the address that a page was opened with, if it is for this family; its run may be gone."""
        family, _, token = (request.query_params.get("watch") or "").partition(".")
        return token if family == self.family else ""

    def view(self, token: str, room: Room, guess: str) -> list[Any]:
        """Picture, result and curves as they were last shown, and the clock, which stops where the run is gone."""
        run = self.run(token)
        home = f'<a href="?">{escape(self.texts["watch_leave"])}</a>'
        told = f'<p class="watched">{escape(self.texts["watching" if run else "not_watched"])} {home}</p>'
        if run is None or run.seen is None:
            return [told, "", "", gr.Timer(active=run is not None)]
        picture = run.seen.view if run.seat else self.draw(run)  # whoever drove may have left in the middle of a step
        said, yard = run.seen.result
        return [told + picture, say(said, yard, room.settled(guess, *run.came)), run.seen.charts, gr.skip()]

    def wire(self, outputs: list[Any], hidden: list[Any], room: Room) -> None:
        """outputs: view, result and curves; hidden: what a watcher is not shown."""

        def begin(request: gr.Request) -> list[Any]:
            token = self.asked(request)
            if not token:
                return [gr.skip()] * (2 + len(hidden))
            return [token, gr.Timer(active=True), *[gr.update(visible=False)] * len(hidden)]

        def look(token: str, guess: str) -> list[Any]:
            return self.view(token, room, guess)

        opening = way(words(self.family)["title"], words(f"{self.family}.train")["title"])
        mine = f"new URLSearchParams(location.search).get('watch')?.startsWith('{self.family}.')"
        opened = house().load(border(begin), None, [self.token, self.clock, *hidden], **HIDDEN)
        opened.then(None, None, None, js=f"() => {mine} && ({opening})()")
        self.clock.tick(border(look), [self.token, room.guess], [*outputs, self.clock], trigger_mode="once", **HIDDEN)
