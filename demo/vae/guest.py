"""A visitor's own drawing among the pictures of a training. No Gradio."""

from typing import Any

import torch
from torch import Tensor

from core.data import COLLECTIONS, is_here
from demo.ink import is_empty, parse, settle
from demo.limits import one_of
from demo.redraw import pad_for
from demo.runs import Run

PAPER = (1.0, 0.992, 0.965)  # of the pad for paintings
LIKE = {"numerals": "digits"}  # drawn nearly as those are


def pad_of(name: str) -> tuple[int, int]:
    """Dots along a side of the pad that a collection is drawn on, and its channels."""
    return pad_for(COLLECTIONS[one_of(name, COLLECTIONS, "The collection")].channels)


def blank(name: str) -> Tensor:
    """(C, side, side) in 0..1: that pad, empty"""
    side, channels = pad_of(name)
    return torch.zeros(1, side, side) if channels == 1 else torch.tensor(PAPER)[:, None, None].expand(3, side, side)


def fits(dots: Any, name: str) -> bool:
    """Whether that is as long as what the collection's pad sends."""
    side, channels = pad_of(name)
    return isinstance(dots, str) and len(dots) == 4 * ((side * side * channels + 2) // 3)


def drawn(dots: Any, name: str) -> Tensor | None:
    """What the collection's pad sent -> (1, C, S, S) in -1..1, as the collection would have drawn it; None where the
    pad is empty. Mishap for what does not come from that pad."""
    drawing = parse(dots, *pad_of(name))
    return None if is_empty(drawing) else settle(drawing, LIKE.get(name, name))


def learnable(name: str) -> str:
    """The collection itself, or where it is not on this machine one that is drawn on the same pad."""
    known = (other for other, card in COLLECTIONS.items() if card.learns == "images" and is_here(other))
    return name if is_here(name) else next(other for other in known if pad_of(other) == pad_of(name))


def hang(run: Run, x: Tensor | None) -> None:
    """Puts the drawing among what a VAE's run shows, or takes it away; the moment at which the run stands is kept with
    it, earlier ones as they were."""
    with run.lock:
        run.preview.own, run.measured = x, 0.0
        run.preview.since = 0 if x is None else run.trainer.step
        run.trainer.model.eval()
        run.look()
        if run.past[-1][0] == run.trainer.step:
            run.past[-1] = (run.trainer.step, run.picture, run.sheet)
