"""The room of live training: the shared bench, and ways to ruin a game and to mend it again."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from core.model import Mishap
from demo import training
from demo.parts.border import border
from demo.parts.lesson import text
from demo.studio import HIDDEN, RUNS, Bench
from demo.words import words

TEXTS = words("gan.train")
EARLIEST = 50  # steps before which there is nothing to ruin
# Found by trying on faces, small: each is named within some 160 steps, and one of the mends brings the game back.
BREAKS: dict[str, dict[str, Any]] = {
    "free": {"penalty": 0.0, "critic_steps": 4},
    "rush": {"critic_pace": 20.0},
    "doze": {"critic_pace": 0.05},
    "few": {"few": True},
}
MENDS: dict[str, dict[str, Any]] = {
    "penalty": {"penalty": 10.0},
    "pace": {"critic_pace": 1.0},
    "all": {"few": False},
}


class Duel(Bench):
    """A bench with a fold in which a game is broken and mended."""

    def extra(self) -> None:
        fold = gr.Accordion(TEXTS["ruin"], open=False, elem_id="gan-train-ruin", elem_classes=["more"])
        self.room.folds.append(fold)
        with fold:
            text("p", TEXTS["ruin_note"])
            self.breaks = [self.small("break", name) for name in BREAKS]
            text("p", TEXTS["mend_note"])
            self.mends = [self.small("mend", name) for name in MENDS]
            self.done = gr.HTML(elem_id="gan-train-done", js_on_load=None)

    def small(self, kind: str, name: str) -> gr.Button:
        return gr.Button(TEXTS[f"{kind}_{name}"], size="sm", elem_id=f"gan-train-{kind}-{name}")

    def wire(self) -> None:
        super().wire()
        told = [*BREAKS.items(), *MENDS.items()]
        for button, (name, rules) in zip([*self.breaks, *self.mends], told, strict=True):
            pressed = button.click(self.turning(name, rules), self.stored, self.done, **HIDDEN)
            pressed.then(border(self.told), self.stored, [*self.rules.controls.values()], **HIDDEN)

    def turning(self, name: str, rules: dict[str, Any]) -> Callable[[str], str]:
        """What a button does to the training on view."""

        def turn(key: str) -> str:
            return self.turn(name, rules, key)

        return border(turn)

    def turn(self, name: str, rules: dict[str, Any], key: str) -> str:
        """Other rules from the next step on, and what they are."""
        if not RUNS.is_here(key) or self.own(key).trainer.step < EARLIEST:
            raise Mishap(TEXTS["ruin_early"].format(steps=EARLIEST))
        run = self.own(key)
        before = self.rules.of(run.trainer)
        training.change(run, rules)
        if self.rules.of(run.trainer) == before:
            return training.note(TEXTS["did_nothing"])
        said = TEXTS[f"did_{name}"] if run.seat else f"{TEXTS[f'did_{name}']} {TEXTS['press_on']}"
        return training.note(said)
