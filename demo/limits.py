"""Bounds on what strangers send: a number in range, a word that was offered, or a Mishap that says so. No Gradio."""

from collections.abc import Collection
from math import nan
from typing import Any

from core.model import Mishap


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
