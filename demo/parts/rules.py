"""What a training of a family can be told beside rate, batch and seed: the controls, and what they say.

Those that leave the weights' shapes alone can change while the training runs.
"""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from core.gan import LOSSES
from demo.limits import finite, one_of, whole

BETAS = (0.0, 16.0)


class Rules:
    """A family's own controls, laid out where it is made."""

    def __init__(self, family: str, texts: Mapping[str, Any]) -> None:
        self.family, self.texts = family, texts
        self.controls: list[Any] = []
        if family == "gan":
            labels = gr.Checkbox(True, label=texts["labels"], elem_id="gan-train-labels")
            offered = [(texts[f"loss_{i}"], loss) for i, loss in enumerate(LOSSES)]
            loss = gr.Radio(offered, value=LOSSES[0], label=texts["loss"], elem_id="gan-train-loss")
            self.controls = [labels, loss, *(self.number(name) for name in ("critic_steps", "critic_pace", "penalty"))]
        elif family == "vae":
            self.controls = [gr.Slider(*BETAS, 1, step=0.25, label=texts["beta"], elem_id="vae-train-beta")]

    def number(self, name: str) -> gr.Number:
        first = {"critic_steps": 1, "critic_pace": 1, "penalty": 10}[name]
        return gr.Number(first, label=self.texts[name], elem_id=f"gan-train-{name}")

    def changing(self, said: tuple[Any, ...]) -> dict[str, Any]:
        """What may change at any time, as settings of the model's Config; Mishap for what is out of range."""
        if self.family == "vae":
            return {"beta": finite(said[0], *BETAS, "Beta")}
        if self.family != "gan":
            return {}
        return {
            "loss": one_of(said[1], LOSSES, self.texts["loss"]),
            "critic_steps": whole(said[2], 1, 10, self.texts["critic_steps"]),
            "critic_pace": finite(said[3], 0.05, 50, self.texts["critic_pace"]),
            "penalty": finite(said[4], 0, 100, self.texts["penalty"]),
        }

    def options(self, said: tuple[Any, ...]) -> dict[str, Any]:
        """All of them, for a new model."""
        told = self.changing(said)
        return told | {"classes": 0} if self.family == "gan" and not said[0] else told
