"""The border between our code and the page: whatever goes wrong reaches the person as one plain sentence."""

import inspect
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
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


def answering(fn: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    """fn for a page that asks by itself: a Mishap comes as {"mishap": sentence}, a bug keeps its trace in the log."""

    @wraps(fn)
    def answer(asked: Any) -> Any:
        try:
            return fn(asked if isinstance(asked, dict) else {})
        except Mishap as mishap:
            return {"mishap": str(mishap)}
        except Exception:
            log.exception("A fault in %s", fn.__qualname__)
            return {"mishap": words("page")["fault"]}

    answer.__name__ = name
    return answer
