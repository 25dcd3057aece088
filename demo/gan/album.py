"""What can be done with paintings: one turned into another, a sheet of many, one handed on. No Gradio."""

from base64 import b64encode

import torch
from PIL import Image
from torch import Tensor

from core.model import Mishap
from demo import redraw, shelf
from demo.gan.forger import MOST, TEXTS, latents, painted
from demo.gan.hanging import COUNT
from demo.limits import whole
from demo.show import animated, pixels, sheet

STEPS, WIDE, LARGER = 8, 8, 4  # pictures of a morph; of a sheet in a row; times larger when kept


@torch.inference_mode()
def morphed(collection: str, subject: str, seed: int, bold: float, first: int, last: int) -> tuple[Tensor, Tensor]:
    """The way (STEPS, C, S, S) from one painting of the wall to another, and the nearer one's label (STEPS,)."""
    ends = [whole(n, 1, COUNT, TEXTS[box]) - 1 for n, box in ((first, "which"), (last, "into"))]
    if ends[0] == ends[1]:
        raise Mishap(TEXTS["one_painting"])
    z, y = (part[ends] for part in latents(collection, subject, seed, bold, COUNT))
    near = torch.arange(STEPS) * 2 // STEPS
    return shelf.shelf(f"gan-{collection}").model.morph(z, y, STEPS), y[near]


def film(x: Tensor) -> str:
    """Pictures x (n, C, S, S) there and back again, as a data URI."""
    there_and_back = [pixels(one) for one in [*x, *x.flip(0)[1:-1]]]
    return "data:image/webp;base64," + b64encode(animated(there_and_back, LARGER, 150, 1)).decode()


def many(collection: str, subject: str, seed: int, bold: float) -> Image.Image:
    """As many paintings as may be asked for, in rows."""
    dots = Image.fromarray(sheet(list(painted(collection, subject, seed, bold, MOST)[0]), WIDE).numpy())
    return dots.resize((LARGER * dots.width, LARGER * dots.height), Image.Resampling.NEAREST)


def one(collection: str, subject: str, seed: int, bold: float, which: int) -> Tensor:
    """A painting (C, S, S) of the wall for the artist of the next tab; Mishap where that one knows no such pictures."""
    if collection not in redraw.collections():
        raise Mishap(TEXTS["no_artist"])
    n = whole(which, 1, COUNT, TEXTS["which"])
    return painted(collection, subject, seed, bold, n)[0][n - 1]
