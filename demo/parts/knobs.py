"""The storyteller's knobs: how the dice are thrown, each with a line that says what it does."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

# name -> lowest, highest, value at first, step
KNOBS: dict[str, tuple[float, float, float, float]] = {
    "temperature": (0, 2, 0.8, 0.05),
    "top_k": (0, 200, 0, 1),
    "top_p": (0.05, 1, 0.95, 0.05),
    "min_p": (0, 0.5, 0, 0.01),
    "penalty": (1, 2, 1, 0.05),
}


def knob(name: str, room: str, texts: Mapping[str, Any]) -> gr.Slider:
    """One of KNOBS for a room."""
    return slider(name, room, texts, *KNOBS[name])


def slider(
    name: str, room: str, texts: Mapping[str, Any], low: float, high: float, value: float, step: float
) -> gr.Slider:
    """Any other slider of that look."""
    return gr.Slider(
        low,
        high,
        value,
        step=step,
        label=texts[name],
        info=texts.get(f"{name}_note"),
        buttons=[],
        elem_id=place(name, room),
    )


def seed(room: str, texts: Mapping[str, Any]) -> gr.Number:
    return gr.Number(0, label=texts["seed"], info=texts["seed_note"], step=1, elem_id=place("seed", room))


def place(name: str, room: str) -> str:
    """The id of a knob on the page."""
    return f"{room}-{name.replace('_', '-')}"


def places(room: str) -> dict[str, tuple[str, float]]:
    """name -> id and value at first, of all knobs and the seed."""
    return {name: (place(name, room), first) for name, (_, _, first, _) in KNOBS.items()} | {
        "seed": (place("seed", room), 0)
    }
