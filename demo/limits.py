"""Bounds on what strangers send: a number in range, a word that was offered, or a Mishap that says so. No Gradio."""

import unicodedata
from collections.abc import Collection
from math import nan
from typing import Any

from core.model import Mishap

TURNING = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")  # marks that turn the direction of a text
STRANGE = 0.02  # share of letters that no text has so many of


def finite(value: Any, low: float, high: float, what: str) -> float:
    """A number that a stranger sent, or a Mishap: "Boldness must be a number from 0 to 1.5."."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = nan
    if isinstance(value, bool) or not low <= number <= high:  # False for NaN
        raise Mishap(f"{what} must be a number from {plain(low)} to {plain(high)}.")
    return number


def plain(number: float) -> str:
    """1, 0.05, 0.000001, 999,999"""
    return f"{number:,.6f}".rstrip("0").rstrip(".")


def whole(value: Any, low: int, high: int, what: str) -> int:
    """The same for whole numbers."""
    number = finite(value, low, high, what)
    if number != int(number):
        raise Mishap(f"{what} must be a whole number.")
    return int(number)


def one_of(value: Any, offered: Collection[str], what: str) -> str:
    """One of the words that were offered, or a Mishap that names them."""
    if not isinstance(value, str) or value not in offered:
        raise Mishap(f"{what} must be one of: {', '.join(offered)}.")
    return value


def cleaned(text: str) -> str:
    """A text without control characters and without marks that turn the direction of what follows them."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode(errors="ignore").decode()
    lost = [letter for letter in set(lines) if unicodedata.category(letter) == "Cc" and letter not in "\n\t"]
    lost += [letter for letter in set(lines) if unicodedata.bidirectional(letter) in TURNING]
    return lines.translate(dict.fromkeys(map(ord, lost)))


def strange(text: str) -> bool:
    """Whether that is no text: too many control characters, or letters that could not be read."""
    odd = sum(letter == "\ufffd" or (letter < " " and letter not in "\t\n\r") for letter in text)
    return odd > STRANGE * len(text)
