"""Measured: the card of every shipped model, each number with what it must be held against."""

from collections.abc import Mapping
from html import escape
from typing import Any

import gradio as gr

from core.checkpoint import SHELF, names, read_card
from core.families import FAMILIES
from demo.parts.lesson import text
from demo.show import bar
from demo.words import words

TEXTS = words("measured")
FACTS = ("data", "licence", "source", "made", "command")


def cards() -> dict[str, dict[str, Any]]:
    """Name -> card of every shipped model, in the order of the lesson."""
    found = {name: read_card(SHELF / name / "card.json") for name in names()}
    return dict(sorted(found.items(), key=lambda pair: (list(FAMILIES).index(pair[1]["family"]), pair[0])))


def figure(value: float, unit: str) -> str:
    """A number as people read it: 82 %, 4.21, 1,234."""
    if unit == "share":
        return f"{100 * value:.0f} %" if 0.1 < value < 0.9 else f"{100 * value:.1f} %"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 1 else f"{value:.{2 if abs(value) < 10 else 1}f}"


def meaning(name: str) -> str:
    """What a number tells, in a plain sentence; "bits per byte, stories" is explained as "bits per byte"."""
    return TEXTS["says"].get(name) or TEXTS["says"].get(name.split(",")[0], "")


def bars(number: Mapping[str, Any]) -> str:
    """The value and its yardsticks under each other, as bars on one scale wherever they all can be."""
    rows = {TEXTS["this"]: number["value"], **number["yardsticks"]}
    whole = 1.0 if number["unit"] == "share" else max(map(abs, rows.values())) or 1.0
    drawn = min(rows.values()) >= 0 and number["unit"] != "logit"  # a logit has no zero to grow from
    return "".join(
        f'<div class="held{" own" if i == 0 else ""}"><span class="label">{escape(label)}</span>'
        f"{bar(value / whole) if drawn else '<span></span>'}"
        f'<span class="value">{figure(value, number["unit"])}</span></div>'
        for i, (label, value) in enumerate(rows.items())
    )


def measure(name: str, number: Mapping[str, Any]) -> str:
    """One number: its name and sense, its bars."""
    count = TEXTS["count"].format(unit=number["unit"], n=number["n"])
    title = TEXTS["called"].get(name, name)
    return (
        f'<div class="number"><div><h4>{escape(title)}</h4><p>{escape(meaning(name))}</p>'
        f'<p class="unit">{escape(count)}</p></div>'
        f'<div class="bars">{bars(number)}</div></div>'
    )


def facts(card: Mapping[str, Any]) -> str:
    """Where the model comes from, as a list of terms."""
    made = TEXTS["made"].format(
        weights=card["weights"],
        examples=card["examples"],
        minutes=card["seconds"] / 60,
        torch=card["versions"]["torch"],
    )
    told = {**card["data"], "data": card["data"]["title"], "made": made, "command": card["command"]}
    rows = (f'<dt>{escape(TEXTS["facts"][fact])}</dt><dd class="{fact}">{escape(told[fact])}</dd>' for fact in FACTS)
    return f'<dl class="facts">{"".join(rows)}</dl>'


def stories(card: Mapping[str, Any]) -> str:
    """What a storyteller tells, nothing left out, in a fold."""
    told = "".join(f"<li>{escape(story)}</li>" for story in card.get("stories", ()))
    if not told:
        return ""
    return f'<details class="stories"><summary>{escape(TEXTS["stories"])}</summary><ol start="0">{told}</ol></details>'


def title(card: Mapping[str, Any]) -> str:
    return TEXTS["families"][card["family"]].format(data=card["data"]["title"])


def index(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A link to each model: they fill many screens."""
    links = (
        f'<li class="family-{escape(card["family"])}"><a href="#model-{escape(name)}">{escape(title(card))}</a></li>'
        for name, card in found.items()
    )
    return f'<nav aria-label="{escape(TEXTS["index"])}"><ul class="index">{"".join(links)}</ul></nav>'


def section(name: str, card: Mapping[str, Any]) -> str:
    """One model."""
    numbers = "".join(measure(key, number) for key, number in card["numbers"].items())
    unmeasured = "" if numbers else f"<p>{escape(TEXTS['unmeasured'])}</p>"
    head = escape(title(card))
    return (
        f'<section class="model family-{escape(card["family"])}" id="model-{escape(name)}"><h3>{head}</h3>'
        f'<p class="name">{escape(name)}</p>{unmeasured}{numbers}{stories(card)}{facts(card)}</section>'
    )


def tab() -> None:
    """All cards, one under the other."""
    with gr.Tab(TEXTS["title"], id="measured"), gr.Column(elem_classes=["room"], elem_id="measured"):
        text("p", TEXTS["hook"], "hook")
        found = cards()
        sections = "".join(section(name, card) for name, card in found.items())
        gr.HTML(index(found) + sections, elem_id="cards", js_on_load=None)
