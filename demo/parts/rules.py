"""What a training can be told beside its batch and seed: the controls, and what they say.

Those that leave the weights' shapes alone can change while the training runs.
"""

from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr
from gradio.events import Dependency

from core.data.collection import Few
from core.families import FAMILIES
from core.gan import GAN, LOSSES
from core.train import Trainer
from demo.limits import finite, one_of, whole
from demo.parts.lesson import AT_ONCE
from demo.training import LETTERS

BETAS = (0.0, 16.0)


class Rules:
    """A family's own controls, laid out where it is made."""

    def __init__(self, family: str, texts: Mapping[str, Any]) -> None:
        self.family, self.texts = family, texts
        rate = gr.Number(FAMILIES[family].RECIPE["lr"], label=texts["rate"], elem_id=f"{family}-train-rate")
        self.controls: dict[str, Any] = {"lr": rate}  # by the setting each stands for
        if family == "gan":
            labels = gr.Checkbox(True, label=texts["labels"], elem_id="gan-train-labels")
            offered = [(texts[f"loss_{i}"], loss) for i, loss in enumerate(LOSSES)]
            loss = gr.Radio(offered, value=LOSSES[0], label=texts["loss"], elem_id="gan-train-loss")
            numbers = {name: self.number(name) for name in ("critic_steps", "critic_pace", "penalty")}
            few = gr.Checkbox(False, label=texts["few"], elem_id="gan-train-few")
            self.controls |= {"labels": labels, "loss": loss, **numbers, "few": few}
        elif family == "gpt":
            self.controls |= {"letters": gr.Checkbox(False, label=texts["letters"], elem_id="gpt-train-letters")}
        elif family == "vae":
            beta = gr.Slider(*BETAS, 1, step=0.25, label=texts["beta"], elem_id="vae-train-beta")
            self.controls |= {"beta": beta}

    def number(self, name: str) -> gr.Number:
        return gr.Number(getattr(GAN.Config, name), label=self.texts[name], elem_id=f"gan-train-{name}")

    def read(self, name: str, value: Any) -> Any:
        """What one control says, checked; Mishap for what is out of range."""
        what = self.texts.get(name, name)
        return {
            "lr": lambda: finite(value, 1e-6, 1, self.texts["rate"]),
            "labels": lambda: bool(value),
            "few": lambda: bool(value),
            "letters": lambda: bool(value),
            "loss": lambda: one_of(value, LOSSES, what),
            "critic_steps": lambda: whole(value, 1, 10, what),
            "critic_pace": lambda: finite(value, 0.05, 50, what),
            "penalty": lambda: finite(value, 0, 100, what),
            "beta": lambda: finite(value, *BETAS, what),
        }[name]()

    def settings(self, said: tuple[Any, ...]) -> dict[str, Any]:
        """All of them, for a new training."""
        told = {name: self.read(name, value) for name, value in zip(self.controls, said, strict=True)}
        return told | ({} if told.pop("labels", True) else {"classes": 0})

    def of(self, trainer: Trainer) -> list[Any]:
        """What the controls say of a training that is there."""
        config = trainer.model.config
        known = {
            "lr": trainer.lr,
            "labels": bool(getattr(config, "classes", 0)),
            "few": isinstance(trainer.data, Few),
            "letters": getattr(config, "vocab", 0) == LETTERS,
        }
        return [known[name] if name in known else getattr(config, name) for name in self.controls]

    def wire(self, change: Callable[[str], Callable[..., None]], key: gr.BrowserState) -> list[Dependency]:
        """Each control alone changes what it stands for; numbers when they are done being typed."""
        wired = []
        for name, control in self.controls.items():
            events = [control.submit, control.blur] if isinstance(control, gr.Number) else [control.input]
            if name not in ("labels", "letters"):  # they shape the weights, so they wait for the next start
                wired.append(gr.on(events, change(name), [key, control], None, **AT_ONCE))
        return wired
