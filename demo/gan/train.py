"""The room of live training: the shared bench, and ways to ruin a game and to mend it again."""

from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from core.gan import GAN
from core.model import Mishap
from demo import training
from demo.gan.play import Play
from demo.parts.border import border
from demo.parts.lesson import text
from demo.runs import RUNS
from demo.signs import EARLY
from demo.studio import HIDDEN, Bench
from demo.words import counted, words

TEXTS = words("gan.train")
# Found by trying on faces, small, in batches of 64: each is named within 40 to 190 steps, and one of the mends brings
# the game back in some hundreds, more if it was ill for longer. A critic at a fifth to a third of the forger's rate
# lets it collapse; at a twentieth it has no opinion. One at 16 to 20 times the rate makes it collapse too, but no mend
# had healed that 500 steps later.
BREAKS: dict[str, dict[str, Any]] = {
    "free": {"penalty": 0.0, "critic_steps": 4},
    "lag": {"critic_pace": 0.25},
    "doze": {"critic_pace": 0.05},
    "few": {"few": True},
}
MENDS: dict[str, dict[str, Any]] = {
    "penalty": {"penalty": GAN.Config.penalty, "critic_steps": GAN.Config.critic_steps},
    "pace": {"critic_pace": GAN.Config.critic_pace},
    "all": {"few": False},
}


class Duel(Bench):
    """A bench with a way to an exam on the training on view, and a fold in which a game is broken and mended."""

    def __init__(self, play: Play | None) -> None:
        self.play = play  # where exams are sat
        super().__init__("gan")

    def extra(self) -> None:
        self.exam = gr.Button(
            TEXTS["exam"], visible=self.play is not None, elem_id="gan-train-exam", elem_classes=["of-a-run"]
        )
        fold = gr.Accordion(TEXTS["ruin"], open=False, elem_id="gan-train-ruin", elem_classes=["more"])
        self.room.folds.append(fold)
        with fold:
            text("p", TEXTS["ruin_note"])
            self.breaks = [self.small("break", name) for name in BREAKS]
            text("p", TEXTS["mend_note"])
            self.mends = [self.small("mend", name) for name in MENDS]
            self.done = gr.HTML(elem_id="gan-train-done", js_on_load=None)

    def meet(self, key: str, token: str) -> list[Any]:
        """The exam room's controls, told of the training on view: a watcher's, or one's own."""
        run = self.watch.run(token) if token else self.own(key)
        if run is None or self.play is None:
            raise Mishap(words("train")["not_watched"])
        return self.play.meet(run)

    def small(self, kind: str, name: str) -> gr.Button:
        return gr.Button(TEXTS[f"{kind}_{name}"], size="sm", elem_id=f"gan-train-{kind}-{name}")

    def wire(self) -> None:
        super().wire()
        if self.play:
            chosen = [self.play.age, self.play.collection]
            self.play.come(self.exam.click(border(self.meet), [self.stored, self.watch.token], chosen, **HIDDEN))
        for button in (self.on, self.over):
            button.click(lambda: "", None, self.done, **HIDDEN)
        told = [*BREAKS.items(), *MENDS.items()]
        for button, (name, rules) in zip([*self.breaks, *self.mends], told, strict=True):
            pressed = button.click(self.turning(name, rules), self.stored, self.done, **HIDDEN)
            pressed.then(border(self.told), self.stored, [*self.rules.controls.values()], **HIDDEN)

    def make(self, data: str, size: str, text: str, batch: float, seed: float, old: str, *rules: Any) -> Iterator[Any]:
        """A new game begins well: what a press spoilt in the old one is as it was before."""
        spoilt = RUNS.get(old).spoilt if RUNS.is_here(old) else {}
        told = [
            spoilt.get(name, value) if any(value == broken.get(name) for broken in BREAKS.values()) else value
            for name, value in zip(self.rules.controls, rules, strict=True)
        ]
        yield from super().make(data, size, text, batch, seed, old, *told)

    def turning(self, name: str, rules: dict[str, Any]) -> Callable[[str], str]:
        """What a button does to the training on view."""

        def turn(key: str) -> str:
            return self.turn(name, rules, key)

        return border(turn)

    def turn(self, name: str, rules: dict[str, Any], key: str) -> str:
        """Other rules from the next step on, and what they are; a mend gives back what a press took."""
        if name in BREAKS and (not RUNS.is_here(key) or self.own(key).trainer.step < EARLY):
            raise Mishap(TEXTS["ruin_early"].format(steps=EARLY))
        run = self.own(key)
        with run.lock:
            before = self.rules.of(run.trainer)
            if name in MENDS:
                rules = {rule: run.spoilt.get(rule, healthy) for rule, healthy in rules.items()}
            training.change(run, rules)
            after = self.rules.of(run.trainer)
            for rule, was, now in zip(self.rules.controls, before, after, strict=True):
                if name in MENDS and rule in rules:
                    run.spoilt.pop(rule, None)
                elif was != now:
                    run.spoilt.setdefault(rule, was)
        if after == before:
            return training.note(TEXTS["did_nothing"])
        said = counted(TEXTS[f"did_{name}"], **rules)
        return training.note(said if run.seat else f"{said} {TEXTS['press_on']}")
