"""The border between our code and the page: whatever goes wrong reaches the person as one plain sentence."""

import inspect
import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import wraps
from math import nan
from typing import Any

import gradio as gr

from core.model import Mishap
from demo.words import words

log = logging.getLogger("atelier")


def border(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a handler, plain or a generator: a Mishap is said as it is, a bug keeps its trace in the log."""
    if inspect.isgeneratorfunction(fn):

        @wraps(fn)
        def stream(*args: Any, **named: Any) -> Iterator[Any]:
            with spoken(fn):
                yield from fn(*args, **named)

        return stream

    @wraps(fn)
    def reply(*args: Any, **named: Any) -> Any:
        with spoken(fn):
            return fn(*args, **named)

    return reply


@contextmanager
def spoken(fn: Callable[..., Any]) -> Iterator[None]:
    """Turns what fn raises into a sentence for the person."""
    try:
        yield
    except Mishap as mishap:
        raise gr.Error(str(mishap), title="", print_exception=False) from None
    except gr.Error:
        raise
    except Exception:
        log.exception("A fault in %s", fn.__qualname__)
        raise gr.Error(words("page")["fault"], title="", print_exception=False) from None


def finite(value: Any, low: float, high: float, what: str) -> float:
    """A number that a stranger sent, or a Mishap: "Boldness must be a number from 0 to 1.5."."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = nan
    if isinstance(value, bool) or not low <= number <= high:  # False for NaN
        raise Mishap(f"{what} must be a number from {low:g} to {high:g}.")
    return number


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
