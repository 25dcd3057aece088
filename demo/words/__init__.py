"""All words of the page, kept apart from its layout so that they can be translated: one TOML file a language.

A room is a table of two names, such as [gan.paint]; `words("gan.paint")` gives its texts. Every room owes the lesson
frame the same keys, and that is checked when the file is read: a missing text is found at start, not on the page.
"""

import tomllib
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

OWED = ("title", "hook", "guess", "guesses", "why", "check", "checks", "answers", "not")
LONGEST_WHY = 60  # words


@cache
def _book() -> dict[str, Any]:
    """The whole file, checked."""
    book = tomllib.loads(files("demo.words").joinpath("en.toml").read_text(encoding="utf-8"))
    for name, room in rooms(book).items():
        inspect(name, room)
    return book


def rooms(book: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every table inside a table that has any text of the lesson frame: "gan.paint" -> its texts."""
    return {
        f"{tab}.{name}": room
        for tab, texts in book.items()
        for name, room in texts.items()
        if isinstance(room, dict) and room.keys() & {*OWED}
    }


def inspect(name: str, room: dict[str, Any]) -> None:
    """KeyError for a text that is missing, ValueError for one that breaks a rule of the lesson frame."""
    for key in OWED:
        if key not in room:
            raise KeyError(f"The words of [{name}] lack {key!r}.")
    if len(room["checks"]) != len(room["answers"]):
        raise ValueError(f"[{name}] must have one answer for each of its checks.")
    if (long := len(room["why"].split())) > LONGEST_WHY:
        raise ValueError(f"The why of [{name}] has {long} words, and {LONGEST_WHY} is the most.")


class Counting(Formatter):
    """Also fills in what depends on a number: "{n} {n:was/were} there", the first for what is shown as 1."""

    def format_field(self, value: Any, format_spec: str) -> str:
        one, slash, many = format_spec.partition("/")
        if slash:
            return one if round(value) == 1 else many
        return super().format_field(value, format_spec)


def counted(text: str, **facts: Any) -> str:
    """A text with its facts, in the singular where one is told of."""
    return Counting().format(text, **facts)


def words(name: str) -> dict[str, Any]:
    """The texts of a room ("gan.paint"), a tab ("gan") or the house ("page")."""
    found: Any = _book()
    for part in name.split("."):
        if part not in found:
            raise KeyError(f"There are no words for {name!r}.")
        found = found[part]
    return found
