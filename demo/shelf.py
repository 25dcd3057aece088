"""The shipped models, each taken from the shelf when it is first asked for and kept from then on."""

from functools import cache

from core.checkpoint import Loaded, load, names
from core.model import Mishap


def shelf(name: str) -> Loaded:
    """The shipped checkpoint of that name; Mishap for any other, so that no visitor names a folder of ours."""
    if name not in names():
        raise Mishap(f"There is no shipped model called {str(name)[:40]!r}.")
    return _taken(name)


@cache
def _taken(name: str) -> Loaded:
    return load(name)
